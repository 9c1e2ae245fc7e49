"""The folder of a set: written whole or not at all, and read with a proof that every record arrived."""

import os
import shutil
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from gristmill.digest import decode, digest, indented, plain
from gristmill.errors import StoreError
from gristmill.files import storing, sync_folder, sync_tree, write_whole
from gristmill.lines import read_lines, write_lines
from gristmill.recorders.sets.records import FORMAT, SCHEMA, Cell, Manifest, Record, Role

__all__ = [
    "MANIFEST",
    "RECORDS",
    "EvaluationSet",
    "new_folder",
    "read_manifest",
    "read_set",
    "strata_of",
    "write_set",
]

MANIFEST, RECORDS = "manifest.json", "records.jsonl"


class EvaluationSet(NamedTuple):
    """A set that was read or written.

    Attributes:
        path: its folder.
        manifest: what it is.
        records: all of them, in order.
    """

    path: Path
    manifest: Manifest
    records: list[Record]

    def of(self, role: Role) -> list[Record]:
        """Return the records of a role."""
        return [one for one in self.records if one.role == role]


@contextmanager
def new_folder(out: Path) -> Iterator[Path]:
    """Yield a folder that becomes `out` when the block ends well, and nothing otherwise.

    Raises:
        StoreError: when something is there already, or it cannot be written.
    """
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise StoreError(f"Expected a new folder to write to, got {out}, which is taken; choose another.")
    draft = out.absolute().with_name(f".{out.name}.tmp")
    with storing(draft, "create"):
        shutil.rmtree(draft, ignore_errors=True)  # left by one that was killed
        draft.mkdir(parents=True)
    try:
        yield draft
        with storing(out, "write"):
            sync_tree(draft)
            if out.exists():
                out.rmdir()
            draft.replace(out)
            sync_folder(draft.parent)
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def write_set(path: Path, manifest: Manifest, records: Sequence[Record]) -> EvaluationSet:
    """Write a set; its manifest is the last file to appear, completed with what follows from the records.

    Args:
        path: the folder.
        manifest: what the set is, without what follows from its records.
        records: all of them.

    Raises:
        StoreError: when it cannot be written.
    """
    full = msgspec.structs.replace(
        manifest,
        counts=_counts(records),
        strata=strata_of(records),
        weight=sum(one.weight or 0.0 for one in records),
        scenarios=sorted({one.scenario.id for one in records}),
        records={one.id: digest(one) for one in records},
    )
    full = msgspec.structs.replace(full, hash=_hash(plain(full)))
    write_lines(path / RECORDS, records)
    write_whole(path / MANIFEST, indented(full))
    return EvaluationSet(path, full, list(records))


def read_manifest(path: str | os.PathLike[str]) -> Manifest:
    """Return the manifest of a set, without a look at the records.

    Raises:
        StoreError: when there is none, it is of another schema, or it was changed.
    """
    file = Path(path) / MANIFEST
    with storing(file, "read"):
        data = file.read_bytes() if file.is_file() else None
    if data is None:
        raise StoreError(
            f"Expected an evaluation set (a folder with a {MANIFEST}), got {path}; `gristmill rare build` makes one."
        )
    try:
        raw = decode(data)
        if raw["format"] != FORMAT:
            raise KeyError("format")
        _same_schema(raw["schema"], file)
        found = msgspec.convert(raw, Manifest)
    except (msgspec.DecodeError, KeyError, TypeError) as error:
        raise StoreError(
            f"Expected the manifest of an evaluation set in {file}, got something else: {error}."
        ) from None
    if found.hash != _hash(raw):
        raise StoreError(f"{file} does not match its own hash: it was changed; restore it from a copy.")
    return found


def read_set(path: str | os.PathLike[str]) -> EvaluationSet:
    """Return a set, after proof that every record that the manifest names is there as it was written, and no other.

    Raises:
        StoreError: when one was changed, is missing, too many or of another schema.
    """
    folder, manifest = Path(path), read_manifest(path)
    records = list(_proved(folder / RECORDS, manifest))
    there = {one.id for one in records}
    if missing := [name for name in manifest.records if name not in there]:
        raise StoreError(
            f"Expected {len(manifest.records):,} records in {folder / RECORDS}, got {len(there):,}: {_named(missing)} "
            "missing; restore the file from a copy."
        )
    return EvaluationSet(folder, manifest, records)


def _proved(file: Path, manifest: Manifest) -> Iterator[Record]:
    """Yield the records of a file, each as the manifest says."""
    if not file.is_file():
        raise StoreError(
            f"Expected the records of a set in {file}, which is not there; restore it from a copy."
        )
    met: set[str] = set()
    for number, line in enumerate(read_lines(file), 1):
        place = f"{file}, record {number}"
        _same_schema(line.get("schema"), file)
        name = line.get("id")
        if name not in manifest.records or name in met:
            what = "a second time" if name in met else "which the manifest does not name"
            raise StoreError(
                f"{place}: expected a record of the set, got {name!r} {what}; restore the file from a copy."
            )
        if digest(line) != manifest.records[name]:
            raise StoreError(
                f"{place}: expected record {name} as it was written, got a changed one; restore the file from a copy."
            )
        met.add(name)
        yield msgspec.convert(line, Record)


def strata_of(records: Iterable[Record]) -> dict[str, dict[str, Cell]]:
    """Return by role and stratum how many records there are, and the sum of their weights."""
    table: dict[str, dict[str, list[float]]] = {}
    for one in records:
        table.setdefault(one.role, {}).setdefault(one.stratum.name, []).append(one.weight or 0.0)
    return {
        role: {name: Cell(records=len(found), weight=sum(found)) for name, found in sorted(cells.items())}
        for role, cells in table.items()
    }


def _counts(records: Iterable[Record]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for one in records:
        counts[one.role] = counts.get(one.role, 0) + 1
    return counts


def _hash(raw: dict[str, Any]) -> str:
    return digest({name: value for name, value in raw.items() if name != "hash"})


def _same_schema(found: Any, file: Path) -> None:
    if found != SCHEMA:
        raise StoreError(
            f"Expected schema {SCHEMA} of evaluation sets, got {found!r} in {file}; read it with the version of Gristmill "
            "that wrote it."
        )


def _named(names: Sequence[str]) -> str:
    more = f" and {len(names) - 3:,} more are" if len(names) > 3 else " is" if len(names) == 1 else " are"
    return ", ".join(names[:3]) + more
