"""Death at any moment: what was acknowledged is there, and the run goes on."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from gristmill.digest import encode
from gristmill.executors import each
from gristmill.recorders.export import export
from gristmill.recorders.mine import Acceptance, mine
from gristmill.recorders.store import RunStore
from gristmill.seeding import stream
from gristmill.types import Brief, Episode
from tests.recorders.crashes import Ack, every_death
from tests.recorders.fakes import episode, simulated, verdict

EPISODES = [episode(0), simulated(1), simulated(2, width=3), episode(3)]
BY_ID = {one.id: one for one in EPISODES}


def fill(store: RunStore) -> None:
    """Record what is missing."""
    there = store.ids()
    with store.writer() as writer:
        for one in EPISODES:
            if one.id not in there:
                writer.append(one, verdict(one))


def assert_sound(store: RunStore, acked: list[str]) -> None:
    """Fail unless all that was acknowledged is there, as it was, with its verdict."""
    there = {one.id: one for one in store.episodes()}
    assert set(acked) <= set(there)
    assert encode(there) == encode({name: BY_ID[name] for name in there})  # steps are equal to the last bit
    assert set(there) <= {found.episode_id for found in store.verdicts()}


def assert_goes_on(path: Path) -> None:
    """Fail unless the run can be completed, sealed, and read in full."""
    store = RunStore.open(path)
    fill(store)
    assert sorted(BY_ID) == sorted(one.id for one in store.episodes())
    store.seal()
    assert sorted(BY_ID) == sorted(one.id for one in store.episodes())
    assert [] == store.check()
    assert [] == [item.name for item in (path / "shards").iterdir() if item.name.endswith(".tmp")]


@pytest.mark.parametrize("seal_bytes", [3000, 1 << 20])
@pytest.mark.parametrize("burst", [1, 3])
def test_a_writer_may_die_at_any_change_to_the_disk(tmp_path: Path, seal_bytes: int, burst: int) -> None:
    """Whatever was acknowledged survives, half-written files are repaired, nothing is there twice."""
    path = tmp_path / "run"

    def write(ack: Ack) -> None:
        with RunStore.open(path).writer(fsync="episode", seal_bytes=seal_bytes) as writer:
            for some in each(EPISODES, burst):
                writer.append_all([(one, verdict(one)) for one in some])
                for one in some:
                    ack(one.id)

    def prepare() -> None:
        shutil.rmtree(path, ignore_errors=True)
        RunStore.create(path, {})

    deaths = 0
    for acked in every_death(write, prepare):
        assert_sound(RunStore.open(path), acked)
        assert_goes_on(path)
        deaths += 1
    assert deaths > 20


def test_a_sealer_may_die_at_any_change_to_the_disk(tmp_path: Path) -> None:
    """Every episode is there once, in the log or in a shard."""
    path = tmp_path / "run"

    def prepare() -> None:
        shutil.rmtree(path, ignore_errors=True)
        fill(RunStore.create(path, {}))

    for _ in every_death(lambda ack: RunStore.open(path).seal(), prepare):
        assert_sound(RunStore.open(path), list(BY_ID))
        assert_goes_on(path)


def test_an_exporter_may_die_at_any_change_to_the_disk(tmp_path: Path) -> None:
    """The run is as it was, and the export is whole or not there at all."""
    path, out = tmp_path / "run", tmp_path / "out"
    store = RunStore.create(path, {})
    fill(store)
    view = mine(store, Acceptance(split={"train": 1.0}))

    def told(episode: Episode, seat: str) -> Brief:
        return Brief(seat=seat)

    def send(ack: Ack) -> None:
        export(RunStore.open(path), view, "openai", "agent", out, briefs=told)
        ack("exported")

    whole = export(store, view, "openai", "agent", tmp_path / "whole", briefs=told)
    for acked in every_death(send, lambda: shutil.rmtree(out, ignore_errors=True)):
        assert_sound(RunStore.open(path), list(BY_ID))
        assert out.exists() or not acked
        if out.exists():
            assert (tmp_path / "whole/report.json").read_bytes() == (out / "report.json").read_bytes()
            assert (tmp_path / "whole/train.jsonl").read_bytes() == (out / "train.jsonl").read_bytes()
        again = export(store, view, "openai", "agent", out, briefs=told)
        assert whole.hash == again.hash
        assert [] == list(tmp_path.glob(".*.tmp"))


def killed_writer(path: Path, start: int, acks: int) -> list[str]:
    """Start a writer in another process, kill it after some acknowledgements, and return all it had made."""
    script = Path(__file__).with_name("crashes.py")
    with subprocess.Popen(
        [sys.executable, str(script), str(path), str(start)], stdout=subprocess.PIPE
    ) as writer:
        assert writer.stdout is not None
        lines = [writer.stdout.readline() for _ in range(acks)]
        writer.kill()
        lines += writer.stdout.readlines()
    return [line.decode().strip() for line in lines if line.endswith(b"\n")]


def kill_again_and_again(path: Path, kills: int) -> None:
    """Kill writers of one run at random moments, and look each time for all that any of them acknowledged."""
    rng = stream(1, "kills")
    RunStore.create(path, {})
    acked: set[str] = set()
    for number in range(kills):
        acked.update(killed_writer(path, number * 100_000, rng.randint(1, 120)))
        store = RunStore.open(path)
        assert acked <= store.readable()
        assert acked <= {found.episode_id for found in store.verdicts()}
    assert [] == store.check()
    store.seal()
    there = list(store.episodes())
    assert acked <= {one.id for one in there}
    made = [simulated(index) if index % 2 else episode(index) for index in (e.scenario.index for e in there)]
    assert list(map(encode, made)) == list(map(encode, there))


def test_kill_9_loses_nothing_that_was_acknowledged(tmp_path: Path) -> None:
    """A writer that also seals is killed by the system, twice."""
    kill_again_and_again(tmp_path / "run", 2)


@pytest.mark.slow
def test_kill_9_loses_nothing_many_times_over(tmp_path: Path) -> None:
    """The same, fifty times in one run."""
    kill_again_and_again(tmp_path / "run", 50)
