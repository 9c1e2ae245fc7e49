"""Entries become lines for a person."""

import pytest

from gristmill.reading import line
from gristmill.types import Entry


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ({"from": "agent", "say": "Hello"}, "     agent: Hello"),
        (
            {"from": "agent", "call": "lend", "args": {"size": "M", "n": 2}},
            '     agent: lend(size="M", n=2)',
        ),
        ({"from": "agent", "raw": "lend(("}, "     agent: what could not be parsed: lend(("),
        ({"from": "tool", "tool": "lend", "result": 1234, "to": ["agent"]}, "      tool: lend: 1234"),
        ({"from": "tool", "tool": "lend", "error": "no bike"}, "      tool: lend: error: no bike"),
        (
            {"from": "tool", "tool": "lend", "error": "size?", "refused": True},
            "      tool: lend: refused: size?",
        ),
        ({"from": "world", "error": "unknown tool"}, "     world: error: unknown tool"),
        (
            {"from": "world", "event": "fault", "kind": "rate-limit", "tool": "lend", "to": []},
            '     world: fault of lend kind="rate-limit" (hidden from every seat)',
        ),
        ({"from": "agent", "say": "one\ntwo"}, "     agent: one\n            two"),
        ({"from": "agent", "say": "\x1b[2J\udce4"}, "     agent: \\x1b[2J\\udce4"),
        ({"from": "agent", "call": "x", "args": {"a": "\ud800"}}, "     agent: x(a='\\ud800')"),
    ],
)
def test_an_entry_is_a_line_that_harms_no_terminal(entry: Entry, words: str) -> None:
    """Who it is from, what was said or done, and what no seat could see."""
    assert words == line(entry)


def test_long_rows_of_numbers_are_counted() -> None:
    """What nobody reads number by number does not fill the screen."""
    entry = {"from": "world", "event": "start", "state": [0.5] * 57, "force": [1.0, 2.0]}

    assert "     world: start state=[57 numbers] force=[1.0,2.0]" == line(entry)
