"""Which episodes to show to people, and everything there is to know about each."""

from collections import Counter
from collections.abc import Iterable, Sequence

import msgspec

from gristmill.digest import digest
from gristmill.recorders.store import RunStore
from gristmill.types import Entry, Episode, Verdict
from gristmill.workflows.metrics import Cell, Outcome
from gristmill.workflows.outcomes import outcomes, verdicts_of

__all__ = ["Transcript", "failures", "kept", "pick", "rejected", "transcripts"]


class Transcript(msgspec.Struct, frozen=True, kw_only=True):
    """An episode to read, with its evidence.

    Attributes:
        group: what it is an example of, such as `kept`, `rejected`, `fine-tuned model fails`.
        episode: the record.
        verdict: what was found; None when nobody judged it.
        reason: why it was not kept, or what it failed.
    """

    group: str
    episode: Episode
    verdict: Verdict | None = None
    reason: str = ""

    @property
    def status(self) -> str:
        """What the verdict says."""
        return self.verdict.status if self.verdict else "unverified"

    @property
    def faults(self) -> list[Entry]:
        """The injected faults that fired."""
        return [entry for entry in self.episode.entries if entry.get("event") == "fault"]

    @property
    def acts(self) -> int:
        """Acts of all seats."""
        return sum(entry["from"] in self.episode.seats for entry in self.episode.entries)


def kept(store: RunStore, ids: Iterable[str], count: int = 3, *, group: str = "kept") -> list[Transcript]:
    """Return some of the episodes that were kept, of different intents."""
    wanted = set(ids)
    return transcripts(store, pick((one for one in outcomes(store) if one.id in wanted), count), group=group)


def rejected(store: RunStore, count: int = 4, *, group: str = "rejected") -> list[Transcript]:
    """Return some of the episodes whose verdict is not a pass, for different reasons."""
    return transcripts(
        store, pick((one for one in outcomes(store) if one.status != "pass"), count), group=group
    )


def failures(store: RunStore, count: int = 3, *, group: str = "failure") -> list[Transcript]:
    """Return some of the episodes that failed (errors aside), for different reasons."""
    return transcripts(
        store, pick((one for one in outcomes(store) if one.status == "fail"), count), group=group
    )


def transcripts(store: RunStore, chosen: Sequence[Outcome], *, group: str) -> list[Transcript]:
    """Return the episodes of some outcomes, with the verdicts that count."""
    verdicts = verdicts_of(store, {one.id for one in chosen})
    return [
        Transcript(
            group=group,
            episode=store.episode(one.id),
            verdict=verdicts.get(one.id),
            reason=", ".join(one.reasons) or ("" if one.status == "pass" else one.status),
        )
        for one in chosen
    ]


def pick(found: Iterable[Outcome], count: int) -> list[Outcome]:
    """Return `count` of them, as different as can be in why they did not pass and in intent.

    Which ones is a function of their ids, not of the order.
    """
    left = sorted(found, key=lambda one: digest(["pick", one.id]))
    reasons: Counter[str] = Counter()
    intents: Counter[str] = Counter()
    chosen: list[Outcome] = []
    while left and len(chosen) < count:
        best = min(left, key=lambda one: (reasons[_reason(one)], intents[_intent(one)]))
        left.remove(best)
        chosen.append(best)
        reasons[_reason(best)] += 1
        intents[_intent(best)] += 1
    return chosen


def _reason(one: Outcome) -> str:
    return f"{one.status} {one.reasons[0] if one.reasons else ''}"


def _intent(one: Outcome) -> str:
    return Cell.of(one.stratum).intents[0]
