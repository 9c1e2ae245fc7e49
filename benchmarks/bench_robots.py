"""How fast robots are simulated, beside MuJoCo's own C loop as the limit and Gymnasium's vector environments as peers.

    python benchmarks/bench_robots.py [world …]

Every contender goes through the same episodes: equal models, initial states and actions, those of the expert. Ours is
timed with observations, rewards, predicates, safety measures and the recording of every step; the limit only steps the
physics. Contenders take turns, and the best of several turns counts. The last lines are whole runs: scenarios,
resetting, playing, judging, recording, sealing, then replay in a fresh world.
"""

import os
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import gymnasium
import mujoco
import numpy as np
from gymnasium.vector import AsyncVectorEnv, AutoresetMode, SyncVectorEnv
from mujoco.rollout import Rollout

from gristmill import registry
from gristmill.envs.robots.vector import RobotVectorEnv
from gristmill.envs.robots.world import RobotWorld
from gristmill.play import play
from gristmill.recorders.store import RunStore
from gristmill.recorders.verify import verify_run
from gristmill.simulate import Recorded, rollouts
from gristmill.types import Episode
from gristmill.workflows.run import run, seat_policies

WORLDS = ("robots/reach-v1", "robots/pick-place-v1", "robots/pour-v1")
ROWS = 128
TURNS = 5
PEERS = 8  # environments of Gymnasium's vector environments


class Case:
    """Episodes of the expert: what every contender is given."""

    def __init__(self, spec: str) -> None:
        world: Any = registry.make(spec)
        assert isinstance(world, RobotWorld)
        self.world = world
        scenarios = [world.scenario(7, index) for index in range(ROWS)]
        self.episodes = list(play(registry.world(spec), scenarios, seat_policies(spec, {}), seed=7))
        self.scenarios = scenarios
        steps = [one.steps for one in self.episodes if one.steps is not None]
        self.actions = np.stack([one.actions["value"] for one in steps])  # [rows, steps, size]
        self.models = [world.model(one.values) for one in scenarios]
        self.starts = np.array([one.entries[0]["state"] for one in self.episodes])
        self.control_steps = self.actions.shape[1] * ROWS


class Lean(gymnasium.Env[Any, Any]):
    """The least that an environment of its own MjData can do: step, and look at positions and velocities."""

    def __init__(self, model: mujoco.MjModel, start: Any, substeps: int) -> None:
        self._model, self._data, self._start, self._substeps = model, mujoco.MjData(model), start, substeps
        size = model.nq + model.nv
        self.observation_space = gymnasium.spaces.Box(-np.inf, np.inf, (size,), dtype=np.float64)
        self.action_space = gymnasium.spaces.Box(-10, 10, (model.nu,), dtype=np.float32)

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Any, dict[str, Any]]:
        """Go back to the start."""
        super().reset(seed=seed)
        mujoco.mj_setState(self._model, self._data, self._start, mujoco.mjtState.mjSTATE_INTEGRATION)
        return self._look(), {}

    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        """Apply an action through one control step."""
        self._data.ctrl[:] = action
        mujoco.mj_step(self._model, self._data, nstep=self._substeps)
        return self._look(), 0.0, False, False, {}

    def _look(self) -> Any:
        return np.concatenate([self._data.qpos, self._data.qvel])


def limit(case: Case, threads: int) -> Callable[[], float]:
    """Return the timing of MuJoCo's rollouts: no Python between the first step and the last."""
    substeps = case.world.substeps
    control = np.repeat(case.actions.astype(np.float64), substeps, axis=1)
    full = mujoco.mj_stateSize(case.models[0], mujoco.mjtState.mjSTATE_FULLPHYSICS)
    states = np.empty((ROWS, full))
    data = [mujoco.MjData(case.models[0]) for _ in range(threads)]
    for row, start in enumerate(case.starts):
        mujoco.mj_setState(case.models[row], data[0], start, mujoco.mjtState.mjSTATE_INTEGRATION)
        mujoco.mj_getState(case.models[row], data[0], states[row], mujoco.mjtState.mjSTATE_FULLPHYSICS)
    rollout = Rollout(nthread=threads if threads > 1 else 0)
    sensors = np.empty((ROWS, control.shape[1], case.models[0].nsensordata))
    out = np.empty((ROWS, control.shape[1], full))

    def once() -> float:
        start = time.perf_counter()
        rollout.rollout(case.models, data, states, control, state=out, sensordata=sensors)
        return time.perf_counter() - start

    return once


def ours(case: Case, threads: int, folder: Path) -> Callable[[], float]:
    """Return the timing of our loop from the first step to the recorded episodes."""
    env = RobotVectorEnv(case.world, ROWS, threads=threads, autoreset=AutoresetMode.DISABLED)
    store = RunStore.create(folder / f"{case.world.id.replace('/', '-')}-{threads}", {"world": case.world.id})

    def once() -> float:
        flying = _Clocked(env)
        with store.writer() as writer:
            rows = list(rollouts(flying, case.scenarios, range(ROWS), Recorded(case.actions), seat="robot"))
            for place, (row, episode) in enumerate(zip(rows, case.episodes, strict=True)):
                writer.append(_recorded(episode, row, place))
            return time.perf_counter() - flying.begun

    return once


