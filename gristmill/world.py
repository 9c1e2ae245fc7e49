"""What the loop, the verifier and the recorder need of a world.

Every world is a standard environment first (`pettingzoo.AECEnv` for dialogue); these are the few things beyond
that standard which make its episodes reproducible and provable.
"""

from collections.abc import Mapping
from typing import Any, Protocol, runtime_checkable

from gristmill.types import Act, Brief, Check, Entry, Episode, Scenario

__all__ = ["World"]


@runtime_checkable
class World(Protocol):
    """A turn-taking world with seats.

    Attributes:
        id: Farama's `namespace/name-vN`.
        version: changes whenever the world's code does.
        possible_agents: the seats, in the order in which they are listed.
        agents: the seats still playing; empty when the episode is over.
        agent_selection: the seat to act next.
    """

    version: str
    possible_agents: list[str]
    agents: list[str]
    agent_selection: str
    terminations: dict[str, bool]
    truncations: dict[str, bool]

    @property
    def id(self) -> str:
        """A class may say it for all its instances."""
        ...

    def scenario(self, seed: int, index: int) -> Scenario:
        """Return draw `index` under `seed`; a pure function of both."""
        ...

    def reset(self, seed: int | None = None, options: dict[str, Any] | None = None) -> None:
        """Start an episode of `options["scenario"]`, or of one drawn from `seed`."""
        ...

    def brief(self, seat: str) -> Brief:
        """Return what `seat` is told before its first act."""
        ...

    def observe(self, agent: str) -> list[Entry]:
        """Return the entries that became visible to the seat since its last act, as its own copy."""
        ...

    def step(self, action: Act | None) -> None:
        """Apply the act of the seat to move; a malformed act is answered, never raised."""
        ...

    def entries(self) -> list[Entry]:
        """Return the whole transcript so far, as a copy."""
        ...

    def state(self) -> Any:
        """Return the state as plain data, canonically digestible."""
        ...

    def checks(self, episode: Episode) -> list[Check]:
        """Judge a recorded episode; a pure function of the record."""
        ...

    def mutating(self) -> Mapping[str, bool]:
        """Return, for every tool, whether it may change the state."""
        ...

    def close(self) -> None:
        """Release what the world holds."""
        ...
