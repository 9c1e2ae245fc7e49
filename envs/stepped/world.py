"""Stepped worlds: a subclass writes the rules of one world, and has a single environment and a batched one of it.

The rules know neither clock nor rows that are over; `stage` runs the loop. All that is random is in the scenario, so
that an episode is a pure function of its scenario and the actions.
"""

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any, ClassVar, cast

import gymnasium
import numpy as np
from gymnasium.spaces import Box, Dict
from gymnasium.vector import AutoresetMode

from gristmill.envs.platforms import host
from gristmill.envs.rows import OneRow
from gristmill.envs.stepped.types import Array, Observation, Quantity, State, Values
from gristmill.envs.stepped.vector import SteppedVectorEnv
from gristmill.envs.stepped.verify import stepped_checks
from gristmill.envs.versions import version_of
from gristmill.errors import UsageError
from gristmill.generators.space import Space
from gristmill.severity import Kind, Severity
from gristmill.types import Brief, Check, Entry, Episode, Scenario

__all__ = ["SteppedWorld"]


class SteppedWorld(OneRow):
    """One world of one seat, simulated in steps of NumPy.

    A subclass gives the attributes and the methods `begin`, `advance`, `observe`, `outcome` and `predicates`; it may also
    give the others. Arrays have a leading axis of rows; what a row does must not depend on its neighbours.

    Attributes:
        id: Farama's `namespace/name-vN`.
        task: what the seat is to do, in words.
        space: of the scenarios, all that is random included.
        horizon: most steps of an episode.
        dt: how long a step lasts, in units of `clock`.
        clock: unit of time, such as `s`.
        seat: name of the only seat.
        quantities: the fields of an observation, in order; `time`, the share of the horizon that is over, is added.
        controls: the numbers of an action, in order, with finite limits.
        abreast: how many episodes are played at once; a step of NumPy costs hardly more for many rows than for few.
        grounds: by the name of a predicate, the fields of the outcome that it rests on, which a finding shows; all of
            them where none are named.
        severities: see `gristmill.severity`, and `kinds`.
    """

    metadata = {"render_modes": []}  # noqa: RUF012  # as its base class has it
    id: ClassVar[str]
    task: ClassVar[str]
    space: ClassVar[Space]
    horizon: ClassVar[int]
    dt: ClassVar[float] = 1.0
    clock: ClassVar[str] = "s"
    seat: ClassVar[str]
    quantities: ClassVar[Mapping[str, Quantity]]
    controls: ClassVar[Mapping[str, Quantity]]
    abreast: ClassVar[int] = 512
    grounds: ClassVar[Mapping[str, tuple[str, ...]]] = {}
    severities: ClassVar[Sequence[Severity]] = ()
    kinds: ClassVar[Sequence[Kind]] = ()
    possible_agents: ClassVar[list[str]]
    platform: ClassVar[dict[str, str]] = {"engine": f"numpy {np.__version__}", "host": host()}

    def __init_subclass__(cls, **more: Any) -> None:
        super().__init_subclass__(**more)
        if "quantities" in vars(cls):
            clock = Quantity(1, "", "share of the horizon that is over", low=0.0, high=1.0)
            own = {name: one for name, one in cls.quantities.items() if name != "time"}
            cls.quantities = {**own, "time": clock}
        if "seat" in vars(cls):
            cls.possible_agents = [cls.seat]
        if cls.draw is not SteppedWorld.draw:
            cls.metadata = {"render_modes": ["rgb_array"], "render_fps": max(1, round(1 / cls.dt))}

    def __init__(self, *, render_mode: str | None = None) -> None:
        self._check()
        self.render_mode = render_mode
        low, high = np.array([[one.low, one.high] for one in self.controls.values()], dtype=np.float32).T
        self.action_space = Box(low, high, dtype=np.float32)
        boxes: dict[str, gymnasium.Space[Any]] = {
            name: Box(one.low, one.high, (one.size,), dtype=np.float32)
            for name, one in self.quantities.items()
        }
        self.observation_space = cast("gymnasium.Space[Observation]", Dict(boxes))

    def _check(self) -> None:
        """Raise an error that names what a subclass lacks."""
        needed = ("id", "task", "space", "horizon", "seat", "quantities", "controls")
        rules = ("begin", "advance", "observe", "outcome", "predicates")
        missing = [name for name in needed if not hasattr(self, name)]
        missing += [name for name in rules if getattr(type(self), name) is getattr(SteppedWorld, name)]
        if missing:
            raise UsageError(
                f"Expected {type(self).__name__} to have {', '.join((*needed, *rules))}; {', '.join(missing)} is missing."
            )
        if self.horizon < 1 or not self.controls:
            raise UsageError(
                f"Expected a horizon from 1, and at least one control, got {self.horizon} and {len(self.controls)}."
            )
        for name, one in self.controls.items():
            if one.size != 1 or not -np.inf < one.low < one.high < np.inf:
                raise UsageError(
                    f"Expected control {name!r} to be one number between finite limits, got {one}."
                )

    # The rules.

    @abstractmethod
    def begin(self, values: Sequence[Values]) -> State:
        """Return the state that scenarios begin in: all that decides how they go on, [rows, ...] each."""

    @abstractmethod
    def advance(self, state: State, actions: Array, step: Array) -> None:
        """Let one step pass.

        Args:
            state: of some rows, to be changed in place; a new array may also be put in an old one's place.
            actions: within the limits of the controls, [rows, controls] float32.
            step: number of the step, from 0, [rows].
        """

    @abstractmethod
    def observe(self, state: State) -> Observation:
        """Return every quantity but `time`, [rows, size] each."""

    @abstractmethod
    def outcome(self, state: State) -> State:
        """Return what is recorded of the state once a row is over, [rows, ...] each.

        It is asked at every step, and decides alone what is judged and logged.
        """

    @abstractmethod
    def predicates(self, outcome: State) -> dict[str, Array]:
        """Return by name what has to hold for success, [rows] bool each.

        Args:
            outcome: what `outcome` returned, and `steps`, how many were done, [rows].
        """

    def over(self, outcome: State) -> Array:
        """Return which rows are over before the horizon, [rows] bool; none by default."""
        return np.zeros(len(outcome["steps"]), dtype=bool)

    def log(self, values: Values, outcome: dict[str, Any]) -> list[Entry]:
        """Return the log of a row: what has happened, and in which step, in order; nothing by default.

        Args:
            values: of its scenario.
            outcome: its own, as plain data, and `steps`, how many were done.
        """
        return []

    def reward(self, state: State, won: Array) -> Array:
        """Return the rewards of a step, [rows]; by default 1 with the last one where it succeeds.

        No verdict depends on it.

        Args:
            state: after the step.
            won: which rows are over with success, [rows] bool.
        """
        return won.astype(np.float64)

    def rest(self) -> Array:
        """Return the action that stands for doing nothing, [controls]; by default 0, or what is nearest to it."""
        limits = self.action_space
        assert isinstance(limits, Box)
        rest: Array = np.clip(0.0, limits.low, limits.high)
        return rest

    def stratum(self, values: Values) -> str:
        """Return the cell of the scenario space that values lie in; none by default."""
        return ""

    def facts(self) -> dict[str, Any]:
        """Return what else the seat may know, as plain data."""
        return {}

    def draw(self, state: State) -> Array:
        """Return a picture of the only row of a state, [height, width, 3] uint8.

        Raises:
            UsageError: when the world draws none.
        """
        raise UsageError(f"Expected a world that draws itself, got {self.id}, which does not.")

    # What the base class makes of them.

    @cached_property
    def version(self) -> str:
        """Changes whenever the code does that decides how episodes go."""
        return version_of(cast(Any, type(self)))

    @cached_property
    def initial(self) -> State:
        """The state that the nominal scenario begins in, [1, ...] each."""
        return self.begin([self.space.mode])

    def scenario(self, seed: int, index: int) -> Scenario:
        """Return draw `index` under `seed`."""
        return self.space.scenario(self.id, seed, index, stratum=self.stratum)

    def brief(self, seat: str) -> Brief:
        """Return the task in words, and as facts what is observed and controlled."""
        controls = self.controls.values()
        facts = {
            "observation": {
                name: {"size": one.size, "unit": one.unit, "about": one.about}
                for name, one in self.quantities.items()
            },
            "action": {
                "names": list(self.controls),
                "units": [one.unit for one in controls],
                "about": [one.about for one in controls],
                "low": [float(one.low) for one in controls],
                "high": [float(one.high) for one in controls],
            },
            "rest": self.rest().tolist(),
            "horizon": self.horizon,
            "dt": self.dt,
            "clock": self.clock,
            **self.facts(),
        }
        return Brief(seat=seat, text=self.task, facts=facts)

    def vector(self, rows: int, *, autoreset: AutoresetMode = AutoresetMode.DISABLED) -> SteppedVectorEnv:
        """Return many rows of this world, which by default are not reset by themselves."""
        return SteppedVectorEnv(self, rows, autoreset=autoreset)

    def checks(self, episode: Episode) -> list[Check]:
        """Judge a recorded episode by its final state."""
        return stepped_checks(self, episode)
