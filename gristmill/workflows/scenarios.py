"""Scenario files: one JSON object per line, checked before anything is played.

A line holds `values`, and may hold what else a recorded scenario has (`id`, `world`, `index`, `seed`, …).
"""

from pathlib import Path
from typing import Any

import msgspec

from gristmill.errors import EpisodeError, UsageError, boundary
from gristmill.lines import numbered
from gristmill.types import Scenario
from gristmill.world import World

__all__ = ["read_scenarios"]


class _Line(msgspec.Struct, forbid_unknown_fields=True):
    values: dict[str, Any]
    id: str = ""
    world: str = ""
    seed: int = 0
    index: int | None = None
    log_density: float = 0.0
    stratum: str = ""
    parent: Any = None  # of a scenario that `gristmill augment` made, with what was done to it
    augmentation: Any = None


def read_scenarios(path: Path, world: World) -> list[Scenario]:
    """Return the scenarios in a file, each of which `world` accepts.

    Raises:
        UsageError: naming the line that is wrong, what was expected there, and what was got.
    """
    found = []
    for number, line in numbered(path):
        try:
            found.append(_scenario(line, number, world))
        except UsageError as error:
            raise UsageError(f"{path}, line {number}: {error}") from None
    if not found:
        raise UsageError(
            f"Expected at least one scenario in {path}, got none; a line is {{'values': {{…}}}}."
        )
    return found


def _scenario(found: dict[str, Any], number: int, world: World) -> Scenario:
    try:
        line = msgspec.convert(found, _Line)
    except msgspec.ValidationError as error:
        raise UsageError(
            f'expected a scenario such as {{"values": {{…}}}}, got another object: {error}.'
        ) from None
    if line.world and line.world != world.id:
        raise UsageError(f"expected a scenario of {world.id}, got one of {line.world}.")
    rest = {"seed": line.seed, "log_density": line.log_density, "stratum": line.stratum}
    # Without an index of their own, two equal lines are still two episodes.
    scenario = Scenario.of(
        world.id, line.values, index=number - 1 if line.index is None else line.index, **rest
    )
    if line.id and line.id != scenario.id:
        raise UsageError(f"expected the id {scenario.id} for these values, got {line.id}; leave it out.")
    if problem := _problem(world, scenario):
        raise UsageError(problem)
    return scenario


def _problem(world: World, scenario: Scenario) -> str:
    """Return why the world cannot play a scenario, or an empty string."""
    space = getattr(world, "space", None)
    if space is not None and (problem := space.problem(scenario.values)):
        return f"{problem}."
    try:
        with boundary("world"):
            world.reset(seed=0, options={"scenario": scenario})
    except EpisodeError as error:
        return f"the world cannot be set up with these values: {error}."
    return ""
