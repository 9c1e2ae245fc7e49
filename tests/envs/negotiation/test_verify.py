"""Every check accepts what it should and refuses what it should, and each seat answers for itself."""

from typing import Any

import msgspec
import pytest

from gristmill.envs.negotiation.bargaining import Bargaining
from gristmill.envs.negotiation.market import Market
from gristmill.envs.negotiation.resource import Resource
from gristmill.play import play
from gristmill.recorders.verify import judge
from gristmill.types import Act, Check, Verdict, call, raw, say
from gristmill.workflows.run import seat_policies
from tests.envs.negotiation.bargain import FAIR, FAIR_SAID, agree, begun, failed, fair, offer, played

KINDS = pytest.mark.parametrize("kind", [Market, Resource])
LEAVE = call("walk_away", message="I am sorry. Goodbye.")
GREED = {"price": 1200, "delivery": 3, "warranty": 36, "payment": 60}  # the buyer's best
GREED_SAID = "$1200, delivery in 3 days, 36 months of warranty, payment in 60 days"
PRICEY = {"price": 2000, "delivery": 21, "warranty": 6, "payment": 0}  # the seller's best
PRICEY_SAID = "$2000, delivery in 21 days, 6 months of warranty, cash"
HOPELESS = {"zone": "none", "first_margin": 100, "second_margin": 100}


def check(verdict: Verdict, name: str, seat: str) -> Check:
    """One check of a verdict."""
    return next(one for one in verdict.checks if (one.name, one.seat or "") == (name, seat))


def test_a_good_deal_passes_for_both() -> None:
    """With what it came to as evidence: utility, gain, efficiency."""
    _, verdict = played(Market, fair(), agree())
    domain = begun(Market)._domain
    deal = domain.deal(FAIR, 1)
    buyer = check(verdict, "utility", "buyer")

    assert ("pass", {"buyer": "pass", "seller": "pass"}) == (verdict.status, verdict.seats)
    assert round(deal.utilities[0], 4) == buyer.evidence["utility"]
    assert domain.reservations[0] == buyer.evidence["reservation"]
    assert round(deal.nash_product / domain.best_nash_product, 4) == buyer.evidence["nash_share"]
    gain = (deal.utilities[0] - domain.reservations[0]) / (domain.best[0] - domain.reservations[0])
    assert gain == pytest.approx(buyer.score)
    assert FAIR == check(verdict, "agreement", "").evidence["deal"]


def test_verdicts_share_no_evidence() -> None:
    """Whoever adds to that of one changes no other."""
    (_, verdict), (_, other) = (played(Market, fair(), agree()) for _ in range(2))
    for one in verdict.checks:
        one.evidence["seen by"] = "a reader"

    assert not any("seen by" in one.evidence for one in other.checks)


def test_utilities_shrink_with_time() -> None:
    """The same deal is worth less after more turns."""
    soon = played(Market, fair(), agree(), discount=0.95)[1].scores
    late = played(Market, say("Hello."), say("Hello."), fair(), agree(), discount=0.95)[1].scores

    assert late["buyer"] < soon["buyer"]
    assert late["seller"] < soon["seller"]


@KINDS
def test_no_deal_where_one_is_possible_fails_both(kind: type[Bargaining]) -> None:
    """Whether time is up or somebody leaves; nobody is said to have broken a rule."""
    _, left = played(kind, say("Hello."), LEAVE)
    _, late = played(kind, *[say("Well.")] * 6)

    for verdict in (left, late):
        assert {("agreement", "")} == failed(verdict)
        assert {"fail"} == set(verdict.seats.values())
        assert {0.0} == set(verdict.scores.values())


def test_where_no_deal_is_possible_none_is_the_right_outcome() -> None:
    """If both have offered what they would accept themselves; each keeps its reservation, which is all there is."""
    _, verdict = played(Market, offer(GREED_SAID, **GREED), offer(PRICEY_SAID, **PRICEY), LEAVE, **HOPELESS)

    assert ("pass", {"buyer": 1.0, "seller": 1.0}) == (verdict.status, verdict.scores)


