"""Episodes as rows: the columns of the sealed tables, and the way there and back.

Whatever has a column of its own is put there only if it has the column's type; the rest of an entry goes to
`extra_json`, so that every entry comes back as it was. Ragged JSON is a string column, never a struct inferred from
data, which would pad every row with the union of all keys.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import msgspec
import pyarrow as pa

from gristmill.digest import decode, decoder, encode
from gristmill.types import Entry, Episode, Fault, Scenario, SeatInfo

__all__ = [
    "BIGGEST",
    "EPISODES",
    "MESSAGES",
    "NOWHERE",
    "Body",
    "Place",
    "episode_row",
    "episodes_of",
    "message_cells",
    "read_body",
    "table",
]

EPISODES = pa.schema(
    [
        ("episode_id", pa.string()),
        ("world", pa.string()),
        ("version", pa.string()),
        ("scenario_id", pa.string()),
        ("scenario_json", pa.string()),
        ("stratum", pa.string()),
        ("log_density", pa.float64()),
        ("seed", pa.string()),  # an identifier of up to 64 bits, signed or not
        ("attempt", pa.int64()),
        ("seats_json", pa.string()),
        ("generation", pa.int64()),  # the highest of the seats
        ("entries", pa.int64()),
        ("end", pa.string()),
        ("fault_side", pa.string()),
        ("fault_message", pa.string()),
        ("state_json", pa.string()),
        ("state_digest", pa.string()),
        ("content_hash", pa.string()),
        ("steps_layout", pa.string()),  # JSON; null for an episode without numeric steps
        ("steps_file", pa.string()),
        ("steps_group", pa.int64()),  # row group of that file
        ("steps_row", pa.int64()),  # first row in the group
    ]
)
MESSAGES = pa.schema(
    [
        ("episode_id", pa.string()),
        ("t", pa.int32()),
        ("from", pa.string()),
        ("visible_to", pa.list_(pa.string())),  # null: every seat
        ("kind", pa.string()),
        ("text", pa.string()),
        ("tool", pa.string()),
        ("args_json", pa.string()),
        ("result_json", pa.string()),
        ("extra_json", pa.string()),
    ]
)

_scenario = decoder(Scenario)
_seats = decoder(dict[str, SeatInfo])
_entry = decoder(dict[str, msgspec.Raw])
# An entry's kind is the first of these keys that it has; `text` holds the value of those in _TEXT.
_KINDS = ("say", "call", "result", "error", "raw", "event")
QUOTE = ord('"')
_TEXT = {kind: kind for kind in ("say", "error", "raw", "event")}
UNDECODABLE = (ValueError, KeyError, TypeError)
BIGGEST = 2**63  # what an int64 column cannot hold any more


class Body(msgspec.Struct, frozen=True, kw_only=True):
    """The JSON of an Episode, taken apart only as far as the tables need; the rest is copied as it is."""

    id: str
    world: str
    version: str
    scenario: msgspec.Raw
    seats: msgspec.Raw
    seed: int
    attempt: int
    entries: list[msgspec.Raw]
    end: str
    fault: Fault | None
    state: msgspec.Raw
    state_digest: str


class Place(NamedTuple):
    """Where the numeric steps of an episode lie: layout as JSON, file, row group, first row in it."""

    layout: str | None = None
    file: str | None = None
    group: int | None = None
    row: int | None = None


NOWHERE = Place()
read_body = decoder(Body)


def table(cells: Sequence[Any], schema: pa.Schema) -> pa.Table:
    """Return as a table the values of its rows, one after the other; rows as objects would keep the collector busy."""
    width = len(schema)
    # A column grows as it is filled, for which Arrow's own pool asks the kernel for fresh memory again and again.
    pool = pa.system_memory_pool()
    arrays = [
        pa.array(cells[place::width], field.type, memory_pool=pool) for place, field in enumerate(schema)
    ]
    return pa.Table.from_arrays(arrays, schema=schema)


def episode_row(body: Body, content_hash: str) -> tuple[Any, ...]:
    """Return the row of an episode, in the order of `EPISODES`, but for the place of its steps, which comes last.

    Raises:
        ValueError: when it is no episode, or a column cannot hold a value of it.
    """
    scenario, fault = _scenario(body.scenario), body.fault
    generation = _generation(bytes(body.seats))
    if not (-BIGGEST <= body.attempt < BIGGEST and -BIGGEST <= generation < BIGGEST):
        raise ValueError(f"Expected numbers of 64 bits, got attempt {body.attempt}, generation {generation}")
    return (
        body.id,
        body.world,
        body.version,
        scenario.id,
        _text(body.scenario),
        scenario.stratum,
        scenario.log_density,
        str(body.seed),
        body.attempt,
        _text(body.seats),
        generation,
        len(body.entries),
        body.end,
        fault.side if fault else None,
        fault.message if fault else None,
        _text(body.state),
        body.state_digest,
        content_hash,
    )


@lru_cache(64)  # nearly all episodes of a run have the same seats
def _generation(seats: bytes) -> int:
    return max((info.generation for info in _seats(seats).values()), default=0)


def message_cells(body: Body) -> list[Any]:
    """Return the rows of an episode's entries, in the order of `MESSAGES`, one after the other."""
    cells: list[Any] = []
    for time, entry in enumerate(body.entries):
        cells += (body.id, time)
        cells += _split(entry)
    return cells


