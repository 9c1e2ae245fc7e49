"""No record of a robot passes but the one that its actions lead to."""

from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from gristmill.agents.robots.mover import Move, Mover, Observation
from gristmill.cli.app import main
from gristmill.digest import digest
from gristmill.envs.robots.vector import RobotVectorEnv
from gristmill.errors import UsageError
from gristmill.play import play, replay, replays
from gristmill.policy import Place, Policy
from gristmill.recorders.store import RunStore
from gristmill.recorders.verify import judge, verify, verify_all
from gristmill.registry import policy
from gristmill.steps import Array, Steps
from gristmill.types import Episode, Scenario
from tests.envs.robots.bodies import DISABLED, WORLDS, world
from tests.envs.robots.broken import CannotStart, Explodes, Sound

REACH = "robots/reach-v1"
Change = Callable[[Episode], Episode]


@cache
def played(id: str, count: int = 8) -> tuple[Episode, ...]:
    """Return episodes of the expert that pass; none where there is no expert yet."""
    try:
        expert = {"robot": policy("expert", id, "robot")}
    except UsageError:
        return ()
    one = world(id)
    scenarios = [one.scenario(3, index) for index in range(count)]
    episodes = list(play(lambda: world(id), scenarios, expert, seed=3))
    return tuple(episode for episode in episodes if judge(one, episode).status == "pass")


def gold(id: str) -> Episode:
    """Return an episode that passes, or leave the test out."""
    if not played(id):
        pytest.skip(f"{id} has no expert")
    return played(id)[0]


def changed(episode: Episode, **values: Any) -> Episode:
    """Return the episode with some fields replaced."""
    return msgspec.structs.replace(episode, **values)


def with_state(episode: Episode, **values: Any) -> Episode:
    """Return the episode with another final state, and the digest that belongs to it."""
    state = {**episode.state, **values}
    return changed(episode, state=state, state_digest=digest(state))


def with_columns(episode: Episode, **values: Array) -> Episode:
    """Return the episode with columns replaced, as `action__value` is named."""
    assert episode.steps is not None
    named = {name.replace("__", "."): column for name, column in values.items()}
    return changed(episode, steps=Steps.from_columns({**episode.steps.columns(), **named}))


def with_start(episode: Episode, **values: Any) -> Episode:
    """Return the episode with another first entry."""
    start, *rest = episode.entries
    return changed(episode, entries=[{**start, **values}, *rest])


def column(episode: Episode, name: str) -> Array:
    """Return a copy of a column."""
    assert episode.steps is not None
    return episode.steps.columns()[name].copy()


def edited(name: str, step: int, value: float) -> Change:
    """Return what adds `value` to the first number of a column in one step."""

    def change(episode: Episode) -> Episode:
        values = column(episode, name)
        values[step, 0] += value
        return with_columns(episode, **{name.replace(".", "__"): values})

    return change


def cut(episode: Episode, steps: int) -> Episode:
    """Return the episode with the first steps only, ended as if that were all."""
    assert episode.steps is not None
    columns = {
        name: one[: steps + name.startswith("observation.")].copy()
        for name, one in episode.steps.columns().items()
    }
    columns["terminated"][-1:] = True
    return changed(episode, steps=Steps.from_columns(columns))


def next_values(episode: Episode) -> dict[str, Any]:
    """Return the values of the scenario that comes next."""
    return world(episode.world).scenario(3, episode.scenario.index + 1).values


def other_scenario(episode: Episode) -> Episode:
    """Return the episode with the values of another scenario under its own id."""
    return changed(episode, scenario=msgspec.structs.replace(episode.scenario, values=next_values(episode)))


def renamed_scenario(episode: Episode) -> Episode:
    """Return the episode as one of another scenario, whose id is right."""
    return changed(episode, scenario=Scenario.of(episode.world, next_values(episode), seed=3, index=1))


def other_steps(episode: Episode) -> Episode:
    """Return the episode with the steps of another one."""
    return changed(episode, steps=played(episode.world)[1].steps)


def malformed_steps(episode: Episode) -> Episode:
    """Return the episode with steps whose data do not fit."""
    assert episode.steps is not None
    return changed(episode, steps=Steps(episode.steps.layout, episode.steps.data[:-8]))


