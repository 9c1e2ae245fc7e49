"""What the loop, the verifier and the recorder need of a world.

Every world is a standard environment first (`pettingzoo.AECEnv` for dialogue, `gymnasium.Env` for one body); these
are the few things beyond that standard which make its episodes reproducible and provable.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Protocol, cast, runtime_checkable

from numpy.typing import NDArray

from gristmill.errors import UsageError
from gristmill.types import Act, Brief, Check, Entry, Episode, Scenario

__all__ = ["Rows", "Simulation", "Turns", "World", "other_platform", "turns"]


@runtime_checkable
class World(Protocol):
    """A world with seats.

    Attributes:
        id: Farama's `namespace/name-vN`.
        version: changes whenever the world's code does.
        possible_agents: the seats, in the order in which they are listed.
    """

    @property
    def id(self) -> str:
        """A class may say it for all its instances."""
        ...

    @property
    def version(self) -> str:
        """It may be found out when it is asked for."""
        ...

    @property
    def possible_agents(self) -> list[str]:
        """A class may say it for all its instances."""
        ...

    def scenario(self, seed: int, index: int) -> Scenario:
        """Return draw `index` under `seed`; a pure function of both."""
        ...

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> Any:
        """Start an episode of `options["scenario"]`, or of one drawn from `seed`."""
        ...

    def brief(self, seat: str) -> Brief:
        """Return what `seat` is told before its first act, once the world was reset."""
        ...

    def checks(self, episode: Episode) -> Iterable[Check]:
        """Judge a recorded episode; a pure function of the record.

        Findings that are made one by one are asked for in turns with those about other episodes.
        """
        ...

    def close(self) -> None:
        """Release what the world holds."""
        ...


class Turns(World, Protocol):
    """A world whose seats take turns.

    Attributes:
        agents: the seats still playing; empty when the episode is over.
        agent_selection: the seat to act next.
    """

    agents: list[str]
    agent_selection: str
    terminations: dict[str, bool]
    truncations: dict[str, bool]

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

    def mutating(self) -> Mapping[str, bool]:
        """Return, for every tool, whether it may change the state."""
        ...


@runtime_checkable
class Simulation(World, Protocol):
    """A world of one body, simulated in control steps; many episodes of it run at once.

    Attributes:
        platform: what results depend on to the last bit, beside the code: engine and class of machine.
    """

    @property
    def platform(self) -> Mapping[str, str]:
        """A class may say it for all its instances."""
        ...

    def vector(self, rows: int) -> "Rows":
        """Return an environment of many rows, which do not start anew by themselves."""
        ...


def turns(world: World) -> Turns:
    """Return a world as one whose seats take turns.

    Raises:
        UsageError: when it is a simulation.
    """
    if isinstance(world, Simulation):
        raise UsageError(f"Expected a world whose seats take turns, got {world.id}, which is a simulation.")
    return cast(Turns, world)  # some of what such a world has is there only once it was reset


def other_platform(world: Simulation, episode: Episode) -> dict[str, str]:
    """Return the platform that a record names, empty if it is that of `world`."""
    start: Entry = next((one for one in episode.entries if one.get("event") == "start"), {})
    named = {key: value for key in world.platform if isinstance(value := start.get(key), str) and value}
    # A record that keeps back where it was made is no record of another platform.
    return named if len(named) == len(world.platform) and named != dict(world.platform) else {}


class Rows(Protocol):
    """A `gymnasium.vector.VectorEnv` whose rows can be given scenarios, and tell of themselves."""

    num_envs: int
    single_action_space: Any
    metadata: dict[str, Any]

    @property
    def live(self) -> NDArray[Any]:
        """Which rows go on, [rows] bool."""
        ...

    def reset(
        self, *, seed: Any = None, options: dict[str, Any] | None = None
    ) -> tuple[dict[str, NDArray[Any]], dict[str, Any]]:
        """Start the first rows with `options["scenarios"]`, one each.

        `seed` has one for every row.
        """
        ...

    def step(
        self, actions: NDArray[Any]
    ) -> tuple[dict[str, NDArray[Any]], NDArray[Any], NDArray[Any], NDArray[Any], dict[str, Any]]:
        """Step all rows that go on."""
        ...

    def fault(self, row: int) -> str:
        """Return why a row broke, empty if it did not."""
        ...

    def entries(self, row: int) -> list[Entry]:
        """Return the log of a row: how it began, and what happened to it."""
        ...

    def state(self, row: int) -> Any:
        """Return the final state of a row as plain data."""
        ...

    def render(self) -> Any:
        """Return a picture of every row, [height, width, 3] uint8 each."""
        ...

    def close(self) -> None:
        """Release what the rows hold."""
        ...
