"""Tasks by topic: every leaf makes tasks whose answer is right, the least covered first, and no two alike."""

import re
from collections import Counter
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gristmill.errors import UsageError
from gristmill.generators.answers import judge
from gristmill.generators.problems import KINDS, problem
from gristmill.generators.taxonomy.covering import PATIENCE, Coverage
from gristmill.generators.taxonomy.filling import Filling, distance
from gristmill.generators.taxonomy.making import Line, makers
from gristmill.generators.taxonomy.tree import ProblemLeaf, Taxonomy, load

GENERAL = load("general")
MADE = makers(GENERAL)
PROBLEMS = makers(load("problems"))
SMALL = """
name = "small"
shares = { "a/b" = 3 }
[[leaf]]
path = "a/b/c/many"
check = "number"
slots.x = { kind = "integer", low = 1, high = 100000 }
wordings = ["Say {x}.", "What is {x}?"]
answer = "x"
response = "{x}"
[[leaf]]
path = "a/few/c/few"
check = "number"
decoration = ["name"]
slots.x = { kind = "integer", low = 1, high = 5 }
slots.name = { kind = "choice", options = ["Ann", "Bob"] }
wordings = ["{name} says {x}.", "{name} is told {x}."]
answer = "x"
response = "{x}"
"""


def small(tmp_path: Path, text: str = SMALL) -> Taxonomy:
    """A taxonomy in a file."""
    path = tmp_path / "small.toml"
    path.write_text(text, encoding="utf-8")
    return load(str(path))


def filled(
    taxonomy: Taxonomy, n: int, lines: list[Line] | None = None, seed: int = 0
) -> tuple[Coverage, list[Line]]:
    """So many new tasks beside those that there are."""
    coverage = Coverage(taxonomy, seed)
    for line in lines or []:
        coverage.add(line)
    return coverage, list(coverage.fill(makers(taxonomy), n))


@pytest.mark.parametrize("path", MADE)
def test_every_leaf_accepts_its_own_answer_and_refuses_a_spoiled_one(path: str) -> None:
    """Forty tasks of each; and no gap or choice of the grammar is left in their words."""
    lines = [line for index in range(60) if (line := MADE[path].make(3, index))][:40]

    assert {"pass"} == {judge(one["check"], one["response"], one["calls"]).status for one in lines}
    assert {"fail"} == {judge(one["check"], *spoiled(one["check"])).status for one in lines}
    assert [] == [one["instruction"] for one in lines if re.search(r"[{}\[\]]|  |None", one["instruction"])]


def spoiled(check: dict[str, Any]) -> tuple[str, list[dict[str, Any]]]:
    """A reply that is nearly right."""
    answer: Any = check.get("answer")
    match check["kind"]:
        case "number":
            return str(float(answer) + 1), []
        case "text":
            return f"{answer}x", []
        case "option":
            return next(str(one) for one in check["options"] if one != answer), []
        case "list":
            return ", ".join(reversed(answer)), []
        case "date":
            return f"{answer[:8]}{'02' if answer.endswith('01') else '01'}", []
        case "time":
            return f"{answer[:3]}{'02' if answer.endswith('01') else '01'}", []
        case "calls":
            first, *rest = check["calls"]
            name = next(iter(first["arguments"]))
            return "", [{**first, "arguments": {**first["arguments"], name: "?"}}, *rest]
        case "ask":
            return "Done.", []
    return "", []


@pytest.mark.parametrize("path", PROBLEMS)
def test_every_kind_of_problem_accepts_its_answer_in_other_spellings(path: str) -> None:
    """In other orders, as a fraction or a decimal, with and without its unit; and refuses any number but its own."""
    for index in range(12):
        one: Any = PROBLEMS[path].make(5, index)
        said = one["response"].rpartition("Answer: ")[2]
        passed = [
            judge(one["check"], reply).status for reply in (one["response"], *respelled(one["check"], said))
        ]

        assert {"pass"} == set(passed), said
        for found in re.finditer(r"\d+", said):
            wrong = f"{said[: found.start()]}{int(found[0]) + 1}{said[found.end() :]}"
            assert "fail" == judge(one["check"], wrong).status, wrong


