"""Documents of a template into a file of lines or a folder, in any number of processes, whole or not at all.

As of rows, a document depends on template, seed and its number, so one process and many write the same bytes.
"""

import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from fcntl import LOCK_EX, LOCK_NB, flock
from functools import lru_cache
from pathlib import Path
from typing import Any

from msgspec import DecodeError, Struct

from gristmill.digest import decode, decoder, digest, encode, indented
from gristmill.errors import UsageError, unknown
from gristmill.executors import imap
from gristmill.files import storing, sync_folder, sync_tree
from gristmill.generators.documents import Document, documents
from gristmill.generators.tables import drafted
from gristmill.generators.template import Source, Template, read, source
from gristmill.workflows.generate import Generated, Progress, asked, origin

__all__ = ["LABELS", "generate_documents", "lines"]

LABELS = "labels.jsonl"
_PIECE = 1_024  # documents that one worker makes at once
_Line = dict[str, Any]


class _Label(Struct):
    file: str


_label = decoder(_Label)


def generate_documents(
    spec: str,
    out: Path,
    n: int,
    *,
    seed: int = 0,
    document: str = "",
    hidden: Sequence[str] = (),
    jobs: int = 1,
    overwrite: bool = False,
    progress: Progress = lambda done, total: None,
) -> Generated:
    """Write `n` rows as documents with their ground truth.

    Args:
        spec: the name of a template, or the path of one.
        out: a `.jsonl` file with a line for each, or a folder with a file for each, named by the number of its row, and
            `labels.jsonl`, in which texts are names of files.
        n: how many.
        seed: root seed.
        document: name of the layout; by default any, as the seed has it.
        hidden: fields that the row of a document has although they are hidden.
        jobs: number of processes; the files are the same.
        overwrite: whether what is there is replaced: a file, or a folder that holds documents and nothing else.
        progress: called with the documents written and all of them.

    Raises:
        UsageError: when there is no such template, layout or field, a row cannot be shown, or `out` is there.
        StoreError: when it cannot be written.
    """
    if n < 1:
        raise UsageError(f"Expected at least one document, got {n}.")
    if out.suffix not in ("", ".jsonl"):
        raise UsageError(f"Expected a file ending in .jsonl or a folder without an ending, got {out}.")
    given = source(spec)
    found = read(given)
    layouts = _layouts(found, document)
    asked(found, [found.main], hidden)
    _check_free(out, overwrite)
    about = {
        **origin(given, found, seed, n, hidden),
        "documents": n,
        "layouts": {name: digest(one) for name, one in layouts.items()},
    }
    made = _made(given, layouts, [seed, n, document, list(hidden)], n, jobs, progress)
    if out.suffix:
        with drafted(out) as draft, drafted(out.with_name(f"{out.name}.json")) as beside:
            with draft.open("wb") as file:
                file.writelines(encode(one) + b"\n" for one in made)
            beside.write_bytes(indented(about))
    else:
        with _whole_folder(out, overwrite) as folder:
            _write_files(folder, made, len(str(n - 1)), layouts)
            (folder / f"{LABELS}.json").write_bytes(indented(about))
    return Generated(template=found.name, digest=about["digest"], seed=seed, n=n, rows={str(out): n})


def lines(
    spec: str,
    numbers: Sequence[int] | None,
    n: int,
    *,
    seed: int = 0,
    document: str = "",
    hidden: Sequence[str] = (),
) -> Iterator[_Line]:
    """Yield some of `n` documents, or all of them, as lines of a file have them.

    Raises:
        UsageError: when there is no such document or field.
    """
    found = read(source(spec))
    _layouts(found, document)
    asked(found, [found.main], hidden)
    for number in numbers or ():
        if not 0 <= number < n:
            raise UsageError(f"Expected a row from 0 to {n - 1:,}, got {number:,}.")
    rows = range(n) if numbers is None else numbers
    return map(_line, documents(found, seed, n, document=document, rows=rows, hidden=hidden))


def _layouts(found: Template, name: str) -> dict[str, tuple[str, str]]:
    """Return the layouts that are asked for, as they are now."""
    if not found.documents:
        raise UsageError(
            f"Expected a template with documents, got {found.name}, which has none; `gristmill list templates` names some "
            "that have, and layouts of your own go under [documents]."
        )
    if name and name not in found.documents:
        raise unknown("document", name, found.documents, of=found.name)
    return {one: found.layout(one) for one in ([name] if name else found.documents)}


def _made(
    given: Source, layouts: Mapping[str, Sequence[str]], how: list[Any], n: int, jobs: int, progress: Progress
) -> Iterator[_Line]:
    read_from = encode([given.place, given.text, layouts]).decode()
    chunks = (encode([read_from, start, min(start + _PIECE, n), *how]) for start in range(0, n, _PIECE))
    done = 0
    for content in imap(_written, chunks, jobs=jobs, executor="process" if jobs > 1 else "inline"):
        piece = decode(content)
        yield from piece
        done += len(piece)
        progress(done, n)


