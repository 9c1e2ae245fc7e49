"""The strategies of bargaining take both seats of both worlds, keep the rules, and cope with anything."""

import random
import re
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gristmill import registry
from gristmill.agents import negotiation
from gristmill.agents.negotiation_words import asked_in_words
from gristmill.envs.negotiation.bargaining import Bargaining
from gristmill.envs.negotiation.market import Market
from gristmill.envs.negotiation.resource import Resource
from gristmill.errors import UsageError
from gristmill.play import play
from gristmill.policy import Script, Scripted, ScriptFunction
from gristmill.types import Act, Brief, Check, Entry, Episode, Verdict

WORLDS: tuple[type[Bargaining], ...] = (Market, Resource)
SCRIPTS: dict[str, ScriptFunction] = {
    "boulware": negotiation.boulware, "linear": negotiation.linear, "conceder": negotiation.conceder,
    "tit-for-tat": negotiation.tit_for_tat, "hardliner": negotiation.hardliner, "micro": negotiation.micro,
    "fair-split": negotiation.fair_split, "aspiration": negotiation.aspiration, "expert": negotiation.expert,
}  # fmt: skip
UGLY = (
    r"\s\s", r"\s[.,?!:]", r"[.,?!:]{2}", r"^[a-z]", r"[.?!] [a-z]", r"[{}\[\]|]", r"\b1 (books|hats|balls)\b",
    r"\b(a|an|the) (a|an|the)\b", r"[a-z0-9]$", r"\bget \.|\bkeep \.|\btake \.",
)  # fmt: skip


def episodes(
    world: type[Bargaining], first: str, second: str, *, count: int = 60, seed: int = 1, **params: Any
) -> list[Episode]:  # fmt: skip
    """Episodes of two strategies, by name."""
    made = world(rewards=False)
    seats = {
        seat: Scripted(name, SCRIPTS[name], **params)
        for seat, name in zip(made.seats, (first, second), strict=True)
    }
    scenarios = [made.scenario(seed, index) for index in range(count)]
    return list(play(lambda: world(rewards=False), scenarios, seats, seed=seed))


def checks(world: type[Bargaining], some: list[Episode]) -> Iterator[tuple[Episode, Check]]:
    """Every finding of the world's checks."""
    made = world(rewards=False)
    for one in some:
        for check in made.checks(one):
            yield one, check


def acts(some: list[Episode]) -> Iterator[Entry]:
    """Every call of both seats."""
    for one in some:
        yield from (entry for entry in one.entries if "call" in entry)


@pytest.mark.parametrize("forms", ["train", "held-out"])
@pytest.mark.parametrize("world", WORLDS)
def test_experts_pass(world: type[Bargaining], forms: str) -> None:
    """In every zone of agreement, in forms of either split, within eight acts on average."""
    made = world(rewards=False)
    some = episodes(world, "expert", "expert", count=150, forms=forms)

    assert {"pass"} == {Verdict.status_of(tuple(made.checks(one))) for one in some}
    assert sum(1 for _ in acts(some)) <= 8 * len(some)


@pytest.mark.slow
@pytest.mark.parametrize("world", WORLDS)
def test_experts_pass_in_thousands_of_scenarios(world: type[Bargaining]) -> None:
    """All of five thousand, under another seed."""
    made = world(rewards=False)
    some = episodes(world, "expert", "expert", count=5_000, seed=2)

    assert [] == [one.scenario.index for one in some if Verdict.status_of(tuple(made.checks(one))) != "pass"]


@pytest.mark.parametrize("name", SCRIPTS)
@pytest.mark.parametrize("world", WORLDS)
def test_every_strategy_keeps_the_rules(world: type[Bargaining], name: str) -> None:
    """Against the expert in either seat, only an agreement may be missing."""
    some = episodes(world, name, "expert") + episodes(world, "expert", name)
    failed = [(one.scenario.index, check) for one, check in checks(world, some) if check.status != "pass"]

    assert [] == [found for found in failed if found[1].name != "agreement"]
    assert [] == [one.scenario.index for one in some if one.fault or one.end != "terminated"]


@pytest.mark.parametrize("world", WORLDS)
def test_somebody_walks_away_where_nobody_agrees(world: type[Bargaining]) -> None:
    """Time runs out on nobody."""
    some = episodes(world, "hardliner", "boulware")

    assert [] == [one.scenario.index for one in some if not one.state]
    assert any("walked" in one.state for one in some)


def test_messages_are_tidy() -> None:
    """Capitals, spaces, stops, plurals and articles are where they belong."""
    lines = {
        entry["args"]["message"]
        for world in WORLDS
        for name in ("linear", "hardliner", "expert")
        for entry in acts(episodes(world, name, "linear", count=120))
    }

    assert [] == [(line, rule) for line in sorted(lines) for rule in UGLY if re.search(rule, line)]


def test_wording_is_varied_and_the_splits_differ() -> None:
    """Of a thousand offers nearly all are put otherwise, figures aside; none of one split is in the other."""

    def said(forms: str) -> list[str]:
        some = episodes(Market, "linear", "boulware", count=100, forms=forms)
        offers = [entry["args"]["message"] for entry in acts(some) if entry["call"] == "walk_away"]
        return offers + [
            re.sub(r"\d+", "#", entry["args"]["message"]) for entry in acts(some) if entry["call"] == "offer"
        ]

    train, held_out = said("train"), said("held-out")

    assert len(set(train)) > 0.8 * len(train)
    assert len(set(train) & set(held_out)) < 0.02 * len(set(held_out))


