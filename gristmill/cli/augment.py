"""`gristmill augment`."""

from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gristmill.cli.shared import Json, Seed, anew, answer, bar, console, counted, percent, table

if TYPE_CHECKING:
    from gristmill.workflows.augment import AugmentReport


def _list(wanted: bool) -> None:
    if not wanted:
        return
    from gristmill.generators.augment import AUGMENTATIONS

    shown = table("name", "what it does", "what it keeps", "rate")
    for kind in AUGMENTATIONS.values():
        shown.add_row(kind.name, kind.about, kind.keeps, f"{kind.usual:g}")
    console().print(shown)
    raise typer.Exit


def command(
    source: Annotated[
        Path,
        typer.Argument(
            metavar="SOURCE",
            help="Rows of text or chat messages (*.jsonl, *.parquet), scenarios (*.jsonl), or a run directory.",
        ),
    ],
    out: Annotated[
        Path, typer.Option("--out", "-o", help="The file, or of a run the run directory, to write.")
    ],
    with_: Annotated[
        str,
        typer.Option(
            "--with",
            metavar="NAME,…",
            help="Each makes copies of its own; 'a|b' is a, then b, and ?rate=0.2 sets how much: synonyms, paraphrase, contractions, "
            "typos, casing, spacing, random-tokens; of whole rows swap-gender, swap-names, swap-roles, refill.",
        ),
    ] = "",
    copies: Annotated[
        int, typer.Option(min=1, help="Copies that each makes of a row, scenario or episode.")
    ] = 1,
    seed: Seed = 0,
    role: Annotated[
        list[str] | None,
        typer.Option(help="Chat messages of this role are changed; repeatable. Default: user."),
    ] = None,
    column: Annotated[str, typer.Option(help="Column of the text or messages, if it has another name.")] = "",
    resample: Annotated[
        str,
        typer.Option(
            metavar="FIELD,…",
            help="Of scenarios and runs: fields of the scenario that are drawn again, such as zip,requests.item.",
        ),
    ] = "",
    world: Annotated[str, typer.Option(help="Of scenarios that do not name their world: which it is.")] = "",
    view: Annotated[str, typer.Option(help="Of a run: the view that keeps the episodes.")] = "default",
    seat: Annotated[
        str | None,
        typer.Option(
            help="Of a run: the seat whose acts are to be learnt and stay as they are; by default the view's, else agent."
        ),
    ] = None,
    list_: Annotated[
        bool,
        typer.Option(
            "--list", is_eager=True, callback=_list, help="Say what each augmentation does, and leave."
        ),
    ] = False,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace a file that is there.")] = False,
    json: Json = False,
) -> None:
    """Write copies in other words, with a link to the parent of each.

    Of chats, the user's words change and what is to be learnt stays, except that whole-row augmentations change both sides
    alike. Episodes of a run are played again with the other seats' words changed, and judged again; what no longer passes
    stays on record and is not kept. Scenarios have fields drawn again.

    Example: gristmill augment chats.jsonl --with typos,synonyms --copies 2 --out more.jsonl

    Example: gristmill augment runs/noisy --with "paraphrase|typos" --out runs/reworded

    Example: gristmill augment scenarios.jsonl --resample zip,fault --copies 5 --out like-them.jsonl
    """
    from gristmill.errors import UsageError
    from gristmill.workflows.augment import augment_rows
    from gristmill.workflows.augment_runs import augment_run
    from gristmill.workflows.augment_scenarios import augment_scenarios

    specs, fields = _listed(with_), _listed(resample)
    if not specs and not fields:
        raise UsageError("Expected --with for words or --resample for scenarios, got neither.")
    with nullcontext() if source.is_dir() else anew(), bar("augmenting") as progress:  # a run is gone on with
        if source.is_dir():
            report = augment_run(
                source,
                out,
                specs,
                resample=fields,
                copies=copies,
                seed=seed,
                view=view,
                seat=seat,
                progress=progress,
            )
        elif fields:
            if specs:
                raise UsageError(
                    f"Expected --resample alone for scenarios, which have no words, got --with {with_}, too."
                )
            report = augment_scenarios(
                source,
                out,
                fields,
                world=world,
                copies=copies,
                seed=seed,
                overwrite=overwrite,
                progress=progress,
            )
        else:
            report = augment_rows(
                source, out, specs, copies=copies, seed=seed, roles=role or ["user"], column=column, overwrite=overwrite,
                progress=progress,
            )  # fmt: skip
    if json:
        answer(report)
    else:
        _print(report, source)
    if not report.written:
        raise typer.Exit(1)


def _listed(text: str) -> list[str]:
    return [one.strip() for one in text.split(",") if one.strip()]


def _print(report: "AugmentReport", source: Path) -> None:
    out = console()
    if report.verdicts:
        shown = table("augmentation", "copies", "pass", "", "what kept the others from passing")
        for spec, number in report.written.items():
            passed = report.verdicts.get(spec, {}).get("pass", 0)
            shown.add_row(
                spec,
                f"{number:,}",
                f"{passed:,}",
                percent(passed, number),
                counted(report.reasons.get(spec, {}), most=3),
            )
        out.print(shown)
        out.print(f"{report.kept:,} of {sum(report.written.values()):,} copies kept in {report.out}")
    else:
        total = sum(report.written.values())
        out.print(
            f"{total:,} copies of {report.parents:,} in {report.out}: {counted(report.written) or 'none'}"
        )
    if report.left_out:
        out.print(f"left out: {counted(report.left_out)}", style="yellow")
