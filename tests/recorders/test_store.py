"""The run store: what was acknowledged is there, as it was, and anything else is said in words."""

import multiprocessing
import os
import resource
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gristmill.digest import decode, digest, encode
from gristmill.errors import StoreError, UsageError
from gristmill.play import play
from gristmill.recorders import _wal
from gristmill.recorders.store import RunStore
from gristmill.recorders.verify import judge
from gristmill.types import Entry, Episode, Fault
from tests.recorders.crashes import forking
from tests.recorders.fakes import Till, episode, policies, verdict

EPISODES = [episode(index) for index in range(6)]


def filled(path: Path, episodes: list[Episode] = EPISODES) -> RunStore:
    """Return a run with these episodes, each with a verdict."""
    store = RunStore.create(path, {"world": "fake/till-v1"})
    with store.writer() as writer:
        for one in episodes:
            writer.append(one, verdict(one))
    return store


def test_what_was_appended_is_read_back_equal(tmp_path: Path) -> None:
    """Episodes and verdicts come back as they were, from the log and from sealed shards."""
    episodes = list(play(Till, [Till().scenario(1, index) for index in range(5)], policies(), seed=1))
    verdicts = [judge(Till(), one) for one in episodes]
    store = RunStore.create(tmp_path / "run", {"world": "fake/till-v1"})
    with store.writer() as writer:
        for one, found in zip(episodes, verdicts, strict=True):
            writer.append(one, found)

    assert episodes == list(store.episodes())
    assert verdicts == list(store.verdicts())

    store.seal()

    assert episodes == list(RunStore.open(tmp_path / "run").episodes())
    assert {one.id for one in episodes} == store.ids()
    assert episodes[3] == store.episode(episodes[3].id)
    assert episodes[3].content_hash() == store.episode(episodes[3].id).content_hash()
    assert [] == store.check()


PLAIN = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
KEYS = st.sampled_from(
    ["from", "to", "say", "call", "args", "raw", "tool", "result", "error", "event", "t", "kind", ""]
)
LIKELY = st.fixed_dictionaries(
    {"from": st.sampled_from(["agent", "customer", "tool", "world"])},
    optional={
        "say": st.text(),
        "call": st.text(),
        "args": st.dictionaries(st.text(max_size=5), PLAIN, max_size=3),
        "tool": st.text(),
        "to": st.lists(st.sampled_from(["agent", "customer"])),
        "result": PLAIN,
        "error": st.text(),
    },
)


@given(
    entries=st.lists(LIKELY | st.dictionaries(KEYS, PLAIN, max_size=5), max_size=6),
    state=PLAIN,
    fault=st.none() | st.builds(Fault, side=st.text(), message=st.text()),
    seed=st.integers(-(2**63), 2**64 - 1),
)
@settings(max_examples=40)
def test_any_json_survives_the_log_and_the_shards(
    tmp_path_factory: pytest.TempPathFactory, entries: list[Entry], state: Any, fault: Fault | None, seed: int
) -> None:
    """Whatever an entry holds, in whatever key, comes back equal, types included."""
    one = msgspec.structs.replace(episode(0, entries, state), fault=fault, seed=seed)
    store = RunStore.create(tmp_path_factory.mktemp("any") / "run", {})
    with store.writer(fsync="none") as writer:
        writer.append(one)

    logged = list(store.episodes())
    store.seal()
    sealed = list(store.episodes())

    assert [one] == logged == sealed
    assert encode(one.state) == encode(sealed[0].state)
    assert one.content_hash() == sealed[0].content_hash()


def test_sealed_tables_read_with_plain_pyarrow(tmp_path: Path) -> None:
    """Columns say who did what when, to whom it was visible, and how the episode came about."""
    entries: list[Entry] = [
        {"from": "agent", "call": "pay", "args": {"amount": 3}, "to": ["agent"]},
        {"from": "tool", "tool": "pay", "result": {"balance": 3}, "to": ["agent"]},
        {"from": "agent", "say": "done"},
        {"from": "world", "event": "closed", "at": 3, "to": []},
    ]
    filled(tmp_path / "run", [episode(1, entries, {"balance": 3})]).seal()

    messages = pq.read_table(tmp_path / "run/shards/messages-000001.parquet").to_pydict()
    head = pq.read_table(tmp_path / "run/shards/episodes-000001.parquet").to_pylist()[0]

    assert ["call", "result", "say", "event"] == messages["kind"]
    assert [None, None, "done", "closed"] == messages["text"]
    assert [["agent"], ["agent"], None, []] == messages["visible_to"]
    assert ['{"amount":3}', None, None, None] == messages["args_json"]
    assert [None, '{"balance":3}', None, None] == messages["result_json"]
    assert [None, None, None, '{"at":3}'] == messages["extra_json"]
    assert ("s1", -1.5, "7", 0, 4) == tuple(
        head[name] for name in ("stratum", "log_density", "seed", "attempt", "entries")
    )


