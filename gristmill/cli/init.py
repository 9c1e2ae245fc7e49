"""`gristmill init`."""

import re
from pathlib import Path
from typing import Annotated, Literal

import typer

from gristmill.cli.shared import Json, answer

_NAME = re.compile(r"(?:([a-z][a-z0-9_-]*)/)?([a-z][a-z0-9_-]*)")


def command(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Such as bike-desk, or myteam/bike-desk.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder to write the file to.")] = Path(),
    kind: Annotated[
        Literal["dialogue", "robot"], typer.Option(help="A dialogue with tools, or a body in MuJoCo.")
    ] = "dialogue",
    json: Json = False,
) -> None:
    """Write a plugin, one file with a world, experts for its seats and a test, that passes `check` as it is.

    Example: gristmill init bike-desk && gristmill check bike_desk.py
    """
    from importlib.resources import files

    from gristmill.errors import UsageError

    match = _NAME.fullmatch(name)
    if match is None:
        raise UsageError(
            f"Expected a name such as bike-desk or myteam/bike-desk, in small letters, got {name!r}."
        )
    module = match[2].replace("-", "_")
    slots = {
        "@ID@": f"{match[1] or 'local'}/{match[2]}-v1",
        "@CLASS@": "".join(part.capitalize() for part in module.split("_")),
        "@NAME@": module,
    }
    text = files("gristmill.cli").joinpath(f"assets/{kind}.py.txt").read_text(encoding="utf-8")
    for slot, value in slots.items():
        text = text.replace(slot, value)
    path = out / f"{module}.py"
    if path.exists() and path.read_text(encoding="utf-8") != text:
        raise UsageError(f"Expected no file at {path}, got one that differs; choose another name or folder.")
    out.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    if json:
        answer({"path": str(path), "id": slots["@ID@"], "class": slots["@CLASS@"]})
    else:
        print(f"{path} holds {slots['@ID@']}. Next: gristmill check {path}")
