"""Preference pairs: kept and failed play of one scenario, parted where the seat first acts otherwise."""

from pathlib import Path
from typing import Any

import jinja2
import msgspec
import pytest

from gristmill.digest import decode
from gristmill.errors import UsageError
from gristmill.recorders.export import ExportReport, export
from gristmill.recorders.mine import Acceptance, mine
from gristmill.recorders.store import RunStore
from gristmill.types import Brief, Check, Entry, Episode, Scenario, Status, Verdict, call, raw, say
from tests.recorders.bargains import bargained
from tests.recorders.exports import lineage
from tests.recorders.fakes import Till, episode, simulated, verdict
from tests.recorders.test_export import AS_JSON, lines

ALL = {"train": 1.0}
HELLO: Entry = {"from": "customer", **say("Please pay 3 into A1.")}
AUDIT: list[Entry] = [{"from": "agent", **call("audit")}, {"from": "tool", "tool": "audit", "result": {}}]
PAID: Entry = {"from": "tool", "tool": "pay", "result": {"balance": 3}}
BYE: Entry = {"from": "agent", **say("bye")}


def pay(amount: int) -> Entry:
    """Return the agent's payment."""
    return {"from": "agent", **call("pay", account="A1", amount=amount)}


GOOD = [HELLO, *AUDIT, pay(3), PAID, BYE, {"from": "customer", **say("thanks")}]


def attempt(number: int, entries: list[Entry]) -> Episode:
    """Return an attempt at the same scenario."""
    return msgspec.structs.replace(episode(0, entries), attempt=number, id=f"{number:032x}")


def judged(of: Episode, status: Status, score: float | None = None) -> Verdict:
    """Return a verdict on the agent, with a score if there is one."""
    check = Check(name="balances", status=status, seat="agent")
    check = check if score is None else msgspec.structs.replace(check, score=score)
    return msgspec.structs.replace(verdict(of, status), checks=(check,))


def exported(folder: Path, *plays: tuple[list[Entry], Status, float | None], **more: Any) -> ExportReport:
    """Export the pairs of a run of attempts at one scenario, of which those that pass are kept."""
    store = RunStore.create(folder / "run", {})
    with store.writer() as writer:
        for number, (entries, status, score) in enumerate(plays):
            one = attempt(number, entries)
            writer.append(one, judged(one, status, score))
    view = mine(store, Acceptance(seat="agent", split=ALL))
    return export(store, view, "preference", out=folder / "out", briefs=told, **more)


def told(one: Episode, seat: str) -> Brief:
    """Return what a seat of the till is told."""
    return Till().brief(seat)


def pairs(folder: Path) -> list[dict[str, Any]]:
    """Return the exported rows."""
    return lines(folder / "out/train.jsonl")


def roles(messages: list[dict[str, Any]]) -> list[str]:
    """Return who wrote each message."""
    return [message["role"] for message in messages]


def test_the_prompt_is_all_that_both_plays_share(tmp_path: Path) -> None:
    """Up to the first act that differs; what others said after the last act is in neither part."""
    exported(tmp_path, (GOOD, "pass", None), ([HELLO, *AUDIT, pay(4), PAID, BYE], "fail", None))

    (row,) = pairs(tmp_path)
    assert ["system", "user", "assistant", "tool"] == roles(row["prompt"])
    assert ["assistant", "tool", "assistant"] == roles(row["chosen"]) == roles(row["rejected"])
    amounts = [
        row[what][0]["tool_calls"][0]["function"]["arguments"]["amount"] for what in ("chosen", "rejected")
    ]
    assert [3, 4] == amounts
    assert (attempt(0, []).id, attempt(1, []).id) == (row["episode_id"], row["rejected_id"])


def test_columns_are_those_that_trainers_of_preferences_read(tmp_path: Path) -> None:
    """Messages have a role and a text, calls an object of arguments, and the prompt ends with what is answered to."""
    store = bargained(tmp_path / "run", 24, attempts=3)
    report = export(
        store, mine(store, Acceptance(seat="seller", split=ALL)), "preference", out=tmp_path / "out"
    )

    rows = pairs(tmp_path)
    assert len(rows) == report.lines["train"] > 5
    for row in rows:
        assert {"prompt", "chosen", "rejected", "tools"} < set(row)
        assert row["prompt"][-1]["role"] in ("user", "tool")
        assert row["chosen"][0]["role"] == row["rejected"][0]["role"] == "assistant"
        assert row["chosen"] != row["rejected"]
        assert ["offer", "accept", "walk_away"] == [tool["function"]["name"] for tool in row["tools"]]
        for message in row["prompt"] + row["chosen"] + row["rejected"]:
            assert {"role", "content"} <= set(message) <= {"role", "content", "tool_calls", "tool_call_id"}
        for what in ("chosen", "rejected"):
            whole = jinja2.Template(AS_JSON).render(messages=row["prompt"] + row[what])
            assert whole.startswith(jinja2.Template(AS_JSON).render(messages=row["prompt"]))


