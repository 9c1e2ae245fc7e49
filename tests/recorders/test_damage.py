"""Damage: what cannot be read is named, and the rest is read."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import msgspec
import pyarrow.parquet as pq
import pytest

from gristmill.digest import encode
from gristmill.errors import StoreError
from gristmill.recorders.ledger import latest
from gristmill.recorders.mine import mine
from gristmill.recorders.store import RunStore
from gristmill.steps import Steps
from gristmill.types import Episode
from tests.recorders.fakes import episode, simulated, verdict

EPISODES = [episode(index, size=2) for index in range(4)]
IDS = [one.id for one in EPISODES]
# Two episodes with steps of one layout, one of another, and one without.
NUMERIC = [simulated(0), simulated(1, width=70), episode(2), simulated(3)]


def filled(path: Path, episodes: Sequence[Episode] = EPISODES) -> RunStore:
    """Return a run with the episodes in its log."""
    store = RunStore.create(path, {})
    with store.writer() as writer:
        for one in episodes:
            writer.append(one, verdict(one))
    return store


def steps_file(path: Path, one: Episode) -> Path:
    """Return the sealed file with the steps of an episode."""
    table = pq.read_table(path / "shards/episodes-000001.parquet", columns=["episode_id", "steps_file"])
    (name,) = (row["steps_file"] for row in table.to_pylist() if row["episode_id"] == one.id)
    return path / "shards" / str(name)


def flip(path: Path, place: int) -> None:
    """Flip one bit of a file."""
    data = bytearray(path.read_bytes())
    data[place] ^= 4
    path.write_bytes(data)


@pytest.mark.parametrize("step", [11, pytest.param(1, marks=pytest.mark.slow)])
def test_a_log_cut_off_anywhere_keeps_every_whole_episode(tmp_path: Path, step: int) -> None:
    """At each length of its last batch and line, the log has the episodes before, and can be gone on with."""
    path = tmp_path / "run"
    filled(path)
    log, index = path / "wal/run-000001.arrows", path / "wal/run-000001.idx"
    data, lines = log.read_bytes(), index.read_bytes()
    last = lines.rstrip().rfind(b"\n") + 1
    start = int(lines[last:].split()[1])

    for cut in range(last, len(lines)):
        index.write_bytes(lines[:cut])
        assert EPISODES[:3] == list(RunStore.open(path).episodes())
        assert [] == RunStore.open(path).damage
    index.write_bytes(lines)
    for cut in range(start, len(data), step):
        log.write_bytes(data[:cut])
        store = RunStore.open(path)
        assert EPISODES[:3] == list(store.episodes())
        assert [IDS[3]] == [
            damage.episode_id for damage in store.damage
        ]  # it was acknowledged, so it is missed

    with store.writer() as writer:
        writer.append(EPISODES[3])
    assert EPISODES == list(RunStore.open(path).episodes())


def test_a_torn_ledger_keeps_every_whole_verdict(tmp_path: Path) -> None:
    """At each length of its last line, the ledger has the verdicts before, without a complaint."""
    filled(tmp_path / "run")
    path = tmp_path / "run/ledger/run-000002.jsonl"
    data = path.read_bytes()
    last = data.rstrip().rfind(b"\n") + 1

    for cut in range(last, len(data)):
        path.write_bytes(data[:cut])
        store = RunStore.open(tmp_path / "run")
        assert IDS[:3] == [found.episode_id for found in store.verdicts()]
        assert [] == store.damage


def test_a_flipped_bit_in_the_log_costs_its_episode_only(tmp_path: Path) -> None:
    """Wherever the bit is, the other episodes are read, and sealing sets the segment aside."""
    log = tmp_path / "run/wal/run-000001.arrows"
    filled(tmp_path / "run")
    places = [int(line.split()[1]) for line in log.with_suffix(".idx").read_bytes().splitlines()]
    flip(log, places[1] + 500)

    store = RunStore.open(tmp_path / "run")

    assert [IDS[0], IDS[2], IDS[3]] == [one.id for one in store.episodes()]
    assert [(f"wal/run-000001.arrows, byte {places[1]}", IDS[1])] == [
        (d.where, d.episode_id) for d in store.damage
    ]
    with pytest.raises(StoreError, match="No episode"):
        store.episode(IDS[1])
    assert {"the bytes do not match their hash": 1} == mine(store).stages[0].reasons
    store.seal()
    assert {IDS[0], IDS[2], IDS[3]} == RunStore.open(tmp_path / "run").ids()
    assert ["run-000001.arrows", "run-000001.idx"] == sorted(
        item.name for item in (tmp_path / "run/damaged").iterdir()
    )


def test_a_flipped_bit_in_the_index_names_its_line(tmp_path: Path) -> None:
    """The episodes of the other lines are read."""
    index = tmp_path / "run/wal/run-000001.idx"
    filled(tmp_path / "run")
    for place in range(0, index.read_bytes().find(b"\n"), 7):
        flip(index, place)
        store = RunStore.open(tmp_path / "run")
        assert IDS[1:] == [one.id for one in store.episodes()]
        assert ["wal/run-000001.idx, line 1"] == [damage.where for damage in store.damage]
        flip(index, place)


def test_a_changed_ledger_is_found(tmp_path: Path) -> None:
    """A changed line, and one that was taken out, break the chain; the other verdicts are read."""
    path = tmp_path / "run/ledger/run-000002.jsonl"
    filled(tmp_path / "run")
    data = path.read_bytes()

    path.write_bytes(data.replace(b'"pass"', b'"fail"', 1))
    store = RunStore.open(tmp_path / "run")
    assert IDS[1:] == [found.episode_id for found in store.verdicts()]
    assert ["ledger/run-000002.jsonl, line 1"] == [damage.where for damage in store.damage]

    path.write_bytes(b"".join(data.splitlines(keepends=True)[::2]))
    store = RunStore.open(tmp_path / "run")
    assert [IDS[0], IDS[2]] == [found.episode_id for found in store.verdicts()]
    assert ["ledger/run-000002.jsonl, line 2"] == [damage.where for damage in store.damage]


def test_a_verdict_that_cannot_be_decoded_costs_no_other(tmp_path: Path) -> None:
    """A check with a status that there is not, say: its row is named, and the others count."""
    store = filled(tmp_path / "run")
    with store.writer() as writer:
        writer.record(verdict(EPISODES[0], "passed"))
        writer.record(verdict(EPISODES[1], "fail"))

    assert {"pass": 3, "fail": 1} == Counter(
        found.status for found in (one[key] for one in latest(store.ledger()).values() for key in one)
    )
    (damage,) = store.damage
    assert ("ledger/run-000003.jsonl", 0) == (damage.where, damage.lost)
    assert "Invalid enum value 'passed'" in damage.message


@pytest.mark.parametrize("kind", ["episodes", "messages"])
def test_a_flipped_bit_in_a_shard_is_found_and_named(tmp_path: Path, kind: str) -> None:
    """Other shards and the log are read; every episode that is lost is named or counted."""
    store = filled(tmp_path / "run")
    store.seal()
    with store.writer() as writer:
        writer.append(episode(9))
    path = tmp_path / f"run/shards/{kind}-000001.parquet"
    size = path.stat().st_size
    silent = 0
    for place in range(0, size, size // 40):
        flip(path, place)
        store = RunStore.open(tmp_path / "run")
        found = list(store.episodes())
        assert episode(9) in found
        assert all(one in [*EPISODES, episode(9)] for one in found)
        silent += len(found) < 5 and not store.damage
        assert any(kind in damage.where for damage in store.check())
        flip(path, place)
    assert 0 == silent


def test_a_changed_manifest_loses_no_shard(tmp_path: Path) -> None:
    """Shards that a damaged manifest does not list are read as they lie there, and never removed."""
    store = filled(tmp_path / "run")
    store.seal()
    with store.writer() as writer:
        writer.append(episode(9))
    store.seal()
    flip(tmp_path / "run/MANIFEST.jsonl", 60)

    store = RunStore.open(tmp_path / "run")
    with store.writer() as writer:
        writer.append(episode(10))

    assert {*IDS, episode(9).id, episode(10).id} == store.ids()
    assert ["run/MANIFEST.jsonl, line 1"] == [damage.where for damage in store.damage]


@pytest.mark.parametrize("left", ["torn", "none"])
def test_a_cut_manifest_loses_no_shard(tmp_path: Path, left: str) -> None:
    """A sealed shard is read, and listed again by the next writer, although the manifest has lost its line."""
    store = filled(tmp_path / "run")
    store.seal()
    manifest = tmp_path / "run/MANIFEST.jsonl"
    whole = manifest.read_bytes()
    if left == "torn":
        manifest.write_bytes(whole[:-20])
    else:
        manifest.unlink()

    assert EPISODES == list(RunStore.open(tmp_path / "run").episodes())
    with RunStore.open(tmp_path / "run").writer() as writer:
        writer.append(episode(9))

    store = RunStore.open(tmp_path / "run")
    assert {*IDS, episode(9).id} == store.ids()
    assert [] == store.check()
    assert manifest.read_bytes().endswith(b"\n")


def test_an_unlisted_shard_that_cannot_be_read_stays(tmp_path: Path) -> None:
    """Nothing shows that it is a left-over, so it is listed as damaged, not removed."""
    filled(tmp_path / "run").seal()
    (tmp_path / "run/MANIFEST.jsonl").unlink()
    path = tmp_path / "run/shards/episodes-000001.parquet"
    path.write_bytes(path.read_bytes()[:-20])

    RunStore.open(tmp_path / "run").seal()

    assert path.exists()
    damage = RunStore.open(tmp_path / "run").check()
    assert {"shards/episodes-000001.parquet"} == {one.where for one in damage}
    assert set(IDS) == {one.episode_id for one in damage}  # from the other file of the shard


@pytest.mark.parametrize("kind", ["episodes", "messages"])
def test_the_episodes_of_a_cut_shard_are_named(tmp_path: Path, kind: str) -> None:
    """They are missing from the run at once, so that a resumed run records them again; the other file has their ids."""
    filled(tmp_path / "run").seal()
    path = tmp_path / f"run/shards/{kind}-000001.parquet"
    path.write_bytes(path.read_bytes()[:-20])

    store = RunStore.open(tmp_path / "run")

    assert set() == store.ids()
    assert [(f"shards/{kind}-000001.parquet", name, 1) for name in IDS] == [
        (one.where, one.episode_id, one.lost) for one in store.damage
    ]


def test_a_shard_of_which_nothing_is_left_is_counted(tmp_path: Path) -> None:
    """How many episodes it had is in the manifest."""
    filled(tmp_path / "run").seal()
    for kind in ("episodes", "messages"):
        (tmp_path / f"run/shards/{kind}-000001.parquet").write_bytes(b"PAR1")

    store = RunStore.open(tmp_path / "run")

    assert set() == store.ids()
    assert 4 == sum(one.lost for one in store.damage)


@pytest.mark.parametrize("kind", ["episodes", "messages"])
def test_a_shard_that_was_written_over_is_missed_before_it_is_read(tmp_path: Path, kind: str) -> None:
    """The ids alone look whole; whoever continues the run learns what is to be recorded again."""
    filled(tmp_path / "run").seal()
    path = tmp_path / f"run/shards/{kind}-000001.parquet"
    data = bytearray(path.read_bytes())
    place = len(data) // 3
    data[place : place + 200] = bytes(200)
    path.write_bytes(data)
    store = RunStore.open(tmp_path / "run")

    assert set() == store.readable()

    with store.writer() as writer:
        for one in EPISODES:
            writer.append(one, verdict(one))
    store.seal()
    store = RunStore.open(tmp_path / "run")
    assert set(IDS) == store.readable()
    assert EPISODES == list(store.episodes())
    assert EPISODES[1] == RunStore.open(tmp_path / "run").episode(IDS[1])


def test_what_is_sound_is_readable(tmp_path: Path) -> None:
    """In the log and in shards, and where the manifest has lost the hashes of the files."""
    store = filled(tmp_path / "run")
    assert set(IDS) == store.readable()
    store.seal()
    assert set(IDS) == store.readable()
    (tmp_path / "run/MANIFEST.jsonl").unlink()
    assert set(IDS) == RunStore.open(tmp_path / "run").readable()
    assert [] == store.damage


def test_a_missing_shard_is_named(tmp_path: Path) -> None:
    """The run can still be opened and read."""
    store = filled(tmp_path / "run")
    store.seal()
    (tmp_path / "run/shards/messages-000001.parquet").unlink()

    store = RunStore.open(tmp_path / "run")

    assert [] == list(store.episodes())
    assert any("messages-000001.parquet" in damage.where for damage in store.check())


def test_what_a_damaged_shard_lost_can_be_recorded_again(tmp_path: Path) -> None:
    """Once reading has found the damage, the lost episodes are missing from the run, and a resumed run adds them."""
    filled(tmp_path / "run").seal()
    (tmp_path / "run/shards/messages-000001.parquet").unlink()
    store = RunStore.open(tmp_path / "run")
    assert [] == list(store.episodes())
    assert set() == store.ids()

    with store.writer() as writer:
        for one in EPISODES:
            writer.append(one, verdict(one))
    store.seal()

    assert EPISODES == list(store.episodes())
    assert EPISODES[2] == RunStore.open(tmp_path / "run").episode(IDS[2])


def test_a_flipped_bit_in_steps_costs_only_their_episodes(tmp_path: Path) -> None:
    """Those of another layout and those without are read; what is lost is named, and what is found is as it was."""
    path = tmp_path / "run"
    filled(path, NUMERIC).seal()
    file = steps_file(path, NUMERIC[0])
    size, lost = file.stat().st_size, 0
    known = {one.id: encode(one) for one in NUMERIC}
    for place in range(0, size, size // 40):
        flip(file, place)
        store = RunStore.open(path)
        found = {one.id: encode(one) for one in store.episodes()}
        missed = known.keys() - found.keys()
        assert found.items() <= known.items()
        assert missed in (set(), {NUMERIC[0].id, NUMERIC[3].id})
        assert missed == {damage.episode_id for damage in store.damage}
        assert found.keys() == store.ids() == RunStore.open(path).readable()
        assert any(file.name in damage.where for damage in store.check())
        lost += bool(missed)
        flip(file, place)
    assert lost > 20


@pytest.mark.parametrize("how", ["missing", "cut", "written over"])
def test_episodes_whose_steps_are_lost_can_be_recorded_again(tmp_path: Path, how: str) -> None:
    """They are named, not there, and not kept as if they had no steps; a resumed run adds them."""
    path = tmp_path / "run"
    filled(path, NUMERIC).seal()
    file = steps_file(path, NUMERIC[1])
    data = file.read_bytes()
    if how == "missing":
        file.unlink()
    else:
        file.write_bytes(data[:-20] if how == "cut" else data[:100] + bytes(len(data) - 200) + data[-100:])
    store = RunStore.open(path)

    with pytest.raises(StoreError, match=f"Episode {NUMERIC[1].id} .* is damaged"):
        store.episode(NUMERIC[1].id)
    assert {NUMERIC[0].id, NUMERIC[2].id, NUMERIC[3].id} == store.readable()
    (damage,) = store.damage
    assert (NUMERIC[1].id, 1) == (damage.episode_id, damage.lost)
    assert f"the steps in {file.name}, row group 0, cannot be read" in damage.message

    with store.writer() as writer:
        writer.append(NUMERIC[1], verdict(NUMERIC[1]))
    store.seal()
    store = RunStore.open(path)
    assert {one.id for one in NUMERIC} == store.readable()
    assert sorted(map(encode, NUMERIC)) == sorted(map(encode, store.episodes()))


def test_steps_that_do_not_fit_their_layout_are_lost(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In the log, too, whoever wrote them there; sealing sets the segment aside."""
    path = tmp_path / "run"
    one = NUMERIC[1]
    assert one.steps is not None
    short = msgspec.structs.replace(one, steps=Steps(one.steps.layout, one.steps.data[:-1]))
    with monkeypatch.context() as careless:
        careless.setattr(Steps, "check", lambda self: None)
        filled(path, [NUMERIC[0], short, NUMERIC[2]])
    store = RunStore.open(path)

    assert {NUMERIC[0].id, NUMERIC[2].id} == store.readable()
    (damage,) = store.damage
    assert one.id == damage.episode_id
    assert "Expected numeric steps whose data fit their layout" in damage.message
    store.seal()
    assert list(map(encode, (NUMERIC[0], NUMERIC[2]))) == list(map(encode, store.episodes()))
    assert (path / "damaged/run-000001.arrows").exists()
