"""Exports: every line keeps the rules of its format and leads back to where it came from."""

from pathlib import Path
from typing import Any

import jinja2
import msgspec
import pytest

from gristmill.digest import decode
from gristmill.errors import StoreError, UsageError
from gristmill.play import play
from gristmill.recorders.chat import conversation
from gristmill.recorders.export import export
from gristmill.recorders.mine import Acceptance, mine
from gristmill.recorders.openai_rules import check_line, check_lines
from gristmill.recorders.store import RunStore
from gristmill.recorders.verify import judge
from gristmill.types import Brief, Entry, call, raw, say
from tests.recorders.fakes import Till, episode, policies, verdict


@pytest.fixture
def store(tmp_path: Path) -> RunStore:
    """A run of twenty episodes, most of which pass, with a view of them."""
    store = RunStore.create(tmp_path / "run", {})
    scenarios = [Till().scenario(1, index) for index in range(20)]
    with store.writer() as writer:
        for one in play(Till, scenarios, policies(miss=0.2), seed=1):
            writer.append(one, judge(Till(), one))
    mine(store, Acceptance(split={"train": 0.7, "valid": 0.3}))
    return store


def lines(path: Path) -> list[dict[str, Any]]:
    """Return the decoded lines of a file."""
    return [decode(line) for line in path.read_bytes().splitlines()]


def test_openai_lines_keep_the_rules(store: RunStore, tmp_path: Path) -> None:
    """The independent checker finds nothing, and the parts add up to the view."""
    report = export(store, "default", "openai", "agent", tmp_path / "out", make=Till)

    train = (tmp_path / "out/train.jsonl").read_bytes().splitlines()
    assert [] == check_lines(train)
    assert report.lines == {part: len(lines(tmp_path / f"out/{part}.jsonl")) for part in ("train", "valid")}
    assert sum(report.lines.values()) == report.stages[-1].left
    assert {} == report.dropped
    first = decode(train[0])
    assert ["system", "user", "assistant", "tool", "assistant", "tool", "assistant"] == [
        message["role"] for message in first["messages"]
    ]
    assert first["parallel_tool_calls"] is False
    assert decode(first["messages"][4]["tool_calls"][0]["function"]["arguments"])["amount"] > 0


def test_a_line_holds_only_what_its_seat_saw(store: RunStore, tmp_path: Path) -> None:
    """The customer's line has neither the tools of the agent nor hidden events."""
    export(store, "default", "openai", "customer", tmp_path / "out", make=Till)

    line = lines(tmp_path / "out/train.jsonl")[0]
    assert ["system", "assistant", "user"] == [message["role"] for message in line["messages"]]
    assert "tools" not in line
    assert b"closed" not in (tmp_path / "out/train.jsonl").read_bytes()


def test_lineage_leads_every_line_back_to_its_seeds(store: RunStore, tmp_path: Path) -> None:
    """A side file says, line by line, which episode, scenario, policies and verdicts it comes from."""
    export(store, "default", "jsonl", "agent", tmp_path / "out", make=Till)

    rows = {(row["file"], row["line"]): row for row in lines(tmp_path / "out/lineage.jsonl")}
    for part in ("train", "valid"):
        for number, line in enumerate(lines(tmp_path / f"out/{part}.jsonl"), 1):
            origin = rows.pop((f"{part}.jsonl", number))
            source = store.episode(line["episode"])
            assert (source.content_hash(), source.scenario.id) == (origin["content_hash"], origin["scenario"])
            assert ["pass"] == [found["status"] for found in origin["verdicts"]]
            assert set(policies()) == set(origin["seats"])
            assert [e["from"] for e in source.view("agent")] == [e["from"] for e in line["entries"]]
    assert {} == rows


# How chat templates write calls: as JSON (Qwen2.5, Llama 3.1), and one argument after the other (Qwen3.5, GLM-4.5).
AS_JSON = """
{%- for message in messages %}{% for call in message.tool_calls %}
{"name": "{{ call.function.name }}", "arguments": {{ call.function.arguments | tojson }}}
{%- endfor %}{{ message.content + "|" }}{% endfor %}"""
BY_ITEM = """
{%- for message in messages %}{% for call in message.tool_calls %}
<{{ call.function.name }}>{% for name, value in call.function.arguments | items %}<{{ name }}>{{ value }}{% endfor %}
{%- endfor %}{% endfor %}"""


