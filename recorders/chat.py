"""One seat's view of a recorded episode as chat messages; `gristmill.chat` says how they are written."""

from gristmill import chat
from gristmill.chat import Message
from gristmill.types import Brief, Entry, Episode

__all__ = ["Message", "conversation", "weighted"]


def weighted(episode: Episode, seat: str) -> list[Entry]:
    """Return the entries that `seat` could see, its acts that the world refused with `"weight": 0`."""
    return chat.weighted(episode.view(seat), seat)


def conversation(episode: Episode, seat: str, brief: Brief) -> list[Message]:
    """Return the messages of an episode with `seat` as the assistant."""
    return chat.conversation(weighted(episode, seat), seat, brief)
