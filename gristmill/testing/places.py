"""Where an author's code raised what a probe has met, which no record says."""

import inspect
from collections.abc import Iterator
from pathlib import Path
from traceback import walk_tb

__all__ = ["Places"]


class Places:
    """The lines of a world's files that exceptions come from.

    Args:
        world: an instance; its files are that of its class and those beside it.
    """

    def __init__(self, world: object) -> None:
        try:
            self._folder = Path(inspect.getfile(type(world))).resolve().parent
        except (OSError, TypeError):  # written into a prompt
            self._folder = Path()
        self._by_message: dict[str, str] = {}

    def note(self, error: BaseException, message: str) -> None:
        """Remember where an exception came from, by the message that goes on record."""
        if message and (place := self.of(error)):
            self._by_message.setdefault(message, place)

    def of(self, error: BaseException) -> str:
        """Return the innermost line of the world's files that an exception went through, empty if there is none."""
        found = ""
        for one in _chain(error):
            for frame, line in walk_tb(one.__traceback__):
                path = Path(frame.f_code.co_filename)
                if path.resolve().parent == self._folder:
                    found = f"{path.name}, line {line}"
        return found

    def named_in(self, words: str) -> str:
        """Return where the exception came from whose message is in `words`, empty if there is none."""
        here = " ".join(words.split())
        fit = [message for message in self._by_message if " ".join(message.split()) in here]
        return self._by_message[max(fit, key=len)] if fit else ""


def _chain(error: BaseException) -> Iterator[BaseException]:
    """Yield an exception and what it came from, and so on."""
    seen: list[BaseException] = []
    one: BaseException | None = error
    while one is not None and one not in seen:
        seen.append(one)
        yield one
        one = one.__cause__ or one.__context__
