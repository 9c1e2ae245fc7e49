"""Tools describe themselves and check what they are given."""

from typing import Annotated, Any, Literal

import pytest
from msgspec import Meta

from gristmill.envs.spaces import ActSpace
from gristmill.envs.tools import Tool, collect_tools, tool
from gristmill.errors import PluginError, ToolError


class Box:
    """Tools of every sort."""

    @tool
    def pack(
        self,
        item: Annotated[str, Meta(description="what to pack", max_length=8)],
        count: int = 1,
        *,
        how: Literal["flat", "tall"] = "flat",
        tags: list[str] | None = None,
    ) -> dict[str, Any]:
        """Pack an item."""
        return {"item": item, "count": count, "how": how, "tags": tags}

    @tool(mutates=True, ends=True, seat="boss")
    def close(self) -> None:
        """Close the box."""


BOX = collect_tools(Box())


def use(name: str, **args: Any) -> Any:
    """What a tool answers."""
    return BOX[name](BOX[name].check(args))


def test_the_schema_is_that_of_the_signature_and_docstring() -> None:
    """OpenAI's form: a name, a description, and an object of parameters of which some are required."""
    expected = {
        "type": "function",
        "function": {
            "name": "pack",
            "description": "Pack an item.",
            "parameters": {
                "type": "object",
                "properties": {
                    "item": {"type": "string", "maxLength": 8, "description": "what to pack"},
                    "count": {"type": "integer", "default": 1},
                    "how": {"enum": ["flat", "tall"], "default": "flat"},
                    "tags": {"anyOf": [{"type": "array", "items": {"type": "string"}}, {"type": "null"}], "default": None},
                },
                "required": ["item"],
                "additionalProperties": False,
            },
        },
    }  # fmt: skip

    assert expected == BOX["pack"].schema


def test_defaults_are_filled_in() -> None:
    """Only required arguments have to be given, keyword-only ones included."""
    assert {"item": "pan", "count": 1, "how": "tall", "tags": None} == use("pack", item="pan", how="tall")


def test_a_mark_says_what_a_tool_does() -> None:
    """Who may call it, whether it changes anything, and whether it ends the episode."""
    assert ("boss", True, True) == (BOX["close"].seat, BOX["close"].mutates, BOX["close"].ends)
    assert ("", False, False) == (BOX["pack"].seat, BOX["pack"].mutates, BOX["pack"].ends)


@pytest.mark.parametrize(
    "args",
    [{}, {"item": 3}, {"item": None}, {"item": "pan", "count": "2"}, {"item": "pan", "count": True},
     {"item": "pan", "how": "wide"}, {"item": "pan", "size": 2}, {"item": "a very long name"}, {"item": "pan", "tags": "x"}],
)  # fmt: skip
def test_wrong_arguments_are_answered_with_what_is_expected(args: dict[str, Any]) -> None:
    """Missing, unknown and ill-typed arguments are one ToolError that names the tool, its arguments and their types."""
    with pytest.raises(
        ToolError, match=r"^pack: .*; expected item: string, count: integer, how: flat \| tall, tags$"
    ):
        use("pack", **args)


def test_a_tool_needs_types_that_json_can_say() -> None:
    """An untyped, open-ended or unresolvable signature is the plugin's error, at once."""

    class Untyped:
        @tool
        def one(self, item) -> None:  # type: ignore[no-untyped-def]  # the mistake under test
            """Do nothing."""

    class Open:
        @tool
        def one(self, *items: str) -> None:
            """Do nothing."""

    class Odd:
        @tool
        def one(self, item: complex) -> None:
            """Do nothing."""

    for kind in (Untyped, Open, Odd):
        with pytest.raises(PluginError, match=r"Tool .*one.*: expected"):
            collect_tools(kind())


def test_sampled_acts_are_accepted_by_the_tools() -> None:
    """Whatever the act space samples is a message or a call whose arguments pass the check."""
    space = ActSpace([one.schema for one in BOX.values()], seed=1)
    acts = [space.sample() for _ in range(200)]
    for act in acts:
        assert act in space
        if "call" in act:
            BOX[act["call"]].check(act["args"])

    assert {"pack", "close"} == {act["call"] for act in acts if "call" in act}


@pytest.mark.parametrize(
    "act",
    [None, 3, "hello", [], {}, {"say": 3}, {"say": "a", "to": "b"}, {"call": "pack"}, {"call": ["pack"], "args": {}},
     {"call": "pack", "args": {}}, {"call": "pack", "args": {"item": "a", "x": 1}}, {"call": "none", "args": {}}],
)  # fmt: skip
def test_what_is_no_act_is_not_in_the_space(act: Any) -> None:
    """Membership never raises."""
    assert act not in ActSpace([one.schema for one in BOX.values()])


def test_base_classes_come_first() -> None:
    """Tools are listed in the order of definition, and a subclass adds to them."""

    class More(Box):
        @tool
        def open(self) -> str:
            """Open the box."""
            return "open"

    assert ["pack", "close", "open"] == list(collect_tools(More()))
    assert isinstance(collect_tools(More())["open"], Tool)