def test_the_log_reads_with_plain_pyarrow(tmp_path: Path) -> None:
    """A log segment is an Arrow IPC stream with one batch per episode."""
    filled(tmp_path / "run")

    with pa.ipc.open_stream(tmp_path / "run/wal/run-000001.arrows") as stream:
        batches = list(stream)

    assert [one.id for one in EPISODES] == [batch.column("episode_id")[0].as_py() for batch in batches]


@pytest.mark.parametrize("length", [1, 2, 7, 8, 32, 33])
def test_a_batch_of_the_log_is_what_arrow_makes_of_its_values(length: int) -> None:
    """Whatever the lengths of id and JSON are, and whatever bytes they consist of."""
    for size in range(300):
        one = episode(0, [{"from": "agent", "say": "nb\u00e9"[size % 3] * size}], {})
        one = msgspec.structs.replace(one, id="nbx"[size % 3] * length)
        values = [[one.id], [encode(one)], [None], [None]]
        columns = [pa.array(value, kind) for value, kind in zip(values, _wal.SCHEMA.types, strict=True)]
        batch = pa.RecordBatch.from_arrays(columns, schema=_wal.SCHEMA).serialize().to_pybytes()

        record = _wal.record(one)
        assert (one.id, batch) == (record.episode_id, record.batch)
        commit = _wal.Commit(one.id, 0, len(batch), "", "known")
        assert encode(one) == _wal.read_stored(Path(), commit, batch).body


def test_a_run_resumes_by_identity(tmp_path: Path) -> None:
    """What is missing is what is not in `ids`, whoever recorded the rest and in however many sittings."""
    store = filled(tmp_path / "run", EPISODES[:2])
    store.seal()
    with RunStore.open(tmp_path / "run").writer("second") as writer:
        writer.append(EPISODES[2])

    store = RunStore.open(tmp_path / "run")
    missing = [one for one in EPISODES if one.id not in store.ids()]
    with store.writer() as writer:
        for one in missing:
            writer.append(one)

    assert EPISODES[3:] == missing
    assert EPISODES == list(store.episodes())


def test_an_attempt_that_is_recorded_twice_is_there_once(tmp_path: Path) -> None:
    """The first record of an id is the one that counts."""
    other = msgspec.structs.replace(EPISODES[0], entries=[])
    store = filled(tmp_path / "run", [EPISODES[0], other])

    assert [EPISODES[0]] == list(store.episodes())
    store.seal()
    assert [EPISODES[0]] == list(store.episodes())
    assert EPISODES[0] == store.episode(EPISODES[0].id)


def test_a_large_log_is_sealed_while_it_is_written(tmp_path: Path) -> None:
    """A segment that reaches the limit becomes a shard; readers see both kinds."""
    store = RunStore.create(tmp_path / "run", {})
    with store.writer(seal_bytes=2500) as writer:
        for one in EPISODES:
            writer.append(one)

        assert EPISODES == list(store.episodes())
        assert 2 <= len(list((tmp_path / "run/shards").glob("messages-*.parquet")))


@pytest.mark.parametrize("seal_bytes", [1, 2500, 1 << 20])
def test_attempts_that_are_appended_together_lie_there_as_if_one_by_one(
    tmp_path: Path, seal_bytes: int
) -> None:
    """Log, index and shards are the same to the byte, wherever a shard ends, and so are the verdicts."""
    attempts = [(one, verdict(one) if index % 3 else None) for index, one in enumerate(EPISODES)]
    alone, together = (RunStore.create(tmp_path / name, {}) for name in ("alone", "together"))
    with alone.writer(seal_bytes=seal_bytes) as writer:
        for one, found in attempts:
            writer.append(one, found)
    with together.writer(seal_bytes=seal_bytes) as writer:
        writer.append_all([])
        writer.append_all(attempts[:4])
        writer.append_all(attempts[4:])

    def files(store: RunStore) -> dict[Path, bytes]:
        paths = [path for path in store.path.rglob("*") if path.parent.name in ("wal", "shards")]
        return {path.relative_to(store.path): path.read_bytes() for path in paths}

    assert files(alone) == files(together)
    assert list(alone.verdicts()) == list(together.verdicts())
    assert EPISODES == list(together.episodes())
    assert [] == together.check()


