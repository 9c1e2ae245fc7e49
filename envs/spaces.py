"""Gymnasium spaces of dialogue: acts and lists of entries."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from gymnasium.spaces import Space

from gristmill.types import Act, Entry, call, say

__all__ = ["ActSpace", "EntriesSpace"]

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
        properties: dict[str, Any] = self.schemas[name].get("properties", {})
        return call(name, **{key: _value(schema, rng) for key, schema in properties.items()})

    def contains(self, x: Any) -> bool:
        """Return whether `x` is a message or a call of a known tool with its required arguments and no others."""
        if not isinstance(x, dict):
            return False
        if set(x) == {"say"}:
            return isinstance(x["say"], str)
        if set(x) != {"call", "args"} or x["call"] not in self.schemas or not isinstance(x["args"], dict):
            return False
        schema = self.schemas[x["call"]]
        given = set(x["args"])
        return set(schema.get("required", ())) <= given <= set(schema.get("properties", {}))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ActSpace) and self.schemas == other.schemas


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


def _value(schema: dict[str, Any], rng: np.random.Generator) -> Any:
    if "enum" in schema:
        return schema["enum"][int(rng.integers(len(schema["enum"])))]
    match schema.get("type"):
        case "integer":
            return int(rng.integers(0, 100))
        case "number":
            return float(np.round(rng.random() * 100, 2))
        case "boolean":
            return bool(rng.random() < 0.5)
        case "array":
            return [_value(schema.get("items", {}), rng) for _ in range(int(rng.integers(0, 3)))]
    return str(rng.choice(_WORDS))
