"""The language of documents: the part of Jinja that shows values and does nothing else.

What is not listed here is refused with its line before anything runs: calls, arithmetic, assignments, macros, and what
reads other files. A document shows what was drawn and works nothing out, so that all that it says has a field as its
ground truth, and nothing in it can run for long or reach out.
"""

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from jinja2 import StrictUndefined, Template, TemplateSyntaxError, nodes
from jinja2.meta import find_undeclared_variables
from jinja2.runtime import LoopContext, Undefined
from jinja2.sandbox import ImmutableSandboxedEnvironment

from gristmill.errors import UsageError, unknown
from gristmill.generators.documents._filters import FILTERS, TESTS
from gristmill.generators.documents._shown import MARKS, Value, finalized

__all__ = ["Layout", "layout"]

_LONGEST = 200_000  # characters of a layout
_DEEPEST = 3  # loops within loops
_ALLOWED = (
    nodes.And,
    nodes.Compare,
    nodes.CondExpr,
    nodes.Const,
    nodes.For,
    nodes.Getattr,
    nodes.Getitem,
    nodes.If,
    nodes.Keyword,
    nodes.Name,
    nodes.Not,
    nodes.Operand,
    nodes.Or,
    nodes.Output,
    nodes.Template,
    nodes.TemplateData,
)
_LOOP = ("first", "index", "index0", "last", "length")
_FOREIGN = {
    nodes.Call: "a call",
    nodes.Include: "include",
    nodes.Import: "import",
    nodes.FromImport: "import",
    nodes.Extends: "extends",
    nodes.Assign: "set",
    nodes.AssignBlock: "set",
    nodes.Macro: "a macro",
    nodes.CallBlock: "a call",
    nodes.BinExpr: "arithmetic",
    nodes.Neg: "arithmetic",
    nodes.Pos: "arithmetic",
    nodes.Concat: "~",
}


class Layout:
    """A layout that was read and found to have nothing but what the language has.

    Args:
        text: as its file has it.
        html: whether values are escaped.
    """

    def __init__(self, text: str, *, html: bool) -> None:
        self.html = html
        self._compiled, self._names = _compiled(text, _HTML if html else _PLAIN)

    def pieces(self, values: dict[str, Value]) -> Iterator[str]:
        """Yield the document piece by piece, with marks in the places of values.

        Args:
            values: by the names of fields, of all that there are.

        Raises:
            UsageError: when a value cannot be shown as the layout says, with its line.
        """
        for name, line in self._names.items():
            if name not in values:
                raise _wrong(line, str(unknown("field", name, values)))
        try:
            yield from self._compiled.generate(values)
        except UsageError as error:
            raise _wrong(_line(error), str(error)) from None
        except TypeError as error:  # arguments that a filter does not take, a comparison of two kinds
            raise _wrong(_line(error), f"expected what goes together, got {error}.") from None


@lru_cache(maxsize=256)
def layout(text: str, *, html: bool) -> Layout:
    """Return a layout, read once.

    Raises:
        UsageError: when it has anything that the language has not, with the line.
    """
    return Layout(text, html=html)


class _Environment(ImmutableSandboxedEnvironment):
    """Looks names up in the data alone: no attribute of a Python object is ever reached."""

    def getattr(self, obj: Any, attribute: str) -> Any:
        return self._member(obj, attribute)

    def getitem(self, obj: Any, argument: Any) -> Any:
        return self._member(obj, argument.data if isinstance(argument, Value) else argument)

    def _member(self, obj: Any, name: Any) -> Any:
        if isinstance(obj, Value):
            return obj.child(name)
        if isinstance(obj, LoopContext) and name in _LOOP:
            return getattr(obj, name)
        if isinstance(obj, Undefined):
            raise UsageError(f"Expected a field before .{name}, got nothing of that name.")
        if isinstance(obj, LoopContext):
            raise unknown("member", str(name), _LOOP, of="loop")
        raise UsageError(f"Expected a field before .{name}, got {type(obj).__name__}.")


