"""HDF5 files with the same bytes for the same content."""

from pathlib import Path
from typing import Any

from gristmill.errors import UsageError

__all__ = ["new_file"]

_VERSIONS = ("v110", "v110")  # compact groups, attributes of any size, and every reader since 2016


def new_file(path: Path) -> Any:
    """Return a new HDF5 file, open for writing.

    Raises:
        UsageError: without h5py.
    """
    try:
        import h5py
    except ModuleNotFoundError:
        raise UsageError(
            "Expected h5py, which writes HDF5, but it is not installed; pip install 'gristmill[export]'."
        ) from None
    path.parent.mkdir(parents=True, exist_ok=True)
    return h5py.File(path, "w", libver=_VERSIONS)
