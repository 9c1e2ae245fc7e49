"""`gristmill show RUN` opens a run, and one of its episodes."""

from pathlib import Path
from typing import Any

import pytest

from gristmill.cli.app import main
from gristmill.digest import decode
from gristmill.recorders.store import RunStore
from gristmill.workflows.outcomes import outcomes
from gristmill.workflows.run import run

RETAIL = "support/retail-v1"


@pytest.fixture(scope="module")
def noisy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run with episodes that pass, and some that do not."""
    out = tmp_path_factory.mktemp("runs") / "noisy"
    run(RETAIL, {"agent": "noisy?rate=0.2"}, out, n=30)
    assert 0 == main(["mine", str(out), "--name", "mine"])
    return out


def shown(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """What `gristmill show` prints."""
    capsys.readouterr()
    assert 0 == main(["show", *arguments])
    return capsys.readouterr().out


def machine(capsys: pytest.CaptureFixture[str], *arguments: str) -> Any:
    """The one line of JSON that it prints."""
    (line,) = shown(capsys, *arguments, "--json").splitlines()
    return decode(line)


def test_a_run_is_listed(noisy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """World, seats, counts, strata and views, and what to type to read an episode."""
    told = shown(capsys, str(noisy))
    listed = machine(capsys, str(noisy))

    assert all(word in told for word in (RETAIL, "noisy?rate=0.2", "30 episodes: ", "stratum", "views: mine"))
    assert f"gristmill show {noisy} --status fail" in told
    assert 30 == listed["episodes"] == sum(listed["counts"].values())
    assert listed["counts"]["pass"] == listed["views"]["mine"]
    assert 30 == sum(sum(counts.values()) for counts in listed["strata"].values())


def test_an_episode_is_named_by_how_its_id_begins(noisy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Any id that another command prints can be opened."""
    store = RunStore.open(noisy)
    failed = next(one for one in outcomes(store) if one.status == "fail")
    told = shown(capsys, str(noisy), "--episode", failed.id[:12])
    found = machine(capsys, str(noisy), "--episode", failed.id)

    assert f"Episode {failed.id}" in told
    assert f"index {failed.index}, stratum {failed.stratum}" in told
    assert "  customer: " in told
    assert "     agent: find_customer(email=" in told
    assert "      tool: find_customer: {" in told
    assert "end: terminated" in told
    assert "verdict: fail (checked)" in told
    assert f"  {failed.reasons[0]}: fail\n    expected: " in told
    assert "    got: " in told
    assert failed.id == found["episode"]["id"] == found["verdicts"][0]["episode_id"]


def test_an_episode_is_found_without_its_id(noisy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """By status, failed check, stratum, scenario and number, and by several of them at once."""
    found = list(outcomes(RunStore.open(noisy)))
    passed = [one.id for one in found if one.status == "pass"]
    told = [one.id for one in found if "told" in one.reasons]
    other = next(one for one in found if one.index == 7)

    assert passed[0] == machine(capsys, str(noisy), "--status", "pass")["episode"]["id"]
    assert told[1] == machine(capsys, str(noisy), "--check", "told", "--nth", "1")["episode"]["id"]
    assert found[3].id == machine(capsys, str(noisy), "--nth", "3")["episode"]["id"]
    assert (
        other.id == machine(capsys, str(noisy), "--index", "7", "--stratum", other.stratum)["episode"]["id"]
    )
    assert f"2 of {len(passed)} episodes that fit; --nth 2" in shown(
        capsys, str(noisy), "--status", "pass", "--nth", "1"
    )


def test_a_verdict_is_told_per_level(noisy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What was replayed says so."""
    assert 0 == main(["verify", str(noisy), "--replay"])

    assert "verdict: pass (replayed)" in shown(capsys, str(noisy), "--status", "pass")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--episode", ""], "Expected what one id alone begins with, got ''"),
        (["--episode", "zz"], "which fits none"),
        (["--status", "failed"], "Did you mean 'fail'?"),
        (["--check", "tod"], "Did you mean 'told'?"),
        (["--stratum", "no such"], "Expected an episode for --stratum no such, got none: no episode fits"),
        (["--nth", "30"], "there are 30, --nth counts from 0"),
    ],
)
def test_a_wrong_choice_says_what_there_is(
    noisy: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], words: str
) -> None:
    """In one line."""
    assert 2 == main(["show", str(noisy), *arguments])
    assert words in capsys.readouterr().err


def test_a_run_that_is_not_there_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    """What is neither a world nor a run may have been meant as either."""
    assert 2 == main(["show", "runs/nosiy"])
    assert "A run is named as its directory" in capsys.readouterr().err
    assert 2 == main(["show", "runs/nosiy", "--nth", "0"])
    assert "Expected a run directory" in capsys.readouterr().err
