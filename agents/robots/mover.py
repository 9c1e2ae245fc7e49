"""A policy made of a function over a batch: briefs and seeds come in once, then observations, and actions go out."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from numpy.typing import NDArray

from gristmill.digest import digest
from gristmill.policy import Place, Session, source_of
from gristmill.types import Brief

__all__ = ["Array", "Move", "Mover", "Observation"]

Array = NDArray[Any]
Observation = Mapping[str, Array]
Move = Callable[[Sequence[int], Observation], Array]


class Mover:
    """A policy made of a function that is told the briefs and seeds of a batch, and returns what moves it.

    Args:
        place: what it was asked for as.
        begin: called once for a batch; what it returns is called at every control step, with the rows and what they
            observe, [rows, size] each, and returns their actions, [rows, size].
        params: what else decides its actions.
    """

    generation = 0
    width = 0

    def __init__(
        self, place: Place, begin: Callable[[Sequence[Brief], Sequence[int]], Move], **params: Any
    ) -> None:
        self.name = place.spec
        self.digest = digest(
            [source_of(begin), begin.__qualname__, {key: repr(one) for key, one in params.items()}]
        )
        self._begin = begin

    def begin(self, briefs: Sequence[Brief], seeds: Sequence[int]) -> Session:
        """Open a session."""
        return _Moving(self._begin(briefs, seeds))


class _Moving:
    def __init__(self, move: Move) -> None:
        self._move = move

    def act(self, rows: Sequence[int], observations: Observation) -> Array:
        return self._move(rows, observations)
