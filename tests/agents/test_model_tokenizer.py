"""What must be copied looks the same wherever it stands."""

import pytest

from gristmill.agents.model.tokenizer import TextTokenizer
from gristmill.errors import UsageError
from tests.training.tiny import model

TOKENIZER = model().tokenizer


@pytest.mark.parametrize(
    "text",
    ["", " ", "a  b\n\tc", "naïve – 日本語 🙂", '{"a":[1.50,"x\\"y"]}', "<end><pad>", "x" * 5000, "\x00\x7f"],
)
def test_text_survives(text: str) -> None:
    """Any text comes back from its tokens unchanged, letter by letter."""
    assert text == TOKENIZER.decode(TOKENIZER.encode(text))


def test_a_lone_surrogate_becomes_a_question_mark() -> None:
    """Text that has no bytes is encoded all the same."""
    assert "a?b" == TOKENIZER.decode(TOKENIZER.encode("a\ud800b"))


def test_no_text_spells_a_special_token() -> None:
    """A message that contains the end marker cannot end a turn."""
    ids = TOKENIZER.encode("<end><agent><call>")

    assert all(map(TOKENIZER.is_text, ids))


def test_an_id_has_the_same_tokens_everywhere() -> None:
    """In a sentence, in a tool's result and in a call's arguments, an id is the same run of tokens."""
    sentence, result, call = TOKENIZER.encode_all(
        [" Where is W4821?", '{"order_id":" W4821","status":" sent"}', '{"order_id":" W4821"}']
    )
    wanted = TOKENIZER.encode(" W4821")

    assert 5 == len(wanted)
    for ids in (sentence, result, call):
        assert any(wanted == ids[at : at + 5] for at in range(len(ids)))


def test_a_frequent_key_is_one_token() -> None:
    """A JSON key merges with the punctuation around it."""
    assert 1 == len(TOKENIZER.encode('{"order_id":"'))


def test_the_quote_of_an_inner_key_belongs_to_the_inner_key() -> None:
    """The first key in a list of objects is not torn apart."""
    pieces = [TOKENIZER.decode([index]) for index in TOKENIZER.encode('{"order_id":[{"order_id":" W1"}]}')]

    assert "order" not in pieces


def test_it_is_learnt_the_same_twice_and_survives_json() -> None:
    """The same texts give the same tokenizer, and writing it down loses nothing."""
    one, two = (TextTokenizer.train(["a b a b", "b a"], speakers=["x"], vocab=280) for _ in range(2))

    assert one.to_json() == two.to_json() == TextTokenizer.from_json(two.to_json()).to_json()


def test_too_small_a_vocabulary_is_refused() -> None:
    """There must be room for every byte."""
    with pytest.raises(UsageError, match="at least 265 ids, got 100"):
        TextTokenizer.train([], speakers=["x"], vocab=100)


@pytest.mark.parametrize("text", ["", "[]", '{"specials": ["<a>"], "pieces": {}}'])
def test_a_damaged_file_is_refused(text: str) -> None:
    """What is not a tokenizer is not taken for one."""
    with pytest.raises(UsageError, match="Expected"):
        TextTokenizer.from_json(text)
