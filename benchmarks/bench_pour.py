"""How well a robot pours that learnt from its own verified attempts, and how much of that is owed to verification.

    python benchmarks/bench_pour.py [folder] [seeds]

For each seed the whole line: rounds of proposals refit on what was kept, then networks cloned from the verified
episodes of the last round, from as many attempts of the first round as they came, and from a quarter and a half of the
verified ones. All play the same 500 held-out scenarios. What is in the folder already is not done again.
"""

import sys
import tempfile
from pathlib import Path

from gristmill.recorders.mine import load_view
from gristmill.recorders.store import RunStore
from gristmill.training.clone import CloneConfig
from gristmill.workflows.clone import clone
from gristmill.workflows.evaluate import evaluate
from gristmill.workflows.metrics import Rate
from gristmill.workflows.pouring import WORLD, Pouring, PouringSize, pouring

SIZE = PouringSize(rounds=4, attempts=256, evaluated=500)
SHARES = (0.25, 0.5)


def part(out: Path, found: Pouring, share: float, seed: int) -> tuple[int, Rate]:
    """Return how many verified episodes a share is, and how often the network cloned from them succeeds."""
    store = RunStore.open(found.improvement.rounds[-1].run)
    count = round(share * found.demonstrations)
    name = f"share-{share:g}"
    lesson = clone(
        store, out / "models" / name, view=load_view(store, "kept"), limit=count,
        config=CloneConfig(steps=SIZE.steps, seed=seed),
    )  # fmt: skip
    result = evaluate(
        WORLD, {"robot": f"clone?checkpoint={lesson.model}"}, out / "runs" / name, n=SIZE.evaluated,
        seed=found.evaluations[0].seed, jobs=2,
    )  # fmt: skip
    return count, result.success


def main(folder: Path, seeds: int) -> None:
    """Print the figures."""
    for seed in range(seeds):
        out = folder / f"seed-{seed}"
        found = pouring(out, size=SIZE, seed=seed, jobs=2)
        print(f"\nseed {seed}")
        for one in found.improvement.rounds:
            print(
                f"  round {one.number}: {one.success.rate:6.1%} of {one.success.played}, {one.kept} kept by replay"
            )
        for evaluation in found.evaluations:
            print(f"  {words(evaluation.success)}  {evaluation.label}")
        for share in SHARES:
            count, rate = part(out, found, share, seed)
            print(f"  {words(rate)}  clone of {count} verified, {share:.0%} of them")
        print(
            f"  cloned from {found.demonstrations} episodes each; bars {'met' if found.met else 'missed'}",
            flush=True,
        )


def words(rate: Rate) -> str:
    """Return a rate with its interval."""
    return f"{rate.rate:6.1%} ({rate.low:.1%} - {rate.high:.1%}) of {rate.n}"


if __name__ == "__main__":
    if len(sys.argv) > 1:
        main(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 3)
    else:
        with tempfile.TemporaryDirectory() as name:
            main(Path(name), 3)
