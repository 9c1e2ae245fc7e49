"""A solution whose steps are out of order, missing, told twice or called by another name is refused."""

import msgspec
import pytest

from gristmill.generators.problems import Problem, check_problem

BEFORE = Problem(
    kind="percent",
    seed=0,
    index=0,
    question="After a discount of 35%, a coat costs $97.50. What was the price before?",
    facts=("p - 35% × p = 97.5",),
    asked=("p",),
    steps=(
        "Let p be the price before the sale, in dollars.",
        "The part of it that is left after the discount is: 100% - 35% = 65%.",
        "So the sale price is: 0.65p = 97.5.",
        "Divide both sides by 0.65: p = 97.5 ÷ 0.65 = 150.",
        "Answer: $150",
    ),
    answer="150",
    unit="dollars",
    difficulty=3,
)
SUM = Problem(
    kind="arithmetic",
    seed=0,
    index=0,
    question="What is 49 × 10 - 4 × 7?",
    facts=("r = 49 × 10 - 4 × 7",),
    asked=("r",),
    steps=(
        "Multiply before adding and subtracting: 49 × 10 - 4 × 7 = 490 - 4 × 7.",
        "Multiply before adding and subtracting: 490 - 4 × 7 = 490 - 28.",
        "Subtract: 490 - 28 = 462.",
        "Answer: 462",
    ),
    answer="462",
    unit="",
    difficulty=2,
)


def refused(one: Problem) -> list[str]:
    """Return the names of what is found to be wrong."""
    return [found.name for found in check_problem(one) if found.status != "pass"]


@pytest.mark.parametrize("one", [BEFORE, SUM], ids=lambda one: one.kind)
def test_a_whole_solution_passes(one: Problem) -> None:
    """As it stands."""
    assert [] == refused(one)


@pytest.mark.parametrize(
    ("one", "order", "wrong"),
    [
        (BEFORE, (0, 2, 1, 3, 4), "step 2"),  # 0.65 is not known yet
        (BEFORE, (0, 2, 3, 4), "step 2"),
        (BEFORE, (0, 1, 2, 4), "answer"),
        (BEFORE, (0, 1, 1, 2, 3, 4), "step 3"),
        (SUM, (1, 0, 2, 3), "step 1"),
        (SUM, (1, 2, 3), "step 1"),
        (SUM, (0, 2, 3), "step 2"),
        (SUM, (0, 1, 3), "answer"),
        (SUM, (0, 1, 2, 2, 3), "step 4"),
    ],
)
def test_steps_that_are_missing_early_or_told_twice_are_refused(
    one: Problem, order: tuple[int, ...], wrong: str
) -> None:
    """A number that was neither given nor worked out before shows it."""
    assert wrong in refused(msgspec.structs.replace(one, steps=tuple(one.steps[place] for place in order)))


@pytest.mark.parametrize(
    ("one", "old", "new"),
    [
        (SUM, "Subtract: 490", "Add: 490"),
        (SUM, "Subtract: 490", "Adding gives: 490"),
        (SUM, "Multiply before adding and subtracting: 490", "Divide before adding and subtracting: 490"),
        (BEFORE, "Divide both sides by", "Divide both sides of"),
        (BEFORE, "Divide both sides by", "Multiply both sides by"),
        (BEFORE, "Answer: $150", "Answer: $150 x"),
    ],
)
def test_words_that_say_another_thing_than_is_done_are_refused(one: Problem, old: str, new: str) -> None:
    """The operation, what is done to both sides, the unit of the answer."""
    steps = tuple(step.replace(old, new) for step in one.steps)

    assert one.steps != steps
    assert [] != refused(msgspec.structs.replace(one, steps=steps))


def test_the_number_of_a_term_is_part_of_the_question() -> None:
    """The names of the terms before it do not stand for it."""
    one = Problem(
        kind="sequences", seed=0, index=0, question="A sequence begins with 3, 5, 7. Find the 4th term.",
        facts=("u1 = 3", "u2 = 5", "u3 = 7", "u4 - u3 = u3 - u2"), asked=("u4",),
        steps=("The difference is: d = 5 - 3 = 2.", "So the term is: u4 = 7 + 2 = 9.", "Answer: 9"),
        answer="9", unit="", difficulty=1,
    )  # fmt: skip

    assert [] == refused(one)
    assert ["question"] == refused(msgspec.structs.replace(one, question=one.question.replace("4th", "1st")))
    assert ["question"] == refused(msgspec.structs.replace(one, question=one.question.replace("3,", "-3,")))
