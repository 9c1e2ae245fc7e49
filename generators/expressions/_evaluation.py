"""Works the tree of an expression out over columns of fields."""

import ast
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from gristmill.errors import unknown
from gristmill.generators.expressions._columns import (
    TOO_LARGE,
    TOO_MUCH,
    Column,
    Wrong,
    broadcast,
    common,
    hold_text,
    nothing,
    over_arrays,
    settled,
    word,
)
from gristmill.generators.expressions._functions import FUNCTIONS
from gristmill.generators.expressions._operators import ARITHMETIC, COMPARISONS, negative, power
from gristmill.generators.expressions._syntax import complaint, literal, names

__all__ = ["Batch"]


@dataclass(frozen=True)
class Batch:
    """The rows that a tree is worked out on."""

    text: str
    columns: Mapping[str, pa.Array]
    rows: int
    known: Collection[str]  # all fields there are, of which `columns` may have a part

    def whole(self, tree: ast.expr) -> pa.Array:
        """Return the column of the tree, [rows]."""
        with self._at(tree):
            return broadcast(self.of(tree), self.rows)

    def of(self, node: ast.AST) -> Column:
        """Return the column of a node, a scalar where it reads no field."""
        with self._at(node):
            return _WAYS[type(node)](self, node)

    @contextmanager
    def _at(self, node: ast.AST) -> Iterator[None]:
        """Give what is wrong in the block the place of a node."""
        try:
            yield
        except Wrong as error:
            raise complaint(self.text, node, str(error)) from None
        except (pa.ArrowInvalid, pa.ArrowCapacityError) as error:
            message = next((words for mark, words in _ARROW.items() if mark in str(error)), str(error))
            raise complaint(self.text, node, message) from None

    def _constant(self, node: ast.Constant) -> Column:
        return _scalar(node.value)

    def _name(self, node: ast.Name) -> Column:
        if node.id not in self.columns:
            raise Wrong(str(unknown("field", node.id, self.known)))
        return settled(self.columns[node.id])

    def _member(self, node: ast.Attribute) -> Column:
        record = self.of(node.value)
        if pa.types.is_list(record.type) and pa.types.is_null(record.type.value_type):
            return record
        if pa.types.is_list(record.type) and pa.types.is_struct(record.type.value_type):
            items = _member_of(record.flatten(), node.attr)
            return pa.ListArray.from_arrays(_ends(record), items, mask=record.is_null())
        return record if nothing(record) else _member_of(record, node.attr)

    def _binary(self, node: ast.BinOp) -> Column:
        one = self.of(node.left)
        if isinstance(node.op, ast.Pow):
            return one if nothing(one) else power(one, literal(node.right))
        other = self.of(node.right)
        return _scalar(None) if nothing(one, other) else ARITHMETIC[type(node.op)](one, other)

    def _unary(self, node: ast.UnaryOp) -> Column:
        if isinstance(node.op, ast.Not):
            return pc.invert(self._truth(node.operand))
        column = self.of(node.operand)
        if nothing(column):
            return column
        back = negative(column)  # which also tells of what is no number
        return back if isinstance(node.op, ast.USub) else column

    def _compare(self, node: ast.Compare) -> Column:
        left, result = self.of(node.left), _TRUE
        for sign, right in zip(node.ops, node.comparators, strict=True):
            if isinstance(sign, (ast.In, ast.NotIn)):
                found = self._among(left, right)
                right_column = left
            else:
                right_column = self.of(right)
                found = self._related(sign, left, right_column)
            negated = isinstance(sign, (ast.NotIn, ast.IsNot))
            result = pc.and_kleene(result, pc.invert(found) if negated else found)
            left = right_column
        return result

    def _related(self, sign: ast.cmpop, left: Column, right: Column) -> Column:
        if isinstance(sign, (ast.Is, ast.IsNot)):
            return pc.is_null(left)
        if nothing(left, right):
            return _UNKNOWN
        return COMPARISONS[type(sign)](left, right)

    def _among(self, left: Column, node: ast.expr) -> Column:
        """Return whether values are in a list that is written out; missing where the value is."""
        assert isinstance(node, (ast.List, ast.Tuple))
        if nothing(left):
            return _UNKNOWN
        values = tuple(literal(one) for one in node.elts)
        left, *_ = common([left, *map(_scalar, values)], "a value and a list of one kind for in")
        found = pc.is_in(left, value_set=_array(values, left.type))
        return pc.if_else(pc.is_valid(left), found, _UNKNOWN)

    def _logic(self, node: ast.BoolOp) -> Column:
        both = isinstance(node.op, ast.And)
        first, *others = node.values
        result = self._truth(first)
        for other in others:
            # The other side counts where this one has not decided.
            open_ = pc.fill_null(result if both else pc.invert(result), _TRUE)
            found = self._where(open_, other, truth=True)
            result = (pc.and_kleene if both else pc.or_kleene)(result, found)
        return result

    def _conditional(self, node: ast.IfExp) -> Column:
        test = pc.fill_null(self._truth(node.test), _FALSE)
        sides = [self._where(test, node.body), self._where(pc.invert(test), node.orelse)]
        sides = common(sides, "two values of one kind around if and else")
        hold_text(self.rows, *sides)
        return pc.if_else(test, *sides)

    def _call(self, node: ast.Call) -> Column:
        assert isinstance(node.func, ast.Name)
        function = FUNCTIONS[node.func.id]
        if node.func.id == "coalesce":
            return self._coalesce(node)
        arguments = [
            literal(one) if function.kind(place).startswith("literal") else self.of(one)
            for place, one in enumerate(node.args)
        ]
        if nothing(*(one for one in arguments if isinstance(one, (pa.Array, pa.Scalar)))):
            return _scalar(None)
        return over_arrays(function, *arguments)

    def _coalesce(self, node: ast.Call) -> Column:
        result = self.of(node.args[0])
        for one in node.args[1:]:
            other = self._where(pc.is_null(result), one)
            result = FUNCTIONS["coalesce"](broadcast(result, self.rows), broadcast(other, self.rows))
        return result

    def _truth(self, node: ast.expr) -> Column:
        column = self.of(node)
        if nothing(column):
            return column.cast(pa.bool_())
        if not pa.types.is_boolean(column.type):
            raise complaint(
                self.text,
                node,
                f"Expected a condition, got {word(column.type)}; write a comparison such as x != 0",
            )
        return column

    def _where(self, mask: Column, node: ast.expr, *, truth: bool = False) -> Column:
        """Return the column of a node, worked out only on the rows of `mask`; what is elsewhere does not matter."""
        if isinstance(node, (ast.Constant, ast.Name)):  # nothing can go wrong in them
            return self._truth(node) if truth else self.of(node)
        chosen = broadcast(mask, self.rows)
        count = chosen.true_count
        if count == self.rows:
            return self._truth(node) if truth else self.of(node)
        part = {name: self.columns[name].filter(chosen) for name in names(node) & self.columns.keys()}
        within = Batch(self.text, part, count, self.known)
        found = within._truth(node) if truth else within.of(node)
        return found if isinstance(found, pa.Scalar) else _spread(found, chosen)


