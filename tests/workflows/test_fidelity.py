"""Files that are compared, in words and on a page."""

from pathlib import Path

import pyarrow as pa
import pytest

from gristmill.errors import UsageError
from gristmill.generators.fidelity import Association, Fidelity, Marginal, Picture, compare
from gristmill.generators.tables import write_table
from gristmill.workflows.fidelity import compare_files, in_words, notes_words, p_words, summary, verdict_words
from gristmill.workflows.fidelity_charts import column_chart, pair_map
from gristmill.workflows.fidelity_page import write_fidelity
from tests.generators.payments import payments
from tests.workflows.pages import Page


@pytest.fixture(scope="module")
def shifted() -> Fidelity:
    """Amounts that are too high, and twenty copies."""
    real = payments(0, 3000)
    return compare(real, pa.concat_tables([payments(1, 2980, shift=0.4), real.slice(0, 20)]), keys=["id"])


def test_files_of_different_formats_are_compared(tmp_path: Path) -> None:
    """What they hold counts, not how it is written."""
    write_table(tmp_path / "real.parquet", payments(0, 500))
    write_table(tmp_path / "other.csv", payments(1, 400))
    write_table(tmp_path / "other.jsonl", payments(1, 400))
    found = [
        compare_files(tmp_path / "real.parquet", tmp_path / f"other{one}", keys=["id"])
        for one in (".csv", ".jsonl")
    ]

    assert found[0] == found[1]
    assert (500, 400) == (found[0].real_rows, found[0].synthetic_rows)


def test_findings_are_sentences(shifted: Fidelity) -> None:
    """They name what differs, and how many rows are copies."""
    told, columns, pairs, copies = in_words(shifted)

    assert told.startswith("A classifier tells them apart: AUC 0.")
    assert "What gives it away most: amount" in told
    assert "Columns that differ: amount." == columns
    assert "No two columns go together differently by more than chance." == pairs
    assert (
        "Synthetic rows are copies: 20 of them equal a real row in every column; no real row repeats another."
        == copies
    )
    assert "left out id (an identifier)" in summary(shifted)


def test_the_verdict_is_one_sentence(shifted: Fidelity) -> None:
    """Copies first; then whether anything tells the tables apart."""
    real = payments(0, 800)
    alike, apart, few = (
        compare(real, payments(1, 800), keys=["id"]),
        compare(real, payments(1, 800, shift=3), keys=["id"]),
        compare(real.slice(0, 20), payments(1, 20), keys=["id"]),
    )

    assert "Not to be given away: it holds real rows, or nearly." == verdict_words(shifted)
    assert "It may stand in for the real table." == verdict_words(alike)
    assert verdict_words(apart).startswith(
        "Unlike the real table: of a real and a synthetic row a classifier picks"
    )
    assert "There are too few rows to tell how alike the tables are." == verdict_words(few)


def test_what_counts_otherwise_is_noted() -> None:
    """Rows that repeat, and texts that are all different."""
    real = payments(0, 300)
    notes = notes_words(compare(pa.concat_tables([real, real.slice(0, 9)]), payments(1, 300)))

    assert "9 real and 0 synthetic rows equal an earlier one of their table, and count once." == notes[0]
    assert notes[1].startswith(
        "Distances between rows leave out id (texts that are nearly all different; 0.0% of"
    )
    assert [] == notes_words(compare(real, payments(1, 300), keys=["id"]))


def test_identifiers_that_repeat_are_guessed() -> None:
    """What to do about them is said."""
    people = [[f"{word}{number % 60}" for number in range(300)] for word in "ab"]
    real, synthetic = (payments(seed, 300).append_column("who", pa.array(people[seed])) for seed in (0, 1))
    notes = notes_words(compare(real, synthetic, keys=["id"]))

    assert "Hardly a value of who is in both tables: if these are identifiers, use --key who." in notes


def test_small_p_values_are_no_zeros() -> None:
    """None is impossible."""
    assert ["0.037", "< 10⁻⁹"] == [p_words(0.0371), p_words(0.0)]


def test_the_page_is_self_contained_and_says_it_all(shifted: Fidelity, tmp_path: Path) -> None:
    """It is well-formed, fetches nothing, and has a picture of every column."""
    path = write_fidelity(
        shifted, tmp_path / "page.html", title="<b>mine</b>", command="gristmill fidelity a b"
    )
    text = path.read_text()
    page = Page(text)

    assert [] == page.wrong
    assert all(one.startswith("#") for one in page.addresses)
    assert "script" not in page.tags
    assert "<b>mine" not in text
    assert "nan" not in text
    assert all(f">{one.name}" in text for one in shifted.marginals)
    assert "gristmill fidelity a b" in page.text


def test_a_page_of_next_to_nothing(tmp_path: Path) -> None:
    """One row and one column leave little to say, and no broken page."""
    one = pa.table({"a": [1.0]})
    text = write_fidelity(compare(one, one), tmp_path / "page.html", title="t", command="c").read_text()

    assert [] == Page(text).wrong
    assert "too few rows" in text
    with pytest.raises(UsageError, match="got the folder"):
        write_fidelity(compare(one, one), tmp_path, title="t", command="c")


def test_names_in_pictures_are_escaped() -> None:
    """A category may be called anything."""
    picture = Picture(labels=["<script>"], real=[1.0], synthetic=[0.5])
    column = Marginal(
        name="<i>", column="<i>", kind="category", measure="total variation", distance=0.5, chance=0.1, p=1.0, picture=picture
    )  # fmt: skip
    pair = Association(first="<i>", second="b", measure="Spearman", real=0.1, synthetic=0.4, p=None)
    svg = str(column_chart(column)) + str(pair_map([pair], ["<i>", "b"]))

    assert "<script>" not in svg
    assert "<i>" not in svg
    assert [] == Page(svg).wrong
