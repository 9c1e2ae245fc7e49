"""Phrases compose into hundreds of forms, which split into two disjoint halves."""

import random

import pytest

from gristmill.agents import support_words as words
from gristmill.errors import UsageError
from gristmill.wording import Phrase, Wording, forms_of

GREETING = Phrase("[Hi|Hello|Hey], ")
WISH = Phrase("I [want|need|would like] a {thing}[.|, please.]")


def test_a_phrase_knows_all_its_forms() -> None:
    """Every number is another sentence, gaps unfilled, the last choice changing first."""
    texts = [WISH.text(number) for number in range(WISH.forms)]

    assert 6 == WISH.forms == len(set(texts))
    assert ["I want a {thing}.", "I want a {thing}, please.", "I need a {thing}."] == texts[:3]


def test_a_message_fills_its_gaps_and_begins_with_a_capital() -> None:
    """An address at the beginning stays as it is."""
    wording = Wording(random.Random(0))

    assert "A kettle" == wording(Phrase("a {thing}"), thing="kettle")
    assert "ada@x.org it is" == wording(Phrase("{email} it is"), email="ada@x.org")


def test_the_splits_are_disjoint_and_complete() -> None:
    """No message is in both, whatever is drawn, and together they are all."""

    def said(split: str) -> set[str]:
        wording = Wording(random.Random(1), split)
        return {wording(GREETING, WISH, thing="pen") for _ in range(2_000)}

    assert forms_of(GREETING, WISH) == len(said("all"))
    assert set() == said("train") & said("held-out")
    assert said("all") == said("train") | said("held-out")
    assert len(said("held-out")) * 3 < len(said("train"))


@pytest.mark.parametrize("forms", range(2, 40))
def test_even_few_forms_have_both_splits(forms: int) -> None:
    """A message of two forms or more leaves something to hold out."""
    phrase = Phrase("[" + "|".join(map(str, range(forms))) + "]")
    said = {
        split: {Wording(random.Random(seed), split)(phrase) for seed in range(300)}
        for split in ("train", "held-out")
    }

    assert set() == said["train"] & said["held-out"]
    assert all(said.values())


def test_brackets_are_written_twice() -> None:
    """A single one is a mistake that is told, for its choice would be lost."""
    assert "[1] or [2]" == Phrase("[[1]] or [[2]]").text(0)
    for text in ("[a|b", "a|b]", "[a [b|c]|d]"):
        with pytest.raises(UsageError, match=r"Expected \[a\|b\] for a choice"):
            Phrase(text)


def test_an_unknown_split_is_refused() -> None:
    """The message lists the splits."""
    with pytest.raises(UsageError, match=r"Unknown split of the forms 'test'\. .*all, held-out, train"):
        Wording(random.Random(0), "test")


def acts() -> dict[str, int]:
    """The number of forms of every act of either seat."""
    counts = {
        f"asks to {name}": forms_of(words.HELLO, wish, words.CLOSING.get(name, words.CLOSING_OF_A_WISH))
        for name, wish in words.WISHES.items()
    }
    for name in ("IDENTITY", "ORDER", "ADDRESS", "NEW_ITEM", "NEW_EMAIL", "DO_NOT_KNOW", "YES", "ASK_IDENTITY",
                 "ASK_IDENTITY_AGAIN", "ASK_ORDER", "ASK_ADDRESS", "ASK_EMAIL", "ASK_ITEM"):  # fmt: skip
        counts[name] = forms_of(getattr(words, name))
    counts |= {
        f"tells {name}": forms_of(tells, words.ELSE)
        for name, tells in words.OUTCOMES.items()
        if name != "unclear"
    }
    counts |= {
        f"refuses {name}": forms_of(words.REFUSE, why, words.ELSE) for name, why in words.BECAUSE.items()
    }
    return counts


def test_every_act_has_hundreds_of_forms() -> None:
    """Counted over the whole message; order numbers and everything else that fills a gap come on top."""
    assert {} == {name: count for name, count in acts().items() if count < 200}


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        (("", "I want a refund", ", please"), "I want a refund, please."),
        (("Hi, ", "Please give me a refund", ""), "Hi, please give me a refund."),
        (("Also, ", "Can I cancel it", ", thanks"), "Also, can I cancel it? Thanks."),
        (("", "When do I get it", ", please"), "When do I get it, please?"),
        (("Hey, ", "I'd like a refund", ", thank you"), "Hey, I'd like a refund, thank you."),
    ],
)
def test_a_wish_becomes_a_sentence(parts: tuple[str, str, str], expected: str) -> None:
    """Questions end in question marks, and capitals stand where sentences begin."""
    assert expected == words.sentence(*parts)
