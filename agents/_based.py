"""Policies that are made of another one, by its spec."""

from collections.abc import Collection, Mapping
from urllib.parse import urlencode

from gristmill import registry
from gristmill.policy import Place, Policy
from gristmill.specs import UnknownParameter

__all__ = ["based_on"]


def based_on(place: Place, base: str, of_base: Mapping[str, str], own: Collection[str]) -> Policy:
    """Return the policy `base` for a place; its parameters may stand in its own spec or among those of the place.

    Args:
        place: what the policy that is made of it was asked for as.
        base: spec of the other.
        of_base: parameters that are handed on.
        own: names of those that are not.

    Raises:
        UsageError: when there is no such policy or parameter; the message lists those that can be set.
    """
    if of_base:
        base += ("&" if "?" in base else "?") + urlencode(of_base)
    try:
        return registry.policy(base, place.world, place.seat)
    except UnknownParameter as error:
        if error.name not in of_base:
            raise
        name = f"policy {registry.split(place.spec)[0]!r}"
        raise UnknownParameter.of(name, error.name, {*error.valid, *own}) from None
