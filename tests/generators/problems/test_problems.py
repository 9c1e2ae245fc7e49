"""Problems are right, read well, and are refused as soon as one number of them is not right."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gristmill.errors import UsageError
from gristmill.generators import problems
from gristmill.generators.fields import Constant
from gristmill.generators.problems import KINDS, Kind, Problem, check_problem, problem, rows
from gristmill.generators.space import Space

ALL = pytest.mark.parametrize("kind", KINDS)
MANY = 60  # problems of a kind that are read


def wrong(one: Problem) -> list[str]:
    """The names of the checks that a problem does not pass."""
    return [check.name for check in check_problem(one) if check.status != "pass"]


def spoiled(texts: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """The texts with one of their numbers raised by one, for every number."""
    for place, text in enumerate(texts):
        for found in re.finditer(r"\d+", text):
            other = f"{text[: found.start()]}{int(found[0]) + 1}{text[found.end() :]}"
            yield (*texts[:place], other, *texts[place + 1 :])


@ALL
@given(seed=st.integers(0, 2**31), index=st.integers(0, 10**6))
@settings(max_examples=8)
def test_every_problem_passes(kind: str, seed: int, index: int) -> None:
    """SymPy comes to the same answer from the facts, and every step follows."""
    one = problem(kind, seed, index)

    assert [] == wrong(one)
    assert len(one.steps) + 2 == len(check_problem(one))


@ALL
def test_no_number_of_a_solution_can_be_another(kind: str) -> None:
    """Whichever number of the steps or of the answer is raised by one, the problem is refused."""
    one = problem(kind, 11, 0)
    others = [msgspec.structs.replace(one, steps=steps) for steps in spoiled(one.steps)]
    others += [msgspec.structs.replace(one, answer=answer) for (answer,) in spoiled((one.answer,))]

    assert len(others) > 2
    assert [] == [other.steps for other in others if not wrong(other)]


@ALL
@pytest.mark.slow
def test_no_number_of_many_solutions_can_be_another(kind: str) -> None:
    """The same over many problems."""
    for index in range(25):
        one = problem(kind, 12, index)
        for steps in spoiled(one.steps):
            assert wrong(msgspec.structs.replace(one, steps=steps)), steps


@ALL
def test_a_question_with_a_number_of_its_own_is_refused(kind: str) -> None:
    """Every number that the question names must be in the facts."""
    one = problem(kind, 5, 1)
    question = re.sub(r"\d+", "7919", one.question, count=1)

    assert ["question"] == wrong(msgspec.structs.replace(one, question=question))


@ALL
def test_problems_read_well(kind: str) -> None:
    """Nothing is left to fill in, one thing is singular, and sentences begin and end as they should."""
    for index in range(MANY):
        one = problem(kind, 1, index)
        text = "\n".join([one.question, *one.steps])
        assert not re.search(r"[{}<>_]|  |\bNone\b|\+ -|- -|\.\.|--", text), text
        assert not re.search(
            r"(?<![\d.,])1 (hours|years|liters|kilometers|pens|dimes|meters|days)\b", text
        ), text
        assert not re.search(
            r"(?<![\d.,])(?!1 )[\d.,]+ (hour|year|liter|kilometer|pen|dime|meter|day)\b", text
        ), text
        assert not re.search(r"\b[Aa] [aeio]\w", text), text
        assert re.fullmatch(r"[A-Z\d].*[.?]", one.question), one.question
        assert all(re.fullmatch(r"[A-Z].*\.", step) for step in one.steps[:-1]), one.steps
        assert one.steps[-1].startswith("Answer: ")


@ALL
def test_wordings_vary(kind: str) -> None:
    """The questions of a kind differ in more than their numbers and names."""
    texts = {re.sub(r"[-\d.,]+|\b[A-Z]\w+", "", problem(kind, 2, index).question) for index in range(MANY)}

    assert len(texts) > 5
    assert MANY * 0.8 < len({problem(kind, 2, index).question for index in range(MANY)})


def test_people_and_things_are_whole_and_alive() -> None:
    """Ages lie between birth and a hundred, things and ways are counted, nobody waits a negative time."""
    for index in range(MANY):
        assert 0 < int(problem("ages", 3, index).answer) < 100
        assert 0 < int(problem("coins", 3, index).answer) < 100
        assert 0 < int(problem("choices", 3, index).answer)
        for kind in ("travel", "work", "mixture", "interest", "percent"):
            assert not problem(kind, 3, index).answer.startswith("-")


def test_a_problem_is_the_same_alone_and_in_another_process() -> None:
    """It depends on kind, seed and index alone."""
    code = (
        "from gristmill.generators.problems import KINDS, problem\n"
        "print([problem(kind, 4, 7).steps for kind in KINDS])"
    )
    others = {
        subprocess.run(
            [sys.executable, "-c", code],
            check=True,
            capture_output=True,
            text=True,
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": ":".join(sys.path)},
        ).stdout.strip()
        for seed in ("1", "2")
    }

    assert {str([problem(kind, 4, 7).steps for kind in KINDS])} == others
    assert problem("ages", 4, 7) != problem("ages", 5, 7)


EASY = Problem(
    kind="linear",
    seed=0,
    index=0,
    question="Solve x^2 = 9.",
    facts=("x^2 = 9",),
    asked=("x",),
    steps=("Take the root: x = 3 or x = -3.", "Answer: x = -3 or x = 3"),
    answer="x = -3 or x = 3",
    unit="",
    difficulty=1,
)


@pytest.mark.parametrize(
    ("changes", "refused"),
    [
        ({}, []),
        ({"steps": ("Take the root: x = 3.", EASY.steps[-1])}, ["step 1"]),  # a solution is lost
        ({"steps": ("Multiply both sides by x: x^3 = 9x.", EASY.steps[-1])}, ["step 1"]),  # one comes to it
        (
            {"steps": ("Add 2 to both sides: x^2 + 1 = 10.", EASY.steps[-1])},
            ["step 1"],
        ),  # words and equation differ
        ({"steps": ("Add 1 to both sides: x^2 + 1 = 10.", EASY.steps[-1])}, []),
        (
            {"steps": ("There are 2 roots: x = 3 or x = -3.", EASY.steps[-1])},
            ["step 1"],
        ),  # a number nobody checks
        ({"steps": ("Note that x = 4 helps: x = 3 or x = -3.", EASY.steps[-1])}, ["step 1"]),
        ({"steps": ("It has 2 roots.", EASY.steps[-1])}, ["step 1"]),
        ({"steps": ("Call it y: y = 9.", EASY.steps[-1])}, ["step 1"]),  # a name that comes from nowhere
        ({"steps": ("Divide both sides by 0: x = 3.", EASY.steps[-1])}, ["step 1"]),
        ({"steps": ("So: x = = 3.", EASY.steps[-1])}, ["step 1"]),
        ({"steps": ("Answer: x = 3",)}, ["answer"]),
        ({"steps": ("Answer: 3",)}, ["answer"]),
        ({"steps": ("I do not know",)}, ["answer"]),
        ({"answer": "3"}, ["answer"]),
        ({"unit": "hours"}, ["answer"]),
        ({"facts": ("x^2 = -9",)}, ["facts"]),
        ({"facts": ("x^2 = 8",)}, ["facts"]),
        ({"facts": ("x + y = 9",)}, ["facts"]),
        ({"facts": ("x = 9", "x = 8")}, ["facts"]),
        ({"facts": ("x = __import__('os')",)}, ["facts"]),
        ({"facts": ("x = 9^8^8^8",)}, ["facts"]),
        ({"facts": ("x = (((9^8)^8)^8)^8",)}, ["facts"]),
        ({"facts": ("x = " + "(a + b)(c + d)" * 25,)}, ["facts"]),
        ({"facts": ("x = 1/0",)}, ["facts"]),
        ({"facts": ()}, ["facts"]),
    ],
)
def test_what_is_wrong_is_found_where_it_is(changes: dict[str, object], refused: list[str]) -> None:
    """A solution too few or too many, words that say another thing, equations that are none or take for ever."""
    assert refused == wrong(msgspec.structs.replace(EASY, **changes))


def test_rows_are_examples_to_learn_from() -> None:
    """The kinds take turns, and a user asks what an assistant solves down to the answer."""
    made = list(rows(["ages", "linear"], 6, 4))

    assert ["ages", "linear", "ages", "linear"] == [row["kind"] for row in made]
    assert [0, 0, 1, 1] == [row["index"] for row in made]
    assert made == json.loads(json.dumps(made))
    for row in made:
        user, assistant = row["messages"]
        assert ("user", row["question"]) == (user["role"], user["content"])
        assert ("assistant", row["steps"]) == (assistant["role"], assistant["content"].split("\n"))


def test_rows_are_the_same_checked_and_unchecked() -> None:
    """Checking changes nothing, and without kinds there are all of them."""
    assert list(rows([], 0, 16, check=False)) == list(rows((), 0, 16))
    assert set(KINDS) == {row["kind"] for row in rows([], 0, 15, check=False)}


def test_a_wrong_problem_is_never_handed_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """A kind that writes nonsense is stopped with what was found."""
    linear = KINDS["linear"]
    lying = Kind(
        "lying", Space(x=Constant(1)), lambda values: linear.write(linear.space.mode)._replace(said="x = 77")
    )
    monkeypatch.setattr(problems, "KINDS", {"lying": lying})

    with pytest.raises(UsageError, match="got lying 0 under seed 3, whose answer is not"):
        list(rows(["lying"], 3, 1))
    assert 1 == len(list(rows(["lying"], 3, 1, check=False)))


def test_an_unknown_kind_is_named() -> None:
    """With those that there are."""
    with pytest.raises(UsageError, match=r"Unknown kind of problem 'agse'\. Did you mean 'ages'"):
        problem("agse", 0, 0)
