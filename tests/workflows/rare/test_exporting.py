"""Exports hold the set, and run where they are for."""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from gristmill.digest import decode
from gristmill.errors import StoreError, UsageError
from gristmill.lines import read_lines
from gristmill.recorders.sets import CANARY, EvaluationSet, read_set
from gristmill.workflows.rare.exporting import FORMATS, export_set
from gristmill.workflows.rare.scoring import score
from tests.fixtures import inspect_run
from tests.workflows.rare.boilers import built

HALF, FULL = {"agent": "lazy?share=0.5"}, {"agent": "expert"}


@pytest.fixture(scope="module")
def there(tmp_path_factory: pytest.TempPathFactory) -> EvaluationSet:
    """A set in which many records are the event; tests only read it."""
    return built(tmp_path_factory.mktemp("sets") / "set", {"estimating": 25, "control": 3}, threshold=0.5)


@pytest.mark.parametrize("format", FORMATS)
def test_every_export_holds_the_set(there: EvaluationSet, tmp_path: Path, format: str) -> None:
    """So that whoever has it can prove that every record arrived, and score with Gristmill, too."""
    found = export_set(there.path, format, tmp_path / "out")

    assert there.records == read_set(tmp_path / "out").records
    assert (28, format) == (found.records, found.format)
    assert str(tmp_path / "out") in found.opening


def test_an_inspect_dataset_has_what_the_seat_sees(there: EvaluationSet, tmp_path: Path) -> None:
    """Instructions and what was said before its first act; no act of anybody whom the set was built against."""
    export_set(there.path, "inspect", tmp_path / "out")
    lines = {line["id"]: line for line in read_lines(tmp_path / "out/dataset.jsonl")}

    assert [one.id for one in there.records] == list(lines)
    for one in there.records:
        values, line = one.scenario.values, lines[one.id]
        said = f"The gauge says {values['load']:.4f}, the leak is {values['leak']}."
        assert [("system", "You are the agent."), ("user", said)] == [
            (message["role"], message["content"]) for message in line["input"]
        ]
        assert (one.weight, one.role, CANARY) == (line["weight"], line["role"], line["canary"])


def test_an_unknown_format_or_seat_is_refused(there: EvaluationSet, tmp_path: Path) -> None:
    """With those that there are."""
    with pytest.raises(UsageError, match=r"Unknown export format 'csv'.*inspect"):
        export_set(there.path, "csv", tmp_path / "out")
    with pytest.raises(UsageError, match=r"Unknown seat 'pilot'.*agent, customer"):
        export_set(there.path, "inspect", tmp_path / "out", seat="pilot")
    assert not (tmp_path / "out").exists()


def test_a_folder_that_is_taken_is_left_alone(there: EvaluationSet, tmp_path: Path) -> None:
    """Whatever is in it is somebody's."""
    (tmp_path / "mine.txt").write_text("mine")

    with pytest.raises(StoreError, match="which is taken"):
        export_set(there.path, "jsonl", tmp_path)
    assert ["mine.txt"] == [one.name for one in tmp_path.iterdir()]


