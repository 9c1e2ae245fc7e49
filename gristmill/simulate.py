"""The loop for bodies: where simulations and the policies that move them meet.

Rows of a simulation go in step: the policy is asked once for all rows that go on. What a row does depends on its own
scenario, seed and actions alone. Nothing is judged here.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gristmill.digest import digest, plain
from gristmill.errors import RAISED, EpisodeError, UsageError, boundary
from gristmill.policy import Policy, Session
from gristmill.steps import Steps
from gristmill.types import End, Entry, Fault, Rollout, Scenario
from gristmill.world import Rows, Simulation

__all__ = ["ROWS", "Ended", "Recorded", "fitting", "move", "problems", "repeat", "rollouts"]

ROWS = 128  # episodes that run at once where the policy does not mind; they share what a step costs beside the physics
Array = NDArray[Any]


class Ended(Exception):  # it is no error
    """Raised by a session that repeats a record when that is at its end; the rows stop there."""


class Recorded:
    """A session that repeats actions, [rows, steps, size], to their end."""

    def __init__(self, actions: Array) -> None:
        self._actions = actions
        self._clock = 0

    def act(self, rows: Sequence[int], observations: Mapping[str, Array]) -> Array:
        """Return the next action of every row.

        Raises:
            Ended: when there is none left.
        """
        if self._clock == self._actions.shape[1]:
            raise Ended
        self._clock += 1
        now: Array = self._actions[list(rows), self._clock - 1]
        return now


def move(
    world: Simulation,
    scenarios: Sequence[Scenario],
    seeds: Sequence[int],
    policy: Policy,
    seat_seeds: Sequence[int],
) -> Iterator[Rollout]:
    """Let a policy move one row per scenario to its end, and yield how they went, in order.

    Args:
        world: the simulation.
        scenarios: what to run, all at once.
        seeds: one per scenario, for what is random in the world.
        policy: in the only seat.
        seat_seeds: one per scenario, for what is random in the policy.
    """
    (seat,) = world.possible_agents

    def together(places: Sequence[int]) -> list[Rollout]:
        with boundary(seat):
            session = policy.begin([world.brief(seat)] * len(places), [seat_seeds[one] for one in places])
        return _played(world, [scenarios[one] for one in places], [seeds[one] for one in places], session)

    return _each_for_itself(together, range(len(scenarios)))


def repeat(
    world: Simulation, scenarios: Sequence[Scenario], seeds: Sequence[int], actions: Sequence[Array]
) -> list[Rollout]:
    """Apply actions, [steps, size] for each scenario, to fresh rows, and return how they went.

    A row is truncated when they run out before its end; what comes after the end is dropped.
    """

    def together(places: Sequence[int]) -> list[Rollout]:
        session = Recorded(np.stack([actions[place] for place in places]))
        return _played(world, [scenarios[one] for one in places], [seeds[one] for one in places], session)

    alike: dict[tuple[int, ...], list[int]] = {}  # rows that stop at the same time can go together
    for place, one in enumerate(actions):
        alike.setdefault(one.shape, []).append(place)
    found: dict[int, Rollout] = {}
    for places in alike.values():
        for start in range(0, len(places), ROWS):
            some = places[start : start + ROWS]
            found.update(zip(some, _each_for_itself(together, some), strict=True))
    return [found[place] for place in range(len(actions))]


def _played(
    world: Simulation, scenarios: Sequence[Scenario], seeds: Sequence[int], session: Session
) -> list[Rollout]:
    (seat,) = world.possible_agents
    with boundary("world"):
        env = world.vector(len(scenarios))
    return rollouts(env, scenarios, seeds, session, seat=seat)


def _each_for_itself(
    play: Callable[[Sequence[int]], list[Rollout]], places: Sequence[int]
) -> Iterator[Rollout]:
    """Play some rows at once; where that breaks, one by one, so that a fault is only of the row that has it."""
    try:
        yield from play(places)
    except EpisodeError as error:
        if len(places) == 1:
            yield Rollout([], None, digest(None), "error", Fault.of(error.side, error))
        else:
            for place in places:
                yield from _each_for_itself(play, [place])


def rollouts(
    env: Rows, scenarios: Sequence[Scenario], seeds: Sequence[int], session: Session, *, seat: str
) -> list[Rollout]:
    """Run one row per scenario to its end, and return how they went, in order.

    Args:
        env: with at least as many rows as there are scenarios.
        scenarios: what to run.
        seeds: one per row, for what is random in the world.
        session: of the policy in the seat, open for as many episodes.
        seat: its name, for faults.

    Raises:
        EpisodeError: when rows cannot begin, or something breaks that several of them share.
    """
    with boundary("world"):
        seen, _ = env.reset(seed=list(seeds), options={"scenarios": list(scenarios)})
        track = _Track(env, len(scenarios), seen)
        while len(rows := track.live()):
            actions = track.ask(session, rows, seat)
            if actions is None:
                break
            track.step(actions, rows)
        return [track.row(row) for row in range(len(scenarios))]


class _Track:
    """What is recorded of rows on their way."""

    def __init__(self, env: Rows, count: int, seen: Mapping[str, Array]) -> None:
        self.env, self.count = env, count
        self.faults: dict[int, Fault] = {}
        self.logs: dict[int, list[Entry]] = {}
        self.seen: list[Mapping[str, Array]] = [seen]
        self.acted: list[Array] = []
        self.results: list[tuple[Array, Array, Array]] = []
        self.length = np.zeros(count, dtype=np.int64)  # steps that each row has done
        # The action of rows that are over, and of those that have just been stopped, whatever it is.
        space = env.single_action_space
        self.idle = np.tile(np.clip(0.0, space.low, space.high).astype(np.float32), (env.num_envs, 1))

    def stop(self, row: int, error: BaseException, side: str) -> None:
        """End the episode of a row, which may itself go on."""
        self.faults[row] = Fault.of(side, error)
        self.logs[row] = self.env.entries(row)

    def broke(self, error: BaseException, side: str) -> None:
        """Stop the only row; of several, stopped ones among them, it is not known by which of them something broke."""
        if self.count > 1:
            raise EpisodeError.of(side, error) from error
        self.stop(0, error, side)

    def live(self) -> list[int]:
        """Return the rows that go on."""
        rows: list[int] = np.flatnonzero(self.env.live[: self.count]).tolist()
        return [row for row in rows if row not in self.faults] if self.faults else rows

    def ask(self, session: Session, rows: list[int], seat: str) -> Array | None:
        """Return actions for all rows of the environment, None when the session has no more; faults are noted."""
        # A copy, so that a policy that works in place changes nothing on record.
        every = len(rows) == self.env.num_envs
        seen = {name: one.copy() if every else one[rows] for name, one in self.seen[-1].items()}
        space = self.env.single_action_space
        try:
            actions = fitting(space, session.act(rows, seen), len(rows))
        except Ended:
            return None
        except RAISED as error:
            self.broke(error, seat)
            return None
        wrong = problems(space, actions)
        for place, why in wrong.items():
            self.stop(rows[place], EpisodeError(seat, why), seat)
        if len(wrong) == len(rows):
            return None
        right = [place for place in range(len(rows)) if place not in wrong] if wrong else slice(None)
        whole = self.idle.copy()
        whole[np.array(rows)[right]] = actions[right]
        return whole

    def step(self, actions: Array, rows: list[int]) -> None:
        """Let all rows that go on take a step, and record it."""
        going = [row for row in rows if row not in self.faults]
        try:
            seen, rewards, terminated, truncated, _ = self.env.step(actions)
        except RAISED as error:
            self.broke(error, "world")
            return
        self.seen.append(seen)
        self.acted.append(actions)
        self.results.append((rewards, terminated, truncated))
        self.length[going] += 1

    def row(self, row: int) -> Rollout:
        """Return how one row went."""
        fault = self.faults.get(row)
        if fault is None and (why := self.env.fault(row)):
            fault = Fault(side="world", message=why)
        steps = self._steps(row)
        over = bool(len(steps)) and bool(steps.terminated[-1])
        end: End = "error" if fault else "terminated" if over else "truncated"
        state = None
        try:
            state = None if fault is not None else plain(self.env.state(row))
        except RAISED as error:
            end, fault = "error", Fault.of("world", error)
        log = self.logs[row] if row in self.logs else self.env.entries(row)
        return Rollout(log, state, digest(state), end, fault, steps)

    def _steps(self, row: int) -> Steps:
        count = int(self.length[row])
        rewards, terminated, truncated = (column[:count, row] for column in self._results)
        return Steps.of(
            observations={name: column[: count + 1, row] for name, column in self._seen.items()},
            actions={"value": self._acted[:count, row]},
            rewards=rewards,
            terminated=terminated,
            truncated=truncated,
        )

    @cached_property
    def _seen(self) -> dict[str, Array]:
        """What all rows have observed, [steps + 1, rows, size] each."""
        return {name: np.stack([one[name] for one in self.seen]) for name in self.seen[0]}

    @cached_property
    def _acted(self) -> Array:
        """The actions of all rows, [steps, rows, size]."""
        return np.array(self.acted, dtype=np.float32).reshape(-1, *self.idle.shape)

    @cached_property
    def _results(self) -> tuple[Array, Array, Array]:
        """Rewards and flags of all rows, [steps, rows] each."""

        def column(place: int, kind: Any) -> Array:
            return np.array([one[place] for one in self.results], dtype=kind).reshape(-1, self.env.num_envs)

        return column(0, np.float64), column(1, np.bool_), column(2, np.bool_)


def fitting(space: Any, given: Any, rows: int) -> Array:
    """Return actions as an array of numbers, one row each; `space` is the Box that each is to be in.

    Raises:
        UsageError: when they are something else.
    """
    actions: Array = np.asarray(given)
    if actions.shape != (rows, *space.shape) or actions.dtype.kind not in "fiu":
        form = f"{rows} × " * (rows > 1) + f"{space.shape[0]} numbers"
        raise UsageError(f"Expected an action of {form}, got {actions.dtype} of shape {actions.shape}.")
    return actions


def problems(space: Any, actions: Array) -> dict[int, str]:
    """Return what is wrong with fitting actions, by row."""
    with np.errstate(over="ignore"):
        actions = actions.astype(np.float32)  # as which they are applied
    inside = (actions >= space.low) & (actions <= space.high)  # which no NaN is
    found: dict[int, str] = {}
    for row in [] if inside.all() else np.flatnonzero(~inside.all(axis=1)):
        place = int(np.flatnonzero(~inside[row])[0])
        low, high = float(space.low[place]), float(space.high[place])
        found[int(row)] = (
            f"Expected finite actions between their limits, got {float(actions[row, place]):g} for number {place}, "
            f"which goes from {low:g} to {high:g}."
        )
    return found