class _Usual(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename={"source": "from"}):
    """An entry as nearly all of them are: a message, a call, or an answer."""

    source: str
    to: list[str] | msgspec.UnsetType = msgspec.UNSET
    say: str = ""
    call: str = ""
    args: msgspec.Raw = msgspec.Raw()
    tool: str = ""
    result: msgspec.Raw = msgspec.Raw()


_usual = decoder(_Usual)


def _split(raw: msgspec.Raw) -> tuple[Any, ...]:
    """Return the values of the columns from `from` to `extra_json`."""
    try:
        one = _usual(raw)
    except msgspec.ValidationError:
        return _split_any(_entry(raw))
    to = None if one.to is msgspec.UNSET else one.to
    say, call, args, tool, result = one.say, one.call, one.args, one.tool, one.result
    if say and not (call or args or tool or result):
        return one.source, to, "say", say, None, None, None, None
    if call and args and not (say or tool or result):
        return one.source, to, "call", None, call, _text(args), None, None
    if tool and result and not (say or call or args):
        return one.source, to, "result", None, tool, None, _text(result), None
    return _split_any(_entry(raw))


def _split_any(entry: dict[str, msgspec.Raw]) -> tuple[Any, ...]:
    kind = next(filter(entry.__contains__, _KINDS), "other")
    text_key, tool_key = _TEXT.get(kind), "call" if kind == "call" else "tool"
    source = to = text = tool = args = result = None
    rest: dict[str, msgspec.Raw] = {}
    for key, raw in entry.items():
        if key == "args":
            args = _text(raw)
        elif key == "result":
            result = _text(raw)
        elif key == text_key and memoryview(raw)[0] == QUOTE:
            text = decode(raw)
        elif key == "from" and (name := _label(bytes(raw))):
            source = name[0]
        elif key == tool_key and (name := _label(bytes(raw))):
            tool = name[0]
        elif key == "to" and (names := _labels(bytes(raw))) is not None:
            to = names
        else:
            rest[key] = raw
    return source, to, kind, text, tool, args, result, encode(rest).decode() if rest else None


@lru_cache(4096)  # seats and tools are few, and their names are in every entry
def _label(raw: bytes) -> tuple[str] | None:
    value = decode(raw)
    return (value,) if type(value) is str else None


@lru_cache(4096)
def _labels(raw: bytes) -> list[str] | None:
    value = decode(raw)
    return value if type(value) is list and all(type(item) is str for item in value) else None


def _text(raw: msgspec.Raw) -> str:
    return str(raw, "utf-8")


def episodes_of(heads: list[dict[str, Any]], messages: dict[str, list[Any]]) -> Sequence[Episode | str]:
    """Return the episodes whose rows are `heads`, or why one cannot be read.

    `messages` are the columns of all their entries, in order.
    """
    columns = [messages[name] for name in MESSAGES.names[2:]]
    try:
        return _episodes(heads, columns)
    except UNDECODABLE:  # hence one by one, to lose no other
        episodes: list[Episode | str] = []
        offset = 0
        for head in heads:
            end = offset + head["entries"]
            try:
                episodes += _episodes([head], [column[offset:end] for column in columns])
            except UNDECODABLE as error:
                episodes.append(f"cannot be decoded: {error}")
            offset = end
        return episodes


def _episodes(heads: list[dict[str, Any]], columns: list[list[Any]]) -> list[Episode]:
    entries = [_join(*row) for row in zip(*columns, strict=True)]
    episodes = []
    offset = 0
    for head in heads:
        end = offset + head["entries"]
        episodes.append(_episode(head, entries[offset:end]))
        offset = end
    return episodes


def _join(
    source: str | None,
    to: list[str] | None,
    kind: str,
    text: str | None,
    tool: str | None,
    args: str | None,
    result: str | None,
    extra: str | None,
) -> Entry:
    """Return the entry that `_split` took apart."""
    entry: Entry = {}
    if source is not None:
        entry["from"] = source
    if tool is not None:
        entry["call" if kind == "call" else "tool"] = tool
    if text is not None:
        entry[_TEXT[kind]] = text
    if args is not None:
        entry["args"] = decode(args)
    if result is not None:
        entry["result"] = decode(result)
    if extra is not None:
        entry.update(decode(extra))
    if to is not None:
        entry["to"] = to
    return entry


def _episode(head: dict[str, Any], entries: list[Entry]) -> Episode:
    side = head["fault_side"]
    return Episode(
        id=head["episode_id"],
        world=head["world"],
        version=head["version"],
        scenario=_scenario(head["scenario_json"]),
        seats=_seats(head["seats_json"]),
        seed=int(head["seed"]),
        attempt=head["attempt"],
        entries=entries,
        end=head["end"],
        fault=Fault(side=side, message=head["fault_message"]) if side is not None else None,
        state=decode(head["state_json"]),
        state_digest=head["state_digest"],
    )
