"""The formats of exports: of conversations what a line of JSON is and its rules, of simulations who writes them.

Nobody is to learn an act that the world refused. `openai` and `jsonl` give it weight 0, which their readers honour:
OpenAI's fine-tuning and Gristmill's own trainer. In `messages` the conversation ends before it, and in `preference`
(see `_pairs`) what is chosen does.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from gristmill.digest import decode, encode
from gristmill.recorders._lerobot import LeRobot
from gristmill.recorders._minari import Minari
from gristmill.recorders._robomimic import Robomimic
from gristmill.recorders._writing import Setting, Writer
from gristmill.recorders.chat import Message, conversation, weighted
from gristmill.recorders.openai_rules import check_line
from gristmill.types import Brief, Episode

__all__ = ["FORMATS", "NUMERIC", "PREFERENCE", "Format", "arguments", "check_messages"]

Row = dict[str, Any]
PREFERENCE = "preference"  # a line is about two episodes, see `_pairs`


class Format(msgspec.Struct, frozen=True):
    """A format.

    Attributes:
        render: makes the line of one seat of an episode, and says whether that had to be cut short.
        check: returns the rules that a line breaks.
    """

    render: Callable[[Episode, str, Brief], tuple[Row, bool]]
    check: Callable[[Row], list[str]]


def _openai(episode: Episode, seat: str, brief: Brief) -> tuple[Row, bool]:
    """Return a line of OpenAI's chat fine-tuning format."""
    row: Row = {"messages": conversation(episode, seat, brief)}
    if brief.tools:
        row |= {"tools": list(brief.tools), "parallel_tool_calls": False}
    return row, False


def _messages(episode: Episode, seat: str, brief: Brief) -> tuple[Row, bool]:
    """Return a line for TRL and other trainers that render `messages` and `tools` with a chat template.

    With `datasets` 4.7 or later, which TRL asks for, a file is loaded as it is by

        from datasets import load_dataset
        dataset = load_dataset("json", data_files="train.jsonl", split="train")

    The arguments of a call are an object, as chat templates expect: they write it with `tojson` or go through its
    items, and would quote a string once more or fail (Transformers documentation, "Tool use"; TRL documentation,
    "Dataset formats", tool calling). What calls has an empty `content`, since some templates read it unasked. The file
    is no Parquet, whose columns have fixed fields: it would pad the arguments of every call with those of all others.

    Such trainers know no weight of a single message: TRL's `SFTTrainer` learns all that the assistant says with
    `assistant_only_loss=True`, and every message without (TRL documentation, "SFT Trainer"; huggingface/trl#2424). So
    the conversation ends before the first act that was refused, and what came after it is left out.
    """
    messages = conversation(episode, seat, brief)
    refused = [place for place, message in enumerate(messages) if message.get("weight") == 0]
    row = {
        "messages": arguments(messages[: refused[0]] if refused else messages, decode),
        "tools": list(brief.tools),
        "episode_id": episode.id,
        "scenario_id": episode.scenario.id,
        "stratum": episode.scenario.stratum,
    }
    return row, bool(refused)


def check_messages(row: Row) -> list[str]:
    """Return the rules that the `messages` and `tools` of a line break."""
    messages = arguments(row["messages"], lambda given: encode(given).decode())
    return check_line({"messages": messages} | ({"tools": row["tools"]} if row["tools"] else {}))


def arguments(messages: list[Message], change: Callable[[Any], Any]) -> list[Message]:
    """Return the messages with the arguments of every call changed, and a text beside them, if an empty one."""
    return [
        {"content": ""} | message | {"tool_calls": [_call(call, change) for call in message["tool_calls"]]}
        if "tool_calls" in message
        else message
        for message in messages
    ]


def _call(call: dict[str, Any], change: Callable[[Any], Any]) -> dict[str, Any]:
    function = call["function"]
    return call | {"function": function | {"arguments": change(function["arguments"])}}


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


FORMATS: dict[str, Format] = {
    "jsonl": Format(_entries, _check_entries),
    "messages": Format(_messages, check_messages),
    "openai": Format(_openai, check_line),
}

NUMERIC: dict[str, Callable[[Path, Setting], Writer]] = {
    "lerobot": LeRobot,
    "minari": Minari,
    "robomimic": Robomimic,
}
