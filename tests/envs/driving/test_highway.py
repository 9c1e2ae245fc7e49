"""The motorway: what moves, what touches, what is judged, and that its probabilities are those of stopping distances."""

import math
import warnings
from typing import Any

import gymnasium
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad

import gristmill.envs.driving  # noqa: F401  # registers the world
from gristmill import registry
from gristmill.envs.driving.highway import Highway
from gristmill.envs.driving.motion import LENGTH, WIDTH
from gristmill.envs.driving.scenarios import DT, HORIZON, SPACE, WEATHER
from gristmill.envs.stepped.types import Array
from gristmill.generators.fields import LogNormal, Normal
from gristmill.play import play, replay
from gristmill.severity import kinds_of, severity_of
from gristmill.types import Episode, Scenario
from tests.envs.driving.roads import BRAKE, CALM, animals, draws, driven, driven_by, scenario, world

GO = np.zeros(2)
# A horse steps out far ahead of a vehicle that is braked fully two seconds later; the one ahead is out of reach.
HORSE: dict[str, Any] = {
    **CALM, "animal": "horse", "animal_step": 20, "animal_speed": 0.6, "headway": 6.0, "ahead_faster": 3.0,
    "ahead_brakes": "ease", "ahead_keeps": 0.5, "ahead_step": 32, "grip": 1.0, "brakes": 8.0,
}  # fmt: skip
LATE = 8  # steps


def brake_late(step: int, _: Any) -> Array:
    """Brake fully, two seconds after the animal is there."""
    return np.array([BRAKE if step >= HORSE["animal_step"] + LATE else 0.0, 0.0])


def stopping(speed: Any, braking: float = 8.0) -> Any:
    """Return the way that it takes to stop: what is driven before, and speed squared over twice the braking, m."""
    return speed * LATE * DT + speed**2 / (2 * braking)


# The truth.


def test_who_is_hit_is_decided_by_stopping_distance_alone() -> None:
    """The horse is touched just where the gap is shorter than the way to a standstill, in every single scenario."""
    values = draws(HORSE, 3_000)
    found = driven(values, brake_late)
    short = [one["animal_gap"] < stopping(one["speed"]) for one in values]

    assert short == (found["touched"] == 2).tolist()
    assert short == (found["danger"] >= 0).tolist()
    assert 20 < sum(short)


def test_the_probability_is_the_integral_over_stopping_distances() -> None:
    """Brute force over the world agrees with one integral over the speed, within four standard errors."""
    values = draws(HORSE, 3_000)
    rate = float((driven(values, brake_late)["danger"] >= 0).mean())
    speed, gap = SPACE.fields["speed"], SPACE.fields["animal_gap"]
    assert isinstance(speed, Normal)
    assert isinstance(gap, LogNormal)
    low, high = float(speed.low or 0), float(speed.high or 0)

    def density(one: float) -> float:
        way = (math.log(stopping(one)) - gap.mean) / gap.sd
        return math.exp(speed.log_prob(one)) * 0.5 * math.erfc(-way / math.sqrt(2))

    truth, _ = quad(density, low, high)

    assert abs(rate - truth) < 4 * math.sqrt(truth * (1 - truth) / len(values))


@pytest.mark.slow
def test_strata_add_up_to_the_whole() -> None:
    """At a lowered threshold, the rate over the whole Space is that over its strata, each by its nominal mass."""
    threshold, count = -0.45, 60_000
    whole = float((driven_in_parts(draws({}, count)) >= threshold).mean())
    rare: tuple[dict[str, Any], ...] = {"animal": animals()}, {"animal": "none", "weather": "ice"}
    common: dict[str, Any] = {"animal": "none", "weather": ["clear", "rain", "fog"]}
    total, variance = 0.0, whole * (1 - whole) / count
    for number, fix in enumerate((*rare, {**common, "distracted": True}, {**common, "distracted": False})):
        rows = count if number == 3 else 8_000
        rate = float((driven_in_parts(draws(fix, rows, seed=11)) >= threshold).mean())
        total += mass(fix) * rate
        variance += mass(fix) ** 2 * rate * (1 - rate) / rows

    assert 1e-4 < whole < 1e-2
    assert abs(whole - total) < 4 * math.sqrt(variance)


