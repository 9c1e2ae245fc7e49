"""`gristmill rare verify`."""

import typer

from gristmill.cli.rare.score import Set, WorldOf
from gristmill.cli.shared import Jobs, Json, answer, console

_SHOWN = 10  # records that differ


def command(set_: Set, world: WorldOf = "", jobs: Jobs = 1, json: Json = False) -> None:
    """Replay every record of an evaluation set in a fresh world; exit code 1 when one comes out otherwise.

    Example: gristmill rare verify sets/highway --jobs 2
    """
    from gristmill.workflows.rare.verifying import verify

    found = verify(set_, world=world, jobs=jobs)
    if json:
        answer(found)
    else:
        out = console()
        share = f"{found.reproduced:,} of {found.records:,}"
        out.print(f"Reproduced in a fresh world: {share}", style="red" if found.differing else "green")
        for one in found.differing[:_SHOWN]:
            out.print(f"{one.id}: {one.what}")
        if len(found.differing) > _SHOWN:
            out.print(f"and {len(found.differing) - _SHOWN:,} more")
    if found.differing:
        raise typer.Exit(1)
