"""What a negotiator says with its acts: greetings, reactions, arguments and terms, made of the phrases of `negotiation_words`."""

import random
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from gristmill.agents import negotiation_words as words
from gristmill.agents.negotiation_bidding import Bidder
from gristmill.types import Brief
from gristmill.wording import Forms, Phrase, Wording

__all__ = ["Talk"]

_ARGUES = 0.3  # how often an offer comes with an argument
_REACTS = 0.7  # how often it comes with words about the other's
_PUTS_AS_QUESTION = 0.25  # how often an offer is a question
_MODEST = 0.8  # share of one's best utility below which an offer may be called fair
_NOTICED = 0.02  # a difference in utility that is worth a word


class Talk:
    """One side's words.

    Args:
        brief: the seat's.
        rng: where the choices come from.
        forms: the split of the forms that is spoken.
        bidder: what the words are about.
    """

    def __init__(self, brief: Brief, rng: random.Random, forms: Forms, bidder: Bidder) -> None:
        self._rng, self._wording, self._bidder = rng, Wording(rng, forms), bidder
        self._seat, self._facts = brief.seat, brief.facts
        self._items = "totals" in brief.facts  # to be split, rather than something to be sold
        self._greeted = False

    # Messages without terms.

    def slip(self) -> str:
        """Return what is said after an act that was refused."""
        return self._wording(words.REFUSED)

    def leave(self) -> str:
        """Return what is said on walking away."""
        return self._wording(words.WALK)

    def ask(self, about: str) -> str:
        """Return a question."""
        return self._wording(words.ASK[about])

    def claim(self, about: str, value: str) -> str:
        """Return a claim; `value` must be true."""
        phrase = words.CLAIM["priority" if about == "priority" else value]
        return self._wording(phrase, issue=words.issue(value))

    def truth(self, about: str) -> str:
        """Return what is true of oneself: the most important issue, or whether there is another offer."""
        if about == "priority":
            weights: dict[str, float] = self._facts["weights"]
            return max(weights, key=weights.__getitem__)
        return "yes" if self._facts.get("alternative") else "no"

    def asked(self, text: str) -> str:
        """Return what a remark of the other asks after; empty if nothing that there is an answer to."""
        return words.asked_in_words(text) if "alternative" in self._facts else ""

    # Messages with terms.

    def agree(self, outcome: int) -> str:
        """Return the acceptance of an outcome, naming its terms."""
        phrase, slots = self._terms("deal", outcome, self._bidder.domain.terms(outcome))
        return self._wording(words.AGREED, phrase, **slots)

    def offer(self, outcome: int, terms: Mapping[str, Any], said: str) -> str:
        """Return an offer of an outcome by its terms, with words on what the other did last, `said` being its kind."""
        hello, slots = self._hello()
        last = self._bidder.offers_left <= 1
        before, after = self._argument(outcome, slots, hurries=last and not hello)
        asks = not self._items and self._rng.random() < _PUTS_AS_QUESTION
        named, gaps = self._terms("question" if asks else "offer", outcome, terms)
        lead = words.ASKING if asks else self._lead(outcome, last=last)
        return self._wording(*hello, *self._reaction(said), *before, lead, named, *after, **slots, **gaps)

    def _hello(self) -> tuple[list[Phrase], dict[str, Any]]:
        """Return the greeting before one's own first words, and its slots."""
        if self._greeted:
            return [], {}
        self._greeted = True
        slots = {
            "other": self._facts.get("other_name", "there"),
            "product": _spoken(str(self._facts.get("product", "it"))),
        }
        opens = self._bidder.turns < 2
        return [words.OPENING["items" if self._items else self._seat] if opens else words.HELLO], slots

    def _reaction(self, said: str) -> list[Phrase]:
        if not said or self._rng.random() > _REACTS:
            return []
        if said != "offer":
            return [{"claim": words.TOLD, "ask": words.NOT_TOLD}.get(said, words.REMARK)]
        bidder = self._bidder
        if not bidder.theirs:
            return [words.REMARK]
        now = bidder.worth(bidder.theirs[-1])
        if len(bidder.theirs) > 1:
            gain = now - bidder.worth(bidder.theirs[-2])
            if abs(gain) > _NOTICED:
                return [words.BETTER if gain > 0 else words.WORSE]
            return [words.STUCK]
        return [words.CLOSE if now > bidder.level(0.5) else words.FAR]

    def _argument(
        self, outcome: int, slots: dict[str, Any], *, hurries: bool
    ) -> tuple[list[Phrase], list[Phrase]]:
        """Return what is said for an offer before its terms, and after them."""
        if hurries and self._rng.random() < 0.5:
            return [words.HURRY], []
        if self._rng.random() > _ARGUES:
            return [], []
        choice = self._rng.random()
        if choice < 0.4:
            top = self.truth("priority")
            slots["issue"] = top if self._items else words.issue(top)
            return [words.CARE if self._items else words.PRIORITY], []
        if choice < 0.6 and self._facts.get("alternative"):
            return [words.ELSEWHERE], []
        # Nobody calls it fair to get all.
        return [], [words.FAIR] if self._bidder.worth(outcome) < _MODEST * self._bidder.best else []

    def _lead(self, outcome: int, *, last: bool) -> Phrase:
        """Return how an offer is announced: by how it differs from one's own last."""
        bidder = self._bidder
        opens, moves, holds, ends = words.ITEM_LEADS if self._items else words.LEADS
        if last:
            return ends
        if not bidder.ours:
            return opens
        before = bidder.ours[-1]
        if outcome == before:
            return holds
        return moves if bidder.worth(outcome) < bidder.worth(before) - _NOTICED else opens

    def _terms(self, kind: str, outcome: int, terms: Mapping[str, Any]) -> tuple[Phrase, Mapping[str, Any]]:
        """Return the phrase that names the terms of an outcome to the end of the sentence, and its slots."""
        order = int(self._rng.random() * 4)
        if not self._items:
            return words.terms(kind, terms, order), terms
        domain = self._bidder.domain
        return words.split(kind, terms, domain.terms(domain.rest(outcome)), order)


@lru_cache
def _spoken(product: str) -> str:
    """Return a product as it is called in a message, in which a figure of its name would be one too many."""
    return "it" if any(map(str.isdigit, product)) else product
