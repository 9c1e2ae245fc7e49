"""A run's record and ledger into outcomes, and back from an outcome to its episode and evidence."""

from collections.abc import Collection, Iterator

from gristmill.recorders.ledger import LEVELS, Standing, latest, verdict_id
from gristmill.recorders.store import RunStore
from gristmill.types import Episode, Level, Verdict
from gristmill.workflows.metrics import Outcome

__all__ = ["outcomes", "verdicts_of"]

Standings = dict[tuple[str, Level], Standing]


def outcomes(store: RunStore, seat: str = "") -> Iterator[Outcome]:
    """Yield how every recorded attempt went, in the order of recording.

    Args:
        store: the run.
        seat: for whom: its own outcome and score, where verdicts judge it by itself, else those of the whole episode.

    The weakest verdict that fails or is an error counts, else the strongest pass, else what is left: that a stronger
    proof could not be tried undoes no pass. A verdict of another record than the one that is there does not count.
    """
    standings = latest(store.ledger())
    for episode in store.episodes():
        found = _counting(episode, standings.get(episode.id, {}), seat)
        side = _side(episode, found)
        yield Outcome(
            id=episode.id,
            scenario=f"{episode.scenario.id}.{episode.scenario.index}",
            index=episode.scenario.index,
            attempt=episode.attempt,
            stratum=episode.scenario.stratum,
            status=found.status if found else "error" if episode.fault else "unverified",
            reasons=found.reasons if found else (),
            side=side,
            generation=max((seat.generation for seat in episode.seats.values()), default=0),
            simulated=episode.steps is not None,
            score=found.score if found else None,
        )


def verdicts_of(store: RunStore, ids: Collection[str]) -> dict[str, Verdict]:
    """Return the verdict that counts of each of some episodes, with its evidence."""
    standings = latest(store.ledger())
    wanted: set[str] = set()
    for name in ids:
        if found := _counting(store.episode(name), standings.get(name, {})):
            wanted.add(found.verdict_id)
    return {
        verdict.episode_id: verdict
        for verdict in store.verdicts()
        if verdict.episode_id in ids and verdict_id(verdict) in wanted
    }


def _counting(episode: Episode, standings: Standings, seat: str = "") -> Standing | None:
    content = episode.content_hash() if standings else ""
    ordered = sorted(standings.items(), key=lambda item: LEVELS.index(item[0][1]))
    current = [own for _, found in ordered if (own := found.of(seat)).content_hash == content]
    bad = [found for found in current if found.status in ("fail", "error")]
    passes = [found for found in current if found.status == "pass"]
    return next(iter([*bad, *reversed(passes), *current]), None)


def _side(episode: Episode, found: Standing | None) -> str:
    if episode.fault is not None:
        return episode.fault.side
    if found is None or found.status != "error":
        return ""
    return next((reason.partition(": ")[2] for reason in found.reasons if ": " in reason), "")
