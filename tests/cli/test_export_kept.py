"""From a run to data, in words: what is left out is told, and the exit code says whether anything came of it."""

from pathlib import Path

import pytest

from gristmill.cli.app import main
from gristmill.digest import decode, digest, encode
from gristmill.recorders.ledger import latest
from gristmill.recorders.store import RunStore
from tests.fixtures.plugins import plugin

REWORDED = ("You lend bikes to members.", "You run a shop.")
REWRITTEN = ("    def setup", "    shelf = 1\n\n    def setup")
STRICT = ('return [expect("lent"', 'return [expect("never", 1, 0)]\n        [expect("lent"')


@pytest.fixture
def kept(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    """A run of a plugin, mined: six episodes are kept."""
    out = tmp_path / "run"
    assert 0 == main(["run", plugin(tmp_path), "-n", "6", "-o", str(out)])
    assert 0 == main(["mine", str(out)])
    assert "View 'default': 6 of 6 episodes kept" in capsys.readouterr().out
    return out


def test_withdrawn_verdicts_leave_a_note(kept: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The rest is exported; where nothing is left, that is an error."""
    store = RunStore.open(kept)
    found = [
        standing.verdict_id for verdicts in latest(store.ledger()).values() for standing in verdicts.values()
    ]
    with store.writer() as writer:
        for name in found[:4]:
            writer.revoke(name, "the verifier was wrong")

    assert 0 == main(["export", str(kept), "--format", "jsonl"])
    printed = " ".join(capsys.readouterr().out.split())
    assert "2 lines in" in printed
    assert "note: 4 of 6 kept episodes are left out" in printed
    assert "left out: 4 verdict withdrawn" in printed

    with store.writer() as writer:
        for name in found[4:]:
            writer.revoke(name, "the verifier was wrong")
    assert 2 == main(["export", str(kept), "--format", "jsonl"])
    assert "none of the 6 that it keeps: 6 verdict withdrawn" in capsys.readouterr().err


def test_other_code_is_told_and_verified_code_counts(
    kept: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Mining names what it cannot know; after `verify`, what fails by now is in no export."""
    plugin(tmp_path, STRICT)

    assert 0 == main(["mine", str(kept), "--name", "again", "--json"])
    answer = decode(capsys.readouterr().out)
    assert 6 == len(answer["kept"])
    assert "6 episodes were judged by another version of the world" in answer["notes"][0]
    assert 0 == main(["mine", str(kept), "--name", "again"])
    assert "note: 6 episodes were judged by another version" in capsys.readouterr().out
    assert 0 == main(["verify", str(kept)])
    capsys.readouterr()
    assert 2 == main(["export", str(kept), "--format", "jsonl"])
    assert "6 now fails: never" in capsys.readouterr().err


def test_acts_are_not_exported_under_other_instructions(
    kept: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nobody acted under them, though the acts do as well now as then; with those of then, the lines are as before."""
    before = RunStore.open(kept).spec["version"]
    assert 0 == main(["export", str(kept), "-o", str(tmp_path / "before")])
    plugin(tmp_path, REWORDED)
    assert 0 == main(["verify", str(kept), "--replay"])
    assert 0 == main(["mine", str(kept), "--level", "replayed"])
    capsys.readouterr()

    assert 2 == main(["export", str(kept), "-o", str(tmp_path / "out")])

    printed = " ".join(capsys.readouterr().err.split())
    assert "Expected the instructions, facts and tools that" in printed
    assert f"got others for seat 'agent': the world was version {before} then and is" in printed
    assert not (tmp_path / "out").exists()

    plugin(tmp_path, REWRITTEN)
    assert 0 == main(["export", str(kept), "-o", str(tmp_path / "out")])
    assert (tmp_path / "before/train.jsonl").read_bytes() == (tmp_path / "out/train.jsonl").read_bytes()


def test_a_file_in_the_way_is_named(kept: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Neither the disk nor its rights are to blame."""
    (tmp_path / "file").write_text("precious")

    assert 2 == main(["export", str(kept), "-o", str(tmp_path / "file")])
    assert f"Expected a folder to write to, but {tmp_path / 'file'} is a file" in capsys.readouterr().err
    assert 2 == main(["run", plugin(tmp_path), "-n", "1", "-o", str(tmp_path / "file")])
    assert "A file is where a folder has to be" in capsys.readouterr().err


@pytest.mark.parametrize("verb", ["run", "verify", "mine", "export", "report"])
def test_a_run_json_that_is_none_is_the_ordinary_message(
    kept: Path, tmp_path: Path, verb: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """No verb takes a list for the description of a run."""
    path = kept / "run.json"
    path.write_bytes(encode(decode(path.read_bytes()) | {"spec": [], "id": digest([])}))
    rest = [plugin(tmp_path), "-o", str(kept)] if verb == "run" else [str(kept)]

    assert 2 == main([verb, *rest])
    assert "Expected a run description in" in capsys.readouterr().err
