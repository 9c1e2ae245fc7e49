"""`gristmill generate`."""

from pathlib import Path
from typing import Annotated, Any

import typer

from gristmill.cli.shared import Jobs, Seed, anew, answer, bar, console, table

_SHOWN = 10  # rows, if nothing else is asked for


def command(
    template: Annotated[
        str,
        typer.Argument(
            metavar="TEMPLATE", help="A name, see `gristmill list templates`, or a .toml, .yaml or .py file."
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
            help="A file ending in .parquet, .csv or .jsonl, or a folder for all tables of the template (with --documents, a "
            ".jsonl file or a folder of files); without it the rows, or the first document, are shown.",
        ),
    ] = None,
    of: Annotated[str, typer.Option("--table", help="Which table, where a template has several.")] = "",
    hidden: Annotated[
        list[str] | None,
        typer.Option(
            "--with",
            metavar="FIELD",
            help="A hidden field that is to be written, too, such as a label; repeatable.",
        ),
    ] = None,
    documents: Annotated[
        bool,
        typer.Option(
            "--documents",
            help="Rows as documents, with the place of every value in the text; see `gristmill list templates`.",
        ),
    ] = False,
    document: Annotated[
        str,
        typer.Option(metavar="NAME", help="Documents in this layout alone, instead of any of the template."),
    ] = "",
    row: Annotated[
        int | None,
        typer.Option(min=0, help="Show this row alone, from 0; it is the one that a file of -n rows has."),
    ] = None,
    jobs: Jobs = 1,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace what is there.")] = False,
    json: Annotated[
        bool,
        typer.Option(
            "--json", help="Print each row or document as a line of JSON; with --out, what was written."
        ),
    ] = False,
) -> None:
    """Draw rows or documents from a template: the same ones for the same seed, in any number of processes.

    Example: gristmill generate card-transactions -n 1000000 --seed 7 --with fraud --out cards.parquet

    Example: gristmill generate card-transactions -n 1000000 --seed 7 --row 123456

    Example: gristmill generate invoices -n 1000 --documents --out invoices.jsonl
    """
    from gristmill.errors import UsageError

    if out is not None and row is not None:
        raise UsageError("Expected either --row, which shows one, or --out, which writes all, got both.")
    documents = documents or bool(document)
    if documents and of:
        raise UsageError(
            "Expected either --table or --documents, which are those of the last table, got both."
        )
    given = {"seed": seed, "hidden": hidden or []} | ({"document": document} if documents else {"table": of})
    count = n or max(_SHOWN, (row or 0) + 1)
    if out is not None:
        _write(template, out, count, given, jobs=jobs, overwrite=overwrite, json=json)
    elif documents:
        _show_document(template, count, row, given, json)
    else:
        _show_rows(template, count, row, given, json)


def _write(
    template: str, out: Path, n: int, given: dict[str, Any], *, jobs: int, overwrite: bool, json: bool
) -> None:
    from gristmill.workflows.documents import LABELS, generate_documents
    from gristmill.workflows.generate import generate

    written = "documents" if "document" in given else "rows"
    how: Any = generate_documents if "document" in given else generate
    with anew(), bar("drawing") as progress:
        made = how(template, out, n, jobs=jobs, overwrite=overwrite, progress=progress, **given)
    if json:
        answer(made)
        return
    for path, number in made.rows.items():
        where = Path(path) / LABELS if how is generate_documents and not out.suffix else path
        beside = f", their labels in {where}" if where != path else ""
        console().print(f"{number:,} {written} in {path}{beside}, and how they were made in {where}.json")


def _show_rows(template: str, n: int, row: int | None, given: dict[str, Any], json: bool) -> None:
    from gristmill.workflows.generate import rows

    found = rows(template, None if row is None else [row], n, **given)
    if json:
        for one in found:
            answer(one)
        return
    shown = list(found)
    if len(shown) == 1:
        made = table("field", "value")
        for name, value in shown[0].items():
            made.add_row(name, _cell(value))
    else:
        made = table(*shown[0])
        for one in shown:
            made.add_row(*map(_cell, one.values()))
    console().print(made)


def _show_document(template: str, n: int, row: int | None, given: dict[str, Any], json: bool) -> None:
    """Show one document as it is, or all that are asked for as lines of JSON."""
    from gristmill.workflows.documents import lines

    numbers = [row or 0] if row is not None or not json else None
    for one in lines(template, numbers, n, **given):
        if json:
            answer(one)
        else:
            print(one["text"], end="" if one["text"].endswith("\n") else "\n")


def _cell(value: Any) -> str:
    from gristmill.digest import encode

    if value is None:
        return ""
    return encode(value).decode() if isinstance(value, (dict, list)) else str(value)
