"""Fields of time: days and moments with a weekly and a daily rhythm."""

import math
from abc import abstractmethod
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from gristmill.errors import UsageError
from gristmill.generators._guides import Guide
from gristmill.generators.kinds.field import Field

__all__ = ["Date", "Timestamp"]

_EPOCH = datetime(1970, 1, 1)  # a Thursday
_THURSDAY = 3  # Monday is 0
_MOST = 2**22  # cells, hours of 478 years
_LEAST = 2.0**-45  # the probability of a tick that surely has units of its own


class _Cells(NamedTuple):
    """Stretches of time in order, in each of which every tick is equally likely.

    Attributes:
        starts: the first tick of each, [cells], in ticks since 1970.
        lengths: ticks in each, [cells].
        edges: their cumulative probabilities, [cells + 1] from 0 to 1.
        logs: the logarithm of the probability of one tick of each, [cells].
    """

    starts: NDArray[np.int64]
    lengths: NDArray[np.int64]
    edges: NDArray[np.float64]
    logs: NDArray[np.float64]


class _Time(Field):
    """A tick of time, a day or a second, from `_first` to before `_last`; written in ISO 8601.

    Attributes:
        weekly: how likely a day is by weekday, Monday first; all alike when None.
    """

    weekly: list[float] | None
    _first: int
    _last: int
    _type: pa.DataType  # of columns
    _whole: pa.DataType  # of ticks
    _day: int  # ticks in a day

    def column(self, units: NDArray[np.float64]) -> pa.Array:
        """Return the values at `units`, [1, rows] in [0, 1), as dates or timestamps [rows]."""
        cells = self._cells
        place = self._guide.places(units[0])
        below, above, lengths = cells.edges[place], cells.edges[place + 1], cells.lengths[place]
        ticks = ((units[0] - below) / (above - below) * lengths).astype(np.int64)
        return self._array(cells.starts[place] + np.minimum(ticks, lengths - 1))

    def log_prob(self, value: Any) -> float:
        tick = self._tick(value) if isinstance(value, str) else None
        if tick is None or not self._first <= tick < self._last:
            return -math.inf
        return float(self._cells.logs[self._place(tick)])

    def locate(self, value: Any) -> list[float]:
        if self.log_prob(value) == -math.inf:
            raise self._outside(value)
        tick, cells = self._tick(value) or 0, self._cells
        place = self._place(tick)
        below, above = cells.edges[place : place + 2]
        part = (tick - cells.starts[place] + 0.5) / cells.lengths[place]
        return [float(below + part * (above - below))]

    @property
    def mode(self) -> str:
        """The first of the most likely values."""
        cells = self._cells
        return _written(self._array(cells.starts[[np.argmax(cells.logs)]]))

    @property
    def even(self) -> float | None:
        likely = np.unique(self._cells.logs[self._cells.logs > -math.inf])
        return float(likely[0]) if len(likely) == 1 else None

    @abstractmethod
    def _tick(self, text: str) -> int | None:
        """Return the tick of a text as `draw` writes it, None of another."""

    @abstractmethod
    def _weights(self, starts: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return how likely a tick is at each of these, up to a factor."""

    @property
    @abstractmethod
    def _step(self) -> int | None:
        """How many ticks are equally likely in a row, None where all are."""

    @cached_property
    def _cells(self) -> _Cells:
        """The stretches between the first tick and the last; made when they are first asked for."""
        starts = self._starts(self._last)
        lengths = np.diff(starts, append=self._last)
        weights = self._weights(starts)
        edges = np.concatenate([[0.0], np.cumsum(weights * lengths)])
        with np.errstate(divide="ignore"):
            logs = np.log(weights) - math.log(edges[-1])
        return _Cells(starts, lengths, edges / edges[-1], logs)

    @cached_property
    def _guide(self) -> Guide:
        return Guide(self._cells.edges[1:-1])

    def _starts(self, end: int) -> NDArray[np.int64]:
        """Return the first ticks of the stretches before `end`."""
        if self._step is None:
            return np.array([self._first])
        starts = np.arange(self._first - self._first % self._step, end, self._step)
        starts[0] = self._first
        return starts

    def _hold(self) -> None:
        """Hold the parameters to what a table of cells can be made of.

        Raises:
            UsageError: when there are too many cells, none is likely, or one is too unlikely to have its own units.
        """
        ticks = self._last - self._first
        if self._step and ticks // self._step > _MOST:
            raise UsageError(f"Expected at most 478 years with a rhythm, got {self._expected()}.")
        week = self._weights(self._starts(min(self._last, self._first + 8 * self._day)))
        if not week.any():
            raise UsageError(f"Expected a weight above 0 in {self._expected()}, got none.")
        if week[week > 0].min() / week.max() / ticks < _LEAST:
            raise UsageError(f"Expected weights that differ by less, got {self._body()}.")

    def _by_weekday(self, starts: NDArray[np.int64]) -> NDArray[np.float64]:
        weights: NDArray[np.float64] = np.array(self.weekly or [1.0] * 7)[
            (starts // self._day + _THURSDAY) % 7
        ]
        return weights

    def _place(self, tick: int) -> int:
        return int(np.searchsorted(self._cells.starts, tick, side="right")) - 1

    def _array(self, ticks: NDArray[np.int64]) -> pa.Array:
        return pa.array(ticks).cast(self._whole).cast(self._type)

    def _body(self) -> dict[str, Any]:
        return {name: value for name, value in super()._body().items() if value is not None}


class Date(_Time):
    """A day from `start` to `end`, both included, such as `2024-01-31`.

    Args:
        start: a date or its ISO text; so is `end`.
        end: not before `start`.
        weekly: weights of the seven weekdays, Monday first.
    """

    _type, _whole, _day = pa.date32(), pa.int32(), 1

    def __init__(self, start: str | date, end: str | date, *, weekly: Sequence[float] | None = None) -> None:
        self.start, self.end = _iso(start, date), _iso(end, date)
        self.weekly = _rhythm(weekly, 7, "weekly")
        self._first, self._last = _days(self.start), _days(self.end) + 1
        if self._first >= self._last:
            raise UsageError(f"Expected a start that is not after the end, got {start} and {end}.")
        self._hold()

    def _tick(self, text: str) -> int | None:
        return _days(text) if _is_iso(text, date) else None

    @property
    def _step(self) -> int | None:
        return 1 if self.weekly else None

    def _weights(self, starts: NDArray[np.int64]) -> NDArray[np.float64]:
        return self._by_weekday(starts)

    def _expected(self) -> str:
        return f"the ISO text of a date from {self.start} to {self.end}"


class Timestamp(_Time):
    """A second from `start` to before `end`, such as `2024-01-31T12:00:00`, without a zone.

    Args:
        start: a timestamp or date or its ISO text; so is `end`.
        end: after `start`.
        weekly: weights of the seven weekdays, Monday first.
        daily: weights of the 24 hours of a day, the one from midnight first.
    """

    _type, _whole, _day = pa.timestamp("s"), pa.int64(), 86_400

    def __init__(
        self,
        start: str | date,
        end: str | date,
        *,
        weekly: Sequence[float] | None = None,
        daily: Sequence[float] | None = None,
    ) -> None:
        self.start, self.end = _iso(start, datetime), _iso(end, datetime)
        self.weekly, self.daily = _rhythm(weekly, 7, "weekly"), _rhythm(daily, 24, "daily")
        self._first, self._last = _seconds(self.start), _seconds(self.end)
        if self._first >= self._last:
            raise UsageError(f"Expected a start before the end, got {start} and {end}.")
        self._hold()

    def _tick(self, text: str) -> int | None:
        return _seconds(text) if _is_iso(text, datetime) else None

    @property
    def _step(self) -> int | None:
        return 3_600 if self.daily else self._day if self.weekly else None

    def _weights(self, starts: NDArray[np.int64]) -> NDArray[np.float64]:
        by_hour = np.array(self.daily or [1.0] * 24)[starts // 3_600 % 24]
        weights: NDArray[np.float64] = self._by_weekday(starts) * by_hour
        return weights

    def _expected(self) -> str:
        return f"the ISO text of a timestamp from {self.start} to before {self.end}"


def _iso(value: str | date, kind: type[date]) -> str:
    """Return a date, or with `kind` datetime a timestamp, as ISO text; a date is its midnight.

    Raises:
        UsageError: when it is none, or has a zone or a part of a second.
    """
    moment = _moment(value)
    if moment is None or (kind is date and moment.time() != time.min):
        example = "2024-01-31" if kind is date else "2024-01-31T12:00:00"
        raise UsageError(f"Expected a {kind.__name__} such as {example}, without a zone, got {value!r}.")
    return (moment.date() if kind is date else moment).isoformat()


def _moment(value: Any) -> datetime | None:
    """Return the whole second that a value means, None when it means none."""
    try:
        given = datetime.fromisoformat(value) if isinstance(value, str) else value
    except ValueError:
        return None
    if type(given) is date:
        given = datetime.combine(given, time.min)
    whole = isinstance(given, datetime) and given.tzinfo is None and not given.microsecond
    return given if whole else None


def _is_iso(text: str, kind: type[date]) -> bool:
    """Return whether a text is written just as `draw` writes it."""
    try:
        return _iso(text, kind) == text
    except UsageError:
        return False


def _days(text: str) -> int:
    return (date.fromisoformat(text) - _EPOCH.date()).days


def _seconds(text: str) -> int:
    return (datetime.fromisoformat(text) - _EPOCH) // timedelta(seconds=1)


def _rhythm(weights: Sequence[float] | None, count: int, name: str) -> list[float] | None:
    if weights is None:
        return None
    numbers = [one for one in weights if type(one) in (int, float) and 0 <= one < math.inf]
    if len(weights) != count or len(numbers) != count or not sum(numbers):
        raise UsageError(
            f"Expected {count} {name} weights that are not negative and not all zero, got {list(weights)}."
        )
    return numbers


def _written(column: pa.Array) -> str:
    text: str = column[0].as_py().isoformat()
    return text
