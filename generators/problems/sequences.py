"""Sequences: a term far out, or the sum of the first ones."""

from gristmill.generators.fields import Choice, Integer
from gristmill.generators.problems._kinds import Draft, Kind, Values, wordings
from gristmill.generators.problems._wording import line, signed
from gristmill.generators.space import Space

__all__ = ["SEQUENCES"]

_ENDINGS = {1: "st", 2: "nd", 3: "rd"}
_GIVEN = 3  # terms


def _sequence(values: Values) -> Draft:
    """Write what is given, and how every term follows from the two before; the solution takes the short cut."""
    shape = values["shape"]
    if shape == "geometric":
        n, ratio = values["early"], values["ratio"]
        terms = [values["first"] * ratio**place for place in range(n)]
        rule, steps = "u{2}/u{1} = u{1}/u{0}", _geometric(terms, ratio)
    else:
        n, by = values["n"], values["by"]
        terms = [values["first"] + by * place for place in range(n)]
        rule, steps = "u{2} - u{1} = u{1} - u{0}", _arithmetic(terms, by)
    facts = [f"u{place} = {term}" for place, term in enumerate(terms[:_GIVEN], 1)]
    facts += [rule.format(place - 2, place - 1, place) for place in range(_GIVEN + 1, n + 1)]
    asked, answer = f"u{n}", terms[-1]
    if shape == "sum":
        asked, answer = "s", sum(terms)
        facts.append("s = " + " + ".join(f"u{place}" for place in range(1, n + 1)))
        halves = f"s = {n} × ({terms[0]} + {signed(terms[-1])}) ÷ 2 = {answer}"
        steps.append(line("The sum is the number of terms times the mean of the first and the last", halves))
    return Draft(
        wording=values[f"ask_{shape}"],
        slots={"some": ", ".join(map(str, terms[:_GIVEN])), "nth": _ordinal(n), "n": str(n)},
        facts=facts,
        asked=[asked],
        steps=steps,
        answer=answer,
        said=str(answer),
        difficulty={"arithmetic": 2, "geometric": 3, "sum": 4}[shape],
    )


def _arithmetic(terms: list[int], by: int) -> list[str]:
    n = len(terms)
    return [
        line(
            "The difference of one term and the one before is", f"d = {terms[1]} - {signed(terms[0])} = {by}"
        ),
        line("It is added one time fewer than there are terms", f"{n} - 1 = {n - 1}"),
        line("So the last of them is", f"u{n} = {terms[0]} + {n - 1} × {signed(by)} = {terms[-1]}"),
    ]


def _geometric(terms: list[int], ratio: int) -> list[str]:
    n = len(terms)
    return [
        line("The ratio of one term to the one before is", f"r = {terms[1]} ÷ {terms[0]} = {ratio}"),
        line("One multiplies by it one time fewer than there are terms", f"{n} - 1 = {n - 1}"),
        line("So the last of them is", f"u{n} = {terms[0]} × {ratio}^{n - 1} = {terms[-1]}"),
    ]


def _ordinal(number: int) -> str:
    return f"{number}{'th' if number in (11, 12, 13) else _ENDINGS.get(number % 10, 'th')}"


SEQUENCES = Kind(
    "sequences",
    Space(
        shape=Choice(("arithmetic", "geometric", "sum")),
        first=Integer(1, 20),
        n=Integer(8, 20).when(shape=("arithmetic", "sum")),
        by=Choice([value for value in range(-9, 10) if abs(value) > 1]).when(shape=("arithmetic", "sum")),
        early=Integer(5, 9).when(shape="geometric"),
        ratio=Choice((2, 3, 4)).when(shape="geometric"),
        ask_arithmetic=wordings(
            "An arithmetic sequence begins with {{some}}. {ask}",
            "The first terms of an arithmetic sequence are {{some}}. {ask}",
            ask=["What is its {{nth}} term?", "Find the {{nth}} term."],
        ).when(shape="arithmetic"),
        ask_geometric=wordings(
            "A geometric sequence begins with {{some}}. {ask}",
            "The first terms of a geometric sequence are {{some}}. {ask}",
            ask=["What is its {{nth}} term?", "Find the {{nth}} term."],
        ).when(shape="geometric"),
        ask_sum=wordings(
            "An arithmetic sequence begins with {{some}}. {ask}",
            "The first terms of an arithmetic sequence are {{some}}. {ask}",
            ask=["What is the sum of its first {{n}} terms?", "Add up the first {{n}} terms."],
        ).when(shape="sum"),
    ),
    _sequence,
)
