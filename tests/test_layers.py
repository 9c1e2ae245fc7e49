"""Imports flow one way."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
LAYERS = {"agents", "envs", "generators", "recorders", "training"}
MAY_IMPORT = {"envs": {"generators"}, "training": {"agents", "recorders"}}
MEETS_ALL = {"__main__", "cli", "testing"}  # the command line and the public contract checks

SPINE = [path for path in (ROOT / "gristmill").glob("*.py") if not path.stem.startswith(tuple(MEETS_ALL))]
FILES = {"spine": SPINE} | {layer: list((ROOT / layer).rglob("*.py")) for layer in sorted(LAYERS)}


def layers_imported(path: Path) -> set[str]:
    """The layers that a file imports, wherever in the file it does so."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return {name.split(".")[1] for name in names if name.startswith("gristmill.")} & LAYERS


@pytest.mark.parametrize("layer", FILES)
def test_imports_flow_one_way(layer: str) -> None:
    """A layer imports the spine, itself and what the design lets it meet; the spine imports no layer."""
    allowed = MAY_IMPORT.get(layer, set()) | {layer}
    crossing = {str(path.relative_to(ROOT)): layers_imported(path) - allowed for path in FILES[layer]}

    assert {} == {path: layers for path, layers in crossing.items() if layers}
