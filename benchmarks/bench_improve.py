"""Whether rounds of self-play improve a model, and how long they take: `python benchmarks/bench_improve.py [OUT]`.

Two lines, each from nothing: the agent of the support desk (success), and the seller of the market against a fixed mix of
strategies (mean score: what of its greatest rational gain it made). Beside each figure stands the bar: from a start between
30 and 70 %, up in each of the first two rounds, with 95 % intervals at the start and the end that do not overlap, in at
most 15 minutes on two cores. Scores are compared scenario by scenario, too.
"""

import sys
import time
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

from gristmill.digest import decoder
from gristmill.workflows.differences import ScoreDifference
from gristmill.workflows.evaluate import FILE, Evaluation, compare_scores
from gristmill.workflows.improve import improve
from gristmill.workflows.improve_types import Improvement, Made
from gristmill.workflows.tuning import Tune
from gristmill.workflows.tuning_types import Tuning

TRAIN, HELD_OUT = {"customer": "expert?forms=train"}, {"customer": "expert?forms=held-out"}
MIX = {"buyer": "mixed?of=boulware|conceder|linear|tit-for-tat"}
LINES = {
    "support/retail-v1?level=demo": (
        Tuning(others=TRAIN, held_out=HELD_OUT, seed_policy="noisy?rate=0.2&forms=train"),
        3,
        2_560,
    ),
    "negotiation/market-v1": (
        Tuning(
            seat="seller", others=MIX, seed_policy="noisy?base=micro&rate=0.25", seed_episodes=5_000, base_steps=300, epochs=2,
            attempts=2, best=1, evaluated=800,
            facts=("weights", "reservation", "issues", "discount", "deadline"),
        ),
        2,
        1_024,
    ),
}  # fmt: skip


def main(out: Path) -> None:
    """Run both lines and print what they came to."""
    for place, (world, (how, rounds, n)) in enumerate(LINES.items()):
        start = time.monotonic()
        found = improve(world, out / str(place), Tune(how), rounds=rounds, n=n, jobs=2)
        print(f"\n{world}: {(time.monotonic() - start) / 60:.1f} min (bar 15)")
        made = [found.start, *(one.made for one in found.rounds)]
        for number, one in enumerate(made):
            print(f"  {'base' if not number else f'round {number}':8s} {told(one)}")
        print(f"  variety: Vendi {', '.join(f'{v.vendi:.1f}' for one in made for v in one.variety.values())}")
        print(f"  {verdict(made)}{found.stopped and f'; stopped: {found.stopped}'}")
        if change := paired(found):
            print(
                f"  score, scenario by scenario: {change.mean:+.3f} ({change.low:+.3f} to {change.high:+.3f})"
            )


def told(one: Made) -> str:
    """Return the figures of a model."""
    if one.success is None:
        return "not evaluated"
    rate = one.success
    words = f"success {rate.rate:6.1%} ({rate.low:.1%} - {rate.high:.1%})"
    return words + (
        f", score {one.score.mean:.3f} ({one.score.low:.3f} - {one.score.high:.3f})" if one.score else ""
    )


def verdict(made: list[Made]) -> str:
    """Return whether the figure that counts rose in each of the first two rounds, and the ends are apart."""
    figures = [span(one) for one in made if one.success]
    rises = all(before[1] < after[1] for before, after in pairwise(figures[:3]))
    apart = figures[0][2] < figures[-1][0]
    return f"rises in each of the first two rounds: {rises}; start and end apart: {apart}"


def span(one: Made) -> tuple[float, float, float]:
    """Return the figure that counts with its interval: low, middle, high."""
    if one.score:
        return one.score.low, one.score.mean, one.score.high
    assert one.success is not None
    return one.success.low, one.success.rate, one.success.high


def paired(found: Improvement) -> ScoreDifference | None:
    """Return how much higher the last model scores than the first one, on the same scenarios."""
    ends = [found.start, *(one.made for one in found.rounds if one.made.evaluation)]
    first, last = (
        decoder(Evaluation)((Path(one.evaluation) / FILE).read_bytes()) for one in (ends[0], ends[-1])
    )
    return next(iter(compare_scores([first, last])), None) if first.scores else None


if __name__ == "__main__":
    if len(sys.argv) > 1:
        main(Path(sys.argv[1]))
    else:
        with TemporaryDirectory() as folder:
            main(Path(folder))
