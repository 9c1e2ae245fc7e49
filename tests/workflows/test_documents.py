"""Documents of templates in files: the same from any number of processes, whole or not at all, each with its truth."""

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from gristmill.cli.app import main
from gristmill.errors import UsageError
from gristmill.workflows import documents as workflow
from gristmill.workflows.documents import generate_documents, lines

MEMO = """
name = "memos"
[fields.id]
kind = "unique"
pattern = "M###"
[fields.sum]
kind = "integer"
low = 1
high = 99
[fields.fraud]
kind = "flag"
rate = 0.5
hidden = true
[documents]
"short.md" = "# {{ id }}: {{ sum }}"
letter = "letter.html.j2"
"""


@pytest.fixture
def memos(tmp_path: Path) -> str:
    """Return the path of a template with two layouts."""
    (tmp_path / "memos.toml").write_text(MEMO)
    (tmp_path / "letter.html.j2").write_text("<p>You owe {{ sum }}.</p>\n")
    return str(tmp_path / "memos.toml")


def read(path: Path) -> list[dict[str, Any]]:
    """Return the lines of a file."""
    return [json.loads(line) for line in path.read_text().splitlines()]


def names(folder: Path) -> set[str]:
    """Return the names of all that is in a folder."""
    return {one.name for one in folder.iterdir()}


def test_a_line_says_where_its_text_shows_what(memos: str, tmp_path: Path) -> None:
    """The characters of a span are the value in the row; what is not shown is named."""
    generate_documents(memos, tmp_path / "out.jsonl", 30)
    found = read(tmp_path / "out.jsonl")

    assert {"short.md", "letter"} == {one["name"] for one in found}
    for one in found:
        (start, end), *_ = one["spans"]["sum"]
        assert str(one["row"]["sum"]) == one["text"][start:end]
        assert (["id"] if one["name"] == "letter" else []) == one["unshown"]
        assert "fraud" not in one["row"]


def test_the_number_of_processes_changes_no_document(memos: str, tmp_path: Path) -> None:
    """Neither a byte of the file nor of what stands beside it."""
    for jobs in (1, 2):
        generate_documents(memos, tmp_path / f"{jobs}.jsonl", 999, jobs=jobs)

    for ending in (".jsonl", ".jsonl.json"):
        assert (tmp_path / f"1{ending}").read_bytes() == (tmp_path / f"2{ending}").read_bytes()


def test_a_folder_has_a_file_for_each(memos: str, tmp_path: Path) -> None:
    """Named by the number of its row and what its layout makes; all else about it is a line of the labels."""
    generate_documents(memos, tmp_path / "out", 11)
    generate_documents(memos, tmp_path / "out.jsonl", 11)
    labels, whole = read(tmp_path / "out" / "labels.jsonl"), read(tmp_path / "out.jsonl")

    assert {one["file"] for one in labels} | {"labels.jsonl", "labels.jsonl.json"} == names(tmp_path / "out")
    assert {".md", ".html"} == {Path(one["file"]).suffix for one in labels}
    for number, (label, one) in enumerate(zip(labels, whole, strict=True)):
        file = label.pop("file")
        assert f"{number:02}" == Path(file).stem
        assert one == {**label, "text": (tmp_path / "out" / file).read_bytes().decode()}


def test_a_document_alone_is_that_of_the_file(memos: str, tmp_path: Path) -> None:
    """Whichever is asked for, in one layout or in any."""
    generate_documents(memos, tmp_path / "out.jsonl", 20, seed=3, document="letter")

    assert read(tmp_path / "out.jsonl")[7:8] == [
        json.loads(json.dumps(one)) for one in lines(memos, [7], 20, seed=3, document="letter")
    ]


