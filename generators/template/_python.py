"""Templates written in Python: a `Template` or a `Space` in a file, or in an installed distribution."""

from importlib.metadata import entry_points
from pathlib import Path
from types import ModuleType

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
    # A template is made of spaces, so it is what is meant beside them.
    meant = [one for one in found if isinstance(found[one], Template)] or list(found)
    if not name and len(meant) != 1:
        got = ", ".join(meant) or "none"
        raise UsageError(f"Expected one Template or Space in {file}, got {got}; write path.py:NAME.")
    return _template(found[name or meant[0]], name or file.stem)


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


def _found(module: ModuleType) -> dict[str, Template | Space]:
    """Return the templates and the spaces of a module by name."""
    return {
        name: value
        for name, value in vars(module).items()
        if isinstance(value, Template | Space) and not name.startswith("_")
    }


def _template(made: Template | Space, name: str) -> Template:
    return made if isinstance(made, Template) else Template(name, {name: Table(made)})
