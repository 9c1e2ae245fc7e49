"""Where an author's code raised what a probe has met, which no record says."""

import inspect
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from traceback import walk_tb

from gristmill import errors

__all__ = ["Places"]


class Places(logging.Handler):
    """The lines of a world's files that exceptions come from, of those that became faults by what the log says.

    Args:
        world: an instance; its files are that of its class and those beside it.
    """

    def __init__(self, world: object) -> None:
        super().__init__()
        try:
            self._folder = Path(inspect.getfile(type(world))).resolve().parent
        except (OSError, TypeError):  # written into a prompt
            self._folder = Path()
        self._by_message: dict[str, str] = {}

    def emit(self, record: logging.LogRecord) -> None:
        error = record.exc_info[1] if record.exc_info else None
        message = record.getMessage()
        if error is not None and message and (place := self.of(error)):
            self._by_message.setdefault(message, place)

    @contextmanager
    def noted(self) -> Iterator[None]:
        """Note where what becomes a fault meanwhile, in this process, comes from."""
        log = logging.getLogger(errors.__name__)
        before = log.level, log.propagate
        log.addHandler(self)
        log.setLevel(logging.DEBUG)
        log.propagate = False  # nobody else has asked for it
        try:
            yield
        finally:
            log.removeHandler(self)
            log.setLevel(before[0])
            log.propagate = before[1]

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
