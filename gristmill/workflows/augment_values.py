"""The values of one scenario in place of those of another, wherever a dialogue names them."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from gristmill.nested import mapped

__all__ = ["Renaming"]

_STRUCTURE = frozenset({"from", "to", "call", "tool"})  # keys of an entry that name seats and tools


class Renaming:
    """Puts the new values of a scenario in place of the old ones, in texts and elsewhere.

    Capitals follow the old value, so that an e-mail address that is made of names goes with them.
    """

    def __init__(self, mapping: Mapping[str, Any]) -> None:
        self._mapping = mapping
        several = sorted(mapping, key=lambda one: (-len(one), one))
        self._pattern = re.compile("|".join(map(_whole, several)), re.IGNORECASE)
        self._folded = {one.casefold(): one for one in mapping}

    @classmethod
    def of(cls, old: Mapping[str, Any], new: Mapping[str, Any]) -> "Renaming | None":
        """Return what renames the old values; None where one would have to become two."""
        mapping: dict[str, Any] = {}
        same: set[str] = set()
        for was, now in _pairs(old, new):
            if was == now:
                same.add(str(was).casefold())
            elif mapping.setdefault(str(was), now) != now:
                return None
        if same & {one.casefold() for one in mapping} or not mapping:
            return None if mapping else cls({"\0": ""})
        return cls(mapping)

    def __call__(self, value: Any) -> Any:
        """Return plain data with the new values."""
        return mapped(value, self._renamed, keep=_STRUCTURE)

    def _renamed(self, value: Any) -> Any:
        if type(value) in (int, float):
            return self._mapping.get(str(value), value)
        return self._pattern.sub(self._new, value) if isinstance(value, str) else value

    def _new(self, found: re.Match[str]) -> str:
        old = self._folded[found[0].casefold()]
        new = str(self._mapping[old])
        if found[0] == old:
            return new
        return new.lower() if found[0].islower() else new.upper() if found[0].isupper() else new


def _whole(value: str) -> str:
    """Return a pattern for a value where it stands alone; a name may have digits beside it, as in an e-mail address."""
    if value.isalpha():
        return rf"(?<![^\W\d_]){value}(?![^\W\d_])"
    # The digits behind a point are no number of their own.
    return rf"(?<!\w)(?<!\d\.){re.escape(value)}(?!\w|\.\d)"


def _pairs(old: Any, new: Any) -> Iterator[tuple[Any, Any]]:
    """Yield the values that stand at the same place of two scenarios, flags aside."""
    if isinstance(old, dict) and isinstance(new, dict):
        for name in old.keys() & new.keys():
            yield from _pairs(old[name], new[name])
    elif isinstance(old, list) and isinstance(new, list):
        for one, other in zip(old, new, strict=False):
            yield from _pairs(one, other)
    elif type(old) in (str, int, float) and type(new) in (str, int, float):
        yield old, new
