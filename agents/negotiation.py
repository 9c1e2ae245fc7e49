"""Scripted policies for both seats of `negotiation/market-v1` and `negotiation/resource-v1`: the strategies of bargaining.

    boulware, linear, conceder   concede by the clock (Faratin, Sierra and Jennings 1998), one function of beta
    tit-for-tat                  concedes as the other does
    hardliner                    keeps to its best offer
    micro                        offers its outcomes in order, a new one for every new one of the other
    fair-split                   aims at the middle
    aspiration                   concedes by the clock, to what the other is expected to like
    expert                       finds a deal that is good for both soon, and one that is rational for both in any case

What to offer is decided in `negotiation_tactics`; here it is put into words, and what the other says and does is read.
Whoever sits in the other seat may say and do anything.
"""

import random
from collections.abc import Callable
from functools import partial
from math import exp
from typing import Annotated, Any, TypeVar

from msgspec import Meta

from gristmill.agents import negotiation_tactics as tactics
from gristmill.agents.negotiation_bidding import Bidder, Domain, Model, Tactic
from gristmill.agents.negotiation_models import Frequencies, Hypotheses
from gristmill.agents.negotiation_talk import Talk
from gristmill.policy import Script, policy
from gristmill.types import Act, Brief, Entry, call, say
from gristmill.wording import Forms

__all__ = [
    "aspiration", "boulware", "conceder", "expert", "fair_split", "hardliner", "linear", "micro", "tit_for_tat",
]  # fmt: skip

F = TypeVar("F", bound=Callable[..., Script])
# What parameters may be; anything else is refused before it is played.
Pace = Annotated[float, Meta(ge=1e-3, le=1e3)]
Room = Annotated[float, Meta(ge=0, le=10)]
Share = Annotated[float, Meta(ge=0, le=1)]
Step = Annotated[int, Meta(ge=0)]
_ASKS = 0.15  # how often a negotiator asks a question where there is time for it
_ANSWERS = 0.7  # how often it answers one


def _strategy(name: str) -> Callable[[F], F]:
    """Mark a script as the policy `name` for every seat of every world of bargaining."""

    def mark(function: F) -> F:
        for world in ("negotiation/market-v1", "negotiation/resource-v1"):
            function = policy(world, "*", name)(function)
        return function

    return mark


@_strategy("boulware")
def boulware(
    brief: Brief, rng: random.Random, *, beta: Pace = 0.25, spread: Room = 0.0, forms: Forms = "all"
) -> Script:
    """Hold out, and concede when time runs out."""
    yield from _negotiate(brief, rng, forms, _by_the_clock(tactics.time_dependent, rng, beta, spread))


@_strategy("linear")
def linear(
    brief: Brief, rng: random.Random, *, beta: Pace = 1.0, spread: Room = 0.0, forms: Forms = "all"
) -> Script:
    """Concede evenly over the time."""
    yield from _negotiate(brief, rng, forms, _by_the_clock(tactics.time_dependent, rng, beta, spread))


@_strategy("conceder")
def conceder(
    brief: Brief, rng: random.Random, *, beta: Pace = 4.0, spread: Room = 0.0, forms: Forms = "all"
) -> Script:
    """Concede early."""
    yield from _negotiate(brief, rng, forms, _by_the_clock(tactics.time_dependent, rng, beta, spread))


@_strategy("aspiration")
def aspiration(
    brief: Brief, rng: random.Random, *, beta: Pace = 0.4, spread: Room = 0.0, forms: Forms = "all"
) -> Script:
    """Concede by the clock, to what the other is expected to like, by how often it offered it."""
    yield from _negotiate(
        brief, rng, forms, _by_the_clock(tactics.aspiration, rng, beta, spread), Frequencies
    )


@_strategy("tit-for-tat")
def tit_for_tat(brief: Brief, rng: random.Random, *, first: Share = 0.05, forms: Forms = "all") -> Script:
    """Concede as much as the other did; `first` is the share of the room that is given unasked."""
    yield from _negotiate(brief, rng, forms, partial(tactics.tit_for_tat, first=first))


@_strategy("hardliner")
def hardliner(brief: Brief, rng: random.Random, *, give: Share = 0.0, forms: Forms = "all") -> Script:
    """Keep to the best offer; `give` is the share of the room that is given by the end."""
    yield from _negotiate(brief, rng, forms, partial(tactics.hardliner, give=give))


@_strategy("micro")
def micro(brief: Brief, rng: random.Random, *, step: Step = 0, forms: Forms = "all") -> Script:
    """Offer the outcomes in order, `step` at once, a new one for every new one of the other."""
    yield from _negotiate(brief, rng, forms, partial(tactics.micro, step=step), Frequencies)


@_strategy("fair-split")
def fair_split(brief: Brief, rng: random.Random, *, ease: Pace = 0.5, forms: Forms = "all") -> Script:
    """Aim at what leaves the worse off as well off as can be; `ease` is when it asks for no more than that."""
    yield from _negotiate(brief, rng, forms, partial(tactics.fair_split, ease=ease), Hypotheses)


@_strategy("expert")
def expert(brief: Brief, rng: random.Random, *, forms: Forms = "all") -> Script:
    """Find a deal that is good for both soon, and one that is rational for both in any case."""
    yield from _negotiate(brief, rng, forms, tactics.expert, Hypotheses)


