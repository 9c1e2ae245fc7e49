"""Simulations and self-play that make verified training data.

The words that every plugin needs are here; everything else is imported from the module or layer that defines it.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gristmill.policy import Policy, Script
    from gristmill.types import Brief, Check, Episode, Scenario, Verdict, call, say
    from gristmill.world import World

    __version__: str

__all__ = [
    "Brief",
    "Check",
    "Episode",
    "Policy",
    "Scenario",
    "Script",
    "Verdict",
    "World",
    "__version__",
    "call",
    "say",
]

_HOMES = {"Policy": "gristmill.policy", "Script": "gristmill.policy", "World": "gristmill.world"}


def __getattr__(name: str) -> Any:
    """Load a public name on first use, so that importing the package costs next to nothing."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}; it has {', '.join(__all__)}")
    value = _installed_version() if name == "__version__" else _load(name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


def _load(name: str) -> Any:
    return getattr(import_module(_HOMES.get(name, "gristmill.types")), name)


def _installed_version() -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("gristmill")
    except PackageNotFoundError:  # a checkout that was never installed
        return "0.0.0"
