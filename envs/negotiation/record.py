"""Reading the log of a negotiation."""

from typing import Any

from gristmill.envs.negotiation.domain import Domain, Terms
from gristmill.envs.negotiation.speech import Speech
from gristmill.envs.negotiation.types import Move, Record
from gristmill.types import Entry

__all__ = ["offered_before", "record_of"]


def record_of(entries: list[Entry], domain: Domain, speech: Speech) -> Record:
    """Return what a log shows of the two seats of a domain."""
    moves: dict[str, list[Move]] = {seat: [] for seat in domain.seats}
    refused: dict[str, list[str]] = {seat: [] for seat in domain.seats}
    acted: set[str] = set()
    state: dict[str, Any] = {}
    standing: Terms | None = None  # those of the first seat
    turns = 0
    for entry in entries:
        seat = entry["from"]
        if seat not in moves:
            if "error" in entry:
                for one in entry.get("to", ()):
                    refused[one].append(entry["error"])
            continue
        acted.add(seat)
        if "to" in entry:  # it was refused, or is no act that the other could see
            continue
        terms, args = None, {}
        if "say" in entry:
            kind, text = "say", entry["say"]
        else:
            kind, args = entry["call"], dict(entry["args"])
            text = args.pop("message")
            if kind == "offer":
                terms, args = args, {}
                standing = domain.terms(seat, terms)
            elif kind == "accept" and standing is not None:
                terms = domain.terms(seat, standing)
                state = {"deal": standing, "by": seat, "turns": turns}
            elif kind == "walk_away":
                state = {"walked": seat, "turns": turns}
        moves[seat].append(Move(seat, kind, text, speech.read(text), terms, args, turns))
        turns += 1
    deal = domain.deal(state["deal"], state["turns"]) if "deal" in state else None
    return Record(moves, refused, acted, state, deal)


def offered_before(move: Move, record: Record, domain: Domain) -> list[Terms]:
    """Return what had been offered by either seat, in the terms of the seat that moves."""
    return [
        one.terms if seat == move.seat else domain.mirror(one.terms)
        for seat, moves in record.moves.items()
        for one in moves
        if one.kind == "offer" and one.terms is not None and one.turns < move.turns
    ]