def test_messages_render_with_both_kinds_of_chat_templates(store: RunStore, tmp_path: Path) -> None:
    """A call has the arguments that were passed, as an object, and no others; every message has a text."""
    export(store, "default", "messages", "agent", tmp_path / "out", make=Till)

    for row in lines(tmp_path / "out/train.jsonl"):
        values = store.episode(row["episode_id"]).scenario.values
        paid = {"account": values["account"], "amount": values["amount"]}
        written = [
            decode(line.partition("|")[0])
            for line in jinja2.Template(AS_JSON).render(row).splitlines()
            if line.startswith('{"name"')
        ]
        assert [{"name": "audit", "arguments": {}}, {"name": "pay", "arguments": paid}] == written
        assert ["<audit>", f"<pay><account>{paid['account']}<amount>{paid['amount']}"] == [
            line for line in jinja2.Template(BY_ITEM).render(row).splitlines() if line
        ]
        assert {"role", "content"} == set.intersection(*map(set, row["messages"]))
        assert ["pay", "audit"] == [tool["function"]["name"] for tool in row["tools"]]


@pytest.mark.parametrize("format", ["openai", "messages", "jsonl"])
def test_the_same_view_gives_the_same_bytes(store: RunStore, tmp_path: Path, format: str) -> None:
    """A second export elsewhere has the same files; one at the same place finds its work done."""
    one = export(store, "default", format, "agent", tmp_path / "one", make=Till)
    store.seal()
    two = export(store, "default", format, "agent", tmp_path / "two", make=Till)

    assert one.files == two.files
    for name in [*one.files, "report.json"]:
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()
    before = (tmp_path / "one").stat().st_ino
    assert one.hash == export(store, "default", format, "agent", tmp_path / "one", make=Till).hash
    assert before == (tmp_path / "one").stat().st_ino


def test_another_export_is_not_overwritten_unasked(store: RunStore, tmp_path: Path) -> None:
    """What is there stays until `overwrite` says otherwise; a folder that is no export stays always."""
    export(store, "default", "openai", "agent", tmp_path / "out", make=Till)

    with pytest.raises(StoreError, match="holds the export of view 'default' as openai"):
        export(store, "default", "jsonl", "agent", tmp_path / "out", make=Till)
    export(store, "default", "jsonl", "agent", tmp_path / "out", make=Till, overwrite=True)
    assert "entries" in lines(tmp_path / "out/train.jsonl")[0]


def written(folder: Path, **files: str) -> None:
    """Write files into a new folder, or one that is there."""
    folder.mkdir(exist_ok=True)
    for name, text in files.items():
        (folder / name).write_text(text)


@pytest.mark.parametrize("report", ["", "{}", '{"accuracy": 0.9}', "[1]"])
def test_what_is_no_export_is_never_replaced(store: RunStore, tmp_path: Path, report: str) -> None:
    """Neither any folder with a file called report.json, nor an export to which somebody has added something."""
    written(tmp_path / "mine", **{"thesis.txt": "precious"} | ({"report.json": report} if report else {}))

    with pytest.raises(StoreError, match=r"holds something else: .*thesis.txt\. That is never replaced"):
        export(store, "default", "jsonl", "agent", tmp_path / "mine", make=Till, overwrite=True)

    export(store, "default", "openai", "agent", tmp_path / "out", make=Till)
    written(tmp_path / "out", **{"thesis.txt": "precious"})
    with pytest.raises(StoreError, match=r"holds something else: thesis\.txt"):
        export(store, "default", "jsonl", "agent", tmp_path / "out", make=Till, overwrite=True)
    assert (
        "precious" == (tmp_path / "mine/thesis.txt").read_text() == (tmp_path / "out/thesis.txt").read_text()
    )


def test_a_file_is_no_place_for_an_export(store: RunStore, tmp_path: Path) -> None:
    """It is said before anything is made, and the file stays; so it is for a file among the folders above."""
    (tmp_path / "file").write_text("precious")

    with pytest.raises(StoreError, match=r"Expected a folder to write to, but .*file is a file"):
        export(store, "default", "jsonl", "agent", tmp_path / "file", make=Till, overwrite=True)
    with pytest.raises(StoreError, match=r"A file is where a folder has to be; choose another place\."):
        export(store, "default", "jsonl", "agent", tmp_path / "file/out", make=Till)

    assert "precious" == (tmp_path / "file").read_text()


