"""How bad a negotiation was: for each seat, how much of what there was to be had it did not get, and for both together."""

from collections.abc import Callable, Mapping
from typing import Any

from gristmill.envs.negotiation.domain import SLIGHT, Deal, Domain
from gristmill.envs.negotiation.scenarios import ZONES
from gristmill.severity import Kind, Severity
from gristmill.types import Episode

__all__ = ["KINDS", "forgone", "severities", "wasted"]

_Domains = Callable[[dict[str, Any]], Domain]
_BAD = 0.95  # share of the surplus that is forgone, or wasted, in a bad deal


def forgone(domain: Domain, deal: Deal | None, seat: str) -> float:
    """Return the share of the surplus that a seat did not get: 0 with the best deal for it, 1 with its reservation.

    The surplus is what the best deal that is rational for both is worth over the reservation. A deal that is worth less
    than no deal comes to more than 1, by as many such shares; where there is no surplus, by the utility that is lost.
    """
    place = domain.seats.index(seat)
    reservation = domain.reservations[place]
    gain = 0.0 if deal is None else deal.utilities[place] - reservation
    most = domain.best[place] - reservation
    if most > SLIGHT:
        return (most - gain) / most
    return 0.0 if gain >= -SLIGHT else 1.0 - gain


def wasted(domain: Domain, deal: Deal | None) -> float:
    """Return the share of the greatest Nash product that was not reached; 0 where none could be."""
    if not domain.possible:
        return 0.0
    return 1.0 if deal is None else 1.0 - deal.nash_share


def severities(seats: tuple[str, ...], domain: _Domains) -> tuple[Severity, ...]:
    """Return the severities of a world of bargaining: a bad deal for each seat, and a poor one for both.

    Args:
        seats: of the world.
        domain: from the values of a scenario to what is negotiated.
    """

    def for_seat(seat: str) -> Severity:
        def grade(episode: Episode) -> float:
            found = domain(episode.scenario.values)
            return forgone(found, _deal(found, episode.state), seat)

        about = (
            f"share of the surplus that the {seat} did not get; above 1 the deal is worse for it than none"
        )
        return Severity(name=f"bad-deal-{seat}", of=grade, threshold=_BAD, about=about)

    def waste(episode: Episode) -> float:
        found = domain(episode.scenario.values)
        return wasted(found, _deal(found, episode.state))

    both = Severity(
        name="poor-deal",
        of=waste,
        threshold=_BAD,
        about="share of the greatest Nash product that the two did not reach; 1 without a deal",
    )
    return (*map(for_seat, seats), both)


def _deal(domain: Domain, state: Mapping[str, Any] | None) -> Deal | None:
    """Return the deal in a final state, if there is one."""
    return domain.deal(state["deal"], state["turns"]) if state and "deal" in state else None


def _end(episode: Episode) -> str:
    state = episode.state or {}
    return "deal" if "deal" in state else "walked away" if "walked" in state else "out of time"


KINDS = (
    Kind.field("zone", tuple(ZONES)),
    Kind.bands("deadline", (8, 10), "turns"),
    Kind.bands("discount", (0.97, 0.99)),
    Kind(name="end", labels=("deal", "walked away", "out of time"), of=_end),
)
