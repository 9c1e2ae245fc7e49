"""A set is read as it was written, or not at all."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from gristmill.digest import decode, digest, encode, indented
from gristmill.errors import StoreError
from gristmill.recorders.sets import CANARY, Cell, read_manifest, read_set, write_set
from tests.recorders.sets.records import record, written

Lines = list[bytes]


def test_a_set_is_read_as_it_was_written(tmp_path: Path) -> None:
    """Folder, manifest and records come back equal."""
    there = written(tmp_path / "set")

    assert there == read_set(tmp_path / "set")


def test_the_manifest_tells_what_follows_from_the_records(tmp_path: Path) -> None:
    """Counts, weights, strata and scenarios need no look at the records."""
    there = written(tmp_path / "set")
    found = read_manifest(tmp_path / "set")

    assert {"estimating": 3, "stress": 1} == found.counts
    assert 6.0 == found.weight
    assert Cell(records=3, weight=6.0) == found.strata["estimating"]["below, 1e-2 and above"]
    assert sorted(one.scenario.id for one in there.records) == found.scenarios
    assert {one.id: digest(one) for one in there.records} == found.records


def test_the_same_records_have_the_same_hash(tmp_path: Path) -> None:
    """So that two can say that they were scored on the same set."""
    assert written(tmp_path / "a").manifest.hash == written(tmp_path / "b").manifest.hash
    assert written(tmp_path / "a").manifest.hash != written(tmp_path / "c", record(1)).manifest.hash


def test_every_record_carries_the_canary(tmp_path: Path) -> None:
    """Whoever filters a corpus finds each line."""
    written(tmp_path / "set")

    assert all(CANARY in line for line in (tmp_path / "set/records.jsonl").read_text().splitlines())


def test_a_record_is_what_is_played_and_how_it_counts() -> None:
    """Another role, weight or draw is another record; how somebody fared is not part of it."""
    ids = {record(1).id, record(2).id, record(1, "stress").id, record(1, weight=3.0).id}

    assert 4 == len(ids)
    assert record(1, severity=0.0).id == record(1, severity=9.0).id


def _changed(lines: Lines) -> Lines:
    return [lines[0].replace(b'"severity":1.0', b'"severity":1.5'), *lines[1:]]


def _of_another_schema(lines: Lines) -> Lines:
    return [encode({**decode(lines[0]), "schema": 2}), *lines[1:]]


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (_changed, r"record 1: expected record \w+ as it was written, got a changed one"),
        (lambda lines: lines[1:], r"Expected 4 records in .*, got 3: \w+ is missing"),
        (lambda lines: [*lines, lines[0]], r"record 5: .* a second time"),
        (lambda lines: [*lines, encode(record(77))], "record 5: .* which the manifest does not name"),
        (_of_another_schema, "Expected schema 1 of evaluation sets, got 2"),
    ],
    ids=["changed", "missing", "twice", "another", "schema"],
)
def test_what_did_not_arrive_is_named(tmp_path: Path, spoil: Callable[[Lines], Lines], message: str) -> None:
    """One message says which record is not what it was."""
    written(tmp_path / "set")
    file = tmp_path / "set/records.jsonl"
    file.write_bytes(b"\n".join(spoil(file.read_bytes().splitlines())) + b"\n")

    with pytest.raises(StoreError, match=message):
        read_set(tmp_path / "set")


def test_a_changed_manifest_is_refused(tmp_path: Path) -> None:
    """A threshold that was moved afterwards is found out."""
    written(tmp_path / "set")
    file = tmp_path / "set/manifest.json"
    file.write_bytes(indented({**decode(file.read_bytes()), "threshold": 3.0}))

    with pytest.raises(StoreError, match="does not match its own hash"):
        read_set(tmp_path / "set")


@pytest.mark.parametrize("data", [b"{}", b"[", b'{"format": "other", "schema": 1}'])
def test_something_else_is_no_set(tmp_path: Path, data: bytes) -> None:
    """A file of that name is not enough."""
    (tmp_path / "manifest.json").write_bytes(data)

    with pytest.raises(StoreError, match="Expected the manifest of an evaluation set"):
        read_manifest(tmp_path)


def test_a_folder_without_a_manifest_is_no_set(tmp_path: Path) -> None:
    """Nor is one that is not there."""
    with pytest.raises(
        StoreError, match=re.escape("Expected an evaluation set (a folder with a manifest.json)")
    ):
        read_set(tmp_path / "nowhere")


def test_a_set_without_its_records_is_refused(tmp_path: Path) -> None:
    """The manifest alone can be played by nobody."""
    there = written(tmp_path / "set")
    (tmp_path / "set/records.jsonl").unlink()

    with pytest.raises(StoreError, match="which is not there"):
        read_set(tmp_path / "set")
    write_set(tmp_path / "set", there.manifest, there.records)
    assert there == read_set(tmp_path / "set")
