"""Policies that are made of another one, by its spec."""

from collections.abc import Collection, Mapping
from urllib.parse import urlencode

from gristmill import registry
from gristmill.errors import UsageError
from gristmill.policy import Place, Policy, Rehearsing
from gristmill.specs import UnknownParameter

__all__ = ["based_on", "inner_policy"]


def based_on(place: Place, base: str, of_base: Mapping[str, str], own: Collection[str]) -> Policy:
    """Return the policy `base` for a place; its parameters may stand in its own spec or among those of the place.

    Args:
        place: what the policy that is made of it was asked for as.
        base: spec of the other.
        of_base: parameters that are handed on.
        own: names of those that are not.

    Raises:
        UsageError: when there is no such policy or parameter, where the message lists those that can be set, or it is one
            that tries out its acts first.
    """
    if of_base:
        base += ("&" if "?" in base else "?") + urlencode(of_base)
    try:
        return inner_policy(place, base)
    except UnknownParameter as error:
        if error.name not in of_base:
            raise
        name = f"policy {registry.split(place.spec)[0]!r}"
        raise UnknownParameter.of(name, error.name, {*error.valid, *own}) from None


def inner_policy(place: Place, spec: str) -> Policy:
    """Return a policy that another one is made of.

    Raises:
        UsageError: when there is none, or it is one that tries out its acts first, for which it needs its seat to itself.
    """
    found = registry.policy(spec, place.world, place.seat)
    if isinstance(found, Rehearsing):
        name = registry.split(place.spec)[0]
        raise UsageError(f"Expected policies that play without searching in {name}, got {spec}.")
    return found