def test_questions_are_asked_and_answered_truthfully() -> None:
    """Over many episodes of the market both issues and alternatives come up; a claim is what the brief says."""
    some = episodes(Market, "linear", "aspiration", count=150)
    calls = {(entry["call"], entry["args"].get("about", "")) for entry in acts(some)}
    honest = [check.status for _, check in checks(Market, some) if check.name == "honest"]

    assert {"ask", "claim"} <= {name for name, _ in calls}
    assert {"priority", "alternative"} <= {about for _, about in calls}
    assert {"pass"} == set(honest)


@pytest.mark.parametrize(
    ("text", "about"),
    [
        ("What matters most to you?", "priority"),
        ("Which of these is most important for you?", "priority"),
        ("Do you have any other offers?", "alternative"),
        ("Are there alternatives for you?", "alternative"),
        ("How are you?", ""),
        ("I have another offer.", ""),
    ],
)
def test_questions_are_understood_in_words(text: str, about: str) -> None:
    """As a person or a model would put them."""
    assert about == asked_in_words(text)


def begun(world: type[Bargaining], name: str, seed: int = 0) -> tuple[Script, Brief]:
    """A strategy in the second seat of a scenario, ready to see what happened."""
    made = world(rewards=False)
    made.reset(options={"scenario": made.scenario(seed, 0)})
    brief = made.brief(made.seats[1])
    script = SCRIPTS[name](brief, random.Random(seed))
    next(script)
    return script, brief


ODD = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 2000) | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda some: st.lists(some, max_size=2) | st.dictionaries(st.text(max_size=8), some, max_size=2),
    max_leaves=4,
)
NAMES = ("books", "hats", "balls", "price", "delivery", "warranty", "payment", "about", "value", "message")
ARGS = st.dictionaries(st.sampled_from(NAMES), ODD | st.sampled_from(["priority", "alternative", "price"]))
TOOLS = st.sampled_from(["offer", "accept", "ask", "claim", "walk_away", "no such tool"])
OTHERS = st.one_of(
    st.builds(lambda text: {"say": text}, st.text(max_size=40) | st.just("What matters most to you?")),
    st.builds(lambda tool, args: {"call": tool, "args": args}, TOOLS, ARGS | ODD),
)


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(WORLDS), st.sampled_from(sorted(SCRIPTS)), st.lists(OTHERS | st.none(), max_size=16))
def test_strategies_cope_with_anything(world: type[Bargaining], name: str, turns: list[Act | None]) -> None:
    """Whatever the other seat says or calls, and whatever is refused, they act on."""
    script, brief = begun(world, name)
    for act in turns:
        refusal: Entry = {"from": "tool", "tool": "offer", "error": "refused", "to": [brief.seat]}
        answer = script.send([refusal if act is None else {"from": brief.facts["other"], **act}])
        assert answer is not None
        assert "say" in answer or isinstance(answer["args"]["message"], str)


def test_a_strategy_carries_on_when_its_act_is_refused() -> None:
    """It says something, and then makes the offer that it could not make."""
    script, brief = begun(Market, "linear")
    refusal: Entry = {"from": "tool", "tool": "offer", "error": "no", "to": [brief.seat]}
    first = script.send([{"from": "buyer", "say": "Hello."}])
    second = script.send([refusal])
    third = script.send([{"from": "buyer", "say": "Well?"}])

    assert ["offer", None, "offer"] == [one and one.get("call") for one in (first, second, third)]


def test_a_spread_draws_the_pace_anew() -> None:
    """Episodes differ from those without, and are the same under the same seed."""
    plain, spread, again = (
        episodes(Resource, "boulware", "linear", count=20, spread=value) for value in (0.0, 0.4, 0.4)
    )

    assert [one.entries for one in spread] == [one.entries for one in again]
    assert [one.state for one in plain] != [one.state for one in spread]


@pytest.mark.parametrize("world", WORLDS)
def test_strategies_are_asked_for_by_name(world: type[Bargaining]) -> None:
    """Each has its own digest, in every seat, with its parameters."""
    for seat in world.seats:
        listed = {one.name for one in registry.policies(world.id, seat)}
        digests = {registry.policy(name, world.id, seat).digest for name in SCRIPTS}

        assert set(SCRIPTS) <= listed
        assert len(SCRIPTS) == len(digests)
        assert registry.policy("boulware?beta=0.1&spread=0.2", world.id, seat).digest not in digests


@pytest.mark.parametrize(
    "spec",
    ["boulware?beta=0", "linear?beta=-1", "conceder?beta=nan", "aspiration?spread=-0.1", "tit-for-tat?first=9",
     "hardliner?give=7", "micro?step=-3", "fair-split?ease=0"],
)  # fmt: skip
def test_a_parameter_that_makes_no_sense_is_refused(spec: str) -> None:
    """Before anything is played, in the words of who typed it."""
    name = spec.partition("?")[2].partition("=")[0]

    with pytest.raises(UsageError, match=rf"Parameter '{name}' of policy '.*': Expected `(float|int)` [<>]="):
        registry.policy(spec, "negotiation/market-v1", "seller")
