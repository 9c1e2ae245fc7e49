"""Augmented rows: a link to the parent, nothing learnt from changed, and a file whole or not at all."""

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from gristmill.digest import decode, digest, encode
from gristmill.errors import UsageError
from gristmill.generators.answers import judge
from gristmill.lines import read_lines, write_lines
from gristmill.workflows.augment import augment_rows
from gristmill.workflows.instruct import instruct

CHAT = {
    "id": "c1",
    "messages": [
        {"role": "system", "content": "You do not give refunds without looking."},
        {"role": "user", "content": "I do not know why, but I do not like the faulty lamp of order W4821."},
        {
            "role": "assistant",
            "tool_calls": [{"id": "1", "function": {"name": "get", "arguments": '{"item":"lamp"}'}}],
        },
        {"role": "tool", "content": '{"order":"W4821"}', "tool_call_id": "1"},
        {"role": "assistant", "content": "I do not see order W4821."},
    ],
    "order": "W4821",
}


def jsonl(path: Path, *rows: Any) -> Path:
    """A file of rows."""
    path.write_bytes(b"".join(encode(one) + b"\n" for one in rows))
    return path


def rows(path: Path) -> list[dict[str, Any]]:
    """The rows of a file of JSON lines."""
    return [decode(line) for line in path.read_bytes().splitlines()]


def test_only_the_words_of_the_role_change(tmp_path: Path) -> None:
    """What is to be learnt stays to the letter, and so does what a tool call took from the words."""
    source = jsonl(tmp_path / "a.jsonl", CHAT)

    report = augment_rows(
        source, tmp_path / "b.jsonl", ["typos?rate=1|contractions?rate=1"], copies=3, seed=4
    )

    assert {"typos?rate=1|contractions?rate=1": 3} == report.written
    for one in rows(tmp_path / "b.jsonl"):
        assert CHAT["messages"][0] == one["messages"][0]
        assert CHAT["messages"][2:] == one["messages"][2:]
        assert CHAT["messages"][1] != one["messages"][1]
        assert all(word in one["messages"][1]["content"] for word in ("lamp", "W4821", "don't"))


def test_every_copy_names_its_parent_and_what_was_done(tmp_path: Path) -> None:
    """Id, row number and content hash; names, seed and changes."""
    source = jsonl(tmp_path / "a.jsonl", {"id": "x", "text": "I am late."}, {"id": "y", "text": "I am ill."})

    augment_rows(source, tmp_path / "b.jsonl", ["contractions?rate=1"], seed=9)

    _, second = rows(tmp_path / "b.jsonl")
    assert {"id": "y", "row": 1, "hash": digest({"id": "y", "text": "I am ill."})} == second["parent"]
    assert "y/contractions?rate=1/0" == second["id"]
    assert {
        "names": ["contractions"],
        "spec": "contractions?rate=1",
        "seed": 9,
        "copy": 0,
        "changes": [{"by": "contractions", "was": "I am", "now": "I'm"}],
    } == second["augmentation"]


def test_what_changes_a_whole_record_changes_both_sides(tmp_path: Path) -> None:
    """Words, arguments, results and labels get the same new identifier."""
    source = jsonl(tmp_path / "a.jsonl", CHAT)

    augment_rows(source, tmp_path / "b.jsonl", ["refill?what=ids"])

    (found,) = rows(tmp_path / "b.jsonl")
    order = found["order"]
    assert "W4821" != order
    assert encode(CHAT["messages"]).replace(b"W4821", order.encode()) == encode(found["messages"])


def test_the_same_command_gives_the_same_bytes_and_another_seed_others(tmp_path: Path) -> None:
    """A copy depends on seed, augmentation, row and number alone."""
    source = jsonl(tmp_path / "a.jsonl", *[CHAT] * 5)
    for name, seed in (("b", 0), ("c", 0), ("d", 1)):
        augment_rows(source, tmp_path / f"{name}.jsonl", ["typos?rate=0.5"], seed=seed)

    one, again, other = ((tmp_path / f"{name}.jsonl").read_bytes() for name in "bcd")
    assert one == again != other


