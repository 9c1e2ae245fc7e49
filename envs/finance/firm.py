"""A firm through the weeks of a year: what befalls it, what its treasurer does, and what is collected and paid.

All money is in thousand euros (k€). Interest is 8.5 % a year, the US prime rate from July 2023 to September 2024 (Federal
Reserve, *H.15 Selected Interest Rates*). Assumed, with no source: terms of four weeks, the 3 % of an invoice that a factor
keeps, the fees for putting off bills and for drawing unarranged, in how many instalments a called line is paid back, and how
a customer or a supplier who is lost is replaced.
"""

from collections.abc import Sequence

import numpy as np

from gristmill.envs.stepped.types import Array, State, Values, column, listed

__all__ = ["SALES", "TERM", "begin", "week"]

SALES = 100.0  # k€ in a planned week
TERM = 4  # weeks after which an invoice is due
PUT_OFF = 2  # weeks by which a bill can be put off, once
INTEREST = 0.085 / 52  # of what is drawn, a week
FACTOR = 0.03  # of an invoice, that a factor keeps
LATE_FEE = 0.02  # of a bill that was put off
UNARRANGED = 0.01  # of what the bank pays unasked
REGAIN = 26  # weeks until others buy what a lost customer bought
LOST = 0.4  # of the sales, while a supplier is missing
DEARER = 1.15  # price of supplies meanwhile, of the planned one
INSTALMENTS = 8  # weekly ones, in which a called line is paid back
NEVER = 10**6  # a week


def begin(values: Sequence[Values]) -> State:
    """Return the firms of some scenarios as they are before the first week, [rows, ...]."""
    fixed, margin = column(values, "fixed"), column(values, "margin")
    limit = column(values, "line") * fixed
    supplier, bank = (column(values, name, NEVER) for name in ("supplier_week", "bank_week"))
    lateness, late = column(values, "lateness"), listed(values, "weeks", "late")
    cash = column(values, "buffer") / 7.0 * (fixed + (1.0 - margin) * SALES)
    drawn = column(values, "debt") * limit
    nothing = np.zeros(len(values))
    return {
        "fixed": fixed,
        "supplies": (1.0 - margin) * SALES,
        "share": column(values, "share"),
        "customer_week": column(values, "customer_week", NEVER),
        "supplier_week": supplier,
        "supplier_end": supplier + column(values, "gap", 0),
        "frozen_week": bank,
        "called_week": np.where(column(values, "bank") == "calls", bank, NEVER),
        "demand": np.maximum(1.0 + column(values, "swing")[:, None] * listed(values, "weeks", "sales"), 0.0),
        "lateness": np.clip(lateness[:, None] * (1.0 + 0.5 * late), 0.0, 0.9),
        "price": np.maximum(1.0 + column(values, "price")[:, None] * listed(values, "weeks", "price"), 0.0),
        "cash": cash,
        "limit": limit,
        "drawn": drawn,
        "instalment": nothing.copy(),
        "due": np.full((len(values), TERM), SALES),
        "bills": np.zeros((len(values), PUT_OFF)),
        "late": nothing.copy(),
        "sold": np.full(len(values), SALES),
        "written_off": nothing.copy(),
        "paid_out": nothing.copy(),
        "financing": nothing.copy(),
        "unarranged": nothing.copy(),
        "headroom": (cash + limit - drawn) / fixed,
    }


def week(state: State, actions: Array, number: Array) -> None:
    """Let a week pass.

    Args:
        state: of the firms, changed in place.
        actions: line, delay, factor and payout, [rows, 4].
        number: of the week, from 0, [rows].
    """
    line, delay, factor, payout = actions.astype(np.float64).T
    _befall(state, number)
    _manage(state, line, factor, payout)
    _collect(state, number)
    level, missing = _level(state, number)
    state["sold"] = SALES * level * _now(state["demand"], number)
    state["due"][:, -1] = state["sold"]
    price = _now(state["price"], number) * np.where(missing, DEARER, 1.0)
    _pay(state, state["supplies"] * level * price, delay)
    _cover(state)


