"""Exact probabilities of rare events in bundled worlds, to compare estimates with.

In each of them a policy that does not react is given a scenario of which all but a list of shocks is fixed. What is left
is a random walk, or a sum of independent units, whose probabilities dynamic programming gives to the last digits.
"""

import math
from collections.abc import Sequence
from functools import cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gristmill import registry
from gristmill.envs.factory import scenarios as shifts
from gristmill.envs.factory import shift
from gristmill.envs.factory.line import RECALL
from gristmill.envs.finance import firm
from gristmill.envs.finance import scenarios as years
from gristmill.generators.fields import Many
from gristmill.generators.space import Space
from gristmill.types import Scenario

__all__ = ["Truth", "line_truth", "treasury_truth"]

Array = NDArray[np.float64]


class Truth(NamedTuple):
    """A rare event, and how likely it is.

    Attributes:
        world: its spec.
        seats: spec of the policy in each seat.
        fixed: values of the fields of the Space that do not vary; the others are drawn as the Space says.
        p: probability of the event, given these values.
        threshold: the severity from which it is the event.
    """

    world: str
    seats: dict[str, str]
    fixed: dict[str, Any]
    p: float
    threshold: float

    def scenarios(self, seed: int, rows: Sequence[int]) -> list[Scenario]:
        """Return draws of what is left to chance, with the fixed values."""
        world: Any = registry.make(self.world)
        space = world.space
        free = [name for name, one in space.fields.items() if not one.condition and name not in self.fixed]
        return [
            Scenario.of(self.world, {**self.fixed, **one}) for one in space.only(free).samples(seed, rows)
        ]


def treasury_truth(buffer: float = 40.0) -> Truth:
    """Return how likely a firm goes bankrupt whose treasurer does nothing, and whose bank lends nothing from the start on.

    Customers pay in time and supplies cost what was planned, so that cash is a random walk: every week it goes by what is
    planned, and by what the sales of four weeks ago were above the plan.

    Args:
        buffer: cash at the outset in days of outgoings; the firm has a chance of 1e-5 with the default.
    """
    fixed: dict[str, Any] = {
        "buffer": buffer, "margin": 0.301, "fixed": 30.0, "line": 5.0, "debt": 0.2, "swing": 0.19, "lateness": 0.0,
        "price": 0.0, "share": 0.1, "customer": "pays", "supplier": "delivers", "bank": "freezes", "bank_week": 0,
    }  # fmt: skip
    supplies = (1.0 - fixed["margin"]) * firm.SALES
    cash = buffer / 7.0 * (fixed["fixed"] + supplies)
    interest = firm.INTEREST * fixed["debt"] * fixed["line"] * fixed["fixed"]
    planned = firm.SALES - fixed["fixed"] - supplies - interest
    values, chances = _law(years.SPACE, "weeks", "sales")
    step = (
        firm.SALES * fixed["swing"] * float(values[1] - values[0])
    )  # k€ from one value of a shock to the next
    p = _ruin(cash, planned, step, chances, years.WEEKS, firm.TERM)
    return Truth("finance/treasury-v1", {"treasurer": "noop"}, fixed, p, 0.0)


def _ruin(cash: float, planned: float, step: float, chances: Array, weeks: int, lag: int) -> float:
    """Return how likely a walk comes to nothing within some weeks, of which the first `lag` go as planned.

    The walk is on multiples of `step` about what is planned; `chances` are those of going by -n … n of them, [2 n + 1].
    """
    most = len(chances) // 2
    spread = np.sqrt(np.average((np.arange(len(chances)) - most) ** 2, weights=chances) * weeks)
    at = np.ones(1)  # chances of being at `lowest` and above it
    lowest, ruined = 0, 0.0
    for week in range(weeks):
        if week >= lag:
            at, lowest = np.convolve(at, chances), lowest - most
        where = cash + planned * (week + 1) + step * (lowest + np.arange(len(at)))
        ruined += float(at[where <= 0.0].sum())
        # Who is twelve standard deviations up is not ruined any more; that is less than rounding.
        kept = (where > 0.0) & (lowest + np.arange(len(at)) < 12 * spread)
        first = int(np.argmax(kept))
        at, lowest = at[first : len(kept) - int(np.argmax(kept[::-1]))], lowest + first
    return ruined


def line_truth(life: float = 37.3, least: int = RECALL) -> Truth:
    """Return how likely there is a recall where every fifth unit is inspected and tools are changed after forty.

    Lot, gauge and tool are as they should be, so that units are independent of each other, and the number of defective
    units that are shipped is Poisson binomial.

    Args:
        life: of the tools in units; there is a chance of 1e-5 with the defaults.
        least: defective units that make a recall.
    """
    rate, change = 0.2, 40
    fixed: dict[str, Any] = {
        "life": life,
        "bad": 0.0030005,
        "noise": 0.2137,
        "lot": "good",
        "gauge": "true",
        "tool": "whole",
    }
    count = np.zeros(shifts.UNITS + 1)  # chances of as many defective units
    count[0] = 1.0
    for unit in range(shifts.UNITS):
        looked = (unit + 1) % round(1 / rate) == 0
        p = _escapes(fixed["bad"], fixed["noise"], shift.WORN * (unit % change + 1) / life, looked)
        count[1:] = (1.0 - p) * count[1:] + p * count[:-1]
        count[0] *= 1.0 - p
    seats = {"inspector": f"steady?rate={rate}&change={change}"}
    return Truth("factory/line-v1", seats, fixed, float(count[least:].sum()), float(least))


def _escapes(bad: float, noise: float, shifted: float, looked: bool) -> float:
    """Return how likely a unit is defective and shipped."""
    sizes, of_size = _law(shifts.SPACE, "units", "size")
    sizes = sizes + shifted
    outside = np.abs(sizes) > shift.LIMIT
    flaw, hidden = _below(bad), _below(shift.HIDDEN * bad)
    if not looked:
        return 1.0 - float(of_size[~outside].sum()) * (1.0 - flaw)
    errors, of_error = _law(shifts.SPACE, "units", "gauge")
    below = np.concatenate([[0.0], np.cumsum(of_error)])
    last = np.searchsorted(errors, (shift.LIMIT - sizes) / noise, side="right")
    first = np.searchsorted(errors, (-shift.LIMIT - sizes) / noise, side="left")
    passes = below[last] - below[first]
    return float(of_size @ (passes * (hidden + (1.0 - flaw) * outside)))


@cache
def _law(space: Space, name: str, field: str) -> tuple[Array, Array]:
    """Return the values that a rounded field of the records in a list can have, and how likely each is."""
    records = space.fields[name]
    assert isinstance(records, Many)
    found: Any = records.space.fields[field]
    scale = 10**found.digits
    values = np.arange(round(found.low * scale), round(found.high * scale) + 1) / scale
    return values, np.exp([found.log_prob(value) for value in values.tolist()])


def _below(share: float) -> float:
    """Return how likely the number of a blank is below a share."""
    # Rounded to six digits, 0 has half the mass of the others.
    return (math.ceil(share * 1e6) - 0.5) / 1e6
