"""Augmented copies of rows of text or chats. Every copy names its parent and what was done to it.

Those of scenarios and of the kept episodes of a run are made by `augment_scenarios` and `augment_runs`.
"""

import random
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec

from gristmill.digest import decode, digest, encode
from gristmill.errors import UsageError, unknown
from gristmill.generators.answers import judge
from gristmill.generators.augment import Chain, Change, Undecided, augmentation
from gristmill.nested import mapped, texts
from gristmill.seeding import stream
from gristmill.workflows.augment_tables import Row, Table, check_files

__all__ = [
    "AugmentReport",
    "Place",
    "Progress",
    "augment_rows",
    "augmented",
    "chains",
    "check_copies",
    "short_texts",
]

_SHORT = 80  # characters of an argument that may stand in a message
_EVERY = 100  # rows between two reports of progress

Progress = Callable[[int, int], None]
Place = tuple[Any, Any]  # what holds a text, and under which key


class AugmentReport(msgspec.Struct, kw_only=True):
    """What augmenting came to.

    Attributes:
        out: what was written.
        parents: rows, scenarios or episodes that came in.
        written: copies, by augmentation.
        left_out: what was not written, by reason.
        verdicts: of copies of episodes, how many have each status, by augmentation.
        reasons: what kept copies of episodes from passing, by augmentation.
        kept: how many copies of episodes a view of them keeps.
    """

    out: str
    parents: int = 0
    written: dict[str, int] = {}
    left_out: dict[str, int] = {}
    verdicts: dict[str, dict[str, int]] = {}
    reasons: dict[str, dict[str, int]] = {}
    kept: int = 0

    def drop(self, reason: str) -> None:
        """Count a copy that is not written."""
        self.left_out[reason] = self.left_out.get(reason, 0) + 1

    def write(self, spec: str) -> None:
        """Count a copy that is."""
        self.written[spec] = self.written.get(spec, 0) + 1


def augment_rows(
    source: Path,
    out: Path,
    specs: Sequence[str],
    *,
    copies: int = 1,
    seed: int = 0,
    roles: Collection[str] = ("user",),
    column: str = "",
    overwrite: bool = False,
    progress: Progress | None = None,
) -> AugmentReport:
    """Write augmented copies of the rows of a table.

    Words are changed only in the text column or in messages of the chosen roles, and not those that a tool call takes up.
    What changes a record as a whole (`Augmentation.whole`, such as re-filled entities) changes all of it, labels and
    arguments included. A row with a `check`, as `gristmill instruct` writes it, keeps the words that its answer hangs on, and
    no copy of it is written whose response does not pass its check.

    Args:
        source: a file of JSON lines or of Parquet.
        out: where they go, in the same format.
        specs: augmentations, each of which makes copies of its own.
        copies: how many each makes of a row.
        seed: root seed; a copy depends on it, the augmentation, the row and its number, and on nothing else.
        roles: of the chat messages that are changed.
        column: of the text or the messages; by default `messages`, `text`, `instruction`, or the only column of texts.
        overwrite: replace a file at `out`.
        progress: called with the rows done and in all.

    Raises:
        UsageError: when the files or the columns are not what was expected, naming the place.
    """
    check_copies(copies)
    wanted = chains(specs)
    check_files(source, out, overwrite=overwrite)
    table, report, texts = Table(source), AugmentReport(out=str(out)), _Texts(column, roles)
    if not table.count:
        raise UsageError(f"Expected at least one row in {source}, got none.")

    def made() -> Iterator[Row]:
        for number, row in enumerate(table.rows()):
            report.parents += 1
            yield from _copies(row, number, wanted, copies, seed, texts, report)
            if progress and number % _EVERY == 0:
                progress(report.parents, table.count)

    table.write(out, made())
    return report


def check_copies(copies: int) -> None:
    """Look whether any copy is wanted.

    Raises:
        UsageError: when none is.
    """
    if copies < 1:
        raise UsageError(f"Expected at least one copy, got {copies}.")


def chains(specs: Sequence[str]) -> list[Chain]:
    """Return what some specs ask for.

    Raises:
        UsageError: when there is none, or one is unknown.
    """
    if not specs:
        raise UsageError("Expected augmentations such as typos,synonyms, got none.")
    if len(set(specs)) < len(specs):
        raise UsageError(
            f"Expected each augmentation once, got {', '.join(specs)}; ask for more copies instead."
        )
    return [augmentation(one) for one in specs]


def augmented(
    record: Any,
    chain: Chain,
    rng: random.Random,
    texts: Callable[[Any], Iterable[Place]],
    keep: Collection[str],
) -> tuple[Any, list[Change]]:
    """Return a record after some augmentations, and what they changed.

    Args:
        record: plain data, which stays as it is.
        chain: the augmentations; those that do not change all of a record change chosen texts.
        rng: where all choices come from.
        texts: returns the places of these texts in a record.
        keep: words that stay as they are in them.

    Raises:
        Undecided: when one of them has to leave the record as it is, with the reason.
    """
    record, changes = mapped(record, lambda one: one), list[Change]()
    for one in chain.stages:
        if one.whole:
            record, more = one.alter(record, rng)
            changes += more
            continue
        for holder, key in texts(record):
            holder[key], more = one.apply(holder[key], rng, keep=keep)
            changes += more
    return record, changes


