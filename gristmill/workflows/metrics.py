"""Success in numbers: rates and mean scores with intervals, pass^k, and the cells that scenarios fall into.

An `error` says that something broke, the machinery, a scripted counterpart, or the code of the evaluated policy itself,
so the attempt could not be judged: rates are over the attempts that were, and what was not judged is always counted beside
them, by the side at fault. A goal is judged by the worst case, in which everything that was not judged speaks against it.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from math import comb, fsum, sqrt

import msgspec

from gristmill.errors import UsageError
from gristmill.types import Status

__all__ = [
    "BREAKDOWNS",
    "Cell",
    "Mean",
    "Outcome",
    "PassK",
    "Rate",
    "breakdown",
    "breakdowns",
    "errors_by_side",
    "failed_checks",
    "mean_of",
    "pass_k",
    "wilson",
]

Z95 = 1.959963984540054  # the 97.5 % point of the normal distribution
_FAULT = re.compile(r" !(?P<fault>[\w-]+)$")


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """How one attempt went.

    Attributes:
        id: of the episode.
        scenario: what was played; equal draws under several indices are several.
        index: of the draw.
        attempt: 0, 1, … for repeated plays.
        stratum: cell of the scenario space.
        status: of the verdict that counts.
        reasons: the checks that did not pass, with the side at fault where there is one.
        side: who is at fault when the status is `error`.
        generation: highest of the policies that played.
        simulated: it was recorded step by step, as a simulation is, not act by act.
        score: how well the seat did that was asked for, from 0 to 1; None where that was not checked.
    """

    id: str
    scenario: str
    index: int = 0
    attempt: int
    stratum: str
    status: Status
    reasons: tuple[str, ...] = ()
    side: str = ""
    generation: int = 0
    simulated: bool = False
    score: float | None = None


class Rate(msgspec.Struct, frozen=True, kw_only=True):
    """Passed out of judged, with its 95 % interval.

    Attributes:
        passed: attempts that passed.
        n: attempts that were judged, passed or failed.
        errors: attempts that ended in an `error`, which are not in `n`; nor are those `unverified`.
        rate: `passed / n`; 0 when nothing was judged.
        low, high: Wilson's interval, see `wilson`.
    """

    passed: int
    n: int
    errors: int = 0
    unverified: int = 0
    rate: float = 0.0
    low: float = 0.0
    high: float = 1.0

    @classmethod
    def of(cls, outcomes: Iterable[Outcome]) -> "Rate":
        """Return the rate of some attempts."""
        counts = Counter(outcome.status for outcome in outcomes)
        return cls.of_counts(
            counts["pass"], counts["pass"] + counts["fail"], counts["error"], counts["unverified"]
        )

    @classmethod
    def of_counts(cls, passed: int, n: int, errors: int = 0, unverified: int = 0) -> "Rate":
        """Return the rate of `passed` in `n` judged attempts, and of what was not judged besides."""
        low, high = wilson(passed, n)
        return cls(
            passed=passed, n=n, errors=errors, unverified=unverified, rate=passed / n if n else 0.0,
            low=low, high=high,
        )  # fmt: skip

    @property
    def played(self) -> int:
        """All attempts, judged or not."""
        return self.n + self.errors + self.unverified

    @property
    def unjudged(self) -> int:
        """Attempts that ended in an error or that nobody judged."""
        return self.errors + self.unverified

    @property
    def worst(self) -> float:
        """The rate if everything that was not judged had failed."""
        return self.passed / self.played if self.played else 0.0

    @property
    def best(self) -> float:
        """The rate if everything that was not judged had passed."""
        return (self.passed + self.unjudged) / self.played if self.played else 1.0


class Mean(msgspec.Struct, frozen=True, kw_only=True):
    """A mean of scores, with its 95 % interval, see `mean_of`.

    Attributes:
        mean: from 0 to 1; 0 when there is nothing to average.
        low, high: the interval.
        n: scenarios that it is over.
    """

    mean: float = 0.0
    low: float = 0.0
    high: float = 1.0
    n: int = 0

    @classmethod
    def of(cls, scores: Sequence[float]) -> "Mean":
        """Return the mean of some scores, each from 0 to 1 and of a scenario of its own."""
        mean, half = mean_of(scores)
        return cls(mean=mean, low=max(0.0, mean - half), high=min(1.0, mean + half), n=len(scores))


class PassK(msgspec.Struct, frozen=True, kw_only=True):
    """The chance that `k` attempts at one scenario all pass, averaged over scenarios.

    Attributes:
        k: how many attempts.
        rate: the mean over `scenarios`, those with enough judged attempts.
        left_out: scenarios that were played often enough, but not judged often enough.
        worst: the mean over both, if everything that was not judged had failed.
    """

    k: int
    rate: float
    scenarios: int
    left_out: int = 0
    worst: float = 0.0


class Cell(msgspec.Struct, frozen=True, kw_only=True):
    """What a stratum says, in the notation that `gristmill.types.Scenario` lays down for every world."""

    intents: tuple[str, ...]
    obstacles: tuple[str, ...] = ()
    fault: str = ""

    @classmethod
    def of(cls, stratum: str) -> "Cell":
        """Return the parts of a stratum; one without any marks is a single intent."""
        found = _FAULT.search(stratum)
        requests = [part.partition("/") for part in _FAULT.sub("", stratum).split("+")]
        return cls(
            intents=tuple(name or "(any)" for name, _, _ in requests),
            obstacles=tuple(obstacle for _, _, obstacle in requests if obstacle),
            fault=found["fault"] if found else "",
        )


BREAKDOWNS: dict[str, Callable[[Cell], Iterable[str]]] = {
    "intent": lambda cell: dict.fromkeys(cell.intents),
    "kind": lambda cell: dict.fromkeys(cell.intents),  # where nobody asks for anything
    "obstacle": lambda cell: dict.fromkeys(cell.obstacles) or ("none",),
    "fault": lambda cell: (cell.fault or "none",),
    "requests": lambda cell: ("one" if len(cell.intents) == 1 else "several",),
}


def wilson(passed: int, n: int) -> tuple[float, float]:
    """Return the 95 % interval of a proportion.

    Wilson, "Probable inference, the law of succession, and statistical inference", 1927, equation for the limits of p.

    Raises:
        UsageError: unless 0 <= passed <= n.
    """
    if not 0 <= passed <= n:
        raise UsageError(f"Expected 0 <= passed <= n, got {passed} of {n}.")
    if not n:
        return 0.0, 1.0
    rate, square = passed / n, Z95 * Z95
    centre = rate + square / (2 * n)
    spread = Z95 * sqrt(rate * (1 - rate) / n + square / (4 * n * n))
    low, high = (centre - spread) / (1 + square / n), (centre + spread) / (1 + square / n)
    # At the ends the limits are exact, but rounding may put them on the wrong side of the rate.
    return max(0.0, min(low, rate)), min(1.0, max(high, rate))


def mean_of(values: Sequence[float]) -> tuple[float, float]:
    """Return the mean of independent values, and half the width of its 95 % interval by the normal approximation.

    It is the 97.5 % point of the normal distribution times the standard error, s / √n with n - 1 in the variance; fit
    for some thirty values and more. Of fewer than two nothing is known: the half width is 1.
    """
    n = len(values)
    if not n:
        return 0.0, 1.0
    mean = fsum(values) / n
    if n == 1:
        return mean, 1.0
    return mean, Z95 * sqrt(fsum((value - mean) ** 2 for value in values) / (n - 1) / n)


def pass_k(outcomes: Iterable[Outcome], most: int) -> list[PassK]:
    """Return pass^1 … pass^`most`: the mean over scenarios of C(c, k) / C(n, k), c of n attempts having passed.

    Yao et al., "τ-bench: A Benchmark for Tool-Agent-User Interaction in Real-World Domains", 2024, section 4. Scenarios
    with fewer than `most` judged attempts are left out of all of them, so that the figures are about the same scenarios;
    those that were played often enough are counted as left out.
    """
    attempts: dict[str, Counter[Status]] = {}
    for outcome in outcomes:
        attempts.setdefault(outcome.scenario, Counter())[outcome.status] += 1
    played = [counts for counts in attempts.values() if counts.total() >= most]
    judged = [counts for counts in played if counts["pass"] + counts["fail"] >= most]
    return [
        PassK(
            k=k,
            rate=_all_of(k, [(counts["pass"], counts["pass"] + counts["fail"]) for counts in judged]),
            scenarios=len(judged),
            left_out=len(played) - len(judged),
            worst=_all_of(k, [(counts["pass"], counts.total()) for counts in played]),
        )
        for k in range(1, most + 1)
    ]


def _all_of(k: int, counts: Sequence[tuple[int, int]]) -> float:
    return sum(comb(c, k) / comb(n, k) for c, n in counts) / len(counts) if counts else 0.0


def breakdowns(outcomes: Sequence[Outcome]) -> dict[str, dict[str, Rate]]:
    """Return the rates by what the strata tell: of conversations, by intent, obstacle, fault and number of requests.

    Of simulations, and of play that is scored, it is the kind of scenario, and obstacle and fault only where a stratum
    names one.
    """
    names = ["intent", "obstacle", "fault", "requests"]
    if any(outcome.simulated or outcome.score is not None for outcome in outcomes):
        cells = [Cell.of(outcome.stratum) for outcome in outcomes]
        named = {
            "kind": True,
            "obstacle": any(cell.obstacles for cell in cells),
            "fault": any(cell.fault for cell in cells),
        }
        names = [name for name, told in named.items() if told]
    return {name: breakdown(outcomes, name) for name in names}


def breakdown(outcomes: Iterable[Outcome], by: str) -> dict[str, Rate]:
    """Return the rate of every one of `BREAKDOWNS`, such as every intent, in alphabetical order.

    A conversation with several requests counts for the intent of each.
    """
    groups: dict[str, list[Outcome]] = {}
    for outcome in outcomes:
        for name in BREAKDOWNS[by](Cell.of(outcome.stratum)):
            groups.setdefault(name, []).append(outcome)
    return {name: Rate.of(groups[name]) for name in sorted(groups)}


def failed_checks(outcomes: Iterable[Outcome]) -> dict[str, int]:
    """Return how many attempts failed each check, most frequent first; errors are not failures."""
    return _counted(reason for outcome in outcomes if outcome.status == "fail" for reason in outcome.reasons)


def errors_by_side(outcomes: Iterable[Outcome]) -> dict[str, int]:
    """Return how many attempts ended in an error of each side, most frequent first."""
    return _counted(outcome.side or "unknown" for outcome in outcomes if outcome.status == "error")


def _counted(names: Iterable[str]) -> dict[str, int]:
    return dict(sorted(Counter(names).items(), key=lambda item: (-item[1], item[0])))
