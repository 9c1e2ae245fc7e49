"""Hunts in worlds leave scenarios that can be played again, and minimal ones beside them."""

from pathlib import Path
from typing import Any

import pytest

from gristmill import registry
from gristmill.digest import decoder
from gristmill.errors import UsageError
from gristmill.generators.rare.machine import break_down
from gristmill.types import Scenario
from gristmill.workflows.rare.hunting import Hunt, hunt, shrink
from gristmill.workflows.rare.playing import problem_of
from gristmill.workflows.scenarios import read_scenarios
from tests.fixtures import boilers

WORLD = f"{boilers.__file__}:Boiler"
LAZY = {"agent": "lazy"}  # does nothing, so that the pressure is that of the load and the leak
SUPPORT, HASTY = "support/retail-v1?level=rare", {"agent": "hasty"}


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> tuple[Hunt, Path]:
    """A hunt, and where it wrote to."""
    out = tmp_path_factory.mktemp("hunt")
    return hunt(WORLD, LAZY, calls=800, seed=1, out=out), out


def test_a_hunt_finds_every_kind_of_failure(found: tuple[Hunt, Path]) -> None:
    """Without a leak it takes a load of 4, with a small one 2.5, with a burst 1; of nine cells four can fail."""
    report, _ = found

    assert {
        ("none", "from 2"), ("small", "from 2"), ("burst", "0 to 2"), ("burst", "from 2"),
    } == {one.kind for one in report.failures}  # fmt: skip
    assert (("leak", "load"), 9, 9, 4, 800) == (
        report.kinds, report.declared, report.reachable, report.failing, report.calls,
    )  # fmt: skip
    assert ("burst", "0 to 2") == report.failures[0].kind
    assert report.plausible == sum(one.plausible for one in report.failures) >= 2


def test_each_kind_has_its_minimal_scenario(found: tuple[Hunt, Path]) -> None:
    """The load as low as it may be, and the hour as the mode has it."""
    report, _ = found
    shrunk = {one.kind: one.shrunk for one in report.failures}
    burst, none = shrunk["burst", "0 to 2"], shrunk["none", "from 2"]
    assert burst is not None
    assert none is not None

    assert ("leak",) == burst.unusual
    assert "leak burst; all else as usual" == burst.words
    assert 1 <= burst.values["load"] <= 1.2
    assert 0 == burst.values["hour"]
    assert ("load",) == none.unusual
    assert 4 <= none.values["load"] <= 4.4


def test_what_a_hunt_writes_can_be_run_and_fails_again(found: tuple[Hunt, Path]) -> None:
    """The lines are scenarios of the world, each once; the report is what the hunt returned."""
    report, out = found
    scenarios = read_scenarios(out / "failures.jsonl", registry.world(WORLD)())
    outcomes = problem_of(WORLD, LAZY, seed=1).simulate([one.values for one in scenarios])

    assert 8 == len({one.id for one in scenarios}) == len(scenarios)
    assert min(one.severity for one in outcomes) >= report.threshold
    assert report == decoder(Hunt)((out / "hunt.json").read_bytes())


def test_a_hunt_leaves_another_where_it_is(found: tuple[Hunt, Path]) -> None:
    """A folder is written again by the same question, and by no other."""
    _, out = found
    before = (out / "hunt.json").read_bytes()

    with pytest.raises(UsageError, match="something else was hunted"):
        hunt(WORLD, {"agent": "expert"}, calls=10, seed=1, out=out)
    assert before == (out / "hunt.json").read_bytes()


def test_the_same_seed_hunts_the_same() -> None:
    """Down to the last call; fewer kinds can be told apart."""
    one, same = (hunt(WORLD, LAZY, by=["leak"], calls=200, seed=2) for _ in range(2))

    assert one == same
    assert (("leak",), 3) == (one.kinds, one.declared)


@pytest.mark.parametrize("method", ["hypothesis", "machine"])
def test_other_methods_find_failures_too(method: Any) -> None:
    """Each kind once; a machine says what happened."""
    report = hunt(WORLD, LAZY, by=["leak"], calls=300, seed=1, method=method)
    kinds = [one.kind for one in report.failures]

    assert kinds
    assert len(set(kinds)) == len(kinds)
    assert (method == "machine") == any("leak becomes burst" in one.events for one in report.failures)
    assert report.calls <= 300


def test_a_scenario_can_be_shrunk_alone() -> None:
    """With its kinds as they are, or not."""
    scenario = Scenario.of("test/boiler-v0", {"load": 3.3, "leak": "burst", "hour": 17})
    kept = shrink(WORLD, LAZY, scenario, same_kind=True)
    free = shrink(WORLD, LAZY, scenario)

    assert ("burst", "from 2") == kept.kind
    assert ("burst", "0 to 2") == free.kind
    assert ("leak",) == free.unusual


def test_what_cannot_be_hunted_is_said() -> None:
    """Kinds and methods that there are not."""
    method: Any = "luck"
    with pytest.raises(UsageError, match="Unknown kind 'wind'"):
        hunt(WORLD, LAZY, by=["wind"])
    with pytest.raises(UsageError, match="Unknown method 'luck'"):
        hunt(WORLD, LAZY, method=method)


@pytest.mark.slow
def test_a_hasty_agent_moves_money_twice() -> None:
    """It repeats what has timed out without a look, which a machine finds out in a few events."""
    problem = problem_of(SUPPORT, HASTY, seed=0)
    found = break_down(problem, seed=0, calls=1_000, most=2)

    assert {"timeout-before", "timeout-after"} == {one.find.kind[1] for one in found}
    for one in found:
        assert 1 <= len(one.events) <= 2
        assert f"fault becomes {one.find.kind[1]}" in one.events