def exported_utils(folder: Path) -> ModuleType:
    """What lm-evaluation-harness imports of an export."""
    spec = importlib.util.spec_from_file_location("exported_utils", folder / "utils.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_lm_eval_asks_for_the_first_act(there: EvaluationSet, tmp_path: Path) -> None:
    """What the competent policy does first is right, in any spelling; anything else is not, and counts by its weight."""
    export_set(there.path, "lm-eval", tmp_path / "out")
    utils, lines = exported_utils(tmp_path / "out"), list(read_lines(tmp_path / "out/data.jsonl"))
    right = [utils.process_results(line, [f"```json\n{line['target']}\n```"]) for line in lines]
    wrong = [utils.process_results(line, ["I would rather not."]) for line in lines]
    weighted = [found["weighted_other_first_act"] for found in wrong if "weighted_other_first_act" in found]

    assert [one.id for one in there.records] == [line["id"] for line in lines]
    assert {0.0} == {one if isinstance(one, float) else one[0] for found in right for one in found.values()}
    assert there.manifest.weight / 25 == pytest.approx(utils.weighted_share(weighted))
    assert 1.0 == utils.share([found["other_first_act"] for found in wrong if "other_first_act" in found])


def test_lm_eval_names_its_metrics_as_their_results(there: EvaluationSet, tmp_path: Path) -> None:
    """Under another name the harness would take the mean of weights and scores, without a word."""
    yaml = pytest.importorskip("yaml")

    class Loader(yaml.SafeLoader):  # type: ignore[name-defined, misc]  # imported only if it is there
        """Reads names of functions as texts."""

    Loader.add_constructor("!function", lambda loader, node: node.value)
    export_set(there.path, "lm-eval", tmp_path / "out")
    (file,) = (tmp_path / "out").glob("*.yaml")
    task, utils = yaml.load(file.read_text(), Loader), exported_utils(tmp_path / "out")
    lines = read_lines(tmp_path / "out/data.jsonl")

    assert file.stem == task["task"]
    assert {one["metric"] for one in task["metric_list"]} == {
        name for line in lines for name in utils.process_results(line, [""])
    }
    for one in (task["process_results"], *(one["aggregation"] for one in task["metric_list"])):
        module, _, name = one.partition(".")
        assert "utils" == module
        assert callable(getattr(utils, name))


@pytest.mark.slow
def test_an_export_runs_under_lm_eval(there: EvaluationSet, tmp_path: Path) -> None:
    """Where the harness is installed, its model that says the same to everything is wrong everywhere."""
    pytest.importorskip("lm_eval")
    export_set(there.path, "lm-eval", tmp_path / "out")
    (file,) = (tmp_path / "out").glob("*.yaml")
    offline = {"HF_HUB_OFFLINE": "1", "HF_DATASETS_OFFLINE": "1", "HF_HOME": str(tmp_path / "home")}
    command = [
        sys.executable,
        "-m",
        "lm_eval",
        "--model",
        "dummy",
        "--tasks",
        file.stem,
        "--include_path",
        ".",
    ]
    told = subprocess.run(
        [*command, "--output_path", str(tmp_path / "told")], cwd=tmp_path / "out", env={**os.environ, **offline},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert 0 == told.returncode, told.stderr
    (results,) = (tmp_path / "told").rglob("results_*.json")
    found = decode(results.read_bytes())["results"][file.stem]

    assert there.manifest.weight / 25 == pytest.approx(found["weighted_other_first_act,none"])
    assert 1.0 == found["other_first_act,none"]


def run_inspect(there: EvaluationSet, out: Path, player: str) -> dict[str, Any]:
    """Export a set and run it under Inspect in a process of its own, since it sets up logging for all of one."""
    pytest.importorskip("inspect_ai")
    export_set(there.path, "inspect", out / "export")
    command = [sys.executable, inspect_run.__file__, str(out / "logs"), player]
    told = subprocess.run(command, cwd=out / "export", capture_output=True, text=True, check=False)
    assert 0 == told.returncode, told.stderr
    found: dict[str, Any] = decode(told.stdout.splitlines()[-1])
    return found


@pytest.mark.slow
@pytest.mark.parametrize(
    ("player", "seats"),
    [("operator/half", HALF), ("operator/full", FULL), ("lazy?share=0.5", HALF)],
    ids=["a model", "a better model", "a policy"],
)
def test_an_export_runs_under_inspect(
    there: EvaluationSet, tmp_path: Path, player: str, seats: dict[str, str]
) -> None:
    """A model that answers with calls of tools, or a policy, fares as the same policy does here, record by record."""
    found, ours = run_inspect(there, tmp_path, player), score(there.path, seats)
    rate, told = ours.rate, found["metrics"]

    assert "success" == found["status"]
    assert {name: float(one.event) for name, one in ours.results.items()} == found["events"]
    assert (rate.high, rate.low, float(rate.events), 25.0) == (
        told["high"],
        told["low"],
        told["events"],
        told["samples"],
    )
    assert rate.rate == told.get("rate")
    assert ["system", "user", "assistant", "tool", "assistant"] == found["roles"][:5]


@pytest.mark.slow
def test_inspect_groups_by_role_and_stratum(there: EvaluationSet, tmp_path: Path) -> None:
    """Each group has the share of its records that were the event; a set of controls tells no rate."""
    controls = built(tmp_path / "set", {"control": 8}, threshold=0.5)
    told = run_inspect(controls, tmp_path, "lazy")["metrics"]

    assert {f"control: {one.stratum.name}" for one in controls.records} == set(told)
    assert {0.0} == set(told.values())
