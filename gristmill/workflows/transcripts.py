"""Which episodes to show to people, and everything there is to know about each."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping

import msgspec

from gristmill.digest import digest
from gristmill.recorders.store import RunStore
from gristmill.types import Check, Entry, Episode, Verdict
from gristmill.workflows.metrics import Cell, Outcome
from gristmill.workflows.outcomes import outcomes, verdicts_of
from gristmill.workflows.pictures import Stills, stills

__all__ = ["Transcript", "choose", "pick"]


class Transcript(msgspec.Struct, frozen=True, kw_only=True):
    """An episode to read, with its evidence.

    Attributes:
        group: what it is an example of, such as `kept`, `rejected`, `fine-tuned model fails`.
        episode: the record.
        verdict: what was found; None when nobody judged it.
        reason: why it was not kept, or what it failed.
        stills: pictures of a simulation.
    """

    group: str
    episode: Episode
    verdict: Verdict | None = None
    reason: str = ""
    stills: Stills = Stills()

    @property
    def finding(self) -> Check | None:
        """The first check that did not pass."""
        checks = self.verdict.checks if self.verdict else ()
        return next((check for check in checks if check.status != "pass"), None)

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


def choose(store: RunStore, groups: Mapping[str, tuple[Callable[[Outcome], bool], int]]) -> list[Transcript]:
    """Return episodes of a run to show to people, as different as can be.

    Args:
        store: the run, which is read once.
        groups: by name, which outcomes belong there, and how many of them to choose.
    """
    found = list(outcomes(store))
    chosen = [
        (name, one) for name, (fits, count) in groups.items() for one in pick(filter(fits, found), count)
    ]
    verdicts = verdicts_of(store, {one.id for _, one in chosen})
    episodes = [store.episode(one.id) for _, one in chosen]
    return [
        Transcript(
            group=name,
            episode=episode,
            verdict=verdicts.get(one.id),
            reason=", ".join(one.reasons) or ("" if one.status == "pass" else one.status),
            stills=seen,
        )
        for (name, one), episode, seen in zip(chosen, episodes, _stills(store, episodes), strict=True)
    ]


def _stills(store: RunStore, episodes: list[Episode]) -> list[Stills]:
    """Return pictures of each episode; of a dialogue there are none."""
    simulated = [episode for episode in episodes if episode.steps is not None]
    made = iter(stills(str(store.spec.get("world", "")), simulated) if simulated else ())
    return [Stills() if episode.steps is None else next(made) for episode in episodes]


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
