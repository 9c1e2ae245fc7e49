"""`gristmill rewrite`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from gristmill.cli.shared import Json, Seed, answer, bar, console, counted, percent, table

if TYPE_CHECKING:
    from gristmill.workflows.rewrite import RewriteReport

_EVERY = 10.0  # seconds between lines of progress where there is no terminal


def command(
    source: Annotated[
        Path,
        typer.Argument(
            metavar="SOURCE", help="A file of JSON lines, a text, or a folder of texts (.txt, .md)."
        ),
    ],
    step: Annotated[
        Literal["paraphrase", "translate", "reverse", "questions"],
        typer.Option(
            help="Say it in other words; translate it and back; write the request that it answers; or ask what a "
            "document answers."
        ),
    ],
    model: Annotated[
        str,
        typer.Option(
            metavar="MODEL@URL",
            help="The model and its OpenAI-compatible endpoint, with what the seat `chat` takes, such as "
            "?temperature=0.7&rpm=60&budget_requests=1000&budget_tokens=500000.",
        ),
    ],
    out: Annotated[Path, typer.Option("--out", "-o", help="The file of JSON lines to write.")],
    to: Annotated[str, typer.Option(help="Language to translate into, such as German or de.")] = "",
    field: Annotated[
        str, typer.Option(help="Of a line, where its text stands; by default instruction, response or text.")
    ] = "",
    count: Annotated[int, typer.Option(min=1, help="Questions about each part of a document.")] = 3,
    tries: Annotated[int, typer.Option(min=1, help="How often what does not pass is asked for.")] = 2,
    limit: Annotated[int | None, typer.Option(min=1, help="Most lines or documents to work on.")] = None,
    seed: Seed = 0,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace a file that is there.")] = False,
    json: Json = False,
) -> None:
    """Let a language model rewrite texts, and keep what passes a check that needs no model.

    Numbers, names and codes have to stay, the length and the language to fit; a translation is translated back; an answer
    must stand in its document. What does not pass lies beside the file with its reason, as do all replies: the same command
    goes on where it was interrupted, and asks nothing twice. Exit code 1 when the endpoint left something unanswered.

    Example: gristmill rewrite tasks.jsonl --step paraphrase --model my-model@http://127.0.0.1:8000/v1 --out more.jsonl

    Example: gristmill rewrite manual.md --step questions --model "my-model@http://127.0.0.1:8000/v1?rpm=60" --out qa.jsonl
    """
    from gristmill.workflows.rewrite import rewrite

    with bar("rewriting", each="texts", every=_EVERY) as progress:
        report = rewrite(
            source, step, model, out, to=to, field=field, count=count, tries=tries, limit=limit, seed=seed,
            overwrite=overwrite, progress=progress,
        )  # fmt: skip
    if json:
        answer(report)
    else:
        _print(report)
    if report.unanswered or report.left:
        raise typer.Exit(1)


def _print(report: "RewriteReport") -> None:
    out = console()
    if report.dropped:
        total = report.kept + sum(report.dropped.values())
        shown = table("dropped because", "number", "share")
        for reason, number in report.dropped.items():
            shown.add_row(reason, f"{number:,}", percent(number, total))
        out.print(shown)
    out.print(
        f"{report.kept:,} lines in {report.out}, from {report.items:,} texts; {report.requests:,} requests, "
        f"{report.cached:,} replies were there already; tokens: {report.tokens_in:,} in, {report.tokens_out:,} out."
    )
    if report.unanswered:
        out.print(f"No answer: {counted(report.unanswered, most=3).rstrip('.')}.", style="red")
    if report.left:
        out.print(f"Not asked any more: {report.left:,}.", style="red")
    if report.unanswered or report.left:
        out.print("The same command goes on.", style="red")
