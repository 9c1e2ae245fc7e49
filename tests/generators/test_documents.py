"""Documents show what was drawn, know where they show it, and can do nothing else."""

import configparser
import html
import re
import tomllib
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from gristmill.errors import UsageError
from gristmill.generators.documents import Document, documents, render, rendered
from gristmill.generators.fields import Choice, Date, Integer, Many, Uniform, Unique
from gristmill.generators.space import Space
from gristmill.generators.template import Table, Template, built_in, template

SPACE = Space(
    name=Choice(["Ann", "Bo"]),
    n=Integer(1, 9),
    amount=Uniform(0, 10, digits=2),
    when=Date("2024-01-01", "2024-12-31"),
    note=Choice(["x"]).when(name=["Bo"]),
    items=Many(Space(a=Integer(1, 3), b=Choice(["u"]).when(a=[1])), Choice([0, 1, 2, 3])),
    rec=Space(k=Integer(1, 2)),
)
ROW: dict[str, Any] = {
    "name": "Ann",
    "n": 3,
    "amount": -1234.5,
    "when": "2024-02-29",
    "items": [{"a": 1, "b": "u"}, {"a": 2}],
    "rec": {"k": 1},
}


def with_layout(text: str, name: str = "d.txt", hidden: frozenset[str] = frozenset()) -> Template:
    """A template of one layout."""
    return Template("t", {"t": Table(SPACE, hidden=hidden)}, documents={name: text})


@cache
def drawn(name: str, n: int = 12) -> list[Document]:
    """Documents of a built-in template in all of its layouts."""
    found = template(name)
    return [one for layout in found.documents for one in documents(found, 1, n, document=layout)]


def at(value: Any, path: str) -> Any:
    """The value at a path such as `items[2].price`."""
    for part in re.findall(r"[^.\[\]]+", path):
        value = value[int(part)] if isinstance(value, list) else value[part]
    return value


def leaves(value: Any, path: str = "") -> set[str]:
    """The paths of all single values."""
    if isinstance(value, dict):
        return {leaf for name, one in value.items() for leaf in leaves(one, f"{path}.{name}".lstrip("."))}
    if isinstance(value, list):
        return {leaf for place, one in enumerate(value) for leaf in leaves(one, f"{path}[{place}]")}
    return {path}


def says(shown: str, value: Any) -> bool:
    """Whether a piece of a document says a value, in any of the ways that layouts write values."""
    shown = html.unescape(shown)
    if isinstance(value, bool):
        return shown == str(value).lower()
    if isinstance(value, (int, float)):
        if re.fullmatch("[a-z -]+", shown):  # in words
            return 0 <= value < 1_000
        number = float(re.sub(r"[^0-9.]", "", shown)) / (100 if shown.endswith("%") else 1)
        return abs(number - abs(value)) < (0.0051 if "%" not in shown else 0.005)
    if re.fullmatch(r"\d{4}-\d\d-\d\d(T.*)?", value):
        return (
            str(datetime.fromisoformat(value).day) in shown
            or str(datetime.fromisoformat(value).year) in shown
            or ":" in shown
        )
    return shown.replace(" ", "").lower() == str(value).replace(" ", "").lower()


@pytest.mark.parametrize("name", built_in())
def test_ground_truth_is_exact(name: str) -> None:
    """Every span slices to what is shown of its value, and each value is either shown or listed as not shown."""
    for document in drawn(name):
        for path, spans in document.spans.items():
            value = at(document.row, path)
            assert all(says(document.text[start:end], value) for start, end in spans), path
        assert leaves(document.row) == {*document.spans, *document.unshown}
        assert set() == set(document.spans) & set(document.unshown)


@pytest.mark.parametrize("name", built_in())
def test_documents_look_as_they_should(name: str) -> None:
    """No mark, no name of a value that is not there, no half of a float, no space or empty line too many is left in a text."""
    for document in drawn(name):
        assert not re.search(r"[\ue000\ue001]|None|Undefined|\bnan\b|\{[{%]|\d\.\d{5}|\n{4}", document.text)
        assert not re.search(
            r"[ \t]$|\A\n|\n\n\Z|[^\n]\Z| [,.;:]( |$)|,[,.]|\.\.", document.text, re.MULTILINE
        )


