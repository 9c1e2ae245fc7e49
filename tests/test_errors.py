"""Errors name the side that broke, and what would be right."""

import pytest

from gristmill.errors import EpisodeError, boundary, unknown


def test_a_boundary_names_the_side_and_the_error() -> None:
    """Whatever escapes becomes an EpisodeError with the original type and message."""
    with pytest.raises(EpisodeError, match=r"^ValueError: no$") as caught, boundary("world"):
        raise ValueError("no")

    assert "world" == caught.value.side


def test_the_innermost_side_is_to_blame() -> None:
    """A fault that was attributed already keeps its side."""
    with pytest.raises(EpisodeError, match="gone") as caught, boundary("world"), boundary("tool"):
        raise KeyError("gone")

    assert "tool" == caught.value.side


@pytest.mark.parametrize("kind", [KeyboardInterrupt, SystemExit])
def test_a_boundary_lets_interrupts_through(kind: type[BaseException]) -> None:
    """Nobody is to blame when a person stops the program."""
    with pytest.raises(kind), boundary("world"):
        raise kind


def test_an_unknown_name_is_answered_with_the_valid_ones() -> None:
    """The message holds what was got, the nearest name and all valid names in order."""
    message = str(unknown("level", "ful", ["full", "demo"]))

    assert "Unknown level 'ful'. Did you mean 'full'? Valid: demo, full." == message
    assert "Unknown level 'x'. Valid: (none)." == str(unknown("level", "x", []))
    assert "Unknown level 'x' of a game. Valid: (none)." == str(unknown("level", "x", [], of="a game"))
