"""The loop: the only place where worlds and policies meet.

`play` runs many episodes in lock-step, so that a model is asked once for all episodes that wait for it;
`replay` applies recorded acts to a fresh episode. Neither judges anything.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gristmill.digest import digest, plain
from gristmill.errors import RAISED, EpisodeError, UsageError, boundary
from gristmill.policy import Policy, Session
from gristmill.seeding import derive
from gristmill.simulate import ROWS, Flown, Recorded, fly
from gristmill.types import Act, Brief, End, Entry, Episode, Fault, Scenario, SeatInfo, episode_id
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

# Where nobody minds, some are cheaper than one, and many outgrow the processor's caches.
_SCRIPTS = 8


def play(
    make: Callable[[], World],
    scenarios: Sequence[Scenario],
    policies: Mapping[str, Policy],
    *,
    seed: int,
    attempt: int = 0,
) -> Iterator[Episode]:
    """Play every scenario once and yield the episodes in the order of the scenarios.

    Args:
        make: builds one instance of the world.
        scenarios: what to play.
        policies: one per seat.
        seed: root seed; an episode depends on it, its scenario, `attempt` and the acts, and on nothing else.
        attempt: which of repeated plays of the same scenario this is.
    """
    worlds = [make()] if scenarios else []
    try:
        if worlds and sorted(policies) != sorted(worlds[0].possible_agents):
            raise UsageError(
                f"Expected a policy for each of the seats {', '.join(worlds[0].possible_agents)}, "
                f"got {', '.join(policies) or 'none'}."
            )
        body = worlds[0] if worlds and isinstance(worlds[0], Simulation) else None
        width = lock_step(policies.values(), ROWS if body else _SCRIPTS)
        if body is None:
            worlds += [make() for _ in range(min(width, len(scenarios)) - 1)]
        queue = iter(scenarios)
        while batch := list(islice(queue, width)):
            if body is not None:
                yield from _simulate(body, batch, policies, seed, attempt)
            else:
                yield from _play_batch([turns(world) for world in worlds], batch, policies, seed, attempt)
    finally:
        for world in worlds:
            world.close()


def lock_step(policies: Iterable[Policy], scripts: int = _SCRIPTS) -> int:
    """Return how many episodes are played at once: as many as every policy takes, `scripts` where nobody minds."""
    return min([policy.width for policy in policies if policy.width], default=scripts)


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
    todo = list(recorded_acts(episode) if acts is None else acts)
    end: End = "truncated"
    fault = played = None
    try:
        with boundary("world"):
            turning = turns(world)
            _reset(turning, episode.scenario, episode.seed, episode.attempt)
            played = turning
            for seat, act in todo:
                if not _alive(turning):
                    break
                if turning.agent_selection != seat:
                    raise EpisodeError(
                        seat, f"replay: expected an act of {turning.agent_selection}, got one of {seat}"
                    )
                turning.step(act)
            if not _alive(turning):
                end = _end(turning)
    except EpisodeError as error:
        end, fault = "error", Fault(side=error.side, message=str(error))
    return _episode(world, played, episode.scenario, episode.seats, episode.seed, episode.attempt, end, fault)


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
    alike: dict[tuple[int, ...], list[int]] = {}  # rows that stop at the same time can go together
    for place, one in enumerate(todo):
        alike.setdefault(one.shape, []).append(place)
    found: dict[int, Episode] = {}
    for places in alike.values():
        for start in range(0, len(places), ROWS):
            some = places[start : start + ROWS]
            again = _repeat(world, [episodes[place] for place in some], [todo[place] for place in some])
            found.update(zip(some, again, strict=True))
    return [found[place] for place in range(len(episodes))]


def _simulate(
    world: Simulation, batch: Sequence[Scenario], policies: Mapping[str, Policy], seed: int, attempt: int
) -> Iterator[Episode]:
    ((seat, policy),) = policies.items()
    seats = _seats(policies)
    seeds = [seat_seed(seat, one, seed, attempt) for one in batch]
    try:
        with boundary(seat):
            session = policy.begin([world.brief(seat)] * len(batch), seeds)
        with boundary("world"):
            env = world.vector(min(lock_step(policies.values(), ROWS), len(batch)))
    except EpisodeError as error:
        fault = Fault(side=error.side, message=str(error))
        flown: Iterable[Flown] = [Flown([], None, None, "error", fault) for _ in batch]
    else:
        flown = fly(env, batch, [_world_seed(one, seed, attempt) for one in batch], session, seat=seat)
    for scenario, row in zip(batch, flown, strict=True):
        yield _flown(world, scenario, seats, seed, attempt, row)


def _recorded_actions(episode: Episode) -> NDArray[Any]:
    """Return the actions of an episode, [steps, size]; one without steps has none."""
    recorded = {} if episode.steps is None else episode.steps.actions
    return recorded["value"] if "value" in recorded else np.zeros((0, 1))


def _repeat(world: Simulation, episodes: Sequence[Episode], actions: Sequence[NDArray[Any]]) -> list[Episode]:
    """Apply actions, of one shape, to fresh rows of the scenarios of episodes."""
    (seat,) = world.possible_agents
    scenarios = [one.scenario for one in episodes]
    noises = [_world_seed(one.scenario, one.seed, one.attempt) for one in episodes]
    try:
        with boundary("world"):
            env = world.vector(len(episodes))
            rows = list(fly(env, scenarios, noises, Recorded(np.stack(actions)), seat=seat))
    except EpisodeError as error:
        fault = Fault(side=error.side, message=str(error))
        rows = [Flown([], None, None, "error", fault)] * len(episodes)
    return [
        _flown(world, one.scenario, one.seats, one.seed, one.attempt, row)
        for one, row in zip(episodes, rows, strict=True)
    ]


def _flown(
    world: World, scenario: Scenario, seats: dict[str, SeatInfo], seed: int, attempt: int, row: Flown
) -> Episode:
    return Episode(
        id=episode_id(world.id, world.version, scenario, seats, seed, attempt),
        world=world.id,
        version=world.version,
        scenario=scenario,
        seats=seats,
        seed=seed,
        attempt=attempt,
        entries=row.entries,
        end=row.end,
        fault=row.fault,
        state=row.state,
        state_digest=digest(row.state),
        steps=row.steps,
    )


def _world_seed(scenario: Scenario, seed: int, attempt: int) -> int:
    return derive(seed, "env", scenario.id, scenario.index, attempt)


def seat_seed(seat: str, scenario: Scenario, seed: int, attempt: int) -> int:
    """Return the seed that the policy in a seat is given for an episode."""
    return derive(seed, "seat", seat, scenario.id, scenario.index, attempt)


def briefs(world: World, episode: Episode) -> dict[str, Brief]:
    """Return what every seat of a recorded episode was told before its first act; `world` is reset by it."""
    _reset(world, episode.scenario, episode.seed, episode.attempt)
    return {seat: world.brief(seat) for seat in episode.seats}


def briefed(world: World, scenarios: Sequence[Scenario]) -> dict[str, str]:
    """Return for every seat a digest of what it is told at the outset of some scenarios; `world` is reset by it."""
    told: dict[str, list[Any]] = {seat: [] for seat in world.possible_agents}
    for scenario in scenarios:
        _reset(world, scenario, 0, 0)
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


def _play_batch(
    worlds: Sequence[Turns],
    batch: Sequence[Scenario],
    policies: Mapping[str, Policy],
    seed: int,
    attempt: int,
) -> Iterator[Episode]:
    faults = _Faults()
    begun: list[int] = []
    for row, scenario in enumerate(batch):
        try:
            _reset(worlds[row], scenario, seed, attempt)
            begun.append(row)
        except RAISED as error:  # whatever a world raises is a fault of its own episode
            faults.note(row, error)
    sessions = _begin(worlds, batch, policies, begun, faults, seed, attempt)
    live = begun
    while waiting := _waiting(worlds, live, faults):
        # A wide policy is asked when everybody waits for it: the more episodes it sees at once, the cheaper each.
        narrowest = min([policies[seat].width for seat in waiting])
        for seat, rows in waiting.items():
            if policies[seat].width == narrowest:
                _step(worlds, sessions[seat], seat, rows, faults)
        live = [row for rows in waiting.values() for row in rows]
    seats = _seats(policies)
    for row, scenario in enumerate(batch):
        fault = faults.get(row)
        end: End = "error" if fault else _end(worlds[row])
        # A world that was not reset still holds the episode before.
        world = worlds[row] if row in begun else None
        yield _episode(worlds[row], world, scenario, seats, seed, attempt, end, fault)


class _Faults(dict[int, Fault]):
    """The faults of a batch, by row."""

    def note(self, row: int, error: BaseException, side: str = "world") -> None:
        """Record what was raised as a fault of `side` in one row, unless it says itself whose it is."""
        found = EpisodeError.of(side, error)
        self[row] = Fault(side=found.side, message=str(found))


def _waiting(worlds: Sequence[Turns], live: Sequence[int], faults: _Faults) -> dict[str, list[int]]:
    """Return the rows that go on, by the seat that is to move."""
    waiting: dict[str, list[int]] = {}
    for row in sorted(live):
        if row not in faults:
            try:
                if _alive(worlds[row]):
                    waiting.setdefault(worlds[row].agent_selection, []).append(row)
            except RAISED as error:  # as above
                faults.note(row, error)
    return waiting


def _begin(
    worlds: Sequence[Turns],
    batch: Sequence[Scenario],
    policies: Mapping[str, Policy],
    live: Sequence[int],
    faults: _Faults,
    seed: int,
    attempt: int,
) -> dict[str, "_Rows"]:
    """Open one session per seat over the rows whose reset went well."""
    place = {row: number for number, row in enumerate(live)}
    sessions: dict[str, _Rows] = {}
    for seat, policy in policies.items():
        briefs: dict[int, Brief] = {}
        for row in live:
            try:
                briefs[row] = worlds[row].brief(seat)
            except RAISED as error:  # as above
                faults.note(row, error)
        # A session has one place per row, also for one whose world broke.
        texts = [briefs.get(row, Brief(seat=seat)) for row in live]
        seeds = [seat_seed(seat, batch[row], seed, attempt) for row in live]
        try:
            with boundary(seat):
                sessions[seat] = _Rows(policy.begin(texts, seeds), place)
        except EpisodeError as error:
            for row in live:
                faults.setdefault(row, Fault(side=error.side, message=str(error)))
    return sessions


class _Rows:
    """A session, with the rows of the batch translated to its own."""

    def __init__(self, session: Session, place: Mapping[int, int]) -> None:
        self.session = session
        self.place = place


def _step(worlds: Sequence[Turns], rows_of: _Rows, seat: str, rows: list[int], faults: _Faults) -> None:
    """Ask one seat for the acts of all episodes that wait for it, and apply them."""
    seen: dict[int, list[Entry]] = {}
    for row in rows:
        try:
            seen[row] = worlds[row].observe(seat)
        except RAISED as error:  # as above
            faults.note(row, error)
    for row, act in _acts(rows_of, seat, seen, faults).items():
        try:
            worlds[row].step(act)
        except RAISED as error:  # as above
            faults.note(row, error)


def _acts(rows_of: _Rows, seat: str, seen: dict[int, list[Entry]], faults: _Faults) -> dict[int, Act]:
    acts: dict[int, Act] = {}
    try:
        given = rows_of.session.act([rows_of.place[row] for row in seen], list(seen.values()))
        for row, act in zip(seen, given, strict=True):
            if isinstance(act, EpisodeError):
                faults.note(row, act)
            else:
                acts[row] = act
    except RAISED as error:  # whatever a policy raises is a fault of its seat
        # In a batch it is not known whose row broke it, so every row that waited is at fault.
        for row in seen:
            faults.note(row, error, seat)
        return {}
    return acts


def _reset(world: World, scenario: Scenario, seed: int, attempt: int) -> None:
    world.reset(seed=_world_seed(scenario, seed, attempt), options={"scenario": scenario})


def _alive(world: Turns) -> bool:
    """Take PettingZoo's dead steps, and say whether a living seat is to move."""
    while world.agents:
        seat = world.agent_selection
        if not (world.terminations[seat] or world.truncations[seat]):
            return True
        if all(world.terminations[one] or world.truncations[one] for one in world.agents):
            return False
        world.step(None)
    return False


