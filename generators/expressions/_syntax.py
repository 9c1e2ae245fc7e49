"""From the text of an expression to its tree, which holds nothing but what the language has.

Python's own parser reads the text and never runs it: every node is looked up in a list of what is allowed, and
anything else is refused with its place.
"""

import ast
import math
import re
import warnings
from collections.abc import Callable, Iterator, Mapping
from typing import Any, cast

from gristmill.errors import UsageError, unknown
from gristmill.generators.expressions._functions import FUNCTIONS
from gristmill.generators.expressions._operators import SIGNS

__all__ = ["complaint", "literal", "names", "parsed"]

LONGEST = 4_000  # characters of an expression
DEEPEST = 100  # nodes from its root to a leaf
_POWER = 16  # the greatest power, and the least when negative
_SHOWN = 50  # characters of the text on each side of a place


def parsed(text: str) -> ast.expr:
    """Return the tree of an expression: f-strings written as calls of `join`, all else as it stands.

    Raises:
        UsageError: when it is not one, or has anything that the language does not have; with the place.
    """
    if len(text) > LONGEST:
        raise UsageError(f"Expected an expression of at most {LONGEST:,} characters, got {len(text):,}.")
    tree = _read(text)
    _hold_depth(tree)
    for string in (node for node in ast.walk(tree) if isinstance(node, ast.JoinedStr)):
        for child in ast.walk(string):  # where they stand in it, Python 3.11 does not know
            ast.copy_location(child, string)
    tree = cast(ast.expr, _Strings(text).visit(tree))
    _check(text, tree)
    return tree


