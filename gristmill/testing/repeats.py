"""Probes of determinism: an episode is a pure function of world, scenario, seed and acts."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice

from gristmill.digest import decoder, digest, encode, plain
from gristmill.executors import imap
from gristmill.play import play, recorded_acts
from gristmill.policy import Policy
from gristmill.recorders.verify import judge, judged, steps_difference
from gristmill.registry import make, policy
from gristmill.testing.findings import fail, skip
from gristmill.testing.subject import Anybody, Dialogue
from gristmill.types import Episode, Scenario, Verdict
from gristmill.world import Simulation, Turns

__all__ = [
    "FEW",
    "SOME",
    "drawn",
    "fresh_process",
    "interleaved",
    "reads",
    "replays",
    "same",
    "same_process",
    "seeds",
]

SOME = 20  # scenarios where a few tell as much as many
FEW = 10  # the same where a body is moved again and again
_MOST = 40  # gold episodes of a body that are replayed
_RANDOM = "let all randomness come from the scenario, or from the seed given to reset()"


def seeds(subject: Dialogue) -> str:
    """Different seeds give different scenarios, and equal ones the same."""
    world, several = subject.world, drawn(subject)
    started = set()
    for seed in range(SOME):
        world.reset(seed=seed)
        told = [plain(world.brief(seat)) for seat in world.possible_agents]
        started.add(digest([world.state(), *told]))
    if len(started) == 1:
        fail(
            f"reset() starts the same episode for {SOME} seeds",
            "let reset(seed) draw a scenario from its seed",
        )
    return f"{several} scenarios from {SOME} seeds"


def drawn(subject: Anybody) -> int:
    """Look at what is drawn from some seeds, and return how many scenarios that gives."""
    world = subject.world
    first = [world.scenario(seed, 0).id for seed in range(SOME)]
    again = [subject.fresh().scenario(seed, 0).id for seed in range(SOME)]
    if first != again:
        fail(
            "scenario(seed, index) differs between two calls",
            "let a scenario be a pure function of seed and index",
        )
    if len(set(first)) == 1:
        fail(
            f"{SOME} seeds give one and the same scenario",
            "draw the scenario from the seed, see generators.Space",
        )
    if len({world.scenario(0, index).id for index in range(SOME)}) == 1:
        fail(
            f"{SOME} draws of one seed give the same scenario",
            "draw from seed and index, see generators.Space",
        )
    return len(set(first))


def same_process(subject: Anybody) -> str:
    """The same policies on the same scenarios give the same episodes again."""
    some = subject.scenarios[: FEW if isinstance(subject.world, Simulation) else SOME]
    for specs in _line_ups(subject):
        same(subject.episodes(specs, some), subject.episodes(specs, some), "when played again")
    return f"{2 * len(some)} episodes played twice"


def interleaved(subject: Anybody) -> str:
    """Instances that take turns in one process do not disturb one another."""
    for specs in _line_ups(subject):
        alone = subject.episodes(specs, subject.scenarios[:SOME])
        same(
            alone,
            subject.episodes(specs, subject.scenarios[:SOME], width=8),
            "when eight instances take turns",
        )
    return f"{2 * min(SOME, subject.n)} episodes, eight instances in turns"


def fresh_process(subject: Anybody) -> str:
    """A fresh process gives the same episodes and the same verdicts."""
    here = subject.gold[: SOME if isinstance(subject.world, Simulation) else None]
    scenarios = [episode.scenario for episode, _ in here]
    job = encode([subject.spec, subject.gold_specs, subject.seed, scenarios])
    (data,) = imap(play_elsewhere, [job], executor="process")
    there = _pairs(data)
    same([one for one, _ in here], [one for one, _ in there], "in a fresh process")
    for (episode, verdict), (_, other) in zip(here, there, strict=True):
        if verdict.checks != other.checks:
            fail(
                f"scenario {episode.scenario.index} gets another verdict in a fresh process",
                "judge by the record alone",
            )
    return f"{len(here)} episodes and verdicts the same"


def play_elsewhere(job: bytes) -> bytes:
    """Play and judge the scenarios of a job: spec of the world, specs of the seats, seed, scenarios."""
    spec, seats, seed, scenarios = _job(job)
    world = make(spec)
    policies: dict[str, Policy] = {seat: policy(name, spec, seat) for seat, name in seats.items()}
    return encode(
        [(one, judge(world, one)) for one in play(lambda: make(spec), scenarios, policies, seed=seed)]
    )


def replays(subject: Anybody) -> str:
    """A fresh world, given the recorded acts, reaches every recorded entry and the final state."""
    gold = subject.gold[: _MOST if isinstance(subject.world, Simulation) else None]
    episodes = [episode for episode, _ in gold] + subject.episodes(
        subject.against("random"), subject.scenarios[:SOME]
    )
    for verdict, _ in judged(subject.spec, "replayed", episodes, 1):
        for check in verdict.checks:
            if check.name.partition(":")[0] == "replay" and check.status != "pass":
                fail(f"an episode does not replay: {check.evidence}", _RANDOM)
    gold_of = f" ({len(gold)} of {subject.n} of gold)" if len(gold) < subject.n else ""
    return f"{len(episodes)} of {len(episodes)} episodes{gold_of} reproduced in a fresh process"


def reads(subject: Dialogue) -> str:
    """Tools that are declared as reading leave the state as it is."""
    world = subject.fresh()
    changes = world.mutating()
    called: set[str] = set()
    episodes = [episode for episode, _ in islice(subject.gold, SOME)]
    for episode in [*episodes, *subject.episodes(subject.against("random"), subject.scenarios[:SOME])]:
        called |= _reads(world, episode, changes)
    world.close()
    if not called:
        skip("no reading tool was called")
    return f"{len(called)} reading tools leave the state as it is"


def _reads(world: Turns, episode: Episode, changes: Mapping[str, bool]) -> set[str]:
    called = set()
    world.reset(seed=0, options={"scenario": episode.scenario})
    for seat, act in recorded_acts(episode):
        if not world.agents or world.agent_selection != seat:
            break
        name = act.get("call", "")
        before = digest(world.state()) if not changes.get(name, True) else ""
        world.step(act)
        if before:
            called.add(name)
            if digest(world.state()) != before:
                fail(
                    f"tool {name!r} changes the state, but is not declared so",
                    f"mark {name} with @tool(mutates=True)",
                )
    return called


def _line_ups(subject: Anybody) -> list[dict[str, str]]:
    return [subject.gold_specs, subject.against("random")]


def same(first: Sequence[Episode], second: Sequence[Episode], when: str) -> None:
    """End the probe with a failure if two lists of episodes differ."""
    for one, other in zip(first, second, strict=True):
        if one.content_hash() != other.content_hash():
            differs = next(_differences(one, other), "its end differs")
            fail(f"scenario {one.scenario.index} goes another way {when}: {differs}", _RANDOM)


def _differences(one: Episode, other: Episode) -> Iterator[str]:
    for was, now in zip(one.entries, other.entries, strict=False):
        if was != now:
            yield f"{was!r:.100} became {now!r:.100}"
    if found := steps_difference(one.steps, other.steps):
        yield f"{found['what']}, {found['expected']!r:.100} became {found['got']!r:.100}"


_job = decoder(tuple[str, dict[str, str], int, list[Scenario]])
_pairs = decoder(list[tuple[Episode, Verdict]])
