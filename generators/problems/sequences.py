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


def _begun(sort: str) -> list[str]:
    """Return ways to tell how a sequence begins; `sort` is its kind with an article."""
    article, _, name = sort.partition(" ")
    return [
        f"{sort} sequence begins with {{{{some}}}}. {{ask}}",
        f"{sort} sequence starts {{{{some}}}} and goes on for ever. {{ask}}",
        f"The first terms of {article.lower()} {name} sequence are {{{{some}}}}. {{ask}}",
        f"Here are the first terms of {article.lower()} {name} sequence: {{{{some}}}}. {{ask}}",
        f"Consider the {name} sequence {{{{some}}}}, and so on. {{ask}}",
        f"The numbers {{{{some}}}} are the beginning of {article.lower()} {name} sequence. {{ask}}",
    ]


_TERM = [
    "What is its {{nth}} term?",
    "Find the {{nth}} term.",
    "Which number stands in the {{nth}} place?",
    "Work out the {{nth}} term.",
]
_SUM = [
    "What is the sum of its first {{n}} terms?",
    "Add up the first {{n}} terms.",
    "Find the sum of the first {{n}} terms.",
    "What do the first {{n}} terms add up to?",
]

SEQUENCES = Kind(
    "sequences",
    Space(
        shape=Choice(("arithmetic", "geometric", "sum")),
        first=Integer(1, 20),
        n=Integer(8, 20).when(shape=("arithmetic", "sum")),
        by=Choice([value for value in range(-9, 10) if abs(value) > 1]).when(shape=("arithmetic", "sum")),
        early=Integer(5, 9).when(shape="geometric"),
        ratio=Choice((2, 3, 4)).when(shape="geometric"),
        ask_arithmetic=wordings(*_begun("An arithmetic"), ask=_TERM).when(shape="arithmetic"),
        ask_geometric=wordings(*_begun("A geometric"), ask=_TERM).when(shape="geometric"),
        ask_sum=wordings(*_begun("An arithmetic"), ask=_SUM).when(shape="sum"),
    ),
    _sequence,
)
