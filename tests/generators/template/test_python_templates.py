"""Templates written in Python: objects in files and in installed distributions, with equal rights to data."""

import json
from pathlib import Path

import pytest

from gristmill.errors import PluginError, UsageError
from gristmill.generators.template import Source, listed, read, source, template
from gristmill.workflows.documents import generate_documents
from gristmill.workflows.generate import generate
from tests.fixtures.plugins import distribution

SHOP = """
from gristmill.generators.fields import Choice, LogNormal
from gristmill.generators.space import Space
from gristmill.generators.template import Table, Template

ORDERS = Space(price=LogNormal(14, 0.4, digits=2), plan=Choice(["free", "pro"]))
"""
TWO = (
    SHOP
    + """
VISITS = Space(plan=Choice(["free", "pro"]))
"""
)
PAPER = (
    SHOP
    + """
SHOP = Template("shop", {"orders": Table(ORDERS)}, about="Orders.", documents={"note.md": "Price: {{ price }}"})
"""
)


def written(folder: Path, text: str, name: str = "shop.py") -> Path:
    """Return the path of a file with this text."""
    path = folder / name
    path.write_text(text)
    return path


def test_a_space_in_a_file_is_a_table(tmp_path: Path) -> None:
    """The only one goes by the name of the file, one of several by its own."""
    written(tmp_path, SHOP), written(tmp_path, TWO, "two.py")
    one, two = template(f"{tmp_path}/./shop.py"), template(f"{tmp_path}//two.py:ORDERS")

    assert {"shop"} == set(one.tables)
    assert {"ORDERS"} == set(two.tables)
    assert one.table(3, range(5), 5) == two.table(3, range(5), 5)


def test_a_template_goes_before_the_spaces_that_it_is_made_of(tmp_path: Path) -> None:
    """It is the one that is meant where a file has both, and renders documents."""
    path = written(tmp_path, PAPER)
    generate_documents(str(path), tmp_path / "notes.jsonl", 3)
    notes = [json.loads(line) for line in (tmp_path / "notes.jsonl").read_text().splitlines()]

    assert "Orders." == template(str(path)).about
    assert "" == template(f"{path}:ORDERS").about
    assert [f"Price: {note['row']['price']}" for note in notes] == [note["text"] for note in notes]


def test_the_number_of_processes_changes_no_byte(tmp_path: Path) -> None:
    """Workers import the file; beside the rows stands which text it had."""
    path = written(tmp_path, PAPER)
    for jobs in (1, 2):
        generate(str(path), tmp_path / f"{jobs}.parquet", 70_000, jobs=jobs)
    beside = [json.loads((tmp_path / f"{jobs}.parquet.json").read_text()) for jobs in (1, 2)]
    written(tmp_path, PAPER + "# another\n")
    generate(str(path), tmp_path / "3.parquet", 10)

    assert (tmp_path / "1.parquet").read_bytes() == (tmp_path / "2.parquet").read_bytes()
    assert beside[0] == beside[1]
    assert beside[0]["source"] != json.loads((tmp_path / "3.parquet.json").read_text())["source"]


def test_a_file_that_changes_meanwhile_is_refused(tmp_path: Path) -> None:
    """Rows of one file come from one text."""
    given = source(str(written(tmp_path, SHOP)))
    written(tmp_path, TWO)

    with pytest.raises(UsageError, match=r"shop\.py: Expected the same file from beginning to end"):
        read(given)


@pytest.mark.parametrize(
    ("text", "name", "message"),
    [
        (TWO, "", "Expected one Template or Space in .*, got ORDERS, VISITS; write path.py:NAME"),
        ("", "", "got none"),
        (TWO, ":ORDRES", "Unknown template 'ORDRES'.*Did you mean 'ORDERS'"),
        (
            SHOP + "ORDERS = Space(a=LogNormal(-1, 1))",
            "",
            "cannot be imported: UsageError: Expected a positive median.*shop.py:7",
        ),
        ("import no_such_thing", "", "no_such_thing"),
    ],
)
def test_what_is_no_template_is_told(tmp_path: Path, text: str, name: str, message: str) -> None:
    """With the names that there are, or the line that raised it."""
    with pytest.raises((UsageError, PluginError), match=message):
        template(f"{written(tmp_path, text)}{name}")


def test_an_installed_template_goes_by_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """So does one that cannot be imported, with its error, and both are listed."""
    monkeypatch.syspath_prepend(tmp_path)
    written(tmp_path, PAPER, "their_shop.py")
    group = {
        "their-orders": "their_shop:SHOP",
        "broken": "no_such_module:SHOP",
        "text": "their_shop:__name__",
    }
    distribution(tmp_path, "theirs", {"gristmill.templates": group})
    found = {one.name: one for one in listed()}

    assert 2 == template("their-orders").table(0, range(2), 2).num_rows
    assert ("Orders.", ("note.md",)) == (found["their-orders"].about, found["their-orders"].documents)
    assert "no_such_module" in found["broken"].error
    assert "Expected a Template or a Space as text, got str" in found["text"].error
    with pytest.raises(UsageError, match="Unknown template 'their-order'"):
        read(Source("their-order", None))
