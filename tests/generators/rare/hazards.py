"""Small problems whose failures are known."""

from collections.abc import Sequence

from gristmill.generators.fields import Choice, Flag, Integer, Many, Normal, Pattern
from gristmill.generators.rare.problem import Outcome, Problem
from gristmill.generators.space import Space, Values

__all__ = ["desk", "road"]

_METRES = {"clear": 70.0, "ice": 140.0}
_BANDS = ("slow", "usual", "fast")


def road(threshold: float = 0.0) -> Problem:
    """Return a car before an animal: by how many metres it stops too late, and nothing happens where there is no animal."""
    space = Space(
        name=Pattern("??##"),
        speed=Normal(30, 3.5, unit="m/s"),
        sight=Normal(200, 15, unit="m"),
        weather=Choice(["clear", "ice"], [0.99, 0.01]),
        animal=Choice(["none", "dog", "horse"], [0.99, 0.008, 0.002]),
    )

    def outcome(row: Values) -> Outcome:
        band = _BANDS[(row["speed"] >= 27) + (row["speed"] >= 33)]
        kind = row["weather"], row["animal"], band
        if row["animal"] == "none":
            return Outcome(-200.0, (), kind)
        return Outcome(_METRES[row["weather"]] + 3.0 * row["speed"] - row["sight"], (), kind)

    kinds = {"weather": ("clear", "ice"), "animal": ("none", "dog", "horse"), "speed": _BANDS}
    return Problem(space, lambda rows: list(map(outcome, rows)), threshold, kinds=kinds)


def desk() -> Problem:
    """Return an agent that repeats a refund whenever it times out: the severity is by how many refunds are too many."""
    request = Space(
        wish=Choice(["ask", "refund"], [0.7, 0.3]),
        order=Pattern("W##"),
        urgent=Flag(0.1).when(wish="refund"),
        days=Integer(1, 30).when(wish="refund"),
    )
    space = Space(
        fault=Choice(["none", "before", "after"], [0.98, 0.01, 0.01]),
        nth=Choice([1, 2], [0.8, 0.2]),
        requests=Many(request, Choice([1, 2, 3], [0.6, 0.3, 0.1])),
        where=lambda row: len({one["order"] for one in row["requests"]}) == len(row["requests"]),
    )

    def simulate(rows: Sequence[Values]) -> list[Outcome]:
        return [Outcome(float(_twice(row)) + 0.1 * len(row["requests"]), (), (row["fault"],)) for row in rows]

    return Problem(space, simulate, 1.0, kinds={"fault": ("none", "before", "after")})


def _twice(row: Values) -> bool:
    """Return whether a refund was made twice: the fault struck it after it was made, and it was made again."""
    writes = [one for one in row["requests"] if one["wish"] == "refund"]
    return bool(row["fault"] == "after" and len(writes) >= row["nth"])
