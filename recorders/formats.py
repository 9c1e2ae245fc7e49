"""The formats of exports: what a line is, what its rules are, and how a file of them is written.

Nobody is to learn an act that the world refused. `openai` and `jsonl` give it weight 0, which their readers honour:
OpenAI's fine-tuning and Gristmill's own trainer. In `messages` the conversation ends before it.
"""

from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol, Self

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from gristmill.digest import encode
from gristmill.recorders.chat import conversation, weighted
from gristmill.recorders.openai_rules import check_line
from gristmill.types import Brief, Episode

__all__ = ["FORMATS", "Format", "Sink"]

Row = dict[str, Any]


class Sink(Protocol):
    """A file in the making; a context manager."""

    def __enter__(self) -> Self: ...
    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...
    def write(self, row: Row) -> None:
        """Add one line."""
        ...


class Format(msgspec.Struct, frozen=True):
    """A format.

    Attributes:
        suffix: of its files.
        render: makes the line of one seat of an episode, and says whether that had to be cut short.
        check: returns the rules that a line breaks.
        sink: opens a file.
    """

    suffix: str
    render: Callable[[Episode, str, Brief], tuple[Row, bool]]
    check: Callable[[Row], list[str]]
    sink: Callable[[Path], Sink]


def _openai(episode: Episode, seat: str, brief: Brief) -> tuple[Row, bool]:
    """Return a line of OpenAI's chat fine-tuning format."""
    row: Row = {"messages": conversation(episode, seat, brief)}
    if brief.tools:
        row |= {"tools": list(brief.tools), "parallel_tool_calls": False}
    return row, False


def _messages(episode: Episode, seat: str, brief: Brief) -> tuple[Row, bool]:
    """Return a row for TRL and other trainers that read `messages` and `tools`.

    They know no weight of a single message: TRL's `SFTTrainer` learns all that the assistant says with
    `assistant_only_loss=True`, and every message without (TRL documentation, "SFT Trainer"; huggingface/trl#2424). So
    the conversation ends before the first act that was refused, and what came after it is left out.
    """
    messages = conversation(episode, seat, brief)
    refused = [place for place, message in enumerate(messages) if message.get("weight") == 0]
    row = {
        "messages": messages[: refused[0]] if refused else messages,
        "tools": encode(list(brief.tools)).decode(),
        "episode_id": episode.id,
        "scenario_id": episode.scenario.id,
        "stratum": episode.scenario.stratum,
    }
    return row, bool(refused)


def _check_messages(row: Row) -> list[str]:
    tools = msgspec.json.decode(row["tools"])
    return check_line({"messages": row["messages"]} | ({"tools": tools} if tools else {}))


def _entries(episode: Episode, seat: str, brief: Brief) -> tuple[Row, bool]:
    """Return a line for Gristmill's own trainer: the entries themselves."""
    row = {
        "episode": episode.id,
        "scenario": episode.scenario.id,
        "stratum": episode.scenario.stratum,
        "seat": seat,
        "brief": brief,
        "entries": weighted(episode, seat),
    }
    return row, False


def _check_entries(row: Row) -> list[str]:
    acts = [entry for entry in row["entries"] if entry.get("from") == row["seat"]]
    return [] if any(entry.get("weight", 1) for entry in acts) else ["no act to learn from"]


class _Lines:
    """Lines of JSON."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("wb")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def write(self, row: Row) -> None:
        self._file.write(encode(row) + b"\n")


_CALL = pa.struct(
    [
        ("id", pa.string()),
        ("type", pa.string()),
        ("function", pa.struct([("name", pa.string()), ("arguments", pa.string())])),
    ]
)
_MESSAGE = pa.struct(
    [
        ("role", pa.string()),
        ("content", pa.string()),
        ("tool_calls", pa.list_(_CALL)),
        ("tool_call_id", pa.string()),
    ]
)
# Tools and arguments are JSON in strings: as structs, every call would be padded with the arguments of all tools.
_TABLE = pa.schema(
    [
        ("messages", pa.list_(_MESSAGE)),
        ("tools", pa.string()),
        ("episode_id", pa.string()),
        ("scenario_id", pa.string()),
        ("stratum", pa.string()),
    ]
)


class _Parquet:
    """Rows of a Parquet file, written some hundred at a time."""

    BATCH = 512

    def __init__(self, path: Path) -> None:
        self._writer = pq.ParquetWriter(path, _TABLE, compression="zstd", write_page_checksum=True)
        self._rows: list[Row] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self._flush()
        finally:
            self._writer.close()

    def write(self, row: Row) -> None:
        self._rows.append(row)
        if len(self._rows) >= self.BATCH:
            self._flush()

    def _flush(self) -> None:
        if self._rows:
            self._writer.write_table(pa.Table.from_pylist(self._rows, schema=_TABLE))
            self._rows = []


FORMATS: dict[str, Format] = {
    "jsonl": Format("jsonl", _entries, _check_entries, _Lines),
    "messages": Format("parquet", _messages, _check_messages, _Parquet),
    "openai": Format("jsonl", _openai, check_line, _Lines),
}
