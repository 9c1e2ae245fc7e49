"""How much better one policy is than another, with an interval: paired where both played the same scenarios."""

from collections.abc import Mapping
from math import hypot, sqrt

import msgspec

from gristmill.types import Status
from gristmill.workflows.metrics import Rate, mean_of

__all__ = ["Difference", "ScoreDifference", "least"]


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """How much higher one rate is than another, with its 95 % interval; 1 is 100 points.

    Attributes:
        rate: the difference, `after` less `before`.
        low, high: its interval.
        paired: whether both played the same scenarios, and were compared scenario by scenario.
        n: scenarios that were judged for both, if paired.
        only_before, only_after: scenarios that only the one and only the other solved, if paired.
    """

    rate: float
    low: float
    high: float
    paired: bool = False
    n: int = 0
    only_before: int = 0
    only_after: int = 0

    @classmethod
    def of(cls, before: Rate, after: Rate) -> "Difference":
        """Return the difference of two rates that were measured independently.

        Newcombe, "Interval estimation for the difference between independent proportions", 1998, method 10.
        """
        return cls._within(before, after, 0.0)

    @classmethod
    def paired_of(cls, before: Mapping[str, Status], after: Mapping[str, Status]) -> "Difference":
        """Return the difference between two policies, by how each did on every scenario that both were judged on."""
        judged = ("pass", "fail")
        common = [name for name, status in before.items() if status in judged and after.get(name) in judged]
        pairs = [(before[name] == "pass", after[name] == "pass") for name in common]
        return cls.of_pairs(*(pairs.count(pair) for pair in _TABLE))

    @classmethod
    def of_pairs(cls, both: int, only_before: int, only_after: int, neither: int) -> "Difference":
        """Return the difference of two rates over the same scenarios, from the four counts.

        Newcombe, "Improved confidence intervals for the difference between binomial proportions based on paired data",
        Statistics in Medicine 17, 1998, method 10: Wilson's limits, squared and added with the correlation phi.
        """
        n = both + only_before + only_after + neither
        before, after = (Rate.of_counts(both + only, n) for only in (only_before, only_after))
        found = cls._within(before, after, _phi(both, only_before, only_after, neither))
        return msgspec.structs.replace(
            found, paired=True, n=n, only_before=only_before, only_after=only_after
        )

    @classmethod
    def _within(cls, before: Rate, after: Rate, phi: float) -> "Difference":
        rate = after.rate - before.rate
        down = _joined(after.rate - after.low, before.high - before.rate, phi)
        up = _joined(after.high - after.rate, before.rate - before.low, phi)
        return cls(rate=rate, low=max(-1.0, rate - down), high=min(1.0, rate + up))


class ScoreDifference(msgspec.Struct, frozen=True, kw_only=True):
    """How much higher one mean score is than another, with its 95 % interval.

    Attributes:
        mean: the difference, `after` less `before`, from -1 to 1.
        low, high: its interval, by the normal approximation of `mean_of`.
        paired: whether both played the same scenarios, and were compared scenario by scenario.
        n: scenarios that were scored for both, if paired.
    """

    mean: float
    low: float
    high: float
    paired: bool = False
    n: int = 0

    @classmethod
    def of(cls, before: Mapping[str, float], after: Mapping[str, float]) -> "ScoreDifference":
        """Return the difference of two mean scores that were measured independently, by scenario each."""
        (mean, half), (other, further) = mean_of(list(after.values())), mean_of(list(before.values()))
        return cls._within(mean - other, hypot(half, further))

    @classmethod
    def paired_of(cls, before: Mapping[str, float], after: Mapping[str, float]) -> "ScoreDifference":
        """Return the mean of the differences in every scenario that both have a score for."""
        gains = [after[name] - score for name, score in before.items() if name in after]
        found = cls._within(*mean_of(gains))
        return msgspec.structs.replace(found, paired=True, n=len(gains))

    @classmethod
    def _within(cls, mean: float, half: float) -> "ScoreDifference":
        return cls(mean=mean, low=max(-1.0, mean - half), high=min(1.0, mean + half))


def least(before: Rate, after: Rate) -> float:
    """Return the difference if everything that was not judged had gone against it."""
    return after.worst - before.best


_TABLE = ((True, True), (True, False), (False, True), (False, False))


def _phi(both: int, only_before: int, only_after: int, neither: int) -> float:
    """Return the correlation of two columns of passes and failures; a positive one is corrected for continuity."""
    margins = (both + only_before) * (only_after + neither) * (both + only_after) * (only_before + neither)
    if not margins:
        return 0.0
    product = both * neither - only_before * only_after
    half = (both + only_before + only_after + neither) / 2
    return (max(product - half, 0.0) if product > 0 else product) / sqrt(margins)


def _joined(one: float, other: float, phi: float) -> float:
    # Without correlation this is `hypot`; rounding may take what is under the root below zero.
    return sqrt(max(0.0, one * one - 2 * phi * one * other + other * other)) if phi else hypot(one, other)
