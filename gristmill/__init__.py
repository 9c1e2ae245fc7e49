"""Simulations and self-play that make verified training data."""

from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as _version

__all__ = ["__version__"]

try:
    __version__ = _version("gristmill")
except PackageNotFoundError:  # a source checkout that was never installed
    __version__ = "0.0.0"
