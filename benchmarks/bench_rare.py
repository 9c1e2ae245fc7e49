"""Rare events of known probability: what an estimate costs, how far off it is, and how often its interval holds.

    python benchmarks/bench_rare.py [part ...] [--runs 80] [--workers 2] [--seed 0] [--peer]

Parts are `estimate` (the default method on every problem), `importance`, `set` (an estimating set made with one driver, put to
four others) or the name of a problem. Costs are in scenarios simulated, all of them counted: the linter's, those of Monte
Carlo that come first, and the replicates'. The speed-up is that over Monte Carlo at equal error, `(1 - p) / (p * rmse**2)` over
the mean number of calls. With `--peer`, OpenTURNS' subset sampling runs on the Gaussian problems too, if it is installed.
"""

import argparse
import math
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import Any

import numpy as np
from rare_problems import DRIVERS, KNOWN, highway

from gristmill.generators.rare.cube import Cube
from gristmill.generators.rare.estimate import estimate
from gristmill.generators.rare.importance import Proposal
from gristmill.generators.rare.intervals import weighted_rate
from gristmill.generators.rare.prepare import prepare
from gristmill.generators.rare.replicates import near_misses, replicate
from gristmill.seeding import derive, numpy_stream

BARS = {  # times fewer calls than Monte Carlo; None where no bar is set
    "G10 1e-4": 10,
    "G10 1e-5": 50,
    "G10 1e-6": 300,
    "G100 1e-5": None,
    "U 1:1": 50,
    "U 9:1": None,
    "H": 500,
    "W": 500,
    "R": 50,
}
HELD = ("G10 1e-5", "U 1:1", "H", "W", "R")  # on which mean and coverage have bars
SMALL = 200  # records below which a set is said to be small


def one_estimate(name: str, seed: int, method: str) -> tuple[float | None, float, float, int]:
    """Return estimate, interval and calls of one run."""
    found = estimate(KNOWN[name]().problem, seed=seed, method=method)
    return found.p_hat, found.low, found.high, found.calls


def one_set(seed: int, size: int) -> dict[str, tuple[float, float, float, float]]:
    """Return rate, interval and effective size for each driver of a set made with driver A; `calls` has what it cost."""
    problem = highway(DRIVERS["A"]).problem
    cube, start = Cube(problem.space), prepare(problem, seed=seed)
    assert start.plan is not None
    runs = [replicate(problem, start.plan, seed, number) for number in range(6)]
    _, members = near_misses(problem, start.plan, runs, seed)
    proposal = Proposal.fit(cube, members, seed=seed)
    cost = float(problem.calls)
    _, values, logs = proposal.sample(cube, numpy_stream(seed, "set"), size)
    found = {"calls": (cost, cost, cost, cost)}
    for name, driver in DRIVERS.items():
        other = highway(driver).problem
        events = [one.severity >= other.threshold for one in other.simulate(values)]
        rate = weighted_rate(np.exp(logs), events)
        found[name] = rate.rate, rate.low, rate.high, rate.ess
    return found


def one_peer(name: str, seed: int) -> tuple[float | None, float, float, int]:
    """Return estimate, interval and calls of OpenTURNS' subset sampling with its own settings."""
    import openturns as ot

    known = KNOWN[name]()
    names = list(known.problem.space.fields)
    ot.RandomGenerator.SetSeed(seed % 2**31)

    def severities(rows: Any) -> list[list[float]]:
        values = [dict(zip(names, map(float, row), strict=True)) for row in np.array(rows)]
        return [[one.severity] for one in known.problem.simulate(values)]

    function = ot.PythonFunction(len(names), 1, func_sample=severities)
    vector = ot.CompositeRandomVector(function, ot.RandomVector(ot.Normal(len(names))))
    algorithm = ot.SubsetSampling(ot.ThresholdEvent(vector, ot.GreaterOrEqual(), known.problem.threshold))
    algorithm.setMaximumOuterSampling(1_000)
    algorithm.setBlockSize(10)
    algorithm.run()
    result = algorithm.getResult()
    p, half = result.getProbabilityEstimate(), result.getConfidenceLength() / 2
    return p, p - half, p + half, known.problem.calls


