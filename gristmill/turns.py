"""The loop for seats that take turns: where conversations and the policies that hold them meet.

Episodes go in lock-step: a policy is asked once for all episodes that wait for it. Nothing is judged here.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple, Protocol, cast, runtime_checkable

from gristmill.digest import digest, plain
from gristmill.errors import RAISED, EpisodeError, boundary
from gristmill.policy import Policy, Session
from gristmill.types import Act, Brief, End, Entry, Fault, Rollout, Scenario
from gristmill.world import Turns, World

__all__ = ["Noted", "begin", "repeat", "take_turns"]

_NOTHING = digest(None)


@runtime_checkable
class Noted(Protocol):
    """A session that tells of its own work."""

    def notes(self, row: int) -> dict[str, Any]:
        """Return what there is to tell of an episode of the batch, such as tokens used, as plain JSON."""
        ...


def begin(world: World, scenario: Scenario, seed: int) -> None:
    """Start an episode of a scenario; the seed is for what is random in the world."""
    world.reset(seed=seed, options={"scenario": scenario})


def take_turns(
    worlds: Sequence[Turns],
    scenarios: Sequence[Scenario],
    seeds: Sequence[int],
    policies: Mapping[str, Policy],
    seat_seeds: Mapping[str, Sequence[int]],
) -> Iterator[Rollout]:
    """Play one scenario in each world to its end, and yield how they went, in order.

    Args:
        worlds: at least as many as there are scenarios.
        scenarios: what to play.
        seeds: one per scenario, for what is random in its world.
        policies: by seat.
        seat_seeds: by seat, one per scenario.
    """
    batch = _Batch(worlds, policies)
    batch.reset(scenarios, seeds)
    batch.open(seat_seeds)
    while waiting := batch.waiting():
        # A wide policy is asked when everybody waits for it: the more episodes it sees at once, the cheaper each.
        narrowest = min([policies[seat].width for seat in waiting])
        for seat, rows in waiting.items():
            if policies[seat].width == narrowest:
                batch.step(seat, rows)
    yield from map(batch.rollout, range(len(scenarios)))


def repeat(world: Turns, scenario: Scenario, seed: int, acts: Sequence[tuple[str, Act]]) -> Rollout:
    """Apply acts, with the seats that they are of, to a fresh episode; it is truncated when they run out."""
    end: End = "truncated"
    fault = played = None
    try:
        with boundary("world"):
            begin(world, scenario, seed)
            played = world
            for seat, act in acts:
                if not _alive(world):
                    break
                if world.agent_selection != seat:
                    raise EpisodeError(
                        seat, f"replay: expected an act of {world.agent_selection}, got one of {seat}"
                    )
                world.step(act)
            if not _alive(world):
                end = _end(world)
    except EpisodeError as error:
        end, fault = "error", Fault.of(error.side, error)
    return _rollout(played, end, fault)


class _Seated(NamedTuple):
    """A session of a policy, the places that rows of the batch have in it, and whether it tells of its own work."""

    session: Session
    places: Mapping[int, int]
    noted: bool


class _Batch:
    """Episodes on their way.

    Attributes:
        faults: by row.
        begun: rows whose world was reset.
        going: rows that are not known to be over, in order.
        seated: by seat.
    """

    def __init__(self, worlds: Sequence[Turns], policies: Mapping[str, Policy]) -> None:
        self.worlds, self.policies = worlds, policies
        self.faults: dict[int, Fault] = {}
        self.begun: list[int] = []
        self.going: list[int] = []
        self.seated: dict[str, _Seated] = {}

    def stop(self, row: int, error: BaseException, side: str = "world") -> None:
        """Record what was raised as a fault of `side` in one row, unless it says itself whose it is."""
        self.faults[row] = Fault.of(side, error)

    def reset(self, scenarios: Sequence[Scenario], seeds: Sequence[int]) -> None:
        for row, (scenario, seed) in enumerate(zip(scenarios, seeds, strict=True)):
            try:
                begin(self.worlds[row], scenario, seed)
                self.begun.append(row)
            except RAISED as error:  # whatever a world raises is a fault of its own episode
                self.stop(row, error)
        self.going = self.begun

    def open(self, seeds: Mapping[str, Sequence[int]]) -> None:
        """Open one session per seat over the rows whose reset went well."""
        places = {row: place for place, row in enumerate(self.begun)}
        for seat, policy in self.policies.items():
            # A session has one place per row, also for one whose world broke.
            briefs = [self._brief(row, seat) for row in self.begun]
            try:
                session = policy.begin(briefs, [seeds[seat][row] for row in self.begun])
            except RAISED as error:
                for row in self.begun:
                    self.faults.setdefault(row, Fault.of(seat, error))
            else:
                # Not by the protocol, which takes as long to look at as a message to make.
                self.seated[seat] = _Seated(session, places, hasattr(session, "notes"))

    def _brief(self, row: int, seat: str) -> Brief:
        try:
            return self.worlds[row].brief(seat)
        except RAISED as error:  # as above
            self.stop(row, error)
            return Brief(seat=seat)

    def waiting(self) -> dict[str, list[int]]:
        """Return the rows that go on, by the seat that is to move."""
        waiting: dict[str, list[int]] = {}
        for row in self.going:
            if row not in self.faults:
                try:
                    if _alive(self.worlds[row]):
                        waiting.setdefault(self.worlds[row].agent_selection, []).append(row)
                except RAISED as error:  # as above
                    self.stop(row, error)
        self.going = sorted(row for rows in waiting.values() for row in rows)
        return waiting

    def step(self, seat: str, rows: Sequence[int]) -> None:
        """Ask one seat for the acts of all episodes that wait for it, and apply them."""
        seen: dict[int, list[Entry]] = {}
        for row in rows:
            try:
                seen[row] = self.worlds[row].observe(seat)
            except RAISED as error:  # as above
                self.stop(row, error)
        for row, act in self._acts(seat, seen).items():
            try:
                self.worlds[row].step(act)
            except RAISED as error:  # as above
                self.stop(row, error)

    def _acts(self, seat: str, seen: Mapping[int, list[Entry]]) -> dict[int, Act]:
        session, places, _ = self.seated[seat]
        acts: dict[int, Act] = {}
        try:
            given = session.act([places[row] for row in seen], list(seen.values()))
            for row, act in zip(seen, given, strict=True):
                if isinstance(act, EpisodeError):
                    self.stop(row, act)
                else:
                    acts[row] = act
        except RAISED as error:  # whatever a policy raises is a fault of its seat
            # In a batch it is not known whose row broke it, so every row that waited is at fault.
            for row in seen:
                self.stop(row, error, seat)
            return {}
        return acts

    def rollout(self, row: int) -> Rollout:
        """Return how one row went."""
        notes = self._notes(row)
        fault = self.faults.get(row)
        # A world that was not reset still holds the episode before.
        played = self.worlds[row] if row in self.begun else None
        went = _rollout(played, "error" if fault else _end(self.worlds[row]), fault)
        return went._replace(notes=notes) if notes else went

    def _notes(self, row: int) -> dict[str, Any]:
        """Return what the sessions tell of their own work."""
        notes: dict[str, Any] = {}
        for seat, one in self.seated.items():
            if one.noted and row in one.places:
                try:
                    if found := cast(Noted, one.session).notes(one.places[row]):
                        notes[seat] = plain(found)
                except RAISED as error:
                    self.faults.setdefault(row, Fault.of(seat, error))
        return notes


def _rollout(played: Turns | None, end: End, fault: Fault | None) -> Rollout:
    """Return how an episode went; `played` is its world if that was reset for it."""
    entries: list[Entry] = []
    state, state_digest = None, _NOTHING
    try:
        with boundary("world"):
            if played is not None:
                entries = played.entries()
                if fault is None or fault.side != "world":
                    # A copy: the world goes on to the next episode, and what is judged is what is recorded.
                    state = plain(played.state())
                    state_digest = digest(state)
    except EpisodeError as error:
        end, fault, state = "error", Fault.of(error.side, error), None
    return Rollout(entries, state, state_digest, end, fault)


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
