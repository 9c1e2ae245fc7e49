"""Verification: what passes has been proved, and what was not looked at does not pass."""

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from gristmill.errors import UsageError
from gristmill.play import play
from gristmill.policy import Script, Scripted
from gristmill.recorders._mutants import _Values
from gristmill.recorders.ledger import latest, standing
from gristmill.recorders.store import RunStore
from gristmill.recorders.verify import judge, mutation_verdict, replay_verdict, verify_all, verify_run
from gristmill.types import Brief, Check, Episode, Fault, call, say
from gristmill.workflows.outcomes import outcomes
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


class Picky(Till):
    """A world that finds one thing after the other, and trips over the first scenario halfway."""

    def checks(self, episode: Episode) -> Iterator[Check]:
        """Pass twice, and raise in between if it is the first."""
        yield Check(name="begun", status="pass")
        if episode.scenario.index == 0:
            raise KeyError("balance")
        yield Check(name=f"of {episode.scenario.index}", status="pass")


class Drifting(Till):
    """A world that pays one coin more than the one that was recorded."""

    def _answer(self, action: dict[str, Any]) -> dict[str, Any]:
        if action["call"] == "pay":
            action = action | {"args": action["args"] | {"amount": action["args"]["amount"] + 1}}
        return super()._answer(action)


class Newer(Drifting):
    """The same, with a version of its own."""

    version = "2"


class Generous(Till):
    """A world whose verifier does not care how much was paid."""

    def checks(self, episode: Episode) -> list[Check]:
        """Pass when the right account, and no other, got anything."""
        expected = [bool(key == episode.scenario.values["account"]) for key in episode.state]
        status = "pass" if expected == list(map(bool, episode.state.values())) else "fail"
        return [Check(name="paid", status=status)]  # type: ignore[arg-type]


class Strict(Till):
    """A world that lets nobody pay into another account."""

    def _answer(self, action: dict[str, Any]) -> dict[str, Any]:
        if action["call"] == "pay" and action["args"]["account"] != self._scenario.values["account"]:
            return {"from": "tool", "tool": "pay", "error": "not yours"}
        return super()._answer(action)


class Patient(Till):
    """A world in which paying twice is the same as paying once."""

    def _answer(self, action: dict[str, Any]) -> dict[str, Any]:
        if action["call"] == "pay" and action["args"]["account"] in self._state:
            self._state[action["args"]["account"]] = 0
        return super()._answer(action)

    def checks(self, episode: Episode) -> list[Check]:
        """Pass when two coins are in the account."""
        values = episode.scenario.values
        right = episode.state == {values["account"]: 2, values["other"]: 0}
        return [Check(name="two", status="pass" if right else "fail")]


class Shut(Blind):
    """A till that takes nothing."""

    def _answer(self, action: dict[str, Any]) -> dict[str, Any]:
        return {"from": "tool", "tool": action["call"], "error": "closed"}


def paid(make: type[Till], *amounts: int) -> Episode:
    """Return an episode in which the agent makes these payments."""

    def payer(brief: Brief, rng: random.Random) -> Script:
        yield None
        for amount in amounts:
            yield call("pay", account="A0", amount=amount)
        yield say("bye")

    seats = {**policies(), "agent": Scripted("payer", payer)}
    return next(play(make, [make().scenario(1, 0)], seats, seed=1))


@pytest.mark.parametrize("make", [Till, Blind, Careless, Broken, Picky])
def test_episodes_are_judged_together_as_they_are_one_by_one(make: type[Till]) -> None:
    """Whatever a world finds, and in as many steps; one that it trips over has no say in what is found of the others."""
    lost = changed(one(1), fault=Fault(side="world", message="gone"))
    episodes = [one(0), one(1), lost, one(2, miss=1.0), one(0)]
    assert [judge(make(), each) for each in episodes] == verify_all(make(), episodes, "checked")


def test_what_was_found_before_a_verifier_broke_is_no_evidence() -> None:
    """Its verdict is an error, and nothing else."""
    broken, sound = verify_all(Picky(), [one(0), one(1)], "checked")
    assert [("checks", "error")] == [(check.name, check.status) for check in broken.checks]
    assert [("begun", "pass"), ("of 1", "pass")] == [(check.name, check.status) for check in sound.checks]
    assert [] == verify_all(Picky(), [], "checked")


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


def test_a_record_of_another_version_that_does_not_replay_is_unverified() -> None:
    """The world was changed, so nobody can say that the policy did wrong; the evidence has both versions."""
    verdict = replay_verdict(Newer(), one())

    assert "unverified" == verdict.status
    assert ("replay: played by version 1",) == standing(verdict).reasons
    assert {"expected": "1", "got": "2"} == verdict.checks[-1].evidence["versions"]


def test_mutants_of_a_passing_episode_do_not_pass() -> None:
    """Dropping the payment, paying into another account, or another amount, is found by a verifier that looks."""
    evidence = mutation_verdict(Till(), one()).checks[-1].evidence

    assert {
        "killed": 3,
        "equivalent": 0,
        "refused": 0,
        "survivors": [],
        "told": ["pay.account", "pay.amount"],
        "untested": [],
        "score": 1.0,
    } == evidence