@pytest.mark.parametrize("name", built_in())
def test_documents_are_of_their_own_row(name: str) -> None:
    """No two texts are equal, most open differently, and none has the number of another."""
    found = template(name)
    fields = found.tables[found.main].space.fields
    number = next(one for one, field in fields.items() if isinstance(field, Unique))
    some = list(documents(found, 9, 200))
    numbers = {one.row[number] for one in some}

    assert 200 == len(numbers) == len({one.text for one in some})
    assert 120 < len({one.text[:200] for one in some})
    for one in some:
        assert numbers.intersection(re.findall(r"[\w-]+", one.text)) <= {one.row[number]}


@pytest.mark.parametrize("name", built_in())
def test_documents_are_drawn_again_from_their_seed(name: str) -> None:
    """Text, layout and ground truth follow from seed and number; all layouts of a template come up."""
    found = template(name)
    some = list(documents(found, 3, 40))

    assert some[:3] == list(documents(found, 3, 40))[:3]
    assert set(found.documents) == {one.name for one in some}


def test_a_value_is_found_wherever_it_is_shown() -> None:
    """Filters, loops, lists joined and space around a value leave its place known."""
    text = "{{ name | upper | right(6) }}|{% for one in items %}{{ one.a | plural('piece') }};{% endfor %}{{ name }}"
    document = rendered(with_layout(text), ROW)

    assert "   ANN|1 piece;2 pieces;Ann" == document.text
    assert {"name": [(3, 6), (24, 27)], "items[0].a": [(7, 8)], "items[1].a": [(15, 16)]} == document.spans
    assert ["n", "amount", "when", "items[0].b", "rec.k"] == document.unshown


def test_hidden_fields_are_told_of_only_where_they_are_shown() -> None:
    """The ground truth of a document has no value that neither the row nor the text has."""
    found = with_layout("{{ n }}", hidden=frozenset({"n", "amount", "items.b"}))
    document = rendered(found, ROW)

    assert {
        "name": "Ann",
        "n": 3,
        "when": "2024-02-29",
        "items": [{"a": 1}, {"a": 2}],
        "rec": {"k": 1},
    } == document.row


SHOWN = [
    ("{{ amount | money }}", "-1,234.50"),
    ("{{ amount | money('USD') }}", "-$1,234.50"),
    ("{{ amount | money('CHF', 0) }}", "-CHF 1,234"),
    ("{{ amount | money('EUR', 2, false) }}", "€1,234.50"),
    ("{{ amount | number }}", "-1,234.5"),
    ("{{ amount | number(3) }}", "-1,234.500"),
    ("{{ rec.k | percent }}", "100%"),
    ("{{ n | words }}", "three"),
    ("{{ rec.k | plural('day') }}, {{ n | plural('mouse', 'mice') }}", "1 day, 3 mice"),
    ("{{ when | date }}", "29 February 2024"),
    ("{{ when | date('%a %d/%m/%y %-m %b %H:%M %I %p %%') }}", "Thu 29/02/24 2 Feb 00:00 12 AM %"),
    ("{{ name | left(5) }}|", "Ann  |"),
    ("{{ name | lower }} {{ name | title }} {{ 'so' | capital }}", "ann Ann So"),
    ("{{ when | fours }}", "2024 -02- 29"),
    ("{{ items | count }}", "2"),
    ("{{ items[1].a }}{% if items[1].b is none %}!{% endif %}", "2!"),
    ("{% if n in [1, 3] and name == 'Ann' and not note %}yes{% else %}no{% endif %}", "yes"),
    (
        "{% for one in items %}{{ loop.index }}/{{ loop.length }}{% if not loop.last %},{% endif %}{% endfor %}",
        "1/2,2/2",
    ),
]


@pytest.mark.parametrize(("text", "shown"), SHOWN)
def test_values_are_written_as_the_layout_says(text: str, shown: str) -> None:
    """Money, numbers, dates, plurals and lists."""
    assert shown == render(with_layout(text), ROW)