def driven_in_parts(values: list[Any], rows: int = 1_000) -> Array:
    """Return the dangers of scenarios that the typical driver comes through, some at a time."""
    parts = [values[start : start + rows] for start in range(0, len(values), rows)]
    return np.concatenate([driven_by(one, "typical")["danger"] for one in parts])


def mass(fix: dict[str, Any]) -> float:
    """Return how likely it is that fields have these values."""
    every = {name: one if isinstance(one, list) else [one] for name, one in fix.items()}
    return math.prod(
        sum(math.exp(SPACE.fields[name].log_prob(one)) for one in some) for name, some in every.items()
    )


# The grade.


@settings(max_examples=25, deadline=None)
@given(speed=st.floats(24.0, 34.0), off=st.floats(-40.0, 40.0))
def test_danger_is_the_time_that_was_missing(speed: float, off: float) -> None:
    """Full braking came too late by what the gap is short of, and the grade has no step where contact begins."""
    gaps = stopping(speed) + np.array([off, off + 0.5, -1e-6, 1e-6])
    values = [{**draws(HORSE, 1)[0], "speed": speed, "animal_gap": float(one)} for one in gaps]
    found = driven(values, brake_late)["danger"]

    assert found[0] >= found[1]
    assert found[2] >= 0 > found[3]
    assert found[2] - found[3] < 1e-3


def test_the_grade_is_seldom_tied() -> None:
    """Where nothing is on the road, the vehicle ahead grades."""
    found = driven_by(draws({}, 400), "typical")["danger"]

    assert 390 < len(set(found.round(6)))


def test_a_grade_of_0_is_a_collision() -> None:
    """With no other threshold, and for every driver."""
    severity = severity_of(world())
    for policy in ("typical", "noop", "aggressive"):
        found = driven_by(draws({}, 100), policy)
        assert ((found["danger"] >= severity.threshold) == (found["touched"] >= 0)).all()


def test_kinds_are_the_weather_the_animal_the_eyes_and_the_speed() -> None:
    """Each has a label for every scenario; there are 96 of them together."""
    one = episode(scenario(animal="deer", distracted=True, weather="fog"))
    kinds = kinds_of(world())

    assert ["fog", "deer", "True"] == [kind.of(one) for kind in kinds][:3]
    assert kinds[3].of(one) in kinds[3].labels
    assert 96 == math.prod(len(kind.labels) for kind in kinds)


# What moves.


def test_nothing_is_jumped_over() -> None:
    """A dog that one comes past in the middle of a step is touched, how ever far one comes in a step."""
    fix = {**HORSE, "animal": "dog", "speed": 40.0, "ahead_faster": 5.0}
    values = [{**draws(fix, 1)[0], "animal_gap": 100.0 + 0.5 * shift} for shift in range(20)]

    assert [2] * 20 == driven(values, lambda *_: GO)["touched"].tolist()


def test_an_animal_that_is_across_in_time_is_not_touched() -> None:
    """Who walks slowly is hit, and who walks fast is not."""
    values = [{**draws(HORSE, 1)[0], "animal_gap": 100.0, "animal_speed": pace} for pace in (0.6, 3.0)]

    assert [2, -1] == driven(values, brake_late)["touched"].tolist()


def test_who_steers_off_the_road_has_left_it() -> None:
    """To either side, and the episode is over."""
    for aside in (-2.0, 2.0):
        found = driven([scenario().values], lambda *_, to=aside: np.array([0.0, to]))
        assert found["off_step"][0] + 1 == found["steps"][0] < HORIZON


