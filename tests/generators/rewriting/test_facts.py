"""Small words that a text hangs on: kept in other words, and seen when they are not."""

from pathlib import Path

import pytest

from gristmill.generators.rewriting._rewritten import Item, paraphrased
from gristmill.generators.rewriting.languages import guess
from gristmill.lines import read_lines

# Texts with a paraphrase by hand, and three that change one fact each: half of them of open classes, as a lamp to a chair.
PAIRS = Path(__file__).parents[2] / "fixtures" / "paraphrases.jsonl"


def reason(source: str, text: str) -> str:
    """Why a paraphrase is not taken; empty if it is."""
    problem = paraphrased(Item("x", source), text, guess(source))
    return problem.reason if problem else ""


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("Buy two tickets to Oslo for Saturday.", "I need a pair of tickets to Oslo for Saturday, please buy them."),
        ("Convert 72 km/h to metres per second.", "What is 72 km/h in metres per second?"),
        ("I can only come on weekends.", "Weekends are the only time when I can come."),
        ("Good day, I'm afraid I am late at 7 am.", "Hello, I'm afraid I will be late at 7 a.m."),
        ("All students except Omar passed the exam.", "Every student but Omar passed the exam."),
        ("What is 30 % of 250?", "How much is 30 percent of 250?"),
        ("The flight BA117 is delayed by two hours.", "Flight BA117 has a delay of two hours."),
        ("Book a table for four at Luigi's at 19:30.", "At 19:30, book a table for four at Luigi's."),
        ("She earns more than her brother but less than Kim.", "Her pay is more than her brother's and less than Kim's."),
        ("The meeting was moved from Tuesday to Thursday.", "They moved the meeting from Tuesday to Thursday."),
    ],
)  # fmt: skip
def test_other_words_for_the_same_pass(source: str, text: str) -> None:
    """Other spellings of a number or a unit, and greetings at any time of day."""
    assert reason(source, text) == ""


@pytest.mark.parametrize(
    ("source", "text", "expected"),
    [
        ("Buy two tickets to Oslo.", "I need three tickets to Oslo, please buy them.", "numbers changed"),
        ("Buy two tickets to Oslo.", "I need two tickets from Oslo, please buy them.", "meaning turned"),
        ("The battery lasts ten hours.", "It is ten minutes that the battery lasts.", "units changed"),
        ("Set the heater to 21 degrees at 7 am.", "At 7 pm, set the heater to 21 degrees.", "times changed"),
        ("The blue car belongs to Nina.", "Nina is the one who owns the red car, it belongs to Nina.", "colours changed"),
        ("What is 30 % of 250?", "How much is 250 % of 30?", "shares changed"),
        ("Use parse_date() from utils.py.", "From utils.py, please use parse_time().", "codes changed"),
        ("How often does the letter e appear?", "How often does the letter o appear?", "codes changed"),
        ("All students except Omar passed the exam.", "All students, and Omar too, passed the exam.", "limits changed"),
        ("The meeting was moved from Tuesday to Thursday.", "They moved the meeting from Thursday to Tuesday.", "meaning turned"),
        ("Open a ticket with high priority.", "With low priority, open a ticket.", "meaning turned"),
        (
            "Please leave the parcel with my neighbour Paul.",
            "Could you leave the parcel with my neighbour Paul? It was a birthday present for somebody.",
            "something else",
        ),
    ],
)  # fmt: skip
def test_another_fact_is_seen(source: str, text: str, expected: str) -> None:
    """One small word makes it."""
    assert expected == reason(source, text)


def test_of_a_fact_changed_in_a_hundred_and_fifty_most_are_seen() -> None:
    """And no paraphrase that is right is refused; what is said of this in the documentation is counted here."""
    pairs = list(read_lines(PAIRS))
    wrong = [(one["text"], other) for one in pairs for other in one["changed"]]

    assert (50, 150) == (len(pairs), len(wrong))
    assert [] == [one["text"] for one in pairs if reason(one["text"], one["paraphrase"])]
    assert 96 <= sum(bool(reason(*one)) for one in wrong)
