"""How well policies do on scenarios they have not met: recorded, verified runs in, rates with intervals out."""

import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import msgspec

from gristmill.digest import indented
from gristmill.errors import UsageError, unknown
from gristmill.files import write_whole
from gristmill.recorders.store import RunStore
from gristmill.recorders.verify import verify_run
from gristmill.registry import make
from gristmill.specs import split
from gristmill.types import Level, Status
from gristmill.workflows import EVALUATION_SEED
from gristmill.workflows.differences import Difference, ScoreDifference
from gristmill.workflows.lineage import HeldOut, trained_on
from gristmill.workflows.metrics import (
    Mean,
    Outcome,
    PassK,
    Rate,
    breakdowns,
    errors_by_side,
    failed_checks,
    pass_k,
)
from gristmill.workflows.outcomes import outcomes
from gristmill.workflows.run import Progress, run

__all__ = ["Evaluation", "at_first_sight", "compare", "compare_scores", "evaluate", "summarise"]

FILE = "evaluation.json"


class Evaluation(msgspec.Struct, frozen=True, kw_only=True):
    """What a run says about the policies that played it.

    Attributes:
        label: short name, for tables.
        world: spec of the world, and `version` of its code.
        seats: who played, by seat: spec, digest, generation.
        run: the run directory.
        seed: root seed of the scenarios.
        success: of the first attempt at every scenario.
        by: the same by what the strata tell, see `breakdowns`: by intent, or by kind of simulation, and the like.
        pass_k: pass^1, pass^2, … over the scenarios that were played several times.
        checks: how many first attempts failed each check.
        errors: first attempts that ended in an error, by the side at fault.
        results: the status of the first attempt at every scenario, by which evaluations are compared.
        held_out: where the scenarios were met before, as far as the lineage of the models tells.
        seconds: how long the playing took, as far as this call did it.
        seat: whose own outcomes all figures are about; empty where they are about whole episodes.
        score: the mean score of that seat in the first attempts that were judged, passed or failed; None without any.
        scores: the score of the first attempt at every scenario, by which evaluations are compared.
    """

    label: str
    world: str
    version: str
    seats: dict[str, dict[str, str | int]]
    run: str
    seed: int
    success: Rate
    by: dict[str, dict[str, Rate]]
    pass_k: list[PassK]
    checks: dict[str, int]
    errors: dict[str, int]
    results: dict[str, Status] = {}
    held_out: HeldOut = HeldOut()
    seconds: float = 0.0
    seat: str = ""
    score: Mean | None = None
    scores: dict[str, float] = {}


def evaluate(
    world: str,
    seats: Mapping[str, str],
    out: Path,
    *,
    n: int = 512,
    trials: int = 1,
    repeated: int | None = None,
    seed: int = EVALUATION_SEED,
    held_out_from: Iterable[Path] = (),
    jobs: int = 1,
    level: Level = "checked",
    label: str = "",
    seat: str = "",
    progress: Progress | None = None,
) -> Evaluation:
    """Play scenarios as an ordinary run in `out`, and write what it says to `evaluation.json` there.

    What is recorded already is not played again.

    Args:
        world: spec of the world.
        seats: spec of the policy of each seat; the others get `expert`.
        out: the run directory, made or continued.
        n: how many scenarios.
        trials: how often some of them are played, for pass^k.
        repeated: how many of them, the first ones; all by default.
        seed: root seed; take one that made no training data, as the default does unless you ask for it elsewhere.
        held_out_from: runs in which the scenarios are looked for, besides those that the models learnt from.
        jobs: how many workers.
        level: how strongly every episode is verified.
        label: short name, for tables; by default the specs of the policies.
        seat: whose own success and score is asked for; that of the whole episode if empty, or where no check is about
            the seat.
        progress: called with the episodes done, those asked for, and the counts by status.

    Raises:
        UsageError: when something asked for does not exist, or `out` holds a run of something else.
    """
    if trials < 1:
        raise UsageError(f"Expected at least one trial, got {trials}.")
    if repeated is not None and trials == 1:
        raise UsageError(
            f"Expected trials of 2 or more with repeated={repeated}, got 1; nothing would be played again."
        )
    if seat:
        _known(seat, make(world).possible_agents, world)
    at_first_sight(seats)
    again = min(n, n if repeated is None else repeated) if trials > 1 else 0
    others = [RunStore.open(path) for path in held_out_from]
    start = time.monotonic()
    for count, attempts, before in ((n, 1, 0), (again, trials, n - again)):
        if count:
            tell = _shifted(progress, before, n + again * (trials - 1))
            run(
                world, seats, out, n=count, attempts=attempts, seed=seed, jobs=jobs, progress=tell
            )  # fmt: skip
    store = RunStore.open(out)
    if level != "checked":
        verify_run(store, level, jobs)
    found = summarise(
        store, label=label, n=n, trials=trials, repeated=again, held_out_from=others, seconds=time.monotonic() - start,
        seat=seat,
    )  # fmt: skip
    write_whole(out / FILE, indented(found))
    return found


