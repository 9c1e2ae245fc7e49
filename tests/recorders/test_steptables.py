"""Numeric steps in the log and in shards: every bit comes back, with its episode."""

from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from gristmill.digest import encode
from gristmill.errors import UsageError
from gristmill.recorders import _shards
from gristmill.recorders.store import RunStore
from gristmill.steps import Steps
from gristmill.types import Episode
from tests.recorders.fakes import episode, simulated, verdict

DTYPES = ["?", "i1", "u1", "i2", "i4", "i8", "u8", "f2", "f4", "f8"]


def made(index: int, length: int, observations: dict[str, Any], actions: dict[str, Any]) -> Episode:
    """Return an episode with steps of random columns of these (dtype, shape)."""
    rng = np.random.default_rng(length)

    def column(rows: int, kind: tuple[str, tuple[int, ...]]) -> Any:
        raw = rng.integers(0, 256, size=(rows, *kind[1], np.dtype(kind[0]).itemsize), dtype=np.uint8)
        return (raw % 2).astype("?")[..., 0] if kind[0] == "?" else raw.view(kind[0])[..., 0]

    steps = Steps.of(
        observations={name: column(length + 1, kind) for name, kind in observations.items()},
        actions={name: column(length, kind) for name, kind in actions.items()},
        rewards=rng.normal(size=length),
        terminated=np.zeros(length, bool),
        truncated=np.arange(length) == length - 1,
    )
    return msgspec.structs.replace(episode(index), steps=steps)


def assert_same(expected: list[Episode], store: RunStore) -> None:
    """Fail unless a run has these episodes to the last bit, one by one and all together."""
    assert list(map(encode, expected)) == list(map(encode, store.episodes()))
    assert list(map(encode, expected)) == [encode(store.episode(one.id)) for one in reversed(expected)][::-1]


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
    records = [made(n, length, observations, actions) for n, length in enumerate(lengths)]
    everything = [episode(9), *records, episode(10)]
    store = RunStore.create(tmp_path_factory.mktemp("steps") / "run", {})
    with store.writer(fsync="none") as writer:
        for one in everything:
            writer.append(one)

    assert_same(everything, store)
    store.seal()
    assert_same(everything, store)
    assert [] == store.check()


def test_sealed_steps_read_with_plain_pyarrow(tmp_path: Path) -> None:
    """Small boxes are flat columns; the last row of an episode has the last observation and nothing else."""
    one = made(0, 3, {"value": ("f4", (2,))}, {"value": ("f8", (1,))})
    assert one.steps is not None
    store = RunStore.create(tmp_path / "run", {})
    with store.writer() as writer:
        writer.append(one)
    store.seal()

    table = pq.read_table(next((tmp_path / "run/shards").glob("steps-*.parquet")))

    assert [
        "episode_id", "t", "observation.value.0", "observation.value.1", "action.value.0",
        "reward", "terminated", "truncated",
    ] == table.column_names  # fmt: skip
    assert [0, 1, 2, 3] == table["t"].to_pylist()
    assert one.steps.observations["value"][:, 1].tolist() == table["observation.value.1"].to_pylist()
    assert [*one.steps.actions["value"][:, 0].tolist(), None] == table["action.value.0"].to_pylist()


def test_episodes_of_different_layouts_share_a_run(tmp_path: Path) -> None:
    """Each layout has its own file."""
    records = [simulated(index, width=width) for index, width in enumerate((1, 2, 1))]
    store = RunStore.create(tmp_path / "run", {})
    with store.writer() as writer:
        for one in records:
            writer.append(one)
    store.seal()

    assert 2 == len(list((tmp_path / "run/shards").glob("steps-*.parquet")))
    assert_same(records, store)


def test_every_row_group_is_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many episodes are cut from it, and however they are asked for; lists, flat columns and none at all."""
    monkeypatch.setattr(_shards, "GROUP_BYTES", 2000)
    records = [simulated(index, width=width) for index in range(8) for width in (1 + index % 2 * 79,)]
    store = RunStore.create(tmp_path / "run", {})
    with store.writer() as writer:
        for one in records:
            writer.append(one)
    store.seal()
    read: list[tuple[str, int]] = []
    real = _shards._steps_group

    def counted(folder: Path, name: str, group: int) -> Any:
        read.append((name, group))
        return real(folder, name, group)

    monkeypatch.setattr(_shards, "_steps_group", counted)

    assert list(map(encode, records)) == list(map(encode, RunStore.open(tmp_path / "run").episodes()))
    assert len(set(read)) == len(read) > 4
    store, count = RunStore.open(tmp_path / "run"), len(read)
    assert list(map(encode, records)) == [encode(store.episode(one.id)) for one in records]
    assert 2 * count == len(read)


def test_the_log_has_the_steps_once(tmp_path: Path) -> None:
    """As bytes of their own, and not in the JSON of the episode, too."""
    with RunStore.create(tmp_path / "run", {}).writer() as writer:
        writer.append(simulated(length=1000))
    size = (tmp_path / "run/wal/run-000001.arrows").stat().st_size
    steps = simulated(length=1000).steps

    assert steps is not None
    assert size < steps.nbytes + 5000


def test_a_verdict_is_of_the_steps_too(tmp_path: Path) -> None:
    """The record that was judged is not there any more when one bit of its steps is another."""
    one = simulated()
    assert one.steps is not None
    other = msgspec.structs.replace(one, steps=Steps(one.steps.layout, one.steps.data[:-1] + b"\0"))
    store = RunStore.create(tmp_path / "run", {})
    with store.writer() as writer:
        writer.append(one, verdict(one))
    for _ in ("log", "shard"):
        (found,) = store.verdicts()
        assert found.content_hash == store.episode(one.id).content_hash() != other.content_hash()
        store.seal()


def test_what_are_no_steps_is_refused(tmp_path: Path) -> None:
    """Before anything is written."""
    one = simulated()
    assert one.steps is not None
    store = RunStore.create(tmp_path / "run", {})
    with store.writer() as writer:
        with pytest.raises(UsageError, match="data fit their layout"):
            writer.append(msgspec.structs.replace(one, steps=Steps(one.steps.layout, b"")))
        with pytest.raises(UsageError, match=r"to be gristmill\.steps\.Steps or None, got dict"):
            writer.append(msgspec.structs.replace(one, steps=one.steps.columns()))

    assert set() == store.ids()
