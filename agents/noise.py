"""`noisy`: another policy whose acts are dropped, altered or reordered at a rate.

What it plays is like a raw log: mostly right, sometimes subtly wrong, and nothing in the text says which. At rate
0 it plays exactly as the policy it is based on.
"""

import random
import re
from collections.abc import Sequence
from typing import Any

from gristmill.agents._based import based_on
from gristmill.agents._schemas import parameters, random_call, random_value
from gristmill.digest import digest
from gristmill.errors import EpisodeError, UsageError
from gristmill.policy import Place, Policy, Session, policy, source_of
from gristmill.seeding import stream
from gristmill.types import Act, Brief, Entry, call, say
from gristmill.wording import Phrase, Wording

__all__ = ["Noisy", "noisy"]

# Varied as everything else that is said: one fixed sentence would be the likeliest opening of any message.
_FILLER = Phrase(
    "[One moment|Just a moment|One second|Bear with me|Hold on|Let me see|A little patience|Hang on]"
    "[, please|, thanks| for me| now|, I am on it|][.|, I will be right back.|, I am looking.|, thank you for waiting.]"
)
_NUMBER = re.compile(r"\d+")


@policy("*", "*", "noisy")
def noisy(place: Place, *, base: str = "expert", rate: float = 0.1, **of_base: str) -> Policy:
    """Play as `base`, dropping, altering or reordering acts at `rate`; further parameters are those of `base`."""
    if not 0 <= rate <= 1:
        raise UsageError(f"Expected a rate between 0 and 1, got {rate}.")
    return Noisy(place.spec, based_on(place, base, of_base, ("base", "rate")), rate)


class Noisy:
    """A policy that spoils the acts of another; see `gristmill.policy.Policy`."""

    def __init__(self, name: str, base: Policy, rate: float) -> None:
        self.name, self._base, self._rate = name, base, rate
        self.digest = digest([source_of(noisy), base.digest, rate])
        self.generation, self.width = base.generation, base.width

    def begin(self, briefs: Sequence[Brief], seeds: Sequence[int]) -> Session:
        """Open a session of the base, and a stream of noise per episode."""
        rows = [
            _Row(brief, stream(seed, "noise"), self._rate) for brief, seed in zip(briefs, seeds, strict=True)
        ]
        return _NoisySession(self._base.begin(briefs, seeds), rows)


class _NoisySession:
    def __init__(self, base: Session, rows: list["_Row"]) -> None:
        self._base, self._rows = base, rows

    def act(self, rows: Sequence[int], observations: Sequence[list[Entry]]) -> Sequence[Act | EpisodeError]:
        for row, seen in zip(rows, observations, strict=True):
            self._rows[row].unseen += seen
        fresh = self._ask([row for row in rows if not self._rows[row].held])
        acts: dict[int, Act | EpisodeError] = {
            row: self._rows[row].held.pop() for row in rows if row not in fresh
        }
        late: dict[int, Act] = {}
        for row, act in fresh.items():
            if isinstance(act, EpisodeError):
                acts[row] = act
                continue
            change = self._rows[row].roll()
            if change == "reorder":
                late[row] = act
            else:
                acts[row] = self._rows[row].spoil(act) if change == "spoil" else act
        # The act that is put off is made next time; the base is asked for the one after it, none the wiser.
        for row, act in self._ask(list(late)).items():
            self._rows[row].held.append(late[row])
            acts[row] = act
        return [acts[row] for row in rows]

    def notes(self, row: int) -> dict[str, Any]:
        """Return what the base notes about an episode, nothing if it notes nothing."""
        found: dict[str, Any] = self._base.notes(row) if hasattr(self._base, "notes") else {}
        return found

    def _ask(self, rows: list[int]) -> dict[int, Act | EpisodeError]:
        """Return the next act of the base for each row; where noise has brought it down, a filler."""
        found: dict[int, Act | EpisodeError] = {
            row: self._rows[row].filler() for row in rows if self._rows[row].lost
        }
        rows = [row for row in rows if row not in found]
        seen = [self._rows[row].take() for row in rows]
        if not rows:
            return found
        try:
            given = list(self._base.act(rows, seen))
        except Exception as error:
            if not all(self._rows[row].touched for row in rows):
                raise  # a fault of the base itself
            given = [EpisodeError("base", str(error)) for _ in rows]
        for row, act in zip(rows, given, strict=True):
            if isinstance(act, EpisodeError) and self._rows[row].touched:
                self._rows[row].lost = True
                act = self._rows[row].filler()
            found[row] = act
        return found


class _Row:
    """One episode: its noise, what the base has yet to see, and acts that were put off."""

    def __init__(self, brief: Brief, rng: random.Random, rate: float) -> None:
        self._tools, self._rng, self._rate = brief.tools, rng, rate
        self._words = Wording(rng)
        self.unseen: list[Entry] = []
        self.held: list[Act] = []
        self.touched = self.lost = False

    def take(self) -> list[Entry]:
        """Return what the base has yet to see, and count it as seen."""
        seen, self.unseen = self.unseen, []
        return seen

    def roll(self) -> str:
        """Return what is to be done with an act: nothing, `spoil` or `reorder`."""
        if self._rng.random() >= self._rate:
            return ""
        self.touched = True
        return "reorder" if self._rng.random() < 0.2 else "spoil"

    def filler(self) -> Act:
        """Return something to say that says nothing."""
        return say(self._words(_FILLER))

    def spoil(self, act: Act) -> Act:
        """Drop the act, or alter it."""
        if self._rng.random() < 0.4:
            return self.filler()
        if "call" in act:
            return self._alter_call(act)
        number = list(_NUMBER.finditer(act.get("say", "")))
        if not number:
            return self.filler()
        start, end = self._rng.choice(number).span()
        text: str = act["say"]
        return say(text[:start] + _other_text(text[start:end], self._rng) + text[end:])

    def _alter_call(self, act: Act) -> Act:
        schemas = dict(map(parameters, self._tools))
        args, schema = act["args"], schemas.get(act["call"], {})
        if not args or self._rng.random() < 0.3:
            return self._other_tool(act)
        name = self._rng.choice(sorted(args))
        value = self._other_value(
            args[name], schema.get("properties", {}).get(name, {}), schema.get("$defs", {})
        )
        return call(act["call"], **{**args, name: value})

    def _other_tool(self, act: Act) -> Act:
        """Return a call of another tool, with the same arguments as far as it takes them."""
        others = [tool for tool in self._tools if parameters(tool)[0] != act["call"]]
        if not others:
            return self.filler()
        known = [value for value in act["args"].values() if isinstance(value, str)]
        other = random_call(others, self._rng, known)
        shared = {name: act["args"][name] for name in other["args"] if name in act["args"]}
        return call(other["call"], **{**other["args"], **shared})

    def _other_value(self, value: Any, schema: dict[str, Any], shared: dict[str, Any]) -> Any:
        options = [option for option in schema.get("enum", ()) if option != value]
        if options:
            return self._rng.choice(options)
        if isinstance(value, str) and value:
            return _other_text(value, self._rng)
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            return value + self._rng.choice((-1, 1))
        return random_value(schema, self._rng, (), shared)


def _other_text(text: str, rng: random.Random) -> str:
    """Return `text` with one digit, or if there is none one character, exchanged for another."""
    digits = [place for place, mark in enumerate(text) if mark.isdigit()]
    place = rng.choice(digits or range(len(text)))
    others = "0123456789" if digits else "abcdefghijklmnopqrstuvwxyz"
    return text[:place] + rng.choice([mark for mark in others if mark != text[place]]) + text[place + 1 :]
