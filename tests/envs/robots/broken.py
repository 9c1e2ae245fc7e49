"""Robot worlds that are spoiled in one way each, for tests of the checker and of what becomes of faults."""

from collections.abc import Mapping
from typing import Any, ClassVar

import mujoco
import numpy as np

from gristmill.agents.robots.reach import expert as reaching
from gristmill.envs.robots.physics import Physics
from gristmill.envs.robots.reach import Reach
from gristmill.envs.robots.types import Array
from gristmill.errors import UsageError
from gristmill.policy import Place, Policy, policy
from gristmill.types import Check, Episode, Scenario


@policy("*", "robot", "expert")
def expert(place: Place) -> Policy:
    """Reach as the expert of the sound world does."""
    return reaching(place)


class Sound(Reach):
    """Nothing is wrong with it."""

    id: ClassVar[str] = "local/sound-v1"


class Explodes(Sound):
    """The physics of its third scenario blow up."""

    def tune(self, model: mujoco.MjModel, values: Mapping[str, Any]) -> None:
        super().tune(model, values)
        if values == self.scenario(0, 2).values:
            model.dof_damping[:] = -1e9


class CannotStart(Sound):
    """The scene of its third scenario does not compile."""

    def scene(self, values: Mapping[str, Any]) -> str:
        text = super().scene(values)
        third = values == self.space.scenario(self.id, 0, 2).values
        return text.replace("<worldbody>", "<worldbody><oops/>") if third else text


class NoScene(Sound):
    """Its scene never compiles."""

    def scene(self, values: Mapping[str, Any]) -> str:
        return super().scene(values).replace("<worldbody>", "<worldbody><oops/>")


class IgnoresSeed(Sound):
    """All its scenarios are the same."""

    def scenario(self, seed: int, index: int) -> Scenario:
        return super().scenario(1, 1)


class AlwaysTrue(Sound):
    """Success is taken for granted."""

    def predicates(self, physics: Physics) -> dict[str, Array]:
        return {"there": np.ones(physics.rows, dtype=bool)}


class AnyStep(Sound):
    """Having been there once will do, by a predicate that remembers."""

    def predicates(self, physics: Physics) -> dict[str, Array]:
        found = super().predicates(physics)
        if physics.rows > 1:
            been = (
                vars(self).setdefault("been", {}).setdefault(id(physics), np.zeros(physics.rows, dtype=bool))
            )
            been |= found["there"] & found["still"]
            found = {name: been.copy() for name in found}
        return found


class AnyReward(Sound):
    """Having been rewarded once will do, by checks that look at the way."""

    def checks(self, episode: Episode) -> list[Check]:
        rewarded = episode.steps is not None and bool((episode.steps.rewards > 0).any())
        return [Check(name="rewarded", status="pass" if rewarded else "fail")]


class RowDecides(Sound):
    """Every model that is made is a little heavier than the one before."""

    def tune(self, model: mujoco.MjModel, values: Mapping[str, Any]) -> None:
        super().tune(model, values)
        vars(self)["made"] = vars(self).get("made", 0) + 1
        model.body("hand").mass += 1e-9 * vars(self)["made"]


class Bungling(Sound):
    """Its goal is too small for the expert."""

    def predicates(self, physics: Physics) -> dict[str, Array]:
        away = np.linalg.norm(physics.site("tip") - physics.site("target"), axis=1)
        return {"there": away < 1e-5}


class Refuses(Sound):
    """Its checks raise."""

    def checks(self, episode: Episode) -> list[Check]:
        raise UsageError("Expected nothing.")
