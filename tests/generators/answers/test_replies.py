"""What a careful person would take for a right answer passes, and what leaves it open, denies it or misses it does not."""

import tomllib
from pathlib import Path
from typing import Any

import pytest

from gristmill.generators.answers import judge

CHECKS = tomllib.loads((Path(__file__).parent / "assets" / "replies.toml").read_text())["check"]
EACH = pytest.mark.parametrize("check", CHECKS, ids=lambda one: f"{one['kind']}-{one.get('answer')}"[:40])
CALL = {"name": "get_weather", "arguments": {"city": "Lima", "date": "2026-03-04"}}
OTHER = {"name": "get_weather", "arguments": {"city": "Oslo", "date": "2026-03-04"}}


@EACH
def test_right_answers_pass_in_any_usual_dress(check: dict[str, Any]) -> None:
    """Signs of thousands and of decimals, LaTeX, Markdown, units, another order, a reason after it, a slip corrected."""
    assert [] == [one for one in check["right"] if judge(check, one).status != "pass"]


@EACH
def test_wrong_answers_fail_however_near_they_come(check: dict[str, Any]) -> None:
    """Bounds, guesses, several at once, denials, questions, calculations left undone, other units."""
    assert [] == [one for one in check["wrong"] if judge(check, one).status != "fail"]


@EACH
def test_saying_nothing_never_passes(check: dict[str, Any]) -> None:
    """An empty reply, a refusal to think, or punctuation."""
    assert {"fail"} == {
        judge(check, one).status
        for one in ("", "  \n", "...", "I don't know" if check["kind"] != "no-call" else "")
    }


@pytest.mark.parametrize("noise", ["1 ", "from 1 ", "not ", "$", "\\\\boxed{", "(", "1", "answer is "])
@pytest.mark.parametrize("check", CHECKS[:1] + CHECKS[-1:], ids=lambda one: one["kind"])
def test_endless_replies_are_judged_by_their_end(check: dict[str, Any], noise: str) -> None:
    """However long they are, and whatever they repeat."""
    assert "fail" == judge(check, noise * 20_000).status
    assert (
        "pass" == judge(CHECKS[0], f"{noise * 20_000}\nSo:\nthe result is 42.").status
        or noise in "$(\\boxed{"
    )


@pytest.mark.parametrize(
    "calls",
    [
        [],
        [CALL],
        [CALL, CALL],
        [CALL, OTHER, OTHER],
        [CALL, {**OTHER, "name": "get_wether"}],
        [CALL, {**OTHER, "arguments": {"city": "Oslo"}}],
        [CALL, {**OTHER, "arguments": {**OTHER["arguments"], "unit": "C"}}],  # type: ignore[dict-item]
        [CALL, {**OTHER, "arguments": {**OTHER["arguments"], "date": "4 March 2026"}}],  # type: ignore[dict-item]
        [CALL, {**OTHER, "arguments": '{"city": "Oslo", "date": "2026-03-04"}'}],
        [CALL, {"function": OTHER}],
        [CALL, {**OTHER, "arguments": None}],
    ],
)
def test_other_calls_than_those_wanted_fail(calls: list[dict[str, Any]]) -> None:
    """One too few or too many, another name, an argument too few or too many or written as the tool does not take it."""
    assert "fail" == judge({"kind": "calls", "calls": [CALL, OTHER]}, "Both were called.", calls).status


@pytest.mark.parametrize(
    ("wanted", "got"),
    [
        ("*.py", "py"),
        ("*.py", "<.py>"),
        ("#general", "general"),
        ("C", "C#"),
        ("C", "c"),
        ("README.md", "readme.md"),
        ("README.md", "README.md."),
        ("README.md", "(README.md)"),
        ("5", 5),
        ("true", True),
        (1, True),
        (5, 5.5),
    ],
)
def test_arguments_that_a_tool_would_take_for_others_fail(wanted: Any, got: Any) -> None:
    """Signs and the case of a file, a channel, a pattern or a code say which."""
    check = {"kind": "calls", "calls": [{"name": "find", "arguments": {"what": wanted}}]}

    assert "fail" == judge(check, "", [{"name": "find", "arguments": {"what": got}}]).status


@pytest.mark.parametrize(
    ("wanted", "got"), [("README.md", " README.md\n"), ("New York", "new york"), (5, 5.0)]
)
def test_arguments_that_can_mean_nothing_else_pass(wanted: Any, got: Any) -> None:
    """Spaces around a text, the case of words of letters alone, a whole number written as a float."""
    check = {"kind": "calls", "calls": [{"name": "find", "arguments": {"what": wanted}}]}

    assert "pass" == judge(check, "", [{"name": "find", "arguments": {"what": got}}]).status
