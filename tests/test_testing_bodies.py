"""The checker passes a sound robot world, and says of a spoiled one what is wrong with it."""

import pytest

from gristmill.cli.app import main
from gristmill.testing import check_world
from gristmill.testing.battery import BODIES
from tests.envs.robots import broken

FILE = broken.__file__


@pytest.mark.parametrize(
    ("kind", "probe", "words"),
    [
        ("IgnoresSeed", "seeds", "20 seeds give one and the same scenario"),
        ("AlwaysTrue", "noop", "10 of 10 pass with 'noop' as robot"),
        ("AlwaysTrue", "mutation", "not told: stays (8 of 8 pass)"),
        ("AnyStep", "end-state", "at its end as it went, and fail by its final state alone"),
        ("AnyReward", "end-state", "passes, though"),
        ("RowDecides", "interleaved", "goes another way"),
        ("Bungling", "gold", "0 of 10 scenarios pass (0.0 %); scenario 0 of seed 0: there: fail"),
        ("Explodes", "gold", "fault: error of world, {'message': 'unstable physics in control step"),
        ("CannotStart", "gold", "Expected MJCF that compiles"),
        ("NoScene", "import", "Expected MJCF that compiles"),
        ("Refuses", "gold", "checks: error of verifier"),
    ],
)
def test_a_spoiled_world_fails_with_the_reason(kind: str, probe: str, words: str) -> None:
    """Each way to spoil a world is found by the probe that is meant for it."""
    only = [] if probe == "import" else [probe]
    found = {one.id: one for one in check_world(f"{FILE}:{kind}", n=10, only=only).failures}

    assert words in found[probe].measured
    assert found[probe].remedy


def test_a_sound_world_passes_the_whole_battery() -> None:
    """Every probe finds something to look at, and nothing wrong."""
    report = check_world(f"{FILE}:Sound", n=40)

    assert [] == report.failures
    assert [probe.id for probe in BODIES] == [one.id for one in report.findings]


def test_a_spoiled_world_ends_the_command_with_1(capsys: pytest.CaptureFixture[str]) -> None:
    """It says which check failed."""
    assert 1 == main(["check", f"{FILE}:AlwaysTrue", "-n", "10", "--only", "noop"])
    assert "failed: noop" in capsys.readouterr().out


@pytest.mark.slow
@pytest.mark.parametrize("id", ["robots/reach-v1", "robots/drawer-v1"])
def test_worlds_of_the_project_pass(id: str) -> None:
    """They keep their own rules."""
    report = check_world(id)

    assert [] == report.failures


def test_costly_probes_say_how_many_scenarios_they_looked_at() -> None:
    """Who does not know the task is told by some of them; the finding has both numbers."""
    found = {one.id: one for one in check_world("robots/reach-v1", n=45, only=["noop"]).findings}

    assert "0 of 40 pass (the first of 45 scenarios)" == found["noop"].measured