def test_copies_that_are_none_are_counted_and_left_out(tmp_path: Path) -> None:
    """Nothing to change, or the same as another copy."""
    source = jsonl(tmp_path / "a.jsonl", {"text": "I am late."}, {"text": "Hm."})

    report = augment_rows(source, tmp_path / "b.jsonl", ["contractions?rate=1"], copies=3)

    assert {"nothing to change": 3, "like another copy": 2} == report.left_out
    assert {"contractions?rate=1": 1} == report.written


def test_a_record_that_has_to_be_left_is_counted_with_the_reason(tmp_path: Path) -> None:
    """Where no new values are left, and not as if there had been nothing to change."""
    source = jsonl(
        tmp_path / "a.jsonl",
        {"text": " ".join(f"R{one}" for one in range(100, 600))},
        {"text": "It is R100."},
    )

    report = augment_rows(source, tmp_path / "b.jsonl", ["refill"])

    assert ({"refill": 1}, {"more identifiers of one form than others are left to take their place": 1}) == (
        report.written,
        report.left_out,
    )


def test_parquet_in_parquet_out(tmp_path: Path) -> None:
    """Types stay; the link to the parent is a column of its own."""
    table = pa.table(
        {
            "text": ["I am late.", None, "I am ill."],
            "n": pa.array([1, 2, 3], pa.int8()),
            "day": pa.array([0, 1, 2], pa.date32()),
        }
    )
    pq.write_table(table, tmp_path / "a.parquet")

    augment_rows(tmp_path / "a.parquet", tmp_path / "b.parquet", ["contractions?rate=1"])

    found = pq.read_table(tmp_path / "b.parquet")
    assert table.schema.names == found.schema.names[:3]
    assert table.schema.types == found.schema.types[:3]
    assert ["I'm late.", "I'm ill."] == found["text"].to_pylist()
    assert [0, 2] == [one["row"] for one in found["parent"].to_pylist()]


def test_messages_in_parts_and_other_columns(tmp_path: Path) -> None:
    """A content may have parts; a column may have any name; roles can be chosen."""
    parts = {
        "role": "user",
        "content": [{"type": "text", "text": "I am late."}, {"type": "image", "url": "I am"}],
    }
    source = jsonl(tmp_path / "a.jsonl", {"chat": [parts, {"role": "agent", "content": "I am here."}]})

    augment_rows(
        source, tmp_path / "b.jsonl", ["contractions?rate=1"], column="chat", roles=["user", "agent"]
    )

    (found,) = rows(tmp_path / "b.jsonl")
    assert ["I'm late.", "I am", "I'm here."] == [
        found["chat"][0]["content"][0]["text"], found["chat"][0]["content"][1]["url"], found["chat"][1]["content"],
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"text": "I am"}\n{"text": ', "line 2: expected a JSON object"),
        ('{"text": "I am"}\n[1]', r"line 2: expected a JSON object, got \[1\]"),
        ("", "at least one row"),
        ('{"a": "I am", "b": "I am"}', "Expected a column messages, text or instruction, got a, b"),
        ('{"text": ["I am"]}', "Expected text or chat messages in column 'text', got str"),
        ('{"text": "I am"}\n{"texts": "I am"}', "Unknown column 'text'. Did you mean 'texts'?"),
    ],
)
def test_a_wrong_file_is_told_and_leaves_nothing(tmp_path: Path, text: str, message: str) -> None:
    """The place, and neither an output nor a part of one."""
    (tmp_path / "a.jsonl").write_text(text, encoding="utf-8")

    with pytest.raises(UsageError, match=message):
        augment_rows(tmp_path / "a.jsonl", tmp_path / "b.jsonl", ["contractions"])
    assert ["a.jsonl"] == [one.name for one in tmp_path.iterdir()]


def test_text_that_is_not_utf_8_is_told(tmp_path: Path) -> None:
    """With its line."""
    (tmp_path / "a.jsonl").write_bytes(b'{"text": "I am"}\n{"text": "\xff"}\n')

    with pytest.raises(UsageError, match="line 2: expected a JSON object"):
        augment_rows(tmp_path / "a.jsonl", tmp_path / "b.jsonl", ["contractions"])