def respelled(check: dict[str, Any], said: str) -> list[str]:
    """Other ways to say a right answer."""
    answer = check["answer"]
    if check["kind"] == "exact":
        return [f"It is {answer}.", f"**{said}**", f"= {answer}".replace("-", "−"), f"\\boxed{{{answer}}}"]
    parts = re.split(", | or ", answer)
    return [
        ", ".join(parts[::-1]),
        "\n".join(parts),
        r" \text{ and } ".join(parts),
        answer.replace(" = ", "="),
    ]


def test_a_line_of_a_problem_is_that_problem() -> None:
    """Kind, seed and index say which; the equations and no words are what tells it from others."""
    path = "algebra/equations/two-unknowns/system"
    line: Any = PROBLEMS[path].make(4, 2)
    one = problem("system", 4, 2)

    assert [one.question, "\n".join(one.steps), list(one.facts)] == [
        line["instruction"], line["response"], line["values"]["facts"],
    ]  # fmt: skip
    assert set(next(iter(MADE.values())).make(0, 0) or ()) <= {*line, "literal"}


def test_a_problem_in_other_words_is_not_made_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """Same equations, other people: there are 80 of two who work together or so, and the leaf says when it has no more."""
    monkeypatch.setattr("gristmill.generators.taxonomy.making.checked", lambda one: one)
    taxonomy = load("problems")
    path = "stories/rates/work/two-together"
    alone = Taxonomy(name="t", leaves={path: taxonomy.leaves[path]})
    coverage, lines = filled(alone, 30, seed=1)
    more, others = filled(alone, 1000, lines, seed=2)

    assert 30 == len({str(line["values"]["facts"]) for line in lines})
    assert not {str(line["values"]["facts"]) for line in lines} & {
        str(line["values"]["facts"]) for line in others
    }
    assert more.leaves[path].saturated
    assert 70 < 30 + len(others) < 90
    assert not coverage.leaves[path].saturated


def test_a_problem_that_is_not_right_is_not_written(monkeypatch: pytest.MonkeyPatch) -> None:
    """SymPy sees it, and the message says which one it is."""
    wrong = KINDS["linear"]._replace(write=lambda values: KINDS["linear"].write(values)._replace(answer=1000))
    monkeypatch.setattr("gristmill.generators.taxonomy.making.problem", lambda kind, *at: wrong.problem(*at))

    with pytest.raises(
        UsageError, match="a problem that is right, got linear 3 under seed 0, whose answer is not"
    ):
        PROBLEMS["algebra/equations/one-unknown/linear"].make(0, 3)


def test_every_kind_of_problem_has_a_leaf() -> None:
    """Of the shipped taxonomy, once; a leaf of an unknown kind is named."""
    leaves = [leaf for leaf in load("problems").leaves.values() if isinstance(leaf, ProblemLeaf)]
    odd = Taxonomy(name="odd", leaves={"a/b/c/d": ProblemLeaf(path="a/b/c/d", problem="liner")})

    assert sorted(KINDS) == sorted(leaf.problem for leaf in leaves)
    with pytest.raises(UsageError, match=r"'liner' of leaf a/b/c/d of odd.*Did you mean 'linear'"):
        makers(odd)


def test_a_task_is_a_function_of_seed_and_index() -> None:
    """It is the same alone and in any order; another index is another draw."""
    make = MADE["tables/aggregation/sums/of-a-column"].make

    assert make(1, 7) == make(1, 7)
    assert make(1, 7) != make(1, 8)
    assert make(1, 7) != make(2, 7)


