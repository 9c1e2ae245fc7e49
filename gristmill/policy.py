"""Policies: what sits in a seat.

A policy acts on batches, so that a model decodes many concurrent episodes together. Whatever it must remember
of a batch lives in the `Session` it opens for it; the policy itself never changes. A scripted policy is a plain
generator function, one per episode:

    def greeter(brief: Brief, rng: random.Random) -> Script:
        seen = yield say("Hello!")        # `seen`: the entries that became visible since the last act
        ...

A script that wants to see what was said before its first act begins with `seen = yield None`.
"""

import inspect
import sys
from collections.abc import Callable, Generator, Sequence
from types import ModuleType
from typing import Any, NamedTuple, Protocol, TypeVar, runtime_checkable

from gristmill.digest import digest
from gristmill.errors import RAISED, EpisodeError, UsageError
from gristmill.seeding import Stream
from gristmill.types import Act, Brief, Check, Entry, Episode

__all__ = [
    "Place",
    "Policy",
    "Rehearse",
    "Rehearsed",
    "Rehearsing",
    "Script",
    "ScriptFunction",
    "Scripted",
    "Session",
    "policy",
    "source_of",
]

Script = Generator[Act | None, list[Entry], None]
ScriptFunction = Callable[..., Script]
F = TypeVar("F", bound=Callable[..., Any])


class Place(NamedTuple):
    """What a policy is built for: the spec by which it was asked for, and the seat of which world."""

    world: str
    seat: str
    spec: str


class Session(Protocol):
    """A policy's side of a batch of concurrent episodes."""

    def act(self, rows: Sequence[int], observations: Any) -> Any:
        """Return one act per row; an `EpisodeError` in place of an act ends that row's episode and no other.

        In a simulation, observations are a dict of arrays, [rows, size] each, and what is returned is one array of
        actions, [rows, size].

        Args:
            rows: which episodes of the batch want an act now.
            observations: for each of them, what became visible since its last act, a list of entries.
        """
        ...


@runtime_checkable
class Policy(Protocol):
    """Anything that can take a seat.

    Attributes:
        name: its spec, as typed on the command line.
        digest: content hash of what decides its acts.
        generation: see `SeatInfo`.
        width: how many concurrent episodes it takes in one call; 0 for any number, as scripts do.
    """

    name: str
    digest: str
    generation: int
    width: int

    def begin(self, briefs: Sequence[Brief], seeds: Sequence[int]) -> Session:
        """Open a session for a batch; `seeds` holds one seed per episode."""
        ...


class Rehearsed(NamedTuple):
    """How a play that was only tried out went, and what the world's checks say of it."""

    episode: Episode
    checks: tuple[Check, ...]


class Rehearse(Protocol):
    """What the loop offers a policy that tries out its acts first."""

    def __call__(self, rows: Sequence[int], policy: Policy, seeds: Sequence[int]) -> list[Rehearsed]:
        """Play the scenarios of some rows in copies of the world, and return how that went.

        The other seats play as they will play.

        Args:
            rows: which episodes of the batch, each at most once.
            policy: what takes the seat meanwhile.
            seeds: its seeds, one per row.
        """
        ...


@runtime_checkable
class Rehearsing(Policy, Protocol):
    """A policy that tries out its acts before it plays; only one seat can have such a one."""

    def begin_with(self, briefs: Sequence[Brief], seeds: Sequence[int], rehearse: Rehearse) -> Session:
        """Open a session as `begin` does, after rehearsals in copies of the world."""
        ...


class Scripted:
    """A policy made of one generator per episode."""

    generation = 0
    width = 0

    def __init__(self, name: str, script: ScriptFunction, /, **params: object) -> None:
        self.name = name
        self._script = script
        self._params = params
        told = {key: repr(value) for key, value in params.items()}
        self.digest = digest([source_of(script), script.__qualname__, told])

    def begin(self, briefs: Sequence[Brief], seeds: Sequence[int]) -> Session:
        """Open one generator per brief, each with its own random stream."""
        return _ScriptedSession(
            [
                _Running(self._script, brief, seed, self._params)
                for brief, seed in zip(briefs, seeds, strict=True)
            ]
        )


class _ScriptedSession:
    def __init__(self, scripts: "list[_Running]") -> None:
        self._scripts = scripts

    def act(self, rows: Sequence[int], observations: Sequence[list[Entry]]) -> Sequence[Act | EpisodeError]:
        return [self._scripts[row].act(seen) for row, seen in zip(rows, observations, strict=True)]


class _Running:
    """One script at work; whatever it raises is the fault of its own episode only."""

    def __init__(self, script: ScriptFunction, brief: Brief, seed: int, params: dict[str, object]) -> None:
        self._seat = brief.seat
        self._first: Act | None = None
        self._fault: EpisodeError | None = None
        try:
            # A stream's seed is already a hash of names, so it is used as it is.
            self._script = script(brief, Stream(seed), **params)
            self._first = next(self._script)
        except RAISED as error:  # whatever it raises is a fault of its seat
            self._fault = EpisodeError.of(self._seat, error)

    def act(self, seen: list[Entry]) -> Act | EpisodeError:
        if self._fault is not None:
            return self._fault
        if self._first is not None:  # a script may open with an act, and not look at what it could have seen
            act, self._first = self._first, None
            return act
        try:
            sent = self._script.send(seen)
        except StopIteration:
            self._fault = EpisodeError(self._seat, "the script ended before the episode did")
            return self._fault
        except RAISED as error:  # whatever it raises is a fault of its seat
            self._fault = EpisodeError.of(self._seat, error)
            return self._fault
        return sent if sent is not None else EpisodeError(self._seat, "the script yielded no act")


def policy(world: str, seat: str, name: str) -> Callable[[F], F]:
    """Mark a function as the policy `name` for `seat` of `world`; `*` stands for any.

    A generator function is a script. Any other function is called with a `Place` and returns the `Policy`. The
    registry finds marked functions in every module of the entry-point group `gristmill.policies` and in the file
    of a plugin. Keyword parameters of the function can be set in the spec: `noisy?rate=0.2`.
    """
    if not name.replace("-", "").replace("_", "").isalnum():
        raise UsageError(f"Expected a policy name of letters, digits, '-' and '_', got {name!r}.")

    def mark(function: F) -> F:
        function.__dict__.setdefault("gristmill_policy", []).append((world, seat, name))
        return function

    return mark


def source_of(function: Callable[..., Any]) -> str:
    """Return the source of what decides a function's acts: its module, and the modules of its package in use there."""
    module = inspect.getmodule(function)
    found: dict[str, ModuleType] = {}
    if module is not None:
        _follow(module, found)
    try:
        return "\n".join(inspect.getsource(found[name]) for name in sorted(found)) or inspect.getsource(
            function
        )
    except OSError:
        return f"{function.__module__}.{function.__qualname__}"


def _follow(module: ModuleType, found: dict[str, ModuleType]) -> None:
    """Collect `module` and, recursively, the modules of the same package that its names come from."""
    if module.__name__ in found:
        return
    found[module.__name__] = module
    for value in list(vars(module).values()):
        other = (
            value
            if isinstance(value, ModuleType)
            else sys.modules.get(getattr(value, "__module__", None) or "")
        )
        if other is not None and module.__package__ and other.__package__ == module.__package__:
            _follow(other, found)
