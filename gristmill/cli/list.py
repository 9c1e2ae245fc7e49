"""`gristmill list`."""

from gristmill.cli.shared import Json, answer, console, table


def command(json: Json = False) -> None:
    """List the installed worlds; a broken plugin is listed with its error.

    Example: gristmill list
    """
    from gristmill.registry import worlds

    found = worlds()
    if json:
        answer(found)
        return
    shown = table("world", "what it is", "from")
    for one in found:
        shown.add_row(
            one.name,
            f"broken: {one.error}" if one.error else one.about,
            one.source,
            style="red" if one.error else None,
        )
    console().print(shown)
