"""Where the time of scripted self-play goes: scenarios, world, policies, verification, recording.

    python benchmarks/bench_selfplay.py [episodes]

Episodes per second of CPU time on one core, for the whole line as `gristmill run` goes through it (with the
sealing into Parquet), and the share of each part, measured by timing the parts one after the other.
"""

import gc
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

from gristmill import registry
from gristmill.executors import each
from gristmill.play import play
from gristmill.policy import Policy, Session
from gristmill.recorders.store import RunStore
from gristmill.recorders.verify import judge
from gristmill.types import Act, Brief, Entry
from gristmill.workflows.attempts import BURST
from gristmill.workflows.run import run, seat_policies

WORLD = "support/retail-v1"
LIMIT = 1_000  # episodes per second and core that are asked for
T = TypeVar("T")


def timed(work: Callable[[], T]) -> tuple[float, T]:
    """Return the seconds of CPU time that `work` takes, and what it returns."""
    start = time.process_time()
    result = work()
    return time.process_time() - start, result


class Watched:
    """A policy that counts the time spent in it."""

    def __init__(self, base: Policy) -> None:
        self.name, self.digest, self.generation, self.width = (
            base.name,
            base.digest,
            base.generation,
            base.width,
        )
        self._base = base
        self.seconds = 0.0

    def begin(self, briefs: Sequence[Brief], seeds: Sequence[int]) -> Session:
        """Open a watched session."""
        seconds, session = timed(lambda: self._base.begin(briefs, seeds))
        self.seconds += seconds
        return _WatchedSession(self, session)


class _WatchedSession:
    def __init__(self, policy: Watched, base: Session) -> None:
        self._policy, self._base = policy, base

    def act(self, rows: Sequence[int], observations: Sequence[list[Entry]]) -> list[Act]:
        start = time.process_time()
        acts = self._base.act(rows, observations)
        self._policy.seconds += time.process_time() - start
        return acts


def main(episodes: int, name: str = WORLD, limit: int = LIMIT) -> None:
    """Print the figures of a world, beside the rate that is asked for."""
    make = registry.world(name)
    world, policies = make(), seat_policies(name, {})
    with tempfile.TemporaryDirectory() as folder:
        run(name, {}, Path(folder) / "warm", n=200)
        whole, _ = timed(lambda: run(name, {}, Path(folder) / "whole", n=episodes))
        gc.set_threshold(10_000)  # as a run does
        # Other scenarios than before, or what was said in them would be known.
        scenario, scenarios = timed(lambda: [world.scenario(1, index) for index in range(episodes)])
        playing, played = timed(lambda: list(play(make, scenarios, policies, seed=0)))
        judging, verdicts = timed(lambda: [judge(world, one) for one in played])
        store = RunStore.create(Path(folder) / "parts", {"world": name})

        def record() -> None:
            with store.writer() as writer:
                for burst in each(zip(played, verdicts, strict=True), BURST[0]):
                    writer.append_all(burst)

        recording, _ = timed(record)
        sealing, _ = timed(store.seal)
        watched = {seat: Watched(policy) for seat, policy in policies.items()}
        watching, _ = timed(lambda: list(play(make, scenarios, watched, seed=0)))
    # The clock itself costs, so the share of the policies is taken of the run that was watched.
    acting = playing * sum(one.seconds for one in watched.values()) / watching
    acts = sum(entry["from"] in one.seats for one in played for entry in one.entries) / episodes
    parts = {
        "scenarios": scenario,
        "world and loop": playing - acting,
        "policies": acting,
        "verification": judging,
        "recording": recording + sealing,
    }
    total = sum(parts.values())
    print(f"{name}, {episodes} episodes of {acts:.1f} acts, {sum(v.status == 'pass' for v in verdicts)} pass")
    print(f"whole line: {episodes / whole:,.0f} episodes/s/core (limit {limit:,})")
    for part, seconds in parts.items():
        print(f"{part:>15}: {1e6 * seconds / episodes:6.0f} us per episode, {100 * seconds / total:4.1f} %")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 4_000)
