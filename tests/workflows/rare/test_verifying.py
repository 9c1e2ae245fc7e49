"""A set is played again whole, and what does not hold is named."""

import shutil
from pathlib import Path

import pytest
from msgspec.structs import replace

from gristmill.errors import UsageError
from gristmill.recorders.sets import EvaluationSet, write_set
from gristmill.workflows.rare.scoring import score
from gristmill.workflows.rare.verifying import verify
from tests.workflows.rare.boilers import LAZY, built


@pytest.fixture(scope="module")
def there(tmp_path_factory: pytest.TempPathFactory) -> EvaluationSet:
    """A set; tests only read it."""
    return built(tmp_path_factory.mktemp("sets") / "set", {"estimating": 20, "control": 5})


def test_every_record_of_a_set_replays(there: EvaluationSet) -> None:
    """All of them, not a sample."""
    found = verify(there.path)

    assert (25, 25, []) == (found.records, found.reproduced, found.differing)


@pytest.mark.slow
def test_several_workers_find_the_same(there: EvaluationSet) -> None:
    """A fresh process reproduces the records, too."""
    assert verify(there.path) == verify(there.path, jobs=2)


def test_a_record_that_differs_is_named(there: EvaluationSet, tmp_path: Path) -> None:
    """With what was expected and what was got."""
    shutil.copytree(there.path, tmp_path / "set")
    first, second, *others = there.records
    wrong = replace(second, verified=replace(second.verified, state_digest="0" * 32))
    write_set(tmp_path / "set", there.manifest, [replace(first, severity=9.0), wrong, *others])
    found = verify(tmp_path / "set")

    assert 23 == found.reproduced
    assert {
        first.id: f"severity: expected 9, got {first.severity}",
        second.id: f"final state: expected digest {'0' * 32}, got {second.verified.state_digest}",
    } == {one.id: one.what for one in found.differing}


def test_a_record_without_its_episode_is_named(there: EvaluationSet, tmp_path: Path) -> None:
    """What nobody has recorded cannot be replayed."""
    shutil.copytree(there.path, tmp_path / "set")
    first, *others = there.records
    lost = replace(first, scenario=replace(first.scenario, index=99))
    write_set(tmp_path / "set", there.manifest, [lost, *others])

    assert ["its episode is not among the recorded ones"] == [
        one.what for one in verify(tmp_path / "set").differing
    ]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"version": "0.0"}, "Expected version of the world 0.0, with which the set was built"),
        ({"space": "0"}, "Expected Space digest 0"),
    ],
)
def test_a_set_of_other_code_is_refused(
    there: EvaluationSet, tmp_path: Path, change: dict[str, str], message: str
) -> None:
    """Its numbers would be about something else, so there is none."""
    shutil.copytree(there.path, tmp_path / "set")
    write_set(tmp_path / "set", replace(there.manifest, **change), there.records)

    with pytest.raises(UsageError, match=message):
        verify(tmp_path / "set")
    with pytest.raises(UsageError, match=message):
        score(tmp_path / "set", LAZY)
