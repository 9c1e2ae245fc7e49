"""Who gets which items, as a sentence says it; in lower case, with `#` for its figures.

What comes before the first figure only decides whose it is, and there are few ways to go on from there, so that both are
read once.
"""

import re
from collections.abc import Iterable
from functools import lru_cache

from gristmill.envs.negotiation.disclosure import FORMS, NUMBER_WORDS, may_tell
from gristmill.envs.negotiation.scenarios import ITEMS

__all__ = ["split", "start"]

_ITEM = "|".join(f"{name}s?" for name in (one[:-1] for one in ITEMS))
_TOKEN = re.compile(
    rf"(?P<for>\b(?:for|to) (?:me|us|you|yourself|myself)\b|\b(?:are|is|being) (?:mine|yours)\b)"
    rf"|(?P<me>\b(?:i|me|my|mine|we|us|our|myself)\b)"
    rf"|(?P<you>\b(?:you|your|yours|yourself)\b)"
    rf"|# (?:of (?:the |my |your )?|more )?(?P<item>{_ITEM})\b"
    rf"|(?P<word>\b(?:{NUMBER_WORDS})\b) (?:of (?:the )?)?(?:{_ITEM})\b"
    rf"|(?P<figure>#)"
    rf"|(?P<list>,? ?\band\b|,)"
    rf"|(?P<end>[.;!?\n])"
    rf"|(?P<other>[a-z]+)"
)


@lru_cache(FORMS)
def start(before: str) -> tuple[bool | None, str, int]:
    """Return whose a figure is that comes next, what is wrong so far, and what that `may_tell`."""
    reader = _read(before, None, "")
    return reader.owner, reader.unclear, may_tell(f"{before}#")


@lru_cache(FORMS)
def split(
    text: str, owner: bool | None, unclear: str
) -> tuple[tuple[tuple[bool, str] | None, ...], str, int]:
    """Return the roles of a sentence from its first figure on, what is wrong with it, and what that `may_tell`."""
    reader = _read(text, owner, unclear)
    if not reader.unclear and None in reader.roles:
        reader.unclear = "does not say who gets what"
    return tuple(reader.roles), reader.unclear, may_tell(text)


def _read(text: str, owner: bool | None, unclear: str) -> "_Reader":
    """Return what has been read at the end of a text, from whose its figures are at its start."""
    reader = _Reader(owner, unclear)
    for token in _TOKEN.finditer(text):
        reader.take(token)
    return reader


class _Reader:
    """Reads who gets what: by the nearest word before it that means me or you, or by "for you" right behind its list."""

    def __init__(self, owner: bool | None, unclear: str) -> None:
        self.owner, self.unclear = owner, unclear
        self.roles: list[tuple[bool, str] | None] = []
        self.items: dict[int, str] = {}  # by place
        self.list: list[int] = []  # places of the list that goes on

    def take(self, token: re.Match[str]) -> None:
        """Take in a token."""
        kind = token.lastgroup
        if kind == "item":
            self._item(token["item"].rstrip("s") + "s")
        elif kind == "for":
            self._own(self.list, mine=token["for"].endswith(("me", "us", "myself", "mine")))
            self.list = []
        elif kind in ("me", "you"):
            # What was named before anybody was is theirs: "2 books are what I keep".
            self._own([at for at in self.items if self.roles[at] is None], mine=kind == "me")
            self.owner, self.list = kind == "me", []
        elif kind in ("end", "other"):
            self.list = []
            self.owner = None if kind == "end" else self.owner
        elif kind == "word":
            self.unclear = f"names {token[0]!r} in words"
        elif kind == "figure":
            self.roles.append(None)
            self.unclear = self.unclear or "names a figure without its items"

    def _item(self, name: str) -> None:
        self.items[len(self.roles)] = name
        self.list.append(len(self.roles))
        self.roles.append(None if self.owner is None else (self.owner, name))

    def _own(self, places: Iterable[int], *, mine: bool) -> None:
        for place in places:
            self.roles[place] = mine, self.items[place]
