"""Files that appear whole or not at all."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from gristmill.errors import StoreError

__all__ = ["whole"]


@contextmanager
def whole(path: Path) -> Iterator[Path]:
    """Yield the path to write to in place of `path`, which has the new content once the block ends and the old one until then.

    Raises:
        StoreError: when it cannot be written.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield temporary
        with temporary.open("rb") as file:
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError as error:
        raise StoreError(
            f"Could not write {path}: {error.strerror or error}. Check that the disk has space and that the folder is writable."
        ) from error
    finally:
        with suppress(OSError):
            temporary.unlink()
