"""Evaluations of one seat of several, each of which has an outcome and a score of its own."""

from pathlib import Path

import pytest
from msgspec.structs import replace

from gristmill.digest import decode, decoder, encode
from gristmill.errors import UsageError
from gristmill.recorders.store import RunStore
from gristmill.types import Check, Status, Verdict
from gristmill.workflows.evaluate import Evaluation, compare, compare_scores, evaluate, summarise
from gristmill.workflows.outcomes import outcomes
from tests.recorders.bargains import BLURTS, WORLD
from tests.recorders.fakes import episode, verdict

SEATS = {"buyer": BLURTS, "seller": BLURTS}


def judged(index: int, seller: Status, score: float | None, buyer: Status = "fail") -> Verdict:
    """Return a verdict on the agent as a seller of that score, and on the customer."""
    check = Check(name="gain", status=seller, seat="agent", side="agent" if seller == "error" else "")
    check = check if score is None else replace(check, score=score)
    checks = (check, Check(name="manners", status=buyer, seat="customer"))
    return replace(verdict(episode(index)), checks=checks, status=Verdict.status_of(checks))


def run_of(path: Path, *verdicts: Verdict) -> RunStore:
    """Return a run of as many episodes."""
    store = RunStore.create(path, {})
    with store.writer() as writer:
        for index, found in enumerate(verdicts):
            writer.append(episode(index), found)
    return store


def test_success_is_that_of_the_seat_asked_for(tmp_path: Path) -> None:
    """Its own checks decide, and its score is averaged over what was judged, passed or failed."""
    found = [judged(0, "pass", 0.8), judged(1, "fail", 0.4), judged(2, "error", 0.1), judged(3, "pass", None)]
    store = run_of(tmp_path / "run", *found)

    seller, whole = summarise(store, seat="agent"), summarise(store)

    assert (2, 3, 1) == (seller.success.passed, seller.success.n, seller.success.errors)
    assert ({"gain": 1}, {"agent": 1}) == (seller.checks, seller.errors)
    assert seller.score is not None
    assert (0.6, 2) == pytest.approx((seller.score.mean, seller.score.n))
    assert (0, None, {}) == (whole.success.passed, whole.score, whole.scores)
    assert [0.8, 0.4, 0.1, None] == [one.score for one in outcomes(store, "agent")]


def test_a_world_that_judges_no_seat_is_judged_as_a_whole(tmp_path: Path) -> None:
    """Then there is no score either."""
    store = run_of(tmp_path / "run", verdict(episode(0)), verdict(episode(1), "fail"))

    found = summarise(store, seat="agent")

    assert (summarise(store).success, None) == (found.success, found.score)


def test_an_evaluation_of_a_seat_is_written_with_its_score(tmp_path: Path) -> None:
    """One of before scores is read still."""
    found = evaluate(WORLD, SEATS, tmp_path / "a", n=8, seed=1, seat="seller")
    path = tmp_path / "a/evaluation.json"

    assert found == decoder(Evaluation)(path.read_bytes())
    assert ("seller", 8) == (found.seat, len(found.scores))
    old = {name: value for name, value in decode(path.read_bytes()).items() if "s" != name[0]}
    old |= {"seats": {}, "seed": 1, "success": decode(path.read_bytes())["success"]}
    path.write_bytes(encode(old))
    assert decoder(Evaluation)(path.read_bytes()).score is None


def test_scores_are_compared_scenario_by_scenario(tmp_path: Path) -> None:
    """Where both played the same ones, with a narrower interval than that of independent samples."""
    one, same, other = (
        evaluate(WORLD, {"buyer": buyer}, tmp_path / f"{buyer}-{seed}", n=20, seed=seed, seat="seller")
        for buyer, seed in ((BLURTS, 1), ("expert", 1), ("expert", 2))
    )
    paired, unpaired = compare_scores([one, same, other])

    assert (True, 20, False) == (paired.paired, paired.n, unpaired.paired)
    assert one.score is not None
    assert same.score is not None
    assert same.score.mean - one.score.mean == pytest.approx(paired.mean)
    assert paired.high - paired.low < unpaired.high - unpaired.low
    assert compare([one, same])[0].paired


def test_a_seat_that_does_not_exist_is_refused_before_anything_is_played(tmp_path: Path) -> None:
    """The message lists the seats; so it does of a run."""
    with pytest.raises(
        UsageError, match=r"Unknown seat 'sellr' .*Did you mean 'seller'\? Valid: buyer, seller"
    ):
        evaluate(WORLD, SEATS, tmp_path / "a", n=2, seat="sellr")
    assert not (tmp_path / "a").exists()

    evaluate(WORLD, SEATS, tmp_path / "a", n=2)
    with pytest.raises(UsageError, match="Unknown seat 'agent'"):
        summarise(RunStore.open(tmp_path / "a"), seat="agent")
