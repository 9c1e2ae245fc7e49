"""How well a robot does that learnt from its own verified attempts, and how much of that is owed to verification.

    python benchmarks/bench_robot_learning.py [folder [seeds [world …]]]

For each world and seed the whole line: rounds of proposals refit on what was kept, then networks cloned from the
verified episodes of the last round, from as many attempts of the first round as they came, and from a quarter and a
half of the verified ones. All play the same 500 held-out scenarios. What is in the folder already is not done again.
"""

import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from gristmill.recorders.mine import load_view
from gristmill.recorders.store import RunStore
from gristmill.training.clone import CloneConfig
from gristmill.workflows.clone import clone
from gristmill.workflows.evaluate import evaluate
from gristmill.workflows.metrics import Rate
from gristmill.workflows.pouring import Pouring, PouringSize, pouring

SIZES = {
    "robots/pour-v1": PouringSize(rounds=4, attempts=256, evaluated=500),
    "robots/reach-v1": PouringSize(rounds=3, attempts=600, evaluated=500, bar=0.95),
    "robots/pick-place-v1": PouringSize(rounds=3, attempts=320, evaluated=500, bar=0.8),
}
SHARES = (0.25, 0.5)


def part(world: str, out: Path, found: Pouring, share: float, seed: int) -> tuple[int, Rate]:
    """Return how many verified episodes a share is, and how often the network cloned from them succeeds."""
    store = RunStore.open(found.improvement.rounds[-1].run)
    count = round(share * found.demonstrations)
    name = f"share-{share:g}"
    lesson = clone(
        store, out / "models" / name, view=load_view(store, "kept"), limit=count,
        config=CloneConfig(steps=SIZES[world].steps, seed=seed),
    )  # fmt: skip
    result = evaluate(
        world, {"robot": f"clone?checkpoint={lesson.model}"}, out / "runs" / name, n=SIZES[world].evaluated,
        seed=found.evaluations[0].seed, jobs=2,
    )  # fmt: skip
    return count, result.success


def main(folder: Path, seeds: int, worlds: Sequence[str]) -> None:
    """Print the figures."""
    for world in worlds:
        for seed in range(seeds):
            one(world, folder / world.partition("/")[2] / f"seed-{seed}", seed)


def one(world: str, out: Path, seed: int) -> None:
    """Go down the line once."""
    found = pouring(out, world=world, size=SIZES[world], seed=seed, jobs=2)
    print(f"\n{world}, seed {seed}")
    for turn in found.improvement.rounds:
        rate = turn.success
        print(
            f"  round {turn.number}: {rate.rate:6.1%} of {rate.played}, {turn.kept['robot']} kept by replay"
        )
    for evaluation in found.evaluations:
        print(f"  {words(evaluation.success)}  {evaluation.label}")
    for share in SHARES:
        count, rate = part(world, out, found, share, seed)
        print(f"  {words(rate)}  clone of {count} verified, {share:.0%} of them")
    print(f"  clones of {found.demonstrations} episodes each, where nothing else is said", flush=True)


def words(rate: Rate) -> str:
    """Return a rate with its interval."""
    return f"{rate.rate:6.1%} ({rate.low:.1%} - {rate.high:.1%}) of {rate.n}"


if __name__ == "__main__":
    given = sys.argv[1:]
    with tempfile.TemporaryDirectory() as name:
        main(Path(given[0] if given else name), int(given[1]) if given[1:] else 3, given[2:] or list(SIZES))
