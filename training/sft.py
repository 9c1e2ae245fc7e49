"""Supervised training of a decoder on what one seat saw and did.

Base training and fine-tuning are the same function: `train(out, views)` starts from nothing, `train(out, views,
init=model)` goes on from a model with its vocabulary. A job that was killed and is started again with the same
arguments ends with the same parameters, bit for bit.
"""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import Mesh

from gristmill.agents.model.cache import use_compilation_cache
from gristmill.agents.model.config import ModelConfig
from gristmill.agents.model.decoder import init_params
from gristmill.agents.model.store import Model, load_model, save_model
from gristmill.agents.model.template import Template, TemplateConfig, View, learn_tokenizer
from gristmill.digest import digest, fingerprint
from gristmill.errors import UsageError
from gristmill.seeding import derive
from gristmill.training import checkpoints
from gristmill.training.data import Batches, Corpus, Shape, choose_shapes, size_up
from gristmill.training.metrics import Metrics, Recorder
from gristmill.training.optimiser import Optimiser, learning_rate
from gristmill.training.step import Score, State, fresh_state, place, replicate, score, update

__all__ = ["TrainConfig", "TrainResult", "train"]


@dataclass(frozen=True, kw_only=True)
class TrainConfig:
    """A training job.

    Attributes:
        model: shape of a fresh decoder; its `vocab` is the most ids its tokenizer may have. Not used with `init`.
        template: how dialogues are written. Not used with `init`.
        epochs: passes over the data, not necessarily whole.
        steps: end after this many steps instead.
        rows: views per step.
        buckets: how many row lengths are compiled.
        rate: highest learning rate of the matrices.
        warmup, floor: see `learning_rate`.
        optimiser: see `Optimiser`.
        seed: of parameters and data order.
        valid_every: steps between validations on one batch.
        save_every: steps between checkpoints besides those at the ends of epochs; 0 for none.
        devices: over how many devices the rows of a batch are spread.
        generation: 1 + the generation of the policies that made the data.
    """

    model: ModelConfig = field(default_factory=ModelConfig)
    template: TemplateConfig = field(default_factory=TemplateConfig)
    epochs: float = 1.0
    steps: int | None = None
    rows: int = 16
    buckets: int = 4
    rate: float = 0.02
    warmup: float = 0.05
    floor: float = 0.05
    optimiser: Optimiser = field(default_factory=Optimiser)
    seed: int = 0
    valid_every: int = 20
    save_every: int = 0
    devices: int = 1
    generation: int = 1


@dataclass(frozen=True)
class TrainResult:
    """What a job left behind.

    Attributes:
        best: checkpoint with the lowest validation loss, `last` the newest; either can be played.
        steps: steps done, and `tokens` of the views they read, padding not counted.
        metrics: the job's metrics file, one JSON object per line.
        history: the same as objects.
    """

    best: Path
    last: Path
    steps: int
    tokens: int
    metrics: Path
    history: list[Metrics]


def train(
    out: Path | str,
    views: Sequence[View],
    *,
    valid: Sequence[View] = (),
    init: Model | Path | str | None = None,
    config: TrainConfig | None = None,
    progress: Callable[[Metrics, int], None] | None = None,
) -> TrainResult:
    """Train a decoder on views and keep checkpoints in `out`; go on if `out` holds this job half done.

    Args:
        out: folder of the job.
        views: what to learn from.
        valid: views of other scenarios, to validate on.
        init: the model to start from; None starts from nothing, with a tokenizer learnt from `views`.
        config: see `TrainConfig`.
        progress: called after every step with its metrics and the number of all steps.

    Raises:
        UsageError: when there is nothing to learn from, or `out` holds another job.
    """
    return _Job(Path(out), views, valid, init, config or TrainConfig()).run(progress)


