"""Names that expressions can hold."""

import re
from collections.abc import Collection
from keyword import iskeyword

__all__ = ["readable", "unused"]

_READ = ("row", "True", "False", "None")  # names that an expression has for itself


def readable(name: str) -> bool:
    """Return whether an expression can read a field of this name."""
    return name.isidentifier() and name.isascii() and not iskeyword(name) and name not in _READ


def unused(name: str, used: Collection[str]) -> str:
    """Return a name that an expression can hold and no field has."""
    found = re.sub(r"\W", "_", name, flags=re.ASCII)
    found = found if found[:1].isalpha() else f"field_{found}"
    while found in used or not readable(found):
        found += "_"
    return found
