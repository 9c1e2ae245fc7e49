"""Units of measurement."""

from decimal import Decimal
from random import Random
from typing import Any

__all__ = ["collection", "imperial", "metric", "temperature", "time_units", "travel"]

Values = dict[str, Any]
# How many of the smallest unit of a quantity there are in each.
_SCALES = {
    "length": {"millimetres": 1, "centimetres": 10, "metres": 1_000, "kilometres": 1_000_000},
    "mass": {"milligrams": 1, "grams": 1_000, "kilograms": 1_000_000, "tonnes": 1_000_000_000},
    "volume": {"millilitres": 1, "centilitres": 10, "decilitres": 100, "litres": 1_000},
    "time": {"seconds": 1, "minutes": 60, "hours": 3_600, "days": 86_400},
}
_ONE = {  # of them, as a sentence has it
    "mile": ("miles", "kilometres", "1.609"), "inch": ("inches", "centimetres", "2.54"), "foot": ("feet", "metres", "0.3048"),
    "pound": ("pounds", "kilograms", "0.4536"), "ounce": ("ounces", "grams", "28.35"), "US gallon": ("US gallons", "litres", "3.785"),
}  # fmt: skip


def metric(values: Values, rng: Random) -> Values:
    """An amount in another metric unit, down the scale or up it."""
    scale = _SCALES[values["quantity"]]
    names = list(scale)
    place = values["pair"] % (len(names) - 1)
    small, large = names[place], names[place + 1]
    factor = scale[large] // scale[small]
    amount, source, target = Decimal(values["amount"]), large, small
    if values["upwards"]:
        source, target = small, large
        found = amount / factor
    else:
        amount /= 10
        found = amount * factor
    return {"shown": _plain(amount), "source": source, "target": target, "large": large[:-1], "small": small, "factor": f"{factor:,}", "answer": _plain(found)}  # fmt: skip


def time_units(values: Values, rng: Random) -> Values:
    """An amount of time in a smaller unit."""
    scale = _SCALES["time"]
    names = list(scale)
    place = 1 + values["pair"] % (len(names) - 1)
    small = names[place - 1 - (values["pair"] // 3) % place]
    factor = scale[names[place]] // scale[small]
    return {"large": names[place], "small": small, "each": names[place][:-1], "factor": f"{factor:,}", "answer": values["amount"] * factor}  # fmt: skip


def imperial(values: Values, rng: Random) -> Values:
    """An amount in metric units, to two decimals."""
    many, target, factor = _ONE[values["unit"]]
    found = values["amount"] * Decimal(factor)
    return {"many": many, "target": target, "factor": factor, "exact": _plain(found), "answer": str(found.quantize(Decimal("0.01")))}  # fmt: skip


def temperature(values: Values, rng: Random) -> Values | None:
    """A temperature on the other scale, where it differs; Celsius in fives, so that Fahrenheit is whole."""
    celsius = 5 * values["steps"]
    fahrenheit = 9 * values["steps"] + 32
    if celsius == fahrenheit:
        return None
    if values["backwards"]:
        how = f"({fahrenheit} − 32) × 5/9"
        return {
            "degrees": fahrenheit,
            "source": "Fahrenheit",
            "target": "Celsius",
            "how": how,
            "answer": celsius,
        }
    how = f"{celsius} × 9/5 + 32"
    return {"degrees": celsius, "source": "Celsius", "target": "Fahrenheit", "how": how, "answer": fahrenheit}


def travel(values: Values, rng: Random) -> Values:
    """Minutes for a distance at a speed, where they are whole."""
    distance = Decimal(values["speed"]) * values["quarters"] / 4
    return {"distance": _plain(distance), "hours": _plain(Decimal(values["quarters"]) / 4), "answer": 15 * values["quarters"]}  # fmt: skip


def collection(values: Values, rng: Random) -> Values:
    """How many there are in some dozens, pairs and the like."""
    one, many, size = values["sort"]
    return {"one": one, "many": many, "size": size, "answer": values["count"] * size}


def _plain(value: Decimal) -> str:
    """Return a number without an exponent or zeros at its end."""
    return f"{value.normalize():f}"
