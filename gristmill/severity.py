"""Severity: how bad an episode was, as a number that rises on the way to a rare event.

A world lists its severities as `severities`, the first being what is meant unless another is named, and as `kinds` the
ways in which its failures differ. Both are optional: rare events are searched for only in worlds that have them.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, Self

from gristmill.errors import UsageError, unknown
from gristmill.plugins import module_of
from gristmill.specs import file_of
from gristmill.types import Episode
from gristmill.world import World

__all__ = ["Kind", "Severity", "kinds_of", "severity_of"]


@dataclass(frozen=True, kw_only=True)
class Severity:
    """A grade for episodes; the event is that it reaches the threshold.

    Attributes:
        name: of the event, such as `collision`.
        of: from a recorded episode to its grade, a finite number; a pure function of the record.
        threshold: the event is a grade of at least this.
        about: what it measures, in words.
        unit: of the grade.
        running: the grade after each step, [steps], as far as that step has decided it; its greatest number is the
            grade. With it, a search keeps the beginning of an episode and draws the rest anew.
        clock: name of the list of the scenario whose record `k` is what happens in step `k`; given with `running`.
    """

    name: str
    of: Callable[[Episode], float]
    threshold: float
    about: str
    unit: str = ""
    running: Callable[[Episode], Sequence[float]] | None = None
    clock: str = ""

    def __post_init__(self) -> None:
        if (self.running is None) != (not self.clock):
            raise UsageError(
                f"Expected severity {self.name!r} to have both `running` and `clock`, or neither, "
                f"got only {'clock' if self.clock else 'running'}."
            )


@dataclass(frozen=True, kw_only=True)
class Kind:
    """One way in which failures differ, such as the weather they happen in.

    Attributes:
        name: such as `weather`.
        labels: what there can be, in order.
        of: from an episode to its label.
    """

    name: str
    labels: tuple[str, ...]
    of: Callable[[Episode], str]

    @classmethod
    def field(cls, name: str, options: Sequence[Any]) -> Self:
        """Return the kind that is the value of a scenario's field, one of some options."""
        return cls(
            name=name,
            labels=tuple(map(str, options)),
            of=lambda episode: str(episode.scenario.values.get(name, "")),
        )

    @classmethod
    def bands(cls, name: str, edges: Sequence[float], unit: str = "") -> Self:
        """Return the kind that is the band in which the number in a scenario's field lies.

        Args:
            name: of the field.
            edges: between the bands, ascending; a number on an edge is in the band above.
            unit: of the field.
        """
        if not edges or any(one >= other for one, other in pairwise(edges)):
            raise UsageError(f"Expected ascending edges for the bands of {name!r}, got {list(edges)}.")
        shown = [f"{edge:g}" for edge in edges]
        after = f" {unit}" if unit else ""
        middle = [f"{one} to {other}{after}" for one, other in pairwise(shown)]
        labels = (f"below {shown[0]}{after}", *middle, f"from {shown[-1]}{after}")

        def label(values: Mapping[str, Any]) -> str:
            return labels[sum(float(values[name]) >= edge for edge in edges)]

        return cls(name=name, labels=labels, of=lambda episode: label(episode.scenario.values))


def severity_of(world: World, name: str = "") -> Severity:
    """Return a severity by its name among those of a world, the first one without, or by its place in a file.

    Args:
        world: the world.
        name: of one of its severities; or `path.py:name`, or `path.py` alone if the file holds one.

    Raises:
        UsageError: when there is none, or none of that name.
        PluginError: when the file cannot be imported.
    """
    if file := file_of(name):
        return _severity_in(file, name.rpartition(":")[2] if ".py:" in name else "")
    found: Sequence[Severity] = getattr(world, "severities", ())
    if not found:
        raise UsageError(
            f"Expected a world with `severities`, got {world.id}, which has none; "
            "name one in a file: --severity path.py:name."
        )
    if not name:
        return found[0]
    for one in found:
        if one.name == name:
            return one
    raise unknown("severity", name, [one.name for one in found], of=world.id)


def _severity_in(file: Path, name: str) -> Severity:
    named = {key: one for key, one in vars(module_of(file)).items() if isinstance(one, Severity)}
    if name and name not in named:
        raise unknown("severity", name, named, of=str(file))
    if not name and len(named) != 1:
        raise UsageError(
            f"Expected one severity in {file}, got {', '.join(named) or 'none'}; name one: {file}:NAME."
        )
    return named[name] if name else next(iter(named.values()))


def kinds_of(world: World) -> tuple[Kind, ...]:
    """Return the ways in which failures of a world differ, none if it names none."""
    return tuple(getattr(world, "kinds", ()))