def _member_of(record: Column, name: str) -> pa.Array:
    if not pa.types.is_struct(record.type):
        raise Wrong(f"Expected a record before .{name}, got {word(record.type)}")
    if record.type.get_field_index(name) < 0:
        raise Wrong(str(unknown("field", name, [one.name for one in record.type])))
    return settled(pc.struct_field(record, name))


# To make a scalar or an array of Python's values takes longer than most operations on a short column.


@lru_cache(maxsize=4096, typed=True)  # 1 equals True
def _scalar(value: Any) -> pa.Scalar:
    return pa.scalar(value)


@lru_cache(maxsize=512)
def _array(values: tuple[Any, ...], kind: pa.DataType) -> pa.Array:
    return pa.array(values, kind)


_TRUE, _FALSE, _UNKNOWN = pa.scalar(True), pa.scalar(False), pa.scalar(None, pa.bool_())


def _spread(part: pa.Array, chosen: pa.Array) -> pa.Array:
    """Return the values of the chosen rows in their places; what is elsewhere does not matter."""
    if not len(part):
        return pa.nulls(len(chosen), part.type)
    places = np.cumsum(chosen.to_numpy(zero_copy_only=False)) - 1
    return part.take(pa.array(np.maximum(places, 0)))


def _ends(lists: pa.Array) -> pa.Array:
    """Return where each list ends among all items, [rows + 1] from 0."""
    lengths = pc.fill_null(lists.value_lengths(), 0).to_numpy()
    return pa.array(np.concatenate([[0], np.cumsum(lengths)]), pa.int32())


# What Arrow says of the values of a row, by a mark in it.
_ARROW = {
    "overflowed binary": TOO_MUCH,
    "32bit": TOO_MUCH,
    "cannot contain more than": TOO_MUCH,
    "overflow": TOO_LARGE,
    "not in range": TOO_LARGE,
    "divide by zero": "Expected a divisor other than 0, got 0; write a / b if b != 0 else None",
    "square root of": "Expected numbers from 0 for sqrt(x), got a negative one",
    "logarithm of": "Expected numbers above 0 for log(x), got 0 or a negative one",
}
_WAYS: Mapping[type[ast.AST], Callable[[Batch, Any], Column]] = {
    ast.Attribute: Batch._member,
    ast.BinOp: Batch._binary,
    ast.BoolOp: Batch._logic,
    ast.Call: Batch._call,
    ast.Compare: Batch._compare,
    ast.Constant: Batch._constant,
    ast.IfExp: Batch._conditional,
    ast.Name: Batch._name,
    ast.UnaryOp: Batch._unary,
}
