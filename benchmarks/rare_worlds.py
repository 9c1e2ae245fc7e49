"""Estimates of rare events in bundled worlds against their exact probabilities.

    python benchmarks/rare_worlds.py [RUNS]

Both events have a probability of about 1e-5; half of the fields are fixed, so that dynamic programming gives the truth. The
tests play the same worlds and find the same probabilities where they are larger.
"""

import sys
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))  # the tests are not installed

from gristmill.generators.rare.estimate import estimate
from gristmill.workflows.rare.playing import Event, System
from tests.envs.truths import Truth, line_truth, treasury_truth


def main() -> None:
    """Print one line for each world."""
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 10
    print(
        f"{'world':22} {'truth':>8} {'mean/p':>13} {'cover':>6} {'calls':>7} {'times MC':>9} {'scenarios/s':>12}"
    )
    for truth in (treasury_truth(), line_truth()):
        print(_row(truth, runs), flush=True)


def _row(truth: Truth, runs: int) -> str:
    found, start = [], time.perf_counter()
    for seed in range(runs):
        event = Event(
            world=truth.world, seats=truth.seats, fix=truth.fixed, threshold=truth.threshold, seed=seed
        )
        found.append(estimate(System(event).problem(), seed=seed))
    seconds = time.perf_counter() - start
    ratios = np.array([one.p_hat / truth.p for one in found if one.p_hat is not None])
    cover = np.mean([one.low <= truth.p <= one.high for one in found])
    calls = float(np.mean([one.calls for one in found]))
    times = (1 - truth.p) / truth.p / calls / float(((ratios - 1) ** 2).mean())
    error = float(ratios.std(ddof=1)) / np.sqrt(len(ratios))
    return (
        f"{truth.world:22} {truth.p:8.2e} {ratios.mean():7.3f}±{error:.3f} {cover:6.2f} {calls:7,.0f} {times:8.0f}x "
        f"{calls * runs / seconds:12,.0f}"
    )


if __name__ == "__main__":
    main()
