"""Rounds in which a model plays, and is fine-tuned on what was verified; in the smallest world there is."""

import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import asdict, replace

from gristmill.agents.model.config import ModelConfig
from gristmill.agents.model.store import load_model
from gristmill.digest import decode, decoder
from gristmill.errors import UsageError
from gristmill.recorders.mine import Acceptance, Kept, View
from gristmill.recorders.store import RunStore
from gristmill.training.sft import TrainConfig
from gristmill.workflows import tuning
from gristmill.workflows.improve import Work, _audited, improve
from gristmill.workflows.improve_types import FILE, Improvement
from gristmill.workflows.lessons import Source
from gristmill.workflows.lineage import HeldOut, trained_on
from gristmill.workflows.tuning import Tune
from gristmill.workflows.tuning_types import Tuning

WORLD = f"{Path(__file__).parents[1] / 'fixtures' / 'lamps.py'}:Lamps"
SHAPE = ModelConfig(
    vocab=330, dim=32, layers=2, heads=2, kv_heads=1, head_dim=16, ffn=64, conv=2, max_len=192
)
CONFIG = TrainConfig(model=SHAPE, buckets=1, save_every=20)
SMALL = Tuning(
    seed_policy="noisy?rate=0.4",
    seed_episodes=120,
    base_steps=30,
    evaluated=32,
    audited=4,
    epochs=4,
    seed_share=0.3,
)


def improved(out: Path, learner: Tune | None = None, **more: Any) -> Improvement:
    """Two rounds of 48 scenarios."""
    return improve(WORLD, out, learner or Tune(SMALL, CONFIG), **{"rounds": 2, "n": 48, **more})


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> tuple[Improvement, Path]:
    """Two rounds, and their folder."""
    out = tmp_path_factory.mktemp("tuned") / "rounds"
    return improved(out), out


def lineage(out: Path) -> list[Any]:
    """What every job of a folder has learnt from, and what it came to."""
    lessons = [decode(path.read_bytes()) for path in sorted(out.rglob("lesson.json"))]
    models = [load_model(path.parent).digest for path in sorted(out.rglob("lesson.json"))]
    told = [
        [
            one["data"],
            one["generation"],
            [(part["run"].removeprefix(str(out)), part["episodes"]) for part in one["sources"]],
        ]
        for one in lessons  # the id of a run has the path of its model in it, that of an episode has not
    ]
    return [told, models]


@pytest.mark.slow
def test_a_model_learns_from_its_own_verified_play(found: tuple[Improvement, Path]) -> None:
    """Round by round from more of it, from the base model each time, a generation further; and it gets no worse."""
    rounds = found[0].rounds
    start, first, second = found[0].start, rounds[0].made, rounds[1].made
    assert start.success
    assert first.success
    assert second.success

    assert [1, 2, 3] == [start.generation, first.generation, second.generation]
    assert ["seed", "round 1"] == list(first.episodes)
    assert ["seed", "round 1", "round 2"] == list(second.episodes)
    assert first.episodes["round 1"] <= rounds[0].kept["agent"]
    assert start.success.rate <= first.success.rate <= second.success.rate
    assert second.success.rate > 0.9
    assert "" == found[0].stopped
    assert found[0] == decoder(Improvement)((found[1] / FILE).read_bytes())


@pytest.mark.slow
def test_seed_data_keep_their_share(found: tuple[Improvement, Path]) -> None:
    """All of them stay in, and own play is left out where there is more than they allow."""
    for one in found[0].rounds:
        assert 1 - one.made.own >= SMALL.seed_share
        assert one.made.episodes["seed"] == found[0].rounds[0].made.episodes["seed"]


@pytest.mark.slow
def test_every_model_leads_to_all_that_it_comes_from(found: tuple[Improvement, Path]) -> None:
    """To the seed data and to the rounds before, whose players learnt from earlier ones; and evaluations are held out."""
    last, out = found[0].rounds[-1], found[1]
    runs, unknown = trained_on({"agent": last.made.policy}, out)
    evaluation = decode((Path(last.made.evaluation) / "evaluation.json").read_bytes())

    assert ({"seed", "round-1", "round-2"}, []) == (
        {one.path.name if one.path.name == "seed" else one.path.parent.name for one in runs},
        unknown,
    )
    assert 0 == evaluation["held_out"]["met"]


@pytest.mark.slow
def test_what_is_there_is_not_done_again(found: tuple[Improvement, Path]) -> None:
    """The same call gives the same figures; another one is refused."""
    again = improved(found[1])

    assert [replaced(one) for one in found[0].rounds] == [replaced(one) for one in again.rounds]
    with pytest.raises(
        UsageError, match=r"Expected temperature 0\.6, which .* was begun with, got temperature 0\.9"
    ):
        improved(found[1], Tune(Tuning(**{**asdict(SMALL), "temperature": 0.9}), CONFIG))


