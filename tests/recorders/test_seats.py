"""Mining for one seat: its own outcome decides, by its own score."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec import UNSET

from gristmill.digest import decode, encode
from gristmill.errors import UsageError
from gristmill.recorders.ledger import latest, verdict_id
from gristmill.recorders.mine import Acceptance, View, load_view, mine
from gristmill.recorders.release import rule
from gristmill.recorders.store import RunStore
from gristmill.recorders.verify import mutation_verdict, replay_verdict
from gristmill.registry import make
from gristmill.types import Check, Episode, Level, Scenario, Status, Verdict, say
from tests.recorders.bargains import bargained
from tests.recorders.fakes import episode, verdict

EVERYTHING = {"train": 1.0}


def played(scenario: int, attempt: int = 0, *, acts: int = 1, stratum: str = "s") -> Episode:
    """Return a made-up attempt at a scenario, in which the agent acts so often and the customer twice."""
    of = Scenario.of("fake/till-v1", {"n": scenario}, index=scenario, stratum=stratum)
    words = [{"from": "agent", **say(f"{scenario}.{attempt}.{t}")} for t in range(acts)]
    heard = [{"from": "customer", **say("hm")}] * 2
    made = msgspec.structs.replace(
        episode(0, words + heard), scenario=of, attempt=attempt, id=f"{scenario}.{attempt}"
    )
    return made


def judged(of: Episode, score: float | None = None, *, level: Level = "checked", **seats: Status) -> Verdict:
    """Return a verdict with an outcome of each of some seats, the agent's with a score."""
    checks = tuple(
        Check(
            name=f"{seat}'s",
            status=status,
            seat=seat,
            score=UNSET if score is None or seat != "agent" else score,
        )
        for seat, status in seats.items()
    )
    return msgspec.structs.replace(verdict(of), level=level, status=Verdict.status_of(checks), checks=checks)


def run_of(path: Path, found: Sequence[tuple[Episode, Verdict]]) -> RunStore:
    """Return a run of these episodes."""
    store = RunStore.create(path, {})
    with store.writer() as writer:
        for one, what in found:
            writer.append(one, what)
    return store


def scored(path: Path, *scores: tuple[Episode, float | None]) -> RunStore:
    """Return a run of episodes that the agent passes with these scores."""
    return run_of(path, [(one, judged(one, score, agent="pass")) for one, score in scores])


def kept(store: RunStore, **wanted: Any) -> list[str]:
    """Return what is kept for the agent."""
    return mine(store, Acceptance(seat="agent", split=EVERYTHING, **wanted)).ids


def drops(view: View) -> dict[str, dict[str, int]]:
    """Return the drops by stage and reason."""
    return {stage.name: stage.reasons for stage in view.stages if stage.reasons}


def test_each_seat_is_kept_by_its_own_outcome(tmp_path: Path) -> None:
    """One seat's failure is no drop of the other, while the whole episode passes only if both do."""
    both, one, other = played(0), played(1), played(2)
    store = run_of(
        tmp_path / "run",
        [
            (both, judged(both, agent="pass", customer="pass")),
            (one, judged(one, agent="pass", customer="fail")),
            (other, judged(other, agent="error", customer="pass")),
        ],
    )

    assert [both.id, one.id] == kept(store)
    assert [both.id, other.id] == mine(store, Acceptance(seat="customer")).ids
    whole = mine(store)
    assert [both.id] == whole.ids
    assert {"verdict": {"error (agent's)": 1, "fail (customer's)": 1}} == drops(whole)
    assert {"verdict": {"error (agent's)": 1}} == drops(mine(store, Acceptance(seat="agent")))
    (note,) = [note for note in whole.notes if "each seat has an outcome of its own" in note]
    assert "of 3 episodes pass 2 for agent, 2 for customer" in note
    assert "`--seat customer` would keep" in note


