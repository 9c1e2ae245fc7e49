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

__all__ = ["version_of"]

_FOREIGN = {"abc", "builtins", "gymnasium", "pettingzoo", "typing"}
_DECISIVE = {".py", ".md", ".sql", ".json", ".txt"}


@cache
def version_of(kind: Any) -> str:
    """Return the release and a digest of every source file that decides how episodes of this world go."""
    files = {Path(tools.__file__)}
    for one in kind.__mro__:
        module = sys.modules.get(one.__module__)
        if module is not None and one.__module__.split(".")[0] not in _FOREIGN:
            files |= _sources(module)
    sums = sorted((path.name, blake2b(path.read_bytes()).hexdigest()) for path in files)
    return f"{gristmill.__version__}+{blake2b(repr(sums).encode(), digest_size=4).hexdigest()}"


def _sources(module: ModuleType) -> set[Path]:
    """Return a module's file, and what it has beside it: its folder if that is a world's, else what it names there."""
    if not getattr(module, "__file__", None):
        return set()
    path = Path(str(module.__file__))
    folder = path.parent
    if path.name == "env.py" and (folder / "__init__.py").exists():
        return {one for one in folder.rglob("*.*") if one.suffix in _DECISIVE and one.is_file()}
    found: set[Path] = set()
    fresh = {path}
    while fresh:
        found |= fresh
        fresh = {one for source in fresh if source.suffix == ".py" for one in _named(source, module)} - found
    return found


def _named(source: Path, module: ModuleType) -> set[Path]:
    """Return the files of its folder that a source names: modules that it imports, and assets by their stems."""
    package = module.__name__.rpartition(".")[0]
    names: set[str] = set()
    texts: set[str] = set()
    for node in ast.walk(ast.parse(source.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names |= {f"{node.module}", *(f"{node.module}.{alias.name}" for alias in node.names)}
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            texts.add(node.value)
    beside = {name.rpartition(".")[2] for name in names if name.rpartition(".")[0] == package}
    modules = {source.with_name(f"{name}.py") for name in beside}
    assets = {one for one in source.parent.glob("assets/*") if one.stem in texts}
    return {one for one in modules | assets if one.is_file()}
