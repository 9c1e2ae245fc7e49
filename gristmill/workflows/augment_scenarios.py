"""Scenarios like others: chosen fields are drawn again from the world's own space, and the rest stays."""

from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec

from gristmill import registry
from gristmill.errors import UsageError
from gristmill.generators.augment.resampling import check_fields, resampled
from gristmill.generators.space import Space
from gristmill.lines import read_lines, write_lines
from gristmill.seeding import derive
from gristmill.types import Scenario
from gristmill.workflows.augment import AugmentReport, Progress, check_copies
from gristmill.workflows.augment_tables import check_files
from gristmill.workflows.scenarios import read_scenarios
from gristmill.world import World

__all__ = ["augment_scenarios", "like", "space_of"]


def augment_scenarios(
    source: Path,
    out: Path,
    fields: Sequence[str],
    *,
    world: str = "",
    copies: int = 1,
    seed: int = 0,
    overwrite: bool = False,
    progress: Progress | None = None,
) -> AugmentReport:
    """Write copies of scenarios with chosen fields drawn again, a line each, which `gristmill run --scenarios` plays.

    Args:
        source: a file of scenarios, see `gristmill.workflows.scenarios`.
        out: where the copies go, JSON lines.
        fields: names of the fields; those of an inner space as in `requests.item`.
        world: spec of the world; by default the one that the first scenario names.
        copies: of each scenario; equal ones are written once.
        seed: root seed.
        overwrite: replace a file at `out`.
        progress: called with the scenarios done and in all.

    Raises:
        UsageError: when a line is no scenario of the world, or there is no such field.
    """
    check_copies(copies)
    check_files(source, out, overwrite=overwrite)
    report = AugmentReport(out=str(out))
    with closing(registry.make(world or _world_of(source))) as made:
        check_fields(space_of(made), fields)
        scenarios = read_scenarios(source, made)

        def lines() -> Iterator[dict[str, Any]]:
            for row, parent in enumerate(scenarios):
                report.parents += 1
                yield from _copies(made, parent, row, fields, copies, seed, report)
                if progress:
                    progress(report.parents, len(scenarios))

        write_lines(out, lines())
    return report


def like(
    world: World, parent: Scenario, fields: Sequence[str], draw: int, *, seed: int, index: int
) -> Scenario | None:
    """Return a scenario that differs from another one in chosen fields alone; None where there is no legal one.

    Args:
        world: from whose space they are drawn.
        parent: the other scenario.
        fields: see `augment_scenarios`.
        draw: seed of what is drawn.
        seed: root seed that the scenario is to be known by.
        index: its position under that.
    """
    space = space_of(world)
    values = resampled(space, parent.values, fields, draw)
    if values is None:
        return None
    stratum = world.stratum(values) if hasattr(world, "stratum") else ""
    density = space.log_prob(values)
    return Scenario.of(world.id, values, seed=seed, index=index, log_density=density, stratum=stratum)


def space_of(world: World) -> Space:
    """Return the space that a world draws its scenarios from.

    Raises:
        UsageError: when it has none.
    """
    space = getattr(world, "space", None)
    if not isinstance(space, Space):
        raise UsageError(f"Expected a world that draws its scenarios from a space, got {world.id}.")
    return space


def _copies(
    world: World,
    parent: Scenario,
    row: int,
    fields: Sequence[str],
    copies: int,
    seed: int,
    report: AugmentReport,
) -> list[dict[str, Any]]:
    """Return the copies of a scenario that differ from it and from one another, as they are written."""
    met, lines = {parent.id}, list[dict[str, Any]]()
    for copy in range(copies):
        at = derive(seed, "resample", *sorted(fields), parent.id, parent.index, copy)
        child = like(world, parent, fields, at, seed=seed, index=row * copies + copy)
        if child is None or child.id in met:
            report.drop("no other legal values" if child is None else "like another copy")
            continue
        met.add(child.id)
        about = {"names": ["resample"], "fields": list(fields), "seed": seed, "copy": copy}
        mark = {"id": parent.id, "row": row, "hash": parent.id}
        lines.append({**msgspec.to_builtins(child), "parent": mark, "augmentation": about})
        report.write(f"resample {','.join(fields)}")
    return lines


def _world_of(source: Path) -> str:
    """Return the world that the first scenario of a file names."""
    if world := next(read_lines(source), {}).get("world"):
        return str(world)
    raise UsageError(f"Expected scenarios that name their world in {source}; name it with --world.")
