"""When two episodes are the same for a learner.

*Exact* twins have the same transcript. *Near* twins have the same one once everything generated is taken out: the
scenario's values, whatever contains a digit, case and spacing. Two fillings of one script are near twins, although a
comparison of their text alone would call them different. Numeric steps are always compared to the last bit.

For one seat of several, exact twins also share the scenario, since what the seat was told in private follows from it:
the same offer is another lesson to who can afford it.
"""

import re
from typing import Any

from gristmill.digest import digest
from gristmill.nested import texts
from gristmill.types import Episode

__all__ = ["exact", "near"]

_GENERATED = re.compile(r"[^\s.,;:!?()\"']*\d[^\s,;:!?()\"']*")


def exact(episode: Episode, seat: str = "") -> str:
    """Return the signature shared by episodes with the same transcript, or the same numeric steps.

    Args:
        episode: of which it is.
        seat: whose view of the transcript counts, in that scenario; the whole transcript if it is empty.
    """
    seen = [episode.scenario.id, seat, episode.view(seat)] if seat else episode.entries
    return digest([episode.world, seen, *_numbers(episode)])


def near(episode: Episode) -> str:
    """Return the signature shared by episodes that differ only in what was filled in; of numbers nothing is."""
    if episode.steps is not None:
        return exact(episode)
    values = sorted(
        {text for text in texts(episode.scenario.values) if len(text) > 2},
        key=lambda text: (-len(text), text),
    )
    filled = re.compile("|".join(map(re.escape, values)), re.IGNORECASE) if values else None

    def plain(text: str) -> str:
        text = filled.sub("#", text) if filled else text
        return " ".join(_GENERATED.sub("#", text).lower().split())

    moves: list[Any] = []
    for entry in episode.entries:
        if entry.get("from") not in episode.seats:
            moves.append([entry.get("from"), entry.get("tool"), "error" in entry])
        elif "call" in entry:
            moves.append([entry["from"], entry["call"], sorted(entry.get("args") or ())])
        else:
            moves.append([entry["from"], plain(str(entry.get("say", entry.get("raw", ""))))])
    return digest([episode.world, moves, *_numbers(episode)])


def _numbers(episode: Episode) -> list[str]:
    return [] if episode.steps is None else [episode.steps.digest]