def main() -> None:
    """Run the parts that are asked for and print their tables."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("parts", nargs="*", default=["estimate", "importance", "set"])
    parser.add_argument("--runs", type=int, default=80)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--peer", action="store_true")
    asked = parser.parse_args()
    seeds = [derive(asked.seed, "run", number) for number in range(asked.runs)]
    with ProcessPoolExecutor(asked.workers, mp_context=get_context("spawn")) as pool:
        names = [name for name in KNOWN if name in asked.parts or "estimate" in asked.parts]
        if names:
            print(_HEAD)
        for name in names:
            print(_row(name, "auto", list(pool.map(one_estimate, *_each(name, seeds, "auto")))), flush=True)
        if asked.peer:
            for name in ("G10 1e-4", "G10 1e-5", "G10 1e-6", "G100 1e-5", "U 1:1", "U 9:1"):
                print(_row(name, "openturns", list(pool.map(one_peer, *_each(name, seeds)))), flush=True)
        if "importance" in asked.parts:
            print(_HEAD)
            for name in ("G10 1e-5", "U 1:1", "U 9:1", "H"):
                rows = list(pool.map(one_estimate, *_each(name, seeds, "importance")))
                print(_row(name, "importance", rows), flush=True)
        if "set" in asked.parts:
            for size in (1_000, SMALL):
                _print_set(size, list(pool.map(one_set, seeds, [size] * len(seeds))))


_HEAD = f"{'problem':10} {'method':10} {'mean/p':>13} {'rmse':>5} {'cover':>6} {'none':>4} {'calls':>7} {'times MC':>9}  bars"


def _each(name: str, seeds: Sequence[int], *rest: str) -> list[list[Any]]:
    return [[name] * len(seeds), list(seeds), *([one] * len(seeds) for one in rest)]


def _row(name: str, method: str, rows: Sequence[tuple[float | None, float, float, int]]) -> str:
    """Return the line of a table; estimates that were refused count by their intervals and calls alone."""
    truth = KNOWN[name]().truth
    ratios = np.array([p / truth for p, *_ in rows if p is not None])
    covered = float(np.mean([low <= truth <= high for _, low, high, _ in rows]))
    calls = float(np.mean([one[3] for one in rows]))
    rmse = math.sqrt(float(((ratios - 1) ** 2).mean()))
    times = (1 - truth) / (truth * rmse**2) / calls
    error = float(ratios.std(ddof=1)) / math.sqrt(len(ratios))
    bar = BARS[name]
    held = [f">= {bar}x {_mark(times >= bar)}"] if bar and method == "auto" else []
    if name in HELD and method == "auto":
        held += [
            f"mean 1±.05 {_mark(abs(ratios.mean() - 1) <= 0.05)}",
            f"cover >= .90 {_mark(covered >= 0.9)}",
        ]
    return (
        f"{name:10} {method:10} {ratios.mean():7.3f}±{error:.3f} {rmse:5.2f} {covered:6.2f} {len(rows) - len(ratios):4d} "
        f"{calls:7.0f} {times:8.0f}x  {', '.join(held)}"
    )


def _print_set(size: int, runs: Sequence[dict[str, tuple[float, float, float, float]]]) -> None:
    calls = float(np.mean([one["calls"][0] for one in runs]))
    print(
        f"\nestimating sets of {size:,} records made with driver A ({calls:,.0f} calls each), {len(runs)} sets"
    )
    print(f"{'driver':8} {'true rate':>10} {'mean/p':>13} {'sd':>5} {'cover':>6} {'ess':>5}  bars")
    for name, driver in DRIVERS.items():
        truth = highway(driver).truth
        ratios = np.array([one[name][0] / truth for one in runs])
        covered = float(np.mean([one[name][1] <= truth <= one[name][2] for one in runs]))
        ess = float(np.mean([one[name][3] for one in runs]))
        marks = f"1±.1 {_mark(abs(ratios.mean() - 1) <= 0.1)}, cover >= .90 {_mark(covered >= 0.9)}"
        print(
            f"{name:8} {truth:10.3g} {ratios.mean():7.3f}±{ratios.std(ddof=1) / math.sqrt(len(ratios)):.3f} "
            f"{ratios.std(ddof=1):5.2f} {covered:6.2f} {ess:5.0f}  {marks if size > SMALL and name != 'A' else ''}"
        )


def _mark(good: bool) -> str:
    return "held" if good else "MISSED"


if __name__ == "__main__":
    began = time.monotonic()
    main()
    print(f"\n{time.monotonic() - began:.0f} s", file=sys.stderr)
