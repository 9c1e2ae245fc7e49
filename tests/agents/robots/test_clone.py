"""The cloned policy: the same actions to the last bit whoever plays beside, within limits, and only where it fits."""

from pathlib import Path

import numpy as np
import pytest

from gristmill import registry
from gristmill.agents.robots.network import Network, NetworkConfig, shapes
from gristmill.errors import UsageError
from gristmill.play import play
from gristmill.policy import Policy
from gristmill.seeding import numpy_stream

WORLD = "robots/reach-v1"
FIELDS = {"joints": 4, "tip": 3, "target": 3, "time": 1}


def network(scale: float = 1.0, **other: object) -> Network:
    """A network with random weights."""
    config = NetworkConfig(
        **{"world": WORLD, "observation": FIELDS, "action": 4, "chunk": 6, "dim": 96, **other}  # type: ignore[arg-type]
    )
    rng = numpy_stream(0, "network")
    drawn = {name: rng.normal(size=size) / np.sqrt(size[0]) for name, size in shapes(config).items()}
    arrays = {
        name: (abs(one) if name.endswith("sd") else one).astype(np.float32) for name, one in drawn.items()
    }
    return Network(
        config, {**arrays, "action.sd": arrays["action.sd"] * np.float32(scale)}, {"generation": 3}
    )


def policy(folder: Path, made: Network, world: str = WORLD, name: str = "clone") -> Policy:
    """A policy of a network that was written to disk."""
    made.save(folder)
    return registry.policy(f"{name}?checkpoint={folder}", world, "robot")


def observation(rows: int) -> dict[str, np.ndarray]:
    """What rows observe."""
    rng = numpy_stream(1, "observation")
    whole = {name: rng.normal(size=(64, size)).astype(np.float32) for name, size in FIELDS.items()}
    return {name: one[:rows] for name, one in whole.items()}


@pytest.mark.parametrize("rows", [1, 2, 3, 16, 17, 63])
def test_a_row_does_not_depend_on_the_others(rows: int) -> None:
    """To the last bit, for any number of rows at once; the order in which a product is added has no say."""
    made = network()
    alone = np.concatenate(
        [made({name: one[row : row + 1] for name, one in observation(64).items()}) for row in range(rows)]
    )

    assert alone.tobytes() == made(observation(rows)).tobytes()


def test_sums_are_exact() -> None:
    """Shuffled, they come to the same, which sums of floats in general do not."""
    made = network(dim=256)
    order = numpy_stream(2, "order").permutation(256)
    weights, _ = made._layers[1]
    active = np.rint(np.abs(numpy_stream(3, "x").normal(size=(8, 256))) * 2.0**18) / 2.0**18
    plain = active.astype(np.float32) @ weights.astype(np.float32)

    assert (active @ weights).tobytes() == (active[:, order] @ weights[order]).tobytes()
    assert pytest.approx(plain, abs=1e-4) == active @ weights


def test_episodes_are_the_same_in_any_company(tmp_path: Path) -> None:
    """Played alone and together."""
    make, sitting = registry.world(WORLD), policy(tmp_path, network())
    world = make()
    scenarios = [world.scenario(5, index) for index in range(5)]

    def played(count: int) -> list[str]:
        return [
            one.content_hash()
            for start in range(0, 5, count)
            for one in play(make, scenarios[start : start + count], {"robot": sitting}, seed=1)
        ]

    assert played(1) == played(5) == played(3)


def test_actions_keep_to_their_limits(tmp_path: Path) -> None:
    """Exactly, in float32."""
    world = registry.make(WORLD)
    brief = world.brief("robot")
    session = policy(tmp_path, network(scale=1e4)).begin([brief] * 9, range(9))
    actions = session.act(range(9), observation(9))

    limits = [np.array(brief.facts["action"][end], dtype=np.float32) for end in ("low", "high")]

    assert np.float32 == actions.dtype
    assert ((actions == limits[0]) | (actions == limits[1])).all()


def test_opinions_on_a_step_are_averaged(tmp_path: Path) -> None:
    """The first act is the first of its chunk; the second the mean of the second of that and the first of the next."""
    made = network(scale=1e-3)
    brief = registry.make(WORLD).brief("robot")
    session = policy(tmp_path, made).begin([brief] * 3, range(3))
    first, second = observation(3), {name: one[::-1] for name, one in observation(3).items()}
    before, after = made(first), made(second)

    assert pytest.approx(before[:, 0], abs=1e-6) == session.act(range(3), first)
    # The middle row has ended meanwhile.
    rest = {name: one[[0, 2]] for name, one in second.items()}
    assert pytest.approx((before[[0, 2], 1] + after[[0, 2], 0]) / 2, abs=1e-6) == session.act([0, 2], rest)


def test_it_is_known_by_its_weights(tmp_path: Path) -> None:
    """Its digest is that of what it does, whatever its folder; its generation is that of the model."""
    one, two = policy(tmp_path / "a", network()), policy(tmp_path / "b", network(), name="model")
    other = policy(tmp_path / "c", network(scale=2.0))

    assert one.digest == two.digest != other.digest
    assert 3 == one.generation
    assert 1 == [one.name for one in registry.policies(WORLD, "robot")].count("model")


def test_a_model_of_something_else_is_refused(tmp_path: Path) -> None:
    """Each with what was expected, and what there is."""
    with pytest.raises(
        UsageError, match=r"Expected a model of robots/reach-v1 in .*, got one of robots/pull-v1"
    ):
        policy(tmp_path / "a", network(world="robots/pull-v1"))
    with pytest.raises(
        UsageError, match=r"Expected a model of the observations .*target \(3\).* got one of .*tip \(2\)"
    ):
        policy(tmp_path / "b", network(observation={**FIELDS, "tip": 2}))
    with pytest.raises(UsageError, match=r"actions of 4 numbers.*actions of 5 numbers"):
        policy(tmp_path / "c", network(action=5))
    with pytest.raises(
        UsageError, match=r"Expected a model that moves a robot in .*nowhere, got a folder without config"
    ):
        registry.policy(f"clone?checkpoint={tmp_path}/nowhere", WORLD, "robot")
    (tmp_path / "a" / "tokenizer.json").write_text("{}")
    with pytest.raises(UsageError, match="got one that reads and writes text"):
        registry.policy(f"clone?checkpoint={tmp_path}/a", WORLD, "robot")


def test_a_damaged_model_is_named(tmp_path: Path) -> None:
    """Whichever file it is."""
    made = network()
    for name in ("config.json", "weights.safetensors", "about.json"):
        made.save(tmp_path / name)
        (tmp_path / name / name).write_bytes(b"{")
        with pytest.raises(UsageError, match=f"Expected a readable model in .*{name}"):
            Network.load(tmp_path / name)
    Network(network(dim=64).config, made.arrays).save(tmp_path / "shape")
    with pytest.raises(
        UsageError, match=r"shapes its config says, got 5 others; first: b0 is \(96,\), should be \(64,\)"
    ):
        Network.load(tmp_path / "shape")
