"""Policies for any seat: none raises, and none succeeds where it should not."""

import random
from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gristmill import registry
from gristmill.agents._schemas import random_call, random_value
from gristmill.digest import encode
from gristmill.envs.spaces import ActSpace
from gristmill.play import play
from gristmill.recorders.verify import judge
from gristmill.types import Brief, Episode, Verdict

RETAIL = "support/retail-v1"
ANY = ["noop", "random", "list-everything", "grader-override", "noisy?base=random&rate=0.5"]

WORLD = registry.make(RETAIL)
SCENARIOS = [WORLD.scenario(5, index) for index in range(40)]
WORLD.reset(options={"scenario": SCENARIOS[0]})
BRIEFS = [WORLD.brief("agent"), WORLD.brief("customer"), Brief(seat="agent")]

plain: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
entries = st.lists(
    st.fixed_dictionaries({"from": st.sampled_from(["agent", "customer", "tool", "world"])}, optional={
        "say": plain, "result": plain, "error": plain, "tool": plain}),
    max_size=3,
)  # fmt: skip


def played(agent: str, n: int = 40) -> list[tuple[Episode, Verdict]]:
    """Episodes of the shop with `agent` at the desk, each with its verdict."""
    seats = {"customer": "expert", "agent": agent}
    policies = {seat: registry.policy(spec, RETAIL, seat) for seat, spec in seats.items()}
    episodes = play(registry.world(RETAIL), SCENARIOS[:n], policies, seed=5)
    return [(episode, judge(WORLD, episode)) for episode in episodes]


@given(
    name=st.sampled_from(ANY),
    brief=st.sampled_from(BRIEFS),
    seen=st.lists(entries, max_size=4),
    seed=st.integers(0, 2**32),
)
def test_nothing_that_is_observed_makes_it_raise(name: str, brief: Brief, seen: list[Any], seed: int) -> None:
    """Whatever the world shows, the answer is an act that can be recorded."""
    session = registry.policy(name, RETAIL, "agent").begin([brief], [seed])

    for observation in seen:
        (act,) = session.act([0], [observation])
        assert encode(act)


@pytest.mark.parametrize("name", ANY)
def test_it_does_not_pass(name: str) -> None:
    """A desk that does nothing right solves nothing."""
    assert "pass" not in {verdict.status for _, verdict in played(name)}


def test_random_acts_are_legal() -> None:
    """They are calls of its own tools with arguments of the right types, and messages."""
    space = ActSpace(BRIEFS[0].tools)
    rng = random.Random(3)

    assert all(space.contains(random_call(BRIEFS[0].tools, rng, ["W1234"])) for _ in range(300))


@pytest.mark.parametrize(
    ("schema", "kind"),
    [
        ({"type": "integer", "minimum": 3, "maximum": 3}, int),
        ({"type": "number"}, (int, float)),
        ({"type": "boolean"}, bool),
        ({"type": "null"}, type(None)),
        ({"type": "array", "items": {"type": "string"}}, list),
        ({"type": "object", "properties": {"a": {"const": 1}}}, dict),
        ({"anyOf": [{"type": "integer"}, {"type": "integer"}]}, int),
        ({"oneOf": [{"enum": ["a"]}]}, str),
        ({"$ref": "#/$defs/Size"}, str),
        ({"$ref": "#/$defs/Unknown"}, type(None)),
        ({}, str),
    ],
)
def test_a_random_value_is_of_the_type_of_its_schema(schema: dict[str, Any], kind: Any) -> None:
    """Every form that a tool's schema takes is understood."""
    shared = {"Size": {"enum": ["S", "M"]}}

    assert isinstance(random_value(schema, random.Random(1), ["known"], shared), kind)


@pytest.mark.parametrize("rate", [0.1, 0.25])
def test_noise_gives_a_mix_of_right_and_wrong(rate: float) -> None:
    """What a raw log is like: some episodes pass, some fail, and few break off."""
    counts = Counter(verdict.status for _, verdict in played(f"noisy?rate={rate}"))

    assert counts["pass"] >= 3
    assert counts["fail"] >= 3
    assert counts["error"] <= 4


def test_without_noise_it_plays_as_its_base() -> None:
    """Noise is all that it adds."""
    alone = [episode.entries for episode, _ in played("expert", 15)]

    assert alone == [episode.entries for episode, _ in played("noisy?rate=0", 15)]


def test_its_base_can_be_any_policy() -> None:
    """Parameters that are not its own are those of its base."""
    noisy = registry.policy("noisy?base=expert&rate=0.2&forms=train", RETAIL, "customer")

    assert ("noisy?base=expert&rate=0.2&forms=train", 0, 0) == (noisy.name, noisy.width, noisy.generation)


def test_a_batch_is_spoiled_row_by_row() -> None:
    """A row gets the same acts in a batch as it gets alone, whatever the noise does to others."""
    policy = registry.policy("noisy?rate=0.5", RETAIL, "customer")
    briefs, seeds = [BRIEFS[1]] * 6, list(range(6))
    together = policy.begin(briefs, seeds)
    batch = [together.act(range(6), [[] for _ in range(6)]) for _ in range(4)]

    for row in range(6):
        alone = policy.begin(briefs[:1], [seeds[row]])
        assert [acts[row] for acts in batch] == [alone.act([0], [[]])[0] for _ in range(4)]
