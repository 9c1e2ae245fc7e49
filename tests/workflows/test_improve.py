"""Rounds of trying, verifying and refitting, on the quickest robot."""

import shutil
from pathlib import Path
from typing import Any

import msgspec
import pytest

from gristmill import registry
from gristmill.digest import decoder, encode
from gristmill.errors import UsageError
from gristmill.recorders.store import RunStore
from gristmill.workflows.improve import improve
from gristmill.workflows.improve_types import Improvement, Made
from gristmill.workflows.lineage import trained_on
from gristmill.workflows.refitting import Refit

WORLD = "robots/reach-v1"


@pytest.fixture(scope="module")
def improved(tmp_path_factory: pytest.TempPathFactory) -> tuple[Improvement, Path]:
    """Two rounds of 48 attempts."""
    out = tmp_path_factory.mktemp("improved")
    return improve(WORLD, out, Refit(), rounds=2, n=48), out


def test_a_round_succeeds_more_often_than_the_one_before(improved: tuple[Improvement, Path]) -> None:
    """The proposal is drawn towards what was verified, and its spread shrinks."""
    first, second = improved[0].rounds

    assert 0.1 < first.success.rate < second.success.rate
    assert second.prior["time"][1] < first.prior["time"][1]


def test_what_is_kept_was_played_again(improved: tuple[Improvement, Path]) -> None:
    """Only episodes that pass are replayed, and all kept ones were."""
    first = improved[0].rounds[0]
    levels = [verdict.level for verdict in RunStore.open(first.run).verdicts() if verdict.status == "pass"]

    assert first.kept["robot"] == levels.count("replayed")
    assert first.success.played - first.kept["robot"] == sum(first.reasons.values())


def test_improving_again_does_nothing_again(improved: tuple[Improvement, Path]) -> None:
    """What is recorded is not played again, and the figures are the same; more rounds go on from there."""
    found, out = improved
    again = improve(WORLD, out, Refit(), rounds=2, n=48)

    assert [(one.success, one.kept, one.prior) for one in found.rounds] == [
        (one.success, one.kept, one.prior) for one in again.rounds
    ]
    assert again == decoder(Improvement)((out / "improvement.json").read_bytes())


def test_a_folder_goes_on_wherever_it_was_moved_to(
    improved: tuple[Improvement, Path], tmp_path: Path
) -> None:
    """By whatever path it is named: the rounds are what they were, and nothing is played again."""
    found, out = improved
    moved = tmp_path / "elsewhere"
    shutil.copytree(out, moved)
    again = improve(WORLD, moved, Refit(), rounds=2, n=48)

    assert [one.success for one in found.rounds] == [one.success for one in again.rounds]
    assert str(moved / "round-3" / "prior.json") in again.policy


def test_a_refit_proposal_leads_to_the_rounds_that_it_was_refit_on(
    improved: tuple[Improvement, Path],
) -> None:
    """To all of them, so that their scenarios are not taken for held-out ones; the first drew from no one's data."""
    found, out = improved
    rounds = [RunStore.open(one.run).id for one in found.rounds]

    def origins(prior: Path) -> tuple[set[str], list[str]]:
        stores, unknown = trained_on({"robot": f"proposal?prior={prior}"}, out / "eval")
        return {one.id for one in stores}, unknown

    assert (set(rounds), []) == origins(out / "round-3" / "prior.json")
    assert (set(rounds[:1]), []) == origins(out / "round-2" / "prior.json")


def test_only_what_draws_parameters_can_be_refit(tmp_path: Path) -> None:
    """A policy without a prior is refused by name."""
    with pytest.raises(
        UsageError, match="Expected a policy with a prior that can be refit, such as proposal, got noop"
    ):
        improve(WORLD, tmp_path, Refit("noop"), rounds=1, n=2)


