"""From recorded episodes to a model that plays."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from gristmill.agents.model.config import ModelConfig
from gristmill.agents.model.template import TemplateConfig
from gristmill.digest import decode
from gristmill.errors import UsageError
from gristmill.recorders.ledger import latest
from gristmill.recorders.mine import Acceptance, load_view, mine, split_of
from gristmill.recorders.store import RunStore
from gristmill.training.sft import TrainConfig
from gristmill.workflows import learn as module
from gristmill.workflows.evaluate import evaluate
from gristmill.workflows.learn import TextLesson, learn
from gristmill.workflows.lessons import Source
from gristmill.workflows.lineage import LESSON, trained_on
from gristmill.workflows.outcomes import outcomes
from gristmill.workflows.run import run

WORLD = "support/retail-v1?level=demo"
SHAPE = ModelConfig(vocab=400, dim=16, layers=1, heads=2, kv_heads=1, head_dim=8, ffn=24, conv=2, max_len=256)
CONFIG = TrainConfig(model=SHAPE, rows=4, buckets=1, steps=3, valid_every=2)


@pytest.fixture(scope="module")
def noisy(tmp_path_factory: pytest.TempPathFactory) -> RunStore:
    """A small run of which two views were mined: what passed, and nothing."""
    out = tmp_path_factory.mktemp("runs") / "noisy"
    run(WORLD, {"agent": "noisy?rate=0.2"}, out, n=60, seed=3)
    store = RunStore.open(out)
    mine(store, Acceptance(name="kept", split={"train": 0.8, "valid": 0.2}))
    mine(store, Acceptance(name="nothing", min_acts=500))
    return store


def test_views_are_split_by_scenario(noisy: RunStore) -> None:
    """All of the log is read; each scenario is in one part, the one that its hash says."""
    rows, _, _ = module._rows(Source(noisy))
    parts = {row.id: row.part for row in rows}
    split = Acceptance().split

    assert {one.id: split_of(one.scenario.id, split) for one in noisy.episodes()} == parts


def test_a_view_gives_its_episodes_and_its_split(noisy: RunStore) -> None:
    """What was not kept is not read."""
    view = load_view(noisy, "kept")
    rows, dropped, notes = module._rows(Source(noisy, view))

    assert {kept.id: kept.split for kept in view.kept} == {row.id: row.part for row in rows}
    assert ({}, []) == (dropped, notes)
    assert all(
        entry["from"] == "agent" or "agent" in entry.get("to", ["agent"])
        for entry in decode(rows[0].what.entries)
    )


def test_what_the_verdicts_no_longer_release_is_not_learnt(noisy: RunStore, tmp_path: Path) -> None:
    """Withdrawn since the view was mined, an episode is left out with a reason and a note; so is one that is lost."""
    shutil.copytree(noisy.path, tmp_path / "run")
    store = RunStore.open(tmp_path / "run")
    view = load_view(store, "kept")
    standings = latest(store.ledger())
    with store.writer() as writer:
        for name in view.ids[:3]:
            for found in standings[name].values():
                writer.revoke(found.verdict_id, "the verifier was wrong")

    rows, dropped, notes = module._rows(Source(store, view))

    assert set(view.ids[3:]) == {row.id for row in rows}
    assert {"verdict withdrawn": 3} == dropped
    assert [
        f"3 of {len(view.ids)} kept episodes are left out (3 verdict withdrawn); mine the view again"
    ] == notes

    with store.writer() as writer:
        for name in view.ids[3:]:
            for found in standings[name].values():
                writer.revoke(found.verdict_id, "the verifier was wrong")
    words = rf"{len(view.ids)} of {len(view.ids)} kept episodes are left out"
    with pytest.raises(UsageError, match=words):
        learn([Source(store, view)], tmp_path / "job", config=CONFIG)

    for path in (tmp_path / "run/shards").iterdir():
        path.write_bytes(b"")
    assert {"damaged": len(view.ids)} == module._rows(Source(RunStore.open(tmp_path / "run"), view))[1]


def test_a_view_of_another_run_is_not_learnt_from(noisy: RunStore, tmp_path: Path) -> None:
    """Its verdicts are in that run."""
    other = RunStore.create(tmp_path / "other", {"world": WORLD})

    with pytest.raises(UsageError, match="Expected a view of"):
        learn([Source(other, load_view(noisy, "kept"))], tmp_path / "job", config=CONFIG)


def test_who_learns_from_everything_is_told_what_is_wrong_in_it(noisy: RunStore) -> None:
    """How many episodes are no verified successes, and how to leave them out; of a view there is nothing to say."""
    passed = sum(one.status == "pass" for one in outcomes(noisy))
    _, _, (note,) = module._rows(Source(noisy))
    _, _, silent = module._rows(Source(noisy, load_view(noisy, "kept")))

    assert note.startswith(f"{60 - passed} of the 60 episodes are no verified successes")
    assert f"`gristmill mine {noisy.path}`" in note
    assert [] == silent


def test_a_model_does_not_learn_under_instructions_that_nobody_had(noisy: RunStore, tmp_path: Path) -> None:
    """Where its template has them; the world is asked with the parameters that the run was played with."""
    rows, _, notes = module._rows(Source(noisy), told=True)
    assert 60 == len(rows)
    assert not any("instructions" in note for note in notes)
    assert rows[0].what.brief is not None

    told = noisy.spec["told"]
    changed = told | {"seats": told["seats"] | {"agent": "other"}}
    other = RunStore.create(tmp_path / "other", noisy.spec | {"told": changed})
    config = replace(CONFIG, template=TemplateConfig(brief=("text",)))
    with pytest.raises(
        UsageError, match=r"Expected the instructions, facts and tools that .*other was played"
    ):
        learn([Source(other)], tmp_path / "job", config=config)
    with pytest.raises(UsageError, match="Expected episodes to learn from"):
        learn([Source(other)], tmp_path / "job", config=CONFIG)


def test_nothing_to_learn_from_is_said(noisy: RunStore, tmp_path: Path) -> None:
    """An empty view, and a seat that nobody had, are refused before anything is trained."""
    with pytest.raises(UsageError, match="Expected episodes to learn from"):
        learn([Source(noisy, load_view(noisy, "nothing"))], tmp_path / "a", config=CONFIG)
    with pytest.raises(UsageError, match=r"'agnet'.*Did you mean 'agent'"):
        learn([Source(noisy, seat="agnet")], tmp_path / "b", config=CONFIG)


def test_several_seats_of_several_runs_are_learnt_together(noisy: RunStore, tmp_path: Path) -> None:
    """Each as its own seat saw it, of each at most so many; the lesson names all, and the lineage follows them."""
    run(WORLD, {"agent": "expert"}, tmp_path / "more", n=20, seed=4)
    more = RunStore.open(tmp_path / "more")
    sources = [Source(noisy, load_view(noisy, "kept")), Source(more, limit=5), Source(more, seat="customer")]
    lesson = learn(sources, tmp_path / "job", config=replace(CONFIG, steps=1))
    _, second, third = lesson.sources

    assert [(noisy.id, "kept", "agent"), (more.id, "", "agent"), (more.id, "", "customer")] == [
        (one.run_id, one.view, one.seat) for one in lesson.sources
    ]
    assert (5, True) == (second.episodes, third.episodes > 5)
    assert lesson.episodes == sum(one.episodes for one in lesson.sources)
    assert "acts of agent and customer" in lesson.proof
    stores, unknown = trained_on({"agent": f"model?checkpoint={tmp_path / 'job'}"}, tmp_path)
    assert ({noisy.id, more.id}, []) == ({one.id for one in stores}, unknown)


@pytest.mark.slow
def test_a_model_learns_and_plays(noisy: RunStore, tmp_path: Path) -> None:
    """Base training, fine-tuning from it, and an evaluation; each knows where it comes from."""
    steps: list[tuple[int, int]] = []
    base = learn(
        [Source(noisy)],
        tmp_path / "base",
        config=CONFIG,
        progress=lambda done, total, _: steps.append((done, total)),
    )
    tuned = learn(
        [Source(noisy, load_view(noisy, "kept"))], tmp_path / "tuned", init=base.model, config=CONFIG, steps=2
    )
    # The folder of a job stands for its best model.
    assert (tuned.model / "model").resolve() == (tmp_path / "tuned/model").resolve()
    seats = {"agent": f"model?checkpoint={tmp_path / 'tuned'}&max_tokens=4"}
    found = evaluate(WORLD, seats, tmp_path / "eval", n=2, seed=9)

    assert [(1, 3), (2, 3), (3, 3)] == steps
    assert (1, 1) == (base.generation, tuned.generation)
    assert (3, 2) == (len(base.training.points), len(tuned.training.points))
    assert tuned.training.mask is not None
    assert 0 < tuned.covered < tuned.all_tokens
    assert tuned == decode_lesson(tmp_path / "tuned")
    assert 2 == found.success.played


@pytest.mark.slow
def test_a_job_that_is_done_is_not_done_again(noisy: RunStore, tmp_path: Path) -> None:
    """The same call gives the same model without a step; another one is refused."""
    first = learn([Source(noisy)], tmp_path / "job", config=CONFIG)
    steps: list[int] = []
    again = learn(
        [Source(noisy)], tmp_path / "job", config=CONFIG, progress=lambda done, *_: steps.append(done)
    )

    assert [] == steps
    assert (first.best, first.metrics, first.data) == (again.best, again.metrics, again.data)
    with pytest.raises(UsageError, match="another"):
        learn([Source(noisy)], tmp_path / "job", config=CONFIG, seed=1)


def decode_lesson(out: Path) -> TextLesson:
    """The lesson that was written into a folder."""
    from msgspec import convert

    return convert(decode((out / LESSON).read_bytes()), TextLesson)