def test_a_verdict_that_says_nothing_of_a_seat_is_about_the_whole_episode(tmp_path: Path) -> None:
    """A view for a seat of a world without outcomes of seats is one of the whole, and nothing need be noted."""
    store = run_of(
        tmp_path / "run", [(played(0), verdict(played(0))), (played(1), verdict(played(1), "fail"))]
    )

    assert [played(0).id] == kept(store)
    assert () == mine(store).notes


def test_what_concerns_the_whole_episode_counts_for_every_seat(tmp_path: Path) -> None:
    """A record that does not replay is of use to nobody."""
    one = played(0)
    found = judged(one, agent="pass", customer="pass")
    found = msgspec.structs.replace(
        found, status="fail", checks=(*found.checks, Check(name="replay", status="fail"))
    )
    store = run_of(tmp_path / "run", [(one, found)])

    assert {"verdict": {"fail (replay)": 1}} == drops(mine(store, Acceptance(seat="agent")))


def test_a_least_score_is_a_stage_of_its_own(tmp_path: Path) -> None:
    """A score at the bar is enough; an episode without any is dropped as such."""
    store = scored(tmp_path / "run", (played(0), 0.5), (played(1), 0.49), (played(2), None))

    view = mine(store, Acceptance(seat="agent", min_score=0.5))

    assert ([played(0).id], 0.5) == (view.ids, view.kept[0].score)
    assert {"score": {"no score": 1, "score below 0.5": 1}} == drops(view)


def test_an_easy_stratum_has_a_high_baseline(tmp_path: Path) -> None:
    """What is kept is better than that seat does on average there, failures included; equal scores are not better."""
    easy = [(played(n, stratum="easy"), score) for n, score in enumerate((0.9, 0.8, 0.7))]
    hard = [(played(n, stratum="hard"), score) for n, score in ((3, 0.3), (4, 0.1))]
    same = [(played(n, stratum="same"), 0.1) for n in (5, 6, 7)]
    store = scored(tmp_path / "run", *easy, *hard, *same)
    worst = played(8, stratum="easy")
    with store.writer() as writer:
        writer.append(worst, judged(worst, 0.0, agent="fail"))
        writer.append(played(9, stratum="easy"))  # which nobody has judged

    view = mine(store, Acceptance(seat="agent", above_baseline=True))

    assert ["0.0", "1.0", "2.0", "3.0"] == view.ids
    assert {"easy": 0.6, "hard": 0.2, "same": 0.1} == pytest.approx(view.baselines)
    assert {"not above the mean score of agent in its stratum": 4} == drops(view)["baseline"]


def test_of_several_attempts_the_best_are_kept(tmp_path: Path) -> None:
    """By score, then by the fewest acts of the seat, then the earlier; scenarios do not compete."""
    store = scored(
        tmp_path / "run",
        (played(0, 0), 0.2), (played(0, 1, acts=3), 0.7), (played(0, 2, acts=2), 0.7), (played(0, 3, acts=2), 0.7),
        (played(1, 0), 0.1),
    )  # fmt: skip

    assert ["0.2", "1.0"] == kept(store, best=1)
    assert ["0.2", "0.3", "1.0"] == kept(store, best=2)
    view = mine(store, Acceptance(best=1))
    assert ["0.0", "1.0"] == view.ids  # without a seat there is no score, and the shortest is best
    assert {"best": {"not the best at its scenario": 3}} == drops(view)


def test_twins_of_a_seat_share_the_scenario(tmp_path: Path) -> None:
    """The same words are another lesson under other instructions; what a seat did not see makes no difference."""
    words = [{"from": "agent", **say("50")}]
    aside = [{"from": "customer", "call": "look", "args": {}, "to": ["customer"]}]
    one, two, other = (
        msgspec.structs.replace(played(scenario, attempt), entries=entries)
        for scenario, attempt, entries in ((0, 0, words), (0, 1, words + aside), (1, 0, words))
    )
    store = scored(tmp_path / "run", (one, None), (two, None), (other, None))

    assert [one.id, other.id] == kept(store)
    assert [one.id, two.id] == mine(store).ids


