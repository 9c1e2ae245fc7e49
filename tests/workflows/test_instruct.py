"""Tasks by topic, from the command line: made, counted, played."""

import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from gristmill.cli.app import main
from gristmill.digest import decode
from gristmill.generators.answers import judge
from gristmill.generators.problems import Problem, checked
from gristmill.lines import read_lines
from gristmill.workflows.instruct import instruct
from gristmill.workflows.run import run


def machine(capsys: pytest.CaptureFixture[str]) -> Any:
    """The one line of JSON that was printed."""
    (line,) = capsys.readouterr().out.splitlines()
    return decode(line)


def test_equal_arguments_give_equal_files(tmp_path: Path) -> None:
    """Another seed gives other tasks."""
    files = [tmp_path / name for name in ("a.jsonl", "b.jsonl", "c.jsonl")]
    for file, seed in zip(files, (1, 1, 2), strict=True):
        instruct("general", file, n=60, seed=seed)
    one, same, other = (file.read_bytes() for file in files)

    assert one == same
    assert one != other


def test_problems_come_with_checked_solutions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each is checked with SymPy before it is written, and its response is what its own check accepts."""
    seen: list[str] = []

    def noted(one: Problem) -> Problem:
        seen.append(one.question)
        return checked(one)

    monkeypatch.setattr("gristmill.generators.taxonomy.making.checked", noted)
    first, second = tmp_path / "first.jsonl", tmp_path / "second.jsonl"
    instruct("problems", first, n=30, seed=1)
    report = instruct("problems", second, n=30, seed=1, covered=[first])
    lines = [*read_lines(first), *read_lines(second)]

    assert {"pass"} == {judge(line["check"], line["response"]).status for line in lines}
    assert set(seen) >= {line["instruction"] for line in lines}
    assert 60 == len({str(line["values"]) for line in lines})
    assert [30, 30] == [sum(one.before for one in report.leaves), sum(one.made for one in report.leaves)]


def test_a_machine_without_sympy_is_told_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """In one line, and nothing is written."""
    monkeypatch.setitem(sys.modules, "sympy", None)

    assert 2 == main(["instruct", "problems", "-o", str(tmp_path / "x.jsonl")])
    assert "pip install 'gristmill[generate]'" in capsys.readouterr().err
    assert [] == list(tmp_path.iterdir())


def test_scenarios_of_every_leaf_can_be_played(tmp_path: Path) -> None:
    """The expert passes all of them, and the run counts as what there is already."""
    out = tmp_path / "tasks.jsonl"
    report = instruct("support", out, n=84)
    played = run("support/retail-v1", {}, tmp_path / "run", scenarios=out)
    again = instruct("support", tmp_path / "more.jsonl", n=84, covered=[tmp_path / "run"])
    lines = [*read_lines(out), *read_lines(tmp_path / "more.jsonl")]

    assert {"pass": 84} == played.counts
    assert all(one.made for one in report.leaves)
    assert [one.made for one in report.leaves] == [one.before for one in again.leaves]
    assert 168 == len({line["id"] for line in lines})
    assert again.distance < report.distance < 0.1


def test_an_uneven_run_is_evened_out(tmp_path: Path) -> None:
    """What the world draws by itself leaves cells empty; they are filled first."""
    run("support/retail-v1", {}, tmp_path / "run", n=60)
    report = instruct("support", tmp_path / "tasks.jsonl", n=60, covered=[tmp_path / "run"])
    empty = [one for one in report.leaves if not one.before]

    assert empty
    assert all(one.made for one in empty)
    assert 0 == report.outside


def test_the_command_says_how_far_each_leaf_is(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """For people as a table, for machines as JSON; files that are there are not touched."""
    out = str(tmp_path / "tasks.jsonl")
    assert 0 == main(["instruct", "general", "-n", "60", "-o", out])
    assert "numbers/percentages/parts/of-an-amount" in capsys.readouterr().out
    assert 2 == main(["instruct", "general", "-n", "60", "-o", out])
    assert "exists" in capsys.readouterr().err
    assert 0 == main(["instruct", "general", "-n", "9", "-o", f"{out}2", "--covered", out, "--json"])
    told = machine(capsys)

    assert (9, 60) == (told["made"], sum(one["before"] for one in told["leaves"]))
    assert 53 == len(Counter(one["leaf"] for one in told["leaves"]))


def test_too_few_tasks_are_a_finding(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """All that there are are written, and the exit code says that they are not enough."""
    tree = tmp_path / "tree.toml"
    tree.write_text(
        'name = "t"\n[[leaf]]\npath = "a/b/c/d"\ncheck = "number"\nslots.x = { kind = "integer", low = 1, high = 4 }\n'
        'wordings = ["Say {x}."]\nanswer = "x"\nresponse = "{x}"\n'
    )
    out = tmp_path / "x.jsonl"

    assert 1 == main(["instruct", str(tree), "-n", "9", "-o", str(out)])
    assert "5 tasks are missing" in capsys.readouterr().out
    assert 4 == len(list(read_lines(out)))


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["genral"], "Did you mean 'general'"),
        (["general", "--covered", "nowhere.jsonl"], "got nowhere.jsonl"),
        (["general", "--covered", "odd.jsonl"], "odd.jsonl, line 2: expected a JSON object"),
    ],
)
def test_wrong_use_is_one_line(
    arguments: list[str], words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:  # fmt: skip
    """And nothing is written."""
    monkeypatch.chdir(tmp_path)
    Path("odd.jsonl").write_text("{}\n[1]\n")

    assert 2 == main(["instruct", *arguments, "-o", "x.jsonl"])
    assert words in capsys.readouterr().err
    assert ["odd.jsonl"] == [one.name for one in Path().iterdir()]