def test_a_round_that_keeps_nothing_says_so(tmp_path: Path) -> None:
    """There is nothing to refit on; the message says what to do."""
    with pytest.raises(UsageError, match="at least two verified episodes in round 1"):
        improve(WORLD, tmp_path, Refit(), rounds=1, n=2)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"n": 32}, "Expected n 48, which .* was begun with, got n 32"),
        ({"seed": 1}, "Expected seed 0, .* got seed 1"),
        ({"level": "checked", "n": 2}, "Expected n 48, level replayed, .* got n 2, level checked"),
        ({"policy": "proposal?prior="}, "Expected policy proposal, .* got policy proposal.prior="),
    ],
)
def test_a_folder_stays_with_what_it_was_begun_with(
    improved: tuple[Improvement, Path], change: dict[str, Any], words: str
) -> None:
    """Other arguments are refused before anything is written, and the folder goes on as it was."""
    found, out = improved
    asked = {name: value for name, value in change.items() if name != "policy"}
    before = {path: path.read_bytes() for path in out.rglob("*") if path.is_file()}
    with pytest.raises(UsageError, match=words):
        improve(WORLD, out, Refit(change.get("policy", "proposal")), **{"rounds": 2, "n": 48, **asked})

    assert before == {path: path.read_bytes() for path in out.rglob("*") if path.is_file()}
    assert found.policy == improve(WORLD, out, Refit(), rounds=2, n=48).policy


class Killed(Refit):
    """A learner that gets no further than its beginning."""

    def begin(self) -> Made:
        raise KeyboardInterrupt


def test_a_folder_is_one_from_the_beginning(tmp_path: Path) -> None:
    """Also when what came before the first round was not finished."""
    with pytest.raises(KeyboardInterrupt):
        improve(WORLD, tmp_path / "out", Killed(), rounds=1, n=24)

    with pytest.raises(UsageError, match=r"Expected n 24, which .* was begun with, got n 32"):
        improve(WORLD, tmp_path / "out", Refit(), rounds=1, n=32)


def test_a_round_that_was_played_keeps_its_prior(tmp_path: Path) -> None:
    """A start that has changed is refused, not written over."""
    start = tmp_path / "start.json"
    prior = registry.policy("proposal", WORLD, "robot").prior  # type: ignore[attr-defined]  # a proposal has one
    start.write_bytes(encode(prior))
    spec = f"proposal?prior={start}"
    found = improve(WORLD, tmp_path / "out", Refit(spec), rounds=1, n=24)
    begun = (tmp_path / "out/round-1/prior.json").read_bytes()
    start.write_bytes(encode(msgspec.structs.replace(prior, mean={**prior.mean, "dx": 0.01})))

    assert f"proposal?prior={tmp_path}/out/round-2/prior.json" == found.policy
    with pytest.raises(
        UsageError, match=r"Expected the prior in .*prior\.json, which its round was played with"
    ):
        improve(WORLD, tmp_path / "out", Refit(spec), rounds=1, n=24)
    assert begun == (tmp_path / "out/round-1/prior.json").read_bytes()


@pytest.mark.parametrize("policy", ["expert", "proposal?prior=nowhere.json"])
def test_a_policy_that_cannot_be_refit_is_refused_before_it_plays(tmp_path: Path, policy: str) -> None:
    """Nothing is left behind by that."""
    with pytest.raises(UsageError, match=r"Expected a (policy with a )?prior"):
        improve(WORLD, tmp_path / "out", Refit(policy), rounds=1, n=24)

    assert not (tmp_path / "out").exists()


def test_a_folder_may_have_any_name(tmp_path: Path) -> None:
    """What means something in a spec is written otherwise there."""
    out = tmp_path / "a&b=c d+e%20?#"
    found = improve(WORLD, out, Refit(), rounds=2, n=24)

    drawn = registry.policy(found.rounds[1].policy, WORLD, "robot").prior.mean  # type: ignore[attr-defined]

    assert {name: mean for name, (mean, _) in found.rounds[1].prior.items()} == drawn
