"""Copies of scenarios: legal, with a link to the parent, and ready to be played."""

from pathlib import Path
from typing import Any

import pytest

from gristmill import registry
from gristmill.digest import decode, encode
from gristmill.errors import UsageError
from gristmill.recorders.store import RunStore
from gristmill.types import Scenario
from gristmill.workflows.augment_scenarios import augment_scenarios
from gristmill.workflows.run import run

RETAIL = "support/retail-v1"


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A file of four scenarios."""
    world = registry.make(RETAIL)
    path = tmp_path / "some.jsonl"
    path.write_bytes(b"".join(encode(world.scenario(3, index)) + b"\n" for index in range(4)))
    world.close()
    return path


def lines(path: Path) -> list[dict[str, Any]]:
    """What is in a file."""
    return [decode(line) for line in path.read_bytes().splitlines()]


def test_chosen_fields_are_drawn_again_and_the_rest_stays(source: Path, tmp_path: Path) -> None:
    """Each copy names its parent; its own identity is that of its values."""
    report = augment_scenarios(source, tmp_path / "more.jsonl", ["zip", "requests.price"], copies=2, seed=5)

    parents, found = lines(source), lines(tmp_path / "more.jsonl")
    assert 8 == len(found) == sum(report.written.values())
    for one in found:
        parent = parents[one["parent"]["row"]]
        assert parent["id"] == one["parent"]["id"]
        assert {"zip", "requests"} >= {
            name for name, value in one["values"].items() if value != parent["values"].get(name)
        }
        assert parent["values"]["zip"] != one["values"]["zip"]
        assert Scenario.of(RETAIL, one["values"]).id == one["id"]
        assert (5, ["resample"]) == (one["augmentation"]["seed"], one["augmentation"]["names"])


def test_copies_can_be_played(source: Path, tmp_path: Path) -> None:
    """By the command that plays scenarios, link and all."""
    augment_scenarios(source, tmp_path / "more.jsonl", ["fault"], copies=2)

    report = run(RETAIL, {}, tmp_path / "run", scenarios=tmp_path / "more.jsonl")

    assert report.counts == {"pass": report.asked}
    assert {one["id"] for one in lines(tmp_path / "more.jsonl")} == {
        one.scenario.id for one in RunStore.open(tmp_path / "run").episodes()
    }


def test_wrong_use_is_told_and_leaves_nothing(source: Path, tmp_path: Path) -> None:
    """Fields that there are not, and scenarios that name no world."""
    with pytest.raises(UsageError, match="Unknown field 'postcode'"):
        augment_scenarios(source, tmp_path / "more.jsonl", ["postcode"])
    bare = tmp_path / "bare.jsonl"
    bare.write_bytes(encode({"values": lines(source)[0]["values"]}))
    with pytest.raises(UsageError, match="name it with --world"):
        augment_scenarios(bare, tmp_path / "more.jsonl", ["zip"])
    assert not (tmp_path / "more.jsonl").exists()

    augment_scenarios(bare, tmp_path / "more.jsonl", ["zip"], world=RETAIL)
    assert 1 == len(lines(tmp_path / "more.jsonl"))
