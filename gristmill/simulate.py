"""The loop for bodies: where simulations and the policies that move them meet.

Rows of a simulation go in step: the policy is asked once for all rows that go on. What a row does depends on its own
scenario, seed and actions alone. Nothing is judged here.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gristmill.digest import digest, plain
from gristmill.errors import RAISED, EpisodeError, boundary
from gristmill.policy import Policy, Session
from gristmill.steps import Steps
from gristmill.types import End, Entry, Fault, Rollout, Scenario
from gristmill.world import Rows, Simulation

__all__ = ["ROWS", "Recorded", "move", "problems", "repeat", "rollouts"]

ROWS = 128  # episodes that run at once where the policy does not mind; they share what a step costs beside the physics
Array = NDArray[Any]


class Recorded:
    """A session that repeats actions, [rows, steps, size]; when they run out, the rows stop there."""

    def __init__(self, actions: Array) -> None:
        self._actions = actions
        self._clock = 0

    def act(self, rows: Sequence[int], observations: Mapping[str, Array]) -> Array | None:
        """Return the next action of every row, None when there is none left."""
        if self._clock == self._actions.shape[1]:
            return None
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

    def rows(places: Sequence[int]) -> list[Rollout]:
        try:
            with boundary(seat):
                session = policy.begin([world.brief(seat)] * len(places), [seat_seeds[one] for one in places])
            with boundary("world"):
                env = world.vector(len(places))
        except EpisodeError as error:
            return _broken(error, len(places))
        some = [scenarios[one] for one in places]
        return list(rollouts(env, some, [seeds[one] for one in places], session, seat=seat))

    return _each_for_itself(rows, len(scenarios))


def repeat(
    world: Simulation, scenarios: Sequence[Scenario], seeds: Sequence[int], actions: Sequence[Array]
) -> list[Rollout]:
    """Apply actions, [steps, size] for each scenario, to fresh rows, and return how they went.

    A row is truncated when they run out before its end; what comes after the end is dropped.
    """
    alike: dict[tuple[int, ...], list[int]] = {}  # rows that stop at the same time can go together
    for place, one in enumerate(actions):
        alike.setdefault(one.shape, []).append(place)
    found: dict[int, Rollout] = {}
    for places in alike.values():
        for start in range(0, len(places), ROWS):
            some = places[start : start + ROWS]

            def rows(numbers: Sequence[int], some: Sequence[int] = some) -> list[Rollout]:
                return _repeat(world, scenarios, seeds, actions, [some[number] for number in numbers])

            found.update(zip(some, _each_for_itself(rows, len(some)), strict=True))
    return [found[place] for place in range(len(actions))]


def _repeat(
    world: Simulation,
    scenarios: Sequence[Scenario],
    seeds: Sequence[int],
    actions: Sequence[Array],
    places: Sequence[int],
) -> list[Rollout]:
    (seat,) = world.possible_agents
    session = Recorded(np.stack([actions[place] for place in places]))
    some, noise = [scenarios[place] for place in places], [seeds[place] for place in places]
    try:
        with boundary("world"):
            return list(rollouts(world.vector(len(places)), some, noise, session, seat=seat))
    except EpisodeError as error:
        return _broken(error, len(places))


def _each_for_itself(rows: Callable[[Sequence[int]], list[Rollout]], count: int) -> Iterator[Rollout]:
    """Run some rows at once, and those that broke off together again one by one: one of them may have broken all."""
    found = rows(range(count))
    faults = Counter((one.fault.side, one.fault.message) for one in found if one.fault is not None)
    for place, one in enumerate(found):
        shared = one.fault is not None and faults[one.fault.side, one.fault.message] > 1
        yield from rows([place]) if shared else [one]


def _broken(error: EpisodeError, rows: int) -> list[Rollout]:
    """Return how rows went that were never begun."""
    return [Rollout([], None, digest(None), "error", Fault.of(error.side, error))] * rows


def rollouts(
    env: Rows, scenarios: Sequence[Scenario], seeds: Sequence[int], session: Session, *, seat: str
) -> Iterator[Rollout]:
    """Run one row per scenario to its end, and yield how they went, in order.

    Args:
        env: with at least as many rows as there are scenarios.
        scenarios: what to run.
        seeds: one per row, for what is random in the world.
        session: of the policy in the seat, open for as many episodes.
        seat: its name, for faults.
    """
    count = len(scenarios)
    track = _Track(env, count)
    try:
        track.begin(env.reset(seed=list(seeds), options={"scenarios": list(scenarios)})[0])
    except RAISED:  # one scenario that cannot be set up is not to keep its neighbours from theirs
        track.begin_singly(scenarios, seeds)
    while len(rows := track.live()):
        actions = track.ask(session, rows, seat)
        if actions is None:
            break
        track.step(actions)
    yield from map(track.row, range(count))


class _Track:
    """What is recorded of rows on their way."""

    def __init__(self, env: Rows, count: int) -> None:
        self.env, self.count = env, count
        self.size = env.single_action_space.shape
        self.faults: dict[int, Fault] = {}
        self.unbegun: set[int] = set()
        self.logs: dict[int, list[Entry]] = {}
        self.seen: list[Mapping[str, Array]] = []
        self.acted: list[Array] = []
        self.results: list[tuple[Array, Array, Array]] = []
        self.length = np.zeros(count, dtype=np.int64)  # steps that each row has done

    def begin(self, seen: Mapping[str, Array]) -> None:
        self.seen.append(seen)

    def begin_singly(self, scenarios: Sequence[Scenario], seeds: Sequence[int]) -> None:
        """Start row by row; whatever a world raises is a fault of its side in that row alone."""
        for row, scenario in enumerate(scenarios):
            options = {"scenarios": [scenario], "reset_mask": np.arange(self.env.num_envs) == row}
            try:
                self.seen[:] = [self.env.reset(seed=list(seeds), options=options)[0]]
            except RAISED as error:
                self.unbegun.add(row)
                self.stop([row], error, "world")

    def stop(self, rows: Sequence[int] | range, error: BaseException, side: str) -> None:
        for row in rows:
            if row not in self.faults:
                self.faults[row] = Fault.of(side, error)
                # The row may go on, but its episode is over.
                self.logs[row] = [] if row in self.unbegun else self.env.entries(row)

    def live(self) -> list[int]:
        """Return the rows that go on."""
        return [int(row) for row in np.flatnonzero(self.env.live[: self.count]) if row not in self.faults]

    def ask(self, session: Session, rows: list[int], seat: str) -> Array | None:
        """Return actions for all rows of the environment, None when the session has no more; faults are noted."""
        now = self.seen[-1]
        every = len(rows) == len(next(iter(now.values())))
        try:
            given = session.act(rows, now if every else {name: one[rows] for name, one in now.items()})
            given = None if given is None else np.asarray(given)
        except RAISED as error:  # in a batch it is not known whose row broke it
            self.stop(rows, error, seat)
            return None
        if given is None:
            return None
        wrong = problems(self.env.single_action_space, given, len(rows))
        for place, why in wrong.items():
            self.stop([rows[place]], EpisodeError(seat, why), seat)
        if len(wrong) == len(rows):
            return None
        actions = np.zeros((self.env.num_envs, *self.size), dtype=np.float32)
        low, high = self.env.single_action_space.low, self.env.single_action_space.high
        actions[:] = np.clip(0.0, low, high)  # for rows that are over, and those that have just been stopped
        right = np.array([place not in wrong for place in range(len(rows))]) if wrong else slice(None)
        actions[np.array(rows)[right]] = given[right]
        return actions

    def step(self, actions: Array) -> None:
        """Let all rows that go on take a step, and record it."""
        going = np.zeros(self.count, dtype=bool)
        going[self.live()] = True
        try:
            seen, rewards, terminated, truncated, _ = self.env.step(actions)
        except RAISED as error:
            self.stop(self.live(), error, "world")
            return
        self.seen.append(seen)
        self.acted.append(actions)
        self.results.append((rewards, terminated, truncated))
        self.length += going

    def row(self, row: int) -> Rollout:
        """Return how one row went."""
        fault = self.faults.get(row)
        if fault is None and (why := self.env.fault(row)):
            fault = Fault(side="world", message=why)
        if row in self.unbegun:
            return Rollout([], None, digest(None), "error", fault)
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
        return np.array(self.acted, dtype=np.float32).reshape(-1, self.env.num_envs, *self.size)

    @cached_property
    def _results(self) -> tuple[Array, Array, Array]:
        """Rewards and flags of all rows, [steps, rows] each."""

        def column(place: int, kind: Any) -> Array:
            return np.array([one[place] for one in self.results], dtype=kind).reshape(-1, self.env.num_envs)

        return column(0, np.float64), column(1, np.bool_), column(2, np.bool_)


def problems(space: Any, actions: Array, rows: int) -> dict[int, str]:
    """Return what is wrong with actions, by row; `space` is the Box that each is to be in."""
    form = f"{rows} × " * (rows > 1) + f"{space.shape[0]} numbers"
    if actions.shape != (rows, *space.shape) or actions.dtype.kind not in "fiu":
        why = f"Expected an action of {form}, got {actions.dtype} of shape {actions.shape}."
        return dict.fromkeys(range(rows), why)
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
