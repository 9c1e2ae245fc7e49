"""What is drawn: zones of agreement at their rates, private values that differ, and briefs that say it."""

from collections import Counter

import pytest

from gristmill.envs.negotiation.bargaining import Bargaining
from gristmill.envs.negotiation.market import Market
from gristmill.envs.negotiation.resource import Resource
from gristmill.types import Scenario
from tests.envs.negotiation.bargain import MARKET, RESOURCE, begun, scenario

KINDS = pytest.mark.parametrize("kind", [Market, Resource])


@KINDS
def test_zones_are_drawn_at_their_rates(kind: type[Bargaining]) -> None:
    """Eight to ten of a hundred have no zone of agreement; the others have one, and the stratum says how wide."""
    world = kind()
    drawn = [world.scenario(0, index) for index in range(12_000)]
    count = Counter(one.stratum for one in drawn)

    assert {"narrow", "medium", "wide", "none"} == set(count)
    assert 0.08 <= count["none"] / len(drawn) <= 0.1
    for one in drawn[:500]:
        assert (one.stratum != "none") == world.domain(one.values).possible


@KINDS
def test_wider_zones_leave_more_to_gain(kind: type[Bargaining]) -> None:
    """The names of the strata are in the order of what both can gain."""
    world = kind()
    gains: dict[str, list[float]] = {}
    for index in range(400):
        one = world.scenario(1, index)
        domain = world.domain(one.values)
        gains.setdefault(one.stratum, []).append(domain.best_nash_product)
    mean = {name: sum(some) / len(some) for name, some in gains.items()}

    assert ["none", "narrow", "medium", "wide"] == sorted(mean, key=mean.__getitem__)


@KINDS
def test_a_deal_stays_possible_until_the_last_turn(kind: type[Bargaining]) -> None:
    """However fast utilities shrink, where there is a zone of agreement it does not close before the deadline."""
    world = kind()
    for index in range(200):
        domain = world.domain(world.scenario(2, index).values)
        if domain.possible:
            last = domain.discount ** (domain.deadline - 1) / 10_000
            assert any(
                domain.rational(domain.seats[0], first * last)
                and domain.rational(domain.seats[1], second * last)
                for first, second in zip(*domain.front, strict=True)
            )


@KINDS
def test_scenarios_are_pure_functions_of_seed_and_index(kind: type[Bargaining]) -> None:
    """Two instances draw the same; the domain of equal values is the same."""
    first, second = scenario(kind, 3, 5), scenario(kind, 3, 5)

    assert first == second
    assert kind().domain(first.values).reservations == kind().domain(second.values).reservations


@KINDS
def test_facts_add_up(kind: type[Bargaining]) -> None:
    """A seat can work out every utility from its facts, as the world does from the scenario."""
    world = kind()
    for index in range(50):
        world.reset(options={"scenario": world.scenario(4, index)})
        domain = world.domain(world.scenario(4, index).values)
        for place, seat in enumerate(world.possible_agents):
            facts = world.brief(seat).facts
            terms = {name: options[-1 - (index % 2)] for name, options in facts["issues"].items()}
            utility = sum(
                facts["weights"][name] * facts["values"][name][facts["issues"][name].index(value)]
                for name, value in terms.items()
            )
            assert 1.0 == pytest.approx(sum(facts["weights"].values()))
            assert domain.worth(domain.terms(seat, terms))[place] / 10_000 == pytest.approx(utility)
            assert domain.reservations[place] == facts["reservation"]
            assert list(facts["issues"]) == list(facts["weights"]) == list(facts["values"])
            assert all(options == sorted(options) for options in facts["issues"].values())


def test_the_brief_says_in_words_what_the_facts_say() -> None:
    """Every private fact is in the text, for a model or a person."""
    world = begun(Market, discount=0.97)
    brief = world.brief("seller")

    for words in (
        f"No deal is worth {brief.facts['reservation']} to you".replace("No deal", "no deal"),
        "- price (weight 0.5): $1200 0.0, $1280 0.1,", "- payment after (weight 0.1): on delivery 1.0, 15 days 0.67",
        "times 0.97 for every turn", "6 turns for both of you", "The buyer opens", "another offer in hand",
        "price matters most to you", f"You are {MARKET['company']} Ltd, the seller of a cello.",
        f"the buyer, {MARKET['buyer_first']} {MARKET['buyer_last']}",
    ):  # fmt: skip
        assert words in brief.text


def test_no_seat_is_told_what_the_other_keeps_to_itself() -> None:
    """Reservations have three decimals and differ, so that they can be told from every other number."""
    for kind in (Market, Resource):
        world = kind()
        for index in range(100):
            world.reset(options={"scenario": world.scenario(5, index)})
            first, second = (world.brief(seat) for seat in world.possible_agents)
            for own, other in ((first, second), (second, first)):
                assert ["reservation"] == own.facts["until_asked"]
                assert str(own.facts["reservation"]) not in other.text + str(other.facts)


@KINDS
def test_facts_are_copies(kind: type[Bargaining]) -> None:
    """A policy that scribbles on its facts changes nobody else's."""
    world = begun(kind)
    before = world.brief(kind.seats[0]).facts
    world.brief(kind.seats[0]).facts["values"].clear()
    for column in world.brief(kind.seats[0]).facts["values"].values():
        column.clear()
    world.brief(kind.seats[0]).facts["weights"].clear()
    world.brief(kind.seats[0]).facts["issues"].clear()

    assert before == world.brief(kind.seats[0]).facts


@KINDS
def test_a_brief_tells_of_its_own_episode_whenever_it_is_read(kind: type[Bargaining]) -> None:
    """Also when the world has gone on to another, and when somebody has changed the facts."""
    world = kind()
    first, second = (world.scenario(2, index) for index in range(2))
    world.reset(options={"scenario": first})
    expected = [world.brief(seat).text for seat in kind.seats]
    briefs = [world.brief(seat) for seat in kind.seats]
    for brief in briefs:
        brief.facts.clear()
    world.reset(options={"scenario": second})

    assert expected == [brief.text for brief in briefs]
    assert expected != [world.brief(seat).text for seat in kind.seats]


def test_a_brief_follows_from_its_scenario_alone() -> None:
    """Not from another before it whose values are only equal to its own."""
    world = Resource()
    for balls in (1, True):
        world.reset(options={"scenario": Scenario.of(world.id, RESOURCE | {"balls": balls})})
        assert f"and {balls} ball " in world.brief("left").text


@KINDS
def test_where_time_takes_all_a_deal_is_worth_nothing(kind: type[Bargaining]) -> None:
    """A scenario that was not drawn may say so, and is judged like any other."""
    world = kind()
    values = world.scenario(2, 0).values | {"zone": "wide"}
    domain = world.domain(values | {"discount": 0.0})

    assert {(0.0, 0.0)} == set(domain.zone)


@KINDS
def test_scenarios_that_differ_have_domains_of_their_own(kind: type[Bargaining]) -> None:
    """By every value that anything follows from, and by its type; names are of no consequence."""
    world = kind()
    values = world.scenario(4, 0).values | {"zone": "wide", "discount": 0.9}
    domain = world.domain(values)
    changes = {"deadline": float(values["deadline"]), "zone": "none", "discount": 0.5, "second_margin": 101}

    assert domain is world.domain(dict(values))
    for name, value in changes.items():
        other = world.domain(values | {name: value})
        assert other is not domain
    assert type(world.domain(values | {"deadline": changes["deadline"]}).deadline) is float
    assert type(world.domain(values).deadline) is int