def test_the_day_of_the_week_is_right() -> None:
    """As the calendar of the standard library has it, found from the words of the task alone."""
    months = [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ]
    for index in range(50):
        line = MADE["dates/calendar/weekdays/of-a-date"].make(0, index)
        assert line is not None
        day, month, year = re.findall(r"(\d+) ([A-Z]\w+) (\d{4})", line["instruction"])[0]
        assert line["check"]["answer"] == date(int(year), months.index(month) + 1, int(day)).strftime("%A")


def test_tools_are_offered_with_the_right_one_among_them() -> None:
    """And never one that would do where none should."""
    for index in range(20):
        weather = MADE["tools/calls/single/weather"].make(0, index)
        nothing = MADE["tools/restraint/unavailable/say-so"].make(0, index)
        assert weather is not None
        assert nothing is not None
        assert "get_weather" in offered(weather)
        assert 4 == len(offered(weather)) == len(offered(nothing))
        assert not {"get_weather", "search_trains", "search_flights"} & offered(nothing)


def offered(line: Line) -> set[str]:
    """The names of the tools of a task."""
    return {tool["function"]["name"] for tool in line["tools"]}


def test_no_two_tasks_are_alike() -> None:
    """Neither in their words nor in what they ask; ids differ."""
    _, lines = filled(GENERAL, 1_500)
    asked = [(line["leaf"], *sorted(re.findall(r"\w+", line["instruction"].casefold()))) for line in lines]

    assert 1_500 == len({line["id"] for line in lines}) == len(set(asked))


def test_every_leaf_gets_its_share() -> None:
    """No count is a whole task off, which is as near as whole tasks can come."""
    coverage, lines = filled(GENERAL, 1_000)
    counts = Counter(line["leaf"] for line in lines)
    short = {path: one for path, one in coverage.leaves.items() if not one.saturated}

    assert set(counts) == set(coverage.leaves)
    assert all(abs(counts[path] - 1_000 * one.share) <= 1.0 for path, one in short.items())


def test_what_there_is_counts_and_is_not_made_again(tmp_path: Path) -> None:
    """A leaf that has more than its share gets nothing until the others have theirs."""
    tree = small(tmp_path)
    _, before = filled(tree, 40)
    many = [line for line in before if line["leaf"] == "a/b/c/many"]
    coverage, after = filled(tree, 3, many)

    assert 3 == coverage.leaves["a/few/c/few"].made
    assert not {line["id"] for line in many} & {line["id"] for line in after}


@given(first=st.integers(1, 30), second=st.integers(1, 30))
def test_two_goes_make_what_one_would(first: int, second: int) -> None:
    """Tasks that there are tell where to go on."""
    _, one = filled(GENERAL_FEW, first + second)
    _, start = filled(GENERAL_FEW, first)
    _, rest = filled(GENERAL_FEW, second, start)

    assert one == start + rest


def few_leaves() -> Taxonomy:
    """Three leaves, so that a property can be tried often."""
    paths = (
        "numbers/arithmetic/sums/three-numbers",
        "texts/letters/order/reversed",
        "units/facts/collections/counted",
    )
    return Taxonomy(name="few", leaves={path: GENERAL.leaves[path] for path in paths})


GENERAL_FEW = few_leaves()


def test_a_leaf_with_nothing_new_says_so_and_leaves_its_share_to_others(tmp_path: Path) -> None:
    """Five different numbers are five tasks, whoever says them; it does not look for ever."""
    coverage, lines = filled(small(tmp_path), 60)
    few = coverage.leaves["a/few/c/few"]

    assert (5, True) == (few.made, few.saturated)
    assert 55 == coverage.leaves["a/b/c/many"].made
    assert few.drawn <= 5 * PATIENCE + PATIENCE
    assert few.drawn == few.made + few.exact + few.near + few.elsewhere
    assert 60 == len(lines)


def test_a_taxonomy_that_is_exhausted_makes_fewer(tmp_path: Path) -> None:
    """It ends."""
    text = SMALL.replace("high = 100000", "high = 7").replace("shares", "# shares")
    coverage, lines = filled(small(tmp_path, text), 50)

    assert 12 == len(lines)
    assert all(one.saturated for one in coverage.leaves.values())


