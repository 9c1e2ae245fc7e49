"""Plugins: objects in files of people's own and in installed distributions, found by name.

A distribution declares them as entry points, each group for one kind of thing. Nothing is imported before it is listed
or named.
"""

import inspect
import sys
from importlib.metadata import EntryPoint, entry_points
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from traceback import extract_tb
from types import ModuleType
from typing import Any

import msgspec

from gristmill.digest import fingerprint
from gristmill.errors import PluginError, UsageError, install_line, unknown

__all__ = ["Listing", "about", "find", "load", "module_of", "origin", "place_of"]


class Listing(msgspec.Struct, frozen=True, kw_only=True):
    """One line of a list of plugins.

    Attributes:
        name: by which it is asked for.
        source: where it comes from: a distribution and the object in it, or a file.
        about: the first line of its documentation.
        error: why it cannot be used; empty when it can.
    """

    name: str
    source: str
    about: str = ""
    error: str = ""


def module_of(file: Path) -> ModuleType:
    """Return the module in a file, imported once per content of the file.

    Raises:
        UsageError: when there is no such file.
        PluginError: when it cannot be imported.
    """
    try:
        content = file.read_bytes()
    except OSError as error:
        raise UsageError(f"Expected a Python file, got {file}: {error.strerror}.") from None
    name = f"gristmill_plugin_{file.stem}_{fingerprint(bytes(file.resolve()) + content)[:12]}"
    if name in sys.modules:
        return sys.modules[name]
    spec = spec_from_file_location(name, file.resolve())
    if spec is None or spec.loader is None:
        raise UsageError(f"Expected a Python file, got {file}.")
    module = module_from_spec(spec)
    sys.modules[name] = module  # annotations and versions of its classes are looked up there
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:  # a script that is no plugin may end the process
        del sys.modules[name]
        raise PluginError(f"{file} cannot be imported: {place_of(error, file.resolve())}") from error
    return module


def find(group: str, kind: str, name: str) -> EntryPoint:
    """Return the entry point of a group by its name; `kind` is what messages call it.

    Raises:
        UsageError: when there is none.
        PluginError: when several distributions have one.
    """
    entries = entry_points(group=group)
    found = list(entries.select(name=name))
    if not found:
        error = unknown(kind, name, {entry.name for entry in entries})
        raise UsageError(f"{error} A file is named as path/to/file.py:Name.")
    if len(found) > 1:
        both = " and ".join(sorted(origin(entry) for entry in found))
        raise PluginError(f"Expected one {kind} {name}, got {both}; uninstall one of them.")
    return found[0]


def load(entry: EntryPoint) -> Any:
    """Return what an entry point stands for.

    Raises:
        PluginError: when it cannot be imported.
    """
    try:
        return entry.load()
    except (Exception, SystemExit) as error:
        raise PluginError(f"{entry.name} ({origin(entry)}) cannot be imported: {place_of(error)}") from error


def origin(entry: EntryPoint) -> str:
    """Return where an entry point comes from: its distribution, and the object in it."""
    return f"{entry.dist.name if entry.dist else 'unknown'}: {entry.value}"


def about(thing: Any) -> str:
    """Return the first line of what a thing says of itself."""
    return (inspect.getdoc(thing) or "").partition("\n")[0]


def place_of(error: BaseException, file: Path | None = None) -> str:
    """Return an error in words, with what to install or the line that raised it; a syntax error names its own.

    Args:
        error: what was raised.
        file: whose last line on the way is told, if it was on the way.
    """
    if line := install_line(error):
        return f"{error}; {line}"
    frames = [] if isinstance(error, SyntaxError) else extract_tb(error.__traceback__)
    inside = [frame for frame in frames if file is not None and frame.filename == str(file)]
    where = "".join(f" ({frame.filename}:{frame.lineno})" for frame in (inside or frames)[-1:])
    return f"{type(error).__name__}: {error}{where}"
