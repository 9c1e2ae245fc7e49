"""`gristmill fidelity`."""

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gristmill.cli.shared import Json, Seed, anew, answer, console, stages, table

if TYPE_CHECKING:
    from gristmill.generators.fidelity import Fidelity

_ROWS = 20  # of a table in the terminal


def command(
    real: Annotated[Path, typer.Argument(metavar="REAL", help="The real table: .parquet, .csv or .jsonl.")],
    synthetic: Annotated[Path, typer.Argument(metavar="SYNTHETIC", help="The synthetic one, of any size.")],
    key: Annotated[
        list[str] | None,
        typer.Option(metavar="COLUMN", help="A column of identifiers, not to be compared; repeatable."),
    ] = None,
    html: Annotated[Path | None, typer.Option(metavar="PATH", help="Write a page with pictures.")] = None,
    limit: Annotated[
        int,
        typer.Option(
            min=1, help="Rows of each table to look at, drawn at random; copies are sought among all."
        ),
    ] = 50_000,
    seed: Seed = 0,
    json: Json = False,
) -> None:
    """Say whether a synthetic table may stand in for a real one, where it differs, and whether its rows are copies.

    Exit code 1 means copies, or nearly. Columns that only one of the tables has are named and not compared.

    Example: gristmill fidelity real.parquet synthetic.parquet --key id --html fidelity.html
    """
    from gristmill.errors import UsageError
    from gristmill.workflows.fidelity import compare_files
    from gristmill.workflows.fidelity_page import write_fidelity

    if html and (html.suffix not in (".html", ".htm") or html.is_dir()):  # before minutes of work are lost
        raise UsageError(f"Expected a page to write such as fidelity.html, got {html}.")
    with anew(), stages() as progress:
        found = compare_files(real, synthetic, keys=key or (), seed=seed, limit=limit, progress=progress)
    if html:
        words = ["gristmill", "fidelity", str(real), str(synthetic), *(f"--key={one}" for one in key or ())]
        words += [f"--seed={seed}", f"--limit={limit}", f"--html={html}"]
        write_fidelity(found, html, title=f"{synthetic.name} against {real.name}", command=shlex.join(words))
    if json:
        answer(found)
    else:
        _show(found)
        if html:
            console().print(f"The page: {html}")
    if found.privacy.verdict in ("copies", "near-copies"):
        raise typer.Exit(1)


def _show(found: "Fidelity") -> None:
    from gristmill.workflows.fidelity import in_words, notes_words, one_sided_words, summary, verdict_words

    out = console()
    told, columns, pairs, copies = in_words(found)
    bad = found.privacy.verdict in ("copies", "near-copies")
    out.print(summary(found))
    if one_sided := one_sided_words(found):
        out.print(one_sided, style="bold yellow")
    for note in notes_words(found):
        out.print(note)
    out.print()
    out.print(verdict_words(found), style="bold")
    out.print(told, style="yellow" if found.classifier and found.classifier.tells else "green")
    out.print(copies, style="red" if bad else "yellow" if found.privacy.verdict == "too-typical" else "green")
    out.print()
    out.print(columns)
    out.print(_columns(found))
    out.print()
    out.print(pairs)
    if found.associations:
        out.print(_pairs(found))


def _columns(found: "Fidelity") -> Any:
    from gristmill.workflows.fidelity import p_words

    shown = table("column", "distance", "by chance", "shift", "missing", "p", "")
    for one in found.marginals[:_ROWS]:
        shown.add_row(
            one.name,
            f"{one.distance:.3f}",
            f"{one.chance:.3f}",
            "" if one.shift is None else f"{one.shift:.2f} sd",
            "{:.1%} → {:.1%}".format(*one.missing) if any(one.missing) else "",
            p_words(one.p),
            "differs" if one.differs else "",
            style="yellow" if one.differs else None,
        )
    return shown


def _pairs(found: "Fidelity") -> Any:
    from gristmill.workflows.fidelity import p_words

    shown = table("pair", "measure", "real", "synthetic", "p", "")
    for one in found.associations[: max(5, sum(one.differs for one in found.associations[:_ROWS]))]:
        p = "" if one.p is None else p_words(one.p)
        shown.add_row(
            f"{one.first}, {one.second}", one.measure, f"{one.real:.3f}", f"{one.synthetic:.3f}", p,
            "differs" if one.differs else "", style="yellow" if one.differs else None,
        )  # fmt: skip
    return shown
