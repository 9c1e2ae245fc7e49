"""What a workflow has left in a folder, read back as plain data."""

from pathlib import Path
from typing import TypeVar

import msgspec

from gristmill.digest import decoder
from gristmill.errors import StoreError

__all__ = ["stored"]

T = TypeVar("T")


def stored(path: Path, kind: type[T], what: str, verb: str) -> T:
    """Return what a file holds.

    Args:
        path: of the file.
        kind: of what it holds.
        what: the same in words, for messages.
        verb: of the command line, which writes such files.

    Raises:
        StoreError: when there is no such file, or it cannot be read.
    """
    try:
        return decoder(kind)(path.read_bytes())
    except OSError as error:
        raise StoreError(
            f"Expected {what} in {path.parent}, got no {path.name}: {error.strerror}; `gristmill {verb}` makes one."
        ) from None
    except msgspec.DecodeError as error:
        raise StoreError(f"Expected {what} in {path}, got something else: {error}.") from None
