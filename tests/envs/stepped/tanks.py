"""Stepped worlds for tests: a tank that is to be kept from running over and dry, and ways to spoil it."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import numpy as np

from gristmill.envs.stepped.types import Array, Observation, Quantity, State, Values, column, listed
from gristmill.envs.stepped.world import SteppedWorld
from gristmill.generators.fields import Choice, Many, Normal, Uniform
from gristmill.generators.space import Space
from gristmill.policy import Place, Policy, policy
from gristmill.types import Entry, Scenario


class Tank(SteppedWorld):
    """A tank of 10 m³ from which as much is drawn as a scenario says; a pump fills it."""

    id: ClassVar[str] = "test/tank-v1"
    task = "Keep the tank from running over and dry, and end with 4 to 6 m³."
    seat = "keeper"
    horizon = 12
    clock = "h"
    space = Space(
        start=Uniform(1.0, 4.0, unit="m³"),
        draws=Many(Space(volume=Normal(0.5, 0.2, low=0.0, unit="m³")), Choice([12])),
    )
    quantities: ClassVar[Mapping[str, Quantity]] = {
        "level": Quantity(1, "m³", "what is in the tank"),
        "drawn": Quantity(1, "m³", "what was drawn in the last step", low=0.0),
    }
    controls: ClassVar[Mapping[str, Quantity]] = {
        "pump": Quantity(1, "m³/h", "what the pump brings", 0.0, 2.0)
    }

    def begin(self, values: Sequence[Values]) -> State:
        return {
            "level": column(values, "start"),
            "draws": listed(values, "draws", "volume"),
            "drawn": np.zeros(len(values)),
            "spilt_in": np.full(len(values), -1),
        }

    def advance(self, state: State, actions: Array, step: Array) -> None:
        state["drawn"] = state["draws"][np.arange(len(step)), step]
        state["level"] += actions[:, 0].astype(np.float64) - state["drawn"]
        spilt = (state["level"] < 0) | (state["level"] > 10)
        state["spilt_in"][spilt] = step[spilt]

    def observe(self, state: State) -> Observation:
        return {"level": state["level"][:, None], "drawn": state["drawn"][:, None]}

    def outcome(self, state: State) -> State:
        return {"level": state["level"], "spilt_in": state["spilt_in"]}

    def over(self, outcome: State) -> Array:
        spilt: Array = outcome["spilt_in"] >= 0
        return spilt

    def predicates(self, outcome: State) -> dict[str, Array]:
        level = outcome["level"]
        return {"kept": outcome["spilt_in"] < 0, "middle": (level >= 4) & (level <= 6)}

    def log(self, values: Values, outcome: dict[str, Any]) -> list[Entry]:
        spilt = outcome["spilt_in"]
        return [{"from": "world", "event": "spilt", "step": spilt}] if spilt >= 0 else []


class Breaking(Tank):
    """A tank whose level is no number once the pump brings more than 1.9 m³ in the hour."""

    id: ClassVar[str] = "test/breaking-tank-v1"

    def advance(self, state: State, actions: Array, step: Array) -> None:
        super().advance(state, actions, step)
        state["level"] = np.where(actions[:, 0] > 1.9, np.nan, state["level"])


def scenario(index: int = 0, **changes: Any) -> Scenario:
    """Return a scenario of the tank."""
    values = Tank().scenario(7, index).values
    return Scenario.of(Tank.id, {**values, **changes})


@policy("*", "keeper", "expert")
def expert(place: Place) -> Policy:
    """Fill up to the middle, and then what is drawn."""
    return _Steady(place.spec, lambda seen: np.clip(5.0 - seen["level"] + 0.5, 0.0, 1.5))


@policy("*", "keeper", "noop")
def noop(place: Place) -> Policy:
    """Let the pump stand."""
    return _Steady(place.spec, lambda seen: np.zeros_like(seen["level"]))


@policy("*", "keeper", "random")
def random_actions(place: Place) -> Policy:
    """Pump as the last digits of the level say."""
    return _Steady(place.spec, lambda seen: 2.0 * np.abs(seen["level"] * 997.0 % 1.0))


class _Steady:
    """A policy that acts by what it sees now."""

    digest, generation, width = "steady", 0, 0

    def __init__(self, name: str, act: Any) -> None:
        self.name, self._act = name, act

    def begin(self, briefs: Sequence[Any], seeds: Sequence[int]) -> "_Steady":
        """Return itself."""
        return self

    def act(self, rows: Sequence[int], seen: Mapping[str, Array]) -> Array:
        """Return the actions."""
        actions: Array = self._act(seen).astype(np.float32)
        return actions
