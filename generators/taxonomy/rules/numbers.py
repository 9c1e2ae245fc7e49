"""Arithmetic, money, percentages, averages."""

from random import Random
from statistics import median as median_of
from typing import Any

__all__ = [
    "basket", "cash", "discount", "left", "mean", "median", "next_term", "packs", "percent_change", "percent_of", "scaled",
    "share_out", "total",
]  # fmt: skip

Values = dict[str, Any]


def total(values: Values, rng: Random) -> Values:
    """Sum of three numbers."""
    part = values["a"] + values["b"]
    return {"part": part, "answer": part + values["c"]}


def left(values: Values, rng: Random) -> Values | None:
    """What is left of a number after two parts were taken."""
    part = values["start"] - values["given"]
    return {"part": part, "answer": part - values["lost"]} if part > values["lost"] else None


def packs(values: Values, rng: Random) -> Values:
    """How many there are in some packs and some loose ones."""
    part = values["packs"] * values["size"]
    return {"part": part, "answer": part + values["loose"]}


def share_out(values: Values, rng: Random) -> Values | None:
    """What is left over when a number is shared equally."""
    each, answer = divmod(values["count"], values["people"])
    return {"each": each, "given": each * values["people"], "answer": answer} if each and answer else None


def cash(values: Values, rng: Random) -> Values | None:
    """Change from a banknote."""
    change = values["note"] * 100 - values["price"]
    if not 0 < change < 100 * values["note"]:
        return None
    return {"cost": _money(values["price"]), "answer": _money(change)}


def basket(values: Values, rng: Random) -> Values | None:
    """What several of two things cost together."""
    (one, first), (two, second) = (
        (values[count], values[price]) for count, price in (("count", "price"), ("count_2", "price_2"))
    )
    if values["thing"] == values["thing_2"]:
        return None
    return {
        "cost": _money(first), "cost_2": _money(second), "part": _money(one * first), "part_2": _money(two * second),
        "answer": _money(one * first + two * second),
    }  # fmt: skip


def percent_of(values: Values, rng: Random) -> Values:
    """A share of a number."""
    return {"answer": _shown(values["percent"] * values["amount"], 100)}


def discount(values: Values, rng: Random) -> Values:
    """A price after a discount, rounded to the cent."""
    off = (values["price"] * values["percent"] + 50) // 100
    return {"cost": _money(values["price"]), "off": _money(off), "answer": _money(values["price"] - off)}


def percent_change(values: Values, rng: Random) -> Values:
    """By how many percent a number has grown or shrunk."""
    before = values["base"] * 20
    after = before + before * values["change"] // 100
    way, back = ("risen", "rise") if values["change"] > 0 else ("fallen", "fall")
    return {
        "before": before, "after": after, "way": way, "noun": back, "by": abs(after - before),
        "answer": abs(values["change"]),
    }  # fmt: skip


def mean(values: Values, rng: Random) -> Values | None:
    """Mean of some whole numbers, where it has at most two decimals."""
    numbers = [rng.randint(values["low"], values["low"] + 60) for _ in range(values["size"])]
    part = sum(numbers)
    if part * 100 % len(numbers):
        return None
    return {"numbers": _listed(numbers), "part": part, "answer": _shown(part * 100 // len(numbers), 100)}


def median(values: Values, rng: Random) -> Values:
    """Median of some different whole numbers."""
    numbers = rng.sample(range(values["low"], values["low"] + 80), values["size"])
    twice = int(2 * median_of(numbers))
    return {"numbers": _listed(numbers), "sorted": _listed(sorted(numbers)), "answer": _shown(twice, 2)}


def scaled(values: Values, rng: Random) -> Values | None:
    """An amount of a recipe for another number of people."""
    if values["people"] == values["people_2"] or values["amount"] * values["people_2"] % values["people"]:
        return None
    return {"answer": values["amount"] * values["people_2"] // values["people"]}


def next_term(values: Values, rng: Random) -> Values | None:
    """The next term of an arithmetic sequence."""
    if not values["step"]:
        return None
    terms = [values["start"] + place * values["step"] for place in range(6)]
    return {"terms": _listed(terms[:5]), "last": terms[4], "answer": terms[5]}


def _money(cents: int) -> str:
    return f"{cents // 100}.{cents % 100:02}"


def _shown(value: int, over: int) -> str:
    """Return a fraction as a decimal number with no more digits than it needs; `over` divides a power of ten."""
    return f"{value / over:.2f}".rstrip("0").rstrip(".")


def _listed(numbers: list[int]) -> str:
    return ", ".join(map(str, numbers))