def _written(chunk: bytes) -> bytes:
    read_from, start, end, seed, n, name, hidden = decode(chunk)
    drawn = documents(_template(read_from), seed, n, document=name, rows=range(start, end), hidden=hidden)
    return encode([_line(one) for one in drawn])


@lru_cache(4)
def _template(read_from: str) -> Template:
    """Return the template of what was read once, for files may be others by now."""
    place, text, layouts = decode(read_from.encode())
    return read(Source(place, text), layouts)


def _line(one: Document) -> _Line:
    return one._asdict()


def _write_files(
    folder: Path, made: Iterator[_Line], width: int, layouts: Mapping[str, Sequence[str]]
) -> None:
    """Write each text into a file of its own, and all else about it as a line of the labels."""
    with (folder / LABELS).open("wb") as labels:
        for number, one in enumerate(made):
            name = f"{number:0{width}}.{layouts[one['name']][1]}"
            (folder / name).write_bytes(one["text"].encode())
            labels.write(encode({"file": name, **{key: one[key] for key in one if key != "text"}}) + b"\n")


def _check_free(out: Path, overwrite: bool) -> None:
    if not out.exists() or (out.is_dir() and not any(out.iterdir())):
        return
    if not overwrite:
        raise UsageError(f"{out} exists; expected another name, or --overwrite.")
    if not out.suffix:
        _check_own(out)


def _check_own(folder: Path) -> None:
    """Refuse to replace a folder that holds anything but documents."""
    if not folder.is_dir():
        raise UsageError(f"Expected a folder to write to, got the file {folder}.")
    others = sorted({one.name for one in folder.iterdir()} - _own(folder))
    if others or not _is_whole(folder):
        names = ", ".join(others[:3]) or f"no {LABELS}.json"
        raise UsageError(
            f"Expected a new folder or one of documents, but {folder} holds something else: {names}. That is never "
            "replaced; choose another."
        )


def _own(folder: Path) -> set[str]:
    """Return the names of the files of a folder of documents, by its labels."""
    labels = folder / LABELS
    if not labels.is_file():
        return set()
    with labels.open("rb") as file, suppress(DecodeError):  # of somebody else's labels
        return {LABELS, f"{LABELS}.json", *(_label(line).file for line in file)}
    return set()


def _is_whole(folder: Path) -> bool:
    return (folder / f"{LABELS}.json").is_file()


@contextmanager
def _whole_folder(path: Path, overwrite: bool) -> Iterator[Path]:
    """Yield the folder to write to in place of `path`, which is it once the block ends.

    Raises:
        UsageError: when another process writes it, or has written it meanwhile.
    """
    path = Path(os.path.realpath(path))
    draft, old = (path.with_name(f".{path.name}.{one}") for one in ("gristmill-draft", "gristmill-old"))
    with storing(path, "write"), _claimed(draft, path):
        try:
            _put_right(path, old)
            _check_free(path, overwrite)
            yield draft
            sync_tree(draft)
            if path.exists():
                _check_free(path, overwrite)  # somebody may have put something there
                path.replace(old)
            draft.replace(path)
        except BaseException:  # an interrupt too
            shutil.rmtree(draft, ignore_errors=True)
            raise
        sync_folder(path.parent)
        shutil.rmtree(old, ignore_errors=True)


@contextmanager
def _claimed(draft: Path, path: Path) -> Iterator[None]:
    """Make a folder that is this process's alone while the block runs; the claim falls when its holder dies."""
    draft.mkdir(parents=True, exist_ok=True)
    claim = os.open(draft, os.O_RDONLY)
    try:
        flock(claim, LOCK_EX | LOCK_NB)
        here = draft.is_dir() and os.path.samestat(os.fstat(claim), draft.stat())
    except BlockingIOError:
        here = False
    try:
        if not here:  # locked, or become the folder of who held it
            raise UsageError(
                f"Expected to be alone in writing {path}, got another process that writes it; "
                "wait for its end, or choose another folder."
            )
        for left in draft.iterdir():  # by one that was killed
            shutil.rmtree(left) if left.is_dir() else left.unlink()
        yield
    finally:
        os.close(claim)


def _put_right(path: Path, old: Path) -> None:
    """Bring back what one that was killed while it replaced `path` had moved away, or clear it up where it was done."""
    if old.is_dir() and _is_whole(path):
        shutil.rmtree(old, ignore_errors=True)
    elif old.is_dir():
        if path.is_dir():
            path.rmdir()  # it is empty, or somebody's
        old.replace(path)
