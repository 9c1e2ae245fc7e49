"""The treasury of a firm: a year of weekly cash flow, through which it has to stay solvent.

Success is a year in which all was paid, a line of credit that is paid back at its end, as banks that lend for a year at a
time often ask (assumed), and as much cash as the owners want to be there: what is beyond that is theirs.
The rare event is that nothing is left to pay with, neither cash nor line: bankruptcy.
"""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import numpy as np

from gristmill.envs.finance.firm import SALES, TERM, begin, week
from gristmill.envs.finance.scenarios import KINDS, SPACE, WEEKS, stratum
from gristmill.envs.stepped.types import Array, Observation, Quantity, State, Values
from gristmill.envs.stepped.world import SteppedWorld
from gristmill.severity import Severity
from gristmill.types import Entry, Episode

__all__ = ["Treasury"]

CLOSING = (3.0, 5.0)  # weeks of fixed costs, that the cash at the year's end comes to
COST = 0.002  # of a year's planned sales, that interest, fees and discounts may come to; as the closing cash, assumed
CENT = 0.1  # k€; what is less is nothing


def shortage(episode: Episode) -> list[float]:
    """Return by how much the firm was short after each week, at the worst until then, in weeks of fixed costs."""
    assert episode.steps is not None  # it was simulated
    headroom = episode.steps.observations["headroom"][1:, 0].astype(np.float64)
    short: list[float] = (-np.minimum.accumulate(headroom)).tolist()
    return short


class Treasury(SteppedWorld):
    """The weekly cash flow of a firm through a year."""

    id: ClassVar[str] = "finance/treasury-v1"
    task = (
        "You are the treasurer of a firm. Every week, draw on the line of credit or pay it back, put off bills, sell invoices "
        "to a factor and pay owners, so that all obligations are met through 52 weeks. Close the year with the line paid "
        "back, no bill put off, and 3 to 5 weeks of fixed costs in cash; spend at most 0.2 % of the planned sales on financing."
    )
    seat = "treasurer"
    space = SPACE
    horizon = WEEKS
    clock = "weeks"
    quantities: ClassVar[Mapping[str, Quantity]] = {
        "cash": Quantity(1, "k€", "cash"),
        "drawn": Quantity(1, "k€", "what is drawn on the line of credit", 0.0),
        "limit": Quantity(
            1, "k€", "how far the line goes; as far as it is drawn once the bank has frozen it", 0.0
        ),
        "instalment": Quantity(1, "k€", "what a bank that has called the line is paid back a week", 0.0),
        "due": Quantity(TERM, "k€", "invoices due in this week and in the next ones", 0.0),
        "bills": Quantity(2, "k€", "bills that were put off to this week and to the next one", 0.0),
        "late": Quantity(1, "", "share of the invoices due last week that were not paid", 0.0, 1.0),
        "sold": Quantity(1, "k€", "sales of last week", 0.0),
        "fixed": Quantity(1, "k€", "fixed costs of a week", 0.0),
        "supplies": Quantity(1, "k€", "planned supplies of a week", 0.0),
        "headroom": Quantity(1, "weeks", "cash and what is left of the line, in weeks of fixed costs"),
    }
    controls: ClassVar[Mapping[str, Quantity]] = {
        "line": Quantity(1, "", "share of the limit that is drawn, or paid back if negative", -1.0, 1.0),
        "delay": Quantity(1, "", "share of this week's supplies that is paid two weeks later", 0.0, 1.0),
        "factor": Quantity(1, "", "share of the invoices due after this week that is sold", 0.0, 1.0),
        "payout": Quantity(1, "100 k€", "what the owners are paid", 0.0, 4.0),
    }
    grounds: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "solvent": ("headroom", "steps"),
        "line_paid_back": ("drawn",),
        "no_bills_put_off": ("bills",),
        "cash_as_agreed": ("cash", "fixed"),
        "financing_cheap": ("financing",),
    }
    severities: ClassVar[Sequence[Severity]] = (
        Severity(
            name="bankruptcy",
            of=lambda episode: max(shortage(episode)),
            threshold=0.0,
            about="minus the least of cash and free line at the end of a week",
            unit="weeks of fixed costs",
            running=shortage,
            clock="weeks",
        ),
    )
    kinds = KINDS

    def begin(self, values: Sequence[Values]) -> State:
        return begin(values)

    def advance(self, state: State, actions: Array, step: Array) -> None:
        week(state, actions, step)

    def observe(self, state: State) -> Observation:
        return {
            name: state[name] if state[name].ndim == 2 else state[name][:, None]
            for name in self.quantities
            if name != "time"
        }

    def outcome(self, state: State) -> State:
        names = (
            "cash",
            "drawn",
            "bills",
            "fixed",
            "headroom",
            "financing",
            "unarranged",
            "written_off",
            "paid_out",
        )
        return {name: state[name] for name in names}

    def over(self, outcome: State) -> Array:
        bankrupt: Array = outcome["headroom"] <= 0.0
        return bankrupt

    def predicates(self, outcome: State) -> dict[str, Array]:
        closing = outcome["cash"] / outcome["fixed"]
        return {
            "solvent": (outcome["headroom"] > 0.0) & (outcome["steps"] == WEEKS),
            "line_paid_back": outcome["drawn"] <= CENT,
            "no_bills_put_off": outcome["bills"][:, 0] + outcome["bills"][:, 1] <= CENT,
            "cash_as_agreed": (closing >= CLOSING[0]) & (closing <= CLOSING[1]),
            "financing_cheap": outcome["financing"] <= COST * WEEKS * SALES,
        }

    def log(self, values: Values, outcome: dict[str, Any]) -> list[Entry]:
        weeks = outcome["steps"]
        found: list[Entry] = []

        def note(event: str, number: float, **more: Any) -> None:
            if number < weeks:
                found.append({"from": "world", "event": event, "step": number, **more})

        if values["customer"] == "defaults":
            note(
                "largest customer defaults",
                values["customer_week"],
                written_off=round(outcome["written_off"], 1),
            )
        if values["supplier"] == "bankrupt":
            note("key supplier goes bankrupt", values["supplier_week"])
            note("another supplier delivers", values["supplier_week"] + values["gap"])
        if values["bank"] != "lends":
            note(f"bank {values['bank']} the line", values["bank_week"])
        if outcome["headroom"] <= 0.0:
            note("bankrupt", weeks - 1, short=round(-outcome["headroom"] * outcome["fixed"], 1))
        return sorted(found, key=lambda one: one["step"])

    def stratum(self, values: Values) -> str:
        return stratum(values)