def test_numbers_are_written_in_words() -> None:
    """Up to 999, as contracts do."""
    space = Space(n=Integer(0, 999))
    found = Template("t", {"t": Table(space)}, documents={"d": "{{ n | words }}"})
    words = {n: render(found, {"n": n}) for n in (0, 14, 20, 45, 100, 318, 999)}

    assert ["zero", "fourteen", "twenty", "forty-five", "one hundred"] == list(words.values())[:5]
    assert "three hundred eighteen" == words[318]
    assert "nine hundred ninety-nine" == words[999]


def test_html_is_escaped_and_spans_are_of_what_stands_there() -> None:
    """A value can write no markup into a page, and its span is that of the escaped text."""
    row = {**ROW, "name": '<b a="&">'}
    document = rendered(with_layout("<p>{{ name }}</p>", "page.html"), row)
    ((start, end),) = document.spans["name"]

    assert "<p>&lt;b a=&#34;&amp;&#34;&gt;</p>" == document.text
    assert row["name"] == html.unescape(document.text[start:end])


def test_values_may_hold_anything() -> None:
    """What would be a mark of ours, or code of the layout, is a text like any other in a value."""
    for name in ("\ue0000\ue001", "{{ n }}", "{% include 'x' %}", "\n\t"):
        assert f"[{name}]" == render(with_layout("[{{ name }}]"), {**ROW, "name": name})


def test_dates_of_python_can_be_shown() -> None:
    """Rows as Arrow gives them to Python are rows too."""
    assert "1 May 2024" == render(with_layout("{{ when | date }}"), {**ROW, "when": date(2024, 5, 1)})


REFUSED = [
    ("{{ name.__class__ }}", "line 1: expected the name of a field, got '__class__'"),
    ("\n{{ ''.__class__.__mro__ }}", "line 2: expected the name of a field"),
    ("{{ name['__class__'] }}", "expected a record or a list with '__class__'"),
    ("{{ name | attr('__class__') }}", "unknown filter 'attr'"),
    ("{{ name.upper() }}", "got a call"),
    ("{{ name.data }}", "expected a record or a list with 'data' in it as name"),
    ("{{ self.x }}", "expected a field before .x"),
    ("{% include '/etc/passwd' %}", "expected values, filters, if and for, got include"),
    ("{% extends '../../x' %}", "got extends"),
    ("{% import 'x' as y %}", "got import"),
    ("{% for i in range(1000000000) %}x{% endfor %}", "expected a loop over a list of the row"),
    ("{{ 'a' * 10000000000 }}", "got arithmetic"),
    ("{{ 10 ** 10000000 }}", "got arithmetic"),
    ("{{ 'a' ~ 'b' }}", "got ~"),
    ("{{ 'x' | right(10000000000) }}", "expected 0 to 200 characters"),
    ("{{ n | money('', 10000000000) }}", "expected 0 to 12 digits"),
    ("{% set x = 1 %}", "got set"),
    ("{% macro m() %}{{ m() }}{% endmacro %}", "got a macro"),
    ("{% for a in items recursive %}{{ loop(items) }}{% endfor %}", "expected a plain loop"),
    ("{% for a in items %}{{ loop.cycle }}{% endfor %}", "unknown member 'cycle' of loop"),
    ("{% for a in items %}" * 4 + "{% endfor %}" * 4, "at most 3 loops within one another"),
    ("{% for a in name %}{% endfor %}", "expected a list to loop over, got name"),
    ("{{ " + "(" * 5_000 + "n" + ")" * 5_000 + " }}", "expected a layout that can be read"),
    ("{% if n %}" * 500 + "{% endif %}" * 500, "expected a layout that can be read"),
    ("x" * 200_001, "at most 200,000 characters"),
    ("\ue000", "private characters"),
    ("{{ name", "line 1: expected a Jinja layout"),
    ("\n\n{{ nme }}", "line 3: unknown field 'nme'. Did you mean 'name'?"),
    ("{{ rec.j }}", "unknown field 'j' of rec. Valid: k"),
    ("{{ items[0].c }}", "unknown field 'c' of items"),
    ("{{ rec }}", "expected a single value to show, got rec"),
    ("\n{{ note }}", "line 2: expected a value of note to show, got none; write {% if note is not none %}"),
    ("{{ name | date }}", "expected a date such as 2024-01-31 in name, got 'Ann'"),
    ("{{ name | money }}", "expected a number in name, got 'Ann'"),
    ("{{ when | date('%Q') }}", "expected a pattern of the marks"),
    ("{{ name > 3 }}", "line 1: expected what goes together"),
    ("{{ n | plural }}", "line 1: expected what goes together"),
]