class _Job:
    def __init__(
        self, out: Path, views: Sequence[View], valid: Sequence[View], init: Model | Path | str | None,
        config: TrainConfig,
    ) -> None:  # fmt: skip
        use_compilation_cache()
        self.out, self.config = out, config
        self.model = _start(views, init, config)
        template = Template(self.model.tokenizer, self.model.template)
        longest, pad = self.model.config.max_len, self.model.tokenizer.pad
        corpus = Corpus.of(template, views, max_len=longest)
        held = Corpus.of(template, valid, max_len=longest) if valid else None
        shapes = _shapes([corpus, held] if held else [corpus], config, self.model.about.get("shapes", []))
        self.batches = Batches(corpus, shapes, seed=config.seed, pad=pad)
        self.checks = Batches(held, shapes, seed=config.seed, pad=pad) if held else None
        per_epoch = self.batches.per_epoch
        self.steps = config.steps or max(1, round(config.epochs * per_epoch))
        self.mean_tokens = len(corpus.tokens) / per_epoch
        start = fingerprint(
            b"".join(np.asarray(leaf).tobytes() for leaf in jax.tree.leaves(self.model.params))
        )
        self.job = digest([asdict(config), corpus.digest, start])
        self.mesh = Mesh(np.array(_devices(config.devices)), ("data",))

    def run(self, progress: Callable[[Metrics, int], None] | None) -> TrainResult:
        self.out.mkdir(parents=True, exist_ok=True)
        checkpoints.clean(self.out)
        state, first = self._resume()
        with Recorder(self.out / "metrics.jsonl", first) as recorder:
            self._train(state, first, recorder, progress)
        best, last = checkpoints.best(self.out), checkpoints.last(self.out)
        assert best is not None, "the last step always leaves a checkpoint"
        assert last is not None, "the last step always leaves a checkpoint"
        tokens = round(self.mean_tokens * self.steps)
        return TrainResult(best[0], last[0], self.steps, tokens, recorder.path, recorder.history)

    def _train(
        self,
        state: State,
        first: int,
        recorder: Recorder,
        progress: Callable[[Metrics, int], None] | None,
    ) -> None:
        waiting: tuple[int, Score] | None = None
        for step in range(first, self.steps):
            batch = place(self.batches.at(step), self.mesh)
            state, found = update(
                state, batch, self._rate(step), config=self.model.config, how=self.config.optimiser
            )
            # The step before is surely done by now, so asking for its figures does not make this one wait.
            if waiting:
                self._note(recorder, *waiting, None, progress)
            waiting = (step, found)
            if self._pause(step + 1):
                self._note(recorder, *waiting, state, progress)
                waiting = None
        if waiting:
            self._note(recorder, *waiting, None, progress)

    def _resume(self) -> tuple[State, int]:
        # A copy, because the first step consumes its state and the caller may go on using the model.
        params = jax.tree.map(jnp.copy, self.model.params)
        state = replicate(fresh_state(params, self.config.optimiser), self.mesh)
        return checkpoints.resume(self.out, self.job, state)

    def _rate(self, step: int) -> jax.Array:
        c = self.config
        rate = learning_rate(step, self.steps, peak=c.rate, warmup=c.warmup, floor=c.floor)
        return jnp.asarray(rate, jnp.float32)

    def _pause(self, done: int) -> bool:
        """Return whether something is to be validated or saved after so many steps."""
        return self._saves(done) or (self.checks is not None and done % self.config.valid_every == 0)

    def _saves(self, done: int) -> bool:
        every = self.config.save_every
        return done == self.steps or done % self.batches.per_epoch == 0 or bool(every and done % every == 0)

    def _note(
        self, recorder: Recorder, step: int, found: Score, state: State | None,
        progress: Callable[[Metrics, int], None] | None,
    ) -> None:  # fmt: skip
        """Record a step; with a state, validate and save what is due after it."""
        done = step + 1
        values: dict[str, Any] = dict(
            zip(("train_loss", "train_mean_token_accuracy"), _means(found), strict=True)
        )
        ends = state is not None and self._saves(done)
        if state is not None and self.checks is not None:
            names = ("valid_loss", "valid_mean_token_accuracy")
            some = self._check(state, [(done // self.config.valid_every) % self.checks.per_epoch])
            values |= dict(zip(names, _means(some), strict=True))
            if ends:
                full = _means(self._check(state, range(self.checks.per_epoch)))
                values |= {f"full_{name}": value for name, value in zip(names, full, strict=True)}
        metrics = Metrics(step=done, learning_rate=float(self._rate(step)), **values)
        recorder.add(metrics)
        if ends and state is not None:
            self._save(state, metrics)
        if progress:
            progress(metrics, self.steps)

    def _check(self, state: State, positions: Sequence[int]) -> Score:
        assert self.checks is not None
        found = [
            score(state.params, place(self.checks.at(at), self.mesh), config=self.model.config)
            for at in positions
        ]
        return Score(*(sum(parts, jnp.float32(0)) for parts in zip(*found, strict=True)))

    def _save(self, state: State, metrics: Metrics) -> None:
        about = {"generation": self.config.generation, "step": metrics.step, "job": self.job}
        about["shapes"] = self.batches.shapes
        model = replace(self.model, params=jax.device_get(state.params), about=about)
        progress = checkpoints.Progress(step=metrics.step, job=self.job, valid_loss=metrics.full_valid_loss)
        checkpoints.save(self.out, state, partial(save_model, model=model), progress)
        checkpoints.prune(self.out)


def _start(views: Sequence[View], init: Model | Path | str | None, config: TrainConfig) -> Model:
    if isinstance(init, Model):
        return init
    if init is not None:
        return load_model(init)
    tokenizer = learn_tokenizer(views, vocab=config.model.vocab, config=config.template)
    shape = replace(config.model, vocab=tokenizer.vocab)
    key = jax.random.key(derive(config.seed, "parameters") & 0x7FFFFFFF)
    return Model(shape, tokenizer, config.template, init_params(shape, key))


def _shapes(corpora: Sequence[Corpus], config: TrainConfig, known: Sequence[Sequence[int]]) -> list[Shape]:
    """Return the shapes of batches: those the model was trained with, which are compiled, as far as they do."""
    shapes = [(config.rows, length, most) for _, length, most in known] or choose_shapes(
        corpora[0], rows=config.rows, buckets=config.buckets
    )
    longest = max(shapes[-1][1], *(size_up(corpus.lengths.max()) for corpus in corpora))
    most = max(shapes[-1][2], *(size_up(corpus.predicted.max()) for corpus in corpora))
    return shapes if (longest, most) == shapes[-1][1:] else [*shapes, (config.rows, longest, most)]


def _means(found: Score) -> tuple[float, float]:
    count = max(float(found.total), 1.0)
    return float(found.loss) / count, float(found.hits) / count


def _devices(count: int) -> list[jax.Device]:
    found = jax.devices()
    if count > len(found):
        raise UsageError(f"Expected at most {len(found)} devices, as many as JAX sees here, got {count}.")
    return found[:count]
