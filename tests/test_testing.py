"""The checker passes what is sound, and says of everything else what is wrong with it."""

from pathlib import Path

import pytest

from gristmill.errors import UsageError
from gristmill.testing import BATTERY, check_world
from tests.fixtures import plugins
from tests.fixtures.plugins import plugin


@pytest.mark.parametrize(
    ("changes", "probe", "words"),
    [
        (plugins.ALWAYS_PASSES, "noop", "10 of 10 pass with 'noop' as agent"),
        (plugins.ALWAYS_PASSES, "grader-override", "10 of 10 pass"),
        (plugins.ALWAYS_PASSES, "mutation", "0.0 % of 29 mutants"),
        (plugins.IGNORES_MEMBER, "mutation", "never told from gold when it is wrong: lend.member (0 of 10);"),
        (plugins.IGNORES_SEED, "seeds", "20 seeds give one and the same scenario"),
        (plugins.GOLD_FAILS, "gold", "of 10 scenarios: 10 fail; scenario 0 of seed 0: code: fail"),
        (plugins.NO_EXPERT, "gold", "Unknown policy"),
        (plugins.RAISES_AT_IMPORT, "import", "RuntimeError: no such library"),
        (plugins.RAISES_WHEN_BUILT, "import", "ValueError: no key"),
        (plugins.RAISES_IN_STEP, "gold", "fault: error of world, {'message': 'IndexError"),
        (plugins.UNSEEDED, "same-process", "goes another way when played again"),
        (plugins.UNSEEDED, "interleaved", "goes another way when eight instances take turns"),
        (plugins.TELLS_TOO_SOON, "leaks", "agent can see 'M"),
        (plugins.UNDECLARED, "reads-only-read", "tool 'lend' changes the state, but is not declared so"),
        (plugins.AIMLESS_FAULTS, "faults", "rate-limit: never struck in 10 scenarios"),
        (plugins.REWORDS_ACTS, "malformed-acts", "which is answered otherwise"),
        (plugins.NO_BRIEF, "contract", "seat 'agent' is told nothing"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_bad_world_fails_with_the_reason(
    tmp_path: Path, changes: tuple[str, str], probe: str, words: str
) -> None:
    """Each way to spoil a plugin is found by the probe that is meant for it."""
    only = [] if probe == "import" else [probe]
    found = {one.id: one for one in check_world(plugin(tmp_path, changes), n=10, only=only).failures}

    assert words in found[probe].measured
    assert found[probe].remedy


def test_an_exception_of_the_authors_code_is_named_with_its_line(tmp_path: Path) -> None:
    """Whether it became a fault of an episode or ended the probe."""
    spec = plugin(tmp_path, plugins.RAISES_IN_STEP)
    lines = Path(spec.partition(":")[0]).read_text().splitlines()
    place = f"(desk.py, line {1 + next(number for number, line in enumerate(lines) if 'member[99]' in line)})"

    found = {one.id: one for one in check_world(spec, n=3, only=["gold", "reads-only-read"]).failures}

    assert found["gold"].measured.endswith(place)
    assert f"IndexError: string index out of range {place}" == found["reads-only-read"].measured


def test_what_differs_between_processes_is_found(tmp_path: Path) -> None:
    """The hash of a text is the same within a process only."""
    spec = plugin(tmp_path, ('yield say("What is', 'yield say(f"{hash(brief.text)} What is'))
    report = check_world(spec, n=3, only=["same-process", "fresh-process"])

    assert ["fresh-process"] == [one.id for one in report.failures]
    assert "in a fresh process" in report.failures[0].measured


def test_the_scaffold_passes_the_whole_battery(tmp_path: Path) -> None:
    """What `init` writes needs no change to be sound."""
    report = check_world(plugin(tmp_path), n=20)

    assert [] == report.failures
    assert [probe.id for probe in BATTERY] == [one.id for one in report.findings]


def test_an_argument_that_no_mutant_tests_is_named(tmp_path: Path) -> None:
    """Every other member is refused, so nothing is known of what the verifier makes of a wrong one."""
    refuses = (
        'if self.lent.get(size) != "":',
        'if self.lent.get(size) != "" or member != self.current.values["member"]:',
    )
    (*_, found) = check_world(plugin(tmp_path, refuses), n=10, only=["mutation"]).findings

    assert "pass" == found.status
    assert found.measured.endswith("1 of 2 arguments could not be tested: lend.member")


def test_the_support_world_passes_the_whole_battery() -> None:
    """The world that comes with the project keeps its own rules."""
    report = check_world("support/retail-v1", n=60)

    assert [] == report.failures
    assert {"pass"} == {one.status for one in report.findings}


def test_a_fault_that_few_scenarios_have_in_store_may_not_strike(tmp_path: Path) -> None:
    """In a small sample a rare one proves nothing."""
    spec = plugin(tmp_path, plugins.AIMLESS_FAULTS)

    assert [] == check_world(spec, n=4, only=["faults"]).failures


def test_unknown_probes_and_seats_are_named() -> None:
    """A typing error must not look like a world that passes."""
    with pytest.raises(UsageError, match="Did you mean 'gold'"):
        check_world("support/retail-v1", only=["gld"])
    with pytest.raises(UsageError, match="customer, agent"):
        check_world("support/retail-v1", seat="agnt")
