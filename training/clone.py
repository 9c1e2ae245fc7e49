"""Behaviour cloning: a network learns to do what recorded episodes of a robot did.

The input is what was observed at a control step, the target the chunk of actions that follows it; what would lie
behind the end of the episode has no loss. A job that was killed and is started again with the same arguments ends with
the same parameters, bit for bit.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from gristmill.agents.model.cache import use_compilation_cache
from gristmill.agents.robots.network import Network, NetworkConfig, shapes
from gristmill.digest import digest, fingerprint
from gristmill.errors import UsageError
from gristmill.seeding import derive, numpy_stream
from gristmill.steps import Steps
from gristmill.training import checkpoints
from gristmill.training.frames import (
    Frames,
    check_fit,
    finite,
    frames_of,
    normalised,
    shape_of,
    spread_within,
    statistics_of,
)
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
        noise: standard deviation of the noise on what is observed, as a share of how much it varies within an episode:
            where the robot is gets blurred, so that the network does not lean on it and finds its way back, and what
            the task is about stays sharp.
        seed: of parameters, data order and noise.
        valid_every: steps between validations; 0 for none but the last.
        save_every: steps between checkpoints; 0 for none but the last.
        generation: 1 + the generation of the policies that made the data.
    """

    chunk: int = 40
    dim: int = 256
    layers: int = 2
    steps: int = 5000
    epochs: float | None = None
    rows: int = 256
    rate: float = 3e-3
    warmup: float = 0.02
    floor: float = 0.01
    noise: float = 0.1
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
        UsageError: when there is nothing to learn from, the episodes do not fit together or are not finite, `out` holds
            another job, or the loss is not finite any more.
    """
    return _Job(Path(out), episodes, world, valid, init, config or CloneConfig()).run(progress)


class _Job:
    def __init__(
        self, out: Path, episodes: Sequence[Steps], world: str, valid: Sequence[Steps], init: Network | None,
        config: CloneConfig,
    ) -> None:  # fmt: skip
        use_compilation_cache()
        self.out, self.config = out, config
        shape = (
            init.config
            if init
            else shape_of(episodes, world, chunk=config.chunk, dim=config.dim, layers=config.layers)
        )
        check_fit([*episodes, *valid], shape, world)
        if odd := [place for place, one in enumerate([*episodes, *valid]) if not finite(one)]:
            raise UsageError(
                f"Expected episodes with finite observations and actions, got {len(odd):,} others of "
                f"{len(episodes) + len(valid):,}, the first at place {odd[0]}; leave them out."
            )
        raw = frames_of(episodes, shape)
        if not len(raw.observations):
            raise UsageError("Expected episodes with control steps to learn from, got none.")
        arrays = dict(init.arrays) if init else {**statistics_of(raw), **_parameters(shape, config.seed)}
        self.network = Network(shape, arrays)
        self.frames = normalised(raw, arrays)
        self.checks = normalised(frames_of(valid, shape), arrays) if valid else None
        self.noise = config.noise * spread_within(self.frames)
        self.rows = min(config.rows, len(self.frames.observations))
        self.per_epoch = len(self.frames.observations) // self.rows
        self.steps = max(1, round(config.epochs * self.per_epoch)) if config.epochs else config.steps
        self._epoch, self._order = -1, np.zeros(0, dtype=np.int64)
        self.job = digest(
            [asdict(config), world, [fingerprint(one.tobytes()) for one in (*self.frames, *arrays.values())]]
        )

    def run(self, progress: Told | None) -> Cloned:
        self.out.mkdir(parents=True, exist_ok=True)
        checkpoints.clean(self.out)
        state, first = self._resume()
        with Recorder(self.out / "metrics.jsonl", first) as recorder:
            for begin, end in self._stretches(first):
                state, found = self._advance(state, begin, end)
                losses = np.asarray(found).tolist()
                _check_finite(state, losses, begin)
                self._note(recorder, state, begin, losses, progress)
        last = checkpoints.last(self.out)
        assert last is not None, "the last step always leaves a checkpoint"
        return Cloned(last[0], self.steps, len(self.frames.observations), recorder.path, recorder.history)

    def _resume(self) -> tuple[State, int]:
        params = {name: jnp.asarray(one) for name, one in self.network.arrays.items() if name[0] in "wb"}
        state = State(params, transform(_ADAM).init(params))
        return checkpoints.resume(self.out, self.job, state)

    def _stretches(self, first: int) -> Iterator[tuple[int, int]]:
        """Yield first steps and ends; a job that goes on has the same ones, and so the same compiled code."""
        c = self.config
        while first < self.steps:
            every = (_STRETCH, c.valid_every, c.save_every)
            end = min(self.steps, *((first // one + 1) * one for one in every if one))
            yield first, end
            first = end

    def _advance(self, state: State, begin: int, end: int) -> tuple[State, Any]:
        """Do some steps at once."""
        rates = jnp.asarray([self._rate(step) for step in range(begin, end)], jnp.float32)
        batches = np.stack([self._batch(step) for step in range(begin, end)])
        key = jax.random.key(derive(self.config.seed, "noise", begin) & 0x7FFFFFFF)
        after: tuple[State, Any] = _train(
            state, self.frames, batches, rates, jax.random.split(key, end - begin), self.noise,
            chunk=self.network.config.chunk,
        )  # fmt: skip
        return after

    def _rate(self, step: int) -> float:
        c = self.config
        return learning_rate(step, self.steps, peak=c.rate, warmup=c.warmup, floor=c.floor)

    def _batch(self, step: int) -> Array:
        """Return the frames of a step, [rows]."""
        epoch, place = divmod(step, self.per_epoch)
        if epoch != self._epoch:
            self._epoch = epoch
            self._order = numpy_stream(self.config.seed, "order", epoch).permutation(
                len(self.frames.observations)
            )
        return self._order[place * self.rows : (place + 1) * self.rows]

    def _note(
        self, recorder: Recorder, state: State, begin: int, losses: Sequence[float],
        progress: Told | None,
    ) -> None:  # fmt: skip
        """Record a stretch of steps; validate and save what is due after it."""
        c, end = self.config, begin + len(losses)
        held = self._held(state) if self._due(end, c.valid_every) else None
        for step, loss in enumerate(losses, begin):
            last = step + 1 == end
            metrics = Metrics(
                step=step + 1,
                learning_rate=self._rate(step),
                train_loss=loss,
                full_valid_loss=held if last else None,
            )
            recorder.add(metrics)
            if last and self._due(end, c.save_every):
                self._save(state, metrics)
            if progress:
                progress(metrics, self.steps)

    def _due(self, done: int, every: int) -> bool:
        return done == self.steps or bool(every and done % every == 0)

    def _held(self, state: State) -> float | None:
        """Return the loss on the episodes to validate on."""
        if self.checks is None:
            return None
        rows = np.arange(len(self.checks.observations))
        return float(_loss(state.params, self.checks, rows, chunk=self.network.config.chunk))

    def _save(self, state: State, metrics: Metrics) -> None:
        about = {"generation": self.config.generation, "step": metrics.step, "job": self.job}
        arrays = {**self.network.arrays, **{name: np.asarray(one) for name, one in state.params.items()}}
        network = Network(self.network.config, arrays, about)
        checkpoints.save(self.out, state, network.save, checkpoints.Progress(step=metrics.step, job=self.job))
        checkpoints.prune(self.out)


def _check_finite(state: State, losses: Sequence[float], begin: int) -> None:
    """Stop a job that has gone astray; the loss is that before each step, so the last one shows in the parameters."""
    good = [bool(np.isfinite(one)) for one in losses]
    good.append(all(bool(np.isfinite(np.asarray(one)).all()) for one in state.params.values()))
    if not all(good):
        raise UsageError(
            f"Expected a finite loss, got another after {begin + good.index(False):,} steps; "
            "choose a lower rate, or look for odd numbers in the episodes. No checkpoint was made of it."
        )


def _forward(params: Mapping[str, Any], seen: Any) -> Any:
    """Return predicted chunks, [rows, chunk * action], in standard deviations."""
    last = len(params) // 2 - 1
    for layer in range(last):
        seen = jax.nn.relu(seen @ params[f"w{layer}"] + params[f"b{layer}"])
    return seen @ params[f"w{last}"] + params[f"b{last}"]


def _mean_loss(params: Any, frames: Frames, rows: Any, chunk: int, noise: Any = None) -> Any:
    """Return the mean distance of predicted from recorded actions, those behind the end of an episode left out."""
    seen, actions = jnp.asarray(frames.observations)[rows], jnp.asarray(frames.actions)
    later = jnp.arange(chunk)
    # A place behind the last frame is cut off to it; it has no loss anyway.
    target = actions[jnp.minimum(rows[:, None] + later, len(actions) - 1)]
    counts = later < jnp.asarray(frames.left)[rows][:, None]
    found = _forward(params, seen if noise is None else seen + noise).reshape(target.shape)
    distance = jnp.abs(found - target).mean(axis=-1)
    return (distance * counts).sum() / jnp.maximum(counts.sum(), 1)


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
        noise: its standard deviations, [input].
        chunk: how many actions are predicted at once.
    """

    def step(state: State, given: Any) -> tuple[State, Any]:
        rows, rate, key = given
        drawn = noise * jax.random.normal(key, (len(rows), frames.observations.shape[1]))
        loss, gradient = jax.value_and_grad(_mean_loss)(state.params, frames, rows, chunk, drawn)
        change, moments = transform(_ADAM).update(gradient, state.moments, state.params)
        params = jax.tree.map(lambda leaf, delta: leaf + rate * delta, state.params, change)
        return State(params, moments), loss

    after: tuple[State, Any] = jax.lax.scan(step, state, (batches, rates, keys))
    return after


def _parameters(shape: NetworkConfig, seed: int) -> dict[str, Array]:
    """Return weights drawn after He et al., "Delving Deep into Rectifiers" (2015), section 2.2, and biases of zero."""
    arrays: dict[str, Array] = {}
    for name, size in shapes(shape).items():
        if name.startswith("w"):
            drawn = numpy_stream(seed, "parameters", name).standard_normal(size)
            arrays[name] = (drawn * np.sqrt(2 / size[0])).astype(np.float32)
        elif name.startswith("b"):
            arrays[name] = np.zeros(size, dtype=np.float32)
    return arrays
