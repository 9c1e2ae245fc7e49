"""Messages held to a verdict: the terms they name, what they give away, and what they state."""

import pytest

from gristmill.envs.negotiation.market import Market
from gristmill.envs.negotiation.resource import Resource
from gristmill.envs.negotiation.speech import MarketSpeech, ResourceSpeech
from tests.envs.negotiation.bargain import FAIR, MARKET, RESOURCE

MARKETS, ITEMS = MarketSpeech(), ResourceSpeech()
DOMAIN, TABLE = Market().domain(MARKET), Resource().domain(RESOURCE)
CASH = {**FAIR, "payment": 0}


@pytest.mark.parametrize(
    "text",
    [
        "$2000, delivery in 3 days, 24 months of warranty, payment in 30 days",
        "$2,000.00, 3 days, 24 months, 30 days.",
        "I offer 2000 dollars; delivery within 3 days; a 24-month warranty; you pay 30 days after delivery.",
        "How about USD 2000 with 24 months' warranty, delivered in 3 business days, payable after 30 days?",
        "Price 2000, delivery 3, warranty 24, payment 30. Deal?",
        "I would like to pay $2000 for it. Delivery: 3 days. Warranty: 24 months. Payment: 30 days.",
        "**$2000**, delivery after 3 days, warranty of 24 months, 30 days to pay. One more thing: thank you.",
        "You ship it in 3 days and I pay $2000 within 30 days, with 24 months of warranty.",
    ],
)
def test_a_plain_offer_names_its_terms(text: str) -> None:
    """In any order, with and without units."""
    assert "" == MARKETS.mismatch(MARKETS.read(text), FAIR, DOMAIN)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "does not name the price"),
        ("I think we should agree.", "does not name the price"),
        ("$2000, delivery in 3 days, payment in 30 days", "does not name the warranty"),
        ("$2080, delivery in 3 days, 24 months, payment in 30 days", "names 2080"),
        ("$2000, delivery in 3 days, 24 months, payment in 30 days; or $1920", "names 1920"),
        ("Not $1200! $2000, delivery in 3 days, 24 months, payment in 30 days", "names 1200"),
        ("$2000, delivery in 30 days, 24 months of warranty, payment in 3 days", "as another issue's"),
        ("$2000, delivery in 24 days, 3 months of warranty, payment in 30 days", "as another issue's"),
        ("$24, delivery in 3 days, 2000 months of warranty, payment in 30 days", "as another issue's"),
        ("$2000, delivery in 3 weeks, 24 months of warranty, payment in 30 days", "as another issue's"),
        ("$2000.50, delivery in 3 days, 24 months of warranty, payment in 30 days", "names 2000.5"),
        ("$2000, delivery in 3 days, 24 months of warranty, payment in 30 days, in fact sixty days", "in words"),
        ("$2000, delivery in 3 days, two years of warranty, payment in 30 days", "does not name the warranty"),
        ("1200 1280 1360 2000 3 7 14 21 6 12 24 36 0 15 30 60", "names 1200"),
    ],
)  # fmt: skip
def test_another_offer_in_words_is_seen(text: str, problem: str) -> None:
    """A term that is missing, another figure, or the right figure of another issue."""
    assert problem in MARKETS.mismatch(MARKETS.read(text), FAIR, DOMAIN)


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("$2000, 3 days, 24 months, payment on delivery", True),
        ("$2000, delivery in 3 days, 24 months, cash", True),
        ("$2000, delivery in 3 days, 24 months of warranty, payment after 0 days", True),
        ("$2000, delivery in 3 days, 24 months of warranty, payment after 15 days", False),
    ],
)
def test_a_term_of_nought_may_be_left_out(text: str, holds: bool) -> None:
    """But nothing else may be said in its place."""
    assert holds == (not MARKETS.mismatch(MARKETS.read(text), CASH, DOMAIN))


@pytest.mark.parametrize(
    ("text", "stray"),
    [
        ("Your $2000 is too much for me.", ""),
        ("Can you do better than 24 months?", ""),
        ("What would you say to $1600?", "1600"),
        ("Could it be 1600?", "1600"),
        ("Would 7 days be possible?", "7"),
        ("I want 36 months.", "36"),
        ("We have 4 turns left, and I have had 2 ideas.", ""),
        ("Price 40, delivery 30, warranty 20, payment 10.", "40"),  # weights
        ("Remember 417.", "417"),
        ("Remember ⁴¹⁷.", "417"),
        ("Remember 4\u200b17.", "417"),
        ("Give me a number.", ""),
    ],
)
def test_words_alone_name_no_terms_that_were_not_offered(text: str, stray: str) -> None:
    """An offer is made with the tool; what is on the table may be spoken of."""
    assert stray == MARKETS.strays(MARKETS.read(text), [FAIR], DOMAIN)