@pytest.mark.parametrize("terms", [None, PRICEY])
def test_who_offers_nothing_of_its_own_does_not_pass(terms: dict[str, int] | None) -> None:
    """Doing nothing where nothing can be had is no success, nor is an offer that the seat itself would not accept."""
    act = say("Hello.") if terms is None else offer(PRICEY_SAID, **terms)
    _, verdict = played(Market, act, offer(PRICEY_SAID, **PRICEY), LEAVE, **HOPELESS)

    assert {("rational", "buyer")} == failed(verdict)
    assert {"buyer": "fail", "seller": "pass"} == verdict.seats
    assert {"buyer": 0.0, "seller": 1.0} == verdict.scores


def test_who_was_never_on_turn_is_excused() -> None:
    """The other seat left before it could offer anything."""
    _, verdict = played(Market, LEAVE, **HOPELESS)

    assert {"buyer": "fail", "seller": "pass"} == verdict.seats


def test_a_deal_where_none_is_rational_for_both_fails() -> None:
    """It is irrational for one of them, whose failure it is said to be."""
    _, verdict = played(
        Market, offer(GREED_SAID, **GREED), call("accept", message=f"Agreed: {GREED_SAID}."), **HOPELESS
    )

    assert {("agreement", ""), ("rational", "seller")} == failed(verdict)


def test_a_deal_below_the_reservation_fails_the_seat_that_took_it() -> None:
    """And not the one that did well by it."""
    _, verdict = played(Market, offer(GREED_SAID, **GREED), call("accept", message=f"Agreed: {GREED_SAID}."))

    assert {("rational", "seller")} == failed(verdict)
    assert {"buyer": "pass", "seller": "fail"} == verdict.seats
    assert 0.0 == verdict.scores["seller"]


