"""Simple interest: how much it is, what it makes of a sum, how long it takes."""

from fractions import Fraction

from gristmill.generators.fields import Choice, Integer
from gristmill.generators.problems._kinds import Draft, Kind, Values, wordings
from gristmill.generators.problems._wording import NAME, VOICE, counted, decimal, dollars, isolated, line
from gristmill.generators.space import Space

__all__ = ["INTEREST"]


def _interest(values: Values) -> Draft:
    sum_, rate, years = values["principal"], Fraction(values["rate"]), values["years"]
    yearly = sum_ * rate / 100
    slots = {
        "name": values["name"],
        "principal": dollars(sum_),
        "rate": decimal(rate),
        "years": counted(years, "year"),
        "interest": dollars(yearly * years),
    }
    if values["shape"] == "time":
        return _time(values, slots, yearly)
    total, all_ = values["shape"] == "total", f"{sum_} × {decimal(rate)}% × {years}"
    interest = yearly * years
    answer = sum_ + interest if total else interest
    steps = [line("Interest is principal times rate times time", f"i = {all_} = {decimal(interest)}")]
    if total:
        steps.append(
            line("With the principal this makes", f"s = {sum_} + {decimal(interest)} = {decimal(answer)}")
        )
    return Draft(
        wording=values[values["shape"]],
        slots=slots,
        facts=[f"p = {sum_}", f"i = p × {decimal(rate)}% × {years}", *(["s = p + i"] if total else [])],
        asked=["s" if total else "i"],
        steps=steps,
        answer=answer,
        said=dollars(answer),
        difficulty=2 if total else 1,
        unit="dollars",
    )


def _time(values: Values, slots: dict[str, str], yearly: Fraction) -> Draft:
    sum_, years = values["principal"], values["years"]
    rate = decimal(Fraction(values["rate"]))
    interest = decimal(yearly * years)
    return Draft(
        wording=values["time"],
        slots=slots,
        facts=[f"{sum_} × {rate}% × t = {interest}"],
        asked=["t"],
        steps=[
            line("The interest of one year, in dollars, is", f"{sum_} × {rate}% = {decimal(yearly)}"),
            line("In t years it is", f"{decimal(yearly)}t = {interest}"),
            *isolated(values["voice"], "t", (yearly, 0), (0, yearly * years)),
        ],
        answer=years,
        said=counted(years, "year"),
        difficulty=3,
        unit="year" if years == 1 else "years",
    )


_INVESTS = [
    "puts {{principal}} into a savings account",
    "invests {{principal}}",
    "lends a friend {{principal}}",
]

INTEREST = Kind(
    "interest",
    Space(
        shape=Choice(("interest", "total", "time")),
        name=NAME,
        principal=Choice([*range(200, 2000, 50), *range(2000, 9001, 500)]),
        rate=Choice(("2", "2.5", "3", "3.5", "4", "4.5", "5", "6", "7.5", "8")),
        years=Integer(1, 9),
        voice=VOICE,
        interest=wordings(
            "{{name}} {invests} at {{rate}}% simple interest a year. {ask}",
            "At {{rate}}% simple interest a year, {{name}} {invests}. {ask}",
            invests=_INVESTS,
            ask=[
                "How much interest is that after {{years}}?",
                "How much interest does this earn in {{years}}?",
            ],
        ).when(shape="interest"),
        total=wordings(
            "{{name}} {invests} at {{rate}}% simple interest a year. {ask}",
            "At {{rate}}% simple interest a year, {{name}} {invests}. {ask}",
            invests=_INVESTS,
            ask=[
                "How much is it after {{years}}, interest included?",
                "To how much does it grow in {{years}}?",
            ],
        ).when(shape="total"),
        time=wordings(
            "{{name}} {invests} at {{rate}}% simple interest a year. {ask}",
            "At {{rate}}% simple interest a year, {{name}} {invests}. {ask}",
            invests=_INVESTS,
            ask=[
                "How long does it take to earn {{interest}}?",
                "After how many years is the interest {{interest}}?",
            ],
        ).when(shape="time"),
    ),
    _interest,
)
