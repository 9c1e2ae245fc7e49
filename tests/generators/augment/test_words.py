"""Words put otherwise: synonyms in the right form, intents in other forms, noise that leaves words recognisable."""

import random
from collections.abc import Iterable
from pathlib import Path

import pytest

from gristmill.errors import UsageError
from gristmill.generators.augment import augmentation
from gristmill.generators.augment._grammar import plural, takes_an, verb_forms
from gristmill.generators.augment._lexicon import lexicon
from gristmill.generators.augment._vocabulary import is_word


def copies(spec: str, text: str, seeds: Iterable[int] = range(40)) -> set[str]:
    """What becomes of a text under many seeds."""
    chain = augmentation(spec)
    return {chain.apply(text, random.Random(seed)).record for seed in seeds}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("I received a faulty lamp.", "I received a defective lamp."),
        ("It was an error.", "It was a mistake."),
        ("We exchanged it.", "We swapped it."),
        ("ALMOST ready", "NEARLY ready"),
        ("Unfortunately, it broke.", "Sadly, it broke."),
        ("I would like to buy it.", "I would like to purchase it."),
    ],
)
def test_a_synonym_has_the_form_capitals_and_article_of_the_word(text: str, expected: str) -> None:
    """The sentence is as right as it was."""
    assert expected in copies("synonyms?rate=1", text)


@pytest.mark.parametrize(
    "text",
    [
        "My order number is here.",  # a compound
        "Ship it.",  # nothing before it tells verb from noun
        "I will begin up there.",  # another verb with its particle
        "It was requested.",  # "was asked for" would have to go on
        "Please remove it.",  # nobody says "take out it"
        "They parcel it out.",
    ],
)
def test_what_is_another_part_of_speech_is_left_alone(text: str) -> None:
    """Where the neighbours of a word do not show that it is what the lexicon means."""
    assert {text} == copies("synonyms?rate=1", text)


def test_every_set_of_the_lexicon_gives_itself() -> None:
    """Hundreds of words, none of which stands for itself alone."""
    senses = lexicon().senses

    assert 900 < len(senses)
    assert [] == [
        word for word, several in senses.items() for one in several if not one.others or word in one.others
    ]


def test_a_lexicon_of_ones_own(tmp_path: Path) -> None:
    """One file, one line per set; irregular forms behind slashes."""
    path = tmp_path / "mine.txt"
    path.write_text(
        "# mine\nnoun: mouse/mice = rodent\nverb: run/ran/run/running > sprint\n", encoding="utf-8"
    )

    assert {"Those rodents are here; we sprinted."} == copies(
        f"synonyms?rate=1&lexicon={path}", "Those mice are here; we ran."
    )


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("noun parcel = package", "line 1: expected a set such as"),
        ("thing: a = b", "line 1: Unknown part of speech 'thing'"),
        ("", "Expected at least one set"),
    ],
)
def test_a_wrong_lexicon_is_told_with_its_line(tmp_path: Path, line: str, message: str) -> None:
    """A person has written it."""
    path = tmp_path / "wrong.txt"
    path.write_text(line, encoding="utf-8")

    with pytest.raises(UsageError, match=message):
        augmentation(f"synonyms?lexicon={path}")


@pytest.mark.parametrize(
    ("word", "an"),
    [
        ("hour", True), ("unit", False), ("umbrella", True), ("European", False), ("one-off", False), ("unimportant", True),
        ("union", False), ("used", False), ("FBI", True), ("TV", False), ("honest", True), ("house", False), ("item", True),
    ],
)  # fmt: skip
def test_the_article_goes_by_the_sound(word: str, an: bool) -> None:
    """Not by the letter."""
    assert an == takes_an(word)


def test_forms_of_words() -> None:
    """Regular ones by rule, the others as they are given."""
    assert ("try", "tries", "tried", "tried", "trying") == verb_forms("try")
    assert ("stop", "stops", "stopped", "stopped", "stopping") == verb_forms("stop", "stopped")
    assert ("take out", "takes out", "took out", "taken out", "taking out") == verb_forms(
        "take out", "took", "taken"
    )
    assert ["queries", "boxes", "days"] == [plural(one) for one in ("query", "box", "day")]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("I want a refund for the lamp, please.", "Could I have a refund for the lamp, please?"),
        ("Please cancel the order, thanks.", "Could you cancel the order? Thanks."),
        ("Hi, can I swap my boots?", "Hi, would it be possible to swap my boots?"),
        ("What is the status of my order?", "Could you tell me the status of my order?"),
        ("Can you send me the receipt?", "Please send me the receipt."),
        ("If the parcel is late, I want a refund.", "I want a refund if the parcel is late."),
        ("My order number is W1234. I paid by gift card.", "I paid by gift card. My order number is W1234."),
        ("It's been late.", "It has been late."),
        ("I'd like to help.", "I would like to help."),
    ],
)
def test_an_intent_is_put_in_another_form(text: str, expected: str) -> None:
    """Questions, imperatives and statements that ask for the same."""
    assert expected in copies("paraphrase?rate=1", text, range(200))