def test_a_line_leads_back_to_both_episodes(tmp_path: Path) -> None:
    """Each with its content, seeds, policies, verdicts and score; they are plays of one scenario, of which one failed."""
    store = bargained(tmp_path / "run", 12, attempts=3)
    export(store, mine(store, Acceptance(seat="seller", split=ALL)), "preference", out=tmp_path / "out")

    for row, origin in zip(pairs(tmp_path), lineage(tmp_path / "out"), strict=True):
        assert (row["episode_id"], row["rejected_id"]) == (origin["episode"], origin["rejected"]["episode"])
        assert (row["score_chosen"], row["score_rejected"]) == (origin["score"], origin["rejected"]["score"])
        assert row["scenario_id"] == origin["scenario"] == origin["rejected"]["scenario"]
        for one, status in ((origin, "pass"), (origin["rejected"], "fail")):
            assert store.episode(one["episode"]).content_hash() == one["content_hash"]
            assert [status] == [found["status"] for found in one["verdicts"]]
            assert {"buyer", "seller"} == set(one["seats"])


def test_the_bad_play_that_shares_most_is_rejected(tmp_path: Path) -> None:
    """There is one line for each kept play, and the later the two part the more of it is about the one act."""
    exported(
        tmp_path,
        (GOOD, "pass", None),
        ([HELLO, BYE], "fail", None),
        ([HELLO, *AUDIT, pay(3), PAID, pay(3), PAID, BYE], "fail", None),
        ([HELLO, *AUDIT, BYE], "fail", None),
    )

    (row,) = pairs(tmp_path)
    assert attempt(2, []).id == row["rejected_id"]
    assert ["bye"] == [message["content"] for message in row["chosen"]]


def test_a_lower_score_is_as_good_as_failed_if_a_margin_says_so(tmp_path: Path) -> None:
    """By at least the margin; without one only what failed is rejected."""
    plays: list[tuple[list[Entry], Status, float | None]] = [
        (GOOD, "pass", 0.9),
        ([HELLO, *AUDIT, pay(2), PAID, BYE], "pass", 0.7),
        ([HELLO, *AUDIT, pay(1), PAID, BYE], "pass", 0.8),
    ]

    with pytest.raises(
        UsageError, match=r"none of the 3 .* 3 no failed play of the same scenario.*--attempts"
    ):
        exported(tmp_path / "none", *plays)
    report = exported(tmp_path, *plays, margin=0.2)

    assert ({"train": 1}, {"no failed play of the same scenario": 2}) == (report.lines, report.dropped)
    (row,) = pairs(tmp_path)
    assert (0.9, 0.7) == (row["score_chosen"], row["score_rejected"])


@pytest.mark.parametrize("margin", [0.0, -0.1, 1.5])
def test_a_margin_that_makes_no_sense_is_refused(tmp_path: Path, margin: float) -> None:
    """As it is beside other formats."""
    with pytest.raises(UsageError, match="Expected a margin above 0"):
        exported(tmp_path, (GOOD, "pass", 0.5), margin=margin)


OTHER: Entry = {"from": "customer", **say("Pay 3 into A1!")}


@pytest.mark.parametrize(
    ("good", "bad", "reason"),
    [
        (GOOD, [OTHER, *AUDIT, pay(4), PAID, BYE], "nothing heard in common"),
        ([AUDIT[0], AUDIT[1], BYE], [pay(4), PAID, BYE], "nothing heard in common"),
        (GOOD, GOOD[:-1], "the same acts"),
        ([HELLO, {"from": "agent", **raw("pay((")}, {"from": "world", "error": "?"}, BYE], [HELLO, BYE],
         "begins with a refused act"),
    ],
)  # fmt: skip
def test_what_makes_no_pair_is_counted_with_its_reason(
    tmp_path: Path, good: list[Entry], bad: list[Entry], reason: str
) -> None:
    """Two plays that share only the instructions, or in which the seat does the same, teach no preference."""
    with pytest.raises(UsageError, match=f"none of the 1 that it keeps: 1 {reason}"):
        exported(tmp_path, (good, "pass", None), (bad, "fail", None))


def test_refused_acts_may_be_rejected_and_heard_but_not_chosen(tmp_path: Path) -> None:
    """Nobody is to learn them; the prompt and what is rejected are not learnt."""
    slip: list[Entry] = [{"from": "agent", **raw("pay((")}, {"from": "world", "error": "?"}]
    exported(
        tmp_path,
        ([HELLO, *slip, *AUDIT, pay(3), PAID, *slip, BYE], "pass", None),
        ([HELLO, *slip, *AUDIT, *slip, BYE], "fail", None),
    )

    (row,) = pairs(tmp_path)
    assert "pay((" in [message["content"] for message in row["prompt"]]
    assert ["assistant"] == roles(row["chosen"])
    assert "pay((" == row["rejected"][0]["content"]


