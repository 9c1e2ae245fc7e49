"""The control loop of many rows: actions in, observations out, with the disturbances that their scenarios have in store.

Each row has its own clock. What a row sees and does depends on its own scenario and seed alone, not on its neighbours.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from gristmill.envs.robots.models import PLATFORM, model_hash
from gristmill.envs.robots.scenarios import Disturbances
from gristmill.envs.robots.simulator import Moments, Simulator
from gristmill.envs.robots.types import Array, Observation
from gristmill.errors import UsageError
from gristmill.seeding import numpy_stream
from gristmill.types import Entry, Scenario

if TYPE_CHECKING:
    from gristmill.envs.robots.world import RobotWorld

__all__ = ["Stage"]


class Stage:
    """Rows of one robot world.

    Attributes:
        observations: what each row sees now, after sensor noise, [rows, size] float32 each.
        rewards: of the last step, [rows]; none once a limit of what is safe was passed.
        success: whether every predicate holds now, [rows].
        peaks: the highest that each measure was in any substep since the start, [rows] each.
        safe: whether no peak is beyond its limit, [rows].
        clock: control steps done, [rows].
        faults: rows that broke, with the reason.
    """

    def __init__(self, world: "RobotWorld", rows: int, *, threads: int = 1) -> None:
        self.world = world
        self.rows = rows
        self.physics = Simulator(world.model(world.space.mode), rows, threads=threads)
        self._moments = Moments(self.physics, world.substeps)
        self._shares = np.arange(1, world.substeps + 1)[:, None] / world.substeps
        self.faults: dict[int, str] = {}
        self.clock = np.zeros(rows, dtype=np.int64)
        self.rewards = np.zeros(rows)
        self._noisy = [name for name, one in world.quantities.items() if one.noisy]
        self._noise = {
            name: np.zeros((world.horizon + 1, rows, world.quantities[name].size), dtype=np.float32)
            for name in self._noisy
        }
        size = self.physics.control.shape[1]
        # The actions that were asked for, by control step, after the rest position that is held before the first.
        self._asked = np.zeros((world.horizon + 1, rows, size))
        self._disturbances = [Disturbances() for _ in range(rows)]
        self._latency = np.zeros(rows, dtype=np.int64)
        self._entries: list[list[Entry]] = [[] for _ in range(rows)]
        # Control steps in which each row's disturbances need a look, the first and the last.
        self._window = np.tile([[0], [-1]], rows)
        # Reading registers what is read with the batch, which from then on keeps it current.
        self._check()
        self._read()
        self.peaks = {name: np.zeros(rows) for name in world.measure(self.physics)}
        self.streak = np.zeros(rows, dtype=np.int64)
        self._judge()

    @property
    def going(self) -> Array:
        """Which rows are not over, [rows] bool."""
        going: Array = self.clock < self.world.horizon
        if self.faults:
            going[list(self.faults)] = False
        return going

    @property
    def told(self) -> dict[str, Any]:
        """Whether each row succeeds and is safe, and what has to hold for success."""
        return {"success": self.success & self.safe, "safe": self.safe, "predicates": dict(self.predicates)}

    def reset(self, rows: Sequence[int], scenarios: Sequence[Scenario], seeds: Sequence[int]) -> None:
        """Start rows anew; `seeds` decide the sensor noise, and nothing else."""
        world = self.world
        models = [world.model(one.values) for one in scenarios]
        starts = [world.sample(model, one.values) for model, one in zip(models, scenarios, strict=True)]
        self.physics.place(rows, models, starts)
        for row, model, scenario, seed in zip(rows, models, scenarios, seeds, strict=True):
            self.faults.pop(row, None)
            self.clock[row] = self.streak[row] = 0
            self.rewards[row] = 0.0
            self._asked[:, row] = world.rest(model).astype(np.float32)  # as every action
            self.physics.control[row] = self._asked[0, row]
            found = self._disturbances[row] = Disturbances.of(scenario.values)
            self._latency[row], self._window[:, row] = found.latency, found.window
            self._draw_noise(row, found.noise, seed)
            for peak in self.peaks.values():
                peak[row] = 0.0
            self._entries[row] = [self._start(row, model)]
        self._read()
        self._judge()

    def step(self, actions: Array, rows: Array) -> None:
        """Apply actions, [rows, size] float32, to the rows named, and let one control step pass.

        From the last set-point to the next the servos are led in equal parts, one for each substep, as a robot's
        controller does; a jump would be a blow to its joints.
        """
        if not len(rows):
            return
        now = self.clock[rows]
        self._asked[now + 1, rows] = actions[rows]
        # Before the first action can have arrived, the robot is at rest.
        control = self._asked[np.maximum(now + 1 - self._latency[rows], 0), rows]
        # In an action's stead a row may get what it had before, and a force may act on it.
        for place in np.flatnonzero((self._window[0, rows] <= now) & (now <= self._window[1, rows])):
            self._disturb(int(rows[place]), control[place])
        before, after = self.physics.control[rows][:, None], control[:, None]
        way = before + self._shares * (after - before)
        way[:, -1:] = after  # to the last bit
        self.physics.step(rows, way, self._moments)
        broken = self.physics.broken()
        self.clock[rows] += 1
        for row in np.intersect1d(rows, list(broken)) if broken else ():
            self.faults[int(row)] = f"unstable physics in control step {self.clock[row]}: {broken[row]}"
        self._read()
        self._watch(rows)
        # Only of the rows that went: others wait, or have just begun.
        self.streak[rows] = np.where(self.success[rows], self.streak[rows] + 1, 0)
        self.rewards = np.where(self.safe, self.world.reward(self.physics, self.predicates), 0.0)

    def entries(self, row: int) -> list[Entry]:
        """Return the log of a row: how it began, and every disturbance when it struck."""
        return list(self._entries[row])

    def state(self, row: int) -> dict[str, Any]:
        """Return the physical state of a row, and the peaks that were measured on the way there, as plain data."""
        return {
            "steps": int(self.clock[row]),
            "qpos": self.physics.qpos[row].tolist(),
            "qvel": self.physics.qvel[row].tolist(),
            "peaks": {name: float(peak[row]) for name, peak in self.peaks.items()},
            "streak": int(self.streak[row]),
        }

    def _start(self, row: int, model: Any) -> Entry:
        state = self.physics.full_state(row).tolist()
        return {"from": "world", "event": "start", **PLATFORM, "model": model_hash(model), "state": state}

    def _disturb(self, row: int, control: Array) -> None:
        """Apply what a row's scenario has in store for this step to its control, [size], and log it."""
        now, found = int(self.clock[row]), self._disturbances[row]
        if found.stalls(now):
            control[:] = self.physics.control[row]
        if (force := found.force(now)) is not None:
            self.physics.push(row, self.world.pushed, force)
        self._entries[row] += found.events(now, self.world.pushed)

    def _draw_noise(self, row: int, sd: float, seed: int) -> None:
        if not self._noisy:
            return
        generator = numpy_stream(seed, "sensor")
        for name in self._noisy:
            drawn = generator.standard_normal(self._noise[name][:, row].shape)
            self._noise[name][:, row] = sd * drawn

    def _watch(self, rows: Array) -> None:
        """Keep the highest of what is measured; between two control steps it may be far above what it is at them."""
        now = self.world.measure(self.physics)
        for name, values in self.world.measure(self._moments).items():
            before = np.reshape(values, (len(rows), self.world.substeps)).max(axis=1)
            highest = np.maximum(before, np.asarray(now[name])[rows])
            self.peaks[name][rows] = np.maximum(self.peaks[name][rows], highest)
        self._judge()

    def _judge(self) -> None:
        self.safe = np.ones(self.rows, dtype=bool)
        for name, limit in self.world.safety.items():
            self.safe &= self.peaks[name] <= limit.most

    def _check(self) -> None:
        """Look once at what the rules return, so that a slip in them is named where it was made.

        Raises:
            UsageError: when names, shapes or types are not those that are expected.
        """
        world, physics = self.world, self.physics
        sizes = {name: (self.rows, one.size) for name, one in world.quantities.items() if name != "time"}
        seen = {name: np.shape(one) for name, one in world.observe(physics).items()}
        if seen != sizes:
            raise UsageError(f"Expected observe() to return the quantities {sizes}, got {seen}.")
        found = {name: np.asarray(one) for name, one in world.predicates(physics).items()}
        forms = {name: f"{one.dtype} {one.shape}" for name, one in found.items()}
        if not found or any(one.dtype != bool or one.shape != (self.rows,) for one in found.values()):
            raise UsageError(f"Expected predicates, bool ({self.rows},) each, got {forms or 'none'}.")
        for look in (physics, self._moments):
            measured = {name: np.shape(one) for name, one in world.measure(look).items()}
            wrong = any(one != (look.rows,) for one in measured.values())
            if wrong or not world.safety.keys() <= measured.keys():
                raise UsageError(
                    f"Expected measure() to return {', '.join(world.safety)}, ({look.rows},) each, "
                    f"got {measured or 'nothing'}."
                )

    def _read(self) -> None:
        """Look at the physics: observations and predicates of all rows."""
        world, physics = self.world, self.physics
        seen = world.observe(physics)
        with np.errstate(over="ignore"):  # a row that broke may be anywhere
            self.observations: Observation = {
                name: seen[name].astype(np.float32) for name in world.quantities if name != "time"
            }
        self.observations["time"] = (self.clock[:, None] / world.horizon).astype(np.float32)
        every = np.arange(self.rows)
        for name in self._noisy:
            self.observations[name] += self._noise[name][self.clock, every]
        self.predicates = world.predicates(physics)
        self.success = np.logical_and.reduce(list(self.predicates.values()))