def strange_dtype(episode: Episode) -> Episode:
    """Return the episode with steps of a dtype that is none."""
    assert episode.steps is not None
    layout = msgspec.structs.replace(
        episode.steps.layout, dtypes=("f8,(",) * len(episode.steps.layout.dtypes)
    )
    return changed(episode, steps=Steps(layout, episode.steps.data))


def double_actions(episode: Episode) -> Episode:
    """Return the episode with its actions in another dtype."""
    return with_columns(episode, action__value=column(episode, "action.value").astype(np.float64))


def safer(episode: Episode) -> Episode:
    """Return the episode with peaks that are a little lower."""
    return with_state(episode, peaks={name: 0.9 * one for name, one in episode.state["peaks"].items()})


SOME = [pytest.param(id, marks=[] if "reach" in id or "drawer" in id else pytest.mark.slow) for id in WORLDS]
FORGERIES: dict[str, Change] = {
    "an action edited": edited("action.value", 2, 1e-3),
    "an action edited by the last bit": edited("action.value", 2, 1e-7),
    "an observation edited": edited("observation.joints", 5, 1e-6),
    "the last observation edited": edited("observation.joints", -1, 0.5),
    "a clock edited": edited("observation.time", 1, 0.001),
    "NaN in the actions": edited("action.value", 3, np.nan),
    "NaN in the observations": edited("observation.joints", 3, np.nan),
    "a reward edited": lambda one: with_columns(one, reward=column(one, "reward") + 1),
    "an end before the end": lambda one: with_columns(one, terminated=~column(one, "terminated")),
    "a state that is not a number": lambda one: changed(one, state={**one.state, "qvel": [float("nan")]}),
    "a null in the state": lambda one: with_state(one, qpos=[None, *one.state["qpos"][1:]]),
    "a final state edited": lambda one: changed(one, state={**one.state, "streak": one.state["streak"] + 9}),
    "a final state and its digest": lambda one: with_state(one, qpos=[1e-9 + x for x in one.state["qpos"]]),
    "peaks and their digest": safer,
    "no peaks": lambda one: with_state(one, peaks={}),
    "a streak and its digest": lambda one: with_state(one, streak=one.state["streak"] + 1),
    "a streak that is no number": lambda one: with_state(one, streak="long"),
    "no state": lambda one: changed(one, state=None, state_digest=digest(None)),
    "an initial state edited": lambda one: with_start(one, state=[x + 1e-9 for x in one.entries[0]["state"]]),
    "another model": lambda one: with_start(one, model="0" * 32),
    "no start": lambda one: changed(one, entries=one.entries[1:]),
    "an engine that does not exist": lambda one: with_start(one, engine="mujoco 99.0.0"),
    "another machine": lambda one: with_start(one, host="linux riscv64"),
    "no engine": lambda one: with_start(one, engine=None),
    "values of another scenario": other_scenario,
    "another scenario": renamed_scenario,
    "another stratum": lambda one: changed(
        one, scenario=msgspec.structs.replace(one.scenario, stratum="late+push+stall")
    ),
    "another seed": lambda one: changed(one, seed=one.seed + 1),
    "another policy": lambda one: changed(
        one, seats={"robot": msgspec.structs.replace(one.seats["robot"], digest="0" * 32)}
    ),
    "two seats": lambda one: changed(one, seats={**one.seats, "other": one.seats["robot"]}),
    "an event too many": lambda one: changed(
        one, entries=[*one.entries, {"from": "world", "event": "push", "step": 1}]
    ),
    "no steps": lambda one: changed(one, steps=None),
    "half of the steps": lambda one: cut(one, world(one.world).horizon // 2),
    "one step less": lambda one: with_state(
        cut(one, world(one.world).horizon - 1), steps=world(one.world).horizon - 1
    ),
    "no step at all": lambda one: with_state(cut(one, 0), steps=0),
    "steps of another episode": other_steps,
    "steps whose data do not fit": malformed_steps,
    "steps of no dtype": strange_dtype,
    "actions in another dtype": double_actions,
    "an end that was cut off": lambda one: changed(one, end="truncated"),
}
# What a look at the record alone finds; for the rest it takes a replay.
UNSEEN = {
    "an action edited",
    "an action edited by the last bit",
    "an observation edited",
    "the last observation edited",
    "a clock edited",
    "a reward edited",
    "a final state and its digest",
    "peaks and their digest",
    "a streak and its digest",
    "steps of another episode",
    "an engine that does not exist",
    "another machine",
}


@pytest.mark.parametrize("id", SOME)
def test_nothing_forged_passes_a_replay(id: str) -> None:
    """Whatever is changed in a record that passes, it passes no longer; nor do its neighbours suffer from it."""
    true = gold(id)
    forged = {name: change(true) for name, change in FORGERIES.items()}

    found = verify_all(world(id), [true, *forged.values(), true], "replayed")

    assert ["pass", "pass"] == [found[0].status, found[-1].status]
    assert {} == {
        name: one.status for name, one in zip(forged, found[1:-1], strict=True) if one.status == "pass"
    }


@pytest.mark.parametrize("name", FORGERIES)
def test_what_can_be_seen_without_a_replay_is(name: str) -> None:
    """A record that contradicts itself or its scenario fails by a look at it."""
    status = judge(world(REACH), FORGERIES[name](gold(REACH))).status

    assert ("fail" if name not in UNSEEN else "pass") == status


def test_an_edited_number_is_named() -> None:
    """The evidence has column, step, and both values; the words are for people."""
    evidence = (
        verify(world(REACH), FORGERIES["an observation edited"](gold(REACH)), "replayed").checks[-1].evidence
    )

    assert ("observation.joints", 5) == (evidence["column"], evidence["step"])
    assert evidence["expected"][0] != evidence["got"][0]
    assert evidence["expected"][1:] == evidence["got"][1:]


def test_a_replay_says_on_what_it_was_exact() -> None:
    """The evidence of a pass has engine, class of machine, and number of control steps."""
    check = verify(world(REACH), gold(REACH), "replayed").checks[-1]

    assert ("replay", "pass") == (check.name, check.status)
    assert {**world(REACH).platform, "steps": world(REACH).horizon} == check.evidence


@pytest.mark.parametrize("id", WORLDS)
def test_success_on_the_way_is_not_success(id: str) -> None:
    """Who has succeeded and cannot keep it fails; a final state borrowed from a success is found by a replay."""
    true = gold(id)
    actions = column(true, "action.value")
    low, high = world(id).action_space.low, world(id).action_space.high  # type: ignore[attr-defined]
    actions[-3:] = np.where(actions[-3:] > (low + high) / 2, low, high)
    (left,) = replays(world(id), [true], [actions])
    borrowed = changed(left, state=true.state, state_digest=true.state_digest)

    assert "fail" == judge(world(id), left).status
    assert "fail" == verify(world(id), borrowed, "replayed").status


def elsewhere(episode: Episode) -> Episode:
    """Return the episode as another engine might have recorded it."""
    return with_start(episode, engine="mujoco 2.1.0")


def test_another_platform_leaves_a_record_unverified() -> None:
    """Bits prove nothing there; the evidence has both platforms, the outcome, and the greatest deviation."""
    check = verify(world(REACH), elsewhere(gold(REACH)), "replayed").checks[-1]

    assert ("replay: on another platform", "unverified") == (check.name, check.status)
    assert ("mujoco 2.1.0", world(REACH).platform) == (
        check.evidence["recorded"]["engine"],
        check.evidence["here"],
    )
    assert (True, 0.0) == (check.evidence["outcome agrees"], check.evidence["deviation"]["most"])


def test_agreement_of_the_outcome_is_a_pass_where_that_is_asked_for() -> None:
    """The check's name says that it is no proof of bits; what differs by more than a little stays unverified."""
    near = edited("observation.joints", 5, 1e-3)(elsewhere(gold(REACH)))
    check = verify(world(REACH), near, "replayed", tolerant=True).checks[-1]
    far = edited("observation.joints", 5, 0.5)(near)
    praised = with_columns(near, reward=column(near, "reward") + 1)

    assert ("replay: within tolerance", "pass", False) == (
        check.name,
        check.status,
        check.evidence["bit-exact"],
    )
    assert "joints" == check.evidence["deviation"]["column"]
    for other in (far, praised):
        assert "unverified" == verify(world(REACH), other, "replayed", tolerant=True).status


@pytest.mark.parametrize("state", [[0.0], [], None, "none", [None], [10**400]])
def test_tolerance_accepts_no_other_start(state: Any) -> None:
    """The initial state follows from the scenario on any platform; the hash of a model is the engine's own."""
    forged = with_start(elsewhere(gold(REACH)), state=state, model="x")
    check = verify(world(REACH), forged, "replayed", tolerant=True).checks[-1]

    assert ("replay", "fail", "start") == (check.name, check.status, check.evidence["what"])


def test_tolerance_accepts_a_start_that_differs_in_the_last_bits() -> None:
    """Another engine may round otherwise; a thousandth of a unit is no rounding."""
    start = np.array(gold(REACH).entries[0]["state"])
    found = [
        verify(
            world(REACH), with_start(elsewhere(gold(REACH)), state=state.tolist()), "replayed", tolerant=True
        )
        for state in (start + 1e-9, start + 1e-3)
    ]

    assert ["pass", "fail"] == [one.status for one in found]


@pytest.mark.parametrize("id", WORLDS)
def test_tolerance_accepts_no_other_outcome(id: str) -> None:
    """A success that the actions do not lead to is not taken over, and neither are other actions."""
    true = gold(id)
    still = column(true, "action.value")
    still[:] = still[0]
    (rested,) = replays(world(id), [true], [still])
    claimed = elsewhere(changed(rested, state=true.state, state_digest=true.state_digest))

    assert "unverified" == verify(world(id), claimed, "replayed", tolerant=True).status


@pytest.mark.parametrize(
    "name", sorted(FORGERIES.keys() - {"an engine that does not exist", "another machine"})
)
def test_tolerance_changes_nothing_on_the_same_platform(name: str) -> None:
    """A difference is a failure there."""
    assert "fail" == verify(world(REACH), FORGERIES[name](gold(REACH)), "replayed", tolerant=True).status


def test_many_are_replayed_as_one_by_one() -> None:
    """Together, also when they stop at different times, they come to the same as alone."""
    episodes = [cut(one, steps) for one, steps in zip(played(REACH), (50, 20, 50, 0, 7, 20), strict=False)]

    together = replays(world(REACH), episodes)

    assert [replay(world(REACH), one).content_hash() for one in episodes] == [
        one.content_hash() for one in together
    ]
    assert [40, 20, 40, 0, 7, 20] == [len(one.steps) for one in together if one.steps is not None]


def test_detours_do_not_pass() -> None:
    """Who stays, stops, turns round or goes elsewhere is told from who arrives."""
    check = verify(world(REACH), gold(REACH), "mutation-tested").checks[-1]

    assert ("mutation", "pass", []) == (check.name, check.status, check.evidence["survivors"])
    assert {"stays", "stops half way", "in other scenarios"} <= set(check.evidence["told"])


def session(move: Move) -> Policy:
    """Return a policy that moves all rows by one function."""
    return Mover(Place(REACH, "robot", "test"), lambda briefs, seeds: move)


def flown(move: Move, rows: int = 2) -> list[Episode]:
    """Return episodes of a policy."""
    scenarios = [world(REACH).scenario(3, index) for index in range(rows)]
    return list(play(lambda: world(REACH), scenarios, {"robot": session(move)}, seed=3))


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (np.full((2, 4), np.nan), "Expected finite actions between their limits, got nan for number 0"),
        (np.full((2, 4), 99.0), "got 99 for number 0, which goes from"),
        (np.zeros((2, 3)), r"Expected an action of 4 numbers, got float64 of shape (1, 3)."),
        (np.full((2, 4), "up"), "Expected an action of 4 numbers, got <U2"),
        ([[1.0], [1.0, 2.0]], "ValueError"),
    ],
    ids=["nan", "beyond", "shape", "text", "ragged"],
)
def test_a_policy_that_gives_no_action_is_at_fault(wrong: Any, message: str) -> None:
    """The error is of its side, and says what an action is."""

    def move(rows: Sequence[int], seen: Observation) -> Any:
        return wrong if isinstance(wrong, list) else wrong[: len(rows)]

    for episode in flown(move):
        verdict = judge(world(REACH), episode)
        assert ("error", "robot") == (verdict.status, verdict.side)
        assert message in verdict.checks[0].evidence["message"]