def replaced(one: Any) -> Any:
    """A round without the time it took."""
    return {**asdict(one), "seconds": 0}


@pytest.mark.slow
def test_killed_anywhere_it_goes_on_to_the_same_lineage(
    found: tuple[Improvement, Path], tmp_path: Path
) -> None:
    """The models are the same to the last bit, and learnt from the same episodes."""
    out = tmp_path / "rounds"
    for seconds in (4.0, 6.0, 8.0, 10.0):
        worker = subprocess.Popen([sys.executable, __file__, str(out)])
        with suppress(subprocess.TimeoutExpired):
            worker.wait(seconds)
        worker.kill()
        worker.wait()
    improved(out)

    assert lineage(found[1]) == lineage(out)


class Collapsing(Tune):
    """A learner that learns from nothing but the most frequent episodes of the last round."""

    def chosen(self, own: Mapping[int, Sequence[Source]]) -> list[Source]:
        source = own[max(own)][0]
        assert source.view is not None
        often = min(one.stratum for one in source.view.kept)
        return [source._replace(view=view_of(source.view, often))]


def view_of(view: View, stratum: str) -> View:
    """A view with the episodes of one stratum only."""
    kept = tuple(one for one in view.kept if one.stratum == stratum)
    return View(**{**asdict(view), "kept": kept, "acceptance": view.acceptance})


@pytest.mark.slow
def test_collapse_stops_the_loop(found: tuple[Improvement, Path], tmp_path: Path) -> None:
    """Who learns from the most frequent episodes of the last round only is stopped before anything is learnt."""
    stopped = improved(tmp_path / "rounds", Collapsing(SMALL, CONFIG), rounds=3)

    assert "what is learnt for agent: the Vendi score is" in stopped.stopped
    assert 1 == len(stopped.rounds)
    assert not (tmp_path / "rounds" / "round-1" / "model").exists()


@pytest.mark.slow
def test_a_verifier_that_passes_mutants_stops_the_loop(tmp_path: Path) -> None:
    """The bound is for the share of mutants of kept episodes that pass; here none may be tried without failing it.

    That nothing is learnt from the last round is said, too.
    """
    strict = Tuning(**{**asdict(SMALL), "false_pass": -1.0})
    stopped = improved(tmp_path / "rounds", Tune(strict, CONFIG), rounds=1)

    assert "the verifier passes 0 of" in stopped.stopped
    assert stopped.start.policy == stopped.policy


@pytest.mark.slow
def test_mutants_of_an_episode_count_once(found: tuple[Improvement, Path], tmp_path: Path) -> None:
    """However often it was tested, as by another version of the world."""
    path = tmp_path / "run"
    shutil.copytree(found[1] / "round-1" / "run", path)
    store = RunStore.open(path)
    tested = [one for one in store.verdicts() if one.level == "mutation-tested"]
    with store.writer("verify") as writer:
        for one in tested:
            writer.record(replace(one, version="before"))
    work = Work(WORLD, tmp_path, 48, 0, "replayed", 1, lambda *_: None)

    assert SMALL.audited == len(tested)
    assert found[0].rounds[0].false_pass == _audited(work, RunStore.open(path), SMALL.audited, "audit")


@pytest.mark.slow
def test_a_model_goes_on_reading_what_it_has_learnt_to_read(
    found: tuple[Improvement, Path], tmp_path: Path
) -> None:
    """One that reads nothing of what its seat is told cannot begin as that seat."""
    blind = Tuning(seat="customer", init=str(found[1] / "base"))
    with pytest.raises(UsageError, match=r"reads of its private facts colour, got that in .* to read none"):
        improve(WORLD, tmp_path / "out", Tune(blind), rounds=1, n=8)


def view_of_size(n: int) -> View:
    """A view that keeps so many episodes, of which the first ten are held back to test on."""
    parts = ["test"] * 10 + ["train"] * n
    kept = [
        Kept(id=str(one), scenario=str(one), stratum="", split=part, verdicts=())
        for one, part in enumerate(parts)
    ]
    return View(name="kept", run="", acceptance=Acceptance(), hash="", stages=(), strata={}, kept=tuple(kept))


