"""Percentages: a discount, the price before it, a rise in price."""

from fractions import Fraction

from gristmill.generators.fields import Choice, Integer
from gristmill.generators.problems._kinds import Draft, Kind, Values, wordings
from gristmill.generators.problems._wording import NAME, VOICE, decimal, dollars, done, isolated, line
from gristmill.generators.space import Space

__all__ = ["PERCENT"]

_GOODS = {  # with the lowest and the highest price, in dollars
    "backpack": (25, 110),
    "bicycle": (180, 900),
    "coat": (60, 260),
    "desk": (80, 400),
    "jacket": (40, 180),
    "keyboard": (30, 150),
    "lamp": (20, 120),
    "pair of headphones": (30, 240),
    "phone": (150, 800),
    "tent": (70, 420),
    "watch": (45, 300),
}


def _percent(values: Values) -> Draft:
    return {"discount": _discount, "before": _before, "rise": _rise}[values["shape"]](values)


def _discount(values: Values) -> Draft:
    price, rate = _price(values), values["rate"]
    off = Fraction(price * rate, 100)
    sale = price - off
    return Draft(
        wording=values["discount"],
        slots={"goods": values["goods"], "name": values["name"], "price": dollars(price), "rate": str(rate)},
        facts=[f"p = {price}", f"s = p - {rate}% × p"],
        asked=["s"],
        steps=[
            "Let s be the sale price in dollars.",
            line(
                "The discount is",
                f"{rate}% × {price} = {decimal(Fraction(rate, 100))} × {price} = {decimal(off)}",
            ),
            done(
                values["voice"],
                "subtract",
                "it from the price",
                f"s = {price} - {decimal(off)} = {decimal(sale)}",
            ),
        ],
        answer=sale,
        said=dollars(sale),
        difficulty=1,
        unit="dollars",
    )


def _before(values: Values) -> Draft:
    price, rate = _price(values), values["rate"]
    left = Fraction(100 - rate, 100)
    return Draft(
        wording=values["before"],
        slots={
            "goods": values["goods"],
            "name": values["name"],
            "now": dollars(left * price),
            "rate": str(rate),
        },
        facts=[f"p - {rate}% × p = {decimal(left * price)}"],
        asked=["p"],
        steps=[
            "Let p be the price before the sale, in dollars.",
            line("The part of it that is left after the discount is", f"100% - {rate}% = {100 - rate}%"),
            line("So the sale price is", f"{decimal(left)}p = {decimal(left * price)}"),
            *isolated(values["voice"], "p", (left, 0), (0, left * price)),
        ],
        answer=price,
        said=dollars(price),
        difficulty=3,
        unit="dollars",
    )


def _rise(values: Values) -> Draft:
    price, rate = _price(values), values["rate"]
    part = Fraction(rate, 100)
    now = price + part * price
    return Draft(
        wording=values["rise"],
        slots={
            "goods": values["goods"],
            "name": values["name"],
            "price": dollars(price),
            "now": dollars(now),
        },
        facts=[f"{price} + q% × {price} = {decimal(now)}"],
        asked=["q"],
        steps=[
            "Let q be the percentage by which the price goes up.",
            line("The price goes up by", f"{decimal(now)} - {price} = {decimal(part * price)}"),
            line(
                "As a part of the old price this is", f"{decimal(part * price)} ÷ {price} = {decimal(part)}"
            ),
            line("In percent this is", f"q = {decimal(part)} × 100 = {rate}"),
        ],
        answer=rate,
        said=f"{rate}%",
        difficulty=2,
        unit="%",
    )


def _price(values: Values) -> int:
    """Return a price that is usual for the goods, a multiple of 5 dollars."""
    low, high = _GOODS[values["goods"]]
    return int(low + (high - low) * values["level"] // 40 // 5 * 5)


PERCENT = Kind(
    "percent",
    Space(
        shape=Choice(("discount", "before", "rise")),
        goods=Choice(list(_GOODS)),
        level=Integer(0, 40),
        rate=Choice((5, 8, 10, 12, 15, 18, 20, 24, 25, 30, 35, 40, 45)),
        name=NAME,
        voice=VOICE,
        discount=wordings(
            "A {{goods}} costs {{price}}. In a sale {{rate}}% is taken off. {asked}",
            "{{name}} wants to buy a {{goods}} that costs {{price}}. Today there is a discount of {{rate}}%. {asked}",
            "The price of a {{goods}} is {{price}}, and it is reduced by {{rate}}%. {asked}",
            asked=["What is the sale price?", "How much does the {{goods}} cost now?"],
        ).when(shape="discount"),
        before=wordings(
            "After a discount of {{rate}}%, a {{goods}} costs {{now}}. {asked}",
            "{{name}} pays {{now}} for a {{goods}} that was reduced by {{rate}}%. {asked}",
            "In a sale everything is {{rate}}% off, and a {{goods}} costs {{now}}. {asked}",
            asked=["What was the price before?", "What did the {{goods}} cost before the sale?"],
        ).when(shape="before"),
        rise=wordings(
            "The price of a {{goods}} goes up from {{price}} to {{now}}. {asked}",
            "Last year a {{goods}} cost {{price}}; this year it costs {{now}}. {asked}",
            "{{name}} bought a {{goods}} for {{price}}. Today the same one costs {{now}}. {asked}",
            asked=["By what percentage did the price rise?", "What is the increase in percent?"],
        ).when(shape="rise"),
    ),
    _percent,
)
