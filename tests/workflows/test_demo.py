"""The main job, at a size that learns nothing and yet goes through every part."""

from pathlib import Path

import pytest

from gristmill.errors import UsageError
from gristmill.workflows.demo import demo, size_of


def test_the_dial_turns_everything_up() -> None:
    """A larger demo has more of everything, and from some point on full difficulty and a higher bar."""
    small, large = size_of(1), size_of(4)

    assert ("demo", 0.8) == (small.level, small.bar)
    assert ("full", 0.9) == (large.level, large.bar)
    assert small.mined < large.mined
    assert small.tune_steps < large.tune_steps
    assert small.evaluated >= 500
    assert (0, 2) == (small.rounds, large.rounds)


@pytest.mark.parametrize("scale", [0, -1, 1e-9, 1e9, float("nan"), float("inf"), float("-inf")])
def test_a_dial_beyond_its_ends_is_refused(scale: float) -> None:
    """A demo of no size would report on nothing, one without end would never report."""
    with pytest.raises(UsageError, match=r"Expected a scale from 0\.001 to 1000"):
        size_of(scale)


@pytest.mark.slow
def test_the_demo_goes_from_play_to_page_and_resumes(tmp_path: Path) -> None:
    """Every part leaves its result, and a second call finds them all and changes nothing."""
    first = demo(tmp_path, scale=0.004, jobs=1)
    page = Path(first.page).read_text(encoding="utf-8")

    assert first.expert.success.rate == 1.0
    assert not first.met
    assert all(
        Path(one).is_file() and f'href="{Path(one).relative_to(tmp_path)}"' in page for one in first.more
    )
    assert "Who makes what of whom" in (tmp_path / "league" / "report.html").read_text(encoding="utf-8")
    for words in ("base model", "fine-tuned model", "scripted expert", "0 of the 32 scenarios"):
        assert words in page

    again = demo(tmp_path, scale=0.004, jobs=1)

    assert (first.base.success, first.tuned.success) == (again.base.success, again.tuned.success)
    assert [one.success for one in first.pouring.evaluations] == [
        one.success for one in again.pouring.evaluations
    ]
    assert again.seconds < first.seconds
