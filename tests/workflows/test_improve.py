"""Rounds of trying, verifying and refitting, on the quickest robot."""

from pathlib import Path

import pytest

from gristmill.digest import decoder
from gristmill.errors import UsageError
from gristmill.recorders.store import RunStore
from gristmill.workflows.improve import Improvement, improve

WORLD = "robots/reach-v1"


@pytest.fixture(scope="module")
def improved(tmp_path_factory: pytest.TempPathFactory) -> tuple[Improvement, Path]:
    """Two rounds of 48 attempts."""
    out = tmp_path_factory.mktemp("improved")
    return improve(WORLD, out, rounds=2, n=48), out


def test_a_round_succeeds_more_often_than_the_one_before(improved: tuple[Improvement, Path]) -> None:
    """The proposal is drawn towards what was verified, and its spread shrinks."""
    first, second = improved[0].rounds

    assert 0.1 < first.success.rate < second.success.rate
    assert second.prior["time"][1] < first.prior["time"][1]


def test_what_is_kept_was_played_again(improved: tuple[Improvement, Path]) -> None:
    """Only episodes that pass are replayed, and all kept ones were."""
    first = improved[0].rounds[0]
    levels = [verdict.level for verdict in RunStore.open(first.run).verdicts() if verdict.status == "pass"]

    assert first.kept == levels.count("replayed")
    assert first.success.played - first.kept == sum(first.reasons.values())


def test_improving_again_does_nothing_again(improved: tuple[Improvement, Path]) -> None:
    """What is recorded is not played again, and the figures are the same; more rounds go on from there."""
    found, out = improved
    again = improve(WORLD, out, rounds=2, n=48)

    assert [(one.success, one.kept, one.prior) for one in found.rounds] == [
        (one.success, one.kept, one.prior) for one in again.rounds
    ]
    assert again == decoder(Improvement)((out / "improvement.json").read_bytes())


def test_only_what_draws_parameters_can_be_refit(tmp_path: Path) -> None:
    """A policy without a prior is refused by name."""
    with pytest.raises(
        UsageError, match="Expected a policy with a prior that can be refit, such as proposal, got noop"
    ):
        improve(WORLD, tmp_path, policy="noop", rounds=1, n=2)


def test_a_round_that_keeps_nothing_says_so(tmp_path: Path) -> None:
    """There is nothing to refit on; the message says what to do."""
    with pytest.raises(UsageError, match="at least two verified episodes in round 1"):
        improve(WORLD, tmp_path, rounds=1, n=2)
