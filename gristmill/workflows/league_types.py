"""What a league comes to, as plain data; it is written to `league.json` and read back by the report."""

from pathlib import Path

import msgspec

from gristmill.workflows.metrics import Rate
from gristmill.workflows.ratings import Interval
from gristmill.workflows.stored import stored

__all__ = ["FILE", "Cell", "Deal", "League", "Meeting", "Plane", "Player", "read_league"]

FILE = "league.json"


class Player(msgspec.Struct, frozen=True, kw_only=True):
    """A strategy, and how it did. Intervals are over scenarios; a figure is None where nothing says what it is.

    Attributes:
        name: spec of the policy.
        digests: of the policy in each seat.
        generation: highest of them.
        rating: Bradley–Terry strength on the Elo scale; the mean of the league is 1500.
        score: mean score against those it met, each of them counting once, and over both seats; `by_seat` in each of them.
        agreement: share of its episodes that ended in a deal, of those in which one is possible.
        efficiency: mean share of the best Nash product.
        share: how much of the time it is played in the long run, see `gristmill.workflows.alpharank`: the mean over
            resamples, which unlike the figure of the sample itself changes but little with each scenario.
        share_by_seat: the same in each seat.
        passed: how many of its episodes passed, by its own checks and those about the whole episode; `errors` are those
            that it broke itself, which count nowhere else.
        kept: how many of its episodes passed all checks of its own conduct, whatever the other did; of none where the world
            has no such checks.
    """

    name: str
    digests: dict[str, str] = {}
    generation: int = 0
    rating: Interval | None = None
    score: Interval | None = None
    by_seat: dict[str, Interval | None] = {}
    agreement: Interval | None = None
    efficiency: Interval | None = None
    share: Interval | None = None
    share_by_seat: dict[str, float] = {}
    passed: Rate = Rate.of_counts(0, 0)
    kept: Rate = Rate.of_counts(0, 0)


class Cell(msgspec.Struct, frozen=True, kw_only=True):
    """What the player of a row made of the player of a column.

    Attributes:
        score: mean score of the row's player, over both seats.
        by_seat: the same in each seat.
        agreement: share of episodes that ended in a deal, of those in which one is possible, over both seatings.
        efficiency: mean share of the best Nash product, over both seatings.
        n: episodes that were judged, over both seatings.
    """

    score: Interval | None = None
    by_seat: dict[str, Interval | None] = {}
    agreement: Interval | None = None
    efficiency: Interval | None = None
    n: int = 0


class Meeting(msgspec.Struct, frozen=True, kw_only=True):
    """An ordered pair of players, as numbers from 0, and its run.

    Attributes:
        first: who sits in the first seat.
        second: who sits in the second seat.
        run: the run directory, relative to the league's folder.
        counts: episodes by status.
        errors: episodes that ended in an error, by the side at fault: a seat, `world` or `tool`.
    """

    first: int
    second: int
    run: str
    counts: dict[str, int] = {}
    errors: dict[str, int] = {}


class Deal(msgspec.Struct, frozen=True, kw_only=True):
    """How one meeting ended in a scenario: what that is worth to both seats, and whether there was a deal."""

    first: int
    second: int
    at: tuple[float, float]
    struck: bool


class Plane(msgspec.Struct, frozen=True, kw_only=True):
    """What could be had in a scenario, and what was: utilities of the first and of the second seat.

    Attributes:
        scenario: id, and `stratum` of the scenario.
        front: the efficient outcomes.
        best: the outcome with the greatest Nash product.
        reservation: what both have without a deal.
        deals: how the meetings ended.
    """

    scenario: str
    stratum: str = ""
    front: list[tuple[float, float]] = []
    best: tuple[float, float] | None = None
    reservation: tuple[float, float] | None = None
    deals: list[Deal] = []


class League(msgspec.Struct, frozen=True, kw_only=True):
    """A league.

    Attributes:
        world: spec of the world, and `version` of its code.
        seats: names of the first and the second seat.
        seed: root seed of the scenarios.
        scenarios: how many there are; every meeting plays all of them.
        level: how strongly every episode is verified.
        pairing: who met: `all`, or `random` pairs.
        players: in the order in which they were named.
        meetings: every ordered pair that met.
        matrix: by row and column in the order of `players`; None where two did not meet.
        lead: by how much the highest rating is above the next one; surer than their two intervals, since it is paired.
        planes: some scenarios, where the world says what could be had in them.
        notes: what a reader should know before trusting the figures.
        seconds: how long the playing took, as far as this call did it.
    """

    world: str
    version: str
    seats: tuple[str, str]
    seed: int
    scenarios: int
    level: str = "checked"
    pairing: str = "all"
    players: list[Player] = []
    meetings: list[Meeting] = []
    matrix: list[list[Cell | None]] = []
    lead: Interval | None = None
    planes: list[Plane] = []
    notes: list[str] = []
    seconds: float = 0.0

    @property
    def ranking(self) -> list[int]:
        """The players, as numbers from 0, from the highest rating to the lowest; those without one at the end."""

        def height(player: int) -> tuple[bool, float]:
            found = self.players[player].rating
            return found is None, -found.value if found else 0.0

        return sorted(range(len(self.players)), key=height)

    @property
    def counts(self) -> dict[str, int]:
        """Episodes by status."""
        return _summed([one.counts for one in self.meetings])

    @property
    def errors(self) -> dict[str, int]:
        """Episodes that ended in an error, by the side at fault."""
        return _summed([one.errors for one in self.meetings])


def read_league(folder: Path) -> League:
    """Return the league in a folder.

    Raises:
        StoreError: when there is none, or it cannot be read.
    """
    return stored(folder / FILE, League, "a league", "league")


def _summed(counts: list[dict[str, int]]) -> dict[str, int]:
    names = dict.fromkeys(name for one in counts for name in one)
    return {name: sum(one.get(name, 0) for one in counts) for name in names}
