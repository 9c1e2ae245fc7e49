"""The page."""

import re
from pathlib import Path

import pytest
from msgspec.structs import replace

from gristmill.errors import StoreError, UsageError
from gristmill.recorders.mine import Acceptance, mine
from gristmill.recorders.mine import Stage as YieldStage
from gristmill.recorders.store import RunStore
from gristmill.training.metrics import Metrics
from gristmill.types import Check, Episode, Scenario, SeatInfo, Verdict
from gristmill.workflows.charts import WIDTH
from gristmill.workflows.evaluate import Evaluation, evaluate, summarise
from gristmill.workflows.lineage import HeldOut
from gristmill.workflows.metrics import Outcome, Rate, breakdown
from gristmill.workflows.report import (
    Bar,
    Mask,
    Report,
    Stage,
    Training,
    Yield,
    machine,
    report_runs,
    training_of,
    write_report,
)
from gristmill.workflows.transcripts import Transcript, pick
from tests.workflows.pages import Page

WORLD = "support/retail-v1?level=demo"
EVIL = "<script>alert(1)</script>"


@pytest.fixture(scope="module")
def noisy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small run in which something fails."""
    out = tmp_path_factory.mktemp("runs") / "noisy"
    evaluate(WORLD, {"agent": "noisy?rate=0.2"}, out, n=24, trials=2, repeated=6, seed=3, label="noisy")
    mine(RunStore.open(out), Acceptance(name="kept"))
    return out


def page(data: Report, tmp_path: Path) -> Page:
    """The page as a browser would see it."""
    return Page(write_report(data, tmp_path / "page.html").read_text(encoding="utf-8"))


def evaluation(label: str, passed: int, n: int, errors: int = 0, seed: int = 1) -> Evaluation:
    """An evaluation that nobody made; the last of `n` scenarios ended in errors."""
    found = [
        Outcome(
            id=str(i),
            scenario=f"{seed}-{i}",
            attempt=0,
            stratum="refund+email",
            status="pass" if i < passed else "error" if i >= n - errors else "fail",
        )
        for i in range(n)
    ]
    return Evaluation(
        label=label, world="w", version="1", seats={"agent": {"policy": "p", "digest": "d", "generation": 0}}, run="r",
        seed=seed, success=Rate.of(found), by={"intent": breakdown(found, "intent")}, pass_k=[], checks={}, errors={},
        results={one.scenario: one.status for one in found},
    )  # fmt: skip


def hostile() -> Transcript:
    """An episode with markup wherever a text can stand."""
    scenario = Scenario.of(EVIL, {"x": EVIL}, stratum=f"{EVIL}/{EVIL} !x")
    episode = Episode(
        id=EVIL, world=EVIL, version=EVIL, scenario=scenario, seed=1,
        seats={"agent": SeatInfo(policy=EVIL, digest=EVIL), EVIL: SeatInfo(policy=EVIL, digest=EVIL)},
        entries=[
            {"from": EVIL, "say": EVIL},
            {"from": "agent", "call": EVIL, "args": {EVIL: EVIL}},
            {"from": "tool", "tool": EVIL, "result": {EVIL: [EVIL]}},
            {"from": "tool", "tool": EVIL, "error": EVIL},
            {"from": "agent", "raw": EVIL},
            {"from": "world", "error": EVIL},
            {"from": "world", "event": "fault", "kind": EVIL, "tool": EVIL},
            {"from": "world", "something": EVIL},
        ],
    )  # fmt: skip
    checks = (Check(name=EVIL, status="error", side=EVIL, evidence={EVIL: f'{{"inner": "{EVIL}"}}'}),)
    verdict = Verdict(
        episode_id=EVIL, content_hash="", verifier=EVIL, version=EVIL, level="checked", status="fail", checks=checks
    )  # fmt: skip
    return Transcript(group=EVIL, episode=episode, verdict=verdict, reason=EVIL)


def everything() -> Report:
    """A report with all its parts, and markup in every text."""
    points = [
        Metrics(
            step=step,
            learning_rate=0.01,
            train_loss=2 / step,
            train_mean_token_accuracy=1 - 1 / step,
            valid_loss=2.0,
        )
        for step in range(1, 500)
    ]
    mask = Mask(views=1, empty=0, tokens={EVIL: 9}, covered={EVIL: 4}, acts=1, ends=1, examples=[[EVIL]])
    return Report(
        title=EVIL, summary=EVIL, command=EVIL, machine={EVIL: EVIL}, stages=[Stage(name=EVIL, seconds=61.0, about=EVIL)],
        yields=[Yield(title=EVIL, stages=(YieldStage(name=EVIL, entered=9, left=4, reasons={EVIL: 5}),))],
        evaluations=[evaluation("base", 3, 10), evaluation(EVIL, 9, 10)], before="base", after=EVIL, bar=Bar(),
        trainings=[Training(name=EVIL, about=EVIL, points=points, mask=mask)], transcripts=[hostile()], notes=[EVIL],
    )  # fmt: skip


def test_nothing_that_was_recorded_becomes_markup(tmp_path: Path) -> None:
    """A `<script>` in an episode, a label, a path or a check is shown as it was written, everywhere."""
    found = page(everything(), tmp_path)

    assert "script" not in found.tags
    assert EVIL in found.text


def test_the_page_is_well_formed(tmp_path: Path) -> None:
    """Every element that is opened is closed, in order."""
    assert [] == page(everything(), tmp_path).wrong


def test_the_page_fetches_nothing(tmp_path: Path) -> None:
    """It links to its own parts only, and names no address at all."""
    found = page(everything(), tmp_path)
    text = (tmp_path / "page.html").read_text()

    assert all(address.startswith("#") for address in found.addresses)
    assert not any(word in text for word in ("http:", "https:", "url(", "@import", "//cdn"))


@pytest.mark.parametrize(("passed", "words"), [(9, "met"), (6, "not met")])
def test_the_goal_is_judged(tmp_path: Path, passed: int, words: str) -> None:
    """Both halves must hold: 60 % is 30 points above the base, but below 80 %."""
    data = Report(
        title="t", evaluations=[evaluation("base", 3, 10), evaluation("tuned", passed, 10)],
        before="base", after="tuned", bar=Bar(rate=0.8, points=40),
    )  # fmt: skip

    said = page(data, tmp_path).text

    assert (words == "not met") == ("not met" in said)
    assert "The goal: success of at least 80" in said


def both(before: Evaluation, after: Evaluation) -> Report:
    """A report on two evaluations and a goal."""
    return Report(
        title="t", evaluations=[before, after], before="base", after="tuned", bar=Bar(rate=0.8, points=40)
    )


@pytest.mark.parametrize(("errors", "words"), [(0, "met"), (1, "not met")])
def test_a_goal_is_judged_by_the_worst_case(tmp_path: Path, errors: int, words: str) -> None:
    """16 of 20 with 4 failures is 80 %; with one more attempt that was not judged, it may be less."""
    found = page(both(evaluation("base", 4, 20), evaluation("tuned", 16, 20 + errors, errors)), tmp_path).text

    assert words == ("not met" if "not met" in found else "met")


def test_errors_of_the_other_policy_count_against_the_goal_too() -> None:
    """What the base model might have passed is taken off the difference."""
    bar = Bar(rate=0.8, points=40)
    after = Rate.of_counts(17, 20)

    assert [True, False] == [
        bar.met(Rate.of_counts(9, 20), after),
        bar.met(Rate.of_counts(8, 18, errors=2), after),
    ]


def test_errors_stand_beside_every_rate(tmp_path: Path) -> None:
    """With what the rate would be at worst; where there are none, nothing is said of them but that."""
    with_errors = page(both(evaluation("base", 4, 20), evaluation("tuned", 16, 20, 2)), tmp_path).text
    without = page(both(evaluation("base", 4, 20), evaluation("tuned", 16, 20)), tmp_path).text

    # In the first sentence, at the bar, and in the breakdown by either intent.
    assert 4 == with_errors.count("2 errors not counted: 80.0\xa0% at worst")
    assert "At worst" in with_errors
    assert "Those of the evaluated seat are its own" in with_errors
    assert "not counted" not in without
    assert "there were no errors" in without


def test_policies_on_the_same_scenarios_are_compared_in_pairs(tmp_path: Path) -> None:
    """The page says so, and how many only the one and only the other solved."""
    found = page(both(evaluation("base", 4, 20), evaluation("tuned", 16, 20)), tmp_path).text

    assert "Only base solved" in found
    assert "compared one by one" in found
    assert ["+60.0", "12", "0", "20"] == [
        word for word in found.split("Judged for both")[1].split() if word in ("+60.0", "12", "0", "20")
    ][:4]


def test_policies_on_other_scenarios_are_samples_of_their_own(tmp_path: Path) -> None:
    """No pair is made of scenarios that differ."""
    found = page(both(evaluation("base", 4, 20), evaluation("tuned", 16, 20, seed=2)), tmp_path).text

    assert "taken as independent" in found
    assert "compared one by one" not in found


def test_what_is_not_held_out_is_said_first(tmp_path: Path) -> None:
    """Where scenarios were met in training, the rate is not what it seems."""
    found = replace(
        evaluation("it", 4, 20), held_out=HeldOut(runs={"runs/log": 3}, met=3, unknown=["what x learnt from"])
    )
    text = page(Report(title="t", evaluations=[found]), tmp_path).text

    assert "Not held out: 3 of the 20 scenarios of it occur in" in " ".join(text.split())
    assert "not known is what x learnt from" in text


@pytest.mark.parametrize(
    ("held_out", "said"),
    [
        (HeldOut(), False),
        (HeldOut(runs={"runs/log": 0}), True),
        (HeldOut(runs={"runs/log": 1}, met=1), False),
    ],
)
def test_scenarios_are_called_held_out_once_that_was_looked_into(
    tmp_path: Path, held_out: HeldOut, said: bool
) -> None:
    """Not because somebody meant them to be."""
    data = both(evaluation("base", 4, 20), replace(evaluation("tuned", 16, 20), held_out=held_out))
    words = " ".join(page(data, tmp_path).text.split())

    assert said == ("of 20 held-out scenarios" in words)


def test_what_is_compared_must_exist(tmp_path: Path) -> None:
    """The message lists the labels there are."""
    with pytest.raises(UsageError, match=r"got 'tuned'\. Valid: base"):
        write_report(
            Report(title="t", evaluations=[evaluation("base", 1, 2)], after="tuned"), tmp_path / "p.html"
        )


def test_the_legend_names_the_curves_there_are(tmp_path: Path) -> None:
    """In any of the charts, each once; a loss that is no number has no place in one."""
    points = [
        Metrics(step=step, learning_rate=0.1, train_loss=1.0, valid_loss=float("nan"), full_valid_loss=1.0)
        for step in (1, 2)
    ]
    jobs = [Training(name="a", points=points), Training(name="b", points=points[:1])]
    page(Report(title="t", trainings=jobs), tmp_path)
    text = (tmp_path / "page.html").read_text()

    assert ["training", "other scenarios, all"] == re.findall(
        r'<i class="(?:stroke|spot) [^>]*></i>([^<]*)', text
    )


def test_the_style_sheet_draws_a_chart_no_larger_than_it_is(tmp_path: Path) -> None:
    """Otherwise its text would grow with it; the size stands in both places."""
    page(Report(title="t"), tmp_path)

    assert f"max-width: {WIDTH}px" in (tmp_path / "page.html").read_text()


def test_labels_keep_their_case(tmp_path: Path) -> None:
    """A label may be a path, and a seat has the name that is typed; only a mark of the page's own is in capitals."""
    page(Report(title="t", transcripts=[hostile()]), tmp_path)
    text = (tmp_path / "page.html").read_text()

    assert 1 == text.count("text-transform")
    assert "<dt>agent</dt>" in text


