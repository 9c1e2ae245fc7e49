"""Verification: what passes has been proved, and what was not looked at does not pass."""

from pathlib import Path
from typing import Any

import msgspec
import pytest

from gristmill.errors import UsageError
from gristmill.play import play
from gristmill.recorders.ledger import latest
from gristmill.recorders.store import RunStore
from gristmill.recorders.verify import judge, mutation_verdict, replay_verdict, verify_run
from gristmill.types import Check, Episode, Fault
from tests.recorders.fakes import Till, policies


def one(index: int = 0, miss: float = 0.0) -> Episode:
    """Return an episode that was really played."""
    return next(play(Till, [Till().scenario(1, index)], policies(miss), seed=1))


def changed(episode: Episode, **values: Any) -> Episode:
    """Return the episode with some fields replaced."""
    return msgspec.structs.replace(episode, **values)


class Blind(Till):
    """A world whose verifier passes whatever happened."""

    def checks(self, episode: Episode) -> list[Check]:
        """Pass."""
        return [Check(name="nothing", status="pass")]


class Careless(Till):
    """A world without checks."""

    def checks(self, episode: Episode) -> list[Check]:
        """Check nothing."""
        return []


class Broken(Till):
    """A world whose verifier raises."""

    def checks(self, episode: Episode) -> list[Check]:
        """Raise."""
        raise KeyError("balance")


class Drifting(Till):
    """A world that pays one coin more than the one that was recorded."""

    def _answer(self, action: dict[str, Any]) -> dict[str, Any]:
        if action["call"] == "pay":
            action = action | {"args": action["args"] | {"amount": action["args"]["amount"] + 1}}
        return super()._answer(action)


def test_an_expert_passes_and_a_failure_shows_its_evidence() -> None:
    """The judge passes what was done right and says what it saw otherwise."""
    assert "pass" == judge(Till(), one()).status

    verdict = judge(Till(), one(miss=1.0))

    assert "fail" == verdict.status
    assert {"expected", "got"} == set(verdict.checks[0].evidence)


def test_a_missing_check_is_not_a_pass() -> None:
    """A world without checks leaves its episodes unverified."""
    assert "unverified" == judge(Careless(), one()).status


def test_a_verifier_that_raises_is_an_error_of_its_own_side() -> None:
    """Nobody fails because the verifier broke."""
    verdict = judge(Broken(), one())

    assert ("error", "verifier") == (verdict.status, verdict.side)
    assert "KeyError" in verdict.checks[0].evidence["message"]


def test_a_fault_is_an_error_of_the_side_that_broke() -> None:
    """A customer that broke its script does not make the agent fail."""
    verdict = judge(Till(), changed(one(), end="error", fault=Fault(side="customer", message="boom")))

    assert ("error", "customer") == (verdict.status, verdict.side)


def test_an_episode_of_another_world_is_refused() -> None:
    """The message names both worlds."""
    with pytest.raises(UsageError, match=r"Expected an episode of fake/till-v1, got one of other/w-v0"):
        judge(Till(), changed(one(), world="other/w-v0"))


def test_a_true_record_replays() -> None:
    """A fresh world reaches every entry and the final state."""
    verdict = replay_verdict(Till(), one())

    assert ("replayed", "pass") == (verdict.level, verdict.status)


def test_a_replay_that_differs_names_the_first_entry_that_does() -> None:
    """The evidence holds the index and both entries."""
    episode = one()

    verdict = replay_verdict(Drifting(), episode)

    assert "fail" == verdict.status
    evidence = verdict.checks[-1].evidence
    index = evidence["index"]
    assert (episode.entries[index], "pay") == (evidence["expected"], evidence["got"]["tool"])
    assert evidence["expected"]["result"]["balance"] + 1 == evidence["got"]["result"]["balance"]


