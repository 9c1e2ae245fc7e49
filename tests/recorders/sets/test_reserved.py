"""Nothing is learnt from what is held out."""

import os
from pathlib import Path

import pytest

from gristmill.errors import StoreError, UsageError
from gristmill.recorders.sets import Reserved
from tests.recorders.sets.records import record, written

HELD, FREE = record(1).scenario.id, record(77).scenario.id


def test_scenarios_of_a_set_are_refused(tmp_path: Path) -> None:
    """The message names the set, the run and how many."""
    written(tmp_path / "set")

    with pytest.raises(
        UsageError, match=rf"got 1 of {tmp_path}/run that are in the evaluation set {tmp_path}/set"
    ):
        Reserved.of([tmp_path / "set"]).check([FREE, HELD, HELD], tmp_path / "run")


def test_others_are_free(tmp_path: Path) -> None:
    """Only what is in a set is held out."""
    written(tmp_path / "set")
    found = Reserved.of([tmp_path / "set"])

    found.check([FREE], tmp_path / "run")
    assert (str(tmp_path / "set"), "") == (found.holder(HELD), found.holder(FREE))


def test_sets_can_be_named_once_for_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A project sets the environment variable, and nobody has to think of it again."""
    written(tmp_path / "a", record(1))
    written(tmp_path / "b", record(2))
    monkeypatch.setenv("GRISTMILL_HELD_OUT", os.pathsep.join([str(tmp_path / "a"), str(tmp_path / "b")]))

    for number in (1, 2):
        with pytest.raises(UsageError, match="got 1 of run"):
            Reserved.of().check([record(number).scenario.id], Path("run"))


def test_a_set_that_is_not_there_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A path with a slip would otherwise hold nothing out."""
    monkeypatch.setenv("GRISTMILL_HELD_OUT", str(tmp_path / "nowhere"))

    with pytest.raises(StoreError, match="Expected an evaluation set"):
        Reserved.of()


@pytest.mark.parametrize("place", ["set/run", "scored"])
def test_runs_of_a_set_are_held_out_by_themselves(tmp_path: Path, place: str) -> None:
    """What a set was built or scored by is its scenarios, whether or not anybody names it."""
    written(tmp_path / "set")
    (tmp_path / place).mkdir()
    if place == "scored":
        (tmp_path / place / "score.json").write_text("{}")

    with pytest.raises(UsageError, match="which is of an evaluation set"):
        Reserved.of().check([FREE], tmp_path / place)
