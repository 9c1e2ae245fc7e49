"""Lines of JSON, one per episode and seat, in a file for every part of the split."""

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from gristmill.digest import encode
from gristmill.errors import boundary, unknown
from gristmill.recorders._writing import Unfit
from gristmill.recorders.formats import FORMATS
from gristmill.recorders.openai_rules import MIN_LINES
from gristmill.types import Brief, Episode

__all__ = ["Lines"]


class Lines:
    """Writes the lines of one seat."""

    def __init__(
        self, folder: Path, parts: Sequence[str], format: str, seat: str, ask: Callable[[Episode], Brief]
    ) -> None:
        self._name, self._format, self._seat, self._ask = format, FORMATS[format], seat, ask
        self._stack = ExitStack()
        self._files = {
            part: self._stack.enter_context((folder / f"{part}.jsonl").open("wb")) for part in parts
        }
        self._lines = dict.fromkeys(parts, 0)
        self._shortened = 0

    def add(self, episode: Episode, part: str) -> dict[str, Any]:
        if self._seat not in episode.seats:
            raise unknown("seat", self._seat, episode.seats)
        with boundary("world"):
            row, shortened = self._format.render(episode, self._seat, self._ask(episode))
        if offences := self._format.check(row):
            raise Unfit("begins with a refused act" if shortened else "format", "; ".join(offences))
        self._files[part].write(encode(row) + b"\n")
        self._shortened += shortened
        self._lines[part] += 1
        return {"file": f"{part}.jsonl", "line": self._lines[part]}

    def finish(self) -> None:
        self.close()

    def dataset(self, part: str) -> str:
        return f"{part}.jsonl"

    def notes(self) -> list[str]:
        notes = []
        if self._shortened:
            notes.append(
                f"{self._shortened:,} conversations end before their first refused act, because who reads this "
                "format knows no weights and would learn it"
            )
        first, number = next(iter(self._lines.items()))
        if self._name == "openai" and number < MIN_LINES:
            notes.append(f"{first} has {number} lines; a fine-tuning job wants {MIN_LINES} or more")
        return notes

    def close(self) -> None:
        self._stack.close()
