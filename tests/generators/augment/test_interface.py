"""What holds for every augmentation: determinism, what stays as it is, rates, composition, and messages for wrong use."""

import random
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gristmill.errors import UsageError
from gristmill.generators.augment import AUGMENTATIONS, Chain, Change, augmentation
from gristmill.seeding import stream

OF_WORDS = sorted(name for name, kind in AUGMENTATIONS.items() if not kind.whole)
TEXT = (
    "Hello there, I would like a refund for the faulty lamp of order W4821, please. My e-mail is anna.smith@mail.com and the "
    'label says "fragile goods", see https://shop.test/terms or call get_order. It cost $31.50 and came 3 days late, 100 % wet. '
    "I do not know why it was damaged, but I am sure it never worked."
)
KEPT = (
    "W4821",
    "anna.smith@mail.com",
    '"fragile goods"',
    "https://shop.test/terms",
    "get_order",
    "$31.50",
    "3 days",
    "100 %",
)


def test_the_same_stream_gives_the_same_copy() -> None:
    """Everything random comes from the stream that is given."""
    for name in AUGMENTATIONS:
        once, again = (augmentation(name).apply(TEXT, stream(7, "test")) for _ in range(2))
        assert once == again


@pytest.mark.parametrize("name", OF_WORDS)
def test_what_is_meant_to_the_letter_is_never_touched(name: str) -> None:
    """Identifiers, numbers with their unit, addresses, quotations and names in code stay, at any rate."""
    for seed in range(20):
        text, _ = augmentation(name).apply(TEXT, random.Random(seed), 1.0)
        assert [] == [one for one in KEPT if one not in text]


@pytest.mark.parametrize(
    "name", [name for name in OF_WORDS if name not in ("paraphrase", "contractions", "casing")]
)
def test_denials_stay(name: str) -> None:
    """Without them a label would be false."""
    for seed in range(20):
        text, _ = augmentation(name).apply(TEXT, random.Random(seed), 1.0)
        assert ["not", "never"] == re.findall(r"\bnot\b|\bnever\b", text)


@pytest.mark.parametrize("name", OF_WORDS)
def test_words_to_keep_stay_whatever_their_case(name: str) -> None:
    """Such as what a tool call has taken from the words."""
    for seed in range(10):
        text, _ = augmentation(name).apply(TEXT, random.Random(seed), 1.0, keep=("Faulty lamp", "refund"))
        assert "faulty lamp" in text
        assert "refund" in text


@pytest.mark.parametrize("name", sorted(AUGMENTATIONS))
def test_at_rate_zero_nothing_changes(name: str) -> None:
    """A rate is a share of what can be changed."""
    assert (TEXT, ()) == augmentation(name).apply(TEXT, random.Random(1), 0.0)


@given(st.text(max_size=200), st.sampled_from(sorted(AUGMENTATIONS)), st.integers(0, 99))
def test_any_text_comes_out_as_text(text: str, name: str, seed: int) -> None:
    """Whatever a text holds, none of them breaks, and no change means the very same text."""
    record, changes = augmentation(name).apply({"text": text}, random.Random(seed), 1.0)

    assert isinstance(record["text"], str)
    assert bool(changes) == (record != {"text": text})


def test_a_chain_is_one_after_another() -> None:
    """Every change says by which of them it was made."""
    chain = augmentation("contractions?rate=1|typos?rate=1")

    text, changes = chain.apply("I do not know where.", random.Random(0))

    assert isinstance(chain, Chain)
    assert ["contractions", "typos"] == chain.names == sorted({one.by for one in changes})
    assert Change("contractions", "do not", "don't") in changes
    assert "don't" in text


def test_records_are_changed_in_their_texts_and_left_themselves() -> None:
    """Structure stays: roles, ids, numbers; what comes in is not touched."""
    record = {"messages": [{"role": "assistant", "content": "I do not know."}], "n": 3}

    changed, _ = augmentation("contractions?rate=1").apply(record, random.Random(0))

    assert {"messages": [{"role": "assistant", "content": "I don't know."}], "n": 3} == changed
    assert "I do not know." == record["messages"][0]["content"]  # type: ignore[index]  # it is a list


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("typo", "Unknown augmentation 'typo'. Did you mean 'typos'?"),
        ("typos?speed=2", "Unknown parameter 'speed' of augmentation 'typos'"),
        ("typos?rate=2", "Expected a rate between 0 and 1 for typos, got 2.0"),
        ("typos|", "Expected names of augmentations"),
        ("synonyms?lexicon=/no/such.txt", "Expected a lexicon, a text file in UTF-8, got /no/such.txt"),
        ("swap-names?origin=martian", "Unknown origin of names 'martian'"),
        ("refill?what=ids+moods", "Unknown kind of entity 'moods'"),
    ],
)
def test_wrong_use_is_told(spec: str, message: str) -> None:
    """One message, with what would be right."""
    with pytest.raises(UsageError, match=re.escape(message)):
        augmentation(spec)


@pytest.mark.parametrize("name", sorted(AUGMENTATIONS))
def test_each_says_what_it_does_and_what_it_keeps(name: str) -> None:
    """For whoever chooses among them."""
    kind = AUGMENTATIONS[name]

    assert name == kind.name
    assert len(kind.about) > 10
    assert len(kind.keeps) > 10
