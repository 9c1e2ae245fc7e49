"""Mining: every drop has a reason, and the same run gives the same view."""

from collections.abc import Sequence
from pathlib import Path

import msgspec
import pytest

from gristmill.digest import decode
from gristmill.errors import UsageError
from gristmill.recorders.ledger import latest, verdict_id
from gristmill.recorders.mine import Acceptance, View, load_view, mine, split_of
from gristmill.recorders.store import RunStore
from gristmill.types import Episode, Fault, Scenario, say
from tests.recorders.fakes import episode, simulated, verdict


def run_of(path: Path, episodes: Sequence[tuple[Episode, str]]) -> RunStore:
    """Return a run of these episodes, each with a verdict of this status, or none."""
    store = RunStore.create(path, {})
    with store.writer() as writer:
        for one, status in episodes:
            writer.append(one, verdict(one, status) if status else None)
    return store


def reasons(view: View) -> dict[str, dict[str, int]]:
    """Return the drops by stage and reason."""
    return {stage.name: stage.reasons for stage in view.stages if stage.reasons}


def test_only_what_passed_is_kept_and_the_rest_says_why(tmp_path: Path) -> None:
    """Failures, errors, faults and missing verdicts are drops with their reasons, by stage and by stratum."""
    faulty = msgspec.structs.replace(episode(4), end="error", fault=Fault(side="customer", message="boom"))
    found = [
        (episode(0), "pass"),
        (episode(1), "fail"),
        (episode(2), "error"),
        (episode(3), ""),
        (faulty, "error"),
        (episode(5), "unverified"),
    ]

    view = mine(run_of(tmp_path / "run", found))

    assert [episode(0).id] == view.ids
    assert {
        "verdict": {
            "error (balances)": 1,
            "error (customer)": 1,
            "fail (balances)": 1,
            "no verdict": 1,
            "unverified (balances)": 1,
        }
    } == reasons(view)
    assert {"recorded": 2, "kept": 1, "verdict": 1} == view.strata["s0"]
    assert (6, 1) == (view.stages[0].entered, view.stages[-1].left)


def test_drops_are_written_beside_the_view(tmp_path: Path) -> None:
    """The view can be loaded again, and each dropped episode has a line."""
    store = run_of(tmp_path / "run", [(episode(0), "pass"), (episode(1), "fail")])

    view = mine(store)

    assert view == load_view(store)
    lines = (tmp_path / "run/views/default.drops.jsonl").read_bytes().splitlines()
    assert [{"id": episode(1).id, "stage": "verdict", "reason": "fail (balances)", "stratum": "s1"}] == list(
        map(decode, lines)
    )
    with pytest.raises(UsageError, match=r"Unknown view 'defualt'\. Did you mean 'default'"):
        load_view(store, "defualt")


def test_a_stronger_level_needs_a_stronger_verdict_and_a_failed_one_counts_always(tmp_path: Path) -> None:
    """An episode that failed its replay is not kept by a policy that asks for less."""
    store = run_of(tmp_path / "run", [(episode(0), "pass"), (episode(1), "pass"), (episode(2), "pass")])
    with store.writer() as writer:
        writer.record(verdict(episode(0), "pass", "replayed"))
        writer.record(verdict(episode(1), "fail", "replayed"))

    assert {episode(0).id, episode(2).id} == set(mine(store).ids)
    assert [episode(0).id] == mine(store, Acceptance(level="replayed")).ids
    assert {"verdict": {"fail (balances)": 1, "not replayed": 1}} == reasons(
        mine(store, Acceptance(level="replayed"))
    )


def test_a_withdrawn_or_stale_verdict_is_no_verdict(tmp_path: Path) -> None:
    """Withdrawal is a new row; a verdict of a record that is not the one there does not count."""
    other = msgspec.structs.replace(verdict(episode(1)), content_hash="0" * 32)
    store = run_of(tmp_path / "run", [(episode(0), "pass"), (episode(1), "")])
    with store.writer() as writer:
        writer.revoke(verdict_id(verdict(episode(0))), "the verifier was wrong")
        writer.record(other)

    assert {"verdict": {"no verdict": 1, "stale verdict": 1}} == reasons(mine(store))

    with store.writer() as writer:
        writer.record(verdict(episode(0)))

    assert [episode(0).id] == mine(store).ids
    assert 4 == len(list(store.ledger()))
    assert {episode(0).id, episode(1).id} == set(latest(store.ledger()))


