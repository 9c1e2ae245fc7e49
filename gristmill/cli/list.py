"""`gristmill list`."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from gristmill.cli.shared import Json, answer, console, table
from gristmill.errors import unknown

if TYPE_CHECKING:
    from gristmill.plugins import Listing

_WHAT = ("worlds", "templates")


def command(
    what: Annotated[str, typer.Argument(metavar="[worlds|templates]", help="What to list.")] = "worlds",
    json: Json = False,
) -> None:
    """List the installed worlds, or templates; a broken plugin is listed with its error.

    Example: gristmill list

    Example: gristmill list templates
    """
    if what not in _WHAT:
        raise unknown("list", what, _WHAT)
    if what == "worlds":
        from gristmill.registry import worlds

        _show(worlds(), "world", json)
    else:
        from gristmill.generators.template import listed

        found = listed()
        _show(found, "template", json, documents={one.name: ", ".join(one.documents) for one in found})


def _show(found: "Sequence[Listing]", what: str, json: bool, **more: Mapping[str, str]) -> None:
    """Show a list, with more columns, of what there is to say by name."""
    if json:
        answer(found)
        return
    shown = table(what, "what it is", *more, "from")
    for one in found:
        about = f"broken: {one.error}" if one.error else one.about
        others = [column[one.name] for column in more.values()]
        shown.add_row(one.name, about, *others, one.source, style="red" if one.error else None)
    console().print(shown)
