"""The report of an export, and how its folder gets its name: all of it at once, and never in place of anything else."""

import shutil
from contextlib import suppress
from pathlib import Path

import msgspec

from gristmill.digest import decoder, encode, fingerprint_file
from gristmill.errors import StoreError
from gristmill.files import storing, sync_folder, sync_tree
from gristmill.recorders.mine import Stage

__all__ = ["ExportReport", "files", "publish"]


class ExportReport(msgspec.Struct, kw_only=True):
    """What an export came to.

    Attributes:
        path: the folder, absolute.
        format: its name.
        seat: whose acts are to be learnt.
        run: id of the run.
        view: name of the view, and `view_hash` its hash.
        lines: number of lines, or numeric episodes, by part of the split.
        datasets: by part that has any, what a reader asks for: a dataset's id for Minari, else its place in the folder.
        dropped: kept episodes that are left out, by reason; `offenders` names some of them.
        generations: number of lines by generation of the policy in the seat.
        stages: the yield table of the view.
        notes: what a person should know before using it.
        files: fingerprint of every file, by its path in the folder.
        hash: digest of `files`.
    """

    path: str = ""
    format: str
    seat: str
    run: str
    view: str
    view_hash: str
    lines: dict[str, int]
    datasets: dict[str, str] = {}
    dropped: dict[str, int] = {}
    offenders: list[tuple[str, str]] = []
    generations: dict[str, int] = {}
    stages: list[Stage] = []
    notes: list[str] = []
    files: dict[str, str] = {}
    hash: str = ""


def publish(report: ExportReport, temporary: Path, target: Path, overwrite: bool) -> ExportReport:
    """Give the finished folder its name, unless the same export is there already.

    Args:
        report: on what is in the folder; its path is set.
        temporary: where it lies.
        target: its name.
        overwrite: replace another export that has it.

    Raises:
        StoreError: when anything else has that name, or it cannot be written.
    """
    with storing(target, "write"):
        (temporary / "report.json").write_bytes(encode(report))
        sync_tree(temporary)
        report.path = str(target.absolute())
        if target.exists() and any(target.iterdir()):
            there = _export_at(target)
            if _same(target, there, report):
                return report
            if not overwrite:
                raise StoreError(
                    f"Expected a new folder, but {target} holds the export of view {there.view!r} as {there.format}; "
                    "choose another, or replace it with --overwrite (in Python overwrite=True)."
                )
            shutil.rmtree(target)
        temporary.replace(target)
        sync_folder(target.absolute().parent)
    return report


def files(folder: Path) -> list[str]:
    """Return the paths of all files in a folder, sorted."""
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if not path.is_dir())


def _export_at(target: Path) -> ExportReport:
    """Return the report of the export that a folder holds, if it holds nothing else.

    Raises:
        StoreError: otherwise; whatever it is, it is somebody's, and is not replaced.
    """
    there = None
    with suppress(OSError, msgspec.DecodeError):
        there = decoder(ExportReport)((target / "report.json").read_bytes())
    own = {"report.json", *there.files} if there else set()
    others = sorted(set(files(target)) - own)
    if there is None or others:
        raise StoreError(
            f"Expected a new folder or an export, but {target} holds something else: {', '.join(others[:3])}. "
            "That is never replaced; choose another."
        )
    return there


def _same(target: Path, there: ExportReport, report: ExportReport) -> bool:
    try:
        return there.hash == report.hash and all(
            fingerprint_file(target / name) == mark for name, mark in report.files.items()
        )
    except OSError:
        return False
