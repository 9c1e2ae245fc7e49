"""`robots/pour-v1`: what counts as poured, and what does not."""

from collections.abc import Callable
from functools import cache
from typing import Any

import msgspec
import mujoco
import numpy as np
import pytest

from gristmill.agents.robots.kinematics import inverse
from gristmill.agents.robots.pour import expert
from gristmill.digest import digest
from gristmill.envs.robots.pour import Pour
from gristmill.errors import UsageError
from gristmill.play import play, replay
from gristmill.policy import Place
from gristmill.types import Episode

WORLD = Pour()
FLOOR = 0.006  # m, thickness of the mug's floor: the height at which its frame stands
MUG, BALLS = slice(4, 11), slice(11, None)  # where their coordinates are


@cache
def poured() -> Episode:
    """An episode of the expert."""
    policy = expert(Place(WORLD.id, "robot", "expert"))
    (episode,) = play(Pour, [WORLD.scenario(0, 0)], {"robot": policy}, seed=0)
    return episode


def failed(episode: Episode) -> set[str]:
    """The names of the checks that an episode does not pass."""
    return {one.name for one in WORLD.checks(episode) if one.status != "pass"}


def forged(change: Callable[[Any], object]) -> Episode:
    """The expert's episode with another final configuration, and the digest that fits it."""
    state = msgspec.json.decode(msgspec.json.encode(poured().state))
    qpos = np.array(state["qpos"])
    change(qpos)
    state["qpos"] = qpos.tolist()
    return msgspec.structs.replace(poured(), state=state, state_digest=digest(state))


def redone(actions: Any) -> Episode:
    """What comes of other actions in the expert's scenario."""
    return replay(Pour(), poured(), actions=np.asarray(actions, dtype=np.float32))


def acted() -> Any:
    """The expert's actions, [steps, 4], a copy."""
    return poured().steps.actions["value"].copy()  # type: ignore[union-attr]  # it has steps


# Checks that others make do with, to see what they miss.


def poured_at_any_step(episode: Episode) -> bool:
    """Whether most of the coffee was in the mug once."""
    return bool((episode.steps.observations["poured"] >= 0.8).any())  # type: ignore[union-attr]


def posed_at_any_step(episode: Episode) -> bool:
    """Whether the cup was tilted with its lip above the mug once."""
    seen = episode.steps.observations  # type: ignore[union-attr]
    away = seen["lip"] - seen["mug"]
    near = (np.linalg.norm(away[:, :2], axis=1) < 0.06) & (away[:, 2] > 0)
    return bool((near & (seen["tilt"][:, 0] > 1.2)).any())


def test_matrices_are_sparse() -> None:
    """MuJoCo would choose dense ones for so few balls, and take twice the time."""
    assert int(mujoco.mjtJacobian.mjJAC_SPARSE) == WORLD.nominal.opt.jacobian
    assert 4 + 6 + 3 * 12 == WORLD.nominal.nv


@pytest.mark.parametrize("balls", [1, 20, 30])
def test_the_number_of_balls_can_be_chosen(balls: int) -> None:
    """However many there are, they lie in the cup at the start and stay there."""
    world = Pour(balls=balls)
    seen, info = world.reset(seed=3)
    world.step(world.rest(world.nominal).astype(np.float32))
    _, _, _, _, info = world.step(world.rest(world.nominal).astype(np.float32))

    assert 10 + 3 * balls == world.nominal.nv
    assert 0.0 == seen["poured"][0]
    assert (True, False) == (info["not_spilled"], info["poured"])


def test_too_many_balls_are_refused() -> None:
    """The cup holds no more."""
    with pytest.raises(UsageError, match="Expected 1 to 30 balls, got 31"):
        Pour(balls=31)


def test_a_scenario_tunes_its_own_model() -> None:
    """Density and friction follow the scenario, and the nominal model does not."""
    values = {**WORLD.space.mode, "density": 2000.0, "friction": 0.35}
    model, plain = WORLD.model(values), WORLD.model({**values, "density": 1000.0})
    ball = model.nbody - 1
    grips = set(model.geom_friction[model.geom_contype > 0, 0])

    assert pytest.approx(2.0) == model.body_mass[ball] / plain.body_mass[ball]
    assert {0.35} == grips
    assert pytest.approx(0.3) == WORLD.nominal.geom_friction[-1, 0]


