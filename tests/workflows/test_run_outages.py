"""A seat that breaks: its outages are errors on record, and are played again when asked for."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from gristmill.digest import decode
from gristmill.errors import UsageError
from gristmill.recorders.store import RunStore
from gristmill.workflows.attempts import NOTES
from gristmill.workflows.run import RunReport, run
from tests.agents.endpoint import Endpoint, endpoint, failing, saying

RETAIL = "support/retail-v1?level=demo"


@pytest.fixture
def model() -> Iterator[Endpoint]:
    """A language model at an endpoint."""
    with endpoint() as found:
        yield found


def play(model: Endpoint, out: Path, query: str = "", *, n: int = 4, **more: object) -> RunReport:
    """Let the model play an agent."""
    seats = {"agent": f"chat:m@{model.url}?retries=0{query}"}
    return run(RETAIL, seats, out, n=n, **more)  # type: ignore[arg-type]  # options of a run, by name


def noted(out: Path) -> list[dict[str, float]]:
    """Return what was noted of the agent, line by line."""
    lines = (out / NOTES).read_bytes().splitlines()
    return [decode(line)["notes"]["agent"] for line in lines]


def test_an_outage_is_an_error_of_the_seat(model: Endpoint, tmp_path: Path) -> None:
    """Never a failure of the model; a further call plays nothing unless it is asked to."""
    model.script(failing(503))
    report = play(model, tmp_path / "run")

    assert {"error": 4} == report.counts
    assert ["agent: the endpoint gave no answer: Error code: 503"] == [one[:51] for one in report.errors]
    assert 0 == play(model, tmp_path / "run").played


def test_outages_are_played_again_when_asked_for(model: Endpoint, tmp_path: Path) -> None:
    """As further attempts at the same scenarios, until each has one that counts; what failed stays on record."""
    model.script(saying("Sorry, no."), failing(500))
    first = play(model, tmp_path / "run", "&width=1", n=3)
    broken = first.counts["error"]
    model.script(saying("Sorry, no."))
    second = play(model, tmp_path / "run", "&width=1", n=3, retry_errors=["agent"])
    third = play(model, tmp_path / "run", "&width=1", n=3, retry_errors=["agent"])

    assert (broken, 0) == (second.played, third.played)
    assert {"error": broken, "fail": 3} == third.counts
    episodes = list(RunStore.open(tmp_path / "run").episodes())
    assert {(one.scenario.index, 0) for one in episodes} <= {
        (one.scenario.index, one.attempt) for one in episodes
    }
    assert {1} == {one.attempt for one in episodes if one.attempt}


def test_a_retry_that_breaks_too_is_a_further_attempt(model: Endpoint, tmp_path: Path) -> None:
    """Every call makes at most one more attempt per scenario."""
    model.script(failing(500))
    for _ in range(3):
        play(model, tmp_path / "run", n=1, retry_errors=["agent"])

    assert [0, 1, 2] == sorted(one.attempt for one in RunStore.open(tmp_path / "run").episodes())


def test_only_faults_of_the_seat_that_is_named_are_played_again(model: Endpoint, tmp_path: Path) -> None:
    """And a seat that does not exist is refused."""
    model.script(failing(500))
    play(model, tmp_path / "run")

    assert 0 == play(model, tmp_path / "run", retry_errors=["customer"]).played
    with pytest.raises(UsageError, match=r"Unknown seat 'agnet'.*Did you mean 'agent'"):
        play(model, tmp_path / "new", retry_errors=["agnet"])
    assert not (tmp_path / "new").exists()


def test_a_budget_ends_what_is_left_as_errors_that_say_so(model: Endpoint, tmp_path: Path) -> None:
    """Nothing more is asked."""
    model.script(saying("Sorry, no."))
    report = play(model, tmp_path / "run", "&budget_requests=5&width=1", n=6)

    assert 5 == len(model.requests)
    assert report.counts["error"] == report.errors["agent: the budget of 5 requests is spent"]


def test_what_it_cost_is_kept_beside_the_record_and_summed_up(model: Endpoint, tmp_path: Path) -> None:
    """A line for each episode; the record itself does not change by it."""
    model.script(saying("Sorry, no."))
    report = play(model, tmp_path / "run", n=3)
    notes = noted(tmp_path / "run")

    asked = len(model.requests)
    assert 3 == len(notes)
    assert (asked, 10 * asked, 2 * asked) == tuple(
        sum(one[key] for one in notes) for key in ("requests", "tokens_in", "tokens_out")
    )
    assert (asked, 10 * asked) == (report.notes["agent"]["requests"], report.notes["agent"]["tokens_in"])
    assert [{}, {}, {}] == [one.notes for one in RunStore.open(tmp_path / "run").episodes()]


def test_a_run_that_is_cached_asks_for_nothing(model: Endpoint, tmp_path: Path) -> None:
    """The same episodes come out, without a request."""
    model.answer = lambda request: saying(f"Sorry, no {len(model.requests)}.")
    cache = f"&cache={tmp_path / 'kept'}"
    first = play(model, tmp_path / "one", cache)
    asked = len(model.requests)
    second = play(model, tmp_path / "two", cache)

    one, two = (
        sorted(episode.content_hash() for episode in RunStore.open(tmp_path / name).episodes())
        for name in ("one", "two")
    )
    assert (one, asked) == (two, len(model.requests))
    assert (0, asked) == (first.notes["agent"]["cached"], second.notes["agent"]["cached"])


def test_workers_send_notes_home(model: Endpoint, tmp_path: Path) -> None:
    """Where episodes are played by other processes, what they cost comes with them."""
    model.script(saying("Sorry, no."))
    report = play(model, tmp_path / "run", n=2, jobs=2)

    assert len(model.requests) == report.notes["agent"]["requests"]