def test_what_does_not_exist_is_refused_with_what_does(store: RunStore, tmp_path: Path) -> None:
    """Unknown formats and seats are named with the valid ones, and leave nothing behind."""
    with pytest.raises(UsageError, match=r"Unknown export format 'opnai'\. Did you mean 'openai'"):
        export(store, "default", "opnai", "agent", tmp_path / "out", make=Till)
    with pytest.raises(UsageError, match="Valid: agent, customer"):
        export(store, "default", "openai", "waiter", tmp_path / "out", make=Till)
    assert [] == [path.name for path in tmp_path.iterdir() if path.name != "run"]


def test_an_episode_that_breaks_a_rule_is_dropped_by_name(tmp_path: Path) -> None:
    """A line that a fine-tuning job would refuse is never written."""
    store = RunStore.create(tmp_path / "run", {})
    mute = episode(1, [{"from": "customer", **say("")}, {"from": "agent", **say("Hello?")}])
    with store.writer() as writer:
        for one in (episode(0), mute):
            writer.append(one, verdict(one))
    everything = Acceptance(split={"train": 1.0})

    report = export(
        store, mine(store, everything), "openai", "agent", briefs=lambda episode, seat: Brief(seat=seat)
    )

    assert ({"train": 1}, {"format": 1}) == (report.lines, report.dropped)
    assert [(mute.id, "message 0: no content")] == report.offenders


def test_refused_acts_have_no_weight_and_errors_find_their_call() -> None:
    """What the world could not read is not to be learnt; an error that answers no call is a user's message."""
    entries: list[Entry] = [
        {"from": "agent", **raw("pay((")},
        {"from": "world", "error": "expected a call"},
        {"from": "agent", **call("pay", amount=1)},
        {"from": "world", "error": "missing account"},
        {"from": "agent", **call("steal")},
        {"from": "world", "error": "unknown tool"},
        {"from": "agent", **call("pay", amount="ten")},
        {"from": "tool", "tool": "pay", "error": "expected a number", "refused": True},
        {"from": "agent", **call("pay", amount=10)},
        {"from": "tool", "tool": "pay", "error": "timed out"},
        {"from": "agent", **call("hang_up")},
    ]
    tools = tuple({"type": "function", "function": {"name": name}} for name in ("pay", "hang_up"))

    messages = conversation(episode(0, entries), "agent", Brief(seat="agent", tools=tools))

    assert [
        {"role": "assistant", "content": "pay((", "weight": 0},
        {"role": "user", "content": '{"error":"expected a call"}'},
        ("assistant", 0),
        {"role": "tool", "tool_call_id": "call00001", "content": '{"error":"missing account"}'},
        {"role": "assistant", "content": '{"call":"steal","args":{}}', "weight": 0},
        {"role": "user", "content": '{"error":"unknown tool"}'},
        ("assistant", 0),
        {"role": "tool", "tool_call_id": "call00002", "content": '{"error":"expected a number"}'},
        ("assistant", None),
        {"role": "tool", "tool_call_id": "call00003", "content": '{"error":"timed out"}'},
        ("assistant", None),
    ] == [(one["role"], one.get("weight")) if "tool_calls" in one else one for one in messages]


REFUSED: list[Entry] = [
    {"from": "customer", **say("Please pay 3 into A1.")},
    {"from": "agent", **call("audit")},
    {"from": "tool", "tool": "audit", "result": {}},
    {"from": "agent", **raw("pay((")},
    {"from": "world", "error": "expected a call"},
    {"from": "agent", **say("bye")},
]


def test_messages_end_before_the_first_refused_act(tmp_path: Path) -> None:
    """Trainers that read them know no weights; a conversation that begins with such an act is left out."""
    store = RunStore.create(tmp_path / "run", {})
    good, cut, bare = episode(0), episode(1, REFUSED), episode(2, REFUSED[3:])
    with store.writer() as writer:
        for one in (good, cut, bare):
            writer.append(one, verdict(one))
    view = mine(store, Acceptance(split={"train": 1.0}))

    report = export(
        store, view, "messages", "agent", tmp_path / "out", briefs=lambda one, seat: Till().brief(seat)
    )

    rows = {row["episode_id"]: row["messages"] for row in lines(tmp_path / "out/train.jsonl")}
    assert {good.id, cut.id} == set(rows)
    assert ["system", "user", "assistant", "tool"] == [message["role"] for message in rows[cut.id]]
    assert "weight" not in rows[cut.id][0]
    assert {"begins with a refused act": 1} == report.dropped
    assert [bare.id] == [name for name, _ in report.offenders]
    assert any(note.startswith("1 conversations end before their first refused act") for note in report.notes)

    report = export(
        store, view, "openai", "agent", tmp_path / "all", briefs=lambda one, seat: Till().brief(seat)
    )
    assert {"train": 3} == report.lines
    assert [0] == [
        message["weight"]
        for message in lines(tmp_path / "all/train.jsonl")[1]["messages"]
        if "weight" in message
    ]


