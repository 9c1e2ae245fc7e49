"""What a problem is, and what a kind of problem is made of."""

from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any, NamedTuple

import msgspec

from gristmill.generators.grammars import Grammar
from gristmill.generators.space import Space

__all__ = ["Draft", "Kind", "Problem", "wordings"]

Values = dict[str, Any]


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """A problem with its solution.

    Attributes:
        kind: one of `KINDS`.
        seed: with `index`, what it was drawn from.
        index: position of the draw under that seed.
        question: what is asked, in words.
        facts: the equations that the question states; they say nothing about how to solve them.
        asked: the names in `facts` that are asked for.
        steps: the solution, a line each; the last one is the answer in words.
        answer: an exact rational number, or equations such as `x = 1 or x = 5/2`.
        unit: of the answer, as it stands in the last step; empty for pure numbers.
        difficulty: from 1, one thing to do, to 5.
    """

    kind: str
    seed: int
    index: int
    question: str
    facts: tuple[str, ...]
    asked: tuple[str, ...]
    steps: tuple[str, ...]
    answer: str
    unit: str
    difficulty: int

    @property
    def messages(self) -> list[dict[str, str]]:
        """The problem as an example to learn from: a user who asks, an assistant who solves."""
        return [
            {"role": "user", "content": self.question},
            {"role": "assistant", "content": "\n".join(self.steps)},
        ]


class Draft(NamedTuple):
    """What a kind makes of the values of its space.

    Attributes:
        wording: of the question, with names in braces.
        slots: what stands for them.
        facts: see `Problem`.
        asked: see `Problem`.
        steps: see `Problem`, without the answer.
        answer: the number that is asked for, or equations.
        said: the answer in words.
        unit: see `Problem`.
        difficulty: see `Problem`.
    """

    wording: str
    slots: dict[str, str]
    facts: Sequence[str]
    asked: Sequence[str]
    steps: Sequence[str]
    answer: int | Fraction | str
    said: str
    difficulty: int
    unit: str = ""


class Kind(NamedTuple):
    """A kind of problem: a space of parameters, the wording of the question among them, and how they become a problem."""

    name: str
    space: Space
    write: Callable[[Values], Draft]

    def problem(self, seed: int, index: int) -> Problem:
        """Return problem `index` under `seed`."""
        draft = self.write(self.space.sample(seed, index, name=self.name))
        question = draft.wording.format_map(draft.slots)
        return Problem(
            kind=self.name,
            seed=seed,
            index=index,
            question=question[:1].upper() + question[1:],
            facts=tuple(draft.facts),
            asked=tuple(draft.asked),
            steps=(*draft.steps, f"Answer: {draft.said}"),
            answer=draft.answer if isinstance(draft.answer, str) else str(Fraction(draft.answer)),
            unit=draft.unit,
            difficulty=draft.difficulty,
        )


def wordings(*texts: str, **rules: Sequence[str]) -> Grammar:
    """Return the grammar of a question: its wordings, and the rules that they refer to.

    What stands in double braces is filled in from the values of a problem.
    """
    return Grammar({"start": texts, **rules})
