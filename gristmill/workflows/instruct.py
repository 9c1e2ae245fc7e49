"""Tasks by topic: what there is already is counted, and what is least covered is made first."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from gristmill import registry
from gristmill.errors import UsageError
from gristmill.generators.space import Space
from gristmill.generators.taxonomy.covering import Coverage, LeafCount
from gristmill.generators.taxonomy.making import Line, Maker, makers
from gristmill.generators.taxonomy.tree import Taxonomy, load
from gristmill.lines import read_lines, write_lines
from gristmill.recorders.store import RunStore

__all__ = ["InstructReport", "instruct"]

_EVERY = 100  # tasks between two reports of progress

Progress = Callable[[int, int, Mapping[str, int]], None]


class InstructReport(msgspec.Struct, kw_only=True):
    """What was made, and what there is now.

    Attributes:
        out: the file.
        taxonomy: its name.
        asked: tasks asked for, and `made`, fewer only if all leaves are exhausted.
        leaves: how far each is filled.
        outside: tasks of `--covered` that belong to no leaf.
        distance: share of all tasks that would have to be in other leaves for each to have its share.
    """

    out: str
    taxonomy: str
    asked: int
    made: int
    leaves: list[LeafCount]
    outside: int
    distance: float


def instruct(
    taxonomy: str,
    out: Path,
    *,
    n: int = 100,
    seed: int = 0,
    covered: Sequence[Path] = (),
    overwrite: bool = False,
    progress: Progress | None = None,
) -> InstructReport:
    """Make tasks of a taxonomy and write them as JSON lines; equal arguments give equal files.

    Scenarios of a world can be played: `gristmill run WORLD --scenarios OUT`.

    Args:
        taxonomy: a shipped one, or a file or folder.
        out: the file that is written, whole or not at all.
        n: how many tasks.
        seed: root seed.
        covered: files of tasks or scenarios, and runs, that there are already: they count, and are not made again.
        overwrite: whether a file that is there is replaced.
        progress: called every few tasks with those made, those asked for, and nothing else.

    Raises:
        UsageError: when something asked for does not exist, or `out` does.
    """
    if n < 1:
        raise UsageError(f"Expected at least one task, got {n}.")
    if out.exists() and not overwrite:
        raise UsageError(f"{out} exists; expected another name, or --overwrite.")
    tree = load(taxonomy)
    made = _makers(tree)
    coverage = Coverage(tree, seed)
    for path in covered:
        for line in _existing(path):
            coverage.add(line)
    count = write_lines(out, _told(coverage.fill(made, n), n, progress))
    leaves = list(coverage.leaves.values())
    return InstructReport(
        out=str(out), taxonomy=tree.name, asked=n, made=count, leaves=leaves, outside=coverage.outside,
        distance=round(coverage.distance(), 6),
    )  # fmt: skip


def _makers(tree: Taxonomy) -> dict[str, Maker]:
    if not tree.world:
        return makers(tree)
    world: Any = registry.make(tree.world)
    try:
        if not (isinstance(getattr(world, "space", None), Space) and hasattr(world, "stratum")):
            raise UsageError(f"Expected a world with a Space and strata, got {tree.world}, which has none.")
        return makers(tree, world)
    finally:
        world.close()


def _existing(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the tasks in a file, or the scenarios that a run has played, each once."""
    if not path.is_dir():
        yield from read_lines(path)
        return
    seen = set()
    for episode in RunStore.open(path).episodes():
        scenario = episode.scenario
        if scenario.id not in seen:
            seen.add(scenario.id)
            yield {"values": scenario.values, "stratum": scenario.stratum, "seed": scenario.seed}


def _told(lines: Iterator[Line], n: int, progress: Progress | None) -> Iterator[Line]:
    for done, line in enumerate(lines, 1):
        if progress is not None and (done % _EVERY == 0 or done == n):
            progress(done, n, {})
        yield line
