"""Random arguments for tools, from the JSON Schemas in a brief."""

import random
from collections.abc import Sequence
from typing import Any

from gristmill.types import Act, call

__all__ = ["parameters", "random_call"]

_LONGEST = 60  # characters of a random text, where the schema allows them
_WORDS = ("yes", "no", "hello", "thanks", "please", "sorry", "all", "none", "new", "now")


def parameters(tool: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """Return the name of a tool and the schema of its arguments."""
    function = tool.get("function", {})
    return str(function.get("name", "")), dict(function.get("parameters", {}))


def random_call(tools: Sequence[dict[str, Any]], rng: random.Random, known: Sequence[str]) -> Act:
    """Return a call of one of the tools with arguments of the right types.

    Args:
        tools: at least one, as a brief has them.
        rng: where the choices come from.
        known: texts that the caller has come across, which half of the texts are taken from.
    """
    name, schema = parameters(rng.choice(tools))
    needed = set(schema.get("required", ()))
    args = {
        key: random_value(one, rng, known, schema.get("$defs", {}))
        for key, one in schema.get("properties", {}).items()
        if key in needed or rng.random() < 0.5
    }
    return call(name, **args)


def random_value(schema: Any, rng: random.Random, known: Sequence[str], shared: dict[str, Any]) -> Any:
    """Return a value that a JSON Schema allows, as far as its type, options and bounds go."""
    if not isinstance(schema, dict):
        return None
    if "$ref" in schema:
        return random_value(shared.get(str(schema["$ref"]).rpartition("/")[2]), rng, known, shared)
    for options in (schema.get("anyOf"), schema.get("oneOf")):
        if options:
            return random_value(rng.choice(options), rng, known, shared)
    if "enum" in schema:
        return rng.choice(schema["enum"])
    if "const" in schema:
        return schema["const"]
    return _of_type(schema, rng, known, shared)


def _of_type(schema: dict[str, Any], rng: random.Random, known: Sequence[str], shared: dict[str, Any]) -> Any:
    match schema.get("type"):
        case "integer" | "number" as kind:
            low = int(schema.get("minimum", 0))
            number = rng.randint(low, max(low, int(schema.get("maximum", low + 100))))
            return number if kind == "integer" or rng.random() < 0.5 else number + 0.5
        case "boolean":
            return rng.random() < 0.5
        case "null":
            return None
        case "array":
            return [
                random_value(schema.get("items", {}), rng, known, shared) for _ in range(rng.randint(0, 2))
            ]
        case "object":
            properties = schema.get("properties", {})
            return {key: random_value(one, rng, known, shared) for key, one in properties.items()}
    text = rng.choice(known) if known and rng.random() < 0.5 else rng.choice(_WORDS)
    return text[: int(schema.get("maxLength", _LONGEST))]
