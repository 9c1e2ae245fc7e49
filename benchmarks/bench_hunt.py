"""Which kinds of failure a hunt finds, how little of a failure is left, and how few scenarios cover a Space.

    python benchmarks/bench_hunt.py [seeds]

The archive against drawing as usual and drawing all options alike, on an animal on the highway: cells of weather, animal,
distraction and band of speed that have a failure after 6,000 calls. Bars: 95 % of the 80 that can fail; a failure shrinks
to at most two unusual fields in at most 100 calls (medians); all pairs in at most 1.2 times the rows of covertable. With
covertable and ribs installed they are measured beside.
"""

import sys
import time
from collections.abc import Callable, Sequence
from statistics import median

import numpy as np
from rare_problems import highway

from gristmill.envs.support.scenarios import support_space
from gristmill.generators.fields import Choice
from gristmill.generators.rare.archive import illuminate
from gristmill.generators.rare.coverage import cover
from gristmill.generators.rare.cube import Cube, Floats
from gristmill.generators.rare.hunting import hunt
from gristmill.generators.rare.leaves import leaves, peak
from gristmill.generators.rare.problem import Outcome, Problem
from gristmill.generators.rare.shrinking import shrink
from gristmill.generators.rare.tilt import Tilt
from gristmill.generators.space import Space, Values
from gristmill.seeding import numpy_stream
from gristmill.workflows.rare.playing import problem_of

CALLS = 6_000
EDGES = (24, 28, 32, 36)  # m/s
BANDS = ("below 24", "24 to 28", "28 to 32", "32 to 36", "from 36")
ANIMALS = ("none", "dog", "horse")
REACHABLE = 80  # 4 kinds of weather, 2 animals, distracted or not, 5 bands of speed
TEN = (2, 3, 4, 5, 2, 3, 4, 5, 3, 3)  # options of ten fields
Cells = dict[tuple[str, ...], float]  # best plausibility


def road() -> Problem:
    """Return the highway with its kinds."""
    plain = highway().problem
    weathers = tuple(map(str, _field(plain.space, "weather").options))

    def simulate(rows: Sequence[Values]) -> list[Outcome]:
        return [one._replace(kind=_kind(row)) for row, one in zip(rows, plain.simulate(rows), strict=True)]

    kinds = {"weather": weathers, "animal": ANIMALS, "distracted": ("False", "True"), "speed": BANDS}
    return Problem(plain.space, simulate, plain.threshold, kinds=kinds)


def _kind(row: Values) -> tuple[str, ...]:
    band = BANDS[sum(row["speed"] >= edge for edge in EDGES)]
    return row["weather"], row["obstacle"], str(row["distracted"]), band


def _field(space: Space, name: str) -> Choice:
    field = space.fields[name]
    assert isinstance(field, Choice)
    return field


def cells(problem: Problem, rows: Sequence[Values]) -> Cells:
    """Return the cells that have a failure among scenarios, each with its best plausibility."""
    found, best = leaves(problem.space), Cells()
    for row, outcome in zip(rows, problem.simulate(rows), strict=True):
        if outcome.severity >= problem.threshold:
            plausibility = problem.space.log_prob(row) - peak(found, row)
            best[outcome.kind] = max(plausibility, best.get(outcome.kind, -np.inf))
    return best


def usual(problem: Problem, seed: int) -> Cells:
    """Return the cells that nominal draws fill."""
    return cells(problem, problem.space.samples(seed, range(CALLS)))


def alike(problem: Problem, seed: int) -> Cells:
    """Return the cells that draws fill in which all options are alike."""
    cube = Cube(problem.space)
    _, rows = cube.uniform(numpy_stream(seed, "alike"), CALLS, Tilt(cube, cube.gates, 1.0).units)
    return cells(problem, rows)


def archive(problem: Problem, seed: int) -> Cells:
    """Return the cells that the archive fills."""
    return {one.kind: one.plausibility for one in illuminate(problem, seed=seed, calls=CALLS).failures}