def test_a_stronger_pass_of_a_seat_takes_the_place_of_a_weaker_verdict(tmp_path: Path) -> None:
    """As it does for whole episodes; withdrawn, it leaves what was said of the whole."""
    one = played(0)
    weak = judged(one, agent="error", customer="fail")
    strong = judged(one, 0.7, level="replayed", agent="pass", customer="fail")
    store = run_of(tmp_path / "run", [(one, weak)])

    assert [] == kept(store)
    with store.writer() as writer:
        writer.record(strong)
    assert [one.id] == kept(store) == kept(store, level="replayed", min_score=0.7)
    assert [] == mine(store, Acceptance(seat="customer")).ids
    with store.writer() as writer:
        writer.revoke(verdict_id(strong), "the verifier was wrong")
    assert [] == kept(store)
    assert "error" == rule(one, latest(store.ledger())[one.id], "checked", "agent").outcome


def test_a_seat_that_nobody_had_is_refused(tmp_path: Path) -> None:
    """The message lists the seats; so is a bar without a seat to clear it."""
    store = scored(tmp_path / "run", (played(0), 0.5))

    with pytest.raises(
        UsageError, match=r"Unknown seat 'agnt' of .*Did you mean 'agent'\? Valid: agent, customer"
    ):
        mine(store, Acceptance(seat="agnt"))
    wanted: dict[str, Any]
    for wanted in ({"min_score": 0.5}, {"above_baseline": True}):
        with pytest.raises(UsageError, match="Expected a seat with a least score or a baseline"):
            Acceptance(**wanted)
    with pytest.raises(UsageError, match="Expected a least score from 0 to 1, got 50"):
        Acceptance(seat="agent", min_score=50)
    with pytest.raises(UsageError, match="at least the best attempt"):
        Acceptance(best=0)


def test_a_view_knows_whose_it_is(tmp_path: Path) -> None:
    """Unless it is of whole episodes; then it is of whoever is asked for."""
    store = scored(tmp_path / "run", (played(0), 0.5))
    own, whole = mine(store, Acceptance(seat="agent")), mine(store)

    assert ["agent", "agent", "customer", ""] == [
        own.whose(), own.whose("agent"), whole.whose("customer"), whole.whose()
    ]  # fmt: skip
    with pytest.raises(
        UsageError, match="Expected seat 'agent', for which view 'default' was mined, got 'customer'"
    ):
        own.whose("customer")


def test_a_view_made_before_there_were_scores_is_read(tmp_path: Path) -> None:
    """What it does not say has its default."""
    store = scored(tmp_path / "run", (played(0), 0.5))
    view = mine(store)
    path = store.path / "views/default.json"
    old = decode(path.read_bytes())
    for name in ("seat", "min_score", "above_baseline", "best"):
        del old["acceptance"][name]
    del old["baselines"], old["kept"][0]["score"]
    path.write_bytes(encode(old))

    assert view == load_view(store)


def test_a_seat_that_passes_alone_is_not_mutation_tested(tmp_path: Path) -> None:
    """Mutants are made of what passes as a whole; a seat's view of that level keeps nothing that was not put to it."""
    store = bargained(tmp_path / "run", 12)
    world = make(store.spec["world"])
    episodes = list(store.episodes())
    alone = next(
        one for one in episodes if replay_verdict(world, one).seats == {"buyer": "fail", "seller": "pass"}
    )

    found = mutation_verdict(world, alone)

    assert ({"buyer": "fail", "seller": "unverified"}, "fail") == (found.seats, found.status)
    with store.writer() as writer:
        writer.record(found)
    assert alone.id in mine(store, Acceptance(seat="seller")).ids
    assert alone.id not in mine(store, Acceptance(seat="seller", level="mutation-tested")).ids
