"""Lists of records that follow from one another and from the row around them, and hidden fields."""

import math
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gristmill.errors import UsageError
from gristmill.generators.fields import (
    Cases,
    Choice,
    Constant,
    Date,
    Derived,
    Field,
    Integer,
    LogNormal,
    Many,
    Normal,
    Uniform,
)
from gristmill.generators.space import Space
from gristmill.generators.template import Template, template

ENTRY = Space(
    inner=True,
    kind=Choice(["in", "out"]),
    size=Cases("kind", {"in": Uniform(0, 50, digits=2), "out": Uniform(0, 90, digits=2)}),
    amount=Derived('size if kind == "in" else -size'),
    day=Derived("coalesce(before.day, starts) + days(1)"),
    balance=Derived("round(coalesce(before.balance, opening) + amount, 2)"),
    number=Derived("item + 1"),
)
ACCOUNT = Space(
    opening=Uniform(0, 100, digits=2),
    starts=Date("2024-01-01", "2024-12-31"),
    entries=Many(ENTRY, Choice([0, 1, 2, 4])),
    closing=Derived("round(opening + sum(entries.amount), 2)"),
)


@settings(max_examples=10)
@given(ACCOUNT.strategy())
def test_records_go_on_from_the_one_before(row: dict[str, Any]) -> None:
    """A running balance starts from a field of the row, adds up over the entries and ends where the row says."""
    balance = row["opening"]
    for place, entry in enumerate(row["entries"]):
        balance = round(balance + entry["amount"], 2)
        assert (balance, place + 1) == (entry["balance"], entry["number"])

    assert row["closing"] == pytest.approx(balance)
    assert "" == ACCOUNT.problem(row)


def test_lists_are_the_same_alone_and_as_plain_values() -> None:
    """A list depends on the number of its row, not on which rows are drawn with it nor in which shape."""
    whole = ACCOUNT.table(3, range(50))

    assert whole.slice(17, 1).to_pylist() == ACCOUNT.table(3, [17]).to_pylist()
    assert [one["closing"] for one in ACCOUNT.samples(3, range(50))] == whole["closing"].to_pylist()


def test_units_lead_to_the_value_they_are_located_at() -> None:
    """`locate` finds units of records whose distribution depends on their own fields."""
    for row in ACCOUNT.samples(5, range(20)):
        again = ACCOUNT.draw(ACCOUNT.locate(row))
        assert row["entries"] == again["entries"]


@pytest.mark.parametrize("spoiled", ["balance", "day", "number"])
def test_a_record_that_does_not_follow_is_told_of(spoiled: str) -> None:
    """What is wrong inside a list is said with the place of the record and what it should be."""
    row = next(one for one in ACCOUNT.samples(0, range(50)) if len(one["entries"]) == 4)
    row["entries"][2][spoiled] = {"day": "2020-01-01", "balance": 1e9, "number": 9}[spoiled]

    assert ACCOUNT.problem(row).startswith(f"field 'entries': number 3: field {spoiled!r}: expected")
    assert ACCOUNT.log_prob(row) == float("-inf")


def test_a_list_reads_nothing_that_comes_later() -> None:
    """Fields around a list must stand before it."""
    inner = Space(inner=True, twice=Derived("2 * late"))

    with pytest.raises(UsageError, match="'items' depends on 'late'"):
        Space(items=Many(inner, Choice([1])), late=Integer(1, 2))


def test_dates_that_follow_from_dates_that_follow_are_checked() -> None:
    """A derived date is a date for what is derived from it, also where a plain row is looked at."""
    space = Space(
        issued=Date("2024-01-01", "2024-02-01"),
        due=Derived("issued + days(30)"),
        late=Derived("due + days(7)"),
    )
    row = space.sample(0, 0)

    assert "" == space.problem(row)
    assert "expected" in space.problem({**row, "late": "2020-01-01"})


MIXED: list[tuple[Field, pa.DataType]] = [
    (Normal(5, 1, digits=0), pa.float64()),
    (Constant(2), pa.float64()),
    (Choice([0.5, 1.5]), pa.float64()),
]


