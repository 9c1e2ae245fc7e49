"""The world under test, and what several probes need of it, made once."""

from collections.abc import Sequence
from functools import cached_property
from typing import Any, Generic, TypeVar, cast

from gristmill import registry
from gristmill.errors import PluginError, UsageError
from gristmill.play import play
from gristmill.policy import Policy, Session
from gristmill.recorders.verify import judge
from gristmill.testing.findings import fail, skip
from gristmill.types import Brief, Episode, Scenario, Verdict
from gristmill.world import Simulation, Turns, World

__all__ = ["GOLD", "Anybody", "Body", "Dialogue", "Subject"]

GOLD = "expert"  # the policy that has to succeed
Pair = tuple[Episode, Verdict]
W = TypeVar("W", bound=World)


class Subject(Generic[W]):
    """A world under test.

    Args:
        spec: of the world.
        seat: the seat whose success is judged; by default the last one, which owns the tools of a dialogue.
        n: number of scenarios.
        seed: root seed.
    """

    def __init__(self, spec: str, *, seat: str = "", n: int = 100, seed: int = 0) -> None:
        self.spec = registry.absolute(spec)
        self.n, self.seed = n, seed
        self.make = registry.world(self.spec)
        try:
            self.world = cast(W, self.make())
        except (
            UsageError
        ) as error:  # said by the world of itself, for example of a scene that does not compile
            raise PluginError(str(error)) from error
        names = self.world.possible_agents
        if seat and seat not in names:
            raise UsageError(f"Expected one of the seats {', '.join(names)}, got {seat!r}.")
        self.seat = seat or names[-1]

    @cached_property
    def scenarios(self) -> list[Scenario]:
        """The scenarios that are played."""
        return [self.world.scenario(self.seed, index) for index in range(self.n)]

    @cached_property
    def gold(self) -> list[Pair]:
        """Every scenario as the experts play it, with its verdict."""
        return self.played(self.gold_specs)

    @property
    def gold_specs(self) -> dict[str, str]:
        """The expert for every seat."""
        return dict.fromkeys(self.world.possible_agents, GOLD)

    @property
    def passing(self) -> list[Episode]:
        """The gold episodes that pass; ends the probe where there are none."""
        found = [episode for episode, verdict in self.gold if verdict.status == "pass"]
        return found or skip("no gold episode passes")

    def policies(self, specs: dict[str, str]) -> dict[str, Policy]:
        """Return a policy for each seat; ends the probe where there is none."""
        try:
            return {seat: registry.policy(spec, self.spec, seat) for seat, spec in specs.items()}
        except UsageError as error:
            fail(str(error), 'mark a generator function with @policy(world, seat, "expert") for every seat')

    def played(self, specs: dict[str, str], scenarios: Sequence[Scenario] | None = None) -> list[Pair]:
        """Play and judge scenarios, by default all."""
        return [
            (episode, judge(self.world, episode))
            for episode in self.episodes(specs, self.scenarios if scenarios is None else scenarios)
        ]

    def episodes(
        self, specs: dict[str, str], scenarios: Sequence[Scenario], *, width: int | None = None
    ) -> list[Episode]:
        """Play scenarios, `width` of them at a time; by default one, or as many as go at once in a simulation."""
        if width is None:
            width = 0 if isinstance(self.world, Simulation) else 1
        policies: dict[str, Policy] = {
            seat: _Wide(policy, width) for seat, policy in self.policies(specs).items()
        }
        return list(play(self.make, scenarios, policies, seed=self.seed))

    def fresh(self) -> W:
        """Return a new instance of the world."""
        return cast(W, self.make())

    def against(self, policy: str) -> dict[str, str]:
        """Return the policies with `policy` in the seat that is judged."""
        return {**self.gold_specs, self.seat: policy}


Dialogue = Subject[Turns]
Body = Subject[Simulation]
Anybody = Subject[Any]


class _Wide:
    """A policy that wants many episodes in turns, whatever it would like by itself."""

    def __init__(self, base: Policy, width: int) -> None:
        self.name, self.digest, self.generation = base.name, base.digest, base.generation
        self.width = width
        self._base = base

    def begin(self, briefs: Sequence[Brief], seeds: Sequence[int]) -> Session:
        """Open a session of the base."""
        return self._base.begin(briefs, seeds)
