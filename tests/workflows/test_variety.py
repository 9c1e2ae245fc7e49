"""Variety in numbers, and collapse noticed."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from gristmill.errors import UsageError
from gristmill.types import Entry, Episode, Scenario, SeatInfo, call, raw, say
from gristmill.workflows.variety import (
    Bounds,
    Variety,
    cells,
    distinct_n,
    falls,
    features,
    strata_lost,
    vendi,
    words,
)

THINGS = ("lamp", "chair", "kettle", "sofa", "mirror", "rug", "desk", "clock", "shelf", "vase")
WAYS = ("gladly sent back", "sadly kept by us", "quickly swapped for another", "paid out at once to you")


def episode(number: int, text: str, stratum: str = "") -> Episode:
    """A conversation in which the agent looks something up and says something."""
    entries: list[Entry] = [
        {"from": "customer", "say": f"My order is W{number}."},
        {"from": "agent", **call("get_order", order_id=f"W{number}")},
        {"from": "agent", **say(text)},
    ]
    scenario = Scenario.of("test/w-v0", {"order": f"W{number}"}, index=number, stratum=stratum)
    seats = {seat: SeatInfo(policy="p", digest="d") for seat in ("customer", "agent")}
    return Episode(
        id=str(number),
        world="test/w-v0",
        version="1",
        scenario=scenario,
        seats=seats,
        seed=0,
        entries=entries,
    )


def varied(n: int = 400) -> list[Episode]:
    """Conversations that differ in what they are about and in how it is said."""
    return [
        episode(
            one, f"The {THINGS[one % 10]} was {WAYS[one // 10 % 4]}.", f"{THINGS[one % 10]}/late !timeout"
        )
        for one in range(n)
    ]


matrices = st.integers(1, 12).flatmap(
    lambda n: st.integers(1, 12).flatmap(
        lambda d: st.lists(
            st.lists(st.integers(-3, 3), min_size=d, max_size=d).filter(any), min_size=n, max_size=n
        )
    )
)


@given(matrices)
def test_the_vendi_score_is_a_number_of_items(rows: list[list[int]]) -> None:
    """It lies between one and as many as there are."""
    assert 1.0 <= vendi(np.array(rows, float)) <= len(rows)


@given(matrices)
def test_the_dual_form_equals_the_primal(rows: list[list[int]]) -> None:
    """The eigenvalues are those of the similarities over n, as it is defined."""
    items = np.array(rows, float)
    unit = items / np.linalg.norm(items, axis=1, keepdims=True)
    values = np.linalg.eigvalsh(unit @ unit.T / len(unit))
    values = values[values > 1e-12]

    assert np.exp(-(values * np.log(values)).sum()) == pytest.approx(vendi(items))


@given(matrices, st.integers(2, 4))
def test_to_have_everything_twice_is_no_variety(rows: list[list[int]], times: int) -> None:
    """The score does not change when all is repeated."""
    assert vendi(np.array(rows, float)) == pytest.approx(vendi(np.array(rows * times, float)))


@pytest.mark.parametrize("n", [1, 2, 7])
def test_what_has_nothing_in_common_counts_in_full(n: int) -> None:
    """Orthogonal items count as many as they are, identical ones as one."""
    assert n == pytest.approx(vendi(np.eye(n, 9)))
    assert pytest.approx(vendi(np.ones((n, 9)))) == 1.0


def test_a_row_without_direction_is_refused() -> None:
    """Nothing can be said of how similar it is; of nothing at all the score is 0."""
    assert 0.0 == vendi(np.zeros((0, 3)))
    with pytest.raises(UsageError, match="not all zeros, got 1 that are"):
        vendi(np.array([[0.0, 0.0], [1.0, 0.0]]))


@pytest.mark.parametrize(
    ("texts", "n", "share"),
    [
        (["a b a b a"], 2, 2 / 4),
        (["a b", "a b"], 2, 1 / 2),
        (["a b c d"], 4, 1.0),
        (["a b c"], 4, 0.0),
        ([], 2, 0.0),
    ],
)
def test_distinct_n_grams_are_a_share_of_all(texts: list[str], n: int, share: float) -> None:
    """Each is counted once against how often it occurs; none reaches from one text into the next."""
    assert share == distinct_n([text.split() for text in texts], n)


@pytest.mark.parametrize(
    ("act", "found"),
    [
        (say("Order W4821 costs $12.50, Ann!"), ["order", "0", "costs", "0", ",", "ann", "!"]),
        (say("Write to ann@shop.example"), ["write", "to", "0"]),
        (call("refund", order_id="W1", amount=3), ["call:refund", "amount=", "0", "order_id=", "0"]),
        (call("offer", message="I can do 40 dollars"), ["call:offer", "message=", "i", "can", "do", "0", "dollars"]),
        ({"call": "refund", "args": "no object"}, ["call:refund"]),
        (raw("refund(("), ["refund"]),
    ],
)  # fmt: skip
def test_what_was_filled_in_is_masked(act: Entry, found: list[str]) -> None:
    """Ids, numbers and values are no words; what is said in an argument is."""
    assert found == words(act)


def test_features_know_what_was_done_and_not_how_often() -> None:
    """Equal words give equal rows wherever they stand; an empty episode has a direction too."""
    one, two = [["call:get", "0"], ["yes", "."]], [["no", "."]]
    first, second, again, empty = features([one, two, one * 3, []])

    assert first.tolist() == again.tolist()
    assert first.tolist() != second.tolist()
    assert empty.any()


def test_the_figures_do_not_depend_on_the_order() -> None:
    """They are about a set of episodes."""
    there, back = Variety.of(varied(), "agent", budget=500), Variety.of(varied()[::-1], "agent", budget=500)

    assert there == back
    assert (400, 800, 500) == (there.episodes, there.acts, there.words)


def test_more_of_the_same_kind_changes_little() -> None:
    """Over equally many words, sets of different sizes compare."""
    few, many = (Variety.of(varied(n), "agent", budget=500) for n in (200, 800))

    assert few.distinct_2 == pytest.approx(many.distinct_2, rel=0.2)
    assert few.vendi == pytest.approx(many.vendi, rel=0.05)
    assert [] == falls(few, many)


@pytest.mark.parametrize(("before", "after"), [(20, 800), (800, 20), (100, 800), (800, 100)])
def test_sets_of_any_size_compare(before: int, after: int) -> None:
    """Over equally many words and episodes each: more of the same kind is no collapse, nor is a small sample of it."""
    few, many = (Variety.of(varied(n), "agent") for n in (before, after))

    assert [] == falls(few, many, sample=True)


def test_little_to_learn_from_is_little_variety() -> None:
    """Where it is all there is, and no sample."""
    found = falls(Variety.of(varied(), "agent"), Variety.of(varied()[:3], "agent"), Bounds(stratum=1.1))

    assert ["the Vendi score is"] == [one[:18] for one in found]


def test_a_few_episodes_do_not_hide_a_collapse() -> None:
    """That they have few words is no variety."""
    before = Variety.of(varied(), "agent")
    after = Variety.of([replace(one, entries=varied(1)[0].entries) for one in varied(20)], "agent")
    found = " ".join(falls(before, after, Bounds(vendi=0.0)))

    assert after.distinct_2 > 2 * before.distinct_2
    assert "2-grams" in found
    assert "over 128 words, " in found
    assert "in 100% of the episodes" in found


def test_that_a_few_are_alike_may_be_chance() -> None:
    """Of five episodes two do the same, which is more than a quarter, and says nothing; of five hundred it does."""
    before = Variety.of(varied(), "agent")

    assert [] == falls(before, replace(before, episodes=5, top_share=0.4, strata={}), Bounds(stratum=1.1))
    assert falls(before, replace(before, episodes=500, top_share=0.4, strata={}), Bounds(stratum=1.1))


def test_what_differs_in_values_only_is_the_same_conduct() -> None:
    """Ids do not hide that the seat always does the same."""
    same = Variety.of([episode(one, f"W{one} is on its way.") for one in range(20)], "agent")

    assert 1.0 == same.top_share
    assert pytest.approx(1.0) == same.vendi


def test_collapse_onto_one_episode_is_noticed() -> None:
    """Where the most frequent one is all that is left, every bound is broken."""
    before = Variety.of(varied(), "agent", budget=500)
    said = " ".join(falls(before, Variety.of(varied()[:1] * 400, "agent", budget=500)))

    for what in (
        "Vendi score is 1,",
        "2-grams",
        "4-grams",
        "in 100% of the episodes",
        "vanished: chair/late",
    ):
        assert what in said
    assert (
        "obstacle" not in said.partition("vanished: intent")[2]
    )  # every stratum has the same obstacle and fault


def test_only_strata_that_must_have_been_drawn_are_missed() -> None:
    """That a tenth is missing from ten episodes is chance; a rare one may go."""
    before = Variety.of(varied(), "agent")
    some = Variety.of([one for one in varied() if "lamp" not in one.scenario.stratum], "agent")
    few = replace(some, episodes=10, strata={"chair/late !timeout": 10})
    bounds = Bounds(vendi=0, distinct_2=0, distinct_4=0)

    assert 2 == len(falls(before, some, bounds))
    assert [] == falls(before, few, bounds)
    assert [] == falls(before, some, Bounds(stratum=0.2))


def test_lost_strata_come_with_their_share() -> None:
    """The greatest loss is named first."""
    assert {"c": 0.5, "a": 0.2} == strata_lost({"a": 2, "b": 3, "c": 5}, {"b": 1, "d": 4})
    assert {} == strata_lost({}, {"a": 1})


def test_rare_strata_meet_again_in_cells() -> None:
    """What several strata have in common is counted over all of them."""
    strata = {"refund/late+email !timeout": 2, "refund": 3}

    assert {
        "fault none": 3, "fault timeout": 2, "intent email": 2, "intent refund": 5, "obstacle late": 2, "obstacle none": 3,
    } == cells(strata)  # fmt: skip


def test_nothing_left_is_the_worst() -> None:
    """An empty set has figures, and a message of its own."""
    empty = Variety.of([], "agent")

    assert 0.0 == empty.vendi
    assert ["no episodes are left"] == falls(Variety.of(varied(20), "agent"), empty)


def test_seats_are_not_mixed_up() -> None:
    """A seat that is not there, and two different ones, are refused."""
    with pytest.raises(UsageError, match="seats customer, agent, got 'robot'"):
        Variety.of(varied(1), "robot")
    with pytest.raises(UsageError, match="one seat, got 'agent' and 'customer'"):
        falls(Variety.of(varied(1), "agent"), Variety.of(varied(1), "customer"))
