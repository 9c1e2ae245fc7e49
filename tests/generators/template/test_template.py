"""Templates as data: what is wrong in a file is said with its place."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings

from gristmill.errors import UsageError
from gristmill.generators.fields import Cases, Derived, Integer, Many
from gristmill.generators.kinds.texts import _pool
from gristmill.generators.space import Space
from gristmill.generators.template import Table, Template, built_in, listed, template
from gristmill.play import play
from gristmill.policy import Scripted
from tests.fixtures.lamps import Lamps, agent, customer

GOOD = """
name = "visits"
about = "Visits of a clinic."
locale = "de_DE"
where = "age > 20"
[fields.age]
kind = "integer"
low = 18
high = 90
unit = "years"
[fields.city]
kind = "fake"
provider = "city"
size = 30
[fields.ward]
kind = "choice"
options = ["eye", "ear"]
[fields.doctor]
kind = "cases"
of = "ward"
cases.eye = { kind = "constant", value = "Dr. Iris" }
cases.otherwise = { kind = "choice", options = ["Dr. Lobe", "Dr. Drum"] }
[fields.insurer]
kind = "choice"
options = ["A", "B"]
missing = 0.4
[fields.visits]
kind = "many"
counts = { options = [1, 2], weights = [3, 1] }
[fields.visits.fields.minutes]
kind = "integer"
low = 5
high = 60
[fields.secret]
kind = "pattern"
pattern = "##"
hidden = true
[fields.code]
kind = "derived"
value = "secret + slice(ward, 0, 1)"
"""


def read(text: str, folder: Path, name: str = "given.toml") -> Template:
    """Return the template of a file with this text."""
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return template(str(path))


def test_a_file_becomes_the_space_that_it_describes(tmp_path: Path) -> None:
    """Kinds, conditions, defaults and constraints are those of the file."""
    made = read(GOOD, tmp_path)
    space = made.tables["visits"].space
    rows = made.table(0, range(200), 200).to_pylist()

    assert ("visits", "Visits of a clinic.") == (made.name, made.about)
    assert "de_DE" == space.describe()["city"]["locale"]
    assert ["age", "city", "ward", "doctor", "insurer", "visits", "code"] == list(rows[0])
    assert {"Dr. Iris"} == {row["doctor"] for row in rows if row["ward"] == "eye"}
    assert min(row["age"] for row in rows) > 20
    assert 50 < sum(row["insurer"] is None for row in rows) < 110


def test_a_text_is_made_into_a_template_once(tmp_path: Path) -> None:
    """Reading one again costs next to nothing, and another text in the file makes another template."""
    first, again, other = read(GOOD, tmp_path), read(GOOD, tmp_path), read(GOOD + "\n", tmp_path)

    assert first is again
    assert first is not other
    with pytest.raises(TypeError):
        first.tables["more"] = first.tables["visits"]  # type: ignore[index]


def test_listing_templates_draws_no_pool() -> None:
    """Names are read from the texts, and say what the templates say."""
    before = _pool.cache_info()
    found = {one.name: (one.about, one.documents) for one in listed()}

    assert before == _pool.cache_info()
    assert {
        name: (made.about, tuple(made.documents)) for name in built_in() if (made := template(name))
    } == found


def test_yaml_says_the_same(tmp_path: Path) -> None:
    """The format is a matter of taste."""
    toml = read('where = "n > 2"\n[fields.n]\nkind = "integer"\nlow = 1\nhigh = 6\n', tmp_path)
    yaml = read("where: n > 2\nfields:\n  n: {kind: integer, low: 1, high: 6}\n", tmp_path, "given.yaml")

    assert toml.describe() == yaml.describe()
    assert toml.table(0, range(9), 9) == yaml.table(0, range(9), 9)


def test_a_template_can_be_written_in_python() -> None:
    """Tables of spaces are all that it is."""
    die = Template("die", {"die": Table(Space(n=Integer(1, 6), twice=Derived("2 * n")))})

    assert {2, 4, 6, 8, 10, 12} == set(die.table(0, range(99), 99)["twice"].to_pylist())


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[fields.a]\nkind = 'integr'", r"fields\.a: Unknown kind 'integr'\. Did you mean 'integer'"),
        ("[fields.a]\nlow = 1", r"fields\.a: expected kind, .*, got low\."),
        ("[fields.a]\nkind = 'integer'\nlow = 1", r"fields\.a: expected high, got nothing"),
        (
            "[fields.a]\nkind = 'integer'\nlow = 'x'\nhigh = 2",
            r"fields\.a\.low: expected int, got str \('x'\)",
        ),
        ("[fields.a]\nkind = 'integer'\nlow = 3\nhigh = 2", r"fields\.a: Expected whole numbers low <= high"),
        ("[fields.a]\nkind = 'flag'\nrate = 0.5\nhue = 1", r"fields\.a: Unknown entry 'hue'"),
        ("[fields.a]\nkind = 'flag'\nrate = 0.5\nwhen = 3", r"fields\.a\.when: expected values by the name"),
        (
            "[fields.a]\nkind = 'flag'\nrate = 0.5\nmissing = 2",
            r"fields\.a\.missing: Expected a rate between 0 and 1",
        ),
        ("[fields]\na = 3", r"fields\.a: expected kind and its arguments"),
        ("[fields.a]\nkind = 'derived'\nvalue = 'b + 1'", "Field 'a' depends on 'b'"),
        ("[fields.a]\nkind = 'derived'\nvalue = '(1).__class__'", r"fields\.a: Expected the name of a field"),
        ("[fields.a]\nkind = 'derived'\nvalue = 'a + 1'", "Field 'a' depends on 'a'"),
        ("where = 'b > 1'\n[fields.a]\nkind = 'flag'\nrate = 0.5", "constraint depends on 'b'"),
        (
            "where = 3\n[fields.a]\nkind = 'flag'\nrate = 0.5",
            "Expected an expression as text in where, got 3",
        ),
        ("name = 'x'", "Expected either fields or tables, got neither"),
        ("[fields]", "Expected at least one field"),
        ("colour = 1\n[fields.a]\nkind = 'flag'\nrate = 0.5", "Unknown entry 'colour'"),
        (
            "[tables.a.fields.b]\nkind = 'reference'\ntable = 'c'\nfield = 'id'",
            "Table 'a' refers to 'c'; expected one of",
        ),
        (
            "[tables.a]\nrows = -1\n[tables.a.fields.b]\nkind = 'flag'\nrate = 0.5",
            r"tables\.a\.rows: expected how many",
        ),
        (
            "[fields.a]\nkind = 'cases'\nof = 'b'\ncases.x = {kind = 'integr'}",
            r"fields\.a\.cases\.x: Unknown kind 'integr'",
        ),
        ("[fields.a\n", "Expected TOML, got .*line 1"),
        (
            "[[correlated]]\nfields = ['a']\nmatrix = [[1]]\n[fields.a]\nkind = 'normal'\nmean = 0\nsd = 1",
            "at least two",
        ),
    ],
)
def test_what_is_wrong_in_a_file_is_said_with_its_place(text: str, message: str, tmp_path: Path) -> None:
    """One message names the file, the entry, what was expected and what was got."""
    with pytest.raises(UsageError, match=r"In .*given\.toml: .*" + message):
        read(text, tmp_path)


def test_a_file_that_is_not_utf8_is_refused_with_the_line(tmp_path: Path) -> None:
    """The byte and its line are named."""
    path = tmp_path / "latin.toml"
    path.write_bytes(b"name = 'x'\nabout = '\xe9t\xe9'\n")
    with pytest.raises(UsageError, match="Expected UTF-8, got byte 0xe9 in line 2"):
        template(str(path))


def test_yaml_runs_nothing(tmp_path: Path) -> None:
    """Tags that would build objects are refused."""
    with pytest.raises(UsageError, match="Line 1: expected no tags"):
        read("fields: !!python/object/apply:os.system ['true']", tmp_path, "given.yaml")


def test_a_name_that_nothing_has_is_refused() -> None:
    """Neither a file nor a built-in template."""
    with pytest.raises(UsageError, match=r"Expected a template file, got no\.toml, which is not there"):
        template("no.toml")
    with pytest.raises(UsageError, match="Unknown template 'no'"):
        template("no")


def test_fields_within_fields_are_read(tmp_path: Path) -> None:
    """Lists of records and cases hold fields of their own."""
    fields = read(GOOD, tmp_path).tables["visits"].space.fields

    assert isinstance(fields["visits"], Many)
    assert isinstance(fields["doctor"], Cases)
    assert {"minutes"} == set(fields["visits"].space.fields)


TICKETS = """
[tables.customers.fields]
joined = { kind = "date", start = "2024-01-01", end = "2025-12-31" }
plan = { kind = "choice", options = ["free", "pro"] }
[tables.tickets]
where = "opened >= customer.joined"
[tables.tickets.fields]
customer = { kind = "reference", table = "customers", fields = ["joined", "plan"], hidden = true }
opened = { kind = "date", start = "2025-01-01", end = "2025-12-31" }
"""
LAMPS = """
[fields]
colour = { kind = "choice", options = ["red", "green", "blue", "white"] }
since = { kind = "date", start = "2024-01-01", end = "2026-01-01" }
wish = { kind = "derived", value = 'f"{colour} lamp"' }
"""


def test_a_table_is_the_space_of_a_world(tmp_path: Path) -> None:
    """One definition gives rows, and scenarios that a world plays and knows again."""

    class Lit(Lamps):
        space = read(LAMPS, tmp_path).tables["given"].space

    scenario = Lit().scenario(7, 3)
    seats = {"customer": Scripted("expert", customer), "agent": Scripted("expert", agent)}
    (episode,) = play(Lit, [scenario], seats, seed=0)

    assert "" == Lit.space.problem(scenario.values)
    assert f"{scenario.values['colour']} lamp" == scenario.values["wish"]
    assert [scenario.values["colour"]] == episode.state["on"]


def test_a_strategy_holds_a_constraint_on_dates_of_another_table(tmp_path: Path) -> None:
    """As the rows do: nobody opens a ticket before they joined."""
    found = read(TICKETS, tmp_path)

    @given(found.strategy())
    @settings(max_examples=30)
    def holds(ticket: dict[str, Any]) -> None:
        assert ticket["opened"] >= ticket["customer"]["joined"]

    holds()
    rows = found.table(0, range(50), 50, hidden=True).to_pylist()
    assert all(row["opened"] >= row["customer"]["joined"] for row in rows)


def test_a_hidden_field_that_is_not_there_is_refused() -> None:
    """A label would be written for a slip of the pen."""
    with pytest.raises(UsageError, match=r"Unknown hidden field 'fruad' of table 't'.*Did you mean 'fraud'"):
        Template("t", {"t": Table(Space(fraud=Integer(0, 1)), hidden=frozenset({"fruad"}))})


def test_what_goes_wrong_in_drawing_names_the_table(tmp_path: Path) -> None:
    """Of several, whose expressions may be alike."""
    found = read(TICKETS.replace("opened >= customer.joined", "opened < date('2020-01-01')"), tmp_path)

    with pytest.raises(UsageError, match=r"^Table 'tickets': Expected a constraint that some draws meet"):
        found.table(0, range(3), 3)


def test_a_dot_may_be_a_part_of_a_name(tmp_path: Path) -> None:
    """As in columns of records that were made flat; one with gaps beside one that its name begins with, too."""
    text = """
[fields]
a = { kind = "integer", low = 1, high = 2 }
"a.b" = { kind = "integer", low = 1, high = 2, missing = 0.5 }
"c.d" = { kind = "integer", low = 1, high = 2, missing = 0.5, hidden = true }
"""
    made = read(text, tmp_path).table(0, range(40), 40)

    assert ["a", "a.b"] == made.column_names
    assert 0 < made["a.b"].null_count < 40
