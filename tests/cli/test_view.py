"""`gristmill view` films episodes, and `gristmill show` tells of robots in a few numbers."""

from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageSequence

from gristmill.cli.app import main
from gristmill.digest import decode
from gristmill.recorders.store import RunStore
from gristmill.workflows.outcomes import outcomes
from gristmill.workflows.run import run

REACH = "robots/reach-v1"


def viewed(capsys: pytest.CaptureFixture[str], *arguments: str) -> Any:
    """What `gristmill view --json` says; without OpenGL there is nothing to test."""
    capsys.readouterr()
    code = main(["view", *arguments, "--size", "96x64", "--json"])
    told = capsys.readouterr()
    if "Expected OpenGL" in told.err:
        pytest.skip(told.err)
    assert 0 == code
    return decode(told.out)


def refused(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """What it says when it refuses."""
    capsys.readouterr()
    assert 2 == main(["view", *arguments])
    return capsys.readouterr().err


def shown(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """What `gristmill show` prints."""
    capsys.readouterr()
    assert 0 == main(["show", *arguments])
    return capsys.readouterr().out


def test_an_episode_becomes_a_film(
    reach: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """By default it lies where one is, under the beginning of the episode's id."""
    monkeypatch.chdir(tmp_path)
    told = viewed(capsys, str(reach), "--status", "fail")

    assert f"view-{told['episodes'][0][:8]}.webp" == told["path"]
    with Image.open(told["path"]) as film:
        assert 41 * [(96, 64)] == [frame.size for frame in ImageSequence.Iterator(film)]


def test_several_episodes_lie_side_by_side(
    reach: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """They are the first of those that fit, beginning with --nth."""
    found = [one.id for one in outcomes(RunStore.open(reach)) if one.status == "fail"]
    out = tmp_path / "strip.png"
    told = viewed(
        capsys, str(reach), "--status", "fail", "--nth", "1", "-n", "2", "--out", str(out), "--fast"
    )

    assert found[1:3] == told["episodes"]
    with Image.open(out) as strip:
        assert (6 * 96, 2 * 64) == strip.size


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--size", "big"], "Expected a size of 64 to 1920 pixels each way, such as 320x240, got 'big'"),
        (["--size", "32x32"], "got '32x32'"),
        (["--out", "film.avi"], "one of .webp, .png, .gif, .mp4, got film.avi"),
        (["--status", "lost"], "Unknown status 'lost'"),
        (["--nth", "400"], "there are 12, --nth counts from 0"),
    ],
)
def test_what_cannot_be_shown_is_said(
    reach: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], words: str
) -> None:
    """Before anything is played again."""
    assert words in refused(capsys, str(reach), *arguments)


def test_without_opengl_there_is_one_line(
    reach: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It names the variable and the packages."""
    monkeypatch.setenv("MUJOCO_GL", "off")
    told = refused(capsys, str(reach))

    assert 1 == len(told.splitlines())
    assert "MUJOCO_GL='off'" in told
    assert "libegl1" in told


def test_a_dialogue_is_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The message says by which command."""
    run("support/retail-v1", {}, tmp_path / "talk", n=1)

    assert "`gristmill show RUN --nth 0`" in refused(capsys, str(tmp_path / "talk"))


def test_a_robot_world_says_what_its_body_senses_and_does(capsys: pytest.CaptureFixture[str]) -> None:
    """Quantities with sizes and units, actions with limits, and how long an episode is."""
    told = shown(capsys, REACH)

    assert "joints     4        rad   angles of yaw, shoulder, elbow, wrist" in told
    assert "shoulder    -2.2   0.9" in told
    assert "40 control steps, 25 a second: 1.6 s" in told
    assert "noise         lognormal  m     median 0.002, sd of its logarithm 0.3" in told
    assert "low 10, high 30, when push is true" in told


def test_a_robot_episode_is_told_in_few_numbers(reach: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The log, the first and the last of what was sensed and done, the evidence, and where to see it."""
    told = shown(capsys, str(reach), "--status", "fail")

    assert 'world: start engine="mujoco' in told
    assert "state=[" not in told
    assert "action  " in told
    assert "there: fail\n    expected: true\n    got: false" in told
    assert f"See it: gristmill view {reach} --episode " in told
    assert max(map(len, told.splitlines())) < 250


def test_a_run_of_robots_says_how_to_see_some(reach: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Beside how to read one."""
    assert f"See some: gristmill view {reach} --status fail -n 4" in shown(capsys, str(reach))


def test_a_film_says_what_failed(reach: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """On its pictures and where its file is told, since not all that fails can be seen."""
    found = next(one for one in outcomes(RunStore.open(reach)) if one.status == "fail")
    arguments = [str(reach), "--status", "fail", "--out", str(tmp_path / "strip.png")]
    told = viewed(capsys, *arguments)
    assert 0 == main(["view", *arguments, "--size", "96x64"])

    title = f"{found.index}: fail: {', '.join(found.reasons)}"
    assert [title] == told["titles"]
    assert [title, told["path"]] == capsys.readouterr().out.splitlines()
