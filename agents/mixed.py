"""`mixed`: one of several policies, drawn for every episode, so that play has many opponents and not one."""

from collections.abc import Sequence
from typing import Any

from gristmill import registry
from gristmill.agents._based import inner_policy
from gristmill.digest import digest
from gristmill.errors import EpisodeError, UsageError
from gristmill.policy import Place, Policy, Session, policy, source_of
from gristmill.seeding import derive
from gristmill.types import Act, Brief, Entry

__all__ = ["Mixed", "mixed"]


@policy("*", "*", "mixed")
def mixed(place: Place, *, of: str) -> Policy:
    """Play as one of the policies in `of`, drawn for every episode: their specs, with `|` between them.

    One that is named twice is drawn twice as often. In a spec within a spec, `&` is written as `%26`.
    """
    if hasattr(registry.world(place.world).kind, "vector"):
        raise UsageError(
            f"Expected a world whose seats take turns for mixed, got {place.world}, a simulation."
        )
    specs = [one for one in of.split("|") if one]
    if len(specs) < 2:
        raise UsageError(f"Expected several policies with | between them, as boulware|conceder, got {of!r}.")
    return Mixed(place.spec, [inner_policy(place, one) for one in specs])


class Mixed:
    """Several policies, one of which plays an episode; see `gristmill.policy.Policy`."""

    def __init__(self, name: str, parts: Sequence[Policy]) -> None:
        self.name, self._parts = name, parts
        self.digest = digest([source_of(mixed), [one.digest for one in parts]])
        self.generation = max(one.generation for one in parts)
        self.width = min([one.width for one in parts if one.width], default=0)

    def begin(self, briefs: Sequence[Brief], seeds: Sequence[int]) -> Session:
        """Open a session of every policy that was drawn, over the episodes that are its own."""
        drawn = [derive(seed, "mixed") % len(self._parts) for seed in seeds]
        sessions: dict[int, Session] = {}
        places = [0] * len(drawn)
        for part in set(drawn):
            rows = [row for row, one in enumerate(drawn) if one == part]
            sessions[part] = self._parts[part].begin(
                [briefs[row] for row in rows], [seeds[row] for row in rows]
            )
            for place, row in enumerate(rows):
                places[row] = place
        return _MixedSession(sessions, drawn, places)


class _MixedSession:
    def __init__(self, sessions: dict[int, Session], drawn: list[int], places: list[int]) -> None:
        self._sessions, self._drawn, self._places = sessions, drawn, places

    def act(self, rows: Sequence[int], observations: Sequence[list[Entry]]) -> Sequence[Act | EpisodeError]:
        waiting: dict[int, list[int]] = {}
        for number, row in enumerate(rows):
            waiting.setdefault(self._drawn[row], []).append(number)
        acts: dict[int, Act | EpisodeError] = {}
        for part, numbers in waiting.items():
            places = [self._places[rows[number]] for number in numbers]
            given = self._sessions[part].act(places, [observations[number] for number in numbers])
            acts |= dict(zip(numbers, given, strict=True))
        return [acts[number] for number in range(len(rows))]

    def notes(self, row: int) -> dict[str, Any]:
        """Return what the policy that plays an episode notes about it, nothing if it notes nothing."""
        session = self._sessions[self._drawn[row]]
        found: dict[str, Any] = session.notes(self._places[row]) if hasattr(session, "notes") else {}
        return found
