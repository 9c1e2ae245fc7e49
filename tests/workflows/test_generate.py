"""Tables of templates in files: whole, the same from any number of processes, with what is needed to repeat them."""

import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from gristmill.cli.app import main
from gristmill.errors import UsageError
from gristmill.generators.template import template
from gristmill.workflows import generate as workflow
from gristmill.workflows.generate import generate, rows

SHOP = """
name = "shop"
[tables.customers]
rows = 0.2
[tables.customers.fields.id]
kind = "unique"
pattern = "C#####"
[tables.orders]
where = "amount > 1"
[tables.orders.fields.customer]
kind = "reference"
table = "customers"
field = "id"
[tables.orders.fields.amount]
kind = "lognormal"
median = 20
sigma = 1.0
digits = 2
[tables.orders.fields.note]
kind = "fake"
provider = "word"
missing = 0.5
"""


@pytest.fixture
def shop(tmp_path: Path) -> str:
    """Return the path of a template with two tables."""
    path = tmp_path / "shop.toml"
    path.write_text(SHOP)
    return str(path)


def test_a_row_by_itself_is_the_row_of_the_file(shop: str, tmp_path: Path) -> None:
    """Whichever row is asked for, it is the one that a whole table has in its place."""
    generate(shop, tmp_path / "orders.parquet", 500, seed=4)
    written = pq.read_table(tmp_path / "orders.parquet").to_pylist()

    assert [written[number] for number in (0, 77, 499)] == list(rows(shop, [0, 77, 499], 500, seed=4))


def test_the_number_of_processes_changes_no_byte(shop: str, tmp_path: Path) -> None:
    """Pieces are drawn anywhere and written in order."""
    for jobs in (1, 2):
        generate(shop, tmp_path / f"{jobs}.parquet", 70_000, seed=1, jobs=jobs)

    assert (tmp_path / "1.parquet").read_bytes() == (tmp_path / "2.parquet").read_bytes()


def test_a_row_depends_on_no_piece(shop: str) -> None:
    """Rows drawn in other pieces are the same rows."""
    whole = list(rows(shop, range(300), 300))
    pieces = list(template(shop).pieces(0, 300, size=7))

    assert 43 == len(pieces)
    assert whole == [row for piece in pieces for row in piece.to_pylist()]


def test_every_reference_leads_to_a_row(shop: str, tmp_path: Path) -> None:
    """Into a folder go all tables, and what refers to a customer names one that is there."""
    made = generate(shop, tmp_path / "shop", 400)
    customers, orders = (
        pq.read_table(tmp_path / "shop" / f"{name}.parquet") for name in ("customers", "orders")
    )

    assert [80, 400] == list(made.rows.values())
    assert set(orders["customer"].to_pylist()) <= set(customers["id"].to_pylist())
    assert 80 == len(set(customers["id"].to_pylist()))
    assert 60 < len(set(orders["customer"].to_pylist()))


def test_a_file_says_how_it_was_made(shop: str, tmp_path: Path) -> None:
    """Seed, number, version of Faker, digest of its pool and of the template stand beside it."""
    made = generate(shop, tmp_path / "orders.jsonl", 20, seed=9)
    origin = json.loads((tmp_path / "orders.jsonl.json").read_text())
    note = origin["tables"]["orders"]["fields"]["note"]

    assert (9, 20, made.digest) == (origin["seed"], origin["n"], origin["digest"])
    assert {"faker", "pool", "provider"} <= set(note)
    assert "amount > 1" == origin["tables"]["orders"]["where"]


def test_nothing_half_written_stays(shop: str, tmp_path: Path) -> None:
    """When drawing fails on the way, there is no file, and what was there before is still there."""
    broken = tmp_path / "broken.toml"
    broken.write_text('[fields.id]\nkind = "unique"\npattern = "#####"\n')
    out = tmp_path / "out.parquet"
    out.write_bytes(b"before")
    with pytest.raises(UsageError, match="make the pattern longer"):
        generate(str(broken), out, 200_000, overwrite=True)

    assert b"before" == out.read_bytes()
    assert {"broken.toml", "out.parquet", "shop.toml"} == {one.name for one in tmp_path.iterdir()}


@pytest.mark.parametrize(
    ("number", "n", "table", "message"),
    [
        (5, 5, "", "row from 0 to 4, got 5"),
        (0, 5, "customer", "Unknown table 'customer'. Did you mean 'customers'"),
    ],
)
def test_what_is_not_there_is_named(shop: str, number: int, n: int, table: str, message: str) -> None:
    """A row or a table that does not exist is one message."""
    with pytest.raises(UsageError, match=message):
        rows(shop, [number], n, table=table)


def test_files_that_are_there_are_kept(shop: str, tmp_path: Path) -> None:
    """Unless they are to be replaced; one of several is enough to write none."""
    out = tmp_path / "data"
    out.mkdir()
    (out / "orders.parquet").write_text("mine")
    with pytest.raises(UsageError, match=r"orders.parquet exists; expected another name, or --overwrite"):
        generate(shop, out, 10)

    assert ["orders.parquet"] == [one.name for one in out.iterdir()]
    assert {"2", "10"} == {str(n) for n in generate(shop, out, 10, overwrite=True).rows.values()}


