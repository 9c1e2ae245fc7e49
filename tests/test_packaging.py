"""The package is what the tree says it is."""

import importlib
import subprocess
import sys
import tomllib
from importlib.metadata import EntryPoint, entry_points, version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

import gristmill
from gristmill.errors import install_line

ROOT = Path(__file__).parents[1]
LAYERS = ("agents", "envs", "generators", "recorders", "training")
HEAVY = ("jax", "mujoco", "pandas")
PLUGINS = [entry for group in ("gristmill.envs", "gristmill.policies") for entry in entry_points(group=group)]

in_checkout = pytest.mark.skipif(not (ROOT / "pyproject.toml").is_file(), reason="needs a checkout")


def setuptools_table() -> dict[str, Any]:
    """What pyproject.toml tells setuptools to ship."""
    table: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]
    return table


def real_files(pattern: str) -> list[Path]:
    """The files of the spine and the layers, each once: the links in gristmill/ are left out."""
    folders = [ROOT / layer for layer in LAYERS]
    folders += [path for path in (ROOT / "gristmill").iterdir() if path.is_dir() and not path.is_symlink()]
    files = [path for folder in folders for path in folder.rglob(pattern)]
    return [path for path in files if path.is_file() and "__pycache__" not in path.parts]


@in_checkout
def test_every_package_is_listed() -> None:
    """An unlisted package would work in a checkout and be missing from the wheel."""
    inits = [init.parent.relative_to(ROOT).parts for init in real_files("__init__.py")]
    found = {".".join(parts if parts[0] == "gristmill" else ("gristmill", *parts)) for parts in inits}

    assert found | {"gristmill"} == set(setuptools_table()["packages"])


@in_checkout
def test_every_data_file_is_shipped() -> None:
    """A data file that no pattern covers would work in a checkout and be missing from the wheel."""
    patterns = setuptools_table()["package-data"]["*"]
    packages = {init.parent for init in real_files("__init__.py")} | {ROOT / "gristmill"}
    shipped = {path for package in packages for pattern in patterns for path in package.glob(pattern)}

    assert [] == [path for path in real_files("*") if path.suffix != ".py" and path not in shipped]


@in_checkout
@pytest.mark.parametrize("layer", LAYERS)
def test_layer_is_linked(layer: str) -> None:
    """The link is what lets type checkers and `python -m gristmill` see gristmill.<layer>."""
    link = ROOT / "gristmill" / layer
    if not link.is_symlink():
        pytest.skip("a checkout without symbolic links")

    assert f"../{layer}" == link.readlink().as_posix()


@pytest.mark.parametrize("layer", LAYERS)
def test_layer_loads_under_one_name(layer: str) -> None:
    """A module loaded under two names would have two copies of every class."""
    importlib.import_module(f"gristmill.{layer}")
    ours = {name.removeprefix("gristmill.") for name in sys.modules if name.startswith(f"gristmill.{layer}.")}

    assert set() == ours & set(sys.modules)


def test_typed_and_versioned() -> None:
    """Users get our types, and the version they installed."""
    assert (Path(str(gristmill.__file__)).parent / "py.typed").exists()
    assert version("gristmill") == gristmill.__version__


def test_import_stays_light() -> None:
    """Importing gristmill loads none of the heavy libraries."""
    code = f"import gristmill, sys; print([name for name in {HEAVY} if name in sys.modules])"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert "[]" == loaded.stdout.strip()


@pytest.mark.parametrize("name", gristmill.__all__)
def test_public_name_exists(name: str) -> None:
    """Every name that the package advertises can be had from it."""
    assert name in dir(gristmill)
    assert getattr(gristmill, name) is not None


@pytest.mark.parametrize("entry", PLUGINS, ids=lambda entry: f"{entry.group}:{entry.name}")
def test_entry_point_loads(entry: EntryPoint) -> None:
    """Every advertised world and policy can be imported without extras; a robot says which one it needs."""
    if entry.name.startswith("robots/") and find_spec("mujoco") is None:
        with pytest.raises(ImportError) as found:
            entry.load()
        assert "pip install 'gristmill[robots]'" == install_line(found.value)
    else:
        assert entry.load()