def test_tasks_of_no_leaf_are_counted_as_such(tmp_path: Path) -> None:
    """They fill nothing."""
    coverage, _ = filled(small(tmp_path), 1, [{"leaf": "x/y/z/w"}, {"text": "?"}, {"leaf": "a/b/c/many"}])

    assert (2, 1) == (coverage.outside, coverage.leaves["a/b/c/many"].before)


@given(
    st.lists(st.integers(1, 50), min_size=1, max_size=8),
    st.lists(st.integers(0, 40), min_size=8, max_size=8),
    st.integers(0, 200),
)
def test_water_rises_evenly(weights: list[int], counts: list[int], n: int) -> None:
    """Where something was added, the level is no higher than where nothing was, give or take one task."""
    shares = {str(place): weight / sum(weights) for place, weight in enumerate(weights)}
    before = dict(zip(shares, counts, strict=False))
    filling, added = Filling(shares, before), Counter[str]()
    for _ in range(n):
        added[filling.next()] += 1
        filling.filled()
    highest = max(((before[one] + added[one] - 0.5) / shares[one] for one in added), default=0.0)

    assert n == added.total()
    assert all((before[one] + added[one] + 0.5) / shares[one] >= highest - 1e-9 for one in shares)


def test_the_distance_of_shares() -> None:
    """Half of the tasks in the wrong leaf are half a distance; nothing there is all of it."""
    shares = {"a": 0.5, "b": 0.5}

    assert [0.0, 0.5, 1.0] == [distance(shares, counts) for counts in ({"a": 3, "b": 3}, {"a": 4}, {})]


def test_shares_are_among_siblings(tmp_path: Path) -> None:
    """Three to one; a weight of nothing leaves a branch out."""
    assert {"a/b/c/many": 0.75, "a/few/c/few": 0.25} == small(tmp_path).targets()
    out = small(tmp_path, SMALL.replace('"a/b" = 3', '"a/b" = 0'))
    assert {"a/b/c/many": 0.0, "a/few/c/few": 1.0} == out.targets()
    assert ["a/few/c/few"] == list(makers(out))


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('name = "small"', "", r"small\.toml: .*`name`"),
        ('name = "small"', "name = ", r"small\.toml: expected TOML"),
        ('shares = { "a/b" = 3 }', 'shares = { "a/bb" = 3 }', r"shares: Unknown part of the tree 'a/bb'.*'a/b'"),
        ('shares = { "a/b" = 3 }', 'shares = { "a/b" = -1 }', r"shares: expected a weight of at least 0"),
        ('shares = { "a/b" = 3 }', "shares = { a = 0 }", r"expected some topic with a weight above 0"),
        ('"a/b/c/many"', '"a/b"', r"leaf 1: expected a path topic/subtopic/skill/leaf, got 'a/b'"),
        ('"a/b/c/many"', '"a/few/c/few"', r"leaf 2: expected different paths"),
        ('check = "number"', 'check = "numbr"', r"leaf 1 \(a/b/c/many\): .*numbr"),
        ('kind = "integer"', 'kind = "intger"', r"fields.x: Unknown kind 'intger'.*'integer'"),
        ("low = 1", "lo = 1", r"fields.x: .*'lo'"),
        ("low = 1", "low = 1000000", r"fields.x: Expected whole numbers low <= high"),
        ("Say {x}.", "Say {y}.", r"Unknown slot 'y'.*Valid: x"),
        ("Say {x}.", "Say {x.__class__}.", r"expected the name of a slot.*'x.__class__'"),
        ("Say {x}.", "Say {x.", r"expected gaps as \{slot\}"),
        ("Say {x}.", "Say {x:q}.", r"no task can be made"),
        ('wordings = ["Say {x}.", "What is {x}?"]', "wordings = []", r"at least one wording"),
        ('response = "{x}"', 'response = "{x} or 0"', r"a response that its own check accepts"),
        ('answer = "x"', 'answer = "z"', r"Unknown slot 'z'"),
        ('check = "number"', 'check = "number"\nrule = "totl"', r"Unknown rule 'totl'.*'total'"),
        ('check = "number"', 'check = "number"\ntools = ["hammer"]', r"Unknown tool 'hammer'"),
    ],
)  # fmt: skip
def test_a_mistake_in_a_taxonomy_is_named_with_its_place(
    tmp_path: Path, old: str, new: str, words: str
) -> None:
    """Before anything is made, and with what would be right."""
    with pytest.raises(UsageError, match=words):
        makers(small(tmp_path, SMALL.replace(old, new, 1)))


