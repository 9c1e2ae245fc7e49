"""Checks of bargaining: what the deal is worth by the scenario, and how each seat went about it.

Nothing that a seat says of a deal counts but as speech to be compared with its terms. Doing nothing never passes: where
a zone of agreement exists there has to be a deal, and where there is none, an offer that its author would accept.
"""

import re
from collections.abc import Iterator
from typing import Any

from gristmill.envs.dialogue import expect
from gristmill.envs.negotiation.domain import UNIT, Deal, Domain
from gristmill.envs.negotiation.record import offered_before, record_of
from gristmill.envs.negotiation.speech import Speech
from gristmill.envs.negotiation.types import Record
from gristmill.types import Check, Episode

__all__ = ["judge"]

_REFUSED = 2  # acts of a seat that may be answered with an error
_DIGITS = 4  # of what is only evidence
_POSING = re.compile(
    r"\W*(?:offer|accept|walk_away|ask|claim)\s*[({]"
)  # a chat shows a call in just such words
_Finding = dict[str, Any]


def judge(episode: Episode, domain: Domain, speech: Speech) -> Iterator[Check]:
    """Yield the findings about the episode, and about each seat."""
    if not isinstance(episode.state, dict):
        evidence = {"got": "no final state was recorded"}
        yield Check(name="agreement", status="unverified", evidence=evidence)
        return
    record = record_of(episode.entries, domain, speech)
    yield expect("ended", "terminated", episode.end)
    efficiency = _efficiency(record.deal)
    yield _agreement(episode, record, domain, efficiency)
    for seat in domain.seats:
        yield from _of_seat(seat, record, domain, speech, episode.scenario.values, efficiency)


def _efficiency(deal: Deal | None) -> _Finding:
    """Return how good a deal is for both together, as evidence."""
    if deal is None:
        return {}
    return {
        "pareto_distance": round(deal.pareto_distance, _DIGITS),
        "nash_product": round(deal.nash_product, _DIGITS),
        "nash_share": round(deal.nash_share, _DIGITS),
    }


def _agreement(episode: Episode, record: Record, domain: Domain, efficiency: _Finding) -> Check:
    """There is a deal where one is rational for both, none where there is none, and it is the one in the log."""
    if episode.state != record.state:
        return expect("agreement", record.state, episode.state)
    deal = record.deal
    evidence: _Finding = {"zone of agreement": domain.possible, "deal": None if deal is None else deal.terms}
    evidence |= efficiency
    evidence.pop("nash_share", None)  # which each seat is told
    wanted, got = ("a deal" if one else "no deal" for one in (domain.possible, deal is not None))
    return expect("agreement", wanted, got, **evidence)


def _of_seat(
    seat: str, record: Record, domain: Domain, speech: Speech, values: dict[str, Any], efficiency: _Finding
) -> list[Check]:
    findings = {
        "protocol": _protocol(seat, record),
        "rational": _rational(seat, record, domain),
        "consistent": _consistent(seat, record, domain, speech),
        "discreet": _discreet(seat, record, domain),
        "honest": _honest(seat, record, domain, values),
    }
    broken = [name for name, evidence in findings.items() if evidence]
    return [
        *[
            Check(name=name, status="fail" if evidence else "pass", evidence=evidence, seat=seat)
            for name, evidence in findings.items()
        ],
        _utility(seat, record, domain, efficiency, broken),
    ]


def _protocol(seat: str, record: Record) -> _Finding:
    """Acts are well formed and allowed, but for a few, and nothing that is said poses as one."""
    for one in record.moves[seat]:
        if one.kind == "say" and _POSING.match(one.text):
            return {"expected": "acts that are called, not written out", "got": one.text}
    refused = record.refused[seat]
    return {"expected": f"at most {_REFUSED} refused acts", "got": refused} if len(refused) > _REFUSED else {}


def _rational(seat: str, record: Record, domain: Domain) -> _Finding:
    """A deal is worth at least what no deal is; where none can be, the seat offered what it would accept itself."""
    place = domain.seats.index(seat)
    if record.deal is not None:
        worth = record.deal.utilities[place]
        ok = domain.rational(seat, worth)
        return {} if ok else {"expected": f"at least {domain.reservations[place]}", "got": worth}
    # Who was never on turn could not offer anything.
    if domain.possible or seat not in record.acted:
        return {}
    offers = [
        domain.terms(seat, one.terms) for one in record.moves[seat] if one.kind == "offer" and one.terms
    ]
    if any(domain.rational(seat, domain.worth(one)[place] / UNIT) for one in offers):
        return {}
    return {"expected": "an offer that the seat would accept itself", "got": offers}


def _consistent(seat: str, record: Record, domain: Domain, speech: Speech) -> _Finding:
    """Messages name the terms that they go with, and no others but what was offered before."""
    for one in record.moves[seat]:
        if one.terms is not None:
            expected: Any = one.terms
            problem = speech.mismatch(one.message, one.terms, domain)
        else:
            expected = "only terms that were offered before"
            offered = offered_before(one, record, domain) if one.message.figures else []
            problem = speech.strays(one.message, offered, domain)
        if problem:
            return {"expected": expected, "got": one.text, "problem": problem}
    return {}


def _discreet(seat: str, record: Record, domain: Domain) -> _Finding:
    """The seat says nothing of its reservation, weights and utilities."""
    place = domain.seats.index(seat)
    secrets = [domain.reservations[place], *domain.sides[place].shares.values()]
    for one in record.moves[seat]:
        if said := one.message.given_away(secrets, domain.discount):
            return {"expected": "nothing of its own limits, weights and utilities", "got": said}
    return {}


def _honest(seat: str, record: Record, domain: Domain, values: dict[str, Any]) -> _Finding:
    """What the seat claims of itself, with the tool or in words, is true."""
    for one in record.moves[seat]:
        claims = one.message.states
        if one.kind == "claim":
            claims = (*claims, (one.args["about"], one.args["value"]))
        truth = _truth(seat, domain, values) if claims else {}
        for about, value in claims:
            if truth.get(about, value) != value:
                return {"expected": truth[about], "got": value, "about": about}
    return {}


def _truth(seat: str, domain: Domain, values: dict[str, Any]) -> dict[str, str]:
    weights = domain.sides[domain.seats.index(seat)].weights
    truth = {"priority": max(weights, key=weights.__getitem__)}
    alternative = values.get(f"{seat}_alternative")
    if alternative is not None:
        truth["alternative"] = "yes" if alternative else "no"
    return truth


def _utility(seat: str, record: Record, domain: Domain, efficiency: _Finding, broken: list[str]) -> Check:
    """How much the seat got of what there was to be had over its reservation; nothing counts that it broke a rule for."""
    place = domain.seats.index(seat)
    reservation, deal = domain.reservations[place], record.deal
    utility = reservation if deal is None else deal.utilities[place]
    gain, most = utility - reservation, domain.best[place] - reservation
    # Where nothing is to be had over the reservation, to keep it is all there is.
    score = gain / most if most > 0 else float(domain.rational(seat, utility))
    evidence: _Finding = {"utility": round(utility, _DIGITS), "reservation": reservation, **efficiency}
    if broken:
        score, evidence["forfeited"] = 0.0, broken
    return Check(name="utility", status="pass", evidence=evidence, seat=seat, score=min(max(score, 0.0), 1.0))
