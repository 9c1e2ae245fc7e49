"""A view is asked again, whenever it is used, whether its episodes are still released."""

import dataclasses
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from gristmill.digest import decode, plain
from gristmill.errors import UsageError
from gristmill.play import briefed, play
from gristmill.recorders.export import ExportReport, export
from gristmill.recorders.ledger import latest, verdict_id
from gristmill.recorders.mine import Acceptance, mine
from gristmill.recorders.store import RunStore
from gristmill.recorders.verify import judge, verify_run
from gristmill.types import Brief, Check, Episode, Scenario, Verdict
from tests.recorders.fakes import Till, episode, policies, verdict

EPISODES = [episode(index) for index in range(5)]


@pytest.fixture
def store(tmp_path: Path) -> RunStore:
    """A run of five episodes that pass, and a view of them."""
    store = RunStore.create(tmp_path / "run", {})
    with store.writer() as writer:
        for one in EPISODES:
            writer.append(one, verdict(one))
    mine(store, Acceptance(split={"train": 1.0}))
    return store


def released(store: RunStore, out: Path) -> ExportReport:
    """Export the view."""
    return export(store, "default", "jsonl", "agent", out, briefs=lambda episode, seat: Brief(seat=seat))


def withdraw(store: RunStore, *episodes: Episode) -> None:
    """Withdraw all that was found of some episodes."""
    standings = latest(store.ledger())
    with store.writer() as writer:
        for one in episodes:
            for found in standings[one.id].values():
                writer.revoke(found.verdict_id, "the verifier was wrong")


def find(store: RunStore, *verdicts: Verdict) -> None:
    """Record verdicts."""
    with store.writer() as writer:
        for one in verdicts:
            writer.record(one)


def other_content(store: RunStore) -> None:
    """Let the verdict that stands be of another record than the one that is there."""
    find(store, msgspec.structs.replace(verdict(EPISODES[0]), content_hash="0" * 32))


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda store: withdraw(store, EPISODES[0]), "verdict withdrawn"),
        (lambda store: find(store, verdict(EPISODES[0], "fail")), "now fails: balances"),
        (lambda store: find(store, verdict(EPISODES[0], "fail", "replayed")), "now fails: balances"),
        (lambda store: find(store, verdict(EPISODES[0], "error")), "now an error: balances"),
        (lambda store: find(store, verdict(EPISODES[0], "unverified")), "now unverified: balances"),
        (other_content, "record changed"),
    ],
)
def test_what_no_longer_holds_is_not_exported(
    store: RunStore, tmp_path: Path, change: Callable[[RunStore], None], reason: str
) -> None:
    """It is left out with a reason and a note, and no line of the lineage speaks of it."""
    change(store)

    report = released(store, tmp_path / "out")

    assert ({"train": 4}, {reason: 1}) == (report.lines, report.dropped)
    assert [(EPISODES[0].id, reason)] == report.offenders
    assert any(note.startswith("1 of 5 kept episodes are left out") for note in report.notes)
    lineage = [decode(line) for line in (tmp_path / "out/lineage.jsonl").read_bytes().splitlines()]
    assert [one.id for one in EPISODES[1:]] == [line["episode"] for line in lineage]
    assert 4 == len(mine(store, Acceptance(name="again")).kept)


def test_where_nothing_is_released_nothing_is_written(store: RunStore, tmp_path: Path) -> None:
    """The message says why, and what would help."""
    withdraw(store, *EPISODES)

    with pytest.raises(
        UsageError, match=r"none of the 5 that it keeps: 5 verdict withdrawn.*`gristmill mine`"
    ):
        released(store, tmp_path / "out")

    assert not (tmp_path / "out").exists()
    assert [] == list(tmp_path.glob(".out*"))


def test_an_empty_view_is_no_error(store: RunStore, tmp_path: Path) -> None:
    """Whoever mined it was told that it is."""
    nothing = mine(store, Acceptance(name="nothing", min_acts=100))

    report = export(store, nothing, "jsonl", "agent", tmp_path / "out", briefs=lambda *_: Brief(seat="agent"))

    assert 0 == sum(report.lines.values())


def test_what_was_found_again_is_released_again(store: RunStore, tmp_path: Path) -> None:
    """The latest finding counts, whichever version of the verifier reached it; the lineage names it."""
    withdraw(store, EPISODES[0])
    newer = msgspec.structs.replace(verdict(EPISODES[0]), version="2")
    find(
        store, verdict(EPISODES[1], "fail"), newer, msgspec.structs.replace(verdict(EPISODES[1]), version="2")
    )

    report = released(store, tmp_path / "out")

    assert ({"train": 5}, {}) == (report.lines, report.dropped)
    first = decode((tmp_path / "out/lineage.jsonl").read_bytes().splitlines()[0])
    assert [(verdict_id(newer), "2", "checked", "pass")] == [
        tuple(found[name] for name in ("id", "version", "level", "status")) for found in first["verdicts"]
    ]


