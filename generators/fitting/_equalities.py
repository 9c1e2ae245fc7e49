"""Columns that follow exactly from others: copies, ratios, sums and products of numbers, texts put together from texts.

An equality counts if it holds in every row, numbers within what they are rounded to, and in enough rows. What follows from
others is no field of its own, so that what adds up in the real table adds up in a synthetic one.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import combinations, permutations, product
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from gristmill.digest import encode
from gristmill.generators.fitting._gaps import known
from gristmill.generators.fitting._laws import Array, roundest
from gristmill.generators.fitting._long import LONG
from gristmill.generators.fitting._marginals import Numbers, numbers_of

__all__ = ["Equality", "equalities"]

_LEAST = 50  # rows that an equality holds in, unless more are asked for
_DIFFERENT = 3  # values of a number that a ratio, sum or product gives
_SAMPLE = 200  # rows to try an equality on before all are looked at
_SOLVED = 1_000  # rows from which coefficients of a sum are estimated
_RIDGE = 1e-12  # of the trace
_TERMS = 5  # of a sum
_WIDEST = 40  # columns of numbers of which products are tried
_LONGEST = 1_000  # bytes of a text that is put together
_REACH = 50  # columns to each side that one may follow from
_TEXTS = 8  # columns of texts that are put together
_EXACT = 1e-9  # relative error of numbers that are not rounded
_FORMS: dict[str, Callable[[str], str]] = {"{}": str, "lower({})": str.lower, "upper({})": str.upper}


class Equality(NamedTuple):
    """An expression that a column equals.

    Attributes:
        form: the expression, with `{0}`, `{1}`, … for the names of columns.
        reads: the columns.
    """

    form: str
    reads: tuple[str, ...]


def equalities(table: pa.Table, usable: Sequence[str], least: int) -> dict[str, Equality]:
    """Return the columns of a table that follow from others, none of which follows from itself.

    Later columns are tried first, so that they follow from earlier ones where both could be.

    Args:
        table: the rows.
        usable: names of the columns that others may follow from.
        least: rows that anything written is about.
    """
    usable = [name for name in usable if _is_plain(table[name].type)]
    there = {name: known(table[name]) for name in usable}
    numbers = {name: column for name in usable if (column := numbers_of(table[name])) is not None}
    numbers = {name: one for name, one in numbers.items() if _varies(one.values) and _is_exact(one)}
    near = {name: near_to(usable, place) for place, name in enumerate(usable)}
    texts = {
        name: table[name].to_pylist()
        for name in usable
        if pa.types.is_string(table[name].type)
        and pc.count_distinct(table[name]).as_py() > 1
        and pc.max(pc.binary_length(table[name])).as_py() <= _LONGEST
    }
    found: dict[str, Equality] = {}
    for name in reversed(usable):
        held = there[name]
        if held.sum() < max(_LEAST, least):
            continue
        free = [one for one in near[name] if one != name and name not in _sources(one, found)]
        free = [one for one in free if np.all(there[one][held])]
        one = _copy(table, name, free, held)
        if one is None and name in numbers:
            given = {other: numbers[other] for other in free if other in numbers}
            one = _number(numbers[name], given, held, found)
        if one is None and name in texts:
            words = {other: texts[other] for other in free if other in texts and other not in found}
            one = _text(texts[name], words, np.flatnonzero(held))
        if one is not None:
            found[name] = one
    return found


def near_to(names: Sequence[str], place: int) -> Sequence[str]:
    """Return the names around a place: all of them, unless there are too many for a look at every pair."""
    return names[max(0, place - _REACH) : place + _REACH + 1]


def _is_plain(type_: pa.DataType) -> bool:
    return not (pa.types.is_nested(type_) or pa.types.is_null(type_))


def _varies(values: Array) -> bool:
    known = values[np.isfinite(values)]
    return len(known) > 0 and bool(np.ptp(known))


def _is_exact(numbers: Numbers) -> bool:
    """Return whether whole numbers are so short that floats hold them and their sums exactly."""
    return not numbers.whole or bool(np.nanmax(np.abs(numbers.values)) < LONG)


def _sources(name: str, found: Mapping[str, Equality]) -> set[str]:
    """Return the columns that one follows from, directly or not."""
    direct = found[name].reads if name in found else ()
    return set(direct).union(*(_sources(one, found) for one in direct))


def _copy(table: pa.Table, name: str, free: Sequence[str], held: Array) -> Equality | None:
    mask = pa.array(held)
    column = table[name].filter(mask)
    if pc.count_distinct(column).as_py() < 2:
        return None
    for one in free:
        other = table[one].filter(mask)
        if other.type == column.type and other.equals(column):
            return Equality("{0}", (one,))
    return None


def _number(
    target: Numbers, given: Mapping[str, Numbers], held: Array, found: Mapping[str, Equality]
) -> Equality | None:
    """Return of what a number is a multiple, the sum or the product."""
    values = target.values[held]
    if len(np.unique(values[:_SOLVED])) < _DIFFERENT:
        return None
    columns = {name: one.values[held] for name, one in given.items()}
    for name, one in columns.items():
        if (ratio := _ratio(values, one, target.digits)) is not None:
            same = ratio == 1 and target.digits == given[name].digits
            return Equality("{0}" if same else _rounded(f"{{0}} * {ratio!r}", target), (name,))
    # Beside what they follow from, others would leave it open which of them are added up.
    base = {name: one for name, one in columns.items() if name not in found or "*" in found[name].form}
    if total := _sum(values, base, target):
        return total
    for pair in combinations(list(columns)[:_WIDEST], 2):
        first, second = (columns[name] for name in pair)
        if _close(values[:_SAMPLE], first[:_SAMPLE] * second[:_SAMPLE], target.digits) and _close(
            values, first * second, target.digits
        ):
            return Equality(_rounded("{0} * {1}", target), pair)
    return None


def _ratio(values: Array, of: Array, digits: int | None) -> float | None:
    """Return the roundest number that a column is a multiple by, None if it is none."""
    for rows in (slice(_SAMPLE), slice(None)):
        low, high = _ratios(values[rows], of[rows], digits)
        if not low <= high or low <= 0 <= high or not np.isfinite(high - low):
            return None
    ratio = roundest((low + high) / 2, (high - low) / 2)
    return ratio if _close(values, of * ratio, digits) else None


def _ratios(values: Array, of: Array, digits: int | None) -> tuple[float, float]:
    """Return the least and the greatest number that a column may be a multiple by."""
    values, of = values[of != 0], of[of != 0]
    half = _half(values, digits)
    ends = (values - half) / of, (values + half) / of
    return float(np.minimum(*ends).max(initial=-np.inf)), float(np.maximum(*ends).min(initial=np.inf))


def _sum(values: Array, columns: Mapping[str, Array], target: Numbers) -> Equality | None:
    """Return the sum or difference of columns that a column is."""
    if len(columns) < 2:
        return None
    names = list(columns)
    matrix = np.stack([columns[name][:_SOLVED] for name in names], axis=1)
    scale = np.maximum(np.abs(matrix).max(axis=0), 1e-300)
    weights = _least_squares(matrix / scale, values[:_SOLVED]) / scale
    terms = [(name, round(one)) for name, one in zip(names, weights, strict=True) if round(one)]
    if not 2 <= len(terms) <= _TERMS or any(abs(one) != 1 for _, one in terms):
        return None
    terms.sort(key=lambda term: -term[1])  # what is added first
    if not _close(values, sum(sign * columns[name] for name, sign in terms), target.digits):
        return None
    signs = [f" {'+' if sign > 0 else '-'} {{{place}}}" for place, (_, sign) in enumerate(terms)]
    text = "".join(signs).removeprefix(" + ").strip()
    return Equality(
        text if target.digits == 0 and target.whole else _rounded(text, target),
        tuple(name for name, _ in terms),
    )


def _least_squares(matrix: Array, values: Array) -> Array:
    """Return coefficients, nearly the least squares; they are rounded, and tried on every row, so near is enough.

    By the normal equations, whose small matrix takes no time, with a ridge for columns that follow from one another.
    """
    square = matrix.T @ matrix
    ridge = _RIDGE * np.trace(square) * np.eye(len(square))
    found: Array = np.linalg.solve(square + ridge, matrix.T @ values)
    return found


def _rounded(text: str, target: Numbers) -> str:
    if target.digits is None:
        return text
    return f"round({text})" if target.digits == 0 else f"round({text}, {target.digits})"


def _half(values: Array, digits: int | None) -> Array:
    """Return by how much a number may differ from what it was before it was rounded."""
    error = _EXACT * np.abs(values)
    found: Array = error if digits is None else error + 0.5 * 10.0**-digits
    return found


def _close(values: Array, others: Any, digits: int | None) -> bool:
    return bool(np.all(np.abs(values - others) <= _half(values, digits)))


def _text(texts: Sequence[Any], columns: Mapping[str, Sequence[Any]], held: Array) -> Equality | None:
    """Return of which texts a text is put together, with the same words between them in every row."""
    if len({texts[place] for place in held[:_SAMPLE]}) < 2:
        return None
    names = list(columns)[:_TEXTS]
    for count in (1, 2):
        for chosen, forms in product(permutations(names, count), product(_FORMS, repeat=count)):
            changes = [(_FORMS[form], columns[name]) for name, form in zip(chosen, forms, strict=True)]
            between = _between(texts[held[0]], _changed(changes, held[0]))
            if between and all(
                texts[place] == _assembled(between, _changed(changes, place)) for place in held
            ):
                return Equality(_joined(between, forms), chosen)
    return None


def _changed(changes: Sequence[tuple[Callable[[str], str], Sequence[Any]]], place: int) -> list[str]:
    return [change(column[place]) for change, column in changes]


def _between(text: str, parts: Sequence[str]) -> list[str]:
    """Return what stands before, between and after parts of a text, nothing if one is not in it."""
    found, start = [], 0
    for part in parts:
        place = text.find(part, start) if part else -1
        if place < 0:
            return []
        found.append(text[start:place])
        start = place + len(part)
    return [*found, text[start:]]


def _assembled(between: Sequence[str], parts: Sequence[str]) -> str:
    return between[0] + "".join(part + after for part, after in zip(parts, between[1:], strict=True))


def _joined(between: Sequence[str], forms: Sequence[str]) -> str:
    def pieces() -> Iterator[str]:
        for place, words in enumerate(between):
            if words:
                yield encode(words).decode().replace("{", "{{").replace("}", "}}")
            if place < len(forms):
                yield forms[place].format(f"{{{place}}}")

    return " + ".join(pieces())