def test_an_episode_can_be_replayed() -> None:
    """The recorded actions lead to the same state, to the last bit."""
    assert poured().state_digest == redone(acted()).state_digest


def test_a_good_pour_passes() -> None:
    """Every check passes, and those that others make do with too."""
    assert set() == failed(poured())
    assert poured_at_any_step(poured())
    assert posed_at_any_step(poured())


def test_a_tipped_mug_fails() -> None:
    """It does not help that the coffee is in it."""

    def tip(qpos: Any) -> None:
        turn = np.array([[0.0, 0.0, 1.0], [0.0, 1.0, 0.0], [-1.0, 0.0, 0.0]])  # about y by a right angle
        balls = qpos[BALLS].reshape(-1, 3)
        balls[:] = (balls - qpos[MUG][:3]) @ turn.T + qpos[MUG][:3]
        qpos[MUG][3:] = [np.sqrt(0.5), 0.0, np.sqrt(0.5), 0.0]

    assert {"mug_upright"} == failed(forged(tip))


def test_a_shoved_mug_fails() -> None:
    """It has to stay where it was, with what is in it."""

    def shove(qpos: Any) -> None:
        qpos[MUG][0] += 0.03
        qpos[BALLS][0::3] += 0.03

    assert {"mug_in_place"} == failed(forged(shove))


def test_spilled_coffee_fails() -> None:
    """Two balls of twelve on the table are too many, though enough are in the mug."""

    def spill(qpos: Any) -> None:
        qpos[BALLS][:6] = [0.3, 0.3, 0.009, 0.3, 0.35, 0.009]

    assert {"not_spilled"} == failed(forged(spill))


def test_balls_beside_or_beneath_the_mug_are_not_in_it() -> None:
    """What counts is the space inside its walls."""

    def beneath(qpos: Any) -> None:
        qpos[BALLS][2::3] -= 0.09

    assert {"poured", "not_spilled"} == failed(forged(beneath))


def test_a_tilted_cup_fails() -> None:
    """The arm has to come back."""

    def tilt(qpos: Any) -> None:
        qpos[3] += 0.5

    assert {"cup_upright", "home"} == failed(forged(tilt))


def test_a_claim_that_does_not_fit_the_state_fails() -> None:
    """A record whose state was changed afterwards is not judged at all."""
    state = {**poured().state, "streak": 64}

    assert {"record"} == failed(msgspec.structs.replace(poured(), state=state))


def test_knocking_the_mug_over_afterwards_fails() -> None:
    """That the coffee was in the mug at some step proves nothing."""
    actions = acted()
    mug = np.array(poured().state["qpos"][MUG][:3])
    out = np.array([*mug[:2], 0.0]) / np.linalg.norm(mug[:2])
    for step in range(
        44, WORLD.horizon
    ):  # with the cup upright and low, from before the mug to where it stands
        away = np.interp(step, [50, 58], [0.11, 0.0])
        wanted = mug - away * out + [0.0, 0.0, 0.06]
        actions[step] = inverse({**WORLD.geometry(), "tool": 0.08}, wanted[None], np.zeros(1))[0]
    episode = redone(actions)

    assert poured_at_any_step(episode)
    assert {"held", "mug_in_place", "home"} <= failed(episode)


def test_a_pose_without_a_pour_fails() -> None:
    """That the cup was tilted over the mug says little of where the coffee went."""
    actions = acted()
    tilted = poured().steps.observations["tilt"][1:, 0] > 1.3  # type: ignore[union-attr]
    there = actions[: int(np.argmax(tilted))]
    rest = np.tile(actions[:1], (WORLD.horizon - 2 * len(there), 1))
    episode = redone([*there, *there[::-1], *rest])

    assert posed_at_any_step(episode)
    assert {"poured", "held"} <= failed(episode)


def test_staying_at_rest_fails() -> None:
    """Nothing is spilled, and nothing poured."""
    episode = redone(np.tile(WORLD.rest(WORLD.nominal), (WORLD.horizon, 1)))

    assert {"poured", "held"} == failed(episode)


def test_violence_is_not_safe() -> None:
    """Actions from one end of the joints' range to the other break the limits of speed and torque."""
    low, high = WORLD.nominal.actuator_ctrlrange.T
    episode = redone([low if step // 8 % 2 else high for step in range(WORLD.horizon)])

    assert {"safe_joint_speed", "safe_torque", "safe_kinetic_energy"} <= failed(episode)
