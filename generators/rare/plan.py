"""What a run of the estimators is told and what it gives back, as plain data that can be written and read."""

from collections.abc import Sequence
from typing import Any

import msgspec

from gristmill.errors import UsageError
from gristmill.generators.rare.cube import Cube, Gate
from gristmill.generators.rare.tilt import Tilt

__all__ = ["Member", "Plan", "Replicate", "parted"]


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """How replicates climb.

    Attributes:
        method: `splitting` or `trajectories`.
        threshold: the event is a severity of at least this.
        size: scenarios of a replicate.
        keep: share of them that goes on to the next level.
        tilt: paths of the tilted gates.
        share: of draws in which their options are alike.
        offsets: by part of the cube, without rare options of those gates (`common`) and with some (`rare`), which are
            climbed apart, so that what needs none is not lost among what does; see `Tilt.offset`. Without any the cube is
            climbed as a whole.
        reach: how far a severity still rises after each step, [steps]; for trajectories.
        least: probability below which a replicate gives up.
    """

    method: str
    threshold: float
    size: int
    keep: float
    tilt: list[str] = []
    share: float = 0.0
    offsets: dict[str, float] = {}
    reach: list[float] = []
    least: float = 1e-12

    def __post_init__(self) -> None:
        if self.method not in ("splitting", "trajectories"):
            raise UsageError(f"Expected splitting or trajectories, got {self.method!r}.")
        if not 0 < self.keep < 1 or self.size < 10:
            raise UsageError(
                f"Expected at least 10 scenarios of which a share between 0 and 1 is kept, got {self.size} and {self.keep}."
            )

    def tilted(self, cube: Cube) -> Tilt:
        """Return its tilt of a cube."""
        return Tilt.named(cube, self.tilt, self.share)

    def parts(self, cube: Cube) -> dict[str, tuple[Cube, Tilt]]:
        """Return the parts of a cube that are climbed one by one, by name, each with its tilt."""
        if not self.offsets:
            return {"": (cube, self.tilted(cube))}
        gates = Tilt.named(cube, self.tilt, self.share, 0.0).gates
        parts = {name: parted(cube, gates, rare=name == "rare") for name in self.offsets}
        return {
            name: (part, Tilt(part, tilted, self.share, self.offsets[name]))
            for name, (part, tilted) in parts.items()
        }


def parted(cube: Cube, gates: Sequence[Gate], *, rare: bool) -> tuple[Cube, list[Gate]]:
    """Return the part of a cube with rare options of some gates, or without any, and those of the gates that are tilted there."""
    watched = [one for one in gates if one.rare.any()]
    return cube.part(watched, rare=rare), [one for one in gates if rare or one not in watched]


class Member(msgspec.Struct, frozen=True, kw_only=True):
    """A scenario that is the event.

    Attributes:
        values: of the scenario.
        log_weight: logarithm of the probability that it stands for; those of a replicate add up to its estimate.
        severity: its grade.
        ancestor: number of the first scenario of the replicate that it comes from.
        kind: its labels.
    """

    values: dict[str, Any]
    log_weight: float
    severity: float
    ancestor: int
    kind: list[str] = []


class Replicate(msgspec.Struct, frozen=True, kw_only=True):
    """An independent estimate.

    Attributes:
        number: of the replicate; it is a pure function of this, its size and the seed.
        size: scenarios of each of its parts.
        p: the estimate, 0 where the event was not reached.
        calls: scenarios simulated.
        levels: the least severity of those that went on, in turn.
        chances: how likely at least each of those is, under the nominal distribution; they fall from level to level.
        acceptance: share of the moves at each level that stayed above it.
        ancestors: of how many first scenarios the last ones come.
        ess: effective size of the last ones by their weights.
        tie_mass: share of the first scenarios that have the lowest severity of them.
        members: scenarios that are the event, distributed as under the tilt.
        stuck: why it gave up, empty where it did not.
    """

    number: int
    size: int
    p: float
    calls: int
    levels: list[float]
    chances: list[float]
    acceptance: list[float]
    ancestors: int
    ess: float
    tie_mass: float
    members: list[Member]
    stuck: str = ""