def _by_the_clock(tactic: Callable[..., int], rng: random.Random, beta: float, spread: float) -> Tactic:
    """Return a time-dependent tactic, its pace and its limits drawn anew where there is a spread."""
    if not spread:
        return partial(tactic, beta=beta)
    room = min(spread, 0.5)
    return partial(
        tactic, beta=beta * exp(rng.gauss(0.0, spread)), start=1.0 - room * rng.random(), end=room * rng.random()
    )  # fmt: skip


def _negotiate(
    brief: Brief, rng: random.Random, forms: Forms, tactic: Tactic, model: Callable[[Domain], Model] | None = None
) -> Script:  # fmt: skip
    """Negotiate by a tactic, to whatever end."""
    seat = _Seat(brief, rng, forms, tactic, model)
    seen = yield None
    while True:
        seat.see(seen)
        seen = yield seat.act()


class _Seat:
    """One side at the table: keeps account of what happened, and turns what its tactic wants into acts.

    Attributes:
        question: what the other has asked and was not told.
        said: what kind of act the other made last, empty at first.
    """

    def __init__(
        self,
        brief: Brief,
        rng: random.Random,
        forms: Forms,
        tactic: Tactic,
        model: Callable[[Domain], Model] | None,
    ) -> None:
        facts = brief.facts
        domain = Domain(facts["issues"], facts["values"], facts["weights"])
        self.bidder = Bidder(
            domain, reservation=facts["reservation"], deadline=facts["deadline"], discount=facts["discount"],
            model=None if model is None else model(domain),
        )  # fmt: skip
        self.talk = Talk(brief, rng, forms, self.bidder)
        self._rng, self._tactic = rng, tactic
        self._other: str = facts["other"]
        self._items = "totals" in facts
        self._asks = "alternative" in facts  # one of the two things to ask for, where there are questions
        self._asked = False
        self._mine: str | None = None  # the kind of one's own last act
        self.question = ""
        self.said = ""

    # Reading.

    def see(self, seen: list[Entry]) -> None:
        """Take in what happened since one's own last act."""
        bidder = self.bidder
        if [entry for entry in seen if "error" in entry]:
            if self._mine == "offer":
                bidder.ours.pop()
            self._mine = "refused"
        elif self._mine is not None:
            bidder.turns += 1
        for entry in seen:
            if entry.get("from") == self._other:
                bidder.turns += 1
                self._take_in(entry)

    def _take_in(self, entry: Entry) -> None:
        """Take in one act of the other."""
        args = entry.get("args")
        args = args if isinstance(args, dict) else {}
        self.said = kind = str(entry.get("call", "say"))
        if kind == "offer":
            outcome = self._read(args)
            if outcome is None:
                self.bidder.standing = None
            else:
                self.bidder.hear(outcome)
        elif kind == "ask":
            self.question = str(args.get("about", ""))
        elif kind == "claim":
            names = self.bidder.domain.names
            if args.get("about") == "priority" and args.get("value") in names and self.bidder.model:
                self.bidder.model.told(names.index(args["value"]))
        elif kind == "say":
            self.question = self.talk.asked(str(entry.get("say", "")))

    def _read(self, args: dict[str, Any]) -> int | None:
        """Return an offer of the other as an outcome of one's own domain, None where it is none."""
        domain = self.bidder.domain
        outcome = domain.number(args)
        # Of items, it says what it keeps itself.
        return outcome if outcome is None or not self._items else domain.rest(outcome)

    # Acting.

    def act(self) -> Act:
        """Return the next act."""
        act = self._next()
        self._mine = act.get("call", "say")
        return act

    def _next(self) -> Act:
        bidder = self.bidder
        if self._mine == "refused":
            bidder.standing = None  # whatever was wrong, what was taken for granted is not
            return say(self.talk.slip())
        over = bidder.last or (bool(bidder.ours) and bidder.hopeless)
        coming = None if over else self._tactic(bidder)
        if bidder.standing is not None and bidder.takes(coming):
            return call("accept", message=self.talk.agree(bidder.standing))
        if coming is None:
            return call("walk_away", message=self.talk.leave())
        if self._may_digress() and (act := self._aside()):
            return act
        terms = bidder.domain.terms(coming)
        message = self.talk.offer(coming, terms, self.said)
        bidder.put(coming)
        return call("offer", **terms, message=message)

    def _may_digress(self) -> bool:
        """Return whether there is time for words alone, while one's own offer stands and is still worth its acceptance."""
        bidder = self.bidder
        return (
            self._asks
            and bidder.offers_left > 2
            and bool(bidder.ours)
            and bidder.worth(bidder.ours[-1]) >= bidder.floor(1)
        )

    def _aside(self) -> Act | None:
        """Return an answer to a question, or a question, or nothing."""
        question, self.question = self.question, ""
        if question in ("priority", "alternative"):
            if self._rng.random() < _ANSWERS:
                value = self.talk.truth(question)
                return call("claim", about=question, value=value, message=self.talk.claim(question, value))
        elif not self._asked and self._rng.random() < _ASKS:
            self._asked = True
            about = "priority" if self._rng.random() < 0.6 else "alternative"
            return call("ask", about=about, message=self.talk.ask(about))
        return None