def test_a_taxonomy_that_is_not_there_is_named() -> None:
    """With those that are shipped."""
    with pytest.raises(UsageError, match=r"Unknown taxonomy 'genral'.*'general'"):
        load("genral")
    with pytest.raises(UsageError, match=r"got nowhere\.toml, which is not there"):
        load("nowhere.toml")


def test_a_folder_holds_leaves_beside_its_header(tmp_path: Path) -> None:
    """Anything else in them is in the wrong place."""
    (tmp_path / "taxonomy.toml").write_text('name = "two"\n')
    (tmp_path / "leaves.toml").write_text(SMALL.partition("}\n")[2])
    assert 2 == len(load(str(tmp_path)).leaves)
    (tmp_path / "more.toml").write_text('about = "?"\n')
    with pytest.raises(UsageError, match=r"more\.toml: expected leaves alone, got about"):
        load(str(tmp_path))


def test_bytes_that_are_no_text_are_named(tmp_path: Path) -> None:
    """A file in another encoding."""
    (tmp_path / "odd.toml").write_bytes(b'name = "\xff"')
    with pytest.raises(UsageError, match=r"byte 0xff in line 1 of .*odd\.toml"):
        load(str(tmp_path / "odd.toml"))


class Coin:
    """A world of two cells, one of them rare."""

    id = "test/coin-v1"

    def __init__(self) -> None:
        from gristmill.generators.fields import Choice, Integer
        from gristmill.generators.space import Space

        self.space = Space(
            side=Choice(("head", "edge"), (0.98, 0.02)), n=Integer(0, 10**6), name=Integer(0, 9)
        )

    def stratum(self, values: dict[str, Any]) -> str:
        """The side, and whether the number is even."""
        return f"{values['side']}{'/even' if values['n'] % 2 == 0 else ''}"


WORLD = """
name = "coins"
world = "test/coin-v1"
decoration = ["name"]
[[leaf]]
path = "a/b/c/edge"
strata = ["edge*"]
fix = { side = "edge" }
[[leaf]]
path = "a/b/d/even"
strata = ["*/even"]
"""


def test_leaves_of_a_world_are_cells_of_its_space(tmp_path: Path) -> None:
    """What was fixed is found at once, the rest by drawing until it is in the cell; densities are those of the world."""
    tree, world = small(tmp_path, WORLD), Coin()
    coverage = Coverage(tree, 0)
    lines = list(coverage.fill(makers(tree, world), 40))
    edge, even = coverage.leaves.values()

    assert {"edge", "edge/even"} == {line["stratum"] for line in lines if "edge" in line["stratum"]}
    assert (20, 20, 0) == (edge.made, even.made, edge.elsewhere)
    assert 0 < even.elsewhere < 60
    assert all(line["log_density"] == world.space.log_prob(line["values"]) for line in lines)
    assert all(tree.leaf_of(line["stratum"]) for line in lines)


def test_what_cannot_be_fixed_in_a_world_is_named_with_the_leaf(tmp_path: Path) -> None:
    """As it stands in the file."""
    with pytest.raises(UsageError, match=r"Leaf a/b/c/edge of coins, fix: Field 'side': expected one of"):
        makers(small(tmp_path, WORLD.replace('side = "edge"', 'side = "egde"')), Coin())
