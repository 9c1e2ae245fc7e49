"""What recording costs: per episode of messages, per step of a simulator, on disk, and as a run grows.

    python benchmarks/bench_recorder.py [--most 100000] [--minari PATH_TO_A_PYTHON_THAT_HAS_MINARI]

All times are CPU time of one core. Compare within one table of one run: other work on the machine moves all of them.
"""

import argparse
import multiprocessing
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import gymnasium
import msgspec
import numpy as np

from gristmill import registry
from gristmill.digest import encode, fingerprint
from gristmill.play import play
from gristmill.recorders import _wal
from gristmill.recorders.ledger import Ledger
from gristmill.recorders.store import RunStore
from gristmill.recorders.verify import judge
from gristmill.steps import Steps, StepsBuilder
from gristmill.types import Check, Episode, Scenario, SeatInfo, Verdict, call, say
from gristmill.workflows.run import seat_policies

WORLD = "support/retail-v1"
ENTRIES = 20
STEPS = 4_000
MINARI = (
    301.0  # us per step of Minari 0.5.4 (HDF5) on CartPole, two cores, Python 3.11; shown when it is not run
)

# Minari's own example of recording, as it stands in its documentation.
MINARI_SCRIPT = """
import sys, time, tempfile, os
os.environ["MINARI_DATASETS_PATH"] = tempfile.mkdtemp()
import gymnasium, minari
def loop(env, steps):
    env.action_space.seed(0)
    actions = [env.action_space.sample() for _ in range(steps)]
    start = time.process_time()
    env.reset(seed=0)
    for action in actions:
        *_, terminated, truncated, _ = env.step(action)
        if terminated or truncated:
            env.reset()
    return time.process_time() - start
steps = int(sys.argv[1])
bare = min(loop(gymnasium.make("CartPole-v1"), steps) for _ in range(3))
recorded = min(loop(minari.DataCollector(gymnasium.make("CartPole-v1")), steps) for _ in range(2))
print(1e6 * (recorded - bare) / steps)
"""


def timed(work: Callable[[], Any]) -> float:
    """Return the seconds of CPU time that `work` takes."""
    start = time.process_time()
    work()
    return time.process_time() - start


def best(work: Callable[[], Any], repeats: int, rounds: int = 5) -> float:
    """Return the microseconds of one call of `work`, in the best of some rounds."""

    def run() -> None:
        for _ in range(repeats):
            work()

    return 1e6 * min(timed(run) for _ in range(rounds)) / repeats