def test_what_to_run_is_said_where_nobody_looked_that_strongly(tmp_path: Path) -> None:
    """A view that is empty for want of verdicts names the command that makes them."""
    store = run_of(tmp_path / "run", [(episode(0), "pass"), (episode(1), "pass")])

    for level, option in (("replayed", "--replay"), ("mutation-tested", "--mutate")):
        (note,) = mine(store, Acceptance(level=level)).notes  # type: ignore[arg-type]
        assert (
            f"2 episodes have no verdict of level {level} yet; run `gristmill verify {store.path} {option}`"
            in note
        )
    assert () == mine(store).notes


def test_strata_of_which_nothing_is_kept_are_named(tmp_path: Path) -> None:
    """A part of the scenarios that the data lack is easily overlooked in a total."""
    view = mine(run_of(tmp_path / "run", [(episode(0), "pass"), (episode(1), "fail"), (episode(2), "pass")]))

    assert ["s1"] == view.empty
    assert ("nothing is kept of 1 of 3 strata: s1",) == view.notes


def filled(index: int, name: str, order: str) -> Episode:
    """Return one filling of a script."""
    entries = [
        {"from": "customer", **say(f"I am {name}, where is {order}?")},
        {"from": "agent", **say("Here.")},
    ]
    scenario = Scenario.of("fake/till-v1", {"name": name, "order": order, "n": index}, index=index)
    return msgspec.structs.replace(episode(index), entries=entries, scenario=scenario)


def test_twins_are_kept_once(tmp_path: Path) -> None:
    """Exact twins share a transcript; near twins share it once what was filled in is taken out."""
    twins = [filled(0, "Ada", "W1"), filled(1, "Ada", "W1"), filled(2, "Bob", "W22")]
    store = run_of(tmp_path / "run", [(one, "pass") for one in twins])

    assert [twins[0].id, twins[2].id] == mine(store).ids
    near = mine(store, Acceptance(near_distinct=True))
    assert [twins[0].id] == near.ids
    assert ["distinct", "near-distinct"] == list(reasons(near))


def test_what_a_simulation_did_is_part_of_its_transcript(tmp_path: Path) -> None:
    """Control steps count as acts, and episodes that differ in their numbers alone are no twins."""
    silent = msgspec.structs.replace(simulated(0), entries=[{"from": "world", "event": "start"}])
    moved = msgspec.structs.replace(silent, id="moved", steps=simulated(1).steps)
    still = msgspec.structs.replace(silent, id="still", steps=simulated(1, length=0).steps)
    store = run_of(tmp_path / "run", [(one, "pass") for one in (silent, moved, still)])

    assert {silent.id, moved.id} == set(mine(store, Acceptance(near_distinct=True)).ids)
    assert {"length": {"fewer than 1 acts": 1}} == reasons(mine(store))


def test_length_and_strata_are_capped(tmp_path: Path) -> None:
    """A cap keeps the first of each stratum, in the order of the scenarios."""
    store = run_of(tmp_path / "run", [(episode(n, size=2 + n), "pass") for n in range(6)])

    assert [episode(n, size=2 + n).id for n in (0, 1, 2)] == mine(store, Acceptance(per_stratum=1)).ids
    assert [episode(n, size=2 + n).id for n in (2, 3)] == mine(store, Acceptance(min_acts=4, max_acts=5)).ids


def test_the_order_of_recording_does_not_matter(tmp_path: Path) -> None:
    """Two runs of the same episodes have the same view."""
    episodes = [(episode(n), "pass") for n in range(5)]

    views = [mine(run_of(tmp_path / "a", episodes)), mine(run_of(tmp_path / "b", episodes[::-1]))]

    assert views[0] == views[1]


def test_attempts_at_one_scenario_share_a_split() -> None:
    """The split depends on the scenario alone, and its shares are kept to."""
    split = {"train": 0.8, "valid": 0.1, "test": 0.1}
    parts = [split_of(f"{n:032x}", split) for n in range(2000)]

    assert parts == [split_of(f"{n:032x}", split) for n in range(2000)]
    assert 1540 < parts.count("train") < 1660
    assert 150 < parts.count("valid") < 250


def test_a_policy_that_cannot_be_met_is_refused() -> None:
    """Shares must add up, and levels must exist."""
    with pytest.raises(UsageError, match="add up to 1"):
        Acceptance(split={"train": 0.5})
    with pytest.raises(UsageError, match="Unknown level"):
        Acceptance(level="certain")  # type: ignore[arg-type]
