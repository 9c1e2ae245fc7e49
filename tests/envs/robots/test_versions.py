"""What the version of a robot world covers."""

import sys
from pathlib import Path
from typing import Any

import pytest

from gristmill.envs.robots.drawer import Drawer
from gristmill.envs.robots.reach import Reach
from gristmill.envs.versions import sources


def names(kind: Any) -> set[str]:
    """The names of the files that decide how a world's episodes go."""
    return {path.name for path in sources(sys.modules[kind.__module__])}


@pytest.mark.parametrize(("kind", "own"), [(Reach, "reach"), (Drawer, "drawer")])
def test_a_version_covers_rules_scene_and_simulator(kind: Any, own: str) -> None:
    """It changes with the world's own rules and MJCF, the arm's, and the loop, however far down they are imported."""
    covered = names(kind)

    assert {f"{own}.py", f"{own}.xml", "arm.py", "arm.xml", "room.xml", "stage.py", "physics.py"} <= covered


def test_a_version_does_not_cover_other_worlds() -> None:
    """A change of one world leaves the episodes of another what they are; so does one of what only draws pictures."""
    others = {"drawer.py", "drawer.xml", "pour.py", "render.py", Path(__file__).name}

    assert set() == names(Reach) & others
