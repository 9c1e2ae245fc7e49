"""Every verb answers people and machines, and every error is one line and an exit code."""

import os
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from gristmill.cli import rare
from gristmill.cli.app import GROUPS, VERBS, main
from gristmill.digest import decode, encode
from gristmill.recorders.store import RunStore
from tests.fixtures import plugins
from tests.fixtures.plugins import plugin

RETAIL = "support/retail-v1"
ENVIRONMENT = {**os.environ, "PYTHONSAFEPATH": "1"}


@pytest.fixture
def noisy(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    """A run with episodes that pass, and some that do not."""
    out = tmp_path / "noisy"
    assert 0 == main(["run", RETAIL, "--seat", "agent=noisy?rate=0.2", "-n", "30", "-o", str(out)])
    capsys.readouterr()
    return out


def machine(capsys: pytest.CaptureFixture[str]) -> Any:
    """The one line of JSON that was printed."""
    (line,) = capsys.readouterr().out.splitlines()
    return decode(line)


@pytest.mark.parametrize(
    ("world", "length"),
    [
        ("driving/highway-v1", "80 control steps, 4 a second: 20 s"),
        ("finance/treasury-v1", "52 control steps: 52 weeks"),
        ("factory/line-v1", "120 control steps: 120 units"),
    ],
)
def test_show_tells_time_by_the_clock_of_the_world(
    world: str, length: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """In seconds where there are such, and else in its own unit."""
    assert 0 == main(["show", world])

    assert length in capsys.readouterr().out.splitlines()


@pytest.mark.parametrize(
    "verb", [*(one for one in VERBS if one != "rare"), *(f"rare {one}" for one in rare.VERBS)]
)
def test_every_verb_has_help_with_an_example(verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    """A newcomer can copy a line that works."""
    assert 0 == main([*verb.split(), "--help"])
    out = capsys.readouterr().out

    assert f"gristmill {verb}" in out
    assert "Example" in out
    assert "--json" in out


def test_what_is_not_installed_is_named_with_the_line_that_brings_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The model is an extra; whoever has not got it is told how to get it."""
    for name in [name for name in sys.modules if name.startswith("gristmill.agents.model")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "jax", None)

    assert 2 == main(["eval", RETAIL, "--seat", "agent=model?checkpoint=x", "-o", str(tmp_path / "run")])
    assert "pip install 'gristmill[train]'" in capsys.readouterr().err


def test_help_names_every_verb(capsys: pytest.CaptureFixture[str]) -> None:
    """In groups of what they are for."""
    assert 0 == main(["--help"])
    out = capsys.readouterr().out

    assert all(f" {verb} " in out for verb in VERBS)
    assert [*GROUPS] == sorted((name for name in GROUPS if f" {name} " in out), key=out.index)


def test_help_of_train_names_both_policies(capsys: pytest.CaptureFixture[str]) -> None:
    """What it makes of a dialogue plays under another name than what it makes of a robot."""
    assert 0 == main(["train", "--help"])
    out = capsys.readouterr().out

    assert "model?checkpoint=FOLDER" in out
    assert "clone?checkpoint=FOLDER" in out


def test_help_stays_light() -> None:
    """Help does not wait for arrays, tables or models to load."""
    code = "import sys, gristmill.cli.app as a; a.main(['--help'])"
    code += "; print([m for m in ('jax', 'numpy', 'pyarrow', 'pettingzoo', 'faker') if m in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", code], env=ENVIRONMENT, capture_output=True, text=True, check=True
    )

    assert "[]" == done.stdout.splitlines()[-1]


def test_the_whole_line(noisy: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Run, verify by replay, mine and export: every kept line leads back to an episode that replays."""
    assert 0 == main(["verify", str(noisy), "--replay", "--json"])
    verified = machine(capsys)
    assert 0 == main(["mine", str(noisy), "--level", "replayed", "--json"])
    mined = machine(capsys)
    assert 0 == main(["export", str(noisy), "--out", str(tmp_path / "data"), "--json"])
    exported = machine(capsys)

    assert [] == verified["mismatches"]
    assert verified["counts"]["pass"] == len(mined["kept"]) == sum(exported["lines"].values())


def test_words_for_people(noisy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Without --json the same verbs say it in words."""
    assert 0 == main(["verify", str(noisy), "--replay"])
    assert "Reproduced in a fresh process: 30 of 30 (100.0 %)" in capsys.readouterr().out
    assert 0 == main(["mine", str(noisy)])
    assert "of 30 episodes kept" in capsys.readouterr().out
    assert 0 == main(["export", str(noisy)])
    assert "lines in" in capsys.readouterr().out
    assert 0 == main(["run", RETAIL, "--seat", "agent=noisy?rate=0.2", "-n", "30", "-o", str(noisy)])
    assert "is complete, nothing was left to play" in capsys.readouterr().out


def test_list_and_show(capsys: pytest.CaptureFixture[str]) -> None:
    """What there is, and what a world is like."""
    assert 0 == main(["list", "--json"])
    assert RETAIL in [one["name"] for one in machine(capsys)]
    assert 0 == main(["list"])
    assert RETAIL in capsys.readouterr().out
    assert 0 == main(["show", RETAIL, "--json"])
    shown = machine(capsys)
    assert ["customer", "agent"] == list(shown["seats"])
    assert len(shown["seats"]["agent"]["tools"]) >= 10
    assert 0 == main(["show", RETAIL])
    out = capsys.readouterr().out
    assert all(
        word in out for word in ("find_customer", "expert", "Identity first", "requests", "Scenario 0")
    )


def test_init_writes_a_plugin_that_passes_check(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Unchanged, and again without harm; its own test is the same check."""
    monkeypatch.chdir(tmp_path)

    assert 0 == main(["init", "my-team/bike-desk"])
    assert 0 == main(["init", "my-team/bike-desk"])
    assert 0 == main(["check", "bike_desk.py", "-n", "20"])
    assert "all checks pass" in capsys.readouterr().out
    Path("bike_desk.py").write_text("# mine\n")
    assert 2 == main(["init", "bike-desk"])
    assert "one that differs" in capsys.readouterr().err
    assert 2 == main(["init", "Bike Desk"])


def test_init_writes_a_robot_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file holds a world that its expert masters, and a proposal that mostly fails, as it is."""
    monkeypatch.chdir(tmp_path)

    assert 0 == main(["init", "push-block", "--kind", "robot"])
    assert 0 == main(["run", "push_block.py", "-n", "16", "--out", "expert"])
    assert 0 == main(["run", "push_block.py", "--seat", "robot=proposal", "-n", "16", "--out", "proposal"])
    passed = [
        Counter(one.status for one in RunStore.open(name).verdicts())["pass"]
        for name in ("expert", "proposal")
    ]
    assert 16 == passed[0] > passed[1] > 0


def test_nobody_moves_a_body_by_hand(capsys: pytest.CaptureFixture[str]) -> None:
    """A person cannot take the seat of a robot, and is told what can."""
    assert 2 == main(["play", "robots/reach-v1", "--seat", "robot"])
    assert "write --seat robot=POLICY" in capsys.readouterr().err


def test_a_run_of_errors_alone_exits_1_with_the_reason(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whoever broke it, nothing in it can be kept; the attempts are on record all the same."""
    spec = plugin(tmp_path, plugins.RAISES_IN_STEP)

    assert 1 == main(["run", spec, "-n", "3", "-o", str(tmp_path / "run")])
    assert "3 × world: IndexError: string index out of range" in capsys.readouterr().out
    assert 3 == len(RunStore.open(tmp_path / "run").ids())


def test_an_evaluation_of_errors_alone_exits_1(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It says nothing of the policies, and no script is to take it for an evaluation."""
    spec = plugin(tmp_path, plugins.RAISES_IN_STEP)

    assert 1 == main(["eval", spec, "-n", "3", "-o", str(tmp_path / "run")])
    assert "Errors by the side at fault: 3 world" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        (plugins.ALWAYS_PASSES, "pass with 'noop' as agent"),
        (plugins.IGNORES_SEED, "one and the same scenario"),
        (plugins.GOLD_FAILS, "scenario 0 of seed 0: code: fail"),
        (plugins.RAISES_AT_IMPORT, "no such library"),
        (plugins.RAISES_IN_STEP, "IndexError: string index out of range"),
    ],
    ids=["always passes", "ignores seed", "gold fails", "raises at import", "raises in step"],
)
def test_check_of_a_bad_plugin_exits_1_with_the_reason(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], changes: tuple[str, str], words: str
) -> None:
    """Whoever runs it in a pipeline is stopped, and told why."""
    spec = plugin(tmp_path, changes)

    assert 1 == main(["check", spec, "-n", "10", "--only", "seeds", "--only", "noop"])
    assert words in " ".join(capsys.readouterr().out.split())


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["run", "support/retial-v1", "-o", "x"], "Did you mean 'support/retail-v1'?"),
        (["run", RETAIL, "-o", "x", "--seat", "agent=exprt"], "Did you mean 'expert'?"),
        (["run", RETAIL, "-o", "x", "--seat", "agnt=expert"], "Did you mean 'agent'?"),
        (["run", RETAIL, "-o", "x", "--seat", "agent"], "Expected SEAT=POLICY"),
        (
            ["run", RETAIL, "-o", "x", "--seat", "agent=noop", "--seat", "agent=expert"],
            "one policy for seat 'agent'",
        ),
        (["run", RETAIL, "-o", "x", "--executor", "cloud"], "Valid: inline, process, ray"),
        (["run", RETAIL, "-o", "x", "--seat", "agent=expert?forms=x"], "Valid: all, held-out, train"),
        (["run", RETAIL, "-o", "x", "--executor", ""], "Valid: inline, process, ray"),
        (
            ["run", RETAIL, "-o", "x", "-n", "1000000000"],
            "at most 10,000,000 episodes in one run, got 1,000,000,000",
        ),
        (["run", RETAIL, "-o", "x", "--attempts", "1000000"], "got 100,000,000; play the rest in another"),
        (["eval", RETAIL, "-o", "x", "-n", "999999999999"], "at most 10,000,000 episodes"),
        (
            ["eval", RETAIL, "-o", "x", "--trials", "999999", "--repeated", "64"],
            "at most 10,000,000 episodes",
        ),
        (["eval", RETAIL, "-o", "x", "--repeated", "64"], "trials of 2 or more with repeated=64"),
        (["eval", RETAIL, "-o", "x", "--held-out-from", "nowhere"], "Expected a run directory"),
        (
            ["eval", RETAIL, "-o", "x", "--seat", "agent=model?checkpoint=x&width=-1"],
            "width of at least 1, got -1",
        ),
        (["run", RETAIL, "-o", "x", "--scenarios", "none.jsonl"], "which is not there"),
        (
            ["run", RETAIL, "-o", "x", "--scenarios", "none.jsonl", "-n", "5"],
            "either -n or --scenarios, got -n 5",
        ),
        (["demo", "--scale", "inf"], "Expected a scale from 0.001 to 1000, got inf"),
        (["demo", "--scale", "-1"], "1 takes minutes, 4 is at full difficulty"),
        (["play", RETAIL, "--seat", "agent", "--seat", "agent=noop"], "Expected seat 'agent' once"),
        (["play", RETAIL, "--seat", "agent", "--seat", "agent"], "--seat agent is yours"),
        (["play", RETAIL, "--index", "-1"], "--index"),
        (["run", RETAIL, "-o", "x", "-n", "0"], "n"),
        (["run", RETAIL], "--out"),
        (["play", RETAIL, "--seat", "agnt"], "Did you mean 'agent'?"),
        (["show", "nowhere.py:Env"], "No such file"),
        (["check", "support/retial-v1"], "Did you mean"),
        (["check", RETAIL, "--only", "gld"], "Did you mean 'gold'?"),
        (["verify", "nowhere"], "Expected a run directory"),
        (["mine", "nowhere"], "Expected a run directory"),
        (["export", "nowhere"], "Expected a run directory"),
        (["runn"], "run"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_wrong_use_is_one_message_and_exit_code_2(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    words: str,
) -> None:
    """It says what would be right, and leaves nothing behind."""
    monkeypatch.chdir(tmp_path)

    assert 2 == main(arguments)
    printed = capsys.readouterr()
    assert words in printed.err
    assert "Traceback" not in printed.err
    assert [] == list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["mine", "--level", "sure"], "Valid: checked, mutation-tested, replayed"),
        (["export", "--view", "best"], "Unknown view 'best'"),
        (["export", "--format", "xml"], "Unknown export format 'xml'"),
        (["export", "--seat", "boss"], "Unknown seat 'boss'"),
    ],
)
def test_wrong_options_of_a_run_are_named(
    noisy: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], words: str
) -> None:
    """The message lists what there is."""
    main(["mine", str(noisy)])

    assert 2 == main([arguments[0], str(noisy), *arguments[1:]])
    assert words in capsys.readouterr().err


def test_exporting_before_mining_says_what_to_do(noisy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With the line to type."""
    assert 2 == main(["export", str(noisy)])
    assert f"`gristmill mine {noisy}` makes it" in capsys.readouterr().err
    assert 2 == main(["export", str(noisy), "--view", "best"])
    assert f"`gristmill mine {noisy} --name best` makes it" in capsys.readouterr().err


def test_another_export_is_replaced_by_the_option_that_the_message_names(
    noisy: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """As it is written on the command line."""
    assert 0 == main(["mine", str(noisy)])
    export = ["export", str(noisy), "-o", str(tmp_path / "data"), "--format"]
    assert 0 == main([*export, "openai"])
    capsys.readouterr()

    assert 2 == main([*export, "jsonl"])
    assert "replace it with --overwrite" in capsys.readouterr().err
    assert 0 == main([*export, "jsonl", "--overwrite"])


def test_a_scenario_that_show_prints_can_be_played(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """As a line of a file, whole or by its values alone."""
    assert 0 == main(["show", RETAIL, "--index", "7", "--json"])
    scenario = machine(capsys)["scenario"]
    file = tmp_path / "scenarios.jsonl"
    file.write_bytes(encode(scenario) + b"\n" + encode({"values": scenario["values"]}))

    assert 0 == main(["run", RETAIL, "--scenarios", str(file), "-o", str(tmp_path / "run"), "--json"])
    assert {"pass": 2} == machine(capsys)["counts"]


def test_debug_shows_where_an_error_came_from(capsys: pytest.CaptureFixture[str]) -> None:
    """Only on demand."""
    assert 2 == main(["--debug", "show", "nowhere.py:Env"])
    assert "Traceback" in capsys.readouterr().err


def test_a_defect_is_a_sentence_too(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """What nobody foresaw does not end in a traceback."""
    monkeypatch.setattr("gristmill.registry.worlds", lambda: 1 / 0)

    assert 2 == main(["list"])
    assert "ZeroDivisionError: division by zero (a defect" in capsys.readouterr().err


def test_a_run_of_another_schema_is_refused(noisy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With the version that can read it."""
    path = noisy / "run.json"
    path.write_bytes(encode(decode(path.read_bytes()) | {"schema": 2}))

    assert 2 == main(["verify", str(noisy)])
    assert "Expected run schema 1, got 2" in capsys.readouterr().err


def test_a_damaged_store_is_named_and_the_rest_is_used(
    noisy: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A truncated shard costs what was in it, is told, and exits 1."""
    shard = next((noisy / "shards").glob("*.parquet"))
    os.truncate(shard, shard.stat().st_size // 2)

    assert main(["verify", str(noisy)]) in (1, 2)
    printed = capsys.readouterr()
    assert shard.name in printed.out + printed.err


def test_a_directory_with_other_files_is_not_written_to(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A mistyped --out must not spread a run over somebody's files."""
    (tmp_path / "letter.txt").write_text("Dear …")

    assert 2 == main(["run", RETAIL, "-n", "2", "-o", str(tmp_path)])
    assert "holds other files" in capsys.readouterr().err
    assert ["letter.txt"] == [path.name for path in tmp_path.iterdir()]


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One line, not a traceback."""
    (tmp_path / "file").write_text("")

    assert 2 == main(["run", RETAIL, "-n", "2", "-o", str(tmp_path / "file" / "run")])
    assert str(tmp_path / "file") in capsys.readouterr().err


def test_a_full_disk_loses_nothing_that_was_recorded(noisy: Path) -> None:
    """The system's limit on file sizes stands for the end of the disk; afterwards the run goes on."""
    command = [
        sys.executable,
        "-m",
        "gristmill",
        "run",
        RETAIL,
        "--seat",
        "agent=noisy?rate=0.2",
        "-n",
        "400",
        "-o",
        str(noisy),
    ]
    # By a shell, since code between fork and exec is unsafe in a process that has JAX loaded; 512 bytes a block.
    limited = ["sh", "-c", 'ulimit -f 390; exec "$@"', "sh", *command]
    full = subprocess.run(limited, env=ENVIRONMENT, capture_output=True, text=True, check=False)
    recorded = len(RunStore.open(noisy).ids())

    assert 2 == full.returncode
    assert 1 == len(full.stderr.splitlines())
    assert 30 < recorded < 400
    assert [] == RunStore.open(noisy).check()
    assert 0 == main(command[3:])
    assert 400 == len(RunStore.open(noisy).ids())
