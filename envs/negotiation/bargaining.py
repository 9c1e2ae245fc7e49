"""What every world of bargaining shares: one offer on the table at a time, a deadline, and a state of deals alone."""

from collections.abc import Iterator
from functools import partial
from typing import Any, ClassVar

import numpy as np

from gristmill.digest import decode
from gristmill.envs.dialogue import DialogueWorld
from gristmill.envs.negotiation.domain import UNIT, Domain, Terms
from gristmill.envs.negotiation.speech import Speech
from gristmill.envs.negotiation.verify import judge
from gristmill.envs.tools import tool
from gristmill.errors import ToolError
from gristmill.types import Check, Episode, Scenario, Words

__all__ = ["Bargaining"]


class Bargaining(DialogueWorld):
    """Two seats that offer terms in turn until one accepts or walks away, or time is up.

    The last offer stands until the other seat makes one of its own. A world defines `domain`, `facts`, `words`, and the
    tool `offer`, which calls `put`.

    Class attributes:
        speech: how messages are read.
    """

    max_acts = 40
    abreast = 32
    speech: ClassVar[Speech]

    def domain(self, values: dict[str, Any]) -> Domain:
        """Return what is negotiated in a scenario."""
        raise NotImplementedError

    def setup(self, values: dict[str, Any]) -> None:
        """Clear the table, and give the first turn to the seat that opens."""
        self._domain = self.domain(values)
        self._standing: tuple[str, Terms] | None = None
        self._state: dict[str, Any] = {}
        self.agent_selection = self.seats[values["opens"]]

    def state(self) -> Any:
        """Return how it ended, in the terms of the first seat; nothing of offers that came to nothing.

        That is `deal`, `by` whom it was accepted and after how many `turns`; or who `walked` away, and after how many
        `turns`; or nothing, when time is up or goes on.
        """
        return dict(self._state)

    def over(self) -> bool:
        """Time is up at the deadline."""
        return self.turns >= self._domain.deadline

    def checks(self, episode: Episode) -> Iterator[Check]:
        """Judge a record."""
        return judge(episode, self.domain(episode.scenario.values), self.speech)

    def stratum(self, values: dict[str, Any]) -> str:
        """Return the size of the zone of agreement."""
        return str(values["zone"])

    def plane(self, scenario: Scenario) -> dict[str, Any]:
        """Return what can be had in a scenario, for pictures: utilities of both seats in deals that are struck at once.

        `front` holds the efficient ones, `best` is that with the greatest Nash product, if any is rational for both, and
        `reservation` what no deal is worth.
        """
        domain = self.domain(scenario.values)
        worth = np.array(domain.front).T / UNIT * domain.discount
        return {
            "front": list(map(tuple, worth.round(4).tolist())),
            "best": domain.fairest if domain.possible else None,
            "reservation": domain.reservations,
        }

    def instruct(self, seat: str, values: dict[str, Any]) -> tuple[Words, dict[str, Any]]:
        """Return what writes the task of a seat in words, and what it knows."""
        # They may be written when the world has gone on to another episode, and when somebody has changed those facts.
        return partial(self.words, seat, values, self._domain), self.facts(seat, values, self._domain)

    def words(self, seat: str, values: dict[str, Any], domain: Domain) -> str:
        """Return the task of a seat in words."""
        raise NotImplementedError

    def facts(self, seat: str, values: dict[str, Any], domain: Domain) -> dict[str, Any]:
        """Return what a seat knows, as data, anew each time; a world adds what is its own."""
        place = self.seats.index(seat)
        return {
            "issues": {name: list(options) for name, options in domain.issues.items()},
            **decode(domain.sides[place].told),
            "reservation": domain.reservations[place],
            "deadline": domain.deadline,
            "discount": domain.discount,
            "other": self.seats[1 - place],
            "opens": self.seats[values["opens"]],
            "until_asked": ["reservation"],
        }

    def put(self, terms: Terms) -> None:
        """Put an offer of the seat on turn on the table.

        Raises:
            ToolError: when the terms are no option.
        """
        for name, value in terms.items():
            options = self._domain.issues[name]
            if value not in options:
                raise ToolError(
                    f"expected for {name} one of {', '.join(map(str, options))}, got {value}; "
                    "nothing was offered"
                )
        self._standing = self.agent_selection, self._domain.terms(self.agent_selection, terms)

    @tool(seat="*", mutates=True, ends=True, public=True)
    def accept(self, message: str) -> None:
        """Accept the offer of the other seat that stands, which ends the negotiation; the message names its terms."""
        if self._standing is None or self._standing[0] == self.agent_selection:
            raise ToolError("expected an offer of the other seat to accept, and none stands")
        self._state = {"deal": self._standing[1], "by": self.agent_selection, "turns": self.turns}

    @tool(seat="*", mutates=True, ends=True, public=True)
    def walk_away(self, message: str) -> None:
        """End the negotiation without a deal."""
        self._state = {"walked": self.agent_selection, "turns": self.turns}
