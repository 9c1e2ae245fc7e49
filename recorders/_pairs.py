"""Preference pairs: how one seat played a scenario well, and how it played the same scenario badly.

    {"prompt": […], "chosen": […], "rejected": […], "tools": […], …}

The columns are those of a conversational preference dataset with tools (TRL documentation, "Dataset formats",
preference and tool calling), as `DPOTrainer` and others read them. The prompt is all that both plays have in common, up
to an act of the seat; `chosen` and `rejected` are what followed, up to the last act of the seat.

A trainer of preferences scores all that follows the prompt, also what others said in between (TRL's `DPOTrainer` knows no
mask beyond the prompt). The longer the prompt, the less of that: so a kept play goes with the bad one that shares the
most with it, and there is one line for each kept play. Of acts that the world refused, `chosen` ends before the first,
as nobody is to learn it; in `rejected` they may stay.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any, NamedTuple

from gristmill.digest import decode, encode
from gristmill.errors import StoreError, boundary, unknown
from gristmill.recorders._writing import Unfit
from gristmill.recorders.chat import Message, conversation
from gristmill.recorders.formats import arguments, check_messages
from gristmill.recorders.ledger import Standing
from gristmill.recorders.mine import View
from gristmill.recorders.release import Ruling, rule
from gristmill.recorders.store import RunStore
from gristmill.types import Brief, Episode, Level

__all__ = ["Pairs", "Rivals"]

Asked = Callable[[Episode], Brief]
Standings = dict[tuple[str, Level], Standing]
_TIE = 1e-9  # of scores, so that 0.7 and 0.6 differ by 0.1


class Rivals:
    """The plays of a run that a seat failed, or did worse at, by scenario.

    Args:
        store: the run.
        view: whose scenarios are looked at, and whose level counts.
        seat: whose own outcome counts.
        standings: what was found of every episode.
        margin: by how much a score is lower that is as good as failed; None if only what failed is.
    """

    def __init__(
        self,
        store: RunStore,
        view: View,
        seat: str,
        standings: dict[str, Standings],
        margin: float | None,
    ) -> None:
        self.store, self.margin = store, margin
        self._rulings: dict[str, dict[str, Ruling]] = {kept.scenario: {} for kept in view.kept}
        for episode in store.episodes():
            plays = self._rulings.get(episode.scenario.id)
            if plays is not None:
                found = rule(episode, standings.get(episode.id, {}), view.acceptance.level, seat)
                plays[episode.id] = found
        for scenario, plays in self._rulings.items():
            self._rulings[scenario] = dict(sorted(plays.items()))  # the order of recording has no say

    def of(self, episode: Episode) -> Iterator[tuple[Episode, Ruling]]:
        """Yield the plays that can be rejected beside a kept one."""
        plays = self._rulings[episode.scenario.id]
        score = plays[episode.id].score
        for name, found in plays.items():
            if name != episode.id and self._worse(found, score):
                with suppress(StoreError):  # one that is damaged can be no example of anything
                    yield self.store.episode(name), found

    def score(self, episode: Episode) -> float | None:
        """Return the score of the seat in a play."""
        return self._rulings[episode.scenario.id][episode.id].score

    def _worse(self, found: Ruling, score: float | None) -> bool:
        if found.outcome == "fail":
            return True
        if self.margin is None or not found.judged or found.score is None or score is None:
            return False
        return found.score <= score - self.margin + _TIE


class _Pair(NamedTuple):
    """What two plays have in common, and what is to be learnt from their difference."""

    prompt: list[Message]
    chosen: list[Message]
    rejected: list[Message]


class Pairs:
    """Writes the pairs of one seat.

    Args:
        folder: where to.
        parts: of the split.
        seat: whose acts are compared.
        ask: returns what the seat was told in an episode.
        rivals: what can be rejected.
        origin: returns where an episode comes from, for the lineage.
    """

    def __init__(
        self,
        folder: Path,
        parts: Sequence[str],
        seat: str,
        ask: Asked,
        rivals: Rivals,
        origin: Callable[[Episode, Ruling], dict[str, Any]],
    ) -> None:
        self._seat, self._ask, self._rivals, self._origin = seat, ask, rivals, origin
        self._stack = ExitStack()
        self._files = {
            part: self._stack.enter_context((folder / f"{part}.jsonl").open("wb")) for part in parts
        }
        self._lines = dict.fromkeys(parts, 0)

    def add(self, episode: Episode, part: str) -> dict[str, Any]:
        if self._seat not in episode.seats:
            raise unknown("seat", self._seat, episode.seats)
        with boundary("world"):
            brief = self._ask(episode)
        pair, rival, ruling = self._choose(episode, brief)
        tools = list(brief.tools)
        row = {
            name: arguments([_bare(one) for one in messages], decode)
            for name, messages in zip(_Pair._fields, pair, strict=True)
        }
        for what in ("chosen", "rejected"):
            if offences := check_messages({"messages": row["prompt"] + row[what], "tools": tools}):
                raise Unfit("format", f"{what}: {'; '.join(offences)}")
        more = {
            "tools": tools,
            "score_chosen": self._rivals.score(episode),
            "score_rejected": ruling.score,
            "episode_id": episode.id,
            "rejected_id": rival.id,
            "scenario_id": episode.scenario.id,
            "stratum": episode.scenario.stratum,
        }
        self._files[part].write(encode(row | more) + b"\n")
        self._lines[part] += 1
        return {"file": f"{part}.jsonl", "line": self._lines[part], "rejected": self._origin(rival, ruling)}

    def _choose(self, episode: Episode, brief: Brief) -> tuple[_Pair, Episode, Ruling]:
        """Return the pair of an episode that has the longest prompt.

        Raises:
            Unfit: when there is none.
        """
        played = conversation(episode, self._seat, brief)
        why = Unfit(
            "no failed play of the same scenario",
            f"expected a play of the same scenario that {self._seat} failed, got none; `gristmill run --attempts` plays "
            "scenarios several times",
        )
        best: tuple[_Pair, Episode, Ruling] | None = None
        for rival, ruling in self._rivals.of(episode):
            with boundary("world"):
                other = conversation(rival, self._seat, self._ask(rival))
            try:
                pair = _pair(played, other)
            except Unfit as unfit:
                why = unfit
                continue
            if best is None or len(pair.prompt) > len(best[0].prompt):
                best = pair, rival, ruling
        if best is None:
            raise why
        return best

    def finish(self) -> None:
        self.close()

    def dataset(self, part: str) -> str:
        return f"{part}.jsonl"

    def notes(self) -> list[str]:
        return []

    def close(self) -> None:
        self._stack.close()


def _pair(played: list[Message], other: list[Message]) -> _Pair:
    """Return two conversations of a seat as a prompt that they share and what followed in each.

    Raises:
        Unfit: when they share nothing that the seat could answer to, or do not differ in what it did.
    """
    place = _parting(played, other)
    if place is None:
        raise Unfit(
            "nothing heard in common",
            "expected two plays in which the seat hears the same before an act of its own, got two that part before; "
            "`gristmill run --attempts 4 --steady SEAT` lets the other seat meet every attempt in the same words",
        )
    after = played[place:]
    refused = [at for at, message in enumerate(after) if message.get("weight") == 0]
    chosen, rejected = (
        _until_last_act(after[: refused[0]] if refused else after),
        _until_last_act(other[place:]),
    )
    if not chosen:
        raise Unfit(
            "begins with a refused act", "expected an act to learn after the prompt, got a refused one"
        )
    if _acts(chosen) == _acts(rejected):
        raise Unfit("the same acts", "expected two plays in which the seat acts otherwise, got the same acts")
    return _Pair(played[:place], chosen, rejected)


def _parting(one: list[Message], other: list[Message]) -> int | None:
    """Return where the longest common prefix ends that the seat heard last and answers to in both."""
    shared = next(
        (place for place, (a, b) in enumerate(zip(one, other, strict=False)) if a != b),
        min(len(one), len(other)) - 1,  # one goes on where the other has come to its end
    )
    for place in range(shared, 0, -1):
        answers = one[place]["role"] == other[place]["role"] == "assistant"
        if answers and one[place - 1]["role"] in ("user", "tool"):
            return place
    return None


def _until_last_act(messages: list[Message]) -> list[Message]:
    last = max((place for place, one in enumerate(messages, 1) if one["role"] == "assistant"), default=0)
    return messages[:last]


def _acts(messages: list[Message]) -> list[Message]:
    return [_bare(one) for one in messages if one["role"] == "assistant"]


def _bare(message: Message) -> Message:
    """Return a message without its weight, of which readers of this format know nothing."""
    return {name: value for name, value in message.items() if name != "weight"}