def test_a_vehicle_that_cuts_in_is_as_far_ahead_as_was_drawn() -> None:
    """If one has gone on as before until then."""
    cutting = scenario(cut_in=True, cut_step=20, cut_gap=30.0, ahead_step=32, headway=5.0)
    env = world().vector(1)
    seen, _ = env.reset(options={"scenarios": [cutting]})
    for _ in range(20):
        seen = env.step(np.zeros((1, 2), dtype=np.float32))[0]

    assert np.isclose(30.0, seen["beside"][0, 0], atol=1e-3)
    env.step(np.zeros((1, 2), dtype=np.float32))
    assert ["start", "the vehicle beside cuts in"] == [one["event"] for one in env.entries(0)]


@pytest.mark.parametrize("weather", list(WEATHER))
def test_nobody_brakes_harder_than_the_road_holds(weather: str) -> None:
    """Nor the vehicle ahead, be it in panic."""
    one = scenario(weather=weather, ahead_brakes="panic", ahead_step=8)
    env = world().vector(1)
    seen, _ = env.reset(options={"scenarios": [one]})
    before = seen
    for _ in range(12):
        before, seen = seen, env.step(np.array([[BRAKE, 0.0]], dtype=np.float32))[0]
    holds = float(seen["road"][0, 1])
    slower = (
        (before["own"][0, 0] - seen["own"][0, 0]) / DT,
        (before["ahead"][0, 1] - seen["ahead"][0, 1]) / DT,
    )

    assert np.isclose(holds, slower[0], rtol=1e-4) or seen["own"][0, 0] == 0
    assert slower[1] <= 9.81 * WEATHER[weather].friction * one.values["grip"] + 1e-4


def test_what_is_beyond_sight_is_not_observed() -> None:
    """It seems far away, and as fast as one is oneself."""
    foggy = scenario(weather="fog", clarity=0.5, headway=5.0)
    seen, _ = world().reset(options={"scenario": foggy})

    assert (1_000.0, seen["own"][0]) == (seen["ahead"][0], seen["ahead"][1])


# What is judged.


def episode(one: Scenario, policy: str = "expert") -> Episode:
    """Return a scenario as a policy drives it."""
    return next(play(Highway, [one], {"driver": registry.policy(policy, Highway.id, "driver")}, seed=1))


def found(one: Episode) -> list[str]:
    """Return which checks fail."""
    return [check.name for check in world().checks(one) if check.status != "pass"]


def test_the_expert_passes_and_a_replay_is_the_same() -> None:
    """To the last bit."""
    one = episode(scenario(2))

    assert [] == found(one)
    assert one == replay(Highway(), one)


def test_who_does_nothing_hits_the_vehicle_ahead() -> None:
    """And the log says when, and how fast."""
    one = episode(scenario(), "noop")

    assert "untouched" in found(one)
    assert ("collision", "the vehicle ahead") == (one.entries[-1]["event"], one.entries[-1]["touched"])
    assert one.entries[-1]["impact"] == one.state["impact"] > 0


def test_who_stops_for_nothing_does_not_keep_up() -> None:
    """Standing still is safe, and no pass."""
    stood = driven([scenario(3).values], lambda *_: np.array([-3.0, 0.0]))

    assert stood["touched"][0] < 0
    assert not world().predicates(stood)["kept_up"][0]


def test_who_stops_for_an_animal_has_kept_up() -> None:
    """As long as it was on the road."""
    stood = driven([{**draws(HORSE, 1)[0], "animal_gap": 200.0, "headway": 3.0}], brake_late)

    assert stood["touched"][0] < 0
    assert world().predicates(stood)["kept_up"][0]


@pytest.mark.parametrize(("across", "pedal"), [(3.66, 0.0), (3.66, 3.0), (2.6, 0.0), (-1.7, 0.0)])
def test_who_leaves_the_lane_for_good_does_not_pass(across: float, pedal: float) -> None:
    """Neither who stays beside the vehicle ahead or overtakes it, nor who drives between the lanes or on the shoulder."""
    scenes = draws(CALM, 40)
    drove = driven(scenes, lambda _, seen: towards(across, pedal, seen))

    assert not world().predicates(drove)["in_lane"].any()


