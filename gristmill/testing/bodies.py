"""Probes of simulations: what they must offer, and that an episode depends on its own scenario, seed and actions alone."""

import inspect
import warnings
from collections.abc import Callable, Mapping, Sequence
from itertools import islice
from typing import Any

import gymnasium
import numpy as np
from gymnasium.utils.env_checker import check_env
from gymnasium.vector import VectorEnv

from gristmill.digest import digest
from gristmill.play import replay, replays
from gristmill.simulate import Recorded, move
from gristmill.steps import Array
from gristmill.testing.contract import briefed, identified, plainly
from gristmill.testing.findings import fail, skip
from gristmill.testing.repeats import FEW, SOME, drawn, same
from gristmill.testing.subject import Body
from gristmill.types import Brief, Episode, Rollout
from gristmill.world import Rows, Simulation

__all__ = ["Like", "contract", "farama", "interleaved", "malformed", "seeds"]

_FACTS = ("action", "horizon", "rest")  # that baselines and learners build on
_REMEDY = "let a row depend on its own scenario, seed and actions alone"
_SHORT = 12  # steps of an episode in which an action is malformed
_SINGLY = 5  # episodes that are replayed one by one


def contract(subject: Body) -> str:
    """The world has an id, a version and one seat, says what results depend on, and speaks plain data."""
    scenario, world = identified(subject), subject.world
    if len(world.possible_agents) != 1:
        fail(f"the seats are {', '.join(world.possible_agents)}", "name the one seat that moves the body")
    (seat,) = world.possible_agents
    brief = briefed(world, seat)
    if missing := [name for name in _FACTS if name not in brief.facts]:
        fail(f"the facts of {seat!r} lack {', '.join(missing)}", "say in the brief what an action is")
    platform = world.platform
    if not platform or not all(isinstance(one, str) and one for one in platform.values()):
        fail(
            f"the platform is {platform!r}", "name what bits depend on: the engine, and the class of machine"
        )
    env = world.vector(2)
    env.reset(seed=[0, 1], options={"scenarios": [scenario]})
    if env.live.tolist() != [True, False]:
        fail(f"after reset() of one of two rows {env.live.tolist()} go on", "let one row per scenario go on")
    plainly("entries(0)", env.entries(0))
    plainly("state(0)", env.state(0))
    start = env.entries(0)[0]
    if any(start.get(key) != value for key, value in platform.items()):
        fail(
            f"the log begins with {start!r:.200}",
            "let the first entry name the platform, or no replay can tell",
        )
    return f"{world.id}, seat {seat}, on {', '.join(platform.values())}"


def farama(subject: Body) -> str:
    """Gymnasium's own checker passes, and many rows are a vector environment."""
    world = subject.fresh()
    if not isinstance(world, gymnasium.Env):
        skip("not a Gymnasium environment")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # its advice is about registered environments and bounded spaces
            check_env(world, skip_render_check=True)
    except Exception as error:  # noqa: BLE001  # whatever it raises is the finding
        fail(f"{type(error).__name__}: {error}", "see gymnasium.utils.env_checker.check_env")
    finally:
        world.close()
    env: Any = subject.world.vector(3)
    if not isinstance(env, VectorEnv):
        fail(f"vector(3) returns {type(env).__name__}", "return a gymnasium.vector.VectorEnv")
    seen, _ = env.reset(seed=0)
    env.action_space.seed(0)
    after, rewards, over, cut, _ = env.step(env.action_space.sample())
    for observation in (seen, after):
        if not env.observation_space.contains(observation):
            fail(
                "rows observe what is not in their observation space", "give what the space says, as float32"
            )
    if not all(np.shape(one) == (3,) for one in (rewards, over, cut)):
        fail("step() gives rewards or flags of another shape than [rows]", "return one of each per row")
    return "check_env passes, and so do three rows as a vector environment"


class _Spoiled:
    """A session that repeats actions, and once gives something else for its last row, or for all."""

    def __init__(self, actions: Array, wrong: Any) -> None:
        self._recorded, self._wrong, self._left = Recorded(actions), wrong, 3

    def act(self, rows: Sequence[int], observations: Mapping[str, Array]) -> Any:
        """Return the next actions."""
        given = self._recorded.act(rows, observations)
        self._left -= 1
        if self._left:
            return given
        if not isinstance(self._wrong, float):
            return self._wrong
        given = given.copy()
        given[-1, 0] = self._wrong
        return given


def malformed(subject: Body) -> str:
    """Malformed actions end the episode of the row that gave them, as an error of its side, and no other."""
    (seat,) = subject.world.possible_agents
    gold = subject.gold[0][0]
    actions = _actions(gold)[:_SHORT]

    def spoiled(wrong: Any) -> Callable[[int], Any]:
        return lambda rows: _Spoiled(actions[None].repeat(rows, axis=0), wrong)

    alone = _played(subject, lambda rows: Recorded(actions[None].repeat(rows, axis=0)), gold)[0]
    beyond = float(np.abs(actions).max()) * 1e6 + 1e6
    for wrong in (float("nan"), float("inf"), beyond, -beyond):
        first, second = _played(subject, spoiled(wrong), gold)
        _at_fault(second, seat, f"{wrong:g}")
        if first.fault is not None or first.steps != alone.steps:
            fail(f"an action of {wrong:g} in one row changes another row", _REMEDY)
    others: tuple[Any, ...] = (
        "text",
        [],
        [[1.0], [1.0, 2.0]],
        np.zeros((2, 99)),
        np.full((2, *actions.shape[1:]), "x"),
        object(),
    )
    for other in others:
        for one in _played(subject, spoiled(other), gold):
            _at_fault(one, seat, f"{other!r:.40}")
    return f"{4 + len(others)} malformed actions are errors of {seat}"


