"""How policies fare on an evaluation set that they may never have met, and how two of them differ on the same records.

Only estimating records tell a rate. Of the others it is known how they were chosen, not how likely they are: what share of
them a policy survives is told by stratum, and is no rate of anything outside the set.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec

from gristmill.digest import decoder, indented
from gristmill.errors import UsageError
from gristmill.files import write_whole
from gristmill.lines import check_file
from gristmill.recorders.sets import (
    SCORE,
    EvaluationSet,
    Record,
    Role,
    WeightedRate,
    read_set,
)
from gristmill.types import SeatInfo
from gristmill.workflows.differences import Difference
from gristmill.workflows.metrics import Rate
from gristmill.workflows.rare.scoring_rates import WeightedDifference, difference_of, rate_of
from gristmill.workflows.rare.scoring_runs import Plays, Result, play_scenarios, results_of
from gristmill.workflows.rare.verifying import opened
from gristmill.workflows.run import Progress, seat_policies

__all__ = ["Comparison", "Score", "Share", "compare", "read_score", "score"]


class Share(msgspec.Struct, frozen=True, kw_only=True):
    """What share of the records of a role a policy survives; of chosen records, so that it is no rate.

    Attributes:
        survived: of all of them.
        strata: by severity and likelihood band.
        cells: by cell, in the world's own terms.
    """

    survived: Rate
    strata: dict[str, Rate]
    cells: dict[str, Rate]


class Score(msgspec.Struct, frozen=True, kw_only=True):
    """How policies fare on a set.

    Attributes:
        label: short name, for tables.
        set: folder of the set, and `hash` its digest.
        world: id of the world.
        severity: name of the severity, and `threshold` from which it is the event.
        seats: who played.
        run: folder of the recorded run; empty where it was not kept.
        estimate: from the estimating records, the weighted rate of the event; None without any. See `rate`.
        shares: of the records of the other roles.
        results: by id of the record, how it went; by them scores are compared.
    """

    label: str
    set: str
    hash: str
    world: str
    severity: str
    threshold: float
    seats: dict[str, SeatInfo]
    run: str = ""
    estimate: WeightedRate | None = None
    shares: dict[str, Share] = {}
    results: dict[str, Result] = {}

    @property
    def rate(self) -> WeightedRate:
        """The rate of the event under the nominal distribution.

        Raises:
            UsageError: when the set has no estimating records, which alone tell one.
        """
        if self.estimate is None:
            there = ", ".join(self.shares) or "no"
            raise UsageError(
                f"Expected estimating records to tell a rate from, got {there} records in {self.set}: they were chosen, and "
                "how likely what was chosen is nobody knows. Build a set with estimating records, or read the shares."
            )
        return self.estimate


class Comparison(msgspec.Struct, frozen=True, kw_only=True):
    """How a second policy fares against a first one, on the same records.

    Attributes:
        first, second: their labels.
        hash: of the set.
        rate: how much higher its weighted rate of the event is; None without estimating records, and where they are too few
            to tell the rate of either.
        survived: by role, how much higher the share of records is that it survives.
        p_values: by role, how likely so uneven a split of the records that part the two would be if they were alike, by the
            exact test of McNemar (Note on the sampling error of the difference between correlated proportions or
            percentages, 1947).
    """

    first: str
    second: str
    hash: str
    rate: WeightedDifference | None
    survived: dict[str, Difference]
    p_values: dict[str, float]


def score(
    path: Path,
    seats: Mapping[str, str],
    out: Path | None = None,
    *,
    world: str = "",
    jobs: int = 1,
    label: str = "",
    progress: Progress | None = None,
) -> Score:
    """Play every record of a set and return how that went.

    Args:
        path: the set.
        seats: spec of the policy of each seat; the others get `expert`.
        out: folder of an ordinary recorded run, made or continued, with `score.json` beside it; nothing is kept without.
        world: spec of the world, where it is another than when the set was built.
        jobs: how many workers.
        label: short name; by default the specs of the policies.
        progress: called with the records done, all, and the counts by status.

    Raises:
        StoreError: when a record did not arrive as it was written.
        UsageError: when something asked for does not exist, or the world's code or Space is not what the set was built with.
    """
    found = read_set(path)
    plays = opened(found.manifest, world=world, jobs=jobs)
    if out is None:
        with TemporaryDirectory() as folder:
            return _scored(found, plays, seats, Path(folder) / "run", "", label, progress)
    scored = _scored(found, plays, seats, out, str(out), label, progress)
    write_whole(out / SCORE, indented(scored))
    return scored


def read_score(run: Path) -> Score:
    """Return the score in the folder of a run on a set.

    Raises:
        UsageError: when there is none.
    """
    file = run / SCORE
    check_file(file, "a run on an evaluation set, as `gristmill rare score --out` makes one")
    try:
        return _score(file.read_bytes())
    except msgspec.MsgspecError as error:
        raise UsageError(f"Expected the score of a run on an evaluation set, got {file}: {error}.") from None


def _scored(
    found: EvaluationSet, plays: Plays, seats: Mapping[str, str], out: Path, kept: str, label: str,
    progress: Progress | None,
) -> Score:  # fmt: skip
    store = play_scenarios(plays, seats, [one.scenario for one in found.records], out, progress)
    there = dict(results_of(plays, store))
    pairs = [(one, there[one.place]) for one in found.records]
    who = {
        seat: SeatInfo(policy=one.name, digest=one.digest, generation=one.generation)
        for seat, one in seat_policies(plays.world, seats).items()
    }
    roles: dict[Role, None] = dict.fromkeys(one.role for one in found.records)
    return Score(
        label=label or ", ".join(f"{seat}={spec}" for seat, spec in seats.items()) or "expert",
        set=str(found.path), hash=found.manifest.hash, world=found.manifest.world, severity=plays.severity.name,
        threshold=plays.threshold, seats=who, run=kept, estimate=_rate(pairs),
        shares={role: _share(role, pairs) for role in roles if role != "estimating"},
        results={one.id: result for one, result in pairs},
    )  # fmt: skip


def _rate(pairs: Sequence[tuple[Record, Result]]) -> WeightedRate | None:
    """Return the weighted rate, None without estimating records."""
    own = [(one.weight, result) for one, result in pairs if one.weight is not None]
    told = [(weight, result.event) for weight, result in own if not result.error]
    if not own:
        return None
    return rate_of([one for one, _ in told], [event for _, event in told], len(own) - len(told))


def _share(role: Role, pairs: Sequence[tuple[Record, Result]]) -> Share:
    own = [(one, result) for one, result in pairs if one.role == role]
    strata: dict[str, list[Result]] = {}
    cells: dict[str, list[Result]] = {}
    for one, result in own:
        strata.setdefault(one.stratum.name, []).append(result)
        cells.setdefault(one.stratum.cell, []).append(result)
    return Share(
        survived=_survived([result for _, result in own]),
        strata={name: _survived(some) for name, some in sorted(strata.items())},
        cells={name: _survived(some) for name, some in sorted(cells.items())},
    )


def _survived(results: Sequence[Result]) -> Rate:
    outcomes = [one.outcome for one in results]
    well = outcomes.count("survives")
    return Rate.of_counts(well, well + outcomes.count("event"), outcomes.count("error"))


def compare(first: Score, second: Score, path: Path | None = None) -> Comparison:
    """Return how the second policy fares against the first one, record by record.

    Args:
        first: its score.
        second: the other, on the same set.
        path: of the set, where it is not any more where the first was scored.

    Raises:
        UsageError: when they are scores of different sets.
        StoreError: when the set is not there, or not what it was.
    """
    found = read_set(path or first.set)
    hashes = (found.manifest.hash, first.hash, second.hash)
    if len(set(hashes)) > 1:
        raise UsageError(
            f"Expected two scores of the set in {found.path}, which is {hashes[0]}, got scores of {first.hash} and "
            f"{second.hash}; score both on one set."
        )
    both = [
        (one, first.results[one.id], second.results[one.id])
        for one in found.records
        if not (first.results[one.id].error or second.results[one.id].error)
    ]
    weighted = [(one.weight, a.event, b.event) for one, a, b in both if one.weight is not None]
    differences: dict[str, Difference] = {
        role: _difference([(a, b) for one, a, b in both if one.role == role])
        for role in dict.fromkeys(one.role for one, _, _ in both)
        if role != "estimating"
    }
    return Comparison(
        first=first.label, second=second.label, hash=hashes[0],
        rate=difference_of(*map(list, zip(*weighted, strict=True))) if weighted and _told(first, second) else None,
        survived=differences,
        p_values={role: _mcnemar(one) for role, one in differences.items()},
    )  # fmt: skip


def _told(*scores: Score) -> bool:
    """Return whether every score tells a rate, or that there was no event."""
    return all(
        one.estimate is not None and (one.estimate.rate is not None or not one.estimate.events)
        for one in scores
    )


def _difference(pairs: Sequence[tuple[Result, Result]]) -> Difference:
    told = [(not a.event, not b.event) for a, b in pairs]
    return Difference.of_pairs(
        *(told.count(pair) for pair in ((True, True), (True, False), (False, True), (False, False)))
    )


def _mcnemar(found: Difference) -> float:
    from scipy.stats import binomtest

    apart = found.only_before + found.only_after
    return float(binomtest(found.only_before, apart).pvalue) if apart else 1.0


_score = decoder(Score)
