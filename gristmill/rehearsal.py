"""Where a policy tries out how an episode of its own would go, before it plays it: on copies of the world.

The other seats play there as they will play, with the very seeds they will have, so that the same acts lead to the
same end. Nothing of it is recorded.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial

from gristmill.errors import RAISED, EpisodeError, UsageError
from gristmill.policy import Policy, Rehearsed, Rehearsing, Session
from gristmill.turns import take_turns
from gristmill.types import Brief, Check, Episode, Rollout, Scenario
from gristmill.world import World, turns

__all__ = ["Rehearsals"]

Record = Callable[[Scenario, Rollout], Episode]


class Rehearsals:
    """The copies of a world in which one seat rehearses.

    Args:
        make: builds one instance of the world.
        policies: one per seat.
        record: makes an episode of what was rehearsed, as it will be made of what is played.
        bodies: whether the world is a simulation.

    Raises:
        UsageError: when several seats rehearse, or the world is a simulation.
    """

    def __init__(
        self,
        make: Callable[[], World],
        policies: Mapping[str, Policy],
        record: Record,
        *,
        bodies: bool = False,
    ) -> None:
        self._make, self._policies, self._record = make, policies, record
        self._worlds: list[World] = []
        self._seats = [seat for seat, one in policies.items() if isinstance(one, Rehearsing)]
        if len(self._seats) > 1:
            raise UsageError(
                f"Expected at most one seat that searches, got {' and '.join(self._seats)}: "
                "each would rehearse against what the other has yet to find."
            )
        if self._seats and bodies:
            raise UsageError(
                f"Expected a policy that plays without trying out, got {policies[self._seats[0]].name} for a simulation; "
                "only worlds whose seats take turns can be searched."
            )

    def bound(
        self, batch: Sequence[Scenario], seeds: Sequence[int], seat_seeds: Mapping[str, Sequence[int]]
    ) -> Mapping[str, Policy]:
        """Return the policies for a batch: the one that rehearses does so with its scenarios."""
        found = dict(self._policies)
        for seat in self._seats:
            row_of = {seed: row for row, seed in enumerate(seat_seeds[seat])}
            found[seat] = _Bound(found[seat], row_of, partial(self._rehearse, seat, batch, seeds, seat_seeds))
        return found

    def close(self) -> None:
        """Release the copies."""
        for world in self._worlds:
            world.close()
        self._worlds.clear()

    def _rehearse(
        self,
        seat: str,
        batch: Sequence[Scenario],
        seeds: Sequence[int],
        seat_seeds: Mapping[str, Sequence[int]],
        rows: Sequence[int],
        policy: Policy,
        own: Sequence[int],
    ) -> list[Rehearsed]:
        if not rows:
            return []
        self._worlds += [self._make() for _ in range(len(rows) - len(self._worlds))]
        scenarios = [batch[row] for row in rows]
        others = {one: [given[row] for row in rows] for one, given in seat_seeds.items()}
        went = take_turns(
            [turns(world) for world in self._worlds],
            scenarios,
            [seeds[row] for row in rows],
            {**self._policies, seat: policy},
            {**others, seat: own},
        )
        episodes = [self._record(one, rollout) for one, rollout in zip(scenarios, went, strict=True)]
        return [Rehearsed(one, _checked(self._worlds[0], one)) for one in episodes]


class _Bound:
    """A policy that rehearses, with what it rehearses in; a row of its session is known by its seed."""

    def __init__(
        self,
        base: Policy,
        row_of: Mapping[int, int],
        rehearse: Callable[[Sequence[int], Policy, Sequence[int]], list[Rehearsed]],
    ) -> None:
        self._base, self._row_of, self._rehearse = base, row_of, rehearse
        self.name, self.digest = base.name, base.digest
        self.generation, self.width = base.generation, base.width

    def begin(self, briefs: Sequence[Brief], seeds: Sequence[int]) -> Session:
        """Open its session over the rows whose world was reset, which need not be all."""
        places = [self._row_of[seed] for seed in seeds]

        def rehearse(rows: Sequence[int], policy: Policy, seeds: Sequence[int]) -> list[Rehearsed]:
            return self._rehearse([places[row] for row in rows], policy, seeds)

        assert isinstance(self._base, Rehearsing)  # bound because it is
        return self._base.begin_with(briefs, seeds, rehearse)


def _checked(world: World, episode: Episode) -> tuple[Check, ...]:
    """Return the world's checks of a rehearsed episode; a fault, and a check that raises, prove nothing."""
    if episode.fault is not None:
        return (Check(name="fault", status="error", side=episode.fault.side),)
    try:
        return tuple(world.checks(episode))
    except RAISED as error:
        return (Check(name="checks", status="error", side=EpisodeError.of("verifier", error).side),)
