"""Evaluations as ordinary runs."""

from pathlib import Path

import pytest
from msgspec.structs import replace

from gristmill.digest import decoder
from gristmill.errors import StoreError, UsageError
from gristmill.recorders.store import RunStore
from gristmill.types import Fault
from gristmill.workflows.evaluate import Evaluation, compare, evaluate
from gristmill.workflows.outcomes import outcomes, verdicts_of
from gristmill.workflows.run import run
from tests.recorders.fakes import episode, verdict

WORLD = "support/retail-v1?level=demo"
SEATS = {"agent": "noisy?rate=0.2"}


def hashes(out: Path) -> dict[str, str]:
    """The content of every episode of a run."""
    return {episode.id: episode.content_hash() for episode in RunStore.open(out).episodes()}


def test_an_evaluation_goes_on_where_it_stopped(tmp_path: Path) -> None:
    """What was played before is not played again, and the whole equals an evaluation made at once."""
    evaluate(WORLD, SEATS, tmp_path / "a", n=6, seed=1)
    before = hashes(tmp_path / "a")
    asked: list[tuple[int, int]] = []
    evaluate(
        WORLD, SEATS, tmp_path / "a", n=10, trials=3, repeated=4, seed=1,
        progress=lambda done, total, _: asked.append((done, total)),
    )  # fmt: skip
    evaluate(WORLD, SEATS, tmp_path / "b", n=10, trials=3, repeated=4, seed=1)
    after = hashes(tmp_path / "a")

    assert (18, 18) == asked[-1]
    assert all(6 < done <= total == 18 for done, total in asked)
    assert before == {name: after[name] for name in before}
    assert hashes(tmp_path / "b") == after


def test_an_evaluation_is_written(tmp_path: Path) -> None:
    """It is read back as it was returned."""
    found = evaluate(WORLD, SEATS, tmp_path / "a", n=4, seed=1, label="noisy")

    assert found == decoder(Evaluation)((tmp_path / "a/evaluation.json").read_bytes())
    assert ("noisy", 4, []) == (found.label, found.success.played, found.pass_k)


def test_fewer_scenarios_can_be_asked_for(tmp_path: Path) -> None:
    """The figures are about the scenarios asked for, not about all that the run holds."""
    evaluate(WORLD, SEATS, tmp_path / "a", n=8, seed=1)

    assert 3 == evaluate(WORLD, SEATS, tmp_path / "a", n=3, seed=1).success.played


def test_fewer_attempts_can_be_asked_for(tmp_path: Path) -> None:
    """pass^k goes as far as was asked, over the scenarios asked for, whatever else was played before."""
    out = tmp_path / "a"
    evaluate(WORLD, SEATS, out, n=8, trials=4, repeated=5, seed=1)

    def of(n: int, trials: int, repeated: int | None = None) -> list[tuple[int, int]]:
        found = evaluate(WORLD, SEATS, out, n=n, trials=trials, repeated=repeated, seed=1)
        return [(one.k, one.scenarios) for one in found.pass_k]

    assert [] == of(8, 1)
    assert [(1, 2), (2, 2)] == of(8, 2, 2)
    assert [(1, 3), (2, 3)] == of(3, 2)
    assert [(1, 5), (2, 5), (3, 5), (4, 5)] == of(8, 4, 5)


def test_a_search_is_not_evaluated(tmp_path: Path) -> None:
    """It knows how its acts end before it plays them; nothing is played."""
    with pytest.raises(UsageError, match="got agent=search\\?n=2, which has seen how its acts end"):
        evaluate(WORLD, {"agent": "search?n=2"}, tmp_path / "a", n=2)
    assert not (tmp_path / "a").exists()


def test_policies_are_compared(tmp_path: Path) -> None:
    """The expert is better than one that does nothing, by more than chance."""
    found = [
        evaluate(WORLD, {"agent": policy}, tmp_path / policy, n=12, seed=1) for policy in ("noop", "expert")
    ]
    [difference] = compare(found)

    assert 1.0 == difference.rate
    assert difference.low > 0.5


def test_policies_are_compared_scenario_by_scenario(tmp_path: Path) -> None:
    """Where both played the same ones; evaluations of other scenarios are samples of their own."""
    one, same, other = (
        evaluate(WORLD, {"agent": f"noisy?rate={rate}"}, tmp_path / f"{rate}-{seed}", n=12, seed=seed)
        for rate, seed in ((0.3, 1), (0.1, 1), (0.1, 2))
    )
    paired, unpaired = compare([one, same, other])

    assert (True, 12) == (paired.paired, paired.n)
    assert paired.rate == pytest.approx((paired.only_after - paired.only_before) / 12)
    assert not unpaired.paired


def test_scenarios_met_before_are_counted(tmp_path: Path) -> None:
    """A run overlaps with itself, and not with one of another seed."""
    for name, seed in (("a", 1), ("b", 2)):
        evaluate(WORLD, SEATS, tmp_path / name, n=5, seed=seed)
    a, b = tmp_path / "a", tmp_path / "b"
    found = evaluate(WORLD, SEATS, a, n=5, seed=1, held_out_from=[b, a]).held_out

    assert ({str(b): 0, str(a): 5}, 5, []) == (found.runs, found.met, found.unknown)


def test_an_evaluation_draws_what_no_run_draws_by_itself(tmp_path: Path) -> None:
    """With neither told a seed, they have no scenario in common."""
    run(WORLD, SEATS, tmp_path / "run", n=30)
    found = evaluate(WORLD, SEATS, tmp_path / "eval", n=30, held_out_from=[tmp_path / "run"])

    assert 0 == found.held_out.met


def test_a_run_to_be_held_out_from_must_exist(tmp_path: Path) -> None:
    """It is looked for before anything is played."""
    with pytest.raises(StoreError, match="Expected a run directory"):
        evaluate(WORLD, SEATS, tmp_path / "a", n=2, held_out_from=[tmp_path / "nowhere"])

    assert not (tmp_path / "a").exists()


def test_a_stronger_level_is_recorded(tmp_path: Path) -> None:
    """The verdict that counts of a passing episode is the strongest."""
    evaluate(WORLD, {}, tmp_path / "a", n=3, seed=1, level="replayed")
    store = RunStore.open(tmp_path / "a")
    verdicts = verdicts_of(store, store.ids())

    assert ["replayed"] * 3 == [verdict.level for verdict in verdicts.values()]


def test_a_verdict_of_another_record_does_not_count(tmp_path: Path) -> None:
    """An episode that nobody judged is unverified; one that broke is an error of that side."""
    store = RunStore.create(tmp_path / "run", {"world": "fake/till-v1"})
    judged, alone, other = episode(0), episode(1), episode(2)
    with store.writer() as writer:
        writer.append(judged, verdict(judged, "fail"))
        writer.append(alone)
        writer.append(other, replace(verdict(other), content_hash="0" * 32))
        writer.append(replace(episode(3), end="error", fault=Fault(side="agent", message="boom")))
    found = list(outcomes(store))

    assert ["fail", "unverified", "unverified", "error"] == [one.status for one in found]
    assert ["balances"] == list(found[0].reasons)
    assert "agent" == found[3].side


def test_wrong_use_is_refused(tmp_path: Path) -> None:
    """Nothing is played for a request that makes no sense."""
    with pytest.raises(UsageError, match="at least one trial"):
        evaluate(WORLD, SEATS, tmp_path / "a", trials=0)