@pytest.mark.parametrize(
    ("text", "never"),
    [
        ("Can I return it after 30 days?", "want"),  # a question of fact
        ("Can you ship to France?", "lease"),  # what can be done is not yet asked for
        ("I want to cancel it because it broke.", "?"),  # the reason would become part of the question
        ("I want the agent to call me.", "have the agent"),
        ("What is the lamp made of?", "tell me"),
        ("I bought a lamp. It broke.", "broke. I"),  # "it" has to come second
        ("I'd been there.", "would"),
        ("I am sure, as I am.", "as I'm."),
    ],
)
def test_what_would_be_another_intent_or_wrong_is_never_said(text: str, never: str) -> None:
    """A rule that does not fit does not apply."""
    assert [] == [one for one in copies("paraphrase?rate=1", text, range(200)) if never in one]


def test_slips_keep_the_first_letter_and_make_no_other_word() -> None:
    """One per word, and only in words of some length."""
    text = "Please send another parcel because the first order is late"
    for copy in copies("typos?rate=1", text):
        for was, now in zip(text.split(), copy.split(), strict=True):
            assert was[0] == now[0]
            assert was == now if len(was) < 4 else abs(len(was) - len(now)) <= 1
            assert was == now or not is_word(now.lower())


def test_random_tokens_come_at_the_rate_of_bert() -> None:
    """1.5 % of the words, if nothing else is asked for."""
    text = " ".join(["lantern"] * 20_000)

    replaced = sum(
        one != "lantern" for one in augmentation("random-tokens").apply(text, random.Random(0)).record.split()
    )

    assert 0.012 < replaced / 20_000 < 0.018


def test_casing_changes_no_letter() -> None:
    """Three styles, and whatever is meant to the letter keeps its own."""
    found = copies("casing", "Hello Anna. Where is W4821?")

    assert {
        "hello anna. where is W4821?",
        "hello Anna. where is W4821?",
        "HELLO ANNA. WHERE IS W4821?",
    } == found


def test_spacing_changes_no_word_and_keeps_a_question() -> None:
    """Only spaces and the mark at the end."""
    text = "Hello there, where is the lamp of order W4821, please?"
    found = copies("spacing?rate=1", text)

    assert len(found) > 5
    assert {text.replace(" ", "").rstrip("?")} == {one.replace(" ", "").rstrip("?") for one in found}
    assert all(one.endswith("?") for one in found)


@pytest.mark.parametrize("spec", ["casing", "typos?rate=1", "random-tokens?rate=1", "spacing?rate=1"])
def test_noise_leaves_identifiers_of_several_parts_alone(spec: str) -> None:
    """Their letters say as much as their digits."""
    assert all(
        "ORDER-2023-0045" in one and "#Ab-48213" in one
        for one in copies(spec, "Please find ORDER-2023-0045 or #Ab-48213 for me, as soon as you can.")
    )


def test_capitals_leave_every_letter_in_its_place() -> None:
    """Some letters have capitals of two letters."""
    found = copies("casing", "Die Straße ist groß und Lang.")

    assert {"die straße ist groß und lang."} == {one.lower() for one in found}
    assert "DIE STRAßE IST GROß UND LANG." in found


@pytest.mark.parametrize("spec", ["typos?rate=1", "random-tokens?rate=1"])
def test_scripts_that_are_typed_otherwise_stay(spec: str) -> None:
    """A slip of the finger on our keyboard is none on theirs."""
    assert {"私の注文はどこですか。"} == copies(spec, "私の注文はどこですか。")


@pytest.mark.parametrize("text", ["She's left him.", "It's broken.", "He's made it.", "I shouldn't've gone."])
def test_a_contraction_of_two_meanings_stays(text: str) -> None:
    """Is or has, or a part of another contraction."""
    assert {text} == copies("contractions?rate=1", text)


def test_the_capital_of_i_is_not_that_of_its_place() -> None:
    """I'm afraid, unfortunately."""
    assert "The lamp broke, unfortunately." in copies("synonyms?rate=1", "The lamp broke, I'm afraid.")
    assert "Unfortunately, it broke." in copies("synonyms?rate=1", "I'm afraid, it broke.")


@pytest.mark.parametrize("rate", [0.015, 0.2])
def test_random_tokens_come_at_their_rate(rate: float) -> None:
    """Within four standard errors of a binomial count."""
    words = ["they", "will", "carry", "the", "table", "over", "there"]
    count, chain = 20_000, augmentation(f"random-tokens?rate={rate}")
    found = chain.apply(" ".join(words * (count // len(words))), random.Random(0)).changes
    total = len(words) * (count // len(words))

    assert abs(len(found) / total - rate) < 4 * (rate * (1 - rate) / total) ** 0.5
