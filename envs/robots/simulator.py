"""The simulator: many rows of one model layout, stepped together by MuJoCo.

It knows neither the task nor the clock. Fields are live: what was read once stays current.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import mujoco
import numpy as np
from mujoco.batch import Batch, SimulationError

from gristmill.envs.robots.physics import Physics
from gristmill.envs.robots.types import Array
from gristmill.errors import UsageError

__all__ = ["Moments", "Simulator"]

_INTEGRATION = mujoco.mjtState.mjSTATE_INTEGRATION
_VELOCITY = int(mujoco.mjtStage.mjSTAGE_VEL)
# Recorded after a substep, where everything else is from before it.
_INTEGRATED = ("qpos", "qvel", "act")
_UNRECORDED = ("time", "eq_active")  # which MuJoCo keeps in another form than it records


class Simulator(Physics):
    """Rows of simulations.

    Args:
        model: any model of the layout that all rows will have.
        rows: how many.
        threads: that step them; the result is the same for any number.
    """

    def __init__(self, model: mujoco.MjModel, rows: int, *, threads: int = 1) -> None:
        super().__init__(model, rows)
        # One MjData per row, since fields that a call does not compute then keep what the row had before.
        self.batch = Batch(model, nsim=rows, nthread=threads, persistent=True)
        self.models = [model] * rows
        self._bound: dict[str, Array] = {}
        self.control, self._forces = self.field("ctrl"), self.field("xfrc_applied")
        self._rest = _rest(model)
        self._raised: dict[int, str] = {}

    def field(self, name: str) -> Array:
        if name not in self._bound:
            self._bound[name] = self.batch.bind(name)
        return self._bound[name]

    def place(self, rows: Sequence[int], models: Sequence[mujoco.MjModel], qpos: Sequence[Array]) -> None:
        """Start rows anew: at rest, in the given configurations, [nq] each, and without a warm start.

        Raises:
            UsageError: when a configuration is not of that size, or not finite.
        """
        for row, model, configuration in zip(rows, models, qpos, strict=True):
            if np.shape(configuration) != (model.nq,) or not np.isfinite(configuration).all():
                raise UsageError(
                    f"Expected a configuration of {model.nq} finite numbers, got {np.array(configuration).tolist()!s:.80}."
                )
            self.models[row] = model
            self.batch.state[row] = self._rest
            self.qpos[row] = configuration
        self.batch.set_models(self.models)
        self.batch.warning[list(rows)] = 0
        self.batch.forward(list(rows), stage=_VELOCITY)

    def put(self, row: int, qpos: Array, qvel: Array) -> None:
        """Bring a row into a state of motion, [nq] and [nv], without letting time pass."""
        self.qpos[row], self.qvel[row] = qpos, qvel
        self.batch.forward([row], stage=_VELOCITY)

    def step(self, rows: Array, control: Array, moments: "Moments | None" = None) -> None:
        """Advance some rows by substeps; see `broken` for those that could not be.

        Args:
            rows: which.
            control: what their actuators are told in each substep, [rows, substeps, nu].
            moments: to be filled with what they go through.
        """
        ids = None if len(rows) == self.rows else rows
        records = {} if moments is None else moments.begin(rows)
        with self._noting():
            self.batch.rollout(control.shape[1], control, record=tuple(records), ids=ids, out=records)
        with self._noting():
            self.batch.forward(ids, stage=_VELOCITY)  # what is computed of a state is now of the last one

    @contextmanager
    def _noting(self) -> Iterator[None]:
        """Note in which rows MuJoCo raises; the others go on."""
        try:
            yield
        except SimulationError as error:
            for row in error.ids:
                self._raised.setdefault(int(row), self.batch.error(int(row)))

    def broken(self) -> dict[int, str]:
        """Return what has broken since it was asked last, by row: an error of MuJoCo, a warning, or a state that is not finite."""
        found, self._raised = self._raised, {}
        if self.batch.warning.any():
            for row in np.flatnonzero(self.batch.warning.any(axis=(1, 2))):
                found.setdefault(int(row), f"MuJoCo warns: {self.warnings(int(row))}")
        # The sum of finite numbers is not finite only when they are beyond all measure, which is as bad.
        if not np.isfinite(self.qpos.sum() + self.qvel.sum()):
            for row in np.flatnonzero(~np.isfinite(self.qpos.sum(axis=1) + self.qvel.sum(axis=1))):
                found.setdefault(int(row), "the state is not finite")
        return found

    def warnings(self, row: int) -> str:
        """Return the warnings that MuJoCo has counted in a row, in words."""
        names = [
            mujoco.mjtWarning(number).name for number in np.flatnonzero(self.batch.warning[row].any(axis=1))
        ]
        return ", ".join(name.removeprefix("mjWARN_").lower() for name in names)

    def push(self, row: int, body: str, force: Sequence[float]) -> None:
        """Let a force, [3] in N, act on a body until another one does."""
        self._forces[row, self.model.body(body).id, :3] = force

    def full_state(self, row: int) -> Array:
        """Return the whole integration state of a row, a copy."""
        return np.array(self.batch.state[row])


class Moments(Physics):
    """What rows of a simulator go through while they are advanced: the moments before each substep, row by row.

    What was read before they were first filled is recorded ever after.

    Args:
        simulator: whose rows they are of.
        substeps: for how many moments.
    """

    def __init__(self, simulator: Simulator, substeps: int) -> None:
        super().__init__(simulator.model, simulator.rows * substeps)
        self._simulator, self._substeps = simulator, substeps
        self._records: dict[str, Array] = {}  # as MuJoCo writes them, [rows, substeps, …]
        self._starts: dict[str, Array] | None = None
        self._fields: dict[str, Array] = {}

    def field(self, name: str) -> Array:
        if name not in self._records:
            if name in _UNRECORDED or self._starts is not None:
                raise UsageError(
                    "Expected measure() to read the same fields whenever it is asked, none of them "
                    f"{' or '.join(_UNRECORDED)}; it read {', '.join(self._records) or 'nothing'}, and now {name}."
                )
            self._records[name] = np.repeat(self._simulator.field(name)[:, None], self._substeps, axis=1)
        if name not in self._fields:
            self._fields[name] = self._flat(name)
        return self._fields[name]

    def begin(self, rows: Array) -> dict[str, Array]:
        """Get ready for some rows, and return the arrays to be filled."""
        self.rows = len(rows) * self._substeps
        self._fields = {}
        self._starts = {
            name: self._simulator.field(name)[rows] for name in _INTEGRATED if name in self._records
        }
        for name, one in self._records.items():
            if len(one) != len(rows):
                self._records[name] = np.zeros((len(rows), *one.shape[1:]), dtype=one.dtype)
        return self._records

    def _flat(self, name: str) -> Array:
        """Return what was recorded of a field, [rows · substeps, …]."""
        record = self._records[name]
        if self._starts and name in self._starts:
            record = np.concatenate([self._starts[name][:, None], record[:, :-1]], axis=1)
        return record.reshape(self.rows, *record.shape[2:])


def _rest(model: mujoco.MjModel) -> Array:
    data = mujoco.MjData(model)
    state = np.empty(mujoco.mj_stateSize(model, _INTEGRATION))
    mujoco.mj_getState(model, data, state, _INTEGRATION)
    return state
