"""Templates written in Python: a `Template` or a `Space` in a file, or in an installed distribution."""

from importlib.metadata import entry_points
from pathlib import Path
from types import ModuleType
from typing import Any

from gristmill.errors import PluginError, UsageError, unknown
from gristmill.generators.space import Space
from gristmill.generators.template._template import Table, Template
from gristmill.plugins import find, load, module_of

__all__ = ["in_file", "installed", "names_installed"]

_GROUP = "gristmill.templates"


def in_file(file: Path, name: str) -> Template:
    """Return the template in a file by its name, or the only one where none is given.

    Raises:
        UsageError: when there is none.
        PluginError: when the file cannot be imported.
    """
    found = _found(module_of(file))
    if name and name not in found:
        raise unknown("template", name, found, of=str(file))
    if not name and len(found) != 1:
        got = ", ".join(found) or "none"
        raise UsageError(f"Expected one Template or Space in {file}, got {got}; write path.py:NAME.")
    return _template(found[name] if name else next(iter(found.values())), name or file.stem)


def installed(name: str) -> Template:
    """Return the template that a distribution has under a name.

    Raises:
        UsageError: when there is none.
        PluginError: when it is none, cannot be imported, or several distributions have one.
    """
    made = load(find(_GROUP, "template", name))
    if not isinstance(made, Template | Space):
        raise PluginError(f"Expected a Template or a Space as {name}, got {type(made).__name__}.")
    return _template(made, name)


def names_installed() -> list[str]:
    """Return the names of the templates of installed distributions."""
    return sorted({entry.name for entry in entry_points(group=_GROUP)})


def _found(module: ModuleType) -> dict[str, Any]:
    """Return the templates of a module by name, or its spaces where it has none, for a template is made of spaces."""
    own = {name: value for name, value in vars(module).items() if not name.startswith("_")}
    templates = {name: value for name, value in own.items() if isinstance(value, Template)}
    return templates or {name: value for name, value in own.items() if isinstance(value, Space)}


def _template(made: Template | Space, name: str) -> Template:
    return made if isinstance(made, Template) else Template(name, {name: Table(made)})
