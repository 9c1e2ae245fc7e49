"""The parts of a long piece of work."""

import pytest

from gristmill.workflows.stages import Stages


def test_a_part_tells_how_far_it_is_and_is_listed_when_over() -> None:
    """Whoever listens hears its name from the start; figures that come with the progress are for others."""
    told: list[tuple[str, int, int]] = []
    stages = Stages("work", 0, lambda *what: told.append(what))

    with stages.part("play", "4 episodes") as progress:
        progress(1, 4)
        progress(4, 4, {"pass": 3})
        assert [] == stages.done

    assert [("play", 0, 1), ("play", 1, 4), ("play", 4, 4)] == told
    assert [("play", "4 episodes")] == [(one.name, one.about) for one in stages.done]


def test_a_part_that_breaks_is_not_over() -> None:
    """Nobody has to listen."""
    stages = Stages("work", 0, None)

    with pytest.raises(ZeroDivisionError), stages.part("play", ""):
        _ = 1 // 0

    assert [] == stages.done


def test_every_part_draws_from_a_stream_of_its_own() -> None:
    """What was begun is found again by its seed, so these must never change."""
    assert 3220324406404514223 == Stages("demo", 0, None).stream(1)
    assert 6354007879762508259 == Stages("pouring", 0, None).stream("rounds")
    assert 7722598553440070468 == Stages("pouring", 1, None).stream("rounds")