def test_a_bad_action_ends_its_own_row_only() -> None:
    """The neighbour goes on, and to the last bit as it would have gone without it."""
    rest = world(REACH).rest(world(REACH).nominal).astype(np.float32)

    def move(rows: Sequence[int], seen: Observation) -> Array:
        given: Array = np.tile(rest, (len(rows), 1))
        given[[row == 0 and seen["time"][place, 0] > 0.3 for place, row in enumerate(rows)]] = np.nan
        return given

    broken, other = flown(move)
    _, alone = flown(lambda rows, seen: np.tile(rest, (len(rows), 1)))

    assert broken.fault is not None
    assert ("robot", alone.steps) == (broken.fault.side, other.steps)
    assert other.fault is None


@pytest.mark.slow
@pytest.mark.parametrize("id", WORLDS)
def test_what_is_kept_is_reproduced_with_any_number_of_threads(
    id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every episode that passes is reproduced by two threads as by one."""
    gold(id)
    episodes = played(id, 32)
    once = replays(world(id), episodes)
    monkeypatch.setattr(
        type(world(id)),
        "vector",
        lambda self, rows: RobotVectorEnv(self, rows, threads=2, autoreset=DISABLED),
    )
    twice = replays(world(id), episodes)

    for others in (once, twice):
        assert [one.content_hash() for one in episodes] == [one.content_hash() for one in others]


@pytest.mark.slow
@pytest.mark.parametrize("id", WORLDS)
def test_what_is_kept_is_reproduced_in_a_fresh_process(id: str) -> None:
    """All of it, on the same machine."""
    from gristmill.recorders.verify import judged

    gold(id)
    verdicts = [verdict for verdict, _ in judged(id, "replayed", played(id, 32), 1)]

    assert ["pass"] * len(played(id, 32)) == [one.status for one in verdicts]


def beside(kind: type[Sound], count: int = 6) -> tuple[list[Episode], list[Episode]]:
    """Return episodes of a world whose third scenario breaks, and of the sound one, in the same scenarios."""
    scenarios = [kind().scenario(0, index) for index in range(count)]
    expert = {"robot": policy("expert", REACH, "robot")}
    return list(play(kind, scenarios, expert, seed=0)), list(play(Sound, scenarios, expert, seed=0))


@pytest.mark.parametrize(
    ("kind", "message"),
    [(Explodes, "unstable physics in control step 1"), (CannotStart, "Expected MJCF that compiles")],
)
def test_what_breaks_is_an_error_of_the_world_and_of_its_own_row(kind: type[Sound], message: str) -> None:
    """The cause is told, nothing is kept of it, and the neighbours go as they would have gone without it."""
    episodes, sound = beside(kind)

    verdicts = verify_all(kind(), episodes, "replayed")

    assert ["pass", "pass", "error", "pass", "pass", "pass"] == [one.status for one in verdicts]
    assert ("world", None) == (verdicts[2].side, episodes[2].state)
    assert message in verdicts[2].checks[0].evidence["message"]
    for one, other in zip(episodes, sound, strict=True):
        if one.fault is None:
            assert (other.entries, other.steps, other.state) == (one.entries, one.steps, one.state)


def test_a_fault_that_is_left_out_of_a_record_comes_back() -> None:
    """Replaying what broke the physics breaks them again."""
    (_, _, broken, *_, true), _ = beside(Explodes)
    claimed = changed(broken, fault=None, end="terminated", state=true.state, state_digest=true.state_digest)

    verdict = verify(Explodes(), claimed, "replayed")

    assert "fail" == verdict.status
    assert ("fault", "world") == tuple(verdict.checks[-1].evidence[key] for key in ("what", "side"))


def test_a_run_from_another_platform_passes_when_it_is_tolerated(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without that it is unverified, which is no failure of the record; with it, the command says what it accepted."""
    store = RunStore.create(tmp_path / "run", {"world": REACH})
    with store.writer() as writer:
        for episode in played(REACH)[:3]:
            writer.append(elsewhere(episode))
    command = ["verify", str(tmp_path / "run"), "--replay"]

    for arguments, words in (
        (command, "3 episodes replayed: 3 unverified"),
        (command, "not reproduced: "),
        ([*command, "--tolerant"], "3 of 3 (100.0 %), 3 of them within tolerance, not bit for bit"),
    ):
        assert 0 == main(arguments)
        assert words in " ".join(capsys.readouterr().out.split())
    assert 2 == main(["verify", str(tmp_path / "run"), "--tolerant"])