def test_a_layout_that_changes_on_the_way_changes_nothing(
    memos: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Layouts are read once, and their digests stand beside the file."""
    monkeypatch.setattr(workflow, "_PIECE", 2)
    layout = tmp_path / "letter.html.j2"
    generate_documents(
        memos,
        tmp_path / "out.jsonl",
        5,
        document="letter",
        progress=lambda *_: layout.write_text("changed") and None,
    )

    assert all("You owe" in one["text"] for one in read(tmp_path / "out.jsonl"))
    assert ["letter"] == list(json.loads((tmp_path / "out.jsonl.json").read_text())["layouts"])


@pytest.mark.parametrize("out", ["out", "out.jsonl"])
def test_documents_are_whole_or_not_there(
    out: str, memos: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When one cannot be made, what was there before stays, and nothing else is left."""
    monkeypatch.setattr(workflow, "_PIECE", 500)
    generate_documents(memos, tmp_path / out, 3)
    before = {one: one.read_bytes() for one in tmp_path.rglob("*") if one.is_file()}
    with pytest.raises(UsageError, match="make the pattern longer"):
        generate_documents(memos, tmp_path / out, 1_500, overwrite=True)

    assert before == {one: one.read_bytes() for one in tmp_path.rglob("*") if one.is_file()}
    with pytest.raises(UsageError, match="exists; expected another name, or --overwrite"):
        generate_documents(memos, tmp_path / out, 3)


def test_a_folder_of_something_else_is_never_replaced(memos: str, tmp_path: Path) -> None:
    """Documents make room for documents alone."""
    out = tmp_path / "out"
    generate_documents(memos, out, 11)
    generate_documents(memos, out, 2, overwrite=True)
    assert 4 == len(names(out))
    (out / "mine.txt").write_text("mine")
    with pytest.raises(UsageError, match=r"holds something else: mine\.txt"):
        generate_documents(memos, out, 2, overwrite=True)
    assert "mine" == (out / "mine.txt").read_text()


def test_what_is_named_like_a_document_and_is_none_stays(memos: str, tmp_path: Path) -> None:
    """Documents are those that the labels name; folders beside them with a dot are somebody's, too."""
    out, hidden = tmp_path / "out", tmp_path / ".out.old"
    hidden.mkdir()
    (hidden / "thesis.tex").write_text("mine")
    generate_documents(memos, out, 2)
    for name in ("2024.xlsx", "7.md"):
        (out / name).write_text("mine")
        with pytest.raises(UsageError, match=f"holds something else: {name}"):
            generate_documents(memos, out, 2, overwrite=True)
        (out / name).unlink()
    (out / "labels.jsonl").write_text('["mine"]\n')
    with pytest.raises(UsageError, match="holds something else"):
        generate_documents(memos, out, 2, overwrite=True)

    assert "mine" == (hidden / "thesis.tex").read_text()


def test_two_writers_of_one_folder_are_one_message(memos: str, tmp_path: Path) -> None:
    """Who comes while another writes is told so, whose documents are whole all the same."""
    out, met = tmp_path / "out", list[str]()

    def meanwhile(done: int, total: int) -> None:
        with pytest.raises(UsageError) as caught:
            generate_documents(memos, out, 5, seed=1, overwrite=True)
        met.append(str(caught.value))

    generate_documents(memos, out, 11, progress=meanwhile)

    (message,) = met
    assert f"Expected to be alone in writing {out}, got another process that writes it" in message
    assert 13 == len(names(out))
    assert {"out", "memos.toml", "letter.html.j2"} == names(tmp_path)


def test_a_folder_that_came_meanwhile_stays(memos: str, tmp_path: Path) -> None:
    """What somebody else puts in the place of a folder while it is written is not replaced."""
    out = tmp_path / "out"

    def meanwhile(done: int, total: int) -> None:
        out.mkdir()
        (out / "mine.txt").write_text("mine")

    with pytest.raises(UsageError, match="exists; expected another name"):
        generate_documents(memos, out, 5, progress=meanwhile)

    assert {"mine.txt"} == names(out)
    assert {"out", "memos.toml", "letter.html.j2"} == names(tmp_path)


def test_what_a_killed_writer_left_is_put_right(memos: str, tmp_path: Path) -> None:
    """Half a draft is cleared up; documents that were just being replaced come back."""
    out, draft, old = tmp_path / "out", tmp_path / ".out.gristmill-draft", tmp_path / ".out.gristmill-old"
    generate_documents(memos, out, 3)
    out.rename(old)
    out.mkdir()  # by somebody who waits for documents
    (draft / "half").mkdir(parents=True)
    (draft / "0.md").write_text("half")
    with pytest.raises(UsageError, match="exists; expected another name, or --overwrite"):
        generate_documents(memos, out, 7)
    assert 5 == len(names(out))
    generate_documents(memos, out, 7, overwrite=True)

    assert 9 == len(names(out))
    assert {"out", "memos.toml", "letter.html.j2"} == names(tmp_path)


@pytest.mark.slow
def test_documents_are_whole_whenever_their_writer_is_killed(tmp_path: Path) -> None:
    """At whatever moment; the next run writes them as if nothing had been."""
    out = tmp_path / "out"
    command = [
        sys.executable,
        "-m",
        "gristmill",
        "generate",
        "tax-forms",
        "-n",
        "300",
        "--documents",
        "--out",
    ]
    for moment in range(8):
        with subprocess.Popen([*command, str(out), "--overwrite"], stderr=subprocess.DEVNULL) as process:
            deadline = time.monotonic() + 60
            while not (tmp_path / ".out.gristmill-draft").exists() and time.monotonic() < deadline:
                time.sleep(0.01)
            time.sleep(0.08 * moment)
            process.kill()
        assert not out.exists() or 302 == len(names(out))
    assert 0 == subprocess.run([*command, str(out), "--overwrite"], check=False).returncode

    assert 302 == len(names(out))
    assert {"out"} == names(tmp_path)


def test_hidden_fields_are_written_where_they_are_asked_for(memos: str, tmp_path: Path) -> None:
    """In documents, rows and a row alone, and what stands beside a file says so."""
    for name, more in (("a.jsonl", ["--documents"]), ("b.jsonl", [])):
        out = tmp_path / name
        assert 0 == main(["generate", memos, "-n", "20", "--with", "fraud", "--out", str(out), *more])
        rows = [one.get("row", one) for one in read(out)]
        assert {True, False} == {row["fraud"] for row in rows}
        assert ["fraud"] == json.loads((tmp_path / f"{name}.json").read_text())["with"]


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (["--with", "fraude"], "Unknown hidden field 'fraude' of memos. Did you mean 'fraud'? Valid: fraud."),
        (["--with", "sum"], "Unknown hidden field 'sum'"),
        (["--document", "lettre"], "Unknown document 'lettre' of memos. Did you mean 'letter'"),
        (["--documents", "--table", "memos"], "Expected either --table or --documents"),
        (["--documents", "--out", "x.csv"], "Expected a file ending in .jsonl or a folder"),
        (["--documents", "--row", "9", "-n", "9"], "Expected a row from 0 to 8, got 9"),
    ],
)
def test_what_cannot_be_is_one_message(
    more: list[str], message: str, memos: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Names that are not there, and options that exclude each other."""
    assert 2 == main(["generate", memos, *more])
    assert message in capsys.readouterr().err


def test_a_template_without_layouts_says_so(tmp_path: Path) -> None:
    """And where there are some."""
    path = tmp_path / "t.toml"
    path.write_text('[fields.a]\nkind = "constant"\nvalue = 1\n')
    with pytest.raises(UsageError, match="Expected a template with documents, got t, which has none"):
        generate_documents(str(path), tmp_path / "out", 2)


def test_the_command_shows_a_document_and_lines_of_json(
    memos: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """The first as it is, or all as lines."""
    assert 0 == main(["generate", memos, "--document", "letter"])
    text = capsys.readouterr().out
    assert 0 == main(["generate", memos, "--document", "letter", "-n", "10", "--json"])
    found = [json.loads(line) for line in capsys.readouterr().out.splitlines()]

    assert 10 == len(found)
    assert text == found[0]["text"]


def test_the_list_of_templates_names_their_documents(capsys: pytest.CaptureFixture[str]) -> None:
    """By layout."""
    assert 0 == main(["list", "templates", "--json"])
    found = {one["name"]: one["documents"] for one in json.loads(capsys.readouterr().out)}

    assert ["letter", "page", "plain"] == found["invoices"]
