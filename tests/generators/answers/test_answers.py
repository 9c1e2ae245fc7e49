"""A reply is judged by the last thing of the asked kind that it says, or by the calls that it makes."""

from typing import Any

import pytest

from gristmill.errors import UsageError
from gristmill.generators.answers import judge

LIST = {"kind": "list", "answer": ["figs", "pears", "plums"]}
DAY = {"kind": "option", "answer": "Tuesday", "options": ["Monday", "Tuesday", "Thursday"]}
CALL = {"name": "convert", "arguments": {"amount": 20, "source": "USD", "target": "EUR"}}


@pytest.mark.parametrize(
    ("check", "reply"),
    [
        ({"kind": "number", "answer": 42}, "6 × 7 is 42."),
        ({"kind": "number", "answer": "1200"}, "That makes 1,200 metres."),
        ({"kind": "number", "answer": "-5"}, "It is −5 °C."),
        ({"kind": "number", "answer": "3.14"}, "about 3.1416"),
        ({"kind": "number", "answer": "2.50"}, "$2.5"),
        ({"kind": "text", "answer": "rewolf"}, 'Backwards it is "rewolf".'),
        ({"kind": "text", "answer": "ada@post.test"}, "Write to ada@post.test."),
        (DAY, "Not a Monday but a Tuesday."),
        (LIST, "In order: figs, pears, and plums."),
        (LIST, "Here they are:\n1. figs\n2. Pears\n3. plums"),
        ({"kind": "date", "answer": "2025-03-04"}, "That is March 4th, 2025."),
        ({"kind": "date", "answer": "2025-03-04"}, "the 4th of march 2025"),
        ({"kind": "date", "answer": "2025-03-04"}, "From 2025-01-01 on it is 2025-03-04"),
        ({"kind": "time", "answer": "14:05"}, "It arrives at 2:05 p.m."),
        ({"kind": "time", "answer": "00:30"}, "12:30 am"),
        ({"kind": "ask", "about": ["date", "day"]}, "On which day do you travel?"),
        ({"kind": "no-call"}, "I cannot do that."),
    ],
)
def test_a_right_answer_passes_however_it_is_put(check: dict[str, Any], reply: str) -> None:
    """What comes before it does not matter."""
    assert "pass" == judge(check, reply).status


@pytest.mark.parametrize(
    ("check", "reply"),
    [
        ({"kind": "number", "answer": 42}, "42, or rather 43"),
        ({"kind": "number", "answer": 42}, "forty-two"),
        ({"kind": "number", "answer": "3.14"}, "3"),
        ({"kind": "number", "answer": 5}, "-5"),
        ({"kind": "text", "answer": "rewolf"}, "rewolf is flower backwards"),
        ({"kind": "text", "answer": "rewolf"}, ""),
        (DAY, "Tuesday or Thursday"),
        (DAY, "Some day."),
        (LIST, "pears, figs, plums"),
        (LIST, "figs, pears"),
        ({"kind": "date", "answer": "2025-03-04"}, "4 February 2025"),
        ({"kind": "date", "answer": "2025-03-04"}, "30 February 2025"),
        ({"kind": "time", "answer": "14:05"}, "2:05 am"),
        ({"kind": "ask", "about": ["date"]}, "I need the date."),
        ({"kind": "ask", "about": ["date"]}, "Shall I?"),
        ({"kind": "no-call"}, " "),
    ],
)
def test_a_wrong_answer_fails(check: dict[str, Any], reply: str) -> None:
    """So does one that leaves several open."""
    assert "fail" == judge(check, reply).status


def test_calls_are_compared_in_any_order_by_what_they_mean() -> None:
    """20 equals 20.0, and words do not depend on their case; another argument, or one call more, is another answer."""
    other = {"name": "convert", "arguments": {"amount": 20, "source": "USD", "target": "GBP"}}
    same = {"name": "convert", "arguments": {"target": "eur", "source": "usd", "amount": 20.0}}
    check = {"kind": "calls", "calls": [CALL, other]}

    assert "pass" == judge(check, "", [other, same]).status
    assert "fail" == judge(check, "", [other]).status
    assert "fail" == judge(check, "", [other, other]).status
    assert "fail" == judge(check, "", [other, same, same]).status


@pytest.mark.parametrize("kind", ["number", "ask", "no-call"])
def test_who_calls_a_tool_where_words_are_asked_for_fails(kind: str) -> None:
    """Whatever is said beside it."""
    check = {"kind": kind, "answer": 4, "about": ["date"]}

    assert "fail" == judge(check, "Which date? 4", [CALL]).status


def test_a_message_without_content_is_an_empty_reply() -> None:
    """As it comes beside calls; no kind takes it for an answer, and calls are judged all the same."""
    spoken: list[dict[str, Any]] = [
        {"kind": kind, "answer": answer, "options": ["4"], "about": ["date"]}
        for answer, kinds in ((4, ("number", "exact", "text", "option", "ask", "decline", "no-call")),
                              ("x = 4", ("solutions",)), (["4"], ("list",)), ("2025-03-04", ("date",)), ("14:05", ("time",)))
        for kind in kinds
    ]  # fmt: skip
    called = {"kind": "calls", "calls": [CALL]}

    assert {"fail"} == {judge(check, None).status for check in spoken}
    assert all(judge(check, None, [CALL]) == judge(check, "", [CALL]) for check in [*spoken, called])
    assert ("pass", "fail") == (judge(called, None, [CALL]).status, judge(called, None).status)


def test_an_unknown_kind_is_named() -> None:
    """With those that there are."""
    with pytest.raises(UsageError, match=r"'numbr'.*Did you mean 'number'"):
        judge({"kind": "numbr"}, "4")
