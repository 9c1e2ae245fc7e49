"""What the pages for people show can be typed: verbs and options exist, templates draw, and every kind is told of."""

import json
import re
import runpy
import shlex
import tomllib
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
import typer
from hypothesis import settings

from gristmill.cli.app import _app
from gristmill.generators.documents import Document, rendered
from gristmill.generators.documents._filters import FILTERS
from gristmill.generators.fields import Choice, Constant
from gristmill.generators.space import Space
from gristmill.generators.template import Table, Template, template
from gristmill.generators.template.entries import KINDS, field_of
from gristmill.lines import read_lines
from gristmill.workflows.instruct import instruct

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", ROOT / "docs" / "generators.md"]
GENERATORS = PAGES[1]

pytestmark = pytest.mark.skipif(not GENERATORS.exists(), reason="needs a checkout")


def blocks(page: Path, language: str = "") -> Iterator[str]:
    """The blocks of code of a page in a language."""
    for found in re.finditer(
        r"^```(\w*)\n(.*?)^```", page.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE
    ):
        if found[1] == language:
            yield found[2]


def commands(page: Path) -> list[list[str]]:
    """The words of every command of Gristmill on a page."""
    lines = [line for block in blocks(page) for line in block.replace("\\\n", " ").splitlines()]
    return [shlex.split(line, comments=True)[1:] for line in lines if line.startswith("gristmill ")]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_command_can_be_typed(page: Path) -> None:
    """Its verb exists, and so does every option, with a value where it takes one."""
    group = typer.main.get_command(_app())
    found = commands(page)

    assert len(found) > 4
    for verb, *words in found:
        # Nothing is run: the words are only told apart, and a choice or a range is looked at.
        with suppress(typer.Exit):  # of what answers at once, such as --list
            group.commands[verb].make_context(verb, list(words))  # type: ignore[attr-defined]


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """The template of the page in a file."""
    (text,) = blocks(GENERATORS, "toml")
    (tmp_path / "shop.toml").write_text(text, encoding="utf-8")
    return tmp_path / "shop.toml"


def shown_after(start: str) -> list[str]:
    """The lines of the block of the page that begins so."""
    return next(block.splitlines() for block in blocks(GENERATORS) if block.startswith(start))


def test_the_template_of_the_page_draws_what_the_page_shows(shop: Path) -> None:
    """The four rows below it."""
    rows = template(str(shop)).table(0, range(4), 4).to_pylist()
    shown = shown_after("id  ")

    assert list(rows[0]) == shown[0].split()
    assert [[str(one) for one in row.values() if one is not None] for row in rows] == [
        line.split() for line in shown[1:]
    ]


def test_a_row_is_drawn_again_as_the_page_shows(shop: Path) -> None:
    """With the seed, the number and the count of the command above it."""
    (row,) = template(str(shop)).table(7, [777], 5_000).to_pylist()
    _, *shown = shown_after("field  ")

    assert [[name, *([] if value is None else [str(value)])] for name, value in row.items()] == [
        line.split() for line in shown
    ]


def test_the_task_of_the_page_is_among_those_of_its_command(tmp_path: Path) -> None:
    """But for what the page leaves out."""
    shown = shown_after('{"leaf"')
    instruct("problems", tmp_path / "problems.jsonl", n=3)
    made = next(one for one in read_lines(tmp_path / "problems.jsonl") if one["leaf"] in shown[0])
    response, rest = made.pop("response"), "\n".join([*shown[:2], *shown[3:]])

    assert json.loads(rest) == {name: made[name] for name in json.loads(rest)}
    for part in json.loads(f"{{{shown[2].strip(' ,')}}}")["response"].split("…"):
        assert part in response


def test_the_python_of_the_page_runs(shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its property holds, and its file is a template; the world, which a command writes, stands for itself."""
    monkeypatch.chdir(shop.parent)
    script = shop.with_suffix(".py")
    script.write_text("\n".join(one for one in blocks(GENERATORS, "python") if not one.startswith("class")))
    names = runpy.run_path(str(script))
    (one,) = (names[name] for name in names if name.startswith("test_"))
    settings(max_examples=10, derandomize=True, database=None)(one)()

    shares = {name: template(f"{script}:SHOP").count(name, 100) for name in ("customers", "orders")}
    assert {"customers": 20, "orders": 100} == shares


def noted(name: str, layout: str) -> Document:
    """A row of which nothing is in `gone` as a document."""
    fields = {one: Choice(["A & B"]) for one in ("size", "gone")}
    notes = Template("notes", {"notes": Table(Space(fields, zero=Constant(0)))}, documents={name: layout})
    return rendered(notes, {"size": "A & B", "zero": 0})


@pytest.mark.parametrize(
    ("layout", "text"),
    [
        ("{% if size is not none %}{{ size }}{% endif %}\n.", "A & B."),
        ("{% if size is not none %}{{ size }}{% endif +%}\n.", "A & B\n."),
        ("{% if gone is not none %}{{ gone }}{% endif +%}\n.", "\n."),
        ("{% if zero is not none %}{{ zero }}{% endif %}{% if zero %}there{% endif %}", "0"),
    ],
)
def test_layouts_do_what_the_page_says(layout: str, text: str) -> None:
    """Of absent values, and of the ends of lines."""
    assert text == noted("note.txt", layout).text


def test_places_in_html_are_those_of_the_escaped_text() -> None:
    """Nine characters for five."""
    assert {"size": [(3, 12)]} == noted("note.html", "<p>{{ size }}</p>").spans


def test_every_filter_of_layouts_is_on_the_page() -> None:
    """Where layouts are told of."""
    page = GENERATORS.read_text(encoding="utf-8").partition("Filters are:")[2].partition("What may be")[0]

    assert set(FILTERS) == set(re.findall(r"[`(| ](\w+)(?=[(` ])", " ".join(re.findall(r"`[^`]*`", page))))


def test_every_kind_of_field_is_on_the_page_with_an_example_that_draws() -> None:
    """In the table of kinds."""
    rows = re.findall(r"^\| `(\w+)` \| .* \| (.*) \|$", GENERATORS.read_text(encoding="utf-8"), re.MULTILINE)
    examples = {kind: entry.strip("`") for kind, entry in rows if entry.startswith("`{ kind")}

    assert {*KINDS, "space"} == {kind for kind, _ in rows}
    assert {"cases", "reference"} == {kind for kind, _ in rows} - examples.keys()
    for kind, entry in examples.items():
        given = tomllib.loads(f"field = {entry}")["field"]
        assert kind == given["kind"]
        assert 3 == Space({kind: field_of(given, kind, {})}).table(0, range(3)).num_rows
