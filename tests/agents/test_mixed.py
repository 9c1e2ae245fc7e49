"""One of several policies, drawn for every episode."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

import pytest

from gristmill import registry
from gristmill.agents.mixed import Mixed
from gristmill.agents.noise import Noisy
from gristmill.errors import UsageError
from gristmill.play import play
from gristmill.policy import Policy, Session
from gristmill.types import Act, Brief, Entry, Episode, say

RETAIL = "support/retail-v1"
OF = "mixed?of=noop|noop|grader-override"
WORLD = registry.make(RETAIL)


def played(agent: Policy, n: int = 24) -> list[Episode]:
    """Episodes of the shop with `agent` at the desk."""
    customer = registry.policy("expert", RETAIL, "customer")
    scenarios = [WORLD.scenario(5, index) for index in range(n)]
    return list(play(registry.world(RETAIL), scenarios, {"agent": agent, "customer": customer}, seed=3))


def agent(spec: str) -> Policy:
    """A policy at the desk."""
    return registry.policy(spec, RETAIL, "agent")


def test_each_episode_is_of_one_of_them() -> None:
    """As that one plays it by itself, and of each as often as it is named."""
    by = {name: [one.entries for one in played(agent(name))] for name in ("noop", "grader-override")}
    found = [one.entries for one in played(agent(OF))]
    who = [
        next((name for name, entries in by.items() if entries[place] == one), "neither")
        for place, one in enumerate(found)
    ]

    assert {"noop", "grader-override"} == set(who)
    assert Counter(who)["noop"] > Counter(who)["grader-override"]


def test_who_plays_depends_on_nothing_but_the_seed() -> None:
    """Not on how many episodes are played at once."""
    alone, together = agent(OF), agent(OF)
    vars(alone)["width"], vars(together)["width"] = 1, 7

    assert [one.entries for one in played(alone)] == [one.entries for one in played(together)]


def test_it_is_as_far_from_people_as_its_parts_are() -> None:
    """Its digest is of theirs; parameters of a part are written as in any value."""
    noisier = agent("mixed?of=noop|noisy?rate=0.3%26base=random")

    assert 0 == noisier.generation
    assert noisier.digest != agent("mixed?of=noop|noisy?rate=0.4%26base=random").digest


@pytest.mark.parametrize(
    ("spec", "words"),
    [("mixed?of=noop", "Expected several policies"), ("mixed?of=noop|nop", "Unknown policy 'nop'")],
)
def test_what_it_cannot_be_made_of_is_said(spec: str, words: str) -> None:
    """Fewer than two, and one that there is not."""
    with pytest.raises(UsageError, match=words):
        agent(spec)


def test_it_moves_no_body() -> None:
    """Episodes of a simulation are played in one batch of arrays."""
    with pytest.raises(UsageError, match="whose seats take turns"):
        registry.policy("mixed?of=noop|random", "robots/reach-v1", "robot")


class Notes:
    """A session that waits, and notes how many rows it has."""

    def __init__(self, rows: int) -> None:
        self._rows = rows

    def act(self, rows: Sequence[int], observations: Sequence[list[Entry]]) -> list[Act]:
        return [say("One moment.") for _ in rows]

    def notes(self, row: int) -> dict[str, Any]:
        assert row < self._rows
        return {"place": row}


class Noting:
    """A policy whose sessions note something."""

    name = digest = "noting"
    generation = width = 0

    def begin(self, briefs: Sequence[Brief], seeds: Sequence[int]) -> Session:
        return Notes(len(briefs))


def test_notes_of_whoever_plays_come_through() -> None:
    """Those of its own place; one that notes nothing has none. A noisy policy hands on those of its base, too."""
    notes = [one.notes for one in played(Mixed("mixed", [Noting(), agent("noop")]))]
    noisy = [one.notes for one in played(Noisy("noisy", Noting(), 0.5), 3)]

    assert {0, 1} == {len(one) for one in notes}
    assert {"place": 0} in [one["agent"] for one in notes if one]
    assert [{"agent": {"place": place}} for place in range(3)] == noisy
