"""`gristmill play`: a person, or nobody, takes a seat."""

from pathlib import Path

import pytest

from gristmill.cli.app import main
from gristmill.digest import decode
from tests.fixtures.plugins import plugin


def test_a_person_can_take_a_seat(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Messages and tool calls are typed, and the verdict is shown at the end."""
    spec = plugin(tmp_path)
    main(["play", spec, "--json"])
    values = decode(capsys.readouterr().out)["episode"]["scenario"]["values"]
    typed = iter(
        ["/tools", "/nonsense", "", "Your number?", "/lend", values["size"], values["member"], "/brief"]
    )
    lines = iter([*typed, f"The code is {values['code']}"])
    monkeypatch.setattr("builtins.input", lambda prompt: next(lines))

    assert 0 == main(["play", spec, "--seat", "agent"])
    out = capsys.readouterr().out
    assert "/lend (size, member): Lend the bike" in out
    assert "Expected /tools, /brief, /quit or a tool (lend), got /nonsense." in out
    assert f"lend: {values['code']}" in out
    assert "verdict: pass" in out


def test_arguments_of_a_tool_can_be_typed_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """NAME=VALUE after the tool; what is missing is asked for, what is wrong is answered with what is right."""
    spec = plugin(tmp_path)
    lines = iter(
        ["/lend a=1", "/lend size=M member='M 1", "/lend size=M", "M1", "/lend size=S member='M 1'", "bye"]
    )
    monkeypatch.setattr("builtins.input", lambda prompt: next(lines))

    assert 0 == main(["play", spec, "--seat", "agent", "--seat", "customer=expert"])
    out = capsys.readouterr().out
    assert (
        "Expected /lend size=… member=…, with quotes around what has blanks, or /lend alone, got a=1." in out
    )
    assert "got size=M member='M 1." in out


def test_the_end_is_shown_to_a_person(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """What the other seat did last says why it is over."""
    monkeypatch.setattr("builtins.input", lambda prompt: "Well")

    assert 0 == main(["play", plugin(tmp_path), "--seat", "agent"])
    out = capsys.readouterr().out
    assert "  customer: hang_up()\n\nend: terminated (came to its end)\n" in out


def test_a_person_can_play_for_a_machine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """With --json, what is asked and told goes to the error stream; the answer is one line whatever happens."""
    monkeypatch.setattr("builtins.input", lambda prompt: "Well")
    assert 0 == main(["play", plugin(tmp_path), "--seat", "agent", "--json"])
    printed = capsys.readouterr()
    assert "fail" == decode(printed.out)["verdict"]["status"]
    assert "You are the agent." in printed.err
    assert "> " in printed.err

    monkeypatch.setattr("builtins.input", lambda prompt: "/quit")
    assert 0 == main(["play", plugin(tmp_path), "--seat", "agent", "--json"])
    assert {"episode": None, "verdict": None} == decode(capsys.readouterr().out)


def test_a_person_can_leave(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Leaving, or the end of the input, is no error and no verdict."""
    monkeypatch.setattr("builtins.input", lambda prompt: "/quit")

    assert 0 == main(["play", plugin(tmp_path), "--seat", "customer"])
    assert "You left" in capsys.readouterr().out


def test_policies_can_be_watched(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With no seat taken, the transcript and the verdict are shown."""
    assert 0 == main(["play", plugin(tmp_path), "--seat", "agent=noop"])
    assert "verdict: fail" in capsys.readouterr().out
