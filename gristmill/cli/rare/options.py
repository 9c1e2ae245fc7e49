"""Options that the verbs about rare events share."""

import shlex
from typing import Annotated, Any

import typer

__all__ = ["Calls", "Fix", "Severity", "Threshold", "fixed", "typed"]

Severity = Annotated[
    str,
    typer.Option(
        metavar="NAME",
        help="Which of the world's severities, or one in a file, mine.py:name; by default its first.",
    ),
]
Threshold = Annotated[
    float | None,
    typer.Option(help="The event is a severity of at least this; by default the severity's own."),
]
Fix = Annotated[
    list[str] | None,
    typer.Option(
        metavar="FIELD=VALUE", help="A field that is not drawn; all is then given that value. Repeatable."
    ),
]
Calls = Annotated[
    int,
    typer.Option(
        min=1, help="Scenarios after which no further replicate begins; the first ones are run in any case."
    ),
]


def fixed(pairs: list[str] | None) -> dict[str, Any]:
    """Return values by field, from FIELD=VALUE; a value is JSON, or else a text.

    Raises:
        UsageError: for anything else, and for a field given twice.
    """
    import msgspec

    from gristmill.digest import decode
    from gristmill.errors import UsageError

    found: dict[str, Any] = {}
    for pair in pairs or ():
        name, sign, text = pair.partition("=")
        if not (name and sign and text):
            raise UsageError(f"Expected FIELD=VALUE such as weather=ice, got {pair!r}.")
        if name in found:
            raise UsageError(
                f"Expected one value of {name!r}, got two; a list says several: {name}='[1, 2]'."
            )
        try:
            found[name] = decode(text)
        except msgspec.DecodeError:
            found[name] = text
    return found


def typed(verb: str, world: str, **options: Any) -> str:
    """Return what to type to see a result again, by option; of a list each, and nothing for what was not given."""
    words = ["gristmill", "rare", verb, world]
    for name, value in options.items():
        several = value if isinstance(value, list) else [] if value in (None, "") else [value]
        words += [f"--{name}={f'{one:g}' if isinstance(one, float) else one}" for one in several]
    return shlex.join(words)