def test_files_are_not_replaced_unasked(tmp_path: Path) -> None:
    """Nor is another format written, or anything read that is no table."""
    source = jsonl(tmp_path / "a.jsonl", {"text": "I am late."})
    wrong = tmp_path / "a.parquet"
    wrong.write_bytes(b"no table")
    for path, out, message in (
        (source, source, "exists; choose another, or replace it with --overwrite"),
        (source, tmp_path / "b.parquet", "in the format of the source"),
        (tmp_path / "none.jsonl", tmp_path / "b.jsonl", "Expected a file, got .* not there"),
        (tmp_path / "a.csv", tmp_path / "b.csv", "ends in .jsonl or .parquet"),
        (wrong, tmp_path / "b.parquet", "Expected Parquet in"),
    ):
        with pytest.raises(UsageError, match=message):
            augment_rows(path, out, ["contractions"])

    other = jsonl(tmp_path / "b.jsonl", {"text": "Something else."})
    augment_rows(source, other, ["contractions?rate=1"], overwrite=True)
    assert ["I'm late."] == [one["text"] for one in rows(other)]


def test_tasks_with_a_check_stay_right(tmp_path: Path) -> None:
    """Words change that no answer hangs on; amounts are not put otherwise, for an answer is worked out from them."""
    instruct("general", tmp_path / "tasks.jsonl", n=120)
    instruct("problems", tmp_path / "problems.jsonl", n=30)
    copies = list[Any]()
    for source in ("tasks", "problems"):
        report = augment_rows(
            tmp_path / f"{source}.jsonl",
            tmp_path / f"{source}-more.jsonl",
            ["typos", "casing", "swap-names", "refill"],
        )
        copies += read_lines(tmp_path / f"{source}-more.jsonl")
        assert (
            report.parents == report.left_out["not refilled, for an answer is worked out from what is there"]
        )
    shown = [one for one in copies if one["leaf"].startswith("texts/") and "sentence" in one["values"]]

    assert {"typos", "casing", "swap-names"} == {one["augmentation"]["spec"] for one in copies}
    assert {"pass"} == {judge(one["check"], one["response"], one["calls"]).status for one in copies}
    assert shown
    assert [] == [one["instruction"] for one in shown if one["values"]["sentence"] not in one["instruction"]]


def test_a_copy_that_is_wrong_by_its_own_check_is_left_out(tmp_path: Path) -> None:
    """Such as a name written like no name, which stays, while the reply names somebody else; a check of others is no check."""
    row = {
        "text": "Who is it? Robert Miller is.",
        "response": "Robert",
        "check": {"kind": "text", "answer": "RobERT"},
    }
    write_lines(tmp_path / "rows.jsonl", [row, {**row, "check": {"kind": "of their own"}}])
    report = augment_rows(tmp_path / "rows.jsonl", tmp_path / "more.jsonl", ["swap-names"])

    assert {"no longer right by its own check": 1} == report.left_out
    assert {"swap-names": 1} == report.written


def test_a_copy_differs_in_what_can_be_seen(tmp_path: Path) -> None:
    """A name among the values that a row was made from, and nowhere else, makes no other row."""
    rows = [
        {"text": "Set an alarm.", "values": {"name": "Anna"}},
        {"text": "Call Anna.", "values": {"name": "Anna"}},
    ]
    write_lines(tmp_path / "rows.jsonl", rows)
    report = augment_rows(tmp_path / "rows.jsonl", tmp_path / "more.jsonl", ["swap-names"])

    assert {"nothing to change": 1} == report.left_out
    assert {"swap-names": 1} == report.written


def test_the_source_is_never_written_over(tmp_path: Path) -> None:
    """Copies alone would be left of it."""
    write_lines(tmp_path / "rows.jsonl", [{"text": "I want a refund."}])

    with pytest.raises(UsageError, match="Expected another file to write than the one that is read"):
        augment_rows(tmp_path / "rows.jsonl", tmp_path / "rows.jsonl", ["paraphrase"], overwrite=True)