def towards(across: float, pedal: float, seen: Any) -> Array:
    """Return the actions that go to a place across the road."""
    aside = np.clip(across - seen["own"][:, 1], -2.0, 2.0)
    return np.stack([np.full_like(aside, pedal), aside], axis=1)


def test_who_comes_too_near_on_the_way_has_not_kept_distance() -> None:
    """How far behind they are at the end is no excuse."""
    near = driven_by([scenario(3, headway=1.0, ahead_faster=-3.0).values], "noop")
    far = driven_by([scenario(3, headway=1.0, ahead_faster=3.0).values], "expert")

    assert [False, True] == [bool(world().predicates(one)["kept_distance"][0]) for one in (near, far)]
    assert near["closest"][0] < 1.0 <= far["closest"][0]


def test_who_is_cut_in_on_keeps_up_with_that_vehicle() -> None:
    """It is next in the lane, and nobody can be asked to be as near to the one before it."""
    cutting = draws({**CALM, "cut_in": True, "headway": 4.0, "ahead_brakes": "ease"}, 40)
    drove = driven_by(cutting, "expert")
    merged = drove["merged"] >= 0

    assert 30 < merged.sum()
    assert (drove["room"] < drove["gap"])[merged].mean() > 0.8  # the others have passed it
    assert world().predicates(drove)["kept_up"].mean() > 0.9


def test_who_cuts_in_leaves_room_to_the_vehicle_ahead() -> None:
    """Where that one does not brake harder than others can follow, the two do not drive through each other."""
    cutting = draws({**CALM, "cut_in": True, "ahead_brakes": "ease"}, 200)
    env = world().vector(len(cutting))
    seen, _ = env.reset(options={"scenarios": [Scenario.of(Highway.id, one) for one in cutting]})
    while env.live.all():
        seen = env.step(np.tile(np.array([-1.0, 0.0]), (len(cutting), 1)))[0]
        apart = np.abs(seen["ahead"][:, 0] - seen["beside"][:, 0]) >= LENGTH
        assert (apart | (seen["beside"][:, 1] >= WIDTH) | (seen["ahead"][:, 0] == 1_000.0)).all()


def test_an_animal_is_nowhere_before_it_comes() -> None:
    """However far one sees and has come, nothing tells of it."""
    calm, struck = scenario(clarity=4.0), scenario(clarity=4.0, animal="deer", animal_step=40)
    env = world().vector(2)
    env.reset(options={"scenarios": [calm, struck]})
    seen = [env.step(np.zeros((2, 2), dtype=np.float32))[0]["animal"] for _ in range(39)]

    assert {(1_000.0, -20.0, 0.0)} == {tuple(row) for one in seen for row in one.tolist()}


# As an environment.


def test_gymnasium_finds_nothing_wrong() -> None:
    """But that actions are no shares of one, and that what is observed has no bound."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", ".*observation space (minimum|maximum) value is -?infinity.*")
        warnings.filterwarnings("ignore", ".*symmetric and normalized space.*")
        env = gymnasium.make(f"gristmill.envs.driving:{Highway.id}")
        check_env(env.unwrapped, skip_render_check=True)


def test_gymnasium_makes_many_rows() -> None:
    """By the same id."""
    env = gymnasium.make_vec(f"gristmill.envs.driving:{Highway.id}", num_envs=3)
    seen, _ = env.reset(seed=1)

    assert env.observation_space.contains(seen)


def test_pictures_show_the_road_from_above() -> None:
    """The own vehicle in white, one ahead in blue, fog beyond what one sees."""
    env = Highway(render_mode="rgb_array")
    env.reset(options={"scenario": scenario(headway=2.0)})
    clear = env.render()
    env.reset(options={"scenario": scenario(weather="fog", clarity=0.5)})
    foggy = env.render()

    assert ((160, 480, 3), "uint8") == (clear.shape, str(clear.dtype))
    assert (clear == (250, 250, 250)).all(axis=2).any()
    assert (clear == (46, 96, 180)).all(axis=2).any()
    assert (clear[0, -1] != foggy[0, -1]).any()
    assert (clear[0, 0] == foggy[0, 0]).all()
