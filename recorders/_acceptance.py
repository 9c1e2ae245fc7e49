"""What an episode must be to be kept, and the stages that see to it, each with a reason for every drop."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from math import fsum
from typing import NamedTuple

import msgspec

from gristmill.errors import UsageError, unknown
from gristmill.recorders import _signatures
from gristmill.recorders._files import check_name
from gristmill.recorders.ledger import LEVELS
from gristmill.recorders.release import Ruling
from gristmill.types import Episode, Level

__all__ = ["Acceptance", "Row", "baselines", "row", "sieve"]

_TIE = 1e-9  # by which a score must exceed a mean, since the mean of equal scores is not always the same to the last bit

Judge = Callable[
    [Sequence["Row"]], list[str]
]  # from the rows that are left to why each is dropped, empty if not


class Acceptance(msgspec.Struct, frozen=True, kw_only=True):
    """What an episode must be to be kept.

    Attributes:
        name: name of the policy, and of the view it makes.
        level: a passing verdict of at least this level is needed; a failing one of any level is a drop.
        min_acts: fewest acts of all seats together; in a simulation an act is a control step.
        max_acts: most of them, or None.
        distinct: keep one of several episodes with the same transcript, of a seat with the same view in the same scenario.
        near_distinct: keep one of several that differ only in the values filled in.
        per_stratum: most episodes of one stratum, or None.
        split: share of the scenarios in each part; all attempts at one scenario go to the same part.
        seat: whose own outcome decides; empty where that of the whole episode does. An episode that one seat played
            well and another did not is of use to the one.
        min_score: the least score of the seat, from 0 to 1; None where any will do.
        above_baseline: keep only what the seat did better than it does on average in scenarios of that stratum, over the
            judged episodes of the run, passed or failed. A seat, or a stratum, in which a high score is easy has a high
            baseline, and does not dominate. Liu et al., "SPIRAL: Self-Play on Zero-Sum Games Incentivizes Reasoning via
            Multi-Agent Multi-Turn Reinforcement Learning", 2025, role-conditioned advantage estimation; the mean of a
            run stands in for their moving average over training.
        best: most attempts at one scenario, or None: those of the highest score of the seat, and among equals those with
            the fewest acts of the seat, or of all seats if none is named.
    """

    name: str = "default"
    level: Level = "checked"
    min_acts: int = 1
    max_acts: int | None = None
    distinct: bool = True
    near_distinct: bool = False
    per_stratum: int | None = None
    split: dict[str, float] = msgspec.field(
        default_factory=lambda: {"train": 0.9, "valid": 0.05, "test": 0.05}
    )
    seat: str = ""
    min_score: float | None = None
    above_baseline: bool = False
    best: int | None = None

    def __post_init__(self) -> None:
        check_name("view", self.name)
        if self.level not in LEVELS:
            raise unknown("level", self.level, LEVELS)
        if not self.split or min(self.split.values()) < 0 or abs(sum(self.split.values()) - 1) > 1e-9:
            raise UsageError(f"Expected shares of a split that add up to 1, got {self.split}.")
        for part in self.split:
            check_name("split", part)
        if self.min_score is not None and not 0 <= self.min_score <= 1:
            raise UsageError(f"Expected a least score from 0 to 1, got {self.min_score}.")
        if self.best is not None and self.best < 1:
            raise UsageError(f"Expected to keep at least the best attempt at a scenario, got {self.best}.")
        if not self.seat and (self.min_score is not None or self.above_baseline):
            raise UsageError(
                "Expected a seat with a least score or a baseline, since each seat has a score of its own, got none; "
                "name it, as with --seat seller."
            )


class Row(NamedTuple):
    """What has to be remembered of an episode; sorts by scenario, so that the order of recording has no say.

    Attributes:
        reason: why the verdict policy drops it; empty when it does not.
        length: why its length drops it.
        exact, near: what twins share, see `_signatures`.
        acts: how often the seat acted that the policy names, or anybody if it names none.
        score: of that seat, where it was found.
        judged: whether the seat, or the episode, passed or failed.
        passes: which seats pass by themselves, where verdicts tell.
    """

    seed: int
    draw: int
    attempt: int
    id: str
    scenario: str
    stratum: str
    reason: str
    length: str
    exact: str
    near: str
    verdicts: tuple[str, ...]
    versions: frozenset[str]
    acts: int
    score: float | None
    judged: bool
    passes: Mapping[str, bool]


def row(episode: Episode, ruling: Ruling, acceptance: Acceptance) -> Row:
    """Return what has to be remembered of an episode."""
    reason, seat = ruling.reason, acceptance.seat
    seats = (seat,) if seat else tuple(episode.seats)
    return Row(
        seed=episode.scenario.seed,
        draw=episode.scenario.index,
        attempt=episode.attempt,
        id=episode.id,
        scenario=episode.scenario.id,
        stratum=episode.scenario.stratum,
        reason=reason,
        length="" if reason else _length_reason(_acts(episode, episode.seats), acceptance),
        exact="" if reason else _signatures.exact(episode, seat),
        near=_signatures.near(episode) if acceptance.near_distinct and not reason else "",
        verdicts=tuple(sorted({found.verdict_id for found in ruling.verdicts.values()})),
        versions=ruling.versions,
        acts=_acts(episode, seats),
        score=ruling.score,
        judged=ruling.judged,
        passes=_passes(ruling),
    )


def _acts(episode: Episode, seats: Collection[str]) -> int:
    """Return how often some seats acted, be it by an entry or by an action."""
    said = sum(entry.get("from") in seats for entry in episode.entries)
    return said + (len(episode.steps) if episode.steps is not None else 0)


def _length_reason(acts: int, acceptance: Acceptance) -> str:
    if acts < acceptance.min_acts:
        return f"fewer than {acceptance.min_acts} acts"
    if acceptance.max_acts is not None and acts > acceptance.max_acts:
        return f"more than {acceptance.max_acts} acts"
    return ""


def _passes(ruling: Ruling) -> dict[str, bool]:
    """Return which seats pass by themselves, as far as any verdict says something of a seat."""
    found = list(ruling.verdicts.values())
    named = dict.fromkeys(seat for one in found for seat in one.seats)
    return {seat: all(one.of(seat).status == "pass" for one in found) for seat in named}


def baselines(rows: Iterable[Row]) -> dict[str, float]:
    """Return the mean score in every stratum, over what was judged and scored, passed or failed."""
    scores: dict[str, list[float]] = {}
    for one in rows:
        if one.judged and one.score is not None:
            scores.setdefault(one.stratum, []).append(one.score)
    return {stratum: fsum(found) / len(found) for stratum, found in sorted(scores.items())}


def sieve(acceptance: Acceptance, baseline: Mapping[str, float]) -> Iterator[tuple[str, Judge]]:
    """Yield the stages, in order: a name, and what says of the rows that are left why they are dropped."""
    yield "verdict", _each(lambda one: one.reason)
    yield "length", _each(lambda one: one.length)
    if acceptance.min_score is not None:
        yield "score", _each(_least(acceptance.min_score))
    if acceptance.above_baseline:
        yield "baseline", _each(_above(acceptance.seat, baseline))
    if acceptance.distinct:
        yield "distinct", _first_of(lambda one: one.exact, 1, "same transcript as an earlier episode")
    if acceptance.best is not None:
        yield "best", _best(acceptance.best)
    if acceptance.near_distinct:
        yield (
            "near-distinct",
            _first_of(lambda one: one.near, 1, "differs from an earlier episode only in values"),
        )
    if acceptance.per_stratum is not None:
        most = acceptance.per_stratum
        yield "balance", _first_of(lambda one: one.stratum, most, f"more than {most} of its stratum")


def _each(reason: Callable[[Row], str]) -> Judge:
    return lambda rows: [reason(one) for one in rows]


def _least(bar: float) -> Callable[[Row], str]:
    def judge(one: Row) -> str:
        if one.score is None:
            return "no score"
        return f"score below {bar:g}" if one.score < bar else ""

    return judge


def _above(seat: str, baseline: Mapping[str, float]) -> Callable[[Row], str]:
    def judge(one: Row) -> str:
        if one.score is None:
            return "no score"
        above = one.score > baseline[one.stratum] + _TIE
        return "" if above else f"not above the mean score of {seat} in its stratum"

    return judge


def _first_of(key: Callable[[Row], str], most: int, reason: str) -> Judge:
    def judge(rows: Sequence[Row]) -> list[str]:
        seen: dict[str, int] = {}
        reasons = []
        for one in rows:
            name = key(one)
            seen[name] = seen.get(name, 0) + 1
            reasons.append(reason if seen[name] > most else "")
        return reasons

    return judge


def _best(most: int) -> Judge:
    reason = f"not among the best {most} at its scenario" if most > 1 else "not the best at its scenario"

    def judge(rows: Sequence[Row]) -> list[str]:
        ranked = sorted(
            rows, key=lambda one: (-(one.score or 0.0), one.acts)
        )  # earlier ones first among equals
        reasons = _first_of(lambda one: one.scenario, most, reason)(ranked)
        found = {one.id: why for one, why in zip(ranked, reasons, strict=True)}
        return [found[one.id] for one in rows]

    return judge