def _end(world: Turns) -> End:
    return "truncated" if any(world.truncations.values()) else "terminated"


def _seats(policies: Mapping[str, Policy]) -> dict[str, SeatInfo]:
    return {
        seat: SeatInfo(policy=policy.name, digest=policy.digest, generation=policy.generation)
        for seat, policy in policies.items()
    }


def _episode(
    world: World,
    played: Turns | None,
    scenario: Scenario,
    seats: dict[str, SeatInfo],
    seed: int,
    attempt: int,
    end: End,
    fault: Fault | None,
) -> Episode:
    """Return the record; `played` is the world if it was reset for this episode."""
    entries: list[Entry] = []
    state: Any = None
    state_digest = digest(None)
    try:
        with boundary("world"):
            if played is not None:
                entries = played.entries()
                if fault is None or fault.side != "world":
                    # A copy: the world goes on to the next episode, and what is judged is what is recorded.
                    state = plain(played.state())
                    state_digest = digest(state)
    except EpisodeError as error:
        end, fault, state = "error", Fault(side=error.side, message=str(error)), None
    return Episode(
        id=episode_id(world.id, world.version, scenario, seats, seed, attempt),
        world=world.id,
        version=world.version,
        scenario=scenario,
        seats=seats,
        seed=seed,
        attempt=attempt,
        entries=entries,
        end=end,
        fault=fault,
        state=state,
        state_digest=state_digest,
    )
