"""Errors name the side that broke, and what would be right."""

import pytest

from gristmill.errors import EpisodeError, boundary, install_line, unknown


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


def test_a_boundary_lets_interrupts_through() -> None:
    """Nobody is to blame when a person stops the program."""
    with pytest.raises(KeyboardInterrupt), boundary("world"):
        raise KeyboardInterrupt


def test_a_boundary_holds_a_side_that_quits_to_blame() -> None:
    """`sys.exit` in foreign code ends its episode, not the run."""
    with pytest.raises(EpisodeError, match="SystemExit: 3") as caught, boundary("agent"):
        raise SystemExit(3)

    assert "agent" == caught.value.side


class Mute(Exception):
    """An error that cannot say what it is."""

    def __str__(self) -> str:
        raise RuntimeError("no")


@pytest.mark.parametrize(
    ("error", "message"), [(ValueError("half \ud83d"), "ValueError: half ?"), (Mute(), "Mute")]
)
def test_any_error_can_go_on_record(error: Exception, message: str) -> None:
    """What it says is made writable; where it says nothing, its type has to do."""
    with pytest.raises(EpisodeError) as caught, boundary("agent"):
        raise error

    assert message == str(caught.value)


def test_an_unknown_name_is_answered_with_the_valid_ones() -> None:
    """The message holds what was got, the nearest name and all valid names in order."""
    message = str(unknown("level", "ful", ["full", "demo"]))

    assert "Unknown level 'ful'. Did you mean 'full'? Valid: demo, full." == message
    assert "Unknown level 'x'. Valid: (none)." == str(unknown("level", "x", []))
    assert "Unknown level 'x' of a game. Valid: (none)." == str(unknown("level", "x", [], of="a game"))


def test_a_way_to_draw_that_does_not_exist_is_told_with_those_that_do() -> None:
    """MuJoCo refuses to be imported with it, and does not say what would be right."""
    error = RuntimeError("invalid value for environment variable MUJOCO_GL: foo")

    assert "unset it, or set it to egl, osmesa, glfw or off" == install_line(error)
    assert "" == install_line(RuntimeError("something else"))


def test_opengl_that_is_not_there_gets_its_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    """PyOpenGL says no more than that it found nothing."""
    monkeypatch.setenv("MUJOCO_GL", "osmesa")
    error = AttributeError("'NoneType' object has no attribute 'glGetError'")

    assert "libosmesa6 for osmesa" in install_line(error)
    assert "" == install_line(AttributeError("'NoneType' object has no attribute 'global'"))


def test_what_becomes_a_fault_is_logged_with_its_traceback(caplog: pytest.LogCaptureFixture) -> None:
    """For whoever asks for it; the message is the one that goes on record."""
    with caplog.at_level("DEBUG", "gristmill.errors"):
        EpisodeError.of("world", KeyError("x"))
    EpisodeError.of("world", KeyError("y"))

    (record,) = caplog.records
    assert "KeyError: 'x'" == record.getMessage()
    assert record.exc_info is not None
    assert KeyError is record.exc_info[0]