# Of 3 books, 2 hats and 1 ball, the author of the message keeps 2 books and 1 ball.
KEPT = {"books": 2, "hats": 0, "balls": 1}


@pytest.mark.parametrize(
    "text",
    [
        "I keep 2 books and 1 ball.",
        "I keep 2 books, 0 hats and 1 ball, you get 1 book and 2 hats.",
        "You get 1 book and 2 hats, the rest is mine.",
        "2 books and 1 ball for me, 1 book and 2 hats for you.",
        "I propose 2 books and 1 ball for me, and 1 book and 2 hats for you.",
        "Give me 2 books and 1 ball. You can have everything else.",
        "I'd like 2 of the books and 1 ball; I leave you 1 book and 2 hats.",
        "Deal: you take 1 book and 2 hats.",
        "My share is 2 books and 1 ball.",
        "All right. Let us be fair. I would take 2 books and 1 ball!",
    ],
)
def test_a_plain_split_says_who_gets_what(text: str) -> None:
    """By what the author gets, or the other, or both; nought may be left out."""
    assert "" == ITEMS.mismatch(ITEMS.read(text), KEPT, TABLE)


def test_the_same_words_are_read_by_what_stands_before_them() -> None:
    """However often they were read after something else."""
    for text, roles in (
        ("I keep 2 books and 1 ball.", ((True, "books"), (True, "balls"))),
        ("You keep 2 books and 1 ball.", ((False, "books"), (False, "balls"))),
        ("2 books and 1 ball.", (None, None)),
        ("Delivery in 2 days.", (None,)),
    ):
        assert roles == ITEMS.read(text).roles
    assert ITEMS.read("I keep two books and 2 books.").unclear
    assert not ITEMS.read("I keep 2 books.").unclear
    assert ({"delivery"},) == MARKETS.read("Delivery in 2 days.").roles
    assert ({"payment"},) == MARKETS.read("Payment in 2 days.").roles


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "does not name the books"),
        ("I keep 2 books.", "does not name the balls"),
        ("I keep 1 book and 1 ball.", "says 1 books for me"),
        ("I keep 2 books and 1 ball, you get 2 books and 2 hats.", "says 2 books for you"),
        ("You get 2 books and 1 ball.", "says 2 books for you"),
        ("2 books and 1 ball for you.", "says 2 books for you"),
        ("I keep 2 books, 2 hats and 1 ball.", "says 2 hats for me"),
        ("You get 1 book.", "does not name the hats"),
        ("I keep two books and 1 ball.", "in words"),
        ("I keep 2 books and 1.", "without its items"),
        ("2 books, 0 hats, 1 ball.", "does not say who gets what"),
        ("I keep 2 books and 1 ball. I keep 3 books.", "says 3 books for me"),
    ],
)
def test_another_split_in_words_is_seen(text: str, problem: str) -> None:
    """Another number, another owner, or something that is not said."""
    assert problem in ITEMS.mismatch(ITEMS.read(text), KEPT, TABLE)


@pytest.mark.parametrize(
    ("text", "stray"),
    [("I need more than 2 books.", ""), ("There are 3 books.", ""), ("What about 2 hats for me?", ""),
     ("What about 1 hat for me?", "1 hats"), ("Why not?", ""), ("For me: 60, 30, 10.", "60"), ("60 books, if you see.", "60"),
     ("I am 100 % sure.", ""), ("There are 5 turns left.", "")],
)  # fmt: skip
def test_words_alone_name_no_split_that_was_not_offered(text: str, stray: str) -> None:
    """What was kept or given in an offer may be spoken of, and how many there are."""
    assert stray == ITEMS.strays(ITEMS.read(text), [KEPT], TABLE)


@pytest.mark.parametrize(
    "text",
    [
        "My limit is $1500.", "My reservation value is low.", "Our bottom line is $900.", "That is below my minimum.",
        "The lowest I can go is $900.", "That is the most I can pay.", "I can't go below $900.", "As low as I can go.",
        "I cannot accept less than that.", "No deal is worth 0.417 to me.", "It is worth .417 to me.",
        "My utility would be low.", "Price weighs 0.45 for me.", "Price makes up 45 % for me.", "45% of it is the price",
        "It is 45 points to me.", "My weights differ from yours.", "That gives me 0.8.", "I won't go any lower.",
        "Without you I have four one seven.", "It leaves me nought point four.", "Say forty-five hundredths.",
        "Forty-five per cent of it is the price.", "Price: forty percent.",
        "I won’t go any lower.", "MY LIMIT IS NEAR.", "Well. Hm. My limit is near; bye.",
    ],
)  # fmt: skip
def test_what_gives_limits_weights_or_utilities_away_is_seen(text: str) -> None:
    """In numbers or in words."""
    assert MARKETS.read(text).given_away([0.45, 0.417], 0.97)