def test_a_verifier_that_always_passes_is_caught_by_mutants() -> None:
    """The survivors say which act could be dropped, and which of its arguments altered."""
    verdict = mutation_verdict(Blind(), one())

    assert "fail" == verdict.status
    assert [("drop", None), ("alter", "pay.account"), ("alter", "pay.amount")] == [
        (mutant["kind"], mutant.get("argument")) for mutant in verdict.checks[-1].evidence["survivors"]
    ]


def test_a_verifier_that_ignores_one_argument_is_caught() -> None:
    """Looking at the first argument does not make up for the second."""
    verdict = mutation_verdict(Generous(), one())

    assert "fail" == verdict.status
    assert ["pay.amount"] == [mutant["argument"] for mutant in verdict.checks[-1].evidence["survivors"]]


def test_an_altered_call_that_is_refused_tests_nothing() -> None:
    """It comes to the same as leaving the call out, so the argument is not among those that were told."""
    check = mutation_verdict(Strict(), one()).checks[-1]

    assert ("pass", ["pay.amount"], ["pay.account"], 1) == (
        check.status,
        check.evidence["told"],
        check.evidence["untested"],
        check.evidence["refused"],
    )


def test_a_retried_act_is_spoiled_together_with_its_repeats() -> None:
    """One of two equal acts can be left out without harm; both can not."""
    episode = paid(Patient, 2, 2)

    check = mutation_verdict(Patient(), episode).checks[-1]

    assert ("mutation", "pass", 3, 0) == (
        check.name,
        check.status,
        check.evidence["killed"],
        check.evidence["equivalent"],
    )


def test_a_long_episode_is_spoiled_in_some_places_only() -> None:
    """The cost of a proof is bounded, and what was left out is said."""
    check = mutation_verdict(Blind(), paid(Blind, *range(1, 41))).checks[-1]

    assert (8, 32) == (
        check.evidence["acts left out"],
        sum(one["kind"] == "drop" for one in check.evidence["survivors"]),
    )


def test_without_a_mutant_that_changes_anything_an_episode_is_unverified() -> None:
    """Nothing was tested, so nothing is claimed, and the reason says what was missing."""
    for world, episode, reason in (
        (Blind(), one(miss=1.0), "no act that changes the state"),
        (Shut(), paid(Shut, 2), "no mutant changed the outcome"),
    ):
        verdict = mutation_verdict(world, episode)
        assert ("unverified", (reason,)) == (verdict.status, standing(verdict).reasons)


@pytest.mark.parametrize(
    ("value", "schema", "expected"),
    [
        ("red", {"enum": ["red", "green", "blue"]}, ["green", "blue"]),
        (True, {"type": "boolean"}, [False]),
        (7, {"type": "integer", "maximum": 7}, [6]),
        (7, {"anyOf": [{"$ref": "#/$defs/Day"}, {"type": "null"}]}, [8]),
        (["A0", 3], {"type": "array"}, [["A0", 4], ["A0", 2], ["A0"]]),
        ({"day": 3}, {"type": "object"}, [{"day": 4}]),
        ("A0", {"type": "string"}, ["A1", "A2", "B0"]),
        ("into A0", {"type": "string"}, ["A0"]),
        ("a note of my own", {"type": "string"}, []),
        (None, {"type": "null"}, []),
    ],
    ids=str,
)
def test_wrong_values_are_plausible_ones(value: Any, schema: dict[str, Any], expected: list[Any]) -> None:
    """They fit the schema and, where there are any, occur elsewhere; prose is left alone, what was copied is not."""

    class Typed(Till):
        def brief(self, seat: str) -> Brief:
            parameters = {"properties": {"account": schema}, "$defs": {"Day": {"minimum": 7}}}
            return Brief(seat=seat, tools=({"function": {"name": "pay", "parameters": parameters}},))

    found = list(_Values(Typed(), one()).instead("agent", "pay", "account", value))

    assert expected == found[: len(expected)]
    assert bool(expected) == bool(found)


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


def test_a_changed_world_is_told_from_a_record_that_does_not_hold(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both are shown with the place that differs, now and later; only the second counts against the policy."""
    monkeypatch.syspath_prepend(Path(__file__).parents[2])  # so that a fresh process finds the fakes
    store = RunStore.create(tmp_path / "run", {})
    forged, older = (
        changed(episode, entries=[*episode.entries[:-1], {**episode.entries[-1], "at": 4}])
        for episode in (one(0), one(1))
    )
    with store.writer() as writer:
        for episode in (forged, changed(older, version="0"), one(2)):
            writer.append(episode, judge(Till(), episode))

    for fresh in (3, 0):
        report = verify_run(store, "replayed", make=Till)
        assert (fresh, {"fail": 1, "unverified": 1, "pass": 1}) == (report.fresh, report.counts)
        assert ("1", {"0": 1}) == (report.version, report.elsewhere)
        last = len(forged.entries) - 1
        assert {(forged.id, "1"), (older.id, "0")} == {(one.id, one.version) for one in report.mismatches}
        assert [f"entry {last}, world, at: expected 4, got 3"] == [one.place for one in report.broken]
        assert [forged.scenario.stratum] == [one.stratum for one in report.broken]
    assert {forged.id: "fail", older.id: "pass", one(2).id: "pass"} == {
        found.id: found.status for found in outcomes(store)
    }


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
