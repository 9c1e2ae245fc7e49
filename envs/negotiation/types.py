"""What a record of bargaining is made of."""

from typing import Any

import msgspec

from gristmill.envs.negotiation.domain import Deal, Terms
from gristmill.envs.negotiation.speech import Message

__all__ = ["Move", "Record"]


class Move(msgspec.Struct, frozen=True):
    """One act of a seat that the other could see.

    Attributes:
        seat: who.
        kind: the tool, or `say`.
        text: what was said with it, and `message` as it is read.
        terms: those that are offered or accepted, as the seat itself names them; else None.
        args: the tool's other arguments.
        turns: how often the turn had passed before.
    """

    seat: str
    kind: str
    text: str
    message: Message
    terms: Terms | None
    args: dict[str, Any]
    turns: int


class Record(msgspec.Struct, frozen=True):
    """What a log shows.

    Attributes:
        moves: by seat, in order.
        refused: by seat, the errors by which acts were answered.
        acted: the seats that were on turn and did anything.
        state: the final state that follows.
        deal: what was agreed on, if anything was.
    """

    moves: dict[str, list[Move]]
    refused: dict[str, list[str]]
    acted: set[str]
    state: dict[str, Any]
    deal: Deal | None
