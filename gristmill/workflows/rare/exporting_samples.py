"""The records of a set as samples: what a seat sees before its first act, and what is known of it."""

from collections.abc import Iterator
from typing import Any, NamedTuple

import msgspec

from gristmill.chat import Message
from gristmill.play import briefs
from gristmill.recorders.chat import conversation
from gristmill.recorders.sets import EvaluationSet, Record
from gristmill.recorders.store import RunStore
from gristmill.types import Entry, Episode
from gristmill.workflows.rare.scoring_runs import Plays
from gristmill.workflows.rare.verifying import RUN
from gristmill.world import Simulation, World

__all__ = ["Line", "Source", "first_act", "openings", "samples"]

Line = dict[str, Any]


class Source(NamedTuple):
    """What is exported.

    Attributes:
        set: the set.
        plays: how its records are played here.
        world: an instance of its world.
        seat: whom the export is about.
    """

    set: EvaluationSet
    plays: Plays
    world: World
    seat: str


def samples(source: Source) -> Iterator[Line]:
    """Yield the samples of all records, in order."""
    heard = {} if isinstance(source.world, Simulation) else openings(source)
    for one in source.set.records:
        yield {
            "id": one.id,
            "input": heard.get(one.id) or [{"role": "user", "content": _in_words(one)}],
            "target": "survives",
            "role": one.role,
            "weight": one.weight,
            "group": f"{one.role}: {one.stratum.name}",
            "stratum": one.stratum.name,
            "cell": one.stratum.cell,
            "severity": one.severity,
            "threshold": one.threshold,
            "world": one.provenance.world,
            "canary": one.canary,
        }


def openings(source: Source) -> dict[str, list[Message]]:
    """Return by record the messages that the seat has seen before its first act, in the episodes the set was built by."""
    records = {one.place: one for one in source.set.records}
    told: dict[str, list[Message]] = {}
    for episode in RunStore.open(source.set.path / RUN).episodes():
        record = records.get((episode.scenario.id, episode.scenario.index))
        if record is not None:
            brief = briefs(source.world, episode)[source.seat]
            told[record.id] = conversation(_opening(episode, source.seat), source.seat, brief)
    return told


def first_act(episode: Episode, seat: str) -> Entry | None:
    """Return the first act of a seat, None where it has none."""
    return next(iter(episode.acts(seat)), None)


def _opening(episode: Episode, seat: str) -> Episode:
    """Return an episode up to the first act of a seat."""
    first = next((place for place, one in enumerate(episode.entries) if one["from"] == seat), None)
    return msgspec.structs.replace(episode, entries=episode.entries[:first])


def _in_words(one: Record) -> str:
    named = ", ".join(f"{name} {value}" for name, value in one.scenario.values.items())
    return f"Play {one.provenance.world} with {named}."