def at_first_sight(seats: Mapping[str, str]) -> None:
    """Refuse a policy that has seen how its acts end.

    Raises:
        UsageError: when one of these specs is of such a one.
    """
    for name, spec in seats.items():
        if split(spec)[0] == "search":
            raise UsageError(
                f"Expected policies that play at first sight, got {name}={spec}, which has seen how its acts end; "
                "evaluate its base, and take a search for making data."
            )


def summarise(
    store: RunStore,
    *,
    label: str = "",
    n: int | None = None,
    trials: int | None = None,
    repeated: int | None = None,
    held_out_from: Iterable[RunStore] = (),
    seconds: float = 0.0,
    seat: str = "",
) -> Evaluation:
    """Return what a run says, whoever played it and why.

    Args:
        store: the run.
        label: short name, for tables.
        n: look at its first so many scenarios only.
        trials: look at so many attempts at each scenario only.
        repeated: look at further attempts than the first only at its first so many scenarios.
        held_out_from: runs in which the scenarios are looked for, besides those that the models learnt from.
        seconds: how long the playing took.
        seat: whose own success and score is asked for; that of the whole episode if empty.

    Raises:
        UsageError: when nobody had the seat.
    """
    spec = store.spec
    seats: dict[str, dict[str, str | int]] = spec.get("seats", {})
    if seat and seats:
        _known(seat, seats, str(store.path))
    found = [one for one in outcomes(store, seat) if _asked(one, n, trials, repeated)]
    first = [outcome for outcome in found if outcome.attempt == 0]
    scores = {
        one.scenario: one.score for one in first if one.score is not None and one.status in ("pass", "fail")
    }
    return Evaluation(
        label=label or _label(seats) or store.path.name,
        world=str(spec.get("world", "")),
        version=str(spec.get("version", "")),
        seats=seats,
        run=str(store.path),
        seed=int(spec.get("seed", 0)),
        success=Rate.of(first),
        by=breakdowns(first),
        pass_k=_pass_k(found),
        checks=failed_checks(first),
        errors=errors_by_side(first),
        results={outcome.scenario: outcome.status for outcome in first},
        held_out=_held_out(store, first, held_out_from),
        seconds=seconds,
        seat=seat,
        score=Mean.of(list(scores.values())) if scores else None,
        scores=scores,
    )


def compare(evaluations: Sequence[Evaluation]) -> list[Difference]:
    """Return how much higher each success rate is than the first one's: paired where the scenarios are the same."""
    before, *others = evaluations
    return [_difference(before, after) for after in others]


def compare_scores(evaluations: Sequence[Evaluation]) -> list[ScoreDifference]:
    """Return how much higher each mean score is than the first one's: paired where the scenarios are the same."""
    before, *others = evaluations
    return [
        (ScoreDifference.paired_of if _same(before, after) else ScoreDifference.of)(
            before.scores, after.scores
        )
        for after in others
    ]


def _same(before: Evaluation, after: Evaluation) -> bool:
    return bool(before.results) and before.results.keys() == after.results.keys()


def _difference(before: Evaluation, after: Evaluation) -> Difference:
    if _same(before, after):
        return Difference.paired_of(before.results, after.results)
    return Difference.of(before.success, after.success)


def _asked(one: Outcome, n: int | None, trials: int | None, repeated: int | None) -> bool:
    """Return whether an attempt is among those that a summary is asked for."""
    if n is not None and one.index >= n:
        return False
    again = (trials is None or one.attempt < trials) and (repeated is None or one.index < repeated)
    return one.attempt == 0 or again


def _known(seat: str, seats: Iterable[str], of: str) -> None:
    if seat not in (names := list(seats)):
        raise unknown("seat", seat, names, of=of)


def _held_out(store: RunStore, first: Sequence[Outcome], others: Iterable[RunStore]) -> HeldOut:
    seats = {seat: str(who.get("policy", "")) for seat, who in store.spec.get("seats", {}).items()}
    lineage, unknown = trained_on(seats, store.path)
    return HeldOut.of({one.scenario.rpartition(".")[0] for one in first}, [*others, *lineage], unknown)


def _pass_k(found: Sequence[Outcome]) -> list[PassK]:
    most = 1 + max((outcome.attempt for outcome in found), default=0)
    return pass_k(found, most) if most > 1 else []


def _label(seats: Mapping[str, Mapping[str, str | int]]) -> str:
    return ", ".join(f"{seat}={who.get('policy', '?')}" for seat, who in seats.items())


def _shifted(progress: Progress | None, before: int, asked: int) -> Progress | None:
    if progress is None:
        return None
    return lambda done, _, counts: progress(before + done, asked, counts)