@pytest.mark.parametrize(("case", "kind"), MIXED)
def test_cases_of_whole_and_other_numbers_are_one_column(case: Field, kind: pa.DataType) -> None:
    """The type of the column is that of all cases together, whichever of them a batch has."""
    space = Space(of=Choice(["a", "b"]), value=Cases("of", {"a": case, "b": Uniform(0, 1)}))

    assert {kind} == {space.table(0, [row])["value"].type for row in range(8)}


def test_cases_of_different_kinds_are_refused() -> None:
    """Numbers and texts do not go into one column."""
    space = Space(of=Choice(["a", "b"]), value=Cases("of", {"a": Integer(1, 2), "b": Choice(["x"])}))

    with pytest.raises(UsageError, match="cases with values of one type, got int64 and string"):
        space.table(0, [0])


@settings(max_examples=50)
@given(st.integers(0, 10_000), st.sampled_from(["a", "b", "c"]))
def test_cases_of_texts_are_drawn_as_each_case_alone(row: int, of: str) -> None:
    """Looking all cases up in one table gives what the case of the row gives by itself."""
    cases: dict[str, Field] = {
        "a": Choice(["x", "y", "z"], [1, 0, 2]),
        "b": Constant("y"),
        "otherwise": Choice(["z", "w"]),
    }
    space = Space(of=Constant(of), value=Cases("of", cases))
    value = space.sample(1, row)["value"]

    assert cases[of if of in cases else "otherwise"].log_prob(value) > float("-inf")
    assert value == space.draw(space.locate({"of": of, "value": value}))["value"]


HIDDEN = """
[fields.seen]
kind = "integer"
low = 1
high = 9
[fields.secret]
kind = "integer"
low = 1
high = 9
hidden = true
[fields.lines]
kind = "many"
counts = { options = [1, 2] }
[fields.lines.fields.part]
kind = "integer"
low = 1
high = 9
hidden = true
[fields.lines.fields.twice]
kind = "derived"
value = "2 * part"
"""


@pytest.fixture
def hiding(tmp_path: Path) -> Template:
    """A template with hidden fields, one of them inside a list."""
    path = tmp_path / "hiding.toml"
    path.write_text(HIDDEN)
    return template(str(path))


def test_hidden_fields_are_given_only_when_asked_for(hiding: Template) -> None:
    """All of them, some by name, or none; the others stay the same."""
    plain, some, full = (hiding.table(0, range(5), 5, hidden=how) for how in (False, ["secret"], True))

    assert ["seen", "lines"] == plain.column_names
    assert ["seen", "secret", "lines"] == some.column_names
    assert [{"twice"}, {"twice"}, {"part", "twice"}] == [
        set(one["lines"][0][0].as_py()) for one in (plain, some, full)
    ]
    assert plain["seen"] == full["seen"]


def test_an_unknown_hidden_field_is_told_of(hiding: Template) -> None:
    """A name that is not hidden is a mistake, even if it is a field."""
    with pytest.raises(UsageError, match="Unknown hidden field 'seen'"):
        hiding.table(0, [0], 1, hidden=["seen"])


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 500), st.data())
def test_a_quick_look_takes_nothing_that_a_long_one_refuses(seed: int, data: st.DataObject) -> None:
    """Records that were tampered with are refused as they are one by one, and those that were drawn are taken."""
    records = Space(
        rounded=Normal(0.0, 1.0, low=-2.0, high=2.0, digits=2),
        open=Normal(0.0, 1.0),
        positive=LogNormal(1.0, 0.5, digits=1),
        share=Uniform(0.0, 1.0),
    )
    many = Many(records, Choice((4,)))
    drawn = Space(items=many).sample(seed, 0)["items"]

    assert "" == many.problem(drawn)

    name = data.draw(st.sampled_from(list(records.fields)))
    odd = st.sampled_from(
        [-3.0, -0.5, 0.0, 0.005, 0.1 + 0.2, 1, 1.0, 2.0, True, None, "1", math.inf, math.nan]
    )
    drawn[2] = {**drawn[2], name: data.draw(odd)}
    assert bool(records.problem(drawn[2])) == bool(many.problem(drawn))
