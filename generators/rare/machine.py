"""Dialogues as state machines: a scenario is built up event by event, until one event too many makes the policy fail.

The events are those of the Space: a list gets another record, a flag is raised, an option or a number becomes another. After
each of them the scenario is played from its beginning, which is as good as playing on, since an episode follows from its
scenario; the invariant is that it is no failure. Hypothesis looks for a sequence that breaks it, and makes that one short.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import msgspec

from gristmill.digest import digest
from gristmill.errors import UsageError, install_line
from gristmill.generators.fields import Choice, Many
from gristmill.generators.rare.archive import Find
from gristmill.generators.rare.hunting import ONE_IN, least_plausible
from gristmill.generators.rare.leaves import Leaf, leaves, peak, present
from gristmill.generators.rare.problem import Outcome, Problem
from gristmill.generators.rare.shrinking import usual
from gristmill.generators.space import Space, Values
from gristmill.seeding import derive

__all__ = ["Broken", "Dialogue", "Event", "break_down"]

_TAILS = (0.9, 0.1, 0.99, 0.01)  # quantiles that a number may become
_OPTIONS = 64  # of a choice; what has more is a name
_RECORDS = 100  # that a list may get another of
_RUNS = 1_000  # sequences that are tried, if calls allow


class Event(NamedTuple):
    """Something that a field may become.

    Attributes:
        leaf: the field.
        unit: that gives the value.
    """

    leaf: Leaf
    unit: float


class Broken(msgspec.Struct, frozen=True, kw_only=True):
    """A failure, and how it came about.

    Attributes:
        find: the scenario.
        events: what was done to the usual scenario, in order and in words.
    """

    find: Find
    events: tuple[str, ...]


class Dialogue:
    """A scenario that grows.

    Attributes:
        values: of the scenario so far.
        events: what was done, in words.

    Args:
        problem: whose scenario.
        found: the leaves of its Space.
        values: of the usual scenario.
        least: plausibility below which no event leads.
    """

    def __init__(self, problem: Problem, found: Sequence[Leaf], values: Values, least: float) -> None:
        self.values, self.events = values, list[str]()
        self._problem, self._leaves, self._least = problem, found, least

    def change(self, event: Event) -> None:
        """Let a field become something else, if it is there and what comes of it is possible."""
        if any(leaf.path == event.leaf.path for leaf, _, _ in present(self._leaves, self.values)):
            units = self._problem.space.origin(self.values)
            units[event.leaf.start] = event.unit
            values = self._problem.space.draw(units)
            became = {leaf.path: value for leaf, value, _ in present(self._leaves, values)}
            self._take(values, f"{event.leaf.name} becomes {became.get(event.leaf.path)}")

    def add(self, name: str, record: Values) -> None:
        """Let a list have another record, if what comes of it is possible."""
        if name in self.values:
            shown = next((str(value) for value in record.values() if isinstance(value, str)), "")
            self._take(
                {**self.values, name: [*self.values[name], record]},
                f"{name} {len(self.values[name]) + 1} is added{shown and f', {shown}'}",
            )

    def _take(self, values: Values, words: str) -> None:
        space = self._problem.space
        if values == self.values or space.problem(values):
            return
        if space.log_prob(values) - peak(self._leaves, values) >= self._least:
            self.values = values
            self.events.append(words)


class _Memory:
    """What is known of scenarios, and what has failed."""

    def __init__(self, problem: Problem, found: Sequence[Leaf], calls: int) -> None:
        self.problem, self.leaves, self.calls, self.spent = problem, found, calls, 0
        self.known: dict[str, Outcome] = {}
        self.kinds: set[tuple[str, ...]] = set()
        self.broken: Broken | None = None

    def check(self, dialogue: Dialogue) -> None:
        """Raise when the scenario is a failure of a kind that has not been found; what is too many calls is not looked at."""
        key = digest(dialogue.values)
        if key not in self.known:
            if self.spent >= self.calls:
                return
            self.spent += 1
            self.known[key] = self.problem.simulate([dialogue.values])[0]
        outcome = self.known[key]
        if outcome.severity >= self.problem.threshold and tuple(outcome.kind) not in self.kinds:
            density = self.problem.space.log_prob(dialogue.values)
            find = Find(
                values=dialogue.values,
                severity=outcome.severity,
                log_density=density,
                plausibility=density - peak(self.leaves, dialogue.values),
                kind=tuple(outcome.kind),
                call=self.spent,
            )
            self.broken = Broken(find=find, events=tuple(dialogue.events))
            raise _BrokenError


class _BrokenError(Exception):
    """The invariant does not hold."""


def break_down(
    problem: Problem,
    *,
    seed: int,
    calls: int = 1_000,
    steps: int = 10,
    most: int = 5,
    one_in: int = ONE_IN,
    progress: Callable[[int, int], None] | None = None,
) -> list[Broken]:
    """Return short sequences of events after which the scenario is a failure, each of another kind.

    Args:
        problem: whose failures.
        seed: root seed.
        calls: scenarios to simulate at most, those that make sequences short included.
        steps: events in a sequence at most.
        most: kinds of failure after which it ends; where there are no kinds, it ends after the first.
        one_in: no event leads among the least plausible one in so many nominal draws.
        progress: is told the calls so far, and how many failures there are.

    Raises:
        UsageError: when Hypothesis is not installed.
    """
    try:
        import hypothesis
        from hypothesis.stateful import run_state_machine_as_test
    except ModuleNotFoundError as error:
        raise UsageError(
            f"Expected Hypothesis for state machines, which is not there: {install_line(error)}."
        ) from None
    found = leaves(problem.space)
    start, least = usual(problem.space, seed=seed), least_plausible(problem.space, seed=seed, one_in=one_in)
    memory, result = _Memory(problem, found, calls), list[Broken]()
    settings = hypothesis.settings(
        database=None,
        deadline=None,
        max_examples=min(_RUNS, calls),
        stateful_step_count=steps,
        suppress_health_check=list(hypothesis.HealthCheck),
        verbosity=hypothesis.Verbosity.quiet,
        report_multiple_bugs=False,
        print_blob=False,
    )
    while len(result) < most and memory.spent < calls:
        machine: Any = _machine(memory, lambda: Dialogue(problem, found, start, least))
        try:
            run_state_machine_as_test(
                hypothesis.seed(derive(seed, "machine", len(result)))(machine), settings=settings
            )
            break
        except _BrokenError:
            assert memory.broken is not None
            result.append(memory.broken)
            memory.kinds.add(memory.broken.find.kind)
        if progress is not None:
            progress(memory.spent, len(result))
    return result


def _machine(memory: _Memory, begin: Callable[[], Dialogue]) -> type:
    """Return a state machine of Hypothesis with a rule for every field and every list, and the invariant."""
    from hypothesis import strategies as st
    from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

    def start(self: Any) -> None:
        RuleBasedStateMachine.__init__(self)
        self.dialogue = begin()

    def sound(self: Any) -> None:
        memory.check(self.dialogue)

    def adding(name: str, of: str, space: Space) -> Callable[[Any, int], None]:
        def add(self: Any, row: int) -> None:
            if memory.spent < memory.calls:
                self.dialogue.add(of, space.sample(0, row, name="record"))

        add.__name__ = name
        return add

    def changing(name: str) -> Callable[[Any, Event], None]:
        def change(self: Any, event: Event) -> None:
            if memory.spent < memory.calls:
                self.dialogue.change(event)

        change.__name__ = name
        return change

    rules: dict[str, Any] = {"__init__": start, "sound": invariant()(sound)}
    # Hypothesis takes rules for the simpler the earlier their names are.
    for number, events in enumerate(_events(memory.leaves)):
        name = f"change_{number:04}"
        rules[name] = rule(event=st.sampled_from(events))(changing(name))
    for number, (of, field) in enumerate(memory.problem.space.fields.items()):
        name = f"extend_{number:04}"
        if isinstance(field, Many) and field.alone:
            rules[name] = rule(row=st.integers(0, _RECORDS - 1))(adding(name, of, field.space))
    return type("Machine", (RuleBasedStateMachine,), rules)


def _events(found: Sequence[Leaf]) -> list[list[Event]]:
    """Return what each field may become, in all records it is in, the likeliest first."""
    events: dict[str, list[Event]] = {}
    for leaf in found:
        name = " ".join(one for one in leaf.path if isinstance(one, str))
        if possible := list(_becomes(leaf)):
            events.setdefault(name, []).extend(possible)
    return list(events.values())


def _becomes(leaf: Leaf) -> Iterator[Event]:
    field = leaf.field
    if leaf.listed or leaf.end != leaf.start + 1:
        return
    if not isinstance(field, Choice):
        if type(field.mode) in (int, float):
            yield from (Event(leaf, unit) for unit in _TAILS)
    elif len(field.options) <= _OPTIONS:
        options = [one for one in field.options if field.log_prob(one) > float("-inf")]
        for option in sorted(options, key=field.log_prob, reverse=True):
            yield Event(leaf, field.locate(option)[0])