def test_a_stronger_pass_overrules_a_weaker_failure_before_it(store: RunStore) -> None:
    """It looked at all that the weaker one did, with newer code; the other way round, the failure stands."""
    one, other = EPISODES[:2]
    newer = msgspec.structs.replace(verdict(one, "pass", "replayed"), version="2")
    find(store, verdict(one, "fail"), newer, verdict(other, "pass", "replayed"), verdict(other, "fail"))

    kept = mine(store).ids

    assert one.id in kept
    assert other.id not in kept
    assert {"pass"} == {found.status for found in latest(store.ledger())[one.id].values()}


def test_a_view_of_another_run_is_refused(store: RunStore, tmp_path: Path) -> None:
    """Its verdicts are not in this run."""
    other = RunStore.create(tmp_path / "other", {"n": 2})

    with pytest.raises(UsageError, match=r"Expected a view of .*other, which is run"):
        export(other, mine(store), "jsonl", "agent", tmp_path / "out")


class Newer(Till):
    """The world with other code."""

    version = "2"

    def checks(self, episode: Episode) -> list[Check]:
        """Be content with anything."""
        return [Check(name="balances", status="pass")]


def test_other_code_than_the_one_that_judged_is_told(store: RunStore, tmp_path: Path) -> None:
    """Mining and exporting go on, with a note, until the episodes are verified by the code that is there."""
    assert () == mine(store, make=Till).notes
    (note,) = mine(store, make=Newer).notes
    assert "5 episodes were judged by another version of the world than 2" in note
    assert "`gristmill verify`" in note
    view = mine(store, Acceptance(name="kept"))
    (told,) = export(
        store, view, "jsonl", "agent", tmp_path / "a", make=Newer, briefs=lambda *_: Brief(seat="agent")
    ).notes
    assert note == told

    verify_run(store, make=Newer)

    assert () == mine(store, make=Newer).notes
    assert 5 == len(mine(store).kept)


def test_a_world_that_cannot_be_built_has_no_say(tmp_path: Path) -> None:
    """A run is mined where its world's code is not at hand."""
    store = RunStore.create(tmp_path / "run", {"world": "gone.py:Gone"})
    with store.writer() as writer:
        writer.append(EPISODES[0], verdict(EPISODES[0]))

    view = mine(store)

    assert ([EPISODES[0].id], ()) == (view.ids, view.notes)


class Reworded(Newer):
    """The world with other code, in which other words are told in one of four scenarios."""

    def brief(self, seat: str) -> Brief:
        """Tell the agent to hurry, sometimes."""
        brief = super().brief(seat)
        hurry = seat == "agent" and self._scenario.index == 2
        return dataclasses.replace(brief, text=brief.text + " Hurry." * hurry)


class Elsewhere(Newer):
    """The world with other code, which draws other scenarios."""

    def scenario(self, seed: int, index: int) -> Scenario:
        """Return another draw."""
        return super().scenario(seed + 1, index)


def saying(path: Path) -> RunStore:
    """A mined run of one episode that says what the seats were told; the newer code agrees with the verdict."""
    probes = [Till().scenario(0, index) for index in range(4)]
    told = {"seats": briefed(Till(), probes), "probes": plain(probes)}
    store = RunStore.create(path, {"version": "1", "told": told})
    (one,) = play(Till, [Till().scenario(5, 0)], policies(), seed=1)
    with store.writer() as writer:
        writer.append(one, judge(Till(), one))
        writer.record(msgspec.structs.replace(judge(Till(), one), version="2"))
    mine(store, Acceptance(split={"train": 1.0}))
    return store


@pytest.mark.parametrize("seat", ["agent", "customer"])
def test_other_code_that_tells_the_same_is_fine(tmp_path: Path, seat: str) -> None:
    """Whatever it draws: what is compared is what the seats are told in scenarios that are on record."""
    store = saying(tmp_path / "run")

    report = export(store, "default", "jsonl", seat, tmp_path / "out", make=Elsewhere)

    assert ([], {"train": 1}) == (report.notes, report.lines)


def test_instructions_that_nobody_was_given_are_refused(tmp_path: Path) -> None:
    """Also where they differ in some scenarios only; a seat that is told the same is exported."""
    store = saying(tmp_path / "run")

    words = (
        r"others for seat 'agent': the world was version 1 then and is 2 now\. Take the code of then, or run"
    )
    with pytest.raises(UsageError, match=words):
        export(store, "default", "jsonl", "agent", tmp_path / "out", make=Reworded)
    assert not (tmp_path / "out").exists()

    report = export(store, "default", "jsonl", "customer", tmp_path / "out", make=Reworded)
    assert {"train": 1} == report.lines


def test_where_it_is_not_on_record_other_code_leaves_a_note(tmp_path: Path) -> None:
    """Nobody knows whether the instructions are those of then."""
    store = RunStore.create(tmp_path / "run", {})
    with store.writer() as writer:
        for one in play(Till, [Till().scenario(5, index) for index in range(5)], policies(), seed=1):
            writer.append(one, judge(Till(), one))
    mine(store, Acceptance(split={"train": 1.0}))

    assert [] == export(store, "default", "jsonl", "agent", tmp_path / "same", make=Till).notes
    note = export(store, "default", "jsonl", "agent", tmp_path / "other", make=Newer).notes[-1]
    assert "5 episodes were played in another version of the world than 2" in note
    assert "what their seats were told then is not on record" in note