def line(*messages: dict[str, Any], **more: Any) -> dict[str, Any]:
    """Return a line with one tool and these messages after the user's."""
    tool = {"type": "function", "function": {"name": "pay", "parameters": {"type": "object"}}}
    return {"messages": [{"role": "user", "content": "hi"}, *messages], "tools": [tool], **more}


def calling(name: str = "c1", arguments: Any = "{}", tool: str = "pay") -> dict[str, Any]:
    """Return an assistant's message with one call."""
    function = {"name": tool, "arguments": arguments}
    return {"role": "assistant", "tool_calls": [{"id": name, "type": "function", "function": function}]}


DONE = {"role": "assistant", "content": "done"}
ANSWER = {"role": "tool", "tool_call_id": "c1", "content": "ok"}


@pytest.mark.parametrize(
    ("row", "offence"),
    [
        ([], "expected an object"),
        ({"messages": []}, "expected a list of messages"),
        (line(), "no assistant message to learn from"),
        (line(DONE | {"weight": 0}), "no assistant message to learn from"),
        (line(DONE | {"weight": 0.5}), "expected a weight of 0 or 1"),
        (line({"role": "robot", "content": "x"}, DONE), "expected a role among"),
        (line({"role": "system", "content": "x"}, DONE), "may only come first"),
        (line({"role": "user", "content": "x", "weight": 1}, DONE), "unknown keys ['weight']"),
        (line({"role": "assistant", "content": ""}), "no content"),
        (line({"role": "assistant", "content": 7}), "content is not a text"),
        (line(calling(), DONE), "follows calls without an answer"),
        (line(calling("c2"), ANSWER, DONE), "answers 'c1'"),
        (line(calling(), ANSWER, calling(), ANSWER, DONE), "used twice"),
        (line(calling(tool="steal"), ANSWER), "not among the tools"),
        (line(calling(arguments={}), ANSWER), "string that holds a JSON object"),
        (line(calling(arguments="[1]"), ANSWER), "string that holds a JSON object"),
        (line(DONE, parallel_tool_calls="no"), "not true or false"),
        (line(DONE, temperature=1), "unknown key 'temperature'"),
        (line(DONE) | {"tools": []}, "list of 1 to 128 tools"),
        (
            line({"role": "assistant", "tool_calls": [*calling()["tool_calls"], *calling("c2")["tool_calls"]]},
                 parallel_tool_calls=False),
            "2 calls at once",
        ),
    ],
)  # fmt: skip
def test_the_checker_names_every_offence(row: Any, offence: str) -> None:
    """A line that breaks a rule is told which."""
    assert any(offence in message for message in check_line(row)), check_line(row)


def test_the_checker_accepts_a_good_line_and_counts_from_one() -> None:
    """Offences name their line; a file needs ten."""
    good = msgspec.json.encode(line(calling(), ANSWER, DONE, calling("c2")))

    assert [] == check_lines([good] * 10)
    assert [(2, "expected JSON"), (0, "expected at least 10 lines, got 2")] == [
        (offence.line, offence.message.partition(":")[0]) for offence in check_lines([good, b"{"])
    ]


@pytest.mark.slow
@pytest.mark.filterwarnings("default")
def test_messages_are_read_by_the_datasets_library(store: RunStore, tmp_path: Path) -> None:
    """What TRL and others load their data with takes the files as they are."""
    datasets = pytest.importorskip("datasets")
    export(store, "default", "messages", "agent", tmp_path / "out", make=Till)

    files = str(tmp_path / "out/train.jsonl")
    found = datasets.load_dataset("json", data_files=files, split="train", cache_dir=str(tmp_path / "cache"))

    assert lines(tmp_path / "out/train.jsonl") == list(found)