@pytest.mark.parametrize(
    ("rounds", "sizes"), [([20, 30], [30, 20, 30]), ([100, 50], [30, 60, 30]), ([900], [30, 90]), ([0], [30, 0])]
)  # fmt: skip
def test_own_play_is_learnt_as_far_as_seed_data_allow(rounds: list[int], sizes: list[int]) -> None:
    """A quarter is seed data at least; of more own play than that, the same share of every round is left out."""
    store: Any = None
    learner = Tune(Tuning(seed_share=0.25))
    learner._seed = {"agent": Source(store, view_of_size(30), "agent")}
    own = {number: [Source(store, view_of_size(n), "agent")] for number, n in enumerate(rounds, 1)}

    assert sizes == [tuning._size(one) for one in learner.chosen(own)]


def test_what_is_not_held_out_is_noted() -> None:
    """And what nobody knows."""
    assert [
        "3 of the held-out scenarios occur in what was learnt from",
        "whether its scenarios are held out from it is not known: what x learnt from",
    ] == tuning._met(HeldOut(met=3, unknown=["what x learnt from"]))
    assert [] == tuning._met(HeldOut())


@pytest.mark.slow
def test_nothing_is_learnt_from_nothing(tmp_path: Path) -> None:
    """A seat that keeps nothing ends the rounds with the yield table; so do seed data of which nothing is kept."""
    useless = Tuning(**{**asdict(SMALL), "seed_policy": "noop"})
    with pytest.raises(
        UsageError, match=r"got none of the seed data, played by noop, for agent\. Yield: .*verdict: 0 of 120"
    ):
        improved(tmp_path / "a", Tune(useless, CONFIG))

    untrained = Tuning(**{**asdict(SMALL), "base_steps": 1})
    with pytest.raises(
        UsageError, match=r"got none of round 1, played by the model for agent\. Yield: .*verdict: 0 of 48 \("
    ):
        improved(tmp_path / "b", Tune(untrained, CONFIG))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"seed_share": 0.0}, "Expected a share of seed data between 0 and 1, got 0"),
        ({"seed_share": 1.0}, "between 0 and 1"),
        ({"temperature": 0.0}, "Expected a temperature above 0"),
        ({"temperature": 101.0}, "up to 100, got 101"),
        ({"seed_episodes": 0}, "Expected seed_episodes of at least 1"),
        ({"epochs": 0.0}, "Expected epochs above 0"),
    ],
)
def test_settings_that_make_no_sense_are_refused(change: dict[str, Any], words: str) -> None:
    """At once."""
    with pytest.raises(UsageError, match=words):
        Tuning(**change)


@pytest.mark.parametrize(
    ("how", "words"),
    [
        (Tuning(seat="agnet"), "Unknown seat 'agnet'"),
        (Tuning(others={"agent": "noop"}), "Expected policies of the seats other than agent"),
        (Tuning(others={"customer": "nobody"}), "Unknown policy 'nobody'"),
        (Tuning(held_out={"custmer": "expert"}), "Unknown seat 'custmer'"),
        (Tuning(seed_policy="nosy"), "Unknown policy 'nosy'.*Did you mean 'noisy'"),
        (Tuning(held_out={"customer": "search"}), "Expected policies that play at first sight"),
        (
            Tuning(held_out={"customer": "mixed?of=self|expert"}),
            "Expected policies other than self in evaluations",
        ),
        (Tuning(min_score=1.5), "Expected a least score from 0 to 1"),
        (Tuning(facts=("color",), seat="customer"), "Unknown fact 'color' of customer.*'colour'"),
        (Tuning(init="nowhere"), "Expected a model in nowhere"),
    ],
)
def test_who_cannot_play_is_named_before_anything_is_played(how: Tuning, words: str, tmp_path: Path) -> None:
    """Seats and facts that do not exist, policies of another world, bars that no play can clear; nothing is left behind."""
    with pytest.raises(UsageError, match=words):
        improve(WORLD, tmp_path / "out", Tune(how), rounds=1, n=8)

    assert not (tmp_path / "out").exists()


def test_the_model_takes_the_places_that_are_its_own() -> None:
    """`self` alone, or among others; in evaluations and in the seed data it has none."""
    model = "model?checkpoint=a&temperature=0.7"
    several = "mixed?of=boulware|self|conceder"

    assert model == tuning._with_self("self", model)
    assert "mixed?of=boulware|model?checkpoint=a%26temperature=0.7|conceder" == tuning._with_self(
        several, model
    ).replace("%3D", "=")
    assert "mixed?of=boulware|conceder" == tuning._without_self(several)
    assert "expert" == tuning._without_self("self")
    assert "boulware?spread=0.1" == tuning._with_self("boulware?spread=0.1", model)
    assert [True, True, False] == [tuning._has_self(one) for one in ("self", several, "mixed?of=a|b")]


if __name__ == "__main__":  # who is killed
    improved(Path(sys.argv[1]))
