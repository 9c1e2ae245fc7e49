"""Policies are scored on a set, and compared on the same records."""

from pathlib import Path

import msgspec
import pytest

from gristmill.digest import decoder
from gristmill.errors import UsageError
from gristmill.recorders.sets import EvaluationSet
from gristmill.recorders.store import RunStore
from gristmill.workflows.rare.scoring import Score, compare, score
from tests.workflows.rare.boilers import LAZY, built, truth

BETTER = {"agent": "lazy?share=0.5"}


@pytest.fixture(scope="module")
def there(tmp_path_factory: pytest.TempPathFactory) -> EvaluationSet:
    """A set that was built against the lazy agent; tests only read it."""
    return built(tmp_path_factory.mktemp("sets") / "set", {"estimating": 1_000, "control": 20}, threshold=3.0)


def test_who_it_was_built_against_scores_what_the_records_say(there: EvaluationSet) -> None:
    """Every severity is met again."""
    found = score(there.path, LAZY)

    assert {one.id: (one.severity, one.event) for one in there.records} == {
        name: (one.severity, one.event) for name, one in found.results.items()
    }
    assert there.manifest.estimate == found.rate


def test_the_rate_of_somebody_else_is_without_bias(there: EvaluationSet) -> None:
    """The interval holds the truth for a policy that the set was not built against."""
    found = score(there.path, BETTER).rate

    assert found.low < truth(0.5, 3.0) < found.high


def test_without_events_there_is_a_bound_only(there: EvaluationSet) -> None:
    """It is above the truth, and there is no number."""
    found = score(there.path, {"agent": "expert"}).rate

    assert (None, 0.0, 0) == (found.rate, found.low, found.events)
    assert 3 / found.n <= found.high < 0.02
    assert ["no event: there is an upper bound only"] == found.warnings


def test_a_set_of_chosen_records_tells_no_rate(tmp_path: Path) -> None:
    """What is asked of it is refused with the reason; shares are told."""
    found = score(built(tmp_path / "set", {"control": 10}).path, LAZY)

    assert 10 == found.shares["control"].survived.passed
    with pytest.raises(
        UsageError, match="Expected estimating records to tell a rate from, got control records"
    ):
        found.rate  # noqa: B018  # to ask is what is refused


def test_shares_are_told_by_stratum_and_cell(there: EvaluationSet) -> None:
    """Each adds up to all of them."""
    found = score(there.path, LAZY).shares["control"]

    assert 20 == found.survived.n == sum(one.n for one in found.strata.values())
    assert {one.stratum.cell for one in there.of("control")} == set(found.cells)


def test_a_score_is_an_ordinary_run(there: EvaluationSet, tmp_path: Path) -> None:
    """It can be looked at like any other, and is read back with the score beside it."""
    found = score(there.path, BETTER, tmp_path / "run", label="better")

    assert 1_020 == len(RunStore.open(tmp_path / "run").ids())
    assert found == decoder(Score)((tmp_path / "run/score.json").read_bytes())
    assert ("better", str(tmp_path / "run")) == (found.label, found.run)


def test_what_breaks_is_counted_and_in_no_figure(there: EvaluationSet) -> None:
    """An error says nothing of how bad it would have gone."""
    found = score(there.path, {"agent": "moody"}).rate

    assert 1_000 == found.n + found.errors
    assert found.errors > 300
    assert "records could not be judged" in found.warnings[0]


def test_two_are_compared_on_the_same_records(there: EvaluationSet) -> None:
    """The difference has a sharper interval than the two rates have."""
    lazy, better = score(there.path, LAZY), score(there.path, BETTER)
    found = compare(lazy, better)

    assert found.rate is not None
    assert found.rate.low < truth(0.5, 3.0) - truth(0.0, 3.0) < found.rate.high < 0
    assert found.rate.difference == pytest.approx((better.rate.rate or 0) - (lazy.rate.rate or 0))
    assert (0, {"control": 1.0}) == (found.rate.only_second, found.p_values)


def test_a_policy_does_not_differ_from_itself(there: EvaluationSet) -> None:
    """No record parts them, and that is not proof that none would."""
    lazy = score(there.path, LAZY)
    found = compare(lazy, lazy).rate

    assert found is not None
    assert found.low < 0 == found.difference < found.high
    assert ["no record parts the two: their difference is only known to be small"] == found.warnings


def test_scores_of_different_sets_are_not_compared(there: EvaluationSet) -> None:
    """Their records are not the same."""
    lazy = score(there.path, LAZY)

    with pytest.raises(UsageError, match="Expected two scores of the set"):
        compare(lazy, msgspec.structs.replace(lazy, hash="other"))
