"""Tasks of a leaf, one by one: task `index` under a seed is a pure function of the two."""

from collections.abc import Mapping
from string import Formatter
from typing import Any, Protocol

from gristmill.digest import digest, plain
from gristmill.errors import UsageError, unknown
from gristmill.generators.answers import judge
from gristmill.generators.conditioning import conditioned
from gristmill.generators.problems import KINDS, Problem, checked, problem
from gristmill.generators.space import Space
from gristmill.generators.taxonomy.rules import RULES
from gristmill.generators.taxonomy.tree import ProblemLeaf, QuestionLeaf, ScenarioLeaf, Taxonomy
from gristmill.generators.template.entries import space_of
from gristmill.nested import mapped_texts
from gristmill.seeding import stream
from gristmill.types import Scenario
from gristmill.wording import Phrase, Wording

__all__ = ["Line", "Maker", "Problems", "Questions", "Scenarios", "makers"]

Line = dict[str, Any]

_TRIED = 16  # tasks of each leaf that are made when it is read, so that mistakes in it show at once


class Maker(Protocol):
    """Makes the tasks of one leaf."""

    def make(self, seed: int, index: int) -> Line | None:
        """Return task `index` under `seed`, or None where that draw is no task."""


class Cells(Protocol):
    """What is needed of a world: its id, its Space, and the names of the cells of that."""

    id: str
    space: Space

    def stratum(self, values: dict[str, Any]) -> str:
        """Return the cell of some values."""


class Questions:
    """Makes instructions of one leaf.

    Raises:
        UsageError: when the leaf does not fit together.
    """

    def __init__(self, taxonomy: Taxonomy, leaf: QuestionLeaf) -> None:
        self._taxonomy, self._leaf = taxonomy, leaf
        self._where = f"leaf {leaf.path} of {taxonomy.name}"
        self._space = space_of({"fields": leaf.slots}, f"{self._where}: ") if leaf.slots else Space()
        if leaf.rule and leaf.rule not in RULES:
            raise unknown("rule", leaf.rule, RULES, of=self._where)
        self._rule = RULES[leaf.rule] if leaf.rule else lambda values, rng: {}
        self._wordings = [self._phrase(one) for one in leaf.wordings]
        self._responses = [self._phrase(leaf.response)] if leaf.response else []
        self._forms = sum(one.forms for one in self._wordings)
        self._try()

    def make(self, seed: int, index: int) -> Line | None:
        """Return task `index` under `seed`, or None where that draw is no task."""
        name, path = self._taxonomy.name, self._leaf.path
        rng = stream(seed, name, path, index)
        values = self._space.sample(seed, index, name=f"{name}/{path}") if self._leaf.slots else {}
        found = self._rule(values, rng)
        if found is None:
            return None
        values |= found
        say = Wording(rng)
        instruction = say(self._wordings[int(rng.random() * len(self._wordings))], **values)
        check = self._check(values)
        if self._leaf.rule and _answers_itself(check, instruction):
            return None
        return {
            "id": digest([name, path, instruction]), "taxonomy": name, "leaf": path, "instruction": instruction,
            "response": say(*self._responses, **values) if self._responses else "",
            "calls": check.get("calls", []), "check": check, "tools": self._tools(rng), "values": plain(values),
            **({"literal": True} if self._leaf.literal else {}),
            "seed": seed, "index": index,
        }  # fmt: skip

    def _check(self, values: Mapping[str, Any]) -> dict[str, Any]:
        leaf = self._leaf
        if leaf.check == "calls":
            calls = [_filled({"name": one.name, "arguments": one.arguments}, values) for one in leaf.calls]
            return {"kind": "calls", "calls": calls}
        if leaf.check in ("decline", "no-call"):
            return {"kind": leaf.check}
        if leaf.check == "ask":
            return {"kind": "ask", "about": values[leaf.answer]}
        more = {"options": values["options"]} if leaf.check == "option" else {}
        return {"kind": leaf.check, "answer": values[leaf.answer], **more}

    def _tools(self, rng: Any) -> list[dict[str, Any]]:
        """Return the tools that are offered, as OpenAI's `tools`, in any order."""
        leaf, tools = self._leaf, self._taxonomy.tools
        rest = [name for name in tools if name not in leaf.tools and name not in leaf.without]
        names = [*leaf.tools, *rng.sample(rest, min(leaf.others, len(rest)))]
        rng.shuffle(names)
        return [_schema(name, tools[name]) for name in names]

    def _phrase(self, grammar: str) -> Phrase:
        """Return a wording whose gaps are plain names, since `{name.attribute}` would reach into Python."""
        try:
            gaps = [gap for _, gap, _, _ in Formatter().parse(grammar) if gap is not None]
        except ValueError as error:
            raise UsageError(f"{self._where}: expected gaps as {{slot}}, got {grammar!r}: {error}.") from None
        for gap in gaps:
            if not gap.isidentifier():
                raise UsageError(f"{self._where}: expected the name of a slot in {grammar!r}, got {gap!r}.")
        return Phrase(grammar)

    def _try(self) -> None:
        """Make a few tasks, and see that each accepts its own answer."""
        try:
            tried = [self.make(0, index) for index in range(_TRIED)]
        except KeyError as error:
            names = sorted({*self._leaf.slots, *(self._values() or {})})
            raise unknown("slot", str(error.args[0]), names, of=self._where) from None
        except (ValueError, TypeError) as error:
            raise UsageError(f"{self._where}: no task can be made: {error}.") from None
        for line in tried:
            if line is not None:
                self._accepts_itself(line)

    def _accepts_itself(self, line: Line) -> None:
        check, told = line["check"], [line["response"]] if self._leaf.response or self._leaf.calls else []
        if check["kind"] == "list" and not isinstance(check["answer"], list):
            raise UsageError(f"{self._where}: expected a list as the answer, got {check['answer']!r}.")
        if "answer" in check:
            answer = check["answer"]
            told.append("\n".join(map(str, answer)) if isinstance(answer, list) else str(answer))
        for reply in told:
            found = judge(check, reply, line["calls"])
            if found.status != "pass":
                raise UsageError(
                    f"{self._where}: expected a response that its own check accepts, got {reply!r} where "
                    f"{found.evidence['expected']!r} is right."
                )

    def _values(self) -> dict[str, Any] | None:
        values = self._space.sample(0, 0) if self._leaf.slots else {}
        found = self._rule(values, stream(0, self._where))
        return None if found is None else {**values, **found}