def ribs(problem: Problem, seed: int) -> Cells:
    """Return the cells that pyribs fills: MAP-Elites with Gaussian steps on the latent cube as normal numbers.

    Its solutions are floats, its measures places of labels, and what it raises is the severity below the threshold and the
    plausibility from there on.
    """
    from ribs.archives import GridArchive
    from ribs.emitters import GaussianEmitter
    from ribs.schedulers import Scheduler
    from scipy.special import ndtr

    cube, found, best, batch = Cube(problem.space), leaves(problem.space), Cells(), 100
    labels = list(problem.kinds.values())
    store = GridArchive(
        solution_dim=cube.dims,
        dims=[len(one) for one in labels],
        ranges=[(0, len(one)) for one in labels],
        seed=seed,
    )
    emitter = GaussianEmitter(store, sigma=0.5, x0=np.zeros(cube.dims), batch_size=batch, seed=seed)
    scheduler = Scheduler(store, [emitter])
    for _ in range(CALLS // batch):
        units: Floats = np.minimum(ndtr(scheduler.ask().T), np.nextafter(1, 0))
        rows = problem.space.values(units)
        objectives, measures = [], []
        for row, outcome in zip(rows, problem.simulate(rows), strict=True):
            plausibility = problem.space.log_prob(row) - peak(found, row)
            fails = outcome.severity >= problem.threshold
            objectives.append(1e3 + plausibility if fails else outcome.severity)
            measures.append([one.index(name) + 0.5 for one, name in zip(labels, outcome.kind, strict=True)])
            if fails:
                best[outcome.kind] = max(plausibility, best.get(outcome.kind, -np.inf))
        scheduler.tell(objectives, measures)
    return best


def show_cells(seeds: int) -> None:
    """Print how many cells each method fills."""
    methods: dict[str, Callable[[Problem, int], Cells]] = {
        "as usual": usual,
        "alike": alike,
        "archive": archive,
    }
    try:
        import ribs as _  # noqa: F401  # whether it is there

        methods["pyribs"] = ribs
    except ModuleNotFoundError:
        pass
    print(
        f"highway, {REACHABLE} cells that can fail, {CALLS:,} calls: cells with a failure, median plausibility, time"
    )
    for name, method in methods.items():
        start, found = time.perf_counter(), [method(road(), seed) for seed in range(seeds)]
        counts = [len(one) for one in found]
        plausible = median(value for one in found for value in one.values()) if any(counts) else float("nan")
        spent = (time.perf_counter() - start) / seeds
        print(f"  {name:10} {min(counts):3} to {max(counts):3}   {plausible:6.1f}   {spent:.1f} s")


def happening(problem: Problem, n: int) -> list[Values]:
    """Return failures as they happen under the nominal distribution, by their weights among draws with tilted options."""
    cube, rng = Cube(problem.space), numpy_stream(0, "happening")
    tilt = Tilt(cube, cube.gates, 0.9)
    points, rows = cube.uniform(rng, 100_000, tilt.units)
    fails = [place for place, one in enumerate(problem.simulate(rows)) if one.severity >= problem.threshold]
    weights = np.exp(tilt.log_weights(tilt.units(points), rows)[fails])
    return [rows[place] for place in rng.choice(fails, size=n, p=weights / weights.sum())]


def show_shrinking(seeds: int) -> None:
    """Print what is left of failures, as they are found by several methods."""
    print("shrinking: failures, median unusual fields, median calls, of the same kind beside")
    _shrunk("highway, as they happen", road(), happening(road(), 60))
    climbed = [one.values for seed in range(seeds) for one in hunt(road(), seed=seed).failures[:20]]
    _shrunk("highway, Hypothesis", road(), climbed)
    finds = [one for seed in range(seeds) for one in illuminate(road(), seed=seed).failures]
    _shrunk("highway, archive, plausible", road(), [one.values for one in finds if one.plausibility >= -14.5])
    _shrunk("highway, archive, all", road(), [one.values for one in finds])
    for level, agent in (("full", "hasty"), ("rare", "hasty"), ("rare", "trusting"), ("rare", "gullible")):
        problem = problem_of(f"support/retail-v1?level={level}", {"agent": agent})
        draws = problem.space.samples(0, range(1_000))
        found = [row for row, one in zip(draws, problem.simulate(draws), strict=True) if one.severity >= 1]
        if level == "rare":
            found = [one.values for one in illuminate(problem, seed=0, calls=2_000).failures]
        _shrunk(f"support, {level}, {agent}", problem, found[:25])


def _shrunk(name: str, problem: Problem, failures: Sequence[Values]) -> None:
    if not failures:
        print(f"  {name:28} none")
        return
    free = [shrink(problem, one) for one in failures]
    kept = []
    for one in failures:
        kind = problem.simulate([one])[0].kind
        kept.append(shrink(problem, one, keep=lambda outcome, kind=kind: outcome.kind == kind))
    figures = [
        (median(len(one.unusual) for one in some), median(one.calls for one in some)) for some in (free, kept)
    ]
    shown = "   ".join(f"{fields:3g} {calls:5g}" for fields, calls in figures)
    print(f"  {name:28} {len(failures):4}   {shown}   {max(one.calls for one in free + kept)} calls at most")


def show_coverage() -> None:
    """Print the rows that cover Spaces, and those of covertable."""
    ten = Space({f"f{place}": Choice(list(range(size))) for place, size in enumerate(TEN)})
    print("coverage: rows, share of combinations, ruled out, seconds")
    for name, space, strength in (
        ("ten fields, pairs", ten, 2), ("ten fields, triples", ten, 3), ("highway, pairs", road().space, 2),
        ("support, pairs", support_space("full"), 2), ("support rare, pairs", support_space("rare"), 2),
    ):  # fmt: skip
        start = time.perf_counter()
        found = cover(space, seed=0, strength=strength)
        spent = time.perf_counter() - start
        print(f"  {name:20} {len(found.scenarios):4}   {found.share:7.2%}   {found.excluded:3}   {spent:.1f}")
    try:
        from covertable import make
    except ModuleNotFoundError:
        return
    for strength in (2, 3):
        rows = make([list(range(size)) for size in TEN], strength=strength)
        print(f"  covertable, ten fields, strength {strength}: {len(rows)} rows")


if __name__ == "__main__":
    wanted = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    show_cells(wanted)
    show_shrinking(wanted)
    show_coverage()
