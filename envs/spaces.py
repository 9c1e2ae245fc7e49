"""Gymnasium spaces of dialogue: acts and lists of entries."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from gymnasium.spaces import Space

from gristmill.types import Act, Entry, call, say

__all__ = ["ActSpace", "EntriesSpace", "View"]

_WORDS = ("yes", "no", "hello", "thanks", "please", "sorry", "order", "help", "refund", "bye")


class ActSpace(Space[Act]):
    """Legal acts of a seat: a message, or a call of one of its tools with arguments of the right type.

    Args:
        schemas: JSON Schemas of the seat's tools, in the form of OpenAI's `tools`.
    """

    def __init__(self, schemas: Sequence[dict[str, Any]], seed: int | None = None) -> None:
        super().__init__(None, None, seed)
        self.schemas = {schema["function"]["name"]: schema["function"]["parameters"] for schema in schemas}

    @property
    def is_np_flattenable(self) -> bool:
        """Text has no fixed-size array form."""
        return False

    def sample(self, mask: Any | None = None, probability: Any | None = None) -> Act:
        """Return a random act: half the time a message, half the time a call."""
        rng = self.np_random
        if not self.schemas or rng.random() < 0.5:
            return say(" ".join(rng.choice(_WORDS, size=int(rng.integers(1, 6)))))
        name = str(rng.choice(list(self.schemas)))
        schema = self.schemas[name]
        properties: dict[str, Any] = schema.get("properties", {})
        shared = schema.get("$defs", {})
        return call(name, **{key: _value(one, rng, shared) for key, one in properties.items()})

    def contains(self, x: Any) -> bool:
        """Return whether `x` is a message or a call of a known tool with its required arguments and no others."""
        if not isinstance(x, dict):
            return False
        if set(x) == {"say"}:
            return isinstance(x["say"], str)
        if set(x) != {"call", "args"} or not isinstance(x["call"], str) or not isinstance(x["args"], dict):
            return False
        if x["call"] not in self.schemas:
            return False
        schema = self.schemas[x["call"]]
        given = set(x["args"])
        return set(schema.get("required", ())) <= given <= set(schema.get("properties", {}))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ActSpace) and self.schemas == other.schemas


class View(list[Entry]):
    """What a seat sees: a list of entries, with the `dtype` that PettingZoo's `api_test` asks observations for."""

    dtype = None


class EntriesSpace(Space[list[Entry]]):
    """Lists of entries, see `gristmill.types`."""

    def __init__(self, seed: int | None = None) -> None:
        super().__init__(None, None, seed)

    @property
    def is_np_flattenable(self) -> bool:
        """Text has no fixed-size array form."""
        return False

    def sample(self, mask: Any | None = None, probability: Any | None = None) -> list[Entry]:
        """Return a list with one random message."""
        return [{"from": "world", "say": str(self.np_random.choice(_WORDS))}]

    def contains(self, x: Any) -> bool:
        """Return whether `x` is a list of entries."""
        return isinstance(x, list) and all(isinstance(entry, dict) and "from" in entry for entry in x)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, EntriesSpace)


def _value(schema: dict[str, Any], rng: np.random.Generator, shared: dict[str, Any]) -> Any:
    """Return a random value of a schema of the sorts that msgspec writes."""
    if "$ref" in schema:
        return _value(shared[schema["$ref"].rpartition("/")[2]], rng, shared)
    for options in ("enum", "anyOf"):
        if options in schema:
            option = schema[options][int(rng.integers(len(schema[options])))]
            return option if options == "enum" else _value(option, rng, shared)
    low = schema.get("minimum", schema.get("exclusiveMinimum", -1) + 1)
    high = schema.get("maximum", schema.get("exclusiveMaximum", low + 101) - 1)
    match schema.get("type"):
        case "null":
            return None
        case "integer":
            return int(rng.integers(low, high + 1))
        case "number":
            return float(np.round(low + rng.random() * (high - low), 2))
        case "boolean":
            return bool(rng.random() < 0.5)
        case "array":
            return [_value(schema.get("items", {}), rng, shared) for _ in range(int(rng.integers(0, 3)))]
        case "object":
            return {key: _value(one, rng, shared) for key, one in schema.get("properties", {}).items()}
    return str(rng.choice(_WORDS))[: schema.get("maxLength")]