def test_a_forged_entry_or_state_does_not_replay() -> None:
    """An entry that was changed, cut off or added is found, and so is a state that its digest does not fit."""
    true = one()
    say = {"from": "agent", "say": "I did it"}

    assert (
        "fail"
        == replay_verdict(Till(), changed(true, entries=[*true.entries[:-2], say, true.entries[-1]])).status
    )
    assert "fail" == replay_verdict(Till(), changed(true, entries=true.entries[:-1])).status
    assert "fail" == replay_verdict(Till(), changed(true, entries=[*true.entries, say])).status
    assert "fail" == replay_verdict(Till(), changed(true, state={"A0": 5, "B0": 0})).status


def test_mutants_of_a_passing_episode_do_not_pass() -> None:
    """Dropping the payment, or paying into another account, is found by a verifier that looks."""
    evidence = mutation_verdict(Till(), one()).checks[-1].evidence

    assert {"killed": 2, "equivalent": 0, "survivors": [], "score": 1.0} == evidence


def test_a_verifier_that_always_passes_is_caught_by_mutants() -> None:
    """The survivors say which act could be dropped or altered."""
    verdict = mutation_verdict(Blind(), one())

    assert "fail" == verdict.status
    assert ["drop", "alter"] == [mutant["kind"] for mutant in verdict.checks[-1].evidence["survivors"]]


def test_without_a_state_changing_act_mutation_leaves_an_episode_unverified() -> None:
    """Nothing was tested, so nothing is claimed."""
    assert "unverified" == mutation_verdict(Blind(), one(miss=1.0)).status


def test_a_run_is_verified_in_fresh_processes_and_only_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Verdicts go to the ledger; a second call finds them there."""
    monkeypatch.syspath_prepend(Path(__file__).parents[2])  # so that a fresh process finds the fakes
    store = RunStore.create(tmp_path / "run", {})
    scenarios = [Till().scenario(1, index) for index in range(6)]
    with store.writer() as writer:
        for episode in play(Till, scenarios, policies(miss=0.5), seed=1):
            writer.append(episode)
    passing = sum(judge(Till(), episode).status == "pass" for episode in store.episodes())
    seen: list[tuple[int, int]] = []

    report = verify_run(store, "replayed", 1, lambda done, total: seen.append((done, total)), make=Till)

    assert {"pass": passing, "fail": 6 - passing} == report.counts
    assert [] == report.mismatches
    assert (6, 6) == seen[-1]
    assert 6 == len(latest(store.ledger()))

    again = verify_run(store, "replayed", make=Till)

    assert (0, report.counts) == (again.fresh, again.counts)


def test_what_a_fault_has_ended_does_not_count_as_replayed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """There is nothing to reproduce, now and when the verdicts are there already."""
    monkeypatch.syspath_prepend(Path(__file__).parents[2])  # so that a fresh process finds the fakes
    store = RunStore.create(tmp_path / "run", {})
    faulty = changed(one(2), end="error", fault=Fault(side="customer", message="boom"))
    with store.writer() as writer:
        for episode in (one(0), one(1), faulty):
            writer.append(episode)

    for fresh in (3, 0):
        report = verify_run(store, "replayed", make=Till)
        assert (fresh, 3, 2, []) == (report.fresh, report.total, report.replayed, report.mismatches)
    assert 0 == verify_run(store, make=Till).replayed


def test_damage_that_was_recorded_again_says_so(tmp_path: Path) -> None:
    """The file stays damaged, but nothing is lost."""
    store = RunStore.create(tmp_path / "run", {})
    with store.writer() as writer:
        writer.append(one(0))
    store.seal()
    (tmp_path / "run/shards/messages-000001.parquet").write_bytes(b"")
    assert ["(1 episodes lost)"] == [
        line[-17:] for line in verify_run(RunStore.open(store.path), make=Till).damage
    ]

    with store.writer() as writer:
        writer.append(one(0))

    (line,) = verify_run(RunStore.open(store.path), make=Till).damage
    assert line.endswith("(1 episodes lost, all recorded again)")
