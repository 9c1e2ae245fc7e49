"""From recorded episodes of a robot to a network that moves it."""

import json
from pathlib import Path

import pytest

from gristmill.cli.app import main
from gristmill.digest import encode
from gristmill.errors import UsageError
from gristmill.recorders.mine import Acceptance, load_view, mine
from gristmill.recorders.store import RunStore
from gristmill.registry import make
from gristmill.training.clone import CloneConfig
from gristmill.types import Scenario
from gristmill.workflows.clone import clone
from gristmill.workflows.evaluate import evaluate
from gristmill.workflows.run import run

WORLD = "robots/reach-v1"
CONFIG = CloneConfig(chunk=4, dim=32, layers=1, steps=20, valid_every=10)


@pytest.fixture(scope="module")
def tried(tmp_path_factory: pytest.TempPathFactory) -> RunStore:
    """A small run, some of which passed, and a view of that."""
    out = tmp_path_factory.mktemp("runs") / "reach"
    run(WORLD, {"robot": "proposal"}, out, n=40, seed=3)
    store = RunStore.open(out)
    mine(store, Acceptance(name="kept", split={"train": 0.8, "valid": 0.2}))
    return store


def test_a_view_is_learnt_from_and_plays(tried: RunStore, tmp_path: Path) -> None:
    """The lesson says what was learnt; the folder of the job stands for the model; its scenarios are known again."""
    view = load_view(tried, "kept")
    lesson = clone(tried, tmp_path / "job", view=view, config=CONFIG)
    seats = {"robot": f"clone?checkpoint={tmp_path / 'job'}"}
    fresh = evaluate(WORLD, seats, tmp_path / "fresh", n=3, seed=9)
    met = evaluate(WORLD, seats, tmp_path / "met", n=40, seed=3)

    assert sum(one.split == "train" for one in view.kept) == lesson.episodes
    assert 40 * lesson.episodes == lesson.frames
    assert 1 == lesson.generation == fresh.seats["robot"]["generation"]
    assert (3, {}) == (fresh.success.played, fresh.errors)
    assert (0, 40) == (fresh.held_out.met, met.held_out.met)
    assert 20 == len(lesson.training.points)
    assert lesson.training.mask is None


def test_without_a_view_every_attempt_counts_up_to_a_limit(tried: RunStore, tmp_path: Path) -> None:
    """In the order of the scenarios, whether they passed or not."""
    every = clone(tried, tmp_path / "all", config=CONFIG)
    some = clone(tried, tmp_path / "some", config=CONFIG, limit=7)

    assert every.episodes > load_view(tried, "kept").stages[-1].left
    assert 7 == some.episodes


def test_what_cannot_be_learnt_from_is_said(tried: RunStore, tmp_path: Path) -> None:
    """A seat that nobody had, a view of nothing, and a run without numbers."""
    mine(tried, Acceptance(name="nothing", min_acts=500))
    with pytest.raises(UsageError, match=r"Unknown seat 'agent'.*Valid: robot"):
        clone(tried, tmp_path / "a", seat="agent", config=CONFIG)
    with pytest.raises(UsageError, match="Expected episodes to learn from"):
        clone(tried, tmp_path / "b", view=load_view(tried, "nothing"), config=CONFIG)
    run("support/retail-v1?level=demo", {}, tmp_path / "talk", n=2)
    with pytest.raises(UsageError, match="Expected episodes with numeric steps"):
        clone(RunStore.open(tmp_path / "talk"), tmp_path / "c", seat="agent", config=CONFIG)


@pytest.mark.filterwarnings("ignore:overflow encountered")
def test_episodes_that_are_not_finite_are_left_out(tmp_path: Path) -> None:
    """Noise may be so strong that what is observed is infinite; the lesson says how many, and which."""
    one = make(WORLD)
    quiet = [one.scenario(3, index) for index in range(12)]
    loud = [Scenario.of(WORLD, {**one.values, "noise": 1e300}, seed=3, index=20) for one in quiet[:1]]
    (tmp_path / "draws.jsonl").write_bytes(b"\n".join(map(encode, [*quiet, *loud])))
    run(WORLD, {"robot": "proposal"}, tmp_path / "run", scenarios=tmp_path / "draws.jsonl")
    lesson = clone(RunStore.open(tmp_path / "run"), tmp_path / "job", config=CONFIG)

    assert {"not finite": 1} == lesson.dropped
    assert "1 episodes" == lesson.notes[-1][:10]


@pytest.mark.slow
def test_episodes_are_the_same_for_any_number_of_workers(tried: RunStore, tmp_path: Path) -> None:
    """Content hashes of one and of two processes."""
    clone(tried, tmp_path / "job", config=CONFIG)
    seats = {"robot": f"clone?checkpoint={tmp_path / 'job'}"}
    for jobs in (1, 2):
        run(WORLD, seats, tmp_path / str(jobs), n=140, seed=5, jobs=jobs)
    one, two = (
        {episode.id: episode.content_hash() for episode in RunStore.open(tmp_path / name).episodes()}
        for name in "12"
    )

    assert 140 == len(one)
    assert one == two


@pytest.mark.slow
def test_the_command_knows_a_robot_by_its_run(
    tried: RunStore, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The seat need not be named, nor that it is a robot; the curves are in the report, without what only text has."""
    job, page = tmp_path / "job", tmp_path / "report.html"
    settings = ["--steps", "12", "--dim", "32", "--layers", "1", "--rows", "64", "--json"]

    assert 0 == main(["train", str(tried.path), "--view", "kept", "--out", str(job), *settings])
    lesson = json.loads(capsys.readouterr().out)
    assert (12, "robot") == (lesson["steps"], lesson["sources"][0]["seat"])
    assert 0 == main(["report", str(tried.path), "--training", str(job), "--out", str(page)])
    assert "loss (sd of an action)" in page.read_text()
    assert "tokens predicted" not in page.read_text()
