"""What a model learnt from, followed from the spec of a policy."""

from pathlib import Path
from urllib.parse import quote

import pytest

from gristmill.digest import encode
from gristmill.recorders.store import RunStore
from gristmill.types import Scenario
from gristmill.workflows import lineage
from gristmill.workflows.lineage import HeldOut, trained_on
from tests.recorders.fakes import episode


def store(path: Path, *numbers: int, agent: str = "expert") -> RunStore:
    """A run of some episodes."""
    seats = {"agent": {"policy": agent}}
    made = RunStore.create(path, {"world": "fake/till-v1", "name": path.name, "seats": seats})
    with made.writer() as writer:
        for number in numbers:
            writer.append(episode(number))
    return made


def lesson(folder: Path, learnt: RunStore, init: Path | str = "") -> Path:
    """The folder of a training job, as it stands at the end; returns its checkpoint."""
    (folder / "step-000002" / "model").mkdir(parents=True)
    told = {"run": str(learnt.path), "run_id": learnt.id, "init": str(init), "steps": 2}
    (folder / lineage.LESSON).write_bytes(encode(told))
    return folder / "step-000002"


@pytest.mark.parametrize("place", ["", "step-000002", "step-000002/model"])
def test_a_model_leads_to_its_data(tmp_path: Path, place: str) -> None:
    """From the folder of the job, of a checkpoint or of a model, and through the model it started from."""
    base = lesson(tmp_path / "base", store(tmp_path / "log", 1))
    lesson(tmp_path / "tuned", store(tmp_path / "mined", 2), init=base)
    runs, unknown = trained_on(
        {"agent": f"model?checkpoint={tmp_path / 'tuned' / place}", "customer": "expert"}, tmp_path
    )

    assert (["mined", "log"], []) == ([one.path.name for one in runs], unknown)


@pytest.mark.parametrize("spec", ["noisy?base=model&checkpoint={}", "noisy?base=model%3Fcheckpoint%3D{}"])
def test_a_model_within_another_policy_is_found(tmp_path: Path, spec: str) -> None:
    """Whichever way its spec is written."""
    lesson(tmp_path / "job", store(tmp_path / "log", 1))
    runs, _ = trained_on({"agent": spec.format(tmp_path / "job")}, tmp_path)

    assert ["log"] == [one.path.name for one in runs]


def test_a_model_that_learnt_from_the_play_of_another_leads_to_what_that_one_learnt_from(
    tmp_path: Path,
) -> None:
    """Generation by generation; a model that learnt from its own play is no endless circle."""
    first = lesson(tmp_path / "first", store(tmp_path / "log", 1))
    played = store(tmp_path / "played", 2, agent=f"noisy?base=model%3Fcheckpoint%3D{first}")
    second = lesson(tmp_path / "second", played, init=first)
    own = store(tmp_path / "own", 3, agent=f"model?checkpoint={tmp_path / 'third'}")
    lesson(tmp_path / "third", own, init=second)
    runs, unknown = trained_on({"agent": f"model?checkpoint={tmp_path / 'third'}"}, tmp_path)

    assert (["own", "played", "log"], []) == ([one.path.name for one in runs], unknown)


def test_several_models_within_one_policy_are_all_found(tmp_path: Path) -> None:
    """Of a policy that is one of several, each of them."""
    for name in ("a", "b"):
        lesson(tmp_path / name, store(tmp_path / f"log-{name}", 1))
    both = "|".join(f"model?checkpoint={tmp_path / name}" for name in ("a", "b"))
    runs, _ = trained_on({"agent": f"mixed?of={quote(f'boulware|{both}')}"}, tmp_path)

    assert ["log-a", "log-b"] == [one.path.name for one in runs]


def test_what_cannot_be_looked_into_is_said(tmp_path: Path) -> None:
    """A model without a job, a run that has gone, and another run in its place; a circle ends."""
    gone, other = store(tmp_path / "gone", 1), store(tmp_path / "other", 1)
    lesson(tmp_path / "a", gone, init=tmp_path / "b")
    lesson(tmp_path / "b", other, init=tmp_path / "a")
    for name, run in (("run.json", gone), ("run.json", other)):
        (run.path / name).unlink()
    RunStore.create(gone.path.with_name("new"), {"world": "x"})
    (other.path / "run.json").write_bytes((tmp_path / "new" / "run.json").read_bytes())
    runs, unknown = trained_on(
        {"a": f"model?checkpoint={tmp_path / 'a'}", "b": f"model?checkpoint={tmp_path}"}, tmp_path
    )

    assert [] == runs
    assert ["gone, which", "other, which", "there is no lesson.json"] == [
        next(words for words in ("gone, which", "other, which", "there is no lesson.json") if words in one)
        for one in unknown
    ]


def test_relative_paths_lead_there_from_elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was typed in the folder of a project is found from another, since all of it lies under that folder."""
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path)
    lesson(Path("models/base"), store(Path("runs/log"), 1))
    lesson(Path("models/tuned"), store(Path("runs/mined"), 2), init="models/base/step-000002")
    monkeypatch.chdir(tmp_path / "elsewhere")
    runs, unknown = trained_on({"agent": "model?checkpoint=models/tuned"}, Path("../runs/evaluation"))

    assert (["mined", "log"], []) == ([one.path.name for one in runs], unknown)


def test_a_scenario_that_occurs_twice_is_met_once(tmp_path: Path) -> None:
    """The runs are counted each for itself, the scenarios once."""
    a, b = store(tmp_path / "a", 1, 2), store(tmp_path / "b", 2, 3)
    mine = {episode(number).scenario.id for number in (2, 3, 4)} | {Scenario.of("w", {}).id}
    found = HeldOut.of(mine, [a, b, a])

    assert ({str(a.path): 1, str(b.path): 2}, 2) == (found.runs, found.met)
