"""`gristmill view`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gristmill.cli.shared import Json, Run, answer, console

if TYPE_CHECKING:
    from gristmill.types import Verdict

_SMALLEST, _LARGEST = 64, 1920  # pixels across or down


def command(
    run: Run,
    episode: Annotated[
        str | None, typer.Option("--episode", help="The episode whose id begins with this.")
    ] = None,
    status: Annotated[
        str | None, typer.Option("--status", help="One that is pass, fail, error, unverified.")
    ] = None,
    check: Annotated[str | None, typer.Option("--check", help="One that did not pass this check.")] = None,
    stratum: Annotated[str | None, typer.Option("--stratum", help="One with this in its stratum.")] = None,
    index: Annotated[int | None, typer.Option("--index", min=0, help="One of this scenario.")] = None,
    nth: Annotated[int | None, typer.Option("--nth", min=0, help="Which of the episodes that fit.")] = None,
    n: Annotated[int, typer.Option("-n", min=1, max=16, help="How many of them, side by side.")] = 1,
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", help="A film as .webp, .gif or .mp4, or as .png pictures side by side."),
    ] = None,
    size: Annotated[str, typer.Option("--size", help="Of a picture in pixels.")] = "320x240",
    fine: Annotated[
        bool | None,
        typer.Option("--fine/--fast", help="With shadows and smooth edges; by default in a .png."),
    ] = None,
    json: Json = False,
) -> None:
    """See episodes of a simulation: a film of what was done, played again from the record; green passed, red failed.

    Example: gristmill view runs/reach --status fail -n 4

    Example: gristmill view runs/reach --episode 1f0c --out strip.png
    """
    from gristmill.cli.recorded import Wanted, chosen
    from gristmill.errors import UsageError
    from gristmill.recorders.store import RunStore
    from gristmill.workflows.films import FORMATS, STRIP, Take, write
    from gristmill.workflows.outcomes import verdicts_of
    from gristmill.workflows.pictures import Studio

    if out is not None and out.suffix.lower() not in FORMATS:
        raise UsageError(f"Expected a file that ends in one of {', '.join(FORMATS)}, got {out}.")
    still = out is not None and out.suffix.lower() == ".png"
    measures = _measures(size)
    store = RunStore.open(run)
    ids = chosen(store, Wanted(episode, status, check, stratum, index, nth))[(nth or 0) :][:n]
    verdicts = verdicts_of(store, ids)
    takes = []
    with Studio(
        str(store.spec.get("world", "")), size=measures, fine=still if fine is None else fine
    ) as studio:
        for record in map(store.episode, ids):
            verdict = verdicts.get(record.id)
            found = verdict.status if verdict else "error" if record.fault else "unverified"
            shots = studio.film(record, STRIP if still else None)
            parts = [str(record.scenario.index), found, _lacking(verdict)]
            takes.append(Take(shots, ": ".join(filter(None, parts)), found))
    path = write(takes, out or Path(f"view-{ids[0][:8]}{f'-and-{len(ids) - 1}' if ids[1:] else ''}.webp"))
    if json:
        titles = [take.title for take in takes]
        answer(
            {
                "path": str(path),
                "episodes": ids,
                "titles": titles,
                "notes": [take.film.note for take in takes],
            }
        )
        return
    for take in takes:
        console().print(take.title, soft_wrap=True)
        if take.film.note:
            console().print(take.film.note, style="yellow", soft_wrap=True)
    print(path)


def _lacking(verdict: "Verdict | None") -> str:
    """Return the checks that did not pass."""
    checks = verdict.checks if verdict else ()
    return ", ".join(check.name for check in checks if check.status != "pass")


def _measures(size: str) -> tuple[int, int]:
    from gristmill.errors import UsageError

    parts = size.lower().split("x")
    if len(parts) == 2 and all(one.isdecimal() for one in parts):
        width, height = map(int, parts)
        if _SMALLEST <= min(width, height) and max(width, height) <= _LARGEST:
            return width, height
    raise UsageError(
        f"Expected a size of {_SMALLEST} to {_LARGEST} pixels each way, such as 320x240, got {size!r}."
    )
