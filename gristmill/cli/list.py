"""`gristmill list`."""

from typing import Annotated

import typer

from gristmill.cli.shared import Json, answer, console, table
from gristmill.errors import unknown

_WHAT = ("worlds", "templates")


def command(
    what: Annotated[str, typer.Argument(metavar="[worlds|templates]", help="What to list.")] = "worlds",
    json: Json = False,
) -> None:
    """List the installed worlds, or the built-in templates; a broken plugin is listed with its error.

    Example: gristmill list

    Example: gristmill list templates
    """
    if what not in _WHAT:
        raise unknown("list", what, _WHAT)
    if what == "worlds":
        from gristmill.registry import worlds as listing
    else:
        from gristmill.generators.template import listed as listing
    found = listing()
    if json:
        answer(found)
        return
    shown = table(what.removesuffix("s"), "what it is", "from")
    for one in found:
        shown.add_row(
            one.name,
            f"broken: {one.error}" if one.error else one.about,
            one.source,
            style="red" if one.error else None,
        )
    console().print(shown)
