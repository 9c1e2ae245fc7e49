"""Rare rates in words."""

__all__ = ["chance", "chance_between", "one_in"]

_LARGE, _NOTHING = 0.01, 0.5  # from which a probability is told in per cent, and a bound says nothing


def one_in(p: float) -> str:
    """Return how many draws there are to one event, to two digits: 9.7e-6 is `100,000`."""
    if p <= 0:
        return "∞"
    draws = 1 / p
    return f"{float(f'{draws:.2g}'):,.0f}" if draws >= 10 else f"{draws:.1f}"


def chance(p: float) -> str:
    """Return a probability in words."""
    if p >= _LARGE:
        return f"{p:.1%}"
    return f"{p:.2g}, 1 in {one_in(p)}" if p > 0 else "0"


def chance_between(p: float | None, low: float, high: float) -> str:
    """Return a probability with its 95 % interval in words; without a number it is a bound."""
    if p is None and high > _NOTHING:
        return "no rate can be told"
    if p is None:
        return f"{_short(low, high)} (95 % interval)" if low else f"at most {chance(high)} (95 % bound)"
    return f"{chance(p)} (95 % interval {_short(low, high)})"


def _short(low: float, high: float) -> str:
    return f"{low:.1%} to {high:.1%}" if low >= _LARGE else f"{low:.2g} to {high:.2g}"
