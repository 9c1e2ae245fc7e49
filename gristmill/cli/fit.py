"""`gristmill fit`."""

import shlex
from pathlib import Path
from typing import Annotated, Any

import typer

from gristmill.cli.shared import Json, Seed, anew, answer, console, table

_SHOWN = 3  # of a list
_ABOUT = ("when", "missing", "hidden")


def command(
    real: Annotated[Path, typer.Argument(metavar="REAL", help="The real table: .parquet, .csv or .jsonl.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="The template, a .toml file.")] = Path(
        "template.toml"
    ),
    name: Annotated[str, typer.Option(help="Name of the template; by default that of the file.")] = "",
    least: Annotated[
        int,
        typer.Option(
            "--least", "-k", min=1, help="Write no value that occurs in fewer rows, and no figure of fewer."
        ),
    ] = 10,
    limit: Annotated[int, typer.Option(min=1, help="Rows to look at, drawn at random.")] = 200_000,
    seed: Seed = 0,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace a template that is there.")] = False,
    json: Json = False,
) -> None:
    """Fit a template to a real table: a distribution for each column, on which category it depends, what adds up, and how numbers go together.

    No text that is rare is written, no e-mail or IP address, no number of a phone, an account or a card, and no name or address
    in a column that is called so; the file says of which columns texts are written. The columns may stand in another order, for
    what others depend on comes before them.

    Example: gristmill fit real.parquet --out payments.toml
    """
    from gristmill.workflows.fitting import fit_file

    with anew():
        found = fit_file(real, out, name=name, least=least, seed=seed, limit=limit, overwrite=overwrite)
    if json:
        answer(
            {
                "template": str(out),
                "fields": found.template["fields"],
                "correlated": found.template.get("correlated", []),
                "notes": found.notes,
                "keys": found.keys,
                "rows": found.rows,
            }
        )
        return
    shown = table("column", "kind", "how", "note")
    for column in dict.fromkeys([*found.template["fields"], *found.notes]):
        entry = dict(found.template["fields"].get(column, {}))
        kind = entry.pop("kind", "")
        shown.add_row(
            column, kind, _brief(entry), found.notes.get(column, ""), style=None if kind else "yellow"
        )
    console().print(shown)
    for group in found.template.get("correlated", []):
        console().print(f"together: {', '.join(group['fields'])}")
    console().print(f"The template: {out}")
    if found.keys:
        keys = "".join(f" --key {shlex.quote(one)}" for one in found.keys)
        console().print(f"Compare with: gristmill fidelity {shlex.quote(str(real))} SYNTHETIC{keys}")


def _brief(entry: dict[str, Any]) -> str:
    if "cases" in entry:
        kinds = [f"{name}: {one['kind']}" for name, one in entry["cases"].items()]
        entry = {"of": entry["of"], "cases": kinds} | {key: entry[key] for key in entry if key in _ABOUT}
    return ", ".join(f"{name} {_said(value)}" for name, value in entry.items() if name != "weights")


def _said(value: Any) -> str:
    if isinstance(value, list):
        more = f", … {len(value)} in all" if len(value) > _SHOWN else ""
        return ", ".join(map(str, value[:_SHOWN])) + more
    if isinstance(value, dict):
        return ", ".join(f"{name} is {_said(one)}" for name, one in value.items())
    return str(value)