class _Playing:
    """A policy whose sessions are made by a function of the number of rows."""

    name, digest, generation, width = "playing", "", 0, 0

    def __init__(self, session: Callable[[int], Any]) -> None:
        self._session = session

    def begin(self, briefs: Sequence[Brief], seeds: Sequence[int]) -> Any:
        """Return a session."""
        return self._session(len(briefs))


def _played(subject: Body, session: Callable[[int], Any], episode: Episode) -> list[Rollout]:
    """Return how two rows of the scenario of an episode go."""
    return list(move(subject.world, [episode.scenario] * 2, [0, 0], _Playing(session), [0, 0]))


def _at_fault(went: Rollout, seat: str, shown: str) -> None:
    if went.fault is None or went.fault.side != seat:
        found = "no fault" if went.fault is None else f"a fault of {went.fault.side}: {went.fault.message}"
        fail(f"an action of {shown} gives {found}", "say what actions there are by single_action_space")


def seeds(subject: Body) -> str:
    """Different seeds give different scenarios and episodes, and equal ones the same."""
    several = drawn(subject)
    env = subject.world.vector(1)
    first, again = ([_begun(env, seed) for seed in range(SOME)] for _ in range(2))
    if first != again:
        fail("reset() starts another episode with the same seed", "draw everything from the seed")
    if len(set(first)) == 1:
        fail(
            f"reset() starts the same episode for {SOME} seeds",
            "let reset(seed) draw a scenario from its seed",
        )
    return f"{several} scenarios from {SOME} seeds"


def _begun(env: Rows, seed: int) -> str:
    seen, _ = env.reset(seed=[seed])
    return digest([env.entries(0), {name: one.tolist() for name, one in seen.items()}])


def interleaved(subject: Body) -> str:
    """Number and order of rows, their neighbours, threads, and other instances in between change nothing."""
    world = subject.world
    gold = [episode for episode, _ in islice(subject.gold, FEW) if episode.fault is None]
    if not gold:
        skip("no gold episode came to its end")
    others = [
        one
        for one in subject.episodes(subject.against("random"), subject.scenarios[:FEW])
        if one.fault is None
    ]
    for some, when in ((gold, "of gold"), (others, "at random")):
        same(some, list(reversed(replays(world, some[::-1]))), f"with actions {when} when rows change places")
    mixed = [*others, *gold]
    same(gold, replays(world, mixed)[len(others) :], "beside other neighbours")
    same(gold[:_SINGLY], [replay(world, one) for one in gold[:_SINGLY]], "alone")
    between: Any = _Between(world, subject.fresh())
    same(gold, replays(between, gold), "when another instance steps in between")
    threads: Any = _Threads(world)
    if threads.possible:
        same(gold, replays(threads, gold), "with two threads")
    words = ", threads" if threads.possible else ""
    return f"{len(gold)} episodes the same in other rows, beside others, alone{words}, and with an instance between"


class Like:
    """A world that is like another but for its rows."""

    def __init__(self, base: Simulation) -> None:
        self._base = base

    def __getattr__(self, name: str) -> Any:
        return getattr(self._base, name)


class _Threads(Like):
    """A world whose rows are stepped by two threads, where they can be."""

    @property
    def possible(self) -> bool:
        """Whether the rows take a number of threads."""
        return "threads" in inspect.signature(type(self._base.vector(1))).parameters

    def vector(self, rows: int) -> Rows:
        """Return rows."""
        kind: Any = type(self._base.vector(1))
        mode = self._base.vector(1).metadata["autoreset_mode"]
        env: Rows = kind(self._base, rows, threads=2, autoreset=mode)
        return env


class _Between(Like):
    """A world between whose steps another instance steps, too."""

    def __init__(self, base: Simulation, other: Simulation) -> None:
        super().__init__(base)
        self._other = other

    def vector(self, rows: int) -> Any:
        """Return rows."""
        env, other = self._base.vector(rows), self._other.vector(2)
        other.reset(seed=[1, 2], options={"scenarios": [self._other.scenario(1, one) for one in range(2)]})
        space: Any = env.single_action_space
        step = env.step

        def both(actions: Array) -> Any:
            if other.live.all():
                other.step(np.stack([space.low, space.high]).astype(np.float32))
            return step(actions)

        vars(env)["step"] = both
        return env


def _actions(episode: Episode) -> Array:
    if episode.steps is None or not len(episode.steps):
        fail("gold takes no step", "let the expert move the body")
    actions: Array = episode.steps.actions["value"]
    return actions
