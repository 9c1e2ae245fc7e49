"""`gristmill generate`."""

from pathlib import Path
from typing import Annotated, Any

import typer

from gristmill.cli.shared import Jobs, Json, Seed, anew, answer, bar, console, table

_SHOWN = 10  # rows, if nothing else is asked for


def command(
    template: Annotated[
        str,
        typer.Argument(
            metavar="TEMPLATE", help="A built-in template, see `gristmill list`, or a .toml or .yaml file."
        ),
    ],
    n: Annotated[
        int | None,
        typer.Option(
            "-n",
            "--rows",
            min=1,
            help="Number of rows, by default 10 to look at; of several tables, those of the last, and the others have their share.",
        ),
    ] = None,
    seed: Seed = 0,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            "-o",
            help="A file ending in .parquet, .csv or .jsonl, or a folder for all tables of the template; without it the "
            "rows are shown.",
        ),
    ] = None,
    of: Annotated[str, typer.Option("--table", help="Which table, where a template has several.")] = "",
    row: Annotated[
        int | None,
        typer.Option(min=0, help="Show this row alone, from 0; it is the one that a file of -n rows has."),
    ] = None,
    jobs: Jobs = 1,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace files that are there.")] = False,
    json: Json = False,
) -> None:
    """Draw rows from a template: the same ones for the same seed, in any number of processes.

    Example: gristmill generate card-transactions -n 1000000 --seed 7 --out cards.parquet

    Example: gristmill generate card-transactions -n 1000000 --seed 7 --row 123456
    """
    from gristmill.errors import UsageError
    from gristmill.workflows.generate import generate, rows

    if out is not None and row is not None:
        raise UsageError("Expected either --row, which shows one, or --out, which writes all, got both.")
    count = n or max(_SHOWN, (row or 0) + 1)
    if out is None:
        _show(rows(template, None if row is None else [row], count, seed=seed, table=of), json)
        return
    with anew(), bar("drawing") as progress:
        made = generate(
            template, out, count, seed=seed, table=of, jobs=jobs, overwrite=overwrite, progress=progress
        )
    if json:
        answer(made)
        return
    for path, written in made.rows.items():
        console().print(f"{written:,} rows in {path}, and how they were made in {path}.json")


def _show(rows: list[dict[str, Any]], json: bool) -> None:
    if json:
        for one in rows:
            answer(one)
        return
    if len(rows) == 1:
        shown = table("field", "value")
        for name, value in rows[0].items():
            shown.add_row(name, _cell(value))
    else:
        shown = table(*rows[0])
        for one in rows:
            shown.add_row(*map(_cell, one.values()))
    console().print(shown)


def _cell(value: Any) -> str:
    from gristmill.digest import encode

    if value is None:
        return ""
    return encode(value).decode() if isinstance(value, (dict, list)) else str(value)