def _environment(*, html: bool) -> _Environment:
    made = _Environment(
        autoescape=html,
        undefined=StrictUndefined,
        finalize=finalized,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        cache_size=0,
    )
    made.globals, made.filters, made.tests = {}, dict(FILTERS), dict(TESTS)
    return made


_PLAIN, _HTML = _environment(html=False), _environment(html=True)


def _compiled(text: str, environment: _Environment) -> tuple[Template, dict[str, int]]:
    """Return a layout ready for use, and the names of fields that it reads, each with a line."""
    if len(text) > _LONGEST:
        raise UsageError(f"expected a layout of at most {_LONGEST:,} characters, got {len(text):,}.")
    if any(mark in text for mark in MARKS):
        raise UsageError(
            "expected a layout without the private characters U+E000 and U+E001, got one with them."
        )
    try:
        tree = environment.parse(text)
        _check(tree, 0)
        read = find_undeclared_variables(environment.parse(text))
        lines = {one.name: one.lineno for one in tree.find_all(nodes.Name) if one.name in read}
        return environment.from_string(tree), lines
    except TemplateSyntaxError as error:
        raise _wrong(error.lineno, f"expected a Jinja layout, got an error: {error.message}") from None
    except (RecursionError, MemoryError, SyntaxError, ValueError) as error:
        raise UsageError(
            f"expected a layout that can be read, got {type(error).__name__}: {error}."
        ) from None


def _check(node: nodes.Node, loops: int) -> None:
    """Refuse all that the language does not have."""
    if isinstance(node, nodes.Filter):
        _hold(node, node.name in FILTERS, str(unknown("filter", node.name, FILTERS)))
    elif isinstance(node, nodes.Test):
        _hold(node, node.name in TESTS, str(unknown("test", node.name, TESTS)))
    elif isinstance(node, nodes.For):
        loops += 1
        _check_loop(node, loops)
    elif not isinstance(node, _ALLOWED):
        known = (word for kind, word in _FOREIGN.items() if isinstance(node, kind))
        got = next(known, type(node).__name__.lower())
        _hold(node, False, f"expected values, filters, if and for, got {got}")
    if isinstance(node, nodes.Name | nodes.Getattr):
        name = node.name if isinstance(node, nodes.Name) else node.attr
        _hold(node, not name.startswith("_"), f"expected the name of a field, got {name!r}")
    for child in node.iter_child_nodes():
        if not (isinstance(node, nodes.Operand) and _is_written_out(child)):
            _check(child, loops)


def _is_written_out(node: nodes.Node) -> bool:
    """Return whether a node is a list of plain values, which may stand after `in`."""
    return isinstance(node, nodes.List | nodes.Tuple) and all(
        isinstance(one, nodes.Const) for one in node.items
    )


def _check_loop(node: nodes.For, loops: int) -> None:
    _hold(node, loops <= _DEEPEST, f"expected at most {_DEEPEST} loops within one another, got more")
    _hold(
        node, not node.recursive and node.test is None, "expected a plain loop, got one with recursive or if"
    )
    _hold(node, isinstance(node.target, nodes.Name), "expected one name in a loop, got several")
    _hold(
        node,
        isinstance(node.iter, nodes.Getattr | nodes.Getitem)
        or (isinstance(node.iter, nodes.Name) and node.iter.name != "loop"),
        "expected a loop over a list of the row, got another",
    )


def _hold(node: nodes.Node, holds: bool, message: str) -> None:
    if not holds:
        raise _wrong(node.lineno or 1, f"{message.rstrip('.')}.")


def _wrong(line: int, message: str) -> UsageError:
    return UsageError(f"line {line}: {message[0].lower()}{message[1:]}")


def _line(error: BaseException) -> int:
    """Return the line of the layout in which an error came up."""
    found, trace = 1, error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == "<template>":
            found = trace.tb_lineno
        trace = trace.tb_next
    return found
