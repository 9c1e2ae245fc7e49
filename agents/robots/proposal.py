"""Proposals: open-loop ways for a robot, made from a few numbers that are drawn anew for every episode.

Most of them fail at first. What verification keeps says where to draw next: `refit` is the update of the cross-entropy
method (Rubinstein, "The cross-entropy method for combinatorial and continuous optimization", 1999), with verified
success in place of an elite.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from gristmill.agents.robots.mover import Array, Move, Mover, Observation
from gristmill.digest import decoder
from gristmill.errors import UsageError
from gristmill.policy import Place, source_of
from gristmill.seeding import numpy_stream
from gristmill.types import Brief

__all__ = ["Plan", "Prior", "Proposal"]

# From facts of the brief, parameters [rows, names] and first observation, to actions [rows, steps, size].
Plan = Callable[[Mapping[str, Any], Mapping[str, Array], Observation], Array]


class Prior(msgspec.Struct, frozen=True, kw_only=True):
    """From which distribution parameters are drawn: independent normal ones, cut off at `low` and `high`.

    Attributes:
        mean: by name of the parameter; so are the others.
        sd: standard deviations, none of them negative.
        low: least values.
        high: greatest values.

    Raises:
        UsageError: when names differ, a number is not finite, or a deviation or a range is negative.
    """

    mean: dict[str, float]
    sd: dict[str, float]
    low: dict[str, float]
    high: dict[str, float]

    def __post_init__(self) -> None:
        if not set(self.mean) == set(self.sd) == set(self.low) == set(self.high):
            raise UsageError(
                f"Expected mean, sd, low and high for each of {', '.join(self.mean)}, got other names."
            )
        for name in self.mean:
            mean, sd, low, high = (one[name] for one in (self.mean, self.sd, self.low, self.high))
            if not (all(map(math.isfinite, (mean, sd, low, high))) and sd >= 0 and low <= high):
                raise UsageError(
                    f"Expected finite numbers for {name} of a prior, with sd at least 0 and low at most high, "
                    f"got mean {mean:g}, sd {sd:g}, low {low:g} and high {high:g}."
                )

    @classmethod
    def of(cls, params: Mapping[str, tuple[float, float, float, float]]) -> "Prior":
        """Return the prior with these means, standard deviations, least and greatest values, by name."""
        columns = zip(*params.values(), strict=True)
        mean, sd, low, high = (dict(zip(params, column, strict=True)) for column in columns)
        return cls(mean=mean, sd=sd, low=low, high=high)

    @classmethod
    def load(cls, path: Path) -> "Prior":
        """Read a prior.

        Raises:
            UsageError: when there is none, or one that cannot be drawn from.
        """
        try:
            return decoder(cls)(path.read_bytes())
        except (OSError, msgspec.DecodeError) as error:
            raise UsageError(f"Expected a prior of a proposal in {path}, got none: {error}.") from None
        except UsageError as error:
            raise UsageError(f"{path} holds no prior of a proposal: {error}") from None

    def draw(self, seed: int) -> dict[str, float]:
        """Return the parameters of the episode whose seat has this seed."""
        normal = numpy_stream(seed, "proposal").standard_normal(len(self.mean))
        drawn = {
            name: self.mean[name] + self.sd[name] * float(one)
            for name, one in zip(self.mean, normal, strict=True)
        }
        return {name: min(max(one, self.low[name]), self.high[name]) for name, one in drawn.items()}

    def refit(
        self, kept: Sequence[Mapping[str, float]], *, shrink: float = 0.7, floor: float = 0.1
    ) -> "Prior":
        """Return the prior in the middle of the parameters that succeeded.

        Args:
            kept: parameters of verified episodes.
            shrink: share of their deviation that the new prior has. Where success is all or nothing its parameters
                reach up to the edge of failure, and the middle is safer.
            floor: share of the old deviation that is left at least, so that the search goes on.

        Raises:
            UsageError: when there are fewer than two.
        """
        if len(kept) < 2:
            raise UsageError(
                f"Expected at least two verified episodes to refit a proposal on, got {len(kept)}."
            )
        columns = {name: np.array([one[name] for one in kept]) for name in self.mean}
        return Prior(
            mean={name: float(column.mean()) for name, column in columns.items()},
            sd={
                name: max(shrink * float(column.std()), floor * self.sd[name])
                for name, column in columns.items()
            },
            low=self.low,
            high=self.high,
        )


class Proposal(Mover):
    """A policy that draws parameters for every episode, plans its whole way at the first look, and follows it.

    Args:
        place: what it was asked for as.
        prior: of the parameters.
        plan: from facts, parameters and the first observation to actions; they are cut off at their limits.
    """

    def __init__(self, place: Place, prior: Prior, plan: Plan) -> None:
        super().__init__(place, self._open, plan=source_of(plan), prior=msgspec.to_builtins(prior))
        self.prior = prior
        self._plan = plan

    @classmethod
    def of(cls, place: Place, file: str, first: Prior, plan: Plan) -> "Proposal":
        """Return the proposal whose prior is in a file, or the first one where none is named.

        Raises:
            UsageError: when the file holds no prior, or one of other parameters than the first one's.
        """
        prior = Prior.load(Path(file)) if file else first
        if set(prior.mean) != set(first.mean):
            raise UsageError(
                f"Expected a prior of {', '.join(first.mean)} in {file}, got one of {', '.join(prior.mean) or 'nothing'}."
            )
        return cls(place, prior, plan)

    def _open(self, briefs: Sequence[Brief], seeds: Sequence[int]) -> Move:
        drawn = [self.prior.draw(seed) for seed in seeds]
        params = {name: np.array([one[name] for one in drawn]) for name in self.prior.mean}
        way: Array | None = None
        clock = 0

        def move(rows: Sequence[int], seen: Observation) -> Array:
            nonlocal way, clock
            if way is None:
                facts = briefs[0].facts
                # A row that was over before its first step is not among them.
                begun = self._plan(facts, {name: one[list(rows)] for name, one in params.items()}, seen)
                way = np.zeros((len(seeds), *begun.shape[1:]), dtype=np.float32)
                way[list(rows)] = np.clip(begun, facts["action"]["low"], facts["action"]["high"])
            clock += 1
            return way[list(rows), clock - 1]

        return move
