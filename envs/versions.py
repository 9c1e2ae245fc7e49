"""What a world's version is made of: the release, and the sources that decide how its episodes go."""

import ast
import sys
from functools import cache
from hashlib import blake2b
from pathlib import Path
from types import ModuleType
from typing import Any

import gristmill
from gristmill.envs import tools

__all__ = ["sources", "version_of"]

_FOREIGN = {"abc", "builtins", "gymnasium", "pettingzoo", "typing"}
_TEMPLATES = {".toml", ".yaml", ".yml"}
_DECISIVE = {".py", ".md", ".sql", ".json", ".txt", *_TEMPLATES}


@cache
def version_of(kind: Any) -> str:
    """Return the release and a digest of every source file that decides how episodes of this world go."""
    files = {Path(tools.__file__)}
    for one in kind.__mro__:
        module = sys.modules.get(one.__module__)
        if module is not None and one.__module__.split(".")[0] not in _FOREIGN:
            files |= sources(module)
    sums = sorted((path.name, blake2b(path.read_bytes()).hexdigest()) for path in files)
    return f"{gristmill.__version__}+{blake2b(repr(sums).encode(), digest_size=4).hexdigest()}"


def sources(module: ModuleType) -> set[Path]:
    """Return a module's file, and what decides with it: its whole folder if that is a world's, else what it uses there.

    That is what it imports from beside it, directly or not, and templates beside it and files in `assets` whose names are
    written in these.
    """
    if not getattr(module, "__file__", None):
        return set()
    path = Path(str(module.__file__))
    folder = path.parent
    if path.name == "env.py" and (folder / "__init__.py").exists():
        return {one for one in folder.rglob("*.*") if one.suffix in _DECISIVE and one.is_file()}
    found: set[Path] = set()
    todo = [path]
    words: set[str] = set()
    while todo:
        one = todo.pop()
        if one not in found:
            found.add(one)
            tree = ast.parse(one.read_text(encoding="utf-8"))
            words |= {str(node.value) for node in ast.walk(tree) if isinstance(node, ast.Constant)}
            todo += [other for other in _imported(tree) if other.parent == folder]
    data = {one for one in folder.iterdir() if one.suffix in _TEMPLATES and one.name in words}
    return found | data | {one for one in folder.glob("assets/*") if one.stem in words or one.name in words}


def _imported(tree: ast.Module) -> set[Path]:
    """Return the files of the modules that a source imports at its top, all of which are loaded.

    What it imports only when it is used, such as a renderer, decides no episode.
    """
    names: set[str] = set()
    for node in tree.body:
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add(node.module or "")
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    found = [getattr(sys.modules.get(name), "__file__", None) for name in names]
    return {Path(one) for one in found if one}
