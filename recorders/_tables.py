"""Episodes as rows: the columns of the sealed tables, and the way there and back.

Whatever has a column of its own is put there only if it has the column's type; the rest of an entry goes to
`extra_json`, so that every entry comes back as it was. Ragged JSON is a string column, never a struct inferred from
data, which would pad every row with the union of all keys.
"""

from collections.abc import Sequence
from typing import Any

import pyarrow as pa

from gristmill.digest import decode, decoder, encode
from gristmill.types import Entry, Episode, Fault, Scenario, SeatInfo

__all__ = ["EPISODES", "MESSAGES", "episode_rows", "episodes_of", "message_rows"]

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
_KINDS = (
    "say",
    "call",
    "result",
    "error",
    "raw",
    "event",
)  # an entry's kind is the first of these keys that it has
_TEXT = {
    "say": "say",
    "raw": "raw",
    "error": "error",
    "event": "event",
}  # kind -> the key whose value is `text`


def episode_rows(episodes: Sequence[Episode], places: Sequence[dict[str, Any]]) -> pa.Table:
    """Return one row per episode; `places` says where its steps lie, if it has any."""
    return pa.Table.from_pylist(
        [_episode_row(episode) | place for episode, place in zip(episodes, places, strict=True)],
        schema=EPISODES,
    )


def _episode_row(episode: Episode) -> dict[str, Any]:
    scenario, fault = episode.scenario, episode.fault
    return {
        "episode_id": episode.id,
        "world": episode.world,
        "version": episode.version,
        "scenario_id": scenario.id,
        "scenario_json": encode(scenario).decode(),
        "stratum": scenario.stratum,
        "log_density": scenario.log_density,
        "seed": str(episode.seed),
        "attempt": episode.attempt,
        "seats_json": encode(episode.seats).decode(),
        "generation": max((info.generation for info in episode.seats.values()), default=0),
        "entries": len(episode.entries),
        "end": episode.end,
        "fault_side": fault.side if fault else None,
        "fault_message": fault.message if fault else None,
        "state_json": encode(episode.state).decode(),
        "state_digest": episode.state_digest,
        "content_hash": episode.content_hash(),
    }


def message_rows(episodes: Sequence[Episode]) -> pa.Table:
    """Return one row per entry, in the order of the episodes."""
    rows = [
        (episode.id, time, *_split(entry))
        for episode in episodes
        for time, entry in enumerate(episode.entries)
    ]
    columns = zip(*rows, strict=True) if rows else [()] * len(MESSAGES)
    arrays = [pa.array(column, field.type) for column, field in zip(columns, MESSAGES, strict=True)]
    return pa.Table.from_arrays(arrays, schema=MESSAGES)


def _split(entry: Entry) -> tuple[Any, ...]:
    """Return the values of the columns from `from` to `extra_json`."""
    kind = next(filter(entry.__contains__, _KINDS), "other")
    text_key, tool_key = _TEXT.get(kind), "call" if kind == "call" else "tool"
    source = to = text = tool = args = result = None
    rest: Entry = {}
    for key, value in entry.items():
        if key == "args":
            args = encode(value).decode()
        elif key == "result":
            result = encode(value).decode()
        elif key == "to" and _strings(value):
            to = value
        elif type(value) is not str:
            rest[key] = value
        elif key == "from":
            source = value
        elif key == text_key:
            text = value
        elif key == tool_key:
            tool = value
        else:
            rest[key] = value
    return source, to, kind, text, tool, args, result, encode(rest).decode() if rest else None


def _strings(value: Any) -> bool:
    return type(value) is list and all(type(item) is str for item in value)


def episodes_of(heads: list[dict[str, Any]], messages: dict[str, list[Any]]) -> list[Episode]:
    """Return the episodes whose rows are `heads`; `messages` are the columns of all their entries, in order."""
    entries = [_join(*row) for row in zip(*(messages[name] for name in MESSAGES.names[2:]), strict=True)]
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