class Problems:
    """Makes problems of one kind with their solutions, each checked with SymPy.

    Their values are their equations, so that what is told of other people or in other words is no other problem.

    Raises:
        UsageError: when there is no such kind.
    """

    def __init__(self, taxonomy: Taxonomy, leaf: ProblemLeaf) -> None:
        if leaf.problem not in KINDS:
            raise unknown("kind of problem", leaf.problem, KINDS, of=f"leaf {leaf.path} of {taxonomy.name}")
        self._taxonomy, self._leaf = taxonomy, leaf

    def make(self, seed: int, index: int) -> Line | None:
        """Return task `index` under `seed`, as `problems.problem` makes it, or None where that is no task."""
        one = checked(problem(self._leaf.problem, seed, index))
        name, path, check = self._taxonomy.name, self._leaf.path, _problem_check(one)
        if _answers_itself(check, one.question):
            return None
        return {
            "id": digest([name, path, one.question]), "taxonomy": name, "leaf": path, "instruction": one.question,
            "response": "\n".join(one.steps), "calls": [], "check": check, "tools": [],
            "values": {"problem": one.kind, "facts": list(one.facts), "asked": list(one.asked), "difficulty": one.difficulty},
            "seed": seed, "index": index,
        }  # fmt: skip


class Scenarios:
    """Makes scenarios of one leaf, drawn from the Space of a world until they fall into it.

    Args:
        taxonomy: of the leaf.
        leaf: the cells.
        world: whose cells they are.
    """

    def __init__(self, taxonomy: Taxonomy, leaf: ScenarioLeaf, world: Cells) -> None:
        self._taxonomy, self._leaf, self._world = taxonomy, leaf, world
        try:
            self._space = conditioned(world.space, leaf.fix)
        except UsageError as error:
            raise UsageError(f"Leaf {leaf.path} of {taxonomy.name}, fix: {error}") from None

    def make(self, seed: int, index: int) -> Line | None:
        """Return scenario `index` under `seed`, or None where that draw is of another leaf."""
        name, path = self._taxonomy.name, self._leaf.path
        values = self._space.sample(seed, index, name=f"{name}/{path}")
        stratum = self._world.stratum(values)
        if self._taxonomy.leaf_of(stratum) != path:
            return None
        density = self._world.space.log_prob(values)
        scenario = Scenario.of(
            self._world.id, values, seed=seed, index=index, log_density=density, stratum=stratum
        )
        return {key: getattr(scenario, key) for key in scenario.__struct_fields__}


def makers(taxonomy: Taxonomy, world: Cells | None = None) -> dict[str, Maker]:
    """Return what makes the tasks of each leaf that has a share.

    Args:
        taxonomy: whose leaves.
        world: whose cells they are, if they are not instructions.

    Raises:
        UsageError: when a leaf does not fit together.
    """
    made: dict[str, Maker] = {}
    for path, share in taxonomy.targets().items():
        leaf = taxonomy.leaves[path]
        if share and isinstance(leaf, QuestionLeaf):
            made[path] = Questions(taxonomy, leaf)
        elif share and isinstance(leaf, ProblemLeaf):
            made[path] = Problems(taxonomy, leaf)
        elif share and isinstance(leaf, ScenarioLeaf) and world is not None:
            made[path] = Scenarios(taxonomy, leaf, world)
    return made


def _answers_itself(check: Mapping[str, Any], instruction: str) -> bool:
    """Return whether saying the instruction again, or nothing, would pass: such a task teaches to repeat it."""
    return check["kind"] != "no-call" and any(judge(check, one).status == "pass" for one in (instruction, ""))


def _problem_check(one: Problem) -> dict[str, Any]:
    """Return how the answer to a problem is judged: as solutions where it is said as equations, else as a number."""
    said = one.steps[-1].removeprefix("Answer: ")
    if "=" in said:
        return {"kind": "solutions", "answer": said}
    return {"kind": "exact", "answer": one.answer, **({"unit": one.unit} if one.unit else {})}


def _schema(name: str, tool: Mapping[str, Any]) -> dict[str, Any]:
    parameters = {
        "type": "object",
        "properties": tool.get("parameters", {}),
        "required": [*tool.get("parameters", {})],
    }
    about = {"name": name, "description": tool.get("description", ""), "parameters": parameters}
    return {"type": "function", "function": about}


def _filled(value: Any, values: Mapping[str, Any]) -> Any:
    """Return arguments with their gaps filled; what is nothing but a gap has the type of the value."""
    return mapped_texts(value, lambda one: _gap(one, values))


def _gap(value: str, values: Mapping[str, Any]) -> Any:
    if value[:1] == "{" and value[-1:] == "}" and value[1:-1].isidentifier():
        return values[value[1:-1]]
    return value