class _Clocked:
    """An environment that notes when its episodes have begun, so that resetting is not timed."""

    def __init__(self, env: RobotVectorEnv) -> None:
        self._env = env
        self.begun = 0.0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._env, name)

    def reset(self, **options: Any) -> Any:
        """Reset, then start the clock."""
        found = self._env.reset(**options)
        self.begun = time.perf_counter()
        return found


def _recorded(episode: Episode, row: Any, place: int) -> Episode:
    import msgspec

    changes = {
        "id": f"{time.perf_counter_ns():x}-{place}",
        "entries": row.entries,
        "state": row.state,
        "steps": row.steps,
    }
    return msgspec.structs.replace(episode, **changes)


def peer(case: Case, kind: Any) -> Callable[[], float]:
    """Return the timing of one of Gymnasium's vector environments."""
    makers = [
        lambda model=case.models[row], start=case.starts[row]: Lean(model, start, case.world.substeps)
        for row in range(PEERS)
    ]
    env = kind(makers)

    def once() -> float:
        env.reset()
        start = time.perf_counter()
        for action in case.actions[:PEERS].swapaxes(0, 1):
            env.step(action)
        return (time.perf_counter() - start) * ROWS / PEERS

    return once


def fetch() -> str:
    """Return how fast gymnasium-robotics' FetchPickAndPlace goes, or why it does not run here."""
    try:
        import gymnasium_robotics

        gymnasium.register_envs(gymnasium_robotics)
        env = gymnasium.make("FetchPickAndPlace-v4")
        env.reset(seed=0)
        start = time.perf_counter()
        for number in range(200):
            env.step(env.action_space.sample())
            if number % 50 == 49:
                env.reset()
        return f"{200 / (time.perf_counter() - start):,.0f} control steps/s"
    except Exception as error:  # noqa: BLE001  # whatever keeps it from running
        return f"does not run here ({type(error).__name__}: {error})".replace(": )", ")")


def throughput(spec: str, folder: Path) -> None:
    """Print steps per second of all contenders on one world."""
    case = Case(spec)
    contenders = {
        "limit: mujoco.rollout, 1 thread": limit(case, 1),
        "limit: mujoco.rollout, 2 threads": limit(case, 2),
        "ours, 1 thread, recorded": ours(case, 1, folder),
        "ours, 2 threads, recorded": ours(case, 2, folder),
        f"SyncVectorEnv of {PEERS}": peer(case, SyncVectorEnv),
        f"AsyncVectorEnv of {PEERS}": peer(case, AsyncVectorEnv),
    }
    best = dict.fromkeys(contenders, float("inf"))
    for _ in range(TURNS):
        for name, once in contenders.items():
            best[name] = min(best[name], once())
    one, two = (best[f"limit: mujoco.rollout, {threads}"] for threads in ("1 thread", "2 threads"))
    substeps = case.world.substeps
    print(f"\n{spec}: {ROWS} episodes of {case.actions.shape[1]} control steps of {substeps} substeps")
    for name, seconds in best.items():
        rate = case.control_steps / seconds
        reference = two if "2 threads" in name else one
        print(
            f"{name:>33}: {rate:9,.0f} control steps/s, {rate * substeps:10,.0f} physics steps/s, "
            f"{reference / seconds:5.2f} of the limit"
        )
    mine = [best[f"ours, {threads}, recorded"] for threads in ("1 thread", "2 threads")]
    print(f"{'two threads against one':>33}: ours {mine[0] / mine[1]:.2f}, limit {one / two:.2f}")
    print(
        f"{'ours on 2 against AsyncVectorEnv':>33}: {best[f'AsyncVectorEnv of {PEERS}'] / mine[1]:.1f} times"
    )


def line(spec: str, folder: Path, n: int) -> None:
    """Print attempts per second of CPU time of a whole run, and of its replay."""
    path = folder / f"line-{spec.replace('/', '-')}"
    begin = spent()
    found = run(spec, {"robot": "proposal"}, path, n=n)
    played = spent()
    verify_run(RunStore.open(path), "replayed")
    both = spent() - begin
    passed = found.counts.get("pass", 0)
    print(
        f"{spec}: {n / (played - begin):.1f} attempts/s/core played, judged and recorded, {n / both:.1f} with replay "
        f"in a fresh process; "
        f"{60 * passed / both:.0f} verified successes a minute ({passed} of {n} proposals)"
    )


def spent() -> float:
    """Return the CPU seconds of this process and of those it has waited for, such as the ones that replay."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def main(worlds: Sequence[str]) -> None:
    """Print the figures."""
    warnings.simplefilter("ignore")
    print(f"mujoco {mujoco.mj_versionString()}, numpy {np.__version__}, gymnasium {gymnasium.__version__}")
    with tempfile.TemporaryDirectory() as name:
        for spec in worlds:
            throughput(spec, Path(name))
        print()
        for spec in worlds:
            line(spec, Path(name), 256)
    print(f"FetchPickAndPlace-v4: {fetch()}")


if __name__ == "__main__":
    main(sys.argv[1:] or WORLDS)
