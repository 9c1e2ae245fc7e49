"""Hypothesis as a hunter: it looks for scenarios that fail and are plausible, by a label that it is asked to raise.

Hypothesis chooses its examples by rules of its own, which change with its version and with the code around it. What is
found is therefore given as values, never as a seed of Hypothesis, and says nothing of how likely failures are.
"""

import math
from collections.abc import Callable
from statistics import median
from typing import NamedTuple

from gristmill.digest import digest
from gristmill.errors import UsageError, install_line
from gristmill.generators.rare.archive import Find
from gristmill.generators.rare.leaves import leaves, peak
from gristmill.generators.rare.problem import Problem
from gristmill.generators.space import Space, Values
from gristmill.seeding import derive

__all__ = ["ONE_IN", "Hunted", "hunt", "least_plausible"]

ONE_IN = 10_000  # draws of the nominal distribution: the least plausible of so many bounds what counts as plausible
_DRAWS = 10_000  # by which plausibility is judged
_TAIL = 100  # of them, from which those beyond are told
_FIRST = 50  # scenarios that are simulated to learn what an ordinary severity is
_ROUND = 1_000  # calls, after which it starts anew, since it may have climbed the wrong hill
_TIMES = 2  # examples for each call, since many are equal
_LEAST = 1e-9  # way from an ordinary severity to the threshold
_SEVERITY = (
    20.0  # of the label: what the way from there to the threshold counts for beside one of log-density
)


class Hunted(NamedTuple):
    """What was found.

    Attributes:
        failures: those that are plausible, the most plausible first.
        bound: the least plausibility that counts, see `least_plausible`.
        implausible: failures that are not.
        calls: scenarios simulated.
    """

    failures: tuple[Find, ...]
    bound: float
    implausible: int
    calls: int


def least_plausible(space: Space, *, seed: int, one_in: int = ONE_IN) -> float:
    """Return the plausibility below which only one in so many scenarios of the nominal distribution is.

    Plausibility is what the log-density of a scenario has over that of the likeliest values of the same fields. Beyond the
    least of ten thousand draws its tail counts as exponential, which it is for normal numbers up to a slow factor.
    """
    found = leaves(space)
    rows = space.samples(seed, range(_DRAWS), name="plausible")
    lowest = sorted(space.log_prob(values) - peak(found, values) for values in rows)[: _TAIL + 1]
    if one_in * _TAIL <= _DRAWS:
        raise UsageError(f"Expected one in more than {_DRAWS // _TAIL} draws, got one in {one_in}.")
    beyond = sum(lowest[_TAIL] - one for one in lowest[:_TAIL]) / _TAIL
    return lowest[_TAIL] - beyond * math.log(one_in * _TAIL / _DRAWS)


def hunt(
    problem: Problem,
    *,
    seed: int,
    calls: int = 3_000,
    one_in: int = ONE_IN,
    progress: Callable[[int, int], None] | None = None,
) -> Hunted:
    """Return scenarios that fail and are as plausible as all but one in so many nominal ones.

    Args:
        problem: whose failures.
        seed: root seed.
        calls: scenarios to simulate at most; some hundreds are needed for the label to tell.
        one_in: a scenario counts as plausible unless it is among the least plausible one in so many nominal draws.
        progress: is told the calls so far, and how many failures there are.

    Raises:
        UsageError: when Hypothesis is not installed, or calls are too few.
    """
    try:
        import hypothesis
    except ModuleNotFoundError as error:
        raise UsageError(
            f"Expected Hypothesis for this hunt, which is not there: {install_line(error)}."
        ) from None
    if calls <= _FIRST:
        raise UsageError(f"Expected more than {_FIRST} calls, got {calls}: so many say what is ordinary.")
    found, failures, seen = leaves(problem.space), dict[str, Find](), dict[str, float]()
    bound = least_plausible(problem.space, seed=seed, one_in=one_in)

    first = problem.simulate(problem.space.samples(seed, range(_FIRST), name="ordinary"))
    scale = _SEVERITY / max(problem.threshold - median(one.severity for one in first), _LEAST)

    def gap(values: Values) -> float:
        density = problem.space.log_prob(values)
        plausibility = density - peak(found, values)
        outcome = problem.simulate([values])[0]
        if outcome.severity >= problem.threshold:
            failures[digest(values)] = Find(
                values=values,
                severity=outcome.severity,
                log_density=density,
                plausibility=plausibility,
                kind=tuple(outcome.kind),
                call=_FIRST + len(seen) + 1,
            )
        return min(outcome.severity - problem.threshold, 0) * scale + min(plausibility - bound, 0)

    def example(values: Values) -> None:
        key = digest(values)
        if key not in seen:
            if len(seen) >= most:
                return
            seen[key] = gap(values)
            if progress is not None:
                progress(_FIRST + len(seen), len(failures))
        hypothesis.target(seen[key], label="gap")

    settings = hypothesis.settings(
        database=None,
        deadline=None,
        max_examples=_TIMES * min(_ROUND, calls),
        phases=(hypothesis.Phase.generate, hypothesis.Phase.target),
        suppress_health_check=list(hypothesis.HealthCheck),
        print_blob=False,
    )
    strategy = problem.space.strategy()
    for start in range(0, calls - _FIRST, _ROUND):
        most = min(start + _ROUND, calls - _FIRST)
        hypothesis.seed(derive(seed, "hunt", start))(settings(hypothesis.given(strategy)(example)))()
    plausible = [one for one in failures.values() if one.plausibility >= bound]
    plausible.sort(key=lambda one: (-one.plausibility, one.call))
    return Hunted(tuple(plausible), bound, len(failures) - len(plausible), _FIRST + len(seen))