def _now(shocks: Array, number: Array) -> Array:
    """Return the shocks of this week, [rows], of those of all weeks."""
    now: Array = shocks[np.arange(len(number)), number]
    return now


def _befall(state: State, number: Array) -> None:
    """Let the largest customer default, and the bank freeze or call the line."""
    lost = np.where((number == state["customer_week"])[:, None], state["share"][:, None] * state["due"], 0.0)
    state["due"] -= lost
    state["written_off"] += lost[:, 0] + lost[:, 1] + lost[:, 2] + lost[:, 3]
    frozen, called = number >= state["frozen_week"], number == state["called_week"]
    state["limit"] = np.where(frozen, np.minimum(state["limit"], state["drawn"]), state["limit"])
    state["instalment"] = np.where(called, state["drawn"] / INSTALMENTS, state["instalment"])


def _manage(state: State, line: Array, factor: Array, payout: Array) -> None:
    """Draw or pay back, sell invoices and pay owners, as far as the line and the cash go."""
    least = -np.minimum(state["drawn"], np.maximum(state["cash"], 0.0))
    moved = np.clip(line * state["limit"], least, state["limit"] - state["drawn"])
    later = state["due"][:, 1:]
    sold = factor * (later[:, 0] + later[:, 1] + later[:, 2])
    later *= (1.0 - factor)[:, None]
    state["drawn"] += moved
    state["cash"] += moved + (1.0 - FACTOR) * sold
    state["financing"] += FACTOR * sold
    paid = np.minimum(payout * SALES, np.maximum(state["cash"], 0.0))
    state["cash"] -= paid
    state["paid_out"] += paid


def _collect(state: State, number: Array) -> None:
    """Collect the invoices that are due; a share of them slips into the next week."""
    due = state["due"]
    state["late"] = _now(state["lateness"], number)
    slipped = due[:, 0] * state["late"]
    state["cash"] += due[:, 0] - slipped
    due[:, :-1] = due[:, 1:].copy()
    due[:, 0] += slipped


def _level(state: State, number: Array) -> tuple[Array, Array]:
    """Return the firm's size beside the plan, and whether a supplier is missing, [rows] each."""
    since = number - state["customer_week"]
    gone = np.where(since >= 0, np.maximum(1.0 - since / REGAIN, 0.0), 0.0)
    missing = (number >= state["supplier_week"]) & (number < state["supplier_end"])
    return (1.0 - state["share"] * gone) * np.where(missing, 1.0 - LOST, 1.0), missing


def _pay(state: State, supplies: Array, delay: Array) -> None:
    """Pay costs, interest, instalments and bills, but for the share of this week's supplies that is put off."""
    bills = state["bills"]
    owed = np.minimum(state["instalment"], state["drawn"])
    charges = INTEREST * state["drawn"] + LATE_FEE * bills[:, 0]
    state["cash"] -= state["fixed"] + charges + owed + bills[:, 0] + (1.0 - delay) * supplies
    state["financing"] += charges
    state["drawn"] -= owed
    state["limit"] -= owed
    bills[:, :-1] = bills[:, 1:].copy()
    bills[:, -1] = delay * supplies


def _cover(state: State) -> None:
    """Let the bank pay what cash does not cover, as far as the line goes, and say what is left."""
    free = state["limit"] - state["drawn"]
    drawn = np.minimum((1.0 + UNARRANGED) * np.maximum(-state["cash"], 0.0), free)
    state["drawn"] += drawn
    state["cash"] += drawn / (1.0 + UNARRANGED)
    state["unarranged"] += drawn
    state["financing"] += drawn * (UNARRANGED / (1.0 + UNARRANGED))
    state["headroom"] = (state["cash"] + state["limit"] - state["drawn"]) / state["fixed"]