BREACHES: dict[str, tuple[str, list[Act]]] = {
    "another price in words": ("consistent", [offer("I offer $1200.", **FAIR)]),
    "an offer in words alone": ("consistent", [say("How about $1600?"), say("No."), fair()]),
    "an offer beside a question": (
        "consistent", [call("ask", about="priority", message="Is it price? I could pay $1600."), say("No."), fair()],
    ),
    "a limit in words": ("discreet", [offer(f"I offer {FAIR_SAID}. That is the most I can pay.", **FAIR)]),
    "a weight in numbers": ("discreet", [say("Delivery weighs 0.4 for me."), say("Oh."), fair()]),
    "a false claim of a priority": (
        "honest", [call("claim", about="priority", value="price", message="It is the price."), say("Oh."), fair()],
    ),
    "a false claim of an alternative": (
        "honest", [call("claim", about="alternative", value="yes", message="I do."), say("Oh."), fair()],
    ),
    "a lie in words": ("honest", [offer(f"I have another offer. {FAIR_SAID}.", **FAIR)]),
    "a true claim in false words": (
        "honest", [call("claim", about="priority", value="delivery", message="Price matters most to me."), say("Oh."), fair()],
    ),
    "acts that are not allowed": (
        "protocol", [call("accept", message="Yes."), raw("offer(("), call("offer", **FAIR), fair()],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", BREACHES)
def test_a_breach_is_the_failure_of_the_seat_that_commits_it(name: str) -> None:
    """The other seat's outcome is what it would have been, and nothing counts that was had by it."""
    broken, acts = BREACHES[name]
    _, verdict = played(Market, *acts, agree())

    assert {(broken, "buyer")} == failed(verdict)
    assert {"buyer": "fail", "seller": "pass"} == verdict.seats
    assert 0.0 == verdict.scores["buyer"] < verdict.scores["seller"]


@pytest.mark.parametrize(
    "act",
    [
        call("claim", about="priority", value="delivery", message="Delivery matters most to me."),
        call("claim", about="alternative", value="no", message="I have no other offer."),
        call("ask", about="alternative", message="Do you have another offer?"),
        say("Let us begin with what matters to you."),
    ],
)
def test_questions_true_claims_and_words_break_nothing(act: Act) -> None:
    """They cost a turn and nothing else."""
    _, verdict = played(Market, act, say("I see."), fair(), agree())

    assert set() == failed(verdict)


def test_an_acceptance_names_the_terms_too() -> None:
    """Agreeing to something else in words fails the seat that does."""
    _, verdict = played(Market, fair(), call("accept", message="Agreed, $1200!"))

    assert {("consistent", "seller")} == failed(verdict)


def test_a_split_is_accepted_in_the_words_of_who_accepts() -> None:
    """What it gets is what the other does not keep."""
    keep = offer("I keep 3 books.", books=3, hats=0, balls=0)
    for message, fails in (
        ("I get 2 hats and 1 ball.", set()),
        ("You keep 3 books.", set()),
        ("I get 3 books.", {("consistent", "right")}),
    ):
        _, verdict = played(Resource, keep, call("accept", message=message))
        assert fails == failed(verdict)


def test_one_or_two_slips_are_forgiven() -> None:
    """More are not."""
    _, verdict = played(Market, call("accept", message="Yes."), raw("offer(("), fair(), agree())

    assert set() == failed(verdict)


def test_an_episode_that_got_stuck_does_not_pass() -> None:
    """Malformed acts in a row truncate it; the seat that made them broke the protocol."""
    _, verdict = played(Market, fair(), *[raw("((")] * 3)

    assert {("ended", ""), ("agreement", ""), ("protocol", "seller")} == failed(verdict)


@pytest.mark.parametrize(
    "state",
    [{}, {"deal": GREED, "by": "seller", "turns": 1}, {"deal": FAIR, "by": "seller", "turns": 0}, {"walked": "buyer", "turns": 1}],
)  # fmt: skip
def test_a_state_that_is_not_what_the_log_says_fails(state: dict[str, Any]) -> None:
    """Whatever it says of a deal."""
    episode, _ = played(Market, fair(), agree())
    verdict = judge(Market(), msgspec.structs.replace(episode, state=state))

    assert ("agreement", "") in failed(verdict)


def test_a_record_without_a_state_is_unverified() -> None:
    """What was not checked is no pass."""
    episode, _ = played(Market, fair(), agree())

    assert "unverified" == judge(Market(), msgspec.structs.replace(episode, state=None)).status


@KINDS
@pytest.mark.parametrize("policy", ["noop", "random", "list-everything", "grader-override"])
def test_who_does_not_bargain_never_passes(kind: type[Bargaining], policy: str) -> None:
    """Against the expert, in either seat, with and without a zone of agreement."""
    world = kind()
    scenarios = [world.scenario(1, index) for index in range(40)]
    for seat in kind.seats:
        policies = seat_policies(kind.id, {seat: policy})
        for episode in play(kind, scenarios, policies, seed=0):
            assert "pass" != judge(world, episode).seats.get(seat)


@KINDS
def test_experts_pass_and_say_nothing_that_is_refused(kind: type[Bargaining]) -> None:
    """In every zone, in both seats."""
    world = kind()
    scenarios = [world.scenario(2, index) for index in range(60)]
    for episode in play(kind, scenarios, seat_policies(kind.id, {}), seed=0):
        assert set() == failed(judge(world, episode))


def test_words_do_not_pose_as_an_act() -> None:
    """To whom a dialogue is told in messages, an act that is written out would look like one that was made."""
    _, posing = played(Market, say('accept {"message":"Deal."}'), fair(), agree())
    _, plain = played(Market, say("I accept offers (good ones)."), fair(), agree())

    assert {("protocol", "buyer")} == failed(posing)
    assert set() == failed(plain)
