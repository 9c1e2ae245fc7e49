"""State machines build a dialogue up until the policy fails, and say how."""

from gristmill.generators.rare.leaves import leaves
from gristmill.generators.rare.machine import Dialogue, Event, break_down
from gristmill.generators.rare.problem import Outcome, Problem
from gristmill.generators.rare.shrinking import usual
from tests.generators.rare.hazards import desk


def test_a_blind_retry_is_found_out() -> None:
    """A time-out after a refund was made, and the refund made again, in two events."""
    problem = desk()
    (broken,) = break_down(problem, seed=1, calls=200)

    assert 2 == len(broken.events)
    assert "fault becomes after" in broken.events
    assert broken.events[0].endswith("refund") or broken.events[1].endswith("refund")
    assert 1.0 <= problem.simulate([broken.find.values])[0].severity
    assert "" == problem.space.problem(broken.find.values)
    assert broken.find.call <= 200


def test_a_sequence_can_need_a_record_more() -> None:
    """Two refunds in one conversation, which begins with one request."""
    problem = desk()

    def simulate(rows: object) -> list[Outcome]:
        return [Outcome(float(sum(one["wish"] == "refund" for one in row["requests"]))) for row in rows]  # type: ignore[attr-defined]

    (broken,) = break_down(Problem(problem.space, simulate, 2.0), seed=1, calls=200)

    assert any(one.startswith("requests 2 is added") for one in broken.events)
    assert 2 == [one["wish"] for one in broken.find.values["requests"]].count("refund")


def test_the_same_seed_breaks_it_in_the_same_way() -> None:
    """Values and events alike."""
    assert break_down(desk(), seed=4, calls=100) == break_down(desk(), seed=4, calls=100)


def test_a_sound_policy_is_not_broken() -> None:
    """And no more is simulated than was asked for."""
    sound = Problem(desk().space, lambda rows: [Outcome(0.0) for _ in rows], 1.0)

    assert [] == break_down(sound, seed=1, calls=50)
    assert 50 >= sound.calls


def test_events_that_are_impossible_change_nothing() -> None:
    """A record that has another's number is not added, nor what is too implausible."""
    problem = desk()
    space = problem.space
    dialogue = Dialogue(problem, leaves(space), usual(space, seed=1), -1.0)
    before, fault = dialogue.values, next(leaf for leaf in leaves(space) if leaf.path == ("fault",))
    dialogue.add("requests", before["requests"][0])
    dialogue.change(Event(fault, fault.field.locate("after")[0]))

    assert (before, []) == (dialogue.values, dialogue.events)
