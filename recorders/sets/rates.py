"""The rate of an event as an evaluation set and its scores tell it: a number with its interval, or the reason for none."""

import msgspec

__all__ = ["WeightedRate"]


class WeightedRate(msgspec.Struct, frozen=True, kw_only=True):
    """How likely an event is, from records with weights.

    Attributes:
        n: records that were judged.
        events: of how many of them it was the event.
        rate: the estimate; None when its relative error is above one half, or there is no event.
        low: lower end of the 95 % interval; 0 where there is no estimate.
        high: upper end.
        relative_error: standard error over estimate; None without events.
        ess: effective number of events, of which the weights differ.
        errors: records that could not be judged, and are in no other figure.
        warnings: why not to lean on it, in words.
    """

    n: int
    events: int
    rate: float | None
    low: float
    high: float
    relative_error: float | None = None
    ess: float = 0.0
    errors: int = 0
    warnings: list[str] = []
