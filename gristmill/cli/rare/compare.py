"""`gristmill rare compare`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gristmill.cli.shared import Json, answer, console

if TYPE_CHECKING:
    from gristmill.workflows.rare.scoring import Comparison

Scored = Annotated[
    Path, typer.Argument(metavar="RUN", help="A run on the set, made by `gristmill rare score --out`.")
]


def command(
    first: Scored,
    second: Scored,
    set_: Annotated[
        Path | None,
        typer.Option("--set", help="The set, where it is not any more where the first was scored."),
    ] = None,
    json: Json = False,
) -> None:
    """Say how much better the second of two policies fares on the same records, with intervals.

    Example: gristmill rare compare runs/typical runs/cautious
    """
    from gristmill.workflows.rare.scoring import compare, read_score

    found = compare(read_score(first), read_score(second), set_)
    if json:
        answer(found)
    else:
        _print(found)


def _print(found: "Comparison") -> None:
    out = console()
    out.print(f"{found.second} against {found.first}, on the same records", style="bold")
    if one := found.rate:
        out.print(
            f"Rate of the event: {one.difference:+.2g} (95 % interval {one.low:+.2g} to {one.high:+.2g}); "
            f"{one.only_second:,} records have it only with {found.second}, {one.only_first:,} only with {found.first}"
        )
        for warning in one.warnings:
            out.print(warning, style="yellow")
    else:
        out.print("The estimating records do not tell how the rates differ.", style="yellow")
    for role, share in found.survived.items():
        out.print(
            f"{role}: survives {100 * share.rate:+.1f} points (95 % interval {100 * share.low:+.1f} to "
            f"{100 * share.high:+.1f}; p = {found.p_values[role]:.2g} by McNemar's test), {share.only_after:,} records "
            f"only {found.second} does, {share.only_before:,} only {found.first}"
        )
