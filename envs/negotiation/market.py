"""`negotiation/market-v1`: a buyer and a seller of one thing, four issues at once."""

from typing import Any, Literal

from gristmill.envs.negotiation.bargaining import Bargaining
from gristmill.envs.negotiation.briefing import market_brief
from gristmill.envs.negotiation.domain import Domain
from gristmill.envs.negotiation.scenarios import MARKET, MARKET_ISSUES, market_domain
from gristmill.envs.negotiation.severity import KINDS, severities
from gristmill.envs.negotiation.speech import MarketSpeech
from gristmill.envs.tools import tool
from gristmill.errors import ToolError

__all__ = ["Market"]

_VALUES = {"priority": MARKET_ISSUES, "alternative": ("yes", "no")}


class Market(Bargaining):
    """Bargaining over price, delivery, warranty and payment.

    Args:
        rewards: whether a finished episode is judged at once, for reinforcement learning.
    """

    id = "negotiation/market-v1"
    seats = ("buyer", "seller")
    space = MARKET
    speech = MarketSpeech()
    severities = severities(seats, market_domain)
    kinds = KINDS

    def domain(self, values: dict[str, Any]) -> Domain:
        """Return what is negotiated in a scenario."""
        return market_domain(values)

    def facts(self, seat: str, values: dict[str, Any], domain: Domain) -> dict[str, Any]:
        """Return what a seat knows, as data."""
        names = {
            "buyer": f"{values['buyer_first']} {values['buyer_last']}",
            "seller": f"{values['company']} {values['form']}",
        }
        facts = super().facts(seat, values, domain)
        facts |= {
            "alternative": values[f"{seat}_alternative"],
            "product": values["product"],
            "name": names[seat],
            "other_name": names[facts["other"]],
        }
        return facts

    def words(self, seat: str, values: dict[str, Any], domain: Domain) -> str:
        """Return the task of a seat in words."""
        return market_brief(seat, self.facts(seat, values, domain), domain)

    @tool(seat="*", mutates=True, public=True)
    def offer(
        self,
        price: int,
        delivery: Literal[3, 7, 14, 21],
        warranty: Literal[6, 12, 24, 36],
        payment: Literal[0, 15, 30, 60],
        message: str,
    ) -> None:
        """Offer terms: price in dollars, delivery in days, warranty in months, days to pay; the message names them all."""
        self.put({"price": price, "delivery": delivery, "warranty": warranty, "payment": payment})

    @tool(seat="*", public=True)
    def ask(self, about: Literal["priority", "alternative"], message: str) -> None:
        """Ask which issue matters most to the other seat, or whether it has another offer in hand."""

    @tool(seat="*", public=True)
    def claim(self, about: Literal["priority", "alternative"], value: str, message: str) -> None:
        """Claim which issue matters most to you (its name), or whether you have another offer in hand (yes or no)."""
        if value not in _VALUES[about]:
            raise ToolError(f"expected for {about} one of {', '.join(_VALUES[about])}, got {value!r}")
