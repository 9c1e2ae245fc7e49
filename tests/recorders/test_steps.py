"""Numeric steps: every bit that a simulator was given comes back."""

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from gristmill.errors import UsageError
from gristmill.recorders.steps import Steps, StepsBuilder
from gristmill.recorders.store import RunStore
from tests.recorders.fakes import episode

DTYPES = ["?", "i1", "u1", "i2", "i4", "i8", "u8", "f2", "f4", "f8"]


def made(length: int, observations: dict[str, Any], actions: dict[str, Any]) -> Steps:
    """Return steps with random columns of these (dtype, shape)."""
    rng = np.random.default_rng(length)

    def column(rows: int, kind: tuple[str, tuple[int, ...]]) -> Any:
        raw = rng.integers(0, 256, size=(rows, *kind[1], np.dtype(kind[0]).itemsize), dtype=np.uint8)
        return (raw % 2).astype("?")[..., 0] if kind[0] == "?" else raw.view(kind[0])[..., 0]

    return Steps(
        {name: column(length + 1, kind) for name, kind in observations.items()},
        {name: column(length, kind) for name, kind in actions.items()},
        rng.normal(size=length),
        np.zeros(length, bool),
        np.arange(length) == length - 1,
    )


def same(one: Steps, other: Steps | None) -> bool:
    """Say whether two records are equal to the last bit, dtypes and shapes included."""
    if other is None or list(one.columns()) != list(other.columns()):
        return False
    pairs = zip(one.columns().values(), other.columns().values(), strict=True)
    return all(a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes() for a, b in pairs)


KINDS = st.tuples(st.sampled_from(DTYPES), hnp.array_shapes(min_dims=0, max_dims=2, max_side=9))


@given(
    lengths=st.lists(st.integers(0, 4), min_size=1, max_size=3),
    observations=st.dictionaries(st.sampled_from(["pos", "cam.left", "x"]), KINDS, min_size=1, max_size=2),
    actions=st.dictionaries(st.sampled_from(["u", "v"]), KINDS, max_size=2),
)
@settings(max_examples=25)
def test_every_bit_survives_the_log_and_the_shards(
    tmp_path_factory: pytest.TempPathFactory,
    lengths: list[int],
    observations: dict[str, Any],
    actions: dict[str, Any],
) -> None:
    """NaN payloads, odd widths, images and empty episodes come back as they were, beside a plain dialogue."""
    records = [(episode(n), made(length, observations, actions)) for n, length in enumerate(lengths)]
    store = RunStore.create(tmp_path_factory.mktemp("steps") / "run", {})
    with store.writer(fsync="none") as writer:
        writer.append(episode(9))
        for one, steps in records:
            writer.append(one, steps=steps)

    assert all(same(steps, store.steps(one.id)) for one, steps in records)
    store.seal()
    assert all(same(steps, store.steps(one.id)) for one, steps in records)
    assert store.steps(episode(9).id) is None
    assert [episode(9), *(one for one, _ in records)] == list(store.episodes())


def test_sealed_steps_read_with_plain_pyarrow(tmp_path: Path) -> None:
    """Small boxes are flat columns; the last row of an episode has the last observation and nothing else."""
    steps = made(3, {"value": ("f4", (2,))}, {"value": ("f8", (1,))})
    store = RunStore.create(tmp_path / "run", {})
    with store.writer() as writer:
        writer.append(episode(0), steps=steps)
    store.seal()

    table = pq.read_table(next((tmp_path / "run/shards").glob("steps-*.parquet")))

    assert [
        "episode_id", "t", "observation.value.0", "observation.value.1", "action.value.0",
        "reward", "terminated", "truncated",
    ] == table.column_names  # fmt: skip
    assert [0, 1, 2, 3] == table["t"].to_pylist()
    assert steps.observations["value"][:, 1].tolist() == table["observation.value.1"].to_pylist()
    assert [*steps.actions["value"][:, 0].tolist(), None] == table["action.value.0"].to_pylist()


def test_episodes_of_different_layouts_share_a_run(tmp_path: Path) -> None:
    """Each layout has its own file."""
    records = [made(2, {"x": ("f4", (width,))}, {}) for width in (1, 2, 1)]
    store = RunStore.create(tmp_path / "run", {})
    with store.writer() as writer:
        for number, steps in enumerate(records):
            writer.append(episode(number), steps=steps)
    store.seal()

    assert 2 == len(list((tmp_path / "run/shards").glob("steps-*.parquet")))
    assert all(same(steps, store.steps(episode(number).id)) for number, steps in enumerate(records))


def test_a_builder_keeps_the_dtype_that_was_applied() -> None:
    """Observations may be arrays or dicts of arrays; the last one is kept."""
    builder = StepsBuilder()
    builder.reset({"pos": np.zeros(2, np.float32), "id": np.int8(1)})
    builder.add(np.array([0.1]), {"pos": np.ones(2, np.float32), "id": np.int8(2)}, 0.5, False, True)

    steps = builder.build()

    assert (1, (2, 2), "float32", "int8", "float64") == (
        len(steps),
        steps.observations["pos"].shape,
        str(steps.observations["pos"].dtype),
        str(steps.observations["id"].dtype),
        str(steps.actions["value"].dtype),
    )
    assert ([0.5], [False], [True]) == tuple(
        column.tolist() for column in (steps.rewards, steps.terminated, steps.truncated)
    )


def test_what_is_not_numbers_is_refused() -> None:
    """Objects would have to be pickled, and a column of another length is a mistake."""
    flags = np.zeros(1, bool)
    with pytest.raises(UsageError, match="Expected flags or numbers"):
        Steps({"x": np.array([None, {}])}, {}, np.zeros(1), flags, flags)
    with pytest.raises(UsageError, match=r"Expected 2 rows in column 'observation\.x' \(1 rewards\), got 1"):
        Steps({"x": np.zeros(1)}, {}, np.zeros(1), flags, flags)
    builder = StepsBuilder()
    builder.reset(np.zeros(2))
    builder.add(0, np.zeros(3), 0.0, False, False)
    with pytest.raises(UsageError, match="Expected one shape in column 'observation'"):
        builder.build()