def short_texts(value: Any) -> Iterator[str]:
    """Return the short texts in plain data, such as the arguments of a call, that words may have been taken from."""
    return (one for one in texts(value) if 1 < len(one) <= _SHORT)


def _copies(
    row: Row,
    number: int,
    wanted: Sequence[Chain],
    copies: int,
    seed: int,
    texts: "_Texts",
    report: AugmentReport,
) -> Iterator[Row]:
    """Yield the copies of a row that differ from it and from one another."""
    mark = _hash(_seen(row))
    parent = {"id": str(row.get("id", "")), "row": number, "hash": _hash(row)}
    keep, met, passed = _taken_up(row), {mark}, _passes(row)
    for chain in wanted:
        for copy in range(copies):
            if passed and "refill" in chain.names:
                report.drop("not refilled, for an answer is worked out from what is there")
                continue
            try:
                rng = stream(seed, "augment", chain.spec, number, copy)
                child, changes = augmented(row, chain, rng, texts, keep)
            except Undecided as why:
                report.drop(str(why))
                continue
            name = _hash(_seen(child))
            if name in met:
                report.drop("nothing to change" if name == mark else "like another copy")
                continue
            if passed and not _passes(child):
                report.drop("no longer right by its own check")
                continue
            met.add(name)
            if isinstance(row.get("id"), str):
                child["id"] = f"{row['id']}/{chain.spec}/{copy}"
            told = [one._asdict() for one in changes]
            about = {"names": chain.names, "spec": chain.spec, "seed": seed, "copy": copy, "changes": told}
            report.write(chain.spec)
            yield {**child, "parent": parent, "augmentation": about}


def _seen(row: Row) -> Row:
    """Return what of a row anybody sees: not the values that it was made from, not all of which are in it."""
    return {name: value for name, value in row.items() if name != "values"}


def _hash(row: Row) -> str:
    """Return the content hash of a row; dates and the like count as they are written."""
    return digest(decode(encode(row)))


class _Texts:
    """Finds the texts of a row that may be changed, in the same column of all rows."""

    def __init__(self, column: str, roles: Collection[str]) -> None:
        self._column, self._roles = column, roles

    def __call__(self, row: Row) -> Iterator[Place]:
        """Yield the places of the texts.

        Raises:
            UsageError: when there is no such column, or it holds neither text nor messages.
        """
        self._column = self._column or _column_of(row)
        if self._column not in row:
            raise unknown("column", self._column, row)
        value = row[self._column]
        if isinstance(value, str):
            yield row, self._column
            return
        for message in value if isinstance(value, list) else [value] * (value is not None):
            if not isinstance(message, dict):
                raise UsageError(
                    f"Expected text or chat messages in column {self._column!r}, got {type(message).__name__}."
                )
            if message.get("role") in self._roles:
                yield from _parts(message)


def _parts(message: Row) -> Iterator[Place]:
    """Yield the places of the texts of one message, whose content may have several parts."""
    content = message.get("content")
    if isinstance(content, str):
        yield message, "content"
    for part in content if isinstance(content, list) else ():
        if isinstance(part, dict) and isinstance(part.get("text"), str):
            yield part, "text"


def _column_of(row: Row) -> str:
    """Return the column of text or messages.

    Raises:
        UsageError: when it cannot be told.
    """
    for name in ("messages", "text", "instruction"):
        if name in row:
            return name
    texts = [name for name, value in row.items() if isinstance(value, str) and name != "id"]
    if len(texts) != 1:
        raise UsageError(
            f"Expected a column messages, text or instruction, got {', '.join(row) or 'none'}; name the one with --column."
        )
    return texts[0]


def _passes(row: Row) -> bool:
    """Return whether a row has a check of its answer, and the answer passes it."""
    check = row.get("check")
    if not isinstance(check, dict):
        return False
    with suppress(UsageError, KeyError, TypeError):  # a check of somebody else's
        return judge(check, str(row.get("response") or ""), row.get("calls") or ()).status == "pass"
    return False


def _taken_up(row: Row) -> list[str]:
    """Return what calls of tools, or an answer, have taken from the words of a row: with other words they would be wrong."""
    found = dict.fromkeys(short_texts([row.get("values"), row.get("check")]))
    messages = row.get("messages")
    for message in messages if isinstance(messages, list) else ():
        for call in (message.get("tool_calls") or ()) if isinstance(message, dict) else ():
            arguments = (call.get("function") or {}).get("arguments")
            with suppress(msgspec.DecodeError):
                given = decode(arguments) if isinstance(arguments, str) else arguments
                found |= dict.fromkeys(short_texts(given))
    return list(found)