def test_of_attempts_with_one_that_is_refused_none_is_recorded(tmp_path: Path) -> None:
    """Whether the episode cannot be recorded or the verdict is of another one; the writer goes on."""
    store = RunStore.create(tmp_path / "run", {})
    with store.writer() as writer:
        with pytest.raises(UsageError, match="something that JSON cannot say"):
            writer.append_all([(EPISODES[0], None), (episode(1, [{"from": "agent", "say": 1j}]), None)])
        with pytest.raises(UsageError, match="Expected a verdict of episode"):
            writer.append_all([(EPISODES[0], verdict(EPISODES[0])), (EPISODES[1], verdict(EPISODES[0]))])
        writer.append(EPISODES[2], verdict(EPISODES[2]))

    assert [EPISODES[2]] == list(store.episodes())
    assert [EPISODES[2].id] == [found.episode_id for found in store.verdicts()]


def test_a_reader_goes_on_when_the_log_is_sealed_under_it(tmp_path: Path) -> None:
    """Sealing in the middle of a reading loses no episode and repeats none."""
    store = filled(tmp_path / "run")
    reader = RunStore.open(tmp_path / "run")

    found = []
    for number, one in enumerate(reader.episodes()):
        found.append(one)
        if number == 2:
            store.seal()

    assert EPISODES == found
    assert EPISODES[5] == reader.episode(EPISODES[5].id)


# -- bad input ---------------------------------------------------------------------------------------------------------


def test_create_refuses_what_is_there_already(tmp_path: Path) -> None:
    """A run is not made on top of another, nor among other files."""
    RunStore.create(tmp_path / "run", {})
    with pytest.raises(StoreError, match="holds a run; open it or choose another"):
        RunStore.create(tmp_path / "run", {})
    (tmp_path / "home").mkdir()
    (tmp_path / "home/thesis.txt").touch()
    with pytest.raises(StoreError, match="holds other files"):
        RunStore.create(tmp_path / "home", {})


def test_open_refuses_what_is_not_a_run(tmp_path: Path) -> None:
    """A missing or unreadable description, or one of another schema, is one clear error."""
    with pytest.raises(StoreError, match=r"Expected a run directory .* got .*nothing"):
        RunStore.open(tmp_path / "nothing")
    RunStore.create(tmp_path / "run", {"a": 1})
    description = tmp_path / "run/run.json"
    head = decode(description.read_bytes())
    description.write_bytes(encode(head | {"schema": 7, "gristmill": "9.1"}))
    with pytest.raises(StoreError, match=r"Expected run schema 1, got 7 .* written by Gristmill 9\.1"):
        RunStore.open(tmp_path / "run")
    description.write_bytes(encode(head | {"spec": {"a": 2}}))
    with pytest.raises(StoreError, match="does not match its own id"):
        RunStore.open(tmp_path / "run")
    description.write_bytes(b'{"schema": 1')
    with pytest.raises(StoreError, match="Expected a run description"):
        RunStore.open(tmp_path / "run")


def test_a_second_writing_process_is_refused_and_told_by_whom(tmp_path: Path) -> None:
    """The lock names its holder, and goes with the process that held it."""
    store = filled(tmp_path / "run")
    code = (
        f"from gristmill.recorders.store import RunStore; RunStore.open({str(tmp_path / 'run')!r}).writer()"
    )
    with store.writer():
        other = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
        with pytest.raises(StoreError, match="already open for writing in this process"):
            RunStore.open(tmp_path / "run").writer()
    assert "is being written by process" in other.stderr

    with RunStore.open(tmp_path / "run").writer():
        pass


def test_an_unknown_episode_is_refused(tmp_path: Path) -> None:
    """The message says how many there are."""
    with pytest.raises(StoreError, match=r"No episode 'x' in .*, which has 6 episodes"):
        filled(tmp_path / "run").episode("x")


@pytest.mark.parametrize("text", ["\ud800", object(), 1j])
def test_what_json_cannot_say_is_refused_and_the_run_goes_on(tmp_path: Path, text: Any) -> None:
    """The writer is still usable, and nothing of the refused episode is there."""
    store = RunStore.create(tmp_path / "run", {})
    with store.writer() as writer:
        writer.append(EPISODES[0])
        with pytest.raises(UsageError, match="something that JSON cannot say"):
            writer.append(episode(1, [{"from": "agent", "say": text}]))
        writer.append(EPISODES[2])

    assert [EPISODES[0], EPISODES[2]] == list(store.episodes())
    assert [] == store.check()


