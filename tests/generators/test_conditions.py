"""Conditions mean the same for values and for columns, also where there is nothing."""

import math
from pathlib import Path

from gristmill.generators.conditioning import conditioned
from gristmill.generators.fields import Cases, Choice, Flag, Integer
from gristmill.generators.space import Space
from gristmill.generators.template import template


def test_a_field_may_exist_where_another_is_not() -> None:
    """None in a condition is a field without a value, whether it does not exist or has nothing; alone and in columns."""
    space = Space(
        sent=Flag(0.5),
        carrier=Choice(["post", None]).when(sent=True),
        reason=Choice(["lost", "late"]).when(carrier=None),
        either=Integer(1, 9).when(carrier=[None, "post"]),
    )
    rows = space.samples(3, range(200))
    column = space.table(3, range(200)).to_pylist()

    assert all((row.get("carrier") is None) == ("reason" in row) and "either" in row for row in rows)
    assert [row.get("reason") for row in rows] == [row["reason"] for row in column]
    assert {(True, "post"), (True, None), (False, None)} == {
        (one["sent"], one.get("carrier")) for one in rows
    }
    assert all(not space.problem(row) and math.isfinite(space.log_prob(row)) for row in rows)
    assert all("reason" in row for row in conditioned(space, {"sent": False}).samples(0, range(9)))


def test_nothing_has_a_case_of_its_own() -> None:
    """Whatever the texts beside it are called."""
    space = Space(k=Choice(["a", None]), x=Cases("k", {"a": Integer(1, 1), "null": Integer(2, 2)}))

    assert {("a", 1), (None, 2)} == {(row["k"], row["x"]) for row in space.table(0, range(50)).to_pylist()}


def test_null_in_a_template_is_a_value_that_is_missing(tmp_path: Path) -> None:
    """What stands in for it exists just there."""
    path = tmp_path / "given.yaml"
    path.write_text(
        "fields:\n"
        "  phone: {kind: pattern, pattern: '####', missing: 0.4}\n"
        "  reason: {kind: choice, options: [refused, lost], when: {phone: null}}\n",
        encoding="utf-8",
    )
    rows = template(str(path)).table(0, range(100), 100).to_pylist()

    assert {(True, False), (False, True)} == {(row["phone"] is None, row["reason"] is None) for row in rows}