def episode(index: int) -> Episode:
    """Return an episode of a support conversation's length and content."""
    order = f"W{index % 9000 + 1000}"
    entries: list[dict[str, Any]] = []
    for turn in range(ENTRIES // 4):
        item = {"sku": f"A-{turn}{index % 97}", "price": 19.5 + turn, "family": "lamp", "count": 1}
        entries += [
            {
                "from": "customer",
                **say(f"Hello, about order {order}: could you send back item number {turn}?"),
            },
            {"from": "agent", **call("get_order", order_id=order, with_items=True), "to": ["agent"]},
            {"from": "tool", "tool": "get_order", "result": {"id": order, "items": [item]}, "to": ["agent"]},
            {
                "from": "agent",
                **say(f"I have found {order}. The refund for item {turn} is on its way to you."),
            },
        ]
    state = {"orders": {order: {"status": "returned", "refunds": [19.5, 20.5]}}, "tickets": []}
    seats = {seat: SeatInfo(policy="expert", digest="d" * 32) for seat in ("customer", "agent")}
    scenario = Scenario.of(
        "bench/shop-v1", {"order": order, "intent": "return", "n": index}, index=index, stratum="return"
    )
    return Episode(
        id=fingerprint(str(index).encode()), world="bench/shop-v1", version="1", scenario=scenario, seats=seats,
        seed=0, entries=entries, state=state, state_digest="0" * 32,
    )  # fmt: skip


def verdict(of: Episode) -> Verdict:
    """Return a verdict of usual size."""
    checks = tuple(Check(name=name, status="pass") for name in ("identity", "refund", "no-other-change"))
    return Verdict(
        episode_id=of.id, content_hash="c" * 32, verifier=of.world, version="1", level="checked",
        status="pass", checks=checks,
    )  # fmt: skip


def resident() -> float:
    """Return the resident memory of this process in MiB."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096 / 2**20


def grow(count: int, pipe: Any) -> None:
    """Record `count` episodes in a new run and send the figures of it."""
    with tempfile.TemporaryDirectory() as folder:
        store = RunStore.create(Path(folder) / "run", {})
        pool = [episode(index) for index in range(100)]
        found = [verdict(one) for one in pool]
        with store.writer() as writer:  # what the first episode loads is not what the others cost
            writer.append(pool[0], found[0])
        before, seconds = resident(), 0.0
        with store.writer() as writer:
            for chunk in range(count // len(pool)):
                ids = [fingerprint(f"{chunk} {number}".encode()) for number in range(len(pool))]
                todo = [
                    (msgspec.structs.replace(one, id=name), msgspec.structs.replace(judged, episode_id=name))
                    for one, judged, name in zip(pool, found, ids, strict=True)
                ]
                start = time.process_time()
                for one, judged in todo:
                    writer.append(one, judged)
                seconds += time.process_time() - start
        after = resident()
        pipe.send((1e6 * seconds / count, before, after))


def growth(most: int) -> None:
    """Print the cost per episode as a run grows, sealing included where the log reaches its limit."""
    print(f"\nOne run, {ENTRIES}-entry episodes with verdicts (append, and sealing at every 64 MiB of log)")
    print(f"{'episodes':>10} {'us/episode':>12} {'MiB before':>12} {'MiB after':>12}")
    context = multiprocessing.get_context("spawn")
    for count in (10**power for power in range(2, 9)):
        if count > most:
            break
        ours, theirs = context.Pipe()
        child = context.Process(target=grow, args=(count, theirs))
        child.start()
        cost, before, after = ours.recv()
        child.join()
        print(f"{count:>10,} {cost:>12.1f} {before:>12.1f} {after:>12.1f}")


def components(folder: Path) -> None:
    """Print what the parts of one append cost."""
    one = episode(1)
    found = verdict(one)
    recorded = _wal.record(one)
    batch = recorded.batch
    segment = _wal.Segment(folder, "bench-1")
    ledger = Ledger(folder / "bench-2.jsonl", "0" * 32)
    store = RunStore.create(folder / "run", {})
    with store.writer() as writer:
        parts = {
            "JSON of the episode": best(lambda: encode(one), 500),
            "Arrow batch with the JSON": best(lambda: _wal.record(one), 500),
            "hash of the batch": best(lambda: fingerprint(batch), 500),
            "hashed batch into the log": best(lambda: segment.append([recorded]), 500),
            "line of the index": best(
                lambda: segment.commit([_wal.Commit("x" * 32, 0, 0, "0" * 32, "-")]), 500
            ),
            "verdict into the ledger": best(lambda: ledger.record(found), 500),
            "append with verdict, in all": best(lambda: writer.append(one, found), 500),
        }
    segment.close()
    ledger.close()
    print(f"\nOne append ({len(batch):,} bytes)")
    for name, cost in parts.items():
        print(f"{name:>40}: {cost:6.1f} us")


def throughput(folder: Path, count: int = 3_000) -> None:
    """Print what sealing and reading of real conversations cost, and their size on disk."""
    make, policies = registry.world(WORLD), seat_policies(WORLD, {})
    world = make()
    scenarios = [world.scenario(0, index) for index in range(count)]
    store = RunStore.create(folder / "sealed", {})
    raw = 0
    with store.writer() as writer:
        for one in play(make, scenarios, policies, seed=0):
            writer.append(one, judge(world, one))
            raw += len(encode(one)) + 1
    logged = timed(lambda: sum(1 for _ in store.episodes()))
    sealing = timed(store.seal)
    listing = timed(store.ids)
    reading = timed(lambda: sum(1 for _ in store.episodes()))
    size = sum(path.stat().st_size for path in (folder / "sealed/shards").iterdir())
    print(f"\n{count:,} episodes of {WORLD}, {raw / 2**20:.1f} MiB as JSON lines")
    print(f"{'seal':>10}: {raw / 2**20 / sealing:8.1f} MiB/s, {1e6 * sealing / count:.0f} us per episode")
    print(f"{'read log':>10}: {count / logged:8,.0f} episodes/s")
    print(f"{'read':>10}: {count / reading:8,.0f} episodes/s; all ids in {1e3 * listing:.1f} ms")
    print(f"{'size':>10}: {size / raw:8.2f} of the JSON lines")


def arrays(folder: Path, count: int = 60, length: int = 1_000) -> None:
    """Print what large numeric episodes cost to record, seal and read: 17 + 6 float64 values per step."""
    rng = np.random.default_rng(0)
    flags = np.zeros(length, bool)
    todo = []
    for index in range(count):
        path = rng.normal(size=(length + 1, 17)).cumsum(axis=0)
        steps = Steps.of(
            observations={"value": path}, actions={"value": np.tanh(path[:-1, :6])}, rewards=path[:-1, 0],
            terminated=flags, truncated=flags,
        )  # fmt: skip
        todo.append(msgspec.structs.replace(episode(index), entries=[], steps=steps))
    store = RunStore.create(folder / "arrays", {})

    def record() -> None:
        with store.writer() as writer:
            for one in todo:
                writer.append(one)

    recording, sealing = timed(record), timed(store.seal)
    reading = timed(lambda: [store.episode(one.id) for one in todo])
    size = sum(file.stat().st_size for file in (folder / "arrays/shards").glob("steps-*"))
    mib = count * steps.nbytes / 2**20
    print(f"\n{count} episodes of {length:,} steps of 23 values, {mib:.1f} MiB")
    print(f"{'record':>10}: {mib / recording:8.0f} MiB/s, {1e6 * recording / count / length:.2f} us per step")
    print(f"{'seal':>10}: {mib / sealing:8.0f} MiB/s, to {size / 2**20 / mib:.2f} of the size")
    print(f"{'read':>10}: {mib / reading:8.0f} MiB/s, episode by episode")


def steps_of(actions: list[Any], sink: Callable[[StepsBuilder], None] | None) -> None:
    """Play CartPole, handing every episode to `sink`."""
    env = gymnasium.make("CartPole-v1")
    builder = StepsBuilder()
    first, _ = env.reset(seed=0)
    builder.reset(first)
    for action in actions:
        seen, reward, terminated, truncated, _ = env.step(action)
        if sink:
            builder.add(action, seen, float(reward), terminated, truncated)
        if terminated or truncated:
            if sink:
                sink(builder)
            first, _ = env.reset()
            builder.reset(first)


def numeric(folder: Path, minari: str | None) -> None:
    """Print what a recorded step costs beside a bare one."""
    rng = np.random.default_rng(0)
    actions = [np.int64(action) for action in rng.integers(0, 2, STEPS)]
    names: Iterator[int] = iter(range(10**9))
    store = RunStore.create(folder / "steps", {})
    base = msgspec.structs.replace(episode(0), entries=[])

    def record(writer: Any) -> Callable[[StepsBuilder], None]:
        return lambda builder: writer.append(
            msgspec.structs.replace(base, id=fingerprint(str(next(names)).encode()), steps=builder.build())
        )

    steps_of(actions[:100], None)
    with store.writer() as writer:
        bare = min(timed(lambda: steps_of(actions, None)) for _ in range(5))
        recorded = min(timed(lambda: steps_of(actions, record(writer))) for _ in range(5))
    ours = 1e6 * (recorded - bare) / STEPS
    sealing = timed(store.seal)
    size = sum(path.stat().st_size for path in (folder / "steps/shards").glob("steps-*"))
    raw = 5 * STEPS * (4 * 4 + 8 + 8 + 2)
    print(f"\nCartPole, {STEPS:,} steps ({1e6 * bare / STEPS:.1f} us per bare step)")
    print(f"{'Gristmill':>10}: {ours:6.1f} us per step more; sealing {1e6 * sealing / STEPS / 5:.1f} us, "
          f"{size / raw:.2f} of the raw bytes")  # fmt: skip
    if minari:
        done = subprocess.run(
            [minari, "-c", MINARI_SCRIPT, str(STEPS)], capture_output=True, text=True, check=True
        )
        theirs, origin = float(done.stdout.split()[-1]), "measured now"
    else:
        theirs, origin = MINARI, "measured earlier on such a machine, not now"
    print(f"{'Minari':>10}: {theirs:6.1f} us per step more, {theirs / ours:.0f} times as much ({origin})")


def main() -> None:
    """Print all tables."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--most", type=int, default=100_000, help="episodes of the longest run")
    parser.add_argument("--minari", help="a Python that has minari, to measure it beside")
    given = parser.parse_args()
    print(f"Python {sys.version.split()[0]}, NumPy {np.__version__}")
    with tempfile.TemporaryDirectory() as folder:
        components(Path(folder))
        throughput(Path(folder))
        arrays(Path(folder))
        numeric(Path(folder), given.minari)
    growth(given.most)


if __name__ == "__main__":
    main()
