"""What rounds came to, on a page."""

from pathlib import Path

import pytest

from gristmill.digest import indented
from gristmill.errors import StoreError, UsageError
from gristmill.workflows.improve_charts import improvement_chart, steps
from gristmill.workflows.improve_types import FILE, Improvement, Made, Round, read_improvement
from gristmill.workflows.metrics import Rate
from gristmill.workflows.report import report_runs, write_report
from gristmill.workflows.variety import Variety


def varied(vendi: float) -> dict[str, Variety]:
    """The variety of an agent's play."""
    return {
        "agent": Variety(
            seat="agent", episodes=90, acts=300, words=900, distinct_2=0.2, distinct_4=0.4, vendi=vendi, top_share=0.1,
            strata={"refund": 90},
        )
    }  # fmt: skip


def made(passed: int, **more: object) -> Made:
    """A model that passes so many of a hundred scenarios."""
    return Made(policy="model?checkpoint=x", success=Rate.of_counts(passed, 100), **more)  # type: ignore[arg-type]  # fields of it


def turn(number: int, kept: int, after: Made) -> Round:
    """A round of forty episodes."""
    return Round(
        number=number, policy="model?checkpoint=x", run="r", success=Rate.of_counts(kept, 40), kept={"agent": kept},
        reasons={}, false_pass=Rate.of_counts(1, 30), made=after, seconds=1.0,
    )  # fmt: skip


FOUND = Improvement(
    world="shops/corner.py:Corner<shop>",
    start=made(40, variety=varied(9.0)),
    rounds=[
        turn(
            1, 10, made(60, variety=varied(8.5), episodes={"seed": 30, "round 1": 10}, notes=["3 <b>met</b>"])
        ),
        turn(2, 20, Made(policy="model?checkpoint=x", stop="it <i>fell</i>", variety=varied(2.0))),
    ],
    policy="model?checkpoint=x",
    stopped="it <i>fell</i>",
)


def test_a_page_tells_round_by_round(tmp_path: Path) -> None:
    """Success with intervals, what was kept and learnt from, how varied it was; and why it stopped, as text."""
    (tmp_path / FILE).write_bytes(indented(FOUND))
    page = write_report(report_runs([], rounds=tmp_path), tmp_path / "report.html").read_text()

    assert "40.0% → 60.0%" in page
    for words in ("Base model", "After round 2", "10 of 40", "25.0\N{NO-BREAK SPACE}%", "8.5", "1 of 30"):
        assert words in page
    assert "No further round was played: it &lt;i&gt;fell&lt;/i&gt;" in page
    assert "After round 1: 3 &lt;b&gt;met&lt;/b&gt;." in page
    assert "<i>fell" not in page
    assert "Corner&lt;shop&gt;" in page


def test_rounds_of_a_robot_have_no_such_page(tmp_path: Path) -> None:
    """What it says is about models of text; their runs have pages."""
    refit = Improvement(
        world="robots/reach-v1", start=Made(policy="proposal"), rounds=[turn(1, 10, Made(policy="proposal"))], policy="proposal"
    )  # fmt: skip
    (tmp_path / FILE).write_bytes(indented(refit))

    with pytest.raises(UsageError, match="Expected rounds in which a model of text has learnt, got those in"):
        report_runs([], rounds=tmp_path)


def test_a_curve_has_a_place_for_every_model() -> None:
    """One that was not evaluated has none on the curve of success; what its round kept is there."""
    models = steps(FOUND)
    drawn = str(improvement_chart(models))

    assert ["Base model", "After round 1", "After round 2"] == [one.name for one in models]
    assert (2, 2) == (drawn.count('circle class="s1"'), drawn.count('circle class="hollow'))
    assert ">0.5<" not in drawn


def test_a_folder_without_rounds_is_named(tmp_path: Path) -> None:
    """And one with something else in it."""
    with pytest.raises(StoreError, match="Expected rounds of improvement in"):
        read_improvement(tmp_path)
    (tmp_path / FILE).write_text("[]")
    with pytest.raises(StoreError, match="got something else"):
        read_improvement(tmp_path)
