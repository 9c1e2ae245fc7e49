"""The units of a shift: each is made from a blank by a tool that wears, may be inspected, and is shipped or scrapped.

Sizes are in σ, the standard deviation of a new tool's work, from the middle of the tolerance. Times are in minutes; that
the line makes a unit in 3.5, and how long inspections, new tools and stops take, is assumed, as is by how much a porous or
soft lot and a broken tool are worse.
"""

from collections.abc import Sequence

import numpy as np

from gristmill.envs.stepped.types import Array, State, Values, column, listed

__all__ = ["BLANK", "SHIFT", "SIZE", "begin", "unit"]

LIMIT = 4.0  # σ, tolerance to either side
WORN = 1.5  # σ, by which a worn-out tool shifts sizes
BREAK = 2.5  # σ, by which a broken one does, beside its wear
HIDDEN = 0.23  # of the bad blanks, in which inspection sees nothing
POROUS = 20.0  # times as many bad blanks are in a porous lot
SOFT = 1.3  # times as much do sizes scatter in a soft one
TAKT, INSPECTION, CHANGE, STOP = 3.5, 0.3, 6.0, 12.0  # min
SHIFT = 480.0  # min
SMOOTHING = 0.2  # of the control chart: an exponentially weighted moving average of readings (Roberts, 1959)
POWER = 0.2  # by which the power of the spindle rises until a tool is worn out, of that of a new one
IDLE = 0.5  # of it, that a broken tool takes
NOTED = 8  # defective units of which it is noted which they were
SIZE, BLANK = 1, 2  # sorts of defects, which add up
NEVER = 10**6  # a unit


def begin(values: Sequence[Values]) -> State:
    """Return the lines of some scenarios as they are before the first unit, [rows, ...]."""
    rows = len(values)
    nothing, none = np.zeros(rows), np.zeros(rows, dtype=np.int64)
    lot = column(values, "lot")
    return {
        "life": column(values, "life"),
        "bad": column(values, "bad"),
        "noise": column(values, "noise"),
        "lot_unit": column(values, "lot_unit", NEVER),
        "porous": lot == "porous",
        "soft": lot == "soft",
        "low": column(values, "low"),
        "tool_unit": column(values, "tool_unit", NEVER),
        "blank": listed(values, "units", "blank"),
        "size": listed(values, "units", "size"),
        "error": listed(values, "units", "gauge"),
        "age": nothing.copy(),
        "broken": np.zeros(rows, dtype=bool),
        "turn": nothing.copy(),
        "minutes": nothing.copy(),
        "power": np.ones(rows),
        "chart": nothing.copy(),
        "reading": nothing.copy(),
        "rejected": none.copy(),
        "flaws": none.copy(),
        "inspected": none.copy(),
        "unseen": none.copy(),
        "unseen_most": none.copy(),
        "changes": none.copy(),
        "stops": none.copy(),
        "least_used": np.ones(rows),
        "most_used": nothing.copy(),
        "shipped": none.copy(),
        "defects": none.copy(),
        "defect_units": np.full((rows, NOTED), -1),
        "defect_sorts": np.zeros((rows, NOTED), dtype=np.int64),
        "strain": nothing.copy(),
        "grade": nothing.copy(),
        "risen": nothing.copy(),
    }


def unit(state: State, actions: Array, number: Array) -> None:
    """Make a unit, and ship or scrap it.

    Args:
        state: of the lines, changed in place.
        actions: tool, stop and inspect, [rows, 3].
        number: of the unit, from 0, [rows].
    """
    _tend(state, number, actions[:, 0] >= 0.5, actions[:, 1] >= 0.5)
    row = np.arange(len(number))
    odd = number >= state["lot_unit"]
    state["age"] += 1.0
    used = state["age"] / state["life"]
    state["most_used"] = np.maximum(state["most_used"], used)
    state["power"] = np.where(state["broken"], IDLE, 1.0 + POWER * used)
    scatter = np.where(odd & state["soft"], SOFT, 1.0)
    size = scatter * state["size"][row, number] + WORN * used + np.where(state["broken"], BREAK, 0.0)
    share = state["bad"] * np.where(odd & state["porous"], POROUS, 1.0)
    blank = state["blank"][row, number]
    flaw = blank < share
    seen = flaw & (blank >= HIDDEN * share)
    _inspect(state, actions[:, 2].astype(np.float64))
    looks = state["turn"] >= 1.0
    reading = size - state["low"] + state["noise"] * state["error"][row, number]
    _chart(state, looks, reading, seen)
    _ship(state, number, ~(looks & (seen | (np.abs(reading) > LIMIT))), size, flaw)


def _tend(state: State, number: Array, change: Array, stop: Array) -> None:
    """Change the tool; stop the line to set the gauge and to put the rest of an odd lot aside; let the tool break."""
    used = state["age"] / state["life"]
    whole = change & ~state["broken"]
    state["least_used"] = np.where(whole, np.minimum(state["least_used"], used), state["least_used"])
    state["age"] = np.where(change, 0.0, state["age"])
    state["broken"] = (state["broken"] & ~change) | (number == state["tool_unit"])
    state["changes"] += change
    state["stops"] += stop
    state["low"] = np.where(stop, 0.0, state["low"])
    state["lot_unit"] = np.where(stop & (number >= state["lot_unit"]), NEVER, state["lot_unit"])
    state["minutes"] += TAKT + CHANGE * change + STOP * stop


def _inspect(state: State, rate: Array) -> None:
    """Say whether it is this unit's turn: a rate of 0.2 inspects every fifth."""
    # The turn that was taken leaves the rest; what is added is rounded so that ten tenths make one.
    turn = np.where(state["turn"] >= 1.0, state["turn"] - 1.0, state["turn"])
    state["turn"] = np.rint((turn + rate) * 1e4) / 1e4


def _chart(state: State, looks: Array, reading: Array, seen: Array) -> None:
    """Note what an inspection finds."""
    state["inspected"] += looks
    state["unseen"] = np.where(looks, 0, state["unseen"] + 1)  # units in a row that were not inspected
    state["unseen_most"] = np.maximum(state["unseen_most"], state["unseen"])
    state["minutes"] += INSPECTION * looks
    state["reading"] = np.where(looks, reading, state["reading"])
    chart = (1.0 - SMOOTHING) * state["chart"] + SMOOTHING * reading
    state["chart"] = np.where(looks, chart, state["chart"])
    state["flaws"] += looks & seen
    state["rejected"] += looks & (np.abs(reading) > LIMIT)


def _ship(state: State, number: Array, shipped: Array, size: Array, flaw: Array) -> None:
    """Count what is shipped, and what of it is defective.

    The grade is the number of defective units, and a fraction that rises with how near the others were to the limits.
    """
    sort = SIZE * (np.abs(size) > LIMIT) + BLANK * flaw
    defect = shipped & (sort > 0)
    place = np.minimum(state["defects"], NOTED - 1)
    rows = np.flatnonzero(defect)
    state["defect_units"][rows, place[rows]] = number[rows]
    state["defect_sorts"][rows, place[rows]] = sort[rows]
    state["shipped"] += shipped
    state["defects"] += defect
    near = size / LIMIT
    state["strain"] += np.where(shipped & ~defect, near * near * near * near, 0.0)
    grade = state["defects"] + state["strain"] / (1.0 + state["strain"])
    state["risen"] = grade - state["grade"]
    state["grade"] = grade
