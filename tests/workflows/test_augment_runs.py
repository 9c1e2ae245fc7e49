"""Augmented episodes: played again, judged again, linked to their parents, and kept only if they pass."""

from pathlib import Path
from typing import Any

import pytest

from gristmill import registry
from gristmill.digest import decode
from gristmill.errors import UsageError
from gristmill.recorders.export import export
from gristmill.recorders.ledger import latest
from gristmill.recorders.mine import Acceptance, load_view, mine, split_of
from gristmill.recorders.store import RunStore
from gristmill.recorders.verify import verify_run
from gristmill.types import Episode
from gristmill.workflows.augment_runs import augment_run
from gristmill.workflows.augment_values import Renaming
from gristmill.workflows.run import run

RETAIL, MARKET = "support/retail-v1", "negotiation/market-v1"
WORDS = ["paraphrase", "typos?rate=0.4"]


@pytest.fixture(scope="module")
def mined(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of the support desk, mined; tests only read it."""
    out = tmp_path_factory.mktemp("runs") / "support"
    run(RETAIL, {"agent": "noisy?rate=0.05"}, out, n=24)
    mine(RunStore.open(out))
    return out


@pytest.fixture(scope="module")
def reworded(mined: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Its kept episodes in other words; tests only read it."""
    out = tmp_path_factory.mktemp("runs") / "reworded"
    augment_run(mined, out, WORDS, copies=2, seed=1)
    return out


def parent_of(one: Episode, mined: Path) -> Episode:
    """The episode that a copy was made from, by the policy of the seat that was changed."""
    found = registry.split(one.seats["customer"].policy)[1]["parent"]
    return RunStore.open(mined).episode(found)


def test_only_the_words_of_the_other_seat_differ(mined: Path, reworded: Path) -> None:
    """The acts that are learnt, the answers of tools, faults and the final state are those of the parent."""
    copies = list(RunStore.open(reworded).episodes())

    assert copies
    for one in copies:
        parent = parent_of(one, mined)
        assert parent.acts("agent") == one.acts("agent")
        assert (parent.state_digest, parent.scenario) == (one.state_digest, one.scenario)
        assert [entry for entry in parent.entries if entry["from"] != "customer"] == [
            entry for entry in one.entries if entry["from"] != "customer"
        ]
        assert parent.acts("customer") != one.acts("customer")
        assert parent.seats["agent"] == one.seats["agent"]


def test_every_copy_has_a_verdict_and_only_what_passes_is_kept(mined: Path, reworded: Path) -> None:
    """What no longer passes stays on record with the reason."""
    store = RunStore.open(reworded)
    standings = {name: found[RETAIL, "checked"] for name, found in latest(store.ledger()).items()}

    assert store.ids() == standings.keys()
    passed = {name for name, found in standings.items() if found.status == "pass"}
    assert set() < passed < store.ids()  # slips in the word for what is wanted cannot be understood
    assert set(load_view(store).ids) <= passed
    assert {"customer_script: customer"} == {why for found in standings.values() for why in found.reasons}


def test_the_link_to_the_parent_is_in_the_notes_too(mined: Path, reworded: Path) -> None:
    """With every change, by act."""
    notes = {
        line["episode"]: line["notes"]["customer"]
        for line in map(decode, (reworded / "notes.jsonl").read_bytes().splitlines())
    }

    assert RunStore.open(reworded).ids() == notes.keys()
    for one in RunStore.open(reworded).episodes():
        told = notes[one.id]
        assert (parent_of(one, mined).id, RunStore.open(mined).id) == (told["parent"], told["run"])
        assert told["changes"]
        assert told["with"] in WORDS


def test_a_fresh_process_reproduces_every_copy(reworded: Path) -> None:
    """An augmented episode is a record like any other."""
    report = verify_run(RunStore.open(reworded), "replayed")

    assert [] == report.mismatches
    assert report.total == report.replayed > 0


def test_copies_are_exported_with_a_lineage_that_names_the_parent(reworded: Path, tmp_path: Path) -> None:
    """From a line of training data back to the episode it is a copy of."""
    export(RunStore.open(reworded), "default", "openai", "agent", tmp_path / "data")

    lineage = [decode(line) for line in (tmp_path / "data" / "lineage.jsonl").read_bytes().splitlines()]
    assert lineage
    assert all("parent=" in line["seats"]["customer"]["policy"] for line in lineage)


def test_a_run_goes_on_where_it_was_stopped(mined: Path, reworded: Path, tmp_path: Path) -> None:
    """More copies of the same are added; what is there is not made again."""
    out = tmp_path / "again"
    augment_run(mined, out, WORDS, copies=1, seed=1)
    first = RunStore.open(out).ids()

    report = augment_run(mined, out, WORDS, copies=2, seed=1)

    assert first < RunStore.open(out).ids() == RunStore.open(reworded).ids()
    assert sum(report.written.values()) == len(RunStore.open(reworded).ids())


def test_fields_of_the_scenario_can_be_drawn_again(mined: Path, tmp_path: Path) -> None:
    """The new values stand in every act, the world answers accordingly, and the verifier still agrees."""
    fields = ["first", "last", "zip", "customer_id", "requests.order_id"]

    report = augment_run(mined, tmp_path / "again", [], resample=fields, seed=2)

    store, split = RunStore.open(tmp_path / "again"), Acceptance().split
    assert 10 < len(store.ids()) == report.verdicts["resample"]["pass"]
    for one in store.episodes():
        old, new = parent_of(one, mined).scenario, one.scenario
        assert split_of(old.id, split) == split_of(new.id, split)
        assert old.values["zip"] != new.values["zip"]
        said = " ".join(entry.get("say", "") for entry in one.acts("customer"))
        assert old.values["zip"] not in said
    assert [] == verify_run(store, "replayed").mismatches


def test_messages_of_offers_are_words_too(tmp_path: Path) -> None:
    """In a negotiation the terms stay, and the seat that is learnt is the one that is named."""
    run(MARKET, {}, tmp_path / "run", n=8)
    mine(RunStore.open(tmp_path / "run"), Acceptance(seat="seller"))

    augment_run(tmp_path / "run", tmp_path / "more", ["contractions?rate=1"])

    copies = list(RunStore.open(tmp_path / "more").episodes())
    assert copies
    for one in copies:
        about = registry.split(one.seats["buyer"].policy)[1]
        parent = RunStore.open(tmp_path / "run").episode(about["parent"])
        assert parent.acts("seller") == one.acts("seller")
        assert without_messages(parent) == without_messages(one)
        assert parent.entries != one.entries


def without_messages(episode: Episode) -> list[Any]:
    """The acts of an episode, without their words."""
    return [
        (act.get("call"), {name: value for name, value in act.get("args", {}).items() if name != "message"})
        for act in episode.acts("buyer")
    ]


def test_wrong_use_is_told(mined: Path, reworded: Path, reach: Path, tmp_path: Path) -> None:
    """With what would be right."""
    out = tmp_path / "out"
    for source, options, message in (
        (mined, {"specs": ["swap-gender"]}, "Draw fields of the scenario again instead, with --resample"),
        (mined, {"specs": ["typos"], "seat": "robot"}, "Unknown seat 'robot'"),
        (mined, {"specs": ["typos"], "view": "best"}, "Unknown view 'best'"),
        (mined, {"specs": [], "resample": ["postcode"]}, "Unknown field 'postcode'"),
        (mined, {"specs": ["typos"], "copies": 0}, "at least one copy"),
    ):
        with pytest.raises(UsageError, match=message):
            augment_run(source, out, **options)
    with pytest.raises(UsageError, match="Expected another run to write than the one that is augmented"):
        augment_run(mined, mined, ["typos"])
    with pytest.raises(UsageError, match="holds another run: augmented is"):
        augment_run(mined, reworded, ["casing"])
    with pytest.raises(UsageError, match="a simulation; the functions of gristmill"):
        augment_run(reach, out, ["typos"])
    assert not out.exists()


def test_values_are_renamed_where_they_stand_alone() -> None:
    """Whole words and numbers, with their capitals; one value never becomes two."""
    rename = Renaming.of({"name": "Anna", "n": 12, "ok": True}, {"name": "Bella", "n": 30, "ok": False})

    assert rename is not None
    assert {"from": "Anna", "say": "Bella, annabel: bella79@x.org at 30, not 112 or 1.12", "n": 30} == rename(
        {"from": "Anna", "say": "Anna, annabel: anna79@x.org at 12, not 112 or 1.12", "n": 12}
    )
    assert Renaming.of({"a": 12, "b": 12}, {"a": 30, "b": 31}) is None
    assert Renaming.of({"a": 12, "b": 12}, {"a": 30, "b": 12}) is None
