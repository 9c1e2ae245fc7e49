"""A template file from a file of real rows."""

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa

from gristmill.errors import UsageError
from gristmill.files import write_whole
from gristmill.generators.fitting import LEAST, LIMIT, Fitted, fit
from gristmill.generators.tables import read_table
from gristmill.generators.template import Source, read
from gristmill.generators.toml import written

__all__ = ["drawable", "fit_file"]

_TRIED = 1_000  # rows that are drawn of a template before it is written
_FAILURES = (ArithmeticError, LookupError, NotImplementedError, TypeError, ValueError, pa.ArrowException)


def fit_file(
    real: Path,
    out: Path,
    *,
    name: str = "",
    least: int = LEAST,
    seed: int = 0,
    limit: int = LIMIT,
    overwrite: bool = False,
) -> Fitted:
    """Write the template fitted to a real table, and return it; see `gristmill.generators.fitting.fit`.

    Args:
        real: the table.
        out: the file, ending in .toml.
        name: of the template; by default that of `out`.
        least: rows that anything written is about, at least.
        seed: of which rows are looked at, where there are more than `limit`.
        limit: rows that are looked at.
        overwrite: whether a template that is there, and may have been edited, is replaced.

    Raises:
        UsageError: when the table cannot be read or fitted, or `out` is no such file, or there.
        StoreError: when the file cannot be written.
    """
    if out.suffix != ".toml" or out.is_dir():
        raise UsageError(f"Expected a file to write the template to, such as {out.stem}.toml, got {out}.")
    if out.exists() and not overwrite:
        raise UsageError(f"{out} exists; expected another name, or --overwrite.")
    how = partial(fit, name=name or out.stem, least=least, seed=seed, limit=limit)
    found = drawable(read_table(real), how)
    head = [
        f"# Fitted by `gristmill fit`. Every value, quantile, weight and rate is about {least} rows or more; who has more rows",
        "# than that may still be known by a value that is theirs alone, so ask for more with -k where people have many.",
        *_said(found),
    ]
    write_whole(out, ("\n".join(head) + "\n\n" + written(found.template)).encode())
    return found


def drawable(table: pa.Table, how: Callable[[pa.Table], Fitted]) -> Fitted:
    """Return what is fitted to a table, without columns that a defect keeps from being fitted and drawn.

    Args:
        table: the real rows.
        how: fits a template to a table.

    Raises:
        UsageError: when there are too few rows or too many columns, or none of them can be fitted.
    """
    if found := _tried(table, how):
        return found
    alone = [name for name in table.column_names if _is_sound(table.select([name]), how)]
    kept = alone
    if not _is_sound(table.select(kept), how):
        kept = []
        for name in alone:
            kept += [name] if _is_sound(table.select([*kept, name]), how) else []
    left = [name for name in table.column_names if name not in kept]
    found = _tried(table.select(kept), how) if kept else None
    if found is None:
        raise UsageError(f"Expected a column of which rows can be drawn, got none: {', '.join(left)}.")
    # No words of the error, which may hold a value of one row.
    notes = dict.fromkeys(left, "left out: what is fitted to it cannot be drawn")
    return msgspec.structs.replace(found, notes=found.notes | notes)


def _is_sound(table: pa.Table, how: Callable[[pa.Table], Fitted]) -> bool:
    """Return whether columns can be drawn, or none of them is fitted for a reason that is said."""
    try:
        return _tried(table, how) is not None
    except UsageError:
        return True


def _tried(table: pa.Table, how: Callable[[pa.Table], Fitted]) -> Fitted | None:
    """Return what is fitted to a table if rows can be drawn of it; what is wrong with the table itself is raised."""
    try:
        found = how(table)
    except _FAILURES:
        return None
    try:
        read(Source("fitted.toml", written(found.template))).table(0, range(_TRIED), _TRIED)
    except (UsageError, *_FAILURES):
        return None
    return found


def _said(found: Fitted) -> Iterator[str]:
    """Yield comments on the columns, and which of them have texts that a person should look at."""
    if texts := [name for name, entry in found.template["fields"].items() if _holds_texts(entry)]:
        said = " ".join(", ".join(texts).split())
        yield f"# Texts are written as they are of: {said}. Look whether one of them is somebody's."
    for column, note in found.notes.items():
        yield f"# {' '.join(f'{column}: {note}.'.split())}"


def _holds_texts(entry: Mapping[str, Any]) -> bool:
    values = [*entry.get("options", []), entry.get("value") if entry["kind"] == "constant" else None]
    cases = entry.get("cases", {}).values()
    return any(isinstance(one, str) for one in values) or any(map(_holds_texts, cases))