def names(tree: ast.expr) -> frozenset[str]:
    """Return the fields that a checked tree reads."""
    called = {id(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    return frozenset(
        node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and id(node) not in called
    )


def literal(node: ast.AST) -> Any:
    """Return the plain value that a node writes out, a number with its sign; Ellipsis when it is not one."""
    if isinstance(node, ast.Constant):
        return node.value
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        value = literal(node.operand)
        return -value if type(value) in (int, float) else ...
    return ...


def complaint(text: str, place: ast.AST | int, message: str) -> UsageError:
    """Return the error with the line of the expression and a caret under the place, a node or an index."""
    index = place if isinstance(place, int) else _index(text, place)
    start = text.rfind("\n", 0, index) + 1
    line = text[start:].partition("\n")[0]
    column = index - start
    left = max(column - _SHOWN, 0)
    shown = ("..." if left else "") + line[left : column + _SHOWN]
    caret = " " * (column - left + (3 if left else 0)) + "^"
    where = f"column {column + 1}" + (f" of line {text.count(chr(10), 0, index) + 1}" if "\n" in text else "")
    return UsageError(f"{message.rstrip('.')}, at {where}:\n  {shown}\n  {caret}")


def _read(text: str) -> ast.expr:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # `1if a else 2` and "\d" are read today, with a warning
            tree: ast.Expression = ast.parse(text, mode="eval")
            return tree.body
    except SyntaxError as error:
        lines = text.split("\n")
        index = sum(len(line) + 1 for line in lines[: (error.lineno or 1) - 1]) + (error.offset or 0) - 1
        raise complaint(
            text,
            index if 0 <= index <= len(text) else len(text),
            f"Expected a whole expression, got one that Python cannot read ({error.msg})",
        ) from None
    except (ValueError, RecursionError, MemoryError) as error:
        raise UsageError(f"Expected an expression, got what cannot be read: {error}.") from None


def _hold_depth(tree: ast.expr) -> None:
    """Hold the tree to its depth without recursion, before anything walks it recursively."""
    level: list[ast.AST] = [tree]
    for _ in range(DEEPEST):
        level = [child for node in level for child in ast.iter_child_nodes(node)]
        if not level:
            return
    raise UsageError(
        f"Expected an expression at most {DEEPEST} levels deep, got a deeper one; join(...) and `in [...]` take many "
        "values on one level."
    )


class _Strings(ast.NodeTransformer):
    """Writes f-strings as calls of `join`, `text` and `pad`."""

    def __init__(self, text: str) -> None:
        self.text = text

    def visit_JoinedStr(self, node: ast.JoinedStr) -> ast.expr:
        parts = [self.visit(part) for part in node.values]
        return _call(node, "join", [_constant(node, ""), *(parts or [_constant(node, "")])])

    def visit_FormattedValue(self, node: ast.FormattedValue) -> ast.expr:
        spec = node.format_spec
        plain = isinstance(spec, ast.JoinedStr) and all(isinstance(one, ast.Constant) for one in spec.values)
        pattern = "".join(one.value for one in spec.values) if plain else ""  # type: ignore[union-attr]
        known = re.fullmatch(r"\.(?P<digits>\d{1,2})f|0(?P<width>\d{1,2})d", pattern, flags=re.ASCII)
        if node.conversion != -1 or (spec is not None and not known):
            raise complaint(
                self.text,
                node,
                "Expected {field}, {field:.2f} or {field:06d} in an f-string, got another format",
            )
        value = self.visit(node.value)
        if known and known["width"]:
            return _call(node, "pad", [value, _constant(node, int(known["width"]))])
        return _call(node, "text", [value, _constant(node, int(known["digits"]))] if known else [value])


def _call(place: ast.AST, name: str, arguments: list[ast.expr]) -> ast.expr:
    function = ast.copy_location(ast.Name(name, ast.Load()), place)
    return ast.copy_location(ast.Call(function, arguments, []), place)


def _constant(place: ast.AST, value: Any) -> ast.expr:
    return ast.copy_location(ast.Constant(value), place)


def _check(text: str, node: ast.AST) -> None:
    """Refuse every node that the language does not have."""
    check = _CHECKS.get(type(node))
    if check is None:
        what = _FOREIGN.get(type(node), type(node).__name__.lower())
        raise complaint(text, node, f"Expected fields, operators and functions of the language, got {what}")
    try:
        for child in check(node):
            _check(text, child)
    except _Refused as error:
        raise complaint(text, error.node, str(error)) from None


class _Refused(Exception):
    def __init__(self, node: ast.AST, message: str) -> None:
        super().__init__(message)
        self.node = node


def _check_constant(node: ast.Constant) -> Iterator[ast.AST]:
    value = node.value
    if isinstance(value, (bytes, complex)) or value is ...:
        raise _Refused(node, f"Expected a number, text, True, False or None, got {node.value!r}")
    if type(value) is int and value >= 2**63:
        raise _Refused(node, "Expected a whole number below 2**63, got a greater one")
    if type(value) is float and not math.isfinite(value):
        raise _Refused(node, "Expected a number with decimals below 1.8e308, got a greater one")
    if isinstance(value, str) and any("\ud800" <= mark <= "\udfff" for mark in value):
        raise _Refused(node, "Expected a text of whole characters, got half a surrogate pair")
    yield from ()


def _check_name(node: ast.Name) -> Iterator[ast.AST]:
    _hold_name(node, node.id)
    yield from ()


def _check_member(node: ast.Attribute) -> Iterator[ast.AST]:
    _hold_name(node, node.attr)
    if not isinstance(node.value, (ast.Name, ast.Attribute)):
        raise _Refused(node, f"Expected a dot after the name of a field, got one before {node.attr!r}")
    yield node.value


def _hold_name(node: ast.AST, name: str) -> None:
    if name.startswith("__"):
        raise _Refused(node, f"Expected the name of a field, got {name!r}, which is one of Python's own")


def _check_binary(node: ast.BinOp) -> Iterator[ast.AST]:
    if type(node.op) not in SIGNS:
        raise _Refused(node, "Expected one of + - * / // % **, got another operator")
    if isinstance(node.op, ast.Pow):
        power = literal(node.right)
        if type(power) not in (int, float) or not abs(power) <= _POWER:
            raise _Refused(
                node.right, f"Expected a power written out, from -{_POWER} to {_POWER}, got another"
            )
    yield node.left
    yield node.right


def _check_unary(node: ast.UnaryOp) -> Iterator[ast.AST]:
    if not isinstance(node.op, (ast.USub, ast.UAdd, ast.Not)):
        raise _Refused(node, "Expected -, + or not, got another operator")
    yield node.operand


def _check_compare(node: ast.Compare) -> Iterator[ast.AST]:
    yield node.left
    for sign, right in zip(node.ops, node.comparators, strict=True):
        if isinstance(sign, (ast.In, ast.NotIn)):
            if not isinstance(right, (ast.List, ast.Tuple)) or not right.elts:
                raise _Refused(right, 'Expected a list written out after in, such as ["a", "b"], got another')
            for one in right.elts:
                if literal(one) in (None, ...):
                    raise _Refused(one, "Expected numbers, texts, True or False in a list, got another")
                yield one
        elif isinstance(sign, (ast.Is, ast.IsNot)):
            if not isinstance(right, ast.Constant) or right.value is not None:
                raise _Refused(right, "Expected None after is, got another; write == to compare")
        elif isinstance(right, ast.Constant) and right.value is None:
            raise _Refused(right, f"Expected a value after {SIGNS[type(sign)]}, got None; write `is None`")
        else:
            yield right


def _check_call(node: ast.Call) -> Iterator[ast.AST]:
    if not isinstance(node.func, ast.Name):
        raise _Refused(
            node, "Expected the name of a function before (, got another; write upper(x), not x.upper()"
        )
    function = FUNCTIONS.get(node.func.id)
    if function is None:
        raise _Refused(node, str(unknown("function", node.func.id, FUNCTIONS)))
    if node.keywords or any(isinstance(one, ast.Starred) for one in node.args):
        raise _Refused(node, f"Expected arguments by place, {function.usage}, got others")
    if not function.fits(len(node.args)):
        raise _Refused(node, f"Expected the arguments of {function.usage}, got {len(node.args)} of them")
    for place, argument in enumerate(node.args):
        kind = {"literal text": str, "literal whole number": int}.get(function.kind(place))
        if kind is not None and type(literal(argument)) is not kind:
            raise _Refused(
                argument, f"Expected a {function.kind(place)} here in {function.usage}, got another"
            )
        yield argument


_CHECKS: Mapping[type[ast.AST], Callable[[Any], Iterator[ast.AST]]] = {
    ast.Attribute: _check_member,
    ast.BinOp: _check_binary,
    ast.BoolOp: lambda node: iter(node.values),
    ast.Call: _check_call,
    ast.Compare: _check_compare,
    ast.Constant: _check_constant,
    ast.IfExp: lambda node: iter((node.test, node.body, node.orelse)),
    ast.Name: _check_name,
    ast.UnaryOp: _check_unary,
}
_FOREIGN: Mapping[type[ast.AST], str] = {
    ast.Dict: "a dictionary",
    ast.DictComp: "a comprehension",
    ast.GeneratorExp: "a comprehension",
    ast.Lambda: "a lambda",
    ast.List: "a list outside of `in`",
    ast.ListComp: "a comprehension",
    ast.NamedExpr: "an assignment; write == to compare",
    ast.Set: "a set",
    ast.SetComp: "a comprehension",
    ast.Starred: "a star",
    ast.Subscript: "brackets after a value; write slice(text, from, to) or the.field",
    ast.Tuple: "a comma outside of a call",
}


def _index(text: str, node: ast.AST) -> int:
    """Return the index of a node in the text: of its sign where it has one."""
    if isinstance(node, (ast.BinOp, ast.Compare, ast.BoolOp)):
        first = {ast.BinOp: "left", ast.Compare: "left", ast.BoolOp: "values"}[type(node)]
        before = getattr(node, first)
        before = before[0] if isinstance(before, list) else before
        index = _offset(text, before.end_lineno, before.end_col_offset)
        return index + len(text[index:]) - len(text[index:].lstrip(" \n\t)"))
    if isinstance(node, ast.Attribute):
        return _offset(text, node.end_lineno or 1, node.end_col_offset or 0) - len(node.attr)
    return _offset(text, getattr(node, "lineno", 1), getattr(node, "col_offset", 0))


def _offset(text: str, line: int, column: int) -> int:
    """Return the index of a place that is given as Python's parser does: line from 1, column in bytes."""
    lines = text.split("\n")
    return sum(len(one) + 1 for one in lines[: line - 1]) + len(lines[line - 1].encode()[:column].decode())
