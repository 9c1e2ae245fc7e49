"""A template file from a file of real rows."""

from pathlib import Path

from gristmill.errors import UsageError
from gristmill.files import write_whole
from gristmill.generators.fitting import LEAST, LIMIT, Fitted, fit
from gristmill.generators.tables import read_table
from gristmill.generators.toml import written

__all__ = ["fit_file"]


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
    found = fit(read_table(real), name=name or out.stem, least=least, seed=seed, limit=limit)
    notes = [f"# {' '.join(f'{column}: {note}.'.split())}" for column, note in found.notes.items()]
    head = [
        f"# Fitted by `gristmill fit`. Every value, quantile, weight and rate is about {least} rows or more; who has more rows",
        "# than that may still be known by a value that is theirs alone, so ask for more with -k where people have many.",
        *notes,
    ]
    write_whole(out, ("\n".join(head) + "\n\n" + written(found.template)).encode())
    return found