@pytest.mark.parametrize(
    "text",
    [
        "I can offer $900.", "That is too much for me.", "This is my last offer.", "We lose value with every turn, 0.97.",
        "I need a better price.", "It is worth a lot to me.", "Delivery matters most to me.", "Could you go lower?",
        "Can you do better than 30 days?", "The price is 10 % too high.", "I must have quick delivery.", "At most we meet again.",
        "You have to move; I did.", "Think about it, then tell me your limit.", "Version 2.5 of it?",
        "One or two turns more.", "One, two, three.", "Two of us gain by it.", "At this point two of us gain.",
    ],
)  # fmt: skip
def test_plain_bargaining_gives_nothing_away(text: str) -> None:
    """Neither does the discount, which both know."""
    assert not MARKETS.read(text).given_away([0.45, 0.417], 0.97)


@pytest.mark.parametrize(
    ("text", "states"),
    [
        ("Delivery matters most to me.", {("priority", "delivery")}),
        ("To be open, the price counts most for me.", {("priority", "price")}),
        ("What matters most to me is the warranty.", {("priority", "warranty")}),
        ("My priority is payment.", {("priority", "payment")}),
        ("I care most about the books.", {("priority", "books")}),
        ("I am most interested in the hats.", {("priority", "hats")}),
        ("Price comes first.", {("priority", "price")}),
        ("I have another offer.", {("alternative", "yes")}),
        ("There is another buyer, you know.", {("alternative", "yes")}),
        ("I've got a second offer in hand.", {("alternative", "yes")}),
        ("I have no other offer.", {("alternative", "no")}),
        ("I don't have another offer at the moment.", {("alternative", "no")}),
        ("Price matters most to me. I have no alternative.", {("priority", "price"), ("alternative", "no")}),
        ("I have another offer, so can you do better?", {("alternative", "yes")}),
        ("Price matters most to me, you know?", {("priority", "price")}),
        ("Could I have another offer, please?", set()),
        ("If I have another offer, I will tell you.", set()),
        ("Does price matter most to you?", set()),
        ("Is delivery what matters most to you? Do you have another offer?", set()),
        ("Delivery matters most to you, I guess.", set()),
        ("I have another offer for you.", set()),
        ("I have no other question.", set()),
        ("Here is my offer.", set()),
    ],
)
def test_what_is_stated_of_oneself_is_read(text: str, states: set[tuple[str, str]]) -> None:
    """Questions state nothing, and what is said of the other is not said of oneself."""
    assert states == set(MARKETS.read(text).states)


def test_the_same_words_are_read_anew_with_other_figures() -> None:
    """Sentences and their parts are remembered by all that they say."""
    for speech in (MARKETS, ITEMS):
        for hats, balls, share in ((20, 3, 45), (21, 3, 45), (21, 4.5, 45), (2000, 3, 46)):
            message = speech.read(f"Take 9 books AND {hats} hats, and {balls} balls. It is {share} % to me.")
            assert (9, hats, balls, share) == message.figures
            assert (3,) == message.shares
            assert bool(message.given_away([0.45], 1.0)) == (share == 45)


def test_figures_stand_where_their_roles_are() -> None:
    """Whatever is said, there is one role for each figure, so that no figure goes unread."""
    for speech in (MARKETS, ITEMS):
        for text in (
            "1",
            "1,000.50",
            ".5",
            "1.",
            "a1b2",
            "3,5",
            "1,2345",
            "# 2",
            "2 % 3",
            "1\n2",
            "²",
            "x #",
            "１２",
            "$1/2 of 3 books",
        ):
            message = speech.read(text)
            assert len(message.figures) == len(message.roles)
            assert message.given_away([0.5], 1.0) in ("", "0.5", ".#", "2 %")
            assert speech.strays(message, [], DOMAIN if speech is MARKETS else TABLE) is not None
            assert speech.mismatch(
                message, FAIR if speech is MARKETS else KEPT, DOMAIN if speech is MARKETS else TABLE
            )