def test_misuse_of_a_writer_is_refused(tmp_path: Path) -> None:
    """Verdicts of another episode, odd names and closed writers are told apart."""
    store = RunStore.create(tmp_path / "run", {})
    with pytest.raises(UsageError, match="writer name"):
        store.writer("../evil")
    with pytest.raises(UsageError, match="'episode', 'interval' or 'none'"):
        store.writer(fsync="often")  # type: ignore[arg-type]
    with store.writer() as writer:
        with pytest.raises(UsageError, match="Expected a verdict of episode"):
            writer.append(EPISODES[0], verdict(EPISODES[1]))
        with pytest.raises(UsageError, match="Expected an episode id without spaces"):
            writer.append(msgspec.structs.replace(EPISODES[0], id="a b"))
    with pytest.raises(UsageError, match="Expected an open writer"):
        writer.append(EPISODES[0])
    assert [] == list(store.episodes())


@pytest.mark.parametrize("spec", [[], ["world"], "support/retail-v1", None, 7])
def test_a_description_without_an_object_is_refused(tmp_path: Path, spec: Any) -> None:
    """As any other file that is no description of a run, although its id fits."""
    RunStore.create(tmp_path / "run", {"a": 1})
    path = tmp_path / "run/run.json"
    path.write_bytes(encode(decode(path.read_bytes()) | {"spec": spec, "id": digest(spec)}))

    with pytest.raises(
        StoreError, match=r"Expected a run description in .*run\.json, got something else: spec is"
    ):
        RunStore.open(tmp_path / "run")


def test_a_path_that_cannot_be_written_is_one_clear_error(tmp_path: Path) -> None:
    """The message names the path, the reason and what to look at."""
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match=r"Could not create .*file/run: Not a directory\. A file is where"):
        RunStore.create(tmp_path / "file/run", {})


def test_a_run_on_a_read_only_disk_can_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Reading writes nothing; writing says why it cannot."""
    filled(tmp_path / "run")

    def refuse(*args: Any, **keywords: Any) -> None:
        raise OSError(30, "Read-only file system")

    really_open = os.open
    for name in ("mkdir", "pwrite", "truncate", "ftruncate", "unlink", "replace"):
        monkeypatch.setattr(f"os.{name}", refuse)
    monkeypatch.setattr(
        "os.open",
        lambda path, flags, *rest: (refuse if flags & os.O_RDWR else really_open)(path, flags, *rest),
    )
    store = RunStore.open(tmp_path / "run")

    assert EPISODES == list(store.episodes())
    assert [] == store.check()
    with pytest.raises(StoreError, match="Read-only file system"):
        store.writer()


def fill_a_small_disk(path: str, acks: Any) -> None:
    """Record until files may not grow any more, then go on with smaller episodes."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
    with RunStore.open(path).writer(fsync="none") as writer:
        for index in range(100):
            one = episode(index, size=30 if index % 2 else 1)
            try:
                writer.append(one, verdict(one))
                acks.send(one.id)
            except StoreError as error:
                acks.send(str(error))
    acks.send("")


def test_a_full_disk_loses_nothing_that_was_recorded(tmp_path: Path) -> None:
    """Each refused append is one clear error, and what fits is still recorded."""
    RunStore.create(tmp_path / "run", {})
    context = multiprocessing.get_context("fork")
    ours, theirs = context.Pipe()
    child = context.Process(target=fill_a_small_disk, args=(str(tmp_path / "run"), theirs))
    with forking():
        child.start()
    said = list(iter(ours.recv, ""))
    child.join()

    acked = {text for text in said if len(text) == 32}
    assert {"Could not record episode"} == {text[:24] for text in said if text not in acked}
    store = RunStore.open(tmp_path / "run")
    assert acked == store.ids()
    assert acked <= {found.episode_id for found in store.verdicts()}
    assert [] == store.check()
    assert 5 < len(acked) < 100


def test_sealing_that_fails_leaves_everything_in_the_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A writer goes on with the log; asked for by name, sealing says why it cannot; later it can."""
    store = RunStore.create(tmp_path / "run", {})
    with monkeypatch.context() as patch:

        def refuse(*args: Any) -> None:
            raise OSError(28, "No space left on device")

        patch.setattr("os.replace", refuse)
        with store.writer(seal_bytes=1) as writer:
            for one in EPISODES:
                writer.append(one, verdict(one))
        assert EPISODES == list(store.episodes())
        with pytest.raises(StoreError, match=r"Could not seal shard 1 .* No space left on device"):
            store.seal()
    assert [] == list((tmp_path / "run/shards").iterdir())

    store.seal()

    assert EPISODES == list(store.episodes())
    assert [] == list((tmp_path / "run/wal").iterdir())
