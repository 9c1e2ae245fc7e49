"""Behaviour cloning: a network learns to do what recorded episodes of a robot did.

The input is what was observed at a control step, the target the chunk of actions that follows it; what would lie
behind the end of the episode has no loss. A job that was killed and is started again with the same arguments ends with
the same parameters, bit for bit.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from gristmill.agents.model.cache import use_compilation_cache
from gristmill.agents.robots.network import Network, NetworkConfig, flat, shapes
from gristmill.digest import digest, fingerprint
from gristmill.errors import UsageError
from gristmill.seeding import derive, numpy_stream
from gristmill.steps import Steps
from gristmill.training import checkpoints
from gristmill.training.metrics import Metrics, Recorder
from gristmill.training.optimiser import Optimiser, learning_rate, transform
from gristmill.training.step import State

__all__ = ["CloneConfig", "Cloned", "Told", "clone"]

Array = np.ndarray[Any, Any]
Told = Callable[[Metrics, int], None]
_STRETCH = 100  # steps that run under one compiled call
_ADAM = Optimiser(adam_b2=0.999)


@dataclass(frozen=True, kw_only=True)
class CloneConfig:
    """A job of behaviour cloning.

    Attributes:
        chunk: how many actions are predicted at once.
        dim: width of the hidden layers.
        layers: how many of them there are.
        steps: how many steps, unless `epochs` says it.
        epochs: passes over the data, in place of `steps`.
        rows: control steps per batch.
        rate: highest learning rate.
        warmup, floor: see `learning_rate`.
        noise: standard deviation of the noise on what is observed, in standard deviations of the training data.
        seed: of parameters, data order and noise.
        valid_every: steps between validations.
        save_every: steps between checkpoints.
        generation: 1 + the generation of the policies that made the data.
    """

    chunk: int = 24
    dim: int = 256
    layers: int = 2
    steps: int = 5000
    epochs: float | None = None
    rows: int = 256
    rate: float = 3e-3
    warmup: float = 0.02
    floor: float = 0.01
    noise: float = 0.02
    seed: int = 0
    valid_every: int = 100
    save_every: int = 1000
    generation: int = 1


@dataclass(frozen=True)
class Cloned:
    """What a job left behind.

    Attributes:
        last: the newest checkpoint, which is the one to play: how often a robot succeeds follows its loss on other
            episodes poorly (Mandlekar et al., "What Matters in Learning from Offline Human Demonstrations for Robot
            Manipulation", 2021, section 5.3).
        steps: steps done.
        frames: control steps of the episodes that were learnt from.
        metrics: the job's metrics file, one JSON object per line.
        history: the same as objects.
    """

    last: Path
    steps: int
    frames: int
    metrics: Path
    history: list[Metrics]


def clone(
    out: Path | str,
    episodes: Sequence[Steps],
    *,
    world: str,
    valid: Sequence[Steps] = (),
    init: Network | None = None,
    config: CloneConfig | None = None,
    progress: Told | None = None,
) -> Cloned:
    """Train a network on episodes and keep checkpoints in `out`; go on if `out` holds this job half done.

    Args:
        out: folder of the job.
        episodes: what to learn from.
        world: id of the world that they are of.
        valid: episodes of other scenarios, to validate on.
        init: the network to start from, whose shape and normalisation are kept; None starts from nothing.
        config: see `CloneConfig`.
        progress: called after every step with its metrics and the number of all steps.

    Raises:
        UsageError: when there is nothing to learn from, the episodes do not fit together, or `out` holds another job.
    """
    return _Job(Path(out), episodes, world, valid, init, config or CloneConfig()).run(progress)


class Frames(NamedTuple):
    """Episodes end to end, normalised.

    Attributes:
        seen: what was observed, [frames, input] float32.
        done: what was done, [frames, action] float32.
        left: control steps from each to the end of its episode, itself included, [frames] int32.
    """

    seen: Array
    done: Array
    left: Array


class _Job:
    def __init__(
        self, out: Path, episodes: Sequence[Steps], world: str, valid: Sequence[Steps], init: Network | None,
        config: CloneConfig,
    ) -> None:  # fmt: skip
        use_compilation_cache()
        self.out, self.config = out, config
        shape = init.config if init else _shape(episodes, world, config)
        _fitting([*episodes, *valid], shape, world)
        raw = _frames(episodes, shape)
        if not len(raw.seen):
            raise UsageError("Expected episodes with control steps to learn from, got none.")
        arrays = dict(init.arrays) if init else _fresh(raw, shape, config.seed)
        self.network = Network(shape, arrays)
        self.frames = _normalised(raw, arrays)
        self.checks = _normalised(_frames(valid, shape), arrays) if valid else None
        self.rows = min(config.rows, len(self.frames.seen))
        self.per_epoch = len(self.frames.seen) // self.rows
        self.steps = max(1, round(config.epochs * self.per_epoch)) if config.epochs else config.steps
        self.job = digest(
            [asdict(config), world, [fingerprint(one.tobytes()) for one in (*self.frames, *arrays.values())]]
        )

    def run(self, progress: Told | None) -> Cloned:
        self.out.mkdir(parents=True, exist_ok=True)
        checkpoints.clean(self.out)
        state, first = self._resume()
        with Recorder(self.out / "metrics.jsonl", first) as recorder:
            for begin, end in self._stretches(first):
                state, losses = self._advance(state, begin, end)
                self._note(recorder, state, begin, np.asarray(losses).tolist(), progress)
        last = checkpoints.last(self.out)
        assert last is not None, "the last step always leaves a checkpoint"
        return Cloned(last[0], self.steps, len(self.frames.seen), recorder.path, recorder.history)

    def _resume(self) -> tuple[State, int]:
        params = {name: jnp.asarray(one) for name, one in self.network.arrays.items() if name[0] in "wb"}
        state = State(params, transform(_ADAM).init(params))
        found = checkpoints.last(self.out)
        if not found:
            return state, 0
        folder, progress = found
        if progress.job != self.job:
            raise UsageError(
                f"Expected {self.out} to be empty or to hold this job, got another one (its settings or data differ); "
                "choose another folder, or delete it to start anew."
            )
        return checkpoints.restore(folder, state), progress.step

    def _stretches(self, first: int) -> Iterator[tuple[int, int]]:
        """Yield first steps and ends; a job that goes on has the same ones, and so the same compiled code."""
        c = self.config
        while first < self.steps:
            every = [_STRETCH, c.valid_every, *([c.save_every] if c.save_every else [])]
            end = min(self.steps, *((first // one + 1) * one for one in every))
            yield first, end
            first = end

    def _advance(self, state: State, begin: int, end: int) -> tuple[State, Any]:
        c = self.config
        rates = [
            learning_rate(step, self.steps, peak=c.rate, warmup=c.warmup, floor=c.floor)
            for step in range(begin, end)
        ]
        order = np.stack([self._batch(step) for step in range(begin, end)])
        keys = jax.random.split(jax.random.key(derive(c.seed, "noise", begin) & 0x7FFFFFFF), end - begin)
        after: tuple[State, Any] = _train(
            state,
            self.frames,
            order,
            jnp.asarray(rates, jnp.float32),
            keys,
            c.noise,
            chunk=self.network.config.chunk,
        )
        return after

    def _batch(self, step: int) -> Array:
        """Return the frames of a step, [rows]."""
        epoch, place = divmod(step, self.per_epoch)
        if vars(self).get("_epoch") != epoch:
            self._epoch = epoch
            self._order = numpy_stream(self.config.seed, "order", epoch).permutation(len(self.frames.seen))
        return self._order[place * self.rows : (place + 1) * self.rows]

    def _note(
        self, recorder: Recorder, state: State, begin: int, losses: Sequence[float],
        progress: Told | None,
    ) -> None:  # fmt: skip
        """Record a stretch of steps; validate and save what is due after it."""
        c, end = self.config, begin + len(losses)
        for step, loss in enumerate(losses, begin):
            done, held = step + 1, None
            if done == end and self.checks is not None and (done % c.valid_every == 0 or done == self.steps):
                held = float(
                    _loss(
                        state.params,
                        self.checks,
                        np.arange(len(self.checks.seen)),
                        chunk=self.network.config.chunk,
                    )
                )
            rate = learning_rate(step, self.steps, peak=c.rate, warmup=c.warmup, floor=c.floor)
            metrics = Metrics(step=done, learning_rate=rate, train_loss=loss, full_valid_loss=held)
            recorder.add(metrics)
            if done == end and (done == self.steps or (c.save_every and done % c.save_every == 0)):
                self._save(state, metrics)
            if progress:
                progress(metrics, self.steps)

    def _save(self, state: State, metrics: Metrics) -> None:
        about = {"generation": self.config.generation, "step": metrics.step, "job": self.job}
        arrays = {**self.network.arrays, **{name: np.asarray(one) for name, one in state.params.items()}}
        network = Network(self.network.config, arrays, about)
        checkpoints.save(self.out, state, network.save, checkpoints.Progress(step=metrics.step, job=self.job))
        checkpoints.prune(self.out)


def _forward(params: Mapping[str, Any], seen: Any) -> Any:
    """Return predicted chunks, [rows, chunk * action], in standard deviations."""
    last = len(params) // 2 - 1
    for layer in range(last):
        seen = jax.nn.relu(seen @ params[f"w{layer}"] + params[f"b{layer}"])
    return seen @ params[f"w{last}"] + params[f"b{last}"]


def _mean_loss(params: Any, frames: Frames, rows: Any, chunk: int, noise: Any = None) -> Any:
    """Return the mean distance of predicted from recorded actions, those behind the end of an episode left out."""
    seen, done = jnp.asarray(frames.seen)[rows], jnp.asarray(frames.done)
    later = jnp.arange(chunk)
    # A place behind the last frame is cut off to it; it has no loss anyway.
    target = done[jnp.minimum(rows[:, None] + later, len(done) - 1)]
    counts = later < jnp.asarray(frames.left)[rows][:, None]
    found = _forward(params, seen if noise is None else seen + noise).reshape(target.shape)
    distance = jnp.abs(found - target).mean(axis=-1)
    return (distance * counts).sum() / counts.sum()


@partial(jax.jit, static_argnames="chunk")
def _loss(params: Any, frames: Frames, rows: Any, *, chunk: int) -> Any:
    return _mean_loss(params, frames, rows, chunk)


@partial(jax.jit, static_argnames="chunk", donate_argnames="state")
def _train(
    state: State, frames: Frames, batches: Any, rates: Any, keys: Any, noise: Any, *, chunk: int
) -> tuple[State, Any]:
    """Return the state after a stretch of steps, and the loss before each; `state` is consumed.

    Args:
        state: before the first step.
        frames: all data.
        batches: frames of each step, [steps, rows].
        rates: learning rates, [steps].
        keys: of the noise, [steps].
        noise: its standard deviation.
        chunk: how many actions are predicted at once.
    """

    def step(state: State, given: Any) -> tuple[State, Any]:
        rows, rate, key = given
        drawn = noise * jax.random.normal(key, (len(rows), frames.seen.shape[1]))
        loss, gradient = jax.value_and_grad(_mean_loss)(state.params, frames, rows, chunk, drawn)
        change, moments = transform(_ADAM).update(gradient, state.moments, state.params)
        params = jax.tree.map(lambda leaf, delta: leaf + rate * delta, state.params, change)
        return State(params, moments), loss

    after: tuple[State, Any] = jax.lax.scan(step, state, (batches, rates, keys))
    return after


def _shape(episodes: Sequence[Steps], world: str, config: CloneConfig) -> NetworkConfig:
    if not episodes:
        raise UsageError("Expected episodes to learn from, got none.")
    fields, action = _sizes(episodes[0])
    return NetworkConfig(
        world=world,
        observation=fields,
        action=action,
        chunk=config.chunk,
        dim=config.dim,
        layers=config.layers,
    )


def _sizes(steps: Steps) -> tuple[dict[str, int], int]:
    """Return by field of an observation how many numbers it has, and how many an action has."""
    fields = {name: int(column[0].size) for name, column in steps.observations.items()}
    if list(steps.actions) != ["value"]:
        raise UsageError(f"Expected actions of one field, got {', '.join(steps.actions) or 'none'}.")
    return fields, int(np.prod(steps.actions["value"].shape[1:]))


def _fitting(episodes: Sequence[Steps], shape: NetworkConfig, world: str) -> None:
    """Refuse episodes that a network is not for.

    Raises:
        UsageError: when world, fields or sizes differ.
    """
    if world != shape.world:
        raise UsageError(
            f"Expected episodes of {shape.world}, which the model to start from is for, got some of {world}."
        )
    for steps in episodes:
        fields, action = _sizes(steps)
        if (list(fields.items()), action) != (list(shape.observation.items()), shape.action):
            raise UsageError(
                f"Expected episodes with the observations {shape.observation} and actions of {shape.action} numbers, "
                f"got one with {fields} and {action}."
            )


def _frames(episodes: Sequence[Steps], shape: NetworkConfig) -> Frames:
    seen = [flat(_rows(one), shape)[:-1] for one in episodes]
    done = [one.actions["value"].reshape(len(one), shape.action) for one in episodes]
    left = [np.arange(len(one), 0, -1) for one in episodes]
    return Frames(
        np.concatenate(seen).astype(np.float32), np.concatenate(done).astype(np.float32),
        np.concatenate(left).astype(np.int32),
    )  # fmt: skip


def _rows(steps: Steps) -> dict[str, Array]:
    return {name: column.reshape(len(column), -1) for name, column in steps.observations.items()}


def _fresh(raw: Frames, shape: NetworkConfig, seed: int) -> dict[str, Array]:
    """Return how the data are normalised, and parameters drawn after He et al., "Delving Deep into Rectifiers" (2015)."""
    arrays: dict[str, Array] = {}
    for name, one in (("seen", raw.seen), ("done", raw.done)):
        arrays[f"{name}.mean"] = one.mean(axis=0, dtype=np.float64).astype(np.float32)
        # What hardly varies in training is not blown up when it does later.
        arrays[f"{name}.sd"] = np.maximum(one.std(axis=0, dtype=np.float64), 1e-3).astype(np.float32)
    for name, size in shapes(shape).items():
        if name.startswith("w"):
            drawn = numpy_stream(seed, "parameters", name).standard_normal(size)
            arrays[name] = (drawn * np.sqrt(2 / size[0])).astype(np.float32)
        elif name.startswith("b"):
            arrays[name] = np.zeros(size, dtype=np.float32)
    return arrays


def _normalised(raw: Frames, arrays: Mapping[str, Array]) -> Frames:
    return Frames(
        (raw.seen - arrays["seen.mean"]) / arrays["seen.sd"],
        (raw.done - arrays["done.mean"]) / arrays["done.sd"],
        raw.left,
    )
