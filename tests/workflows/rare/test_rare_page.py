"""The pages of estimates and hunts: what they show, and that hostile texts stay texts."""

from pathlib import Path

import msgspec
import pytest

from gristmill.generators.rare.estimate import Estimate
from gristmill.workflows.rare.charts import Point, fields_apart, levels_chart, likelihood_chart
from gristmill.workflows.rare.estimate_page import figures, headline, write_estimate_page
from gristmill.workflows.rare.estimating import Asked, Estimation, Failure, estimate_event
from gristmill.workflows.rare.hunt_page import summary, write_hunt_page
from gristmill.workflows.rare.hunting import hunt
from gristmill.workflows.rare.page import KindRow, Minimal, Page, write_rare
from gristmill.workflows.rare.playing import Event
from tests.workflows.rare.boilers import LAZY, WORLD

HOSTILE = "</pre><script>alert('\"1\"')</script>{{ 7*7 }}"


@pytest.fixture(scope="module")
def found() -> tuple[Estimation, list[Failure]]:
    """An estimate and its failures."""
    return estimate_event(Asked(event=Event(world=WORLD, seats=LAZY), size=50, precision=0.4))


def test_a_page_shows_the_answer(found: tuple[Estimation, list[Failure]], tmp_path: Path) -> None:
    """In a sentence, with what it takes, how it was come to, and what to type; it fetches nothing."""
    page = write_estimate_page(*found, tmp_path, command="gristmill rare estimate x")
    text = page.read_text()

    assert tmp_path / "rare.html" == page
    assert headline(found[0]) in text
    assert "leak burst" in text
    for part in ("minimal", "levels", "fields", "kinds", "likelihood", "figures", "repeat"):
        assert f'<section id="{part}">' in text
    assert "gristmill rare estimate x" in text
    assert not any(f'{what}="http' in text for what in ("src", "href"))


def test_a_page_without_a_number_says_so(found: tuple[Estimation, list[Failure]], tmp_path: Path) -> None:
    """Nor is there anything of failures where there are none."""
    told, _ = found
    none = msgspec.structs.replace(
        told,
        estimate=msgspec.structs.replace(
            told.estimate, p_hat=None, low=0.0, high=0.003, warnings=["It fell."]
        ),
        curves=[],
        kinds=[],
    )
    text = write_estimate_page(none, [], tmp_path, command="x").read_text()

    assert "at most 0.003, 1 in 330 (95 % bound)" in text
    assert '<span class="badge error">no number</span>' in text
    assert "It fell." in text
    for part in ("minimal", "levels", "fields", "kinds", "likelihood"):
        assert f'<section id="{part}">' not in text


def test_figures_leave_out_what_there_is_none_of(found: tuple[Estimation, list[Failure]]) -> None:
    """As after Monte Carlo."""
    told = found[0]
    bare = Estimate(
        p_hat=None, low=0.0, high=0.1, relative_se=None, replicates=0, calls=30, calls_mc_equivalent=None,
        method="monte-carlo", levels=[], acceptance=None, ancestors=None, ess=None, tie_mass=0.5, threshold=4.0,
        space="s", seed=1, warnings=[],
    )  # fmt: skip

    assert {
        "Method": "monte-carlo", "Simulated scenarios": "30", "Scenarios of the lowest severity": "50.0%", "Space": "s",
        "Seed": "1",
    } == figures(msgspec.structs.replace(told, estimate=bare))  # fmt: skip
    assert "for the same error" in figures(told)["Monte Carlo would take"]


def test_hostile_texts_stay_texts(tmp_path: Path) -> None:
    """Wherever they stand, in pictures too."""
    page = Page(
        title=HOSTILE, lead=HOSTILE, badge=HOSTILE, told=HOSTILE, about=HOSTILE, warnings=[HOSTILE],
        command=HOSTILE, machine={HOSTILE: HOSTILE}, axis=HOSTILE, threshold=1.0, levels=[[(0.0, -1.0), (1.0, -2.0)]],
        nominal=[Point(0.0, -1.0)], failures=[Point(1.0, -2.0)],
        fields=fields_apart([{HOSTILE: "a"}] * 50, [{HOSTILE: HOSTILE}] * 50),
        minimal=[Minimal(words=HOSTILE, severity=1.0, found=HOSTILE)], minimal_told=HOSTILE,
        kinds=[KindRow([HOSTILE], HOSTILE)], kind_names=[HOSTILE], kind_figure=HOSTILE, kinds_told=HOSTILE,
        figures={HOSTILE: HOSTILE},
    )  # fmt: skip
    text = write_rare(page, tmp_path / "rare.html").read_text()

    assert page.fields
    assert "<script>alert" not in text
    assert "&lt;script&gt;" in text
    assert "{{ 7*7 }}" in text


def test_fields_are_those_in_which_failures_differ() -> None:
    """Lists are left out, and so is what is the same; a field may be absent, or of several types."""
    nominal = [
        {"a": place % 7, "b": place % 5, "c": [1], "d": None if place % 2 else "x"} for place in range(200)
    ]
    failures = [{"a": 20 + place % 7, "b": place % 5, "c": [2], "d": 3} for place in range(200)]
    names = [one.name for one in fields_apart(nominal, failures)]

    assert "a" in names
    assert not {"b", "c"} & set(names)
    assert [] == fields_apart(nominal, [])


def test_pictures_are_of_all_that_there_is() -> None:
    """A line for each replicate, a dot for each scenario, and one of a single point is a picture too."""
    assert 2 == str(levels_chart([[(0.0, -1.0), (1.0, -2.0)]] * 2, x="s")).count("curve s1")
    assert 1 == str(likelihood_chart([Point(0.0, -1.0)], [], threshold=0.0, x="s")).count("<circle")


def test_a_hunt_has_a_page(tmp_path: Path) -> None:
    """With the kinds it found; one without failures says so."""
    some = hunt(WORLD, LAZY, calls=300, seed=1)
    none = hunt(WORLD, LAZY, calls=60, threshold=1e6)
    text = write_hunt_page(some, tmp_path, command="gristmill rare hunt x").read_text()
    other = write_hunt_page(none, tmp_path / "none", command="x").read_text()

    assert summary(some) in text
    assert '<section id="kinds">' in text
    assert "burst" in text
    assert "no failure in 60 scenarios" in other
    assert '<section id="kinds">' not in other
