"""What a record of bargaining is made of."""

from typing import Any

import msgspec

from gristmill.envs.negotiation.domain import Terms

__all__ = ["Message", "Record"]


class Message(msgspec.Struct, frozen=True):
    """One thing that a seat let the other know.

    Attributes:
        seat: who.
        kind: the tool it came with, or `say`.
        text: what was said.
        terms: those that it goes with, as the seat itself names them; those that it accepts, if it does; else None.
        args: the tool's other arguments.
        turns: how often the turn had passed before.
    """

    seat: str
    kind: str
    text: str
    terms: Terms | None
    args: dict[str, Any]
    turns: int


class Record(msgspec.Struct, frozen=True):
    """What a log shows.

    Attributes:
        messages: in order.
        refused: by seat, the acts that were answered with an error.
        acted: by seat, whether it was on turn and did anything.
    """

    messages: list[Message]
    refused: dict[str, list[str]]
    acted: dict[str, bool]