@pytest.mark.parametrize(("text", "message"), REFUSED)
def test_layouts_reach_nothing_but_values(text: str, message: str) -> None:
    """What is not for showing values is refused with one message that has the place."""
    with pytest.raises(UsageError) as caught:
        render(with_layout(text), ROW)

    assert str(caught.value).startswith("In document 'd.txt' of t, ")
    assert message in str(caught.value)


def test_loops_and_texts_are_bounded() -> None:
    """Neither many turns of a loop that shows nothing nor a large text can go on for long."""
    long = {**ROW, "items": [{"a": 1}] * 400}
    inner = "{% for a in items %}{% for b in items %}%s{% endfor %}{% endfor %}"

    with pytest.raises(UsageError, match="loops of at most 100,000 turns in all"):
        render(with_layout(inner.replace("%s", "")), long)
    with pytest.raises(UsageError, match="a document of at most 1,000,000 characters"):
        render(with_layout(inner.replace("%s", "x" * 100)), long)


def test_a_layout_file_lies_beside_its_template(tmp_path: Path) -> None:
    """No file elsewhere is read, whatever its name leads to."""
    (tmp_path / "in").mkdir()
    (tmp_path / "secret.j2").write_text("secret")
    (tmp_path / "in" / "t.toml").write_text(
        '[documents]\na = "../secret.j2"\nb = "gone.md.j2"\n[fields.n]\nkind = "integer"\nlow = 1\nhigh = 2\n'
    )
    found = template(str(tmp_path / "in" / "t.toml"))

    for name in "ab":
        with pytest.raises(UsageError, match="Expected the name of a file beside the template"):
            render(found, {"n": 1}, name)
    with pytest.raises(UsageError, match="Unknown document 'c' of t"):
        render(found, {"n": 1}, "c")


def test_rows_of_other_templates_are_refused() -> None:
    """A field that the template does not have is a mistake."""
    with pytest.raises(UsageError, match="Unknown field 'nme' of t"):
        render(with_layout("x"), {"nme": 1})


def settings_of(document: Document) -> dict[str, Any]:
    """Environment variables as a shell reads them."""
    lines = [line for line in document.text.splitlines() if line and not line.startswith("#")]
    return dict(line.split("=", 1) for line in lines)


def test_configuration_files_are_read_back_by_their_parsers() -> None:
    """YAML, TOML, INI and environment files hold the values that they were made of, in the types of their format."""
    import yaml

    for document in drawn("configuration-files", 60):
        row = document.row
        if document.name == "yaml":
            data = yaml.safe_load(document.text)
            read = (
                data["server"]["port"],
                data["database"]["host"],
                data["features"],
                data["tracing"]["enabled"],
            )
            features: Any = {one["name"]: one["enabled"] for one in row["features"]}
        elif document.name == "toml":
            data = tomllib.loads(document.text)
            host = data["database"]["url"].split("@")[1].split(":")[0]
            read = (
                int(data["server"]["bind"].split(":")[1]),
                host,
                data["features"],
                data["tracing"]["enabled"],
            )
        elif document.name == "ini":
            parser = configparser.ConfigParser()
            parser.read_string(document.text)
            named = dict(parser["features"]) if "features" in parser else {}
            switched = {name: parser["features"].getboolean(name) for name in named}
            read = parser["server"].getint("port"), parser["database"]["host"], switched, "tracing" in parser
        else:
            data = settings_of(document)
            host = data["DATABASE_URL"].split("@")[1].split(":")[0]
            named = {
                name[8:].lower(): one == "true" for name, one in data.items() if name.startswith("FEATURE_")
            }
            read = int(data["PORT"]), host, named, data["TRACING"] == "true"
        features = {one["name"]: one["enabled"] for one in row["features"]}
        assert (row["port"], row["database_host"], features, row["tracing"]) == read
