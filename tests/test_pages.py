"""What the pages for people show can be typed: verbs and options exist, templates draw, and every kind is told of."""

import re
import shlex
import tomllib
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
import typer

from gristmill.cli.app import _app
from gristmill.generators.space import Space
from gristmill.generators.template import template
from gristmill.generators.template._kinds import KINDS, field_of

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


def test_the_template_of_the_page_draws_what_the_page_shows(tmp_path: Path) -> None:
    """The four rows below it."""
    (shop,) = blocks(GENERATORS, "toml")
    (tmp_path / "shop.toml").write_text(shop, encoding="utf-8")
    rows = template(str(tmp_path / "shop.toml")).table(0, range(4), 4).to_pylist()
    shown = next(block.splitlines() for block in blocks(GENERATORS) if block.startswith("id  "))

    assert list(rows[0]) == shown[0].split()
    assert [[str(one) for one in row.values() if one is not None] for row in rows] == [
        line.split() for line in shown[1:]
    ]


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
