"""An assembly line through a shift, and its inspector, who keeps defective units from being shipped.

Success is a shift that is over in time, with next to no defective unit shipped, inspections throughout as the control plan
asks for, and tools that were neither thrown away early nor used when worn out. The rare event is that several defective
units are shipped.
"""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import numpy as np

from gristmill.envs.factory.scenarios import KINDS, SPACE, UNITS, stratum
from gristmill.envs.factory.shift import BLANK, SHIFT, SIZE, begin, unit
from gristmill.envs.stepped.types import Array, Observation, Quantity, State, Values
from gristmill.envs.stepped.world import SteppedWorld
from gristmill.severity import Severity
from gristmill.types import Entry, Episode

__all__ = ["Line"]

RECALL = 6  # defective units shipped in a shift that make a recall
ALLOWED = 1  # that are put up with
PLAN = 10  # units in a row, of which at least one is inspected; as is what is allowed, assumed
EARLY, LATE = 0.7, 1.0  # share of its life at which a tool is changed
SORTS = {SIZE: "size", BLANK: "blank", SIZE + BLANK: "size and blank"}


def escapes(episode: Episode) -> list[float]:
    """Return the grade of the shift after each unit: how many defective units were shipped, and a fraction."""
    assert episode.steps is not None  # it was simulated
    grades: list[float] = (-np.cumsum(episode.steps.rewards)).tolist()
    return grades


class Line(SteppedWorld):
    """An assembly line through a shift of 120 units."""

    id: ClassVar[str] = "factory/line-v1"
    task = (
        "You are the inspector of an assembly line. For each of 120 units, say how often units are inspected, whether the tool "
        "is changed before it, and whether the line is stopped to set the gauge and put an odd lot of blanks aside. Ship at "
        "most one defective unit, inspect at least one of any 10 in a row, use tools for 70 to 100 % of their life, and be done "
        "in 480 minutes."
    )
    seat = "inspector"
    space = SPACE
    horizon = UNITS
    clock = "units"
    quantities: ClassVar[Mapping[str, Quantity]] = {
        "noise": Quantity(1, "σ", "standard deviation of the gauge's error, from its last study", 0.0),
        "power": Quantity(
            1, "", "power of the spindle, of that with a new tool; 1.2 when it is worn out", 0.0
        ),
        "age": Quantity(1, "units", "made with this tool", 0.0),
        "reading": Quantity(1, "σ", "what the gauge said last"),
        "chart": Quantity(1, "σ", "moving average of what the gauge says"),
        "inspected": Quantity(1, "units", "inspected so far", 0.0),
        "rejected": Quantity(1, "units", "scrapped so far for their size", 0.0),
        "flaws": Quantity(1, "units", "scrapped so far for their blank", 0.0),
        "minutes": Quantity(1, "min", "gone so far", 0.0),
    }
    controls: ClassVar[Mapping[str, Quantity]] = {
        "tool": Quantity(1, "", "from 0.5, the tool is changed, which takes 6 min", 0.0, 1.0),
        "stop": Quantity(1, "", "from 0.5, the line is stopped for 12 min", 0.0, 1.0),
        "inspect": Quantity(
            1, "", "share of the units that is inspected, which takes 0.3 min each", 0.0, 1.0
        ),
    }
    grounds: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "all_units_made": ("steps",),
        "done_in_time": ("minutes",),
        "few_defects_shipped": ("defects", "defect_units", "defect_sorts"),
        "enough_inspected": ("unseen_most", "inspected"),
        "tools_used_up": ("changes", "least_used"),
        "no_worn_tool_used": ("most_used", "broken"),
    }
    severities: ClassVar[Sequence[Severity]] = (
        Severity(
            name="recall",
            of=lambda episode: max(escapes(episode)),
            threshold=float(RECALL),
            about="defective units shipped, and a fraction that rises with how near the others were to the limits",
            unit="units",
            running=escapes,
            clock="units",
        ),
    )
    kinds = KINDS

    def begin(self, values: Sequence[Values]) -> State:
        return begin(values)

    def advance(self, state: State, actions: Array, step: Array) -> None:
        unit(state, actions, step)

    def observe(self, state: State) -> Observation:
        return {name: state[name][:, None].astype(np.float64) for name in self.quantities if name != "time"}

    def outcome(self, state: State) -> State:
        names = (
            "shipped",
            "defects",
            "defect_units",
            "defect_sorts",
            "inspected",
            "unseen_most",
            "rejected",
            "flaws",
            "minutes",
        )
        return {
            **{name: state[name] for name in (*names, "changes", "stops", "least_used", "most_used")},
            "broken": state["broken"],
        }

    def predicates(self, outcome: State) -> dict[str, Array]:
        return {
            "all_units_made": outcome["steps"] == UNITS,
            "done_in_time": outcome["minutes"] <= SHIFT,
            "few_defects_shipped": outcome["defects"] <= ALLOWED,
            "enough_inspected": outcome["unseen_most"] < PLAN,
            "tools_used_up": (outcome["changes"] > 0) & (outcome["least_used"] >= EARLY),
            "no_worn_tool_used": (outcome["most_used"] <= LATE) & ~outcome["broken"],
        }

    def reward(self, state: State, won: Array) -> Array:
        """Return minus what the unit has added to the grade of the shift, [rows]."""
        added: Array = -state["risen"]
        return added

    def log(self, values: Values, outcome: dict[str, Any]) -> list[Entry]:
        found: list[Entry] = []

        def note(event: str, number: int, **more: Any) -> None:
            if number < outcome["steps"]:
                found.append({"from": "world", "event": event, "step": number, **more})

        if values["gauge"] != "true":
            note("gauge reads low", 0, by=round(values["low"], 2))
        if values["lot"] != "good":
            note(f"{values['lot']} lot", values["lot_unit"])
        if values["tool"] == "breaks":
            note("tool breaks", values["tool_unit"])
        for number, sort in zip(outcome["defect_units"], outcome["defect_sorts"], strict=True):
            if number >= 0:
                note("defective unit shipped", number, defect=SORTS.get(sort, ""))
        if outcome["defects"] >= RECALL:
            note("recall", outcome["defect_units"][RECALL - 1])
        return sorted(found, key=lambda one: one["step"])

    def stratum(self, values: Values) -> str:
        return stratum(values)