def test_an_error_or_an_unjudged_play_is_no_bad_example(tmp_path: Path) -> None:
    """Whoever broke, the seat did not fail."""
    broken = [HELLO, *AUDIT, pay(4), PAID, BYE]

    with pytest.raises(UsageError, match="no failed play"):
        exported(tmp_path, (GOOD, "pass", 0.9), (broken, "error", 0.1), margin=0.1)


def test_a_view_of_one_seat_is_exported_for_no_other(tmp_path: Path) -> None:
    """Its own seat is the default, and the message names it."""
    store = bargained(tmp_path / "run", 12)
    view = mine(store, Acceptance(name="selling", seat="seller", split=ALL))

    for format in ("openai", "jsonl", "preference"):
        with pytest.raises(
            UsageError, match=r"Expected seat 'seller', for which view 'selling' was mined, got 'buyer'"
        ):
            export(store, view, format, "buyer", tmp_path / "out")
    report = export(store, view, "jsonl", out=tmp_path / "out")

    assert ("seller", len(view.kept)) == (report.seat, report.lines["train"])
    assert {"seller"} == {row["seat"] for row in lines(tmp_path / "out/train.jsonl")}


def test_a_view_of_a_seat_is_released_by_its_outcome(tmp_path: Path) -> None:
    """What the other seat failed is exported for the one that did well, until its own verdict says otherwise."""
    store = bargained(tmp_path / "run", 12)
    view = mine(store, Acceptance(seat="seller", split=ALL))
    whole = set(mine(store, Acceptance(name="whole")).ids)
    alone = next(name for name in view.ids if name not in whole)
    one = store.episode(alone)
    with store.writer() as writer:
        failed = Check(name="gain", status="fail", seat="seller")
        writer.record(msgspec.structs.replace(verdict(one, "fail"), verifier=one.world, checks=(failed,)))

    report = export(store, view, "jsonl", out=tmp_path / "out")

    assert {"now fails: gain": 1} == report.dropped
    assert [(alone, "now fails: gain")] == report.offenders


def test_the_same_view_gives_the_same_pairs(tmp_path: Path) -> None:
    """Whatever the order of recording."""
    store = bargained(tmp_path / "run", 8, attempts=3)
    view = mine(store, Acceptance(seat="seller", split=ALL))
    turned = RunStore.create(tmp_path / "turned", store.spec)
    with turned.writer() as writer:
        for one, found in reversed(list(zip(store.episodes(), store.verdicts(), strict=True))):
            writer.append(one, found)

    first = export(store, view, "preference", out=tmp_path / "one")
    second = export(turned, mine(turned, view.acceptance), "preference", out=tmp_path / "other")

    assert first.files["train.jsonl"] == second.files["train.jsonl"]


def test_simulations_make_no_pairs(tmp_path: Path) -> None:
    """The message names the formats for them."""
    store = RunStore.create(tmp_path / "run", {})
    with store.writer() as writer:
        writer.append(simulated(0), verdict(simulated(0)))

    with pytest.raises(UsageError, match="Expected a format for numeric episodes"):
        export(store, mine(store), "preference")


def test_scenarios_do_not_mix(tmp_path: Path) -> None:
    """A failed play of another scenario is rejected for nothing."""
    store = RunStore.create(tmp_path / "run", {})
    bad = msgspec.structs.replace(
        attempt(1, [HELLO, BYE]), scenario=Scenario.of("fake/till-v1", {"n": 9}, index=9)
    )
    with store.writer() as writer:
        for one, status in ((attempt(0, GOOD), "pass"), (bad, "fail")):
            writer.append(one, verdict(one, status))

    with pytest.raises(UsageError, match="1 no failed play of the same scenario"):
        export(store, mine(store), "preference", out=tmp_path / "out", briefs=told)


@pytest.mark.slow
@pytest.mark.filterwarnings("default")
def test_pairs_are_read_by_the_datasets_library(tmp_path: Path) -> None:
    """What trainers load their data with takes the files as they are."""
    datasets = pytest.importorskip("datasets")
    store = bargained(tmp_path / "run", 12, attempts=3)
    export(store, mine(store, Acceptance(seat="seller", split=ALL)), "preference", out=tmp_path / "out")

    files = str(tmp_path / "out/train.jsonl")
    found = datasets.load_dataset("json", data_files=files, split="train", cache_dir=str(tmp_path / "cache"))

    assert [decode(line) for line in Path(files).read_bytes().splitlines()] == list(found)