def test_an_empty_report_is_a_page(tmp_path: Path) -> None:
    """Parts without data are left out."""
    found = page(Report(title="Nothing yet"), tmp_path)

    assert [] == found.wrong
    assert "table" not in found.tags


def test_a_report_of_a_real_run(noisy: Path, tmp_path: Path) -> None:
    """Verdicts, yields and ten transcripts, passed and not, come from the run alone."""
    data = report_runs([noisy], command="gristmill report noisy")
    found = page(data, tmp_path)

    assert [] == found.wrong
    assert 10 == len(data.transcripts) == found.tags.count("details")
    assert {"pass", "fail"} <= {one.status for one in data.transcripts}
    assert ["noisy, view kept"] == [one.title for one in data.yields]
    assert data.transcripts[0].episode.scenario.id in found.text


def test_two_runs_of_one_name_are_told_apart(noisy: Path) -> None:
    """Their paths stand in the tables, and episodes come from both."""
    data = report_runs([noisy, noisy], count=5)

    assert [str(noisy)] * 2 == [one.label for one in data.evaluations]
    assert 5 == len(data.transcripts)


def test_transcripts_differ(noisy: Path) -> None:
    """Where there are as many reasons as are asked for, no two share one; which are chosen does not depend on the order."""
    found = [
        Outcome(id=str(i), scenario=str(i), attempt=0, stratum="a", status="fail", reasons=(f"r{i % 3}",))
        for i in range(30)
    ]
    chosen = pick(found, 3)

    assert {"r0", "r1", "r2"} == {one.reasons[0] for one in chosen}
    assert chosen == pick(reversed(found), 3)


def test_a_summary_is_of_first_attempts(noisy: Path) -> None:
    """Repeated plays count for pass^k and nothing else."""
    found = summarise(RunStore.open(noisy))

    assert 24 == found.success.played
    assert [1, 2] == [one.k for one in found.pass_k]


def test_a_folder_without_a_job_is_no_training(tmp_path: Path) -> None:
    """The message says what makes one."""
    with pytest.raises(StoreError, match="gristmill train"):
        training_of(tmp_path)


def test_the_machine_is_named() -> None:
    """A figure without processor and versions could not be compared."""
    assert {"Processor", "Python", "Gristmill"} <= set(machine())
