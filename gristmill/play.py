"""Where worlds and policies meet, and nowhere else: scenarios and policies come in, episodes go out.

`play` runs many episodes at once, so that a model is asked once for all episodes that wait for it;
`replay` applies recorded acts to a fresh episode. Seats that take turns go through `turns`, bodies through `simulate`.
Nothing is judged here.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from itertools import islice
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from gristmill import simulate
from gristmill.digest import digest, plain
from gristmill.errors import UsageError
from gristmill.policy import Policy
from gristmill.rehearsal import Rehearsals
from gristmill.seeding import derive
from gristmill.turns import begin, repeat, take_turns
from gristmill.types import Act, Brief, Episode, Rollout, Scenario, SeatInfo, episode_id
from gristmill.world import Simulation, Turns, World, turns

__all__ = [
    "briefed",
    "briefs",
    "identify",
    "lock_step",
    "play",
    "recorded_acts",
    "replay",
    "replays",
    "seat_seed",
]

# Of a world that does not say it, see `DialogueWorld.abreast`.
_ABREAST = 8


def play(
    make: Callable[[], World],
    scenarios: Sequence[Scenario],
    policies: Mapping[str, Policy],
    *,
    seed: int,
    attempt: int = 0,
    steady: Collection[str] = (),
) -> Iterator[Episode]:
    """Play every scenario once and yield the episodes in the order of the scenarios.

    Args:
        make: builds one instance of the world.
        scenarios: what to play.
        policies: one per seat.
        seed: root seed; an episode depends on it, its scenario, `attempt` and the acts, and on nothing else.
        attempt: which of repeated plays of the same scenario this is.
        steady: seats whose policy is given the same seed in every attempt, so that attempts part where another acts
            otherwise.
    """
    if not scenarios:
        return
    worlds = [make()]
    try:
        if sorted(policies) != sorted(worlds[0].possible_agents):
            raise UsageError(
                f"Expected a policy for each of the seats {', '.join(worlds[0].possible_agents)}, "
                f"got {', '.join(policies) or 'none'}."
            )
        bodies = isinstance(worlds[0], Simulation)
        width = lock_step(worlds[0], policies.values())
        if not bodies:  # a simulation has rows
            worlds += [make() for _ in range(min(width, len(scenarios)) - 1)]
        queue, seats = iter(scenarios), _seats(policies)

        def record(scenario: Scenario, rollout: Rollout) -> Episode:
            return _episode(worlds[0], scenario, seats, seed, attempt, rollout)

        with closing(Rehearsals(make, policies, record, bodies=bodies)) as rehearsals:
            while batch := list(islice(queue, width)):
                went = _batch(worlds, batch, policies, rehearsals, seed, attempt, steady, bodies=bodies)
                yield from map(record, batch, went)
    finally:
        for world in worlds:
            world.close()


def _batch(
    worlds: Sequence[World],
    batch: Sequence[Scenario],
    policies: Mapping[str, Policy],
    rehearsals: Rehearsals,
    seed: int,
    attempt: int,
    steady: Collection[str],
    *,
    bodies: bool,
) -> Iterator[Rollout]:
    """Play some scenarios at once: in the rows of a simulation, or in one world each."""
    seeds = [_world_seed(one, seed, attempt) for one in batch]
    seat_seeds = {
        seat: [seat_seed(seat, one, seed, 0 if seat in steady else attempt) for one in batch]
        for seat in policies
    }
    # Not by `isinstance`: what one of them is, all are, and a protocol takes long to look at.
    if bodies:
        ((seat, policy),) = policies.items()
        return simulate.move(cast(Simulation, worlds[0]), batch, seeds, policy, seat_seeds[seat])
    ready = rehearsals.bound(batch, seeds, seat_seeds)
    return take_turns(cast(Sequence[Turns], worlds), batch, seeds, ready, seat_seeds)


def lock_step(world: World, policies: Iterable[Policy]) -> int:
    """Return how many episodes are played at once: as many as every policy takes, as suit the world where nobody minds."""
    suit = getattr(world, "abreast", simulate.ROWS if isinstance(world, Simulation) else _ABREAST)
    return min([policy.width for policy in policies if policy.width], default=suit)


def identify(
    world: World, scenario: Scenario, policies: Mapping[str, Policy], *, seed: int, attempt: int = 0
) -> str:
    """Return the id that the episode of this scenario will have, without playing it."""
    return episode_id(world.id, world.version, scenario, _seats(policies), seed, attempt)


def replay(
    world: World,
    episode: Episode,
    *,
    acts: Sequence[tuple[str, Act]] | None = None,
    actions: NDArray[Any] | None = None,
) -> Episode:
    """Apply the recorded acts, or `acts` in their place, to a fresh episode of the same scenario.

    In a simulation it is the recorded actions, or `actions`, [steps, size]. What comes after the end is dropped. When
    they run out before the end, the episode is `truncated`.
    """
    if isinstance(world, Simulation):
        return replays(world, [episode], None if actions is None else [actions])[0]
    todo = recorded_acts(episode) if acts is None else acts
    went = repeat(turns(world), episode.scenario, _episode_seed(episode), todo)
    return _again(world, episode, went)


def replays(
    world: Simulation, episodes: Sequence[Episode], actions: Sequence[NDArray[Any]] | None = None
) -> list[Episode]:
    """Replay episodes of a simulation as `replay` does, many at once.

    Args:
        world: the simulation.
        episodes: what to replay.
        actions: what to do instead in each of them, [steps, size].

    Raises:
        UsageError: when the numeric steps of an episode are malformed.
    """
    todo = [_recorded_actions(one) for one in episodes] if actions is None else actions
    seeds = [_episode_seed(one) for one in episodes]
    went = simulate.repeat(world, [one.scenario for one in episodes], seeds, todo)
    return [_again(world, one, rollout) for one, rollout in zip(episodes, went, strict=True)]


def _recorded_actions(episode: Episode) -> NDArray[Any]:
    """Return the actions of an episode, [steps, size]; one without steps has none."""
    recorded = {} if episode.steps is None else episode.steps.actions
    return recorded["value"] if "value" in recorded else np.zeros((0, 1))


def _again(world: World, episode: Episode, went: Rollout) -> Episode:
    """Return the record of a replay."""
    return _episode(world, episode.scenario, episode.seats, episode.seed, episode.attempt, went)


def _episode_seed(episode: Episode) -> int:
    return _world_seed(episode.scenario, episode.seed, episode.attempt)


def _world_seed(scenario: Scenario, seed: int, attempt: int) -> int:
    return derive(seed, "env", scenario.id, scenario.index, attempt)


def seat_seed(seat: str, scenario: Scenario, seed: int, attempt: int) -> int:
    """Return the seed that the policy in a seat is given for an episode."""
    return derive(seed, "seat", seat, scenario.id, scenario.index, attempt)


def briefs(world: World, episode: Episode) -> dict[str, Brief]:
    """Return what every seat of a recorded episode was told before its first act; `world` is reset by it."""
    begin(world, episode.scenario, _episode_seed(episode))
    return {seat: world.brief(seat) for seat in episode.seats}


def briefed(world: World, scenarios: Sequence[Scenario]) -> dict[str, str]:
    """Return for every seat a digest of what it is told at the outset of some scenarios; `world` is reset by it."""
    told: dict[str, list[Any]] = {seat: [] for seat in world.possible_agents}
    for scenario in scenarios:
        begin(world, scenario, _world_seed(scenario, 0, 0))
        for seat, ones in told.items():
            ones.append(plain(world.brief(seat)))
    return {seat: digest(ones) for seat, ones in told.items()}


def recorded_acts(episode: Episode) -> list[tuple[str, Act]]:
    """Return the acts of an episode with their seats, in order."""
    return [
        (entry["from"], {key: value for key, value in entry.items() if key not in ("from", "to")})
        for entry in episode.entries
        if entry["from"] in episode.seats
    ]


def _seats(policies: Mapping[str, Policy]) -> dict[str, SeatInfo]:
    return {
        seat: SeatInfo(policy=policy.name, digest=policy.digest, generation=policy.generation)
        for seat, policy in policies.items()
    }


def _episode(
    world: World, scenario: Scenario, seats: dict[str, SeatInfo], seed: int, attempt: int, went: Rollout
) -> Episode:
    return Episode(
        id=episode_id(world.id, world.version, scenario, seats, seed, attempt),
        world=world.id,
        version=world.version,
        scenario=scenario,
        seats=seats,
        seed=seed,
        attempt=attempt,
        **went._asdict(),
    )