def test_all_rows_of_a_table_are_its_share(shop: str) -> None:
    """A message about a row that is not there says why there are so few."""
    assert 4 == len(list(rows(shop, None, 20, table="customers")))
    with pytest.raises(UsageError, match=r"from 0 to 3, got 7, for 20 rows of orders go with 4"):
        rows(shop, [7], 20, table="customers")


def test_the_command_shows_rows_of_any_table(shop: str, capsys: pytest.CaptureFixture[str]) -> None:
    """And says that one row is shown, and all are written."""
    assert 0 == main(["generate", shop, "--table", "customers", "-n", "5"])
    assert 2 == len(capsys.readouterr().out.splitlines())
    assert 2 == main(["generate", shop, "--row", "5", "--out", "x.csv"])
    assert "either --row" in capsys.readouterr().err


def test_an_interrupt_says_that_nothing_is_left(
    shop: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """No half file, and nothing that the command would go on from."""

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("gristmill.workflows.generate._drawn", interrupted)
    out = tmp_path / "out"

    assert 130 == main(["generate", shop, "-n", "9", "--out", str(out)])
    assert "no half file is left" in capsys.readouterr().err
    assert [] == list(out.glob("*"))


def test_a_template_that_changes_on_the_way_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is read once: rows are those of the digest beside them, however often it was generated from before."""
    path = tmp_path / "t.toml"
    text = '[fields.a]\nkind = "constant"\nvalue = {}\n'
    path.write_text(text.format(1))
    generate(str(path), tmp_path / "one.csv", 3)
    path.write_text(text.format(2))
    monkeypatch.setattr(workflow, "PIECE", 2)
    generate(
        str(path),
        tmp_path / "two.csv",
        3,
        progress=lambda done, total: path.write_text(text.format(3)) and None,
    )

    assert '"a"\n2\n2\n2\n' == (tmp_path / "two.csv").read_text()
    assert 2 == json.loads((tmp_path / "two.csv.json").read_text())["tables"]["t"]["fields"]["a"]["value"]


def test_of_several_tables_all_appear_or_none(tmp_path: Path) -> None:
    """One that cannot be drawn leaves the files of the others as they were."""
    path = tmp_path / "two.toml"
    path.write_text(
        '[tables.a.fields.x]\nkind = "integer"\nlow = 1\nhigh = 2\n[tables.b.fields.y]\nkind = "unique"\npattern = "#"\n'
    )
    out = tmp_path / "out"
    out.mkdir()
    (out / "a.parquet").write_bytes(b"before")
    with pytest.raises(UsageError, match="make the pattern longer"):
        generate(str(path), out, 50, overwrite=True)

    assert {"a.parquet": b"before"} == {one.name: one.read_bytes() for one in out.iterdir()}


def test_a_link_stays_a_link(shop: str, tmp_path: Path) -> None:
    """The file that it leads to is written."""
    (tmp_path / "disk").mkdir()
    link, real = tmp_path / "link.csv", tmp_path / "disk" / "real.csv"
    link.symlink_to(real)
    generate(shop, link, 5)

    assert link.is_symlink()
    assert 6 == len(real.read_text().splitlines())


@pytest.mark.parametrize("name", ["../../x", "a/b", ".", "a.b", ""])
def test_the_name_of_a_table_leads_nowhere_else(name: str, tmp_path: Path) -> None:
    """A table is written into the folder that was asked for, so its name is no path."""
    path = tmp_path / "t.toml"
    field = 'kind = "constant"\nvalue = 1\n'
    path.write_text(f'[tables.first.fields.a]\n{field}[tables."{name}".fields.a]\n{field}')
    with pytest.raises(UsageError, match="Expected tables named in letters, digits"):
        generate(str(path), tmp_path / "out", 2)
    path.write_text(f'name = "{name}"\n[fields.a]\n{field}')
    made = generate(str(path), tmp_path / "out", 2)

    assert [tmp_path / "out"] == [Path(one).parent for one in made.rows]


def test_the_name_of_a_template_changes_no_row_of_its_only_table(tmp_path: Path) -> None:
    """Neither its title nor its file's name says what is drawn."""
    text = '[fields.a]\nkind = "uniform"\nlow = 0\nhigh = 1\n'
    for name, title in (("a", ""), ("b", ""), ("c", 'name = "other"\n')):
        (tmp_path / f"{name}.toml").write_text(title + text)
    drawn = [list(rows(str(tmp_path / f"{name}.toml"), [0, 1], 2)) for name in "abc"]

    assert drawn[0] == drawn[1] == drawn[2]


def test_rows_for_a_program_are_drawn_piece_by_piece(shop: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first of very many is there at once, for a pipe that reads on."""
    monkeypatch.setattr(workflow, "PIECE", 100)

    assert next(iter(rows(shop, [0], 400_000))) == next(rows(shop, None, 400_000))
