"""`gristmill improve`, and what other verbs say to the folder that it makes."""

from pathlib import Path

import pytest

from gristmill.cli.app import main
from gristmill.cli.shared import counted

WORLD = "robots/reach-v1"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of one round."""
    out = tmp_path_factory.mktemp("improved") / "reach"
    assert 0 == main(["improve", WORLD, "--rounds", "1", "-n", "32", "--level", "checked", "--out", str(out)])
    return out


def test_the_table_names_policies_without_their_parameters(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The second one has a long path in its spec, which the line below the table has too."""
    arguments = ["improve", WORLD, "-n", "32", "--level", "checked", "--out", str(folder)]
    assert 0 == main([*arguments, "--rounds", "2"])
    table, _, below = capsys.readouterr().out.partition("Play on with")

    assert "proposal" in table
    assert "prior=" not in table
    assert "prior=" in below


def test_many_reasons_are_summed_up() -> None:
    """The most frequent are named; without a limit all are."""
    counts = {"rare": 1, "often": 5, "some": 2, "odd": 1}

    assert "5 often, 2 some, and 2 for 2 other reasons" == counted(counts, most=2)
    assert "5 often, 2 some, 1 rare, 1 odd" == counted(counts, most=4) == counted(counts)
    assert "" == counted({}, most=2)


def test_an_unknown_seat_is_named_as_such(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The policy is not to blame, and nothing is written."""
    assert 2 == main(["improve", WORLD, "--learn", "arm", "--out", str(tmp_path / "x")])
    assert f"Unknown seat 'arm' of {WORLD}. Valid: robot." in capsys.readouterr().err
    assert not (tmp_path / "x").exists()


@pytest.mark.parametrize("verb", ["show", "view", "report", "train"])
def test_runs_below_a_folder_are_named(
    folder: Path, tmp_path: Path, verb: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whoever names the folder of all rounds is told where the runs are."""
    more = ["--out", str(tmp_path / "out")] if verb == "train" else []

    assert 2 == main([verb, str(folder), *more])
    assert f"there are some in it: {folder / 'round-1' / 'run'}" in capsys.readouterr().err


def test_exports_say_how_to_open_them(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each in the words of the library that reads it."""
    run = str(folder / "round-1" / "run")
    words = {
        "minari": f'set MINARI_DATASETS_PATH={tmp_path / "minari"}, minari.load_dataset("{WORLD}/train-v0")',
        "lerobot": f'LeRobotDataset("train", root="{tmp_path / "lerobot" / "train"}")',
        "robomimic": f"python -m robomimic.scripts.train --algo bc --dataset {tmp_path / 'robomimic' / 'dataset.hdf5'}",
    }

    for format, line in words.items():
        out = str(tmp_path / format)
        assert 0 == main(["export", run, "--view", "kept", "--format", format, "--out", out])
        assert f"To open it: {line}" in capsys.readouterr().out


def test_an_empty_view_of_a_robot_is_refused_like_another(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The default format is for conversations, whether anything is kept or not."""
    run = str(folder / "round-1" / "run")
    assert 0 == main(["mine", run, "--name", "none", "--level", "mutation-tested"])

    assert 2 == main(["export", run, "--view", "none", "--out", str(tmp_path / "out")])
    assert "use lerobot, minari, robomimic" in capsys.readouterr().err
