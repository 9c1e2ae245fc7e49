"""What verbs have in common: options, answers for people and machines, progress bars."""

import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gristmill.errors import GristmillError, UsageError

if TYPE_CHECKING:
    from gristmill.workflows.metrics import Rate

__all__ = [
    "HeldOut", "HeldOutSeed", "Interrupted", "Jobs", "Json", "Run", "Seats", "Seed", "World", "anew", "answer", "bar", "console", "counted", "limited", "percent",
    "rated", "seats_of", "stages", "table", "unjudged",
]  # fmt: skip

_MOST = 10_000_000  # episodes; hours of scripted play, and what is left to play still fits into memory

World = Annotated[
    str,
    typer.Argument(
        metavar="ID|PATH", help="A world: an id, or path/to/file.py:Class; with parameters, id?level=demo."
    ),
]
Run = Annotated[Path, typer.Argument(metavar="RUN", help="A run directory, made by `gristmill run`.")]
Json = Annotated[bool, typer.Option("--json", help="Print the answer as one line of JSON, for machines.")]
Seed = Annotated[int, typer.Option("--seed", help="Root seed; equal seeds give equal results.")]
HeldOut = Annotated[
    list[Path] | None,
    typer.Option(
        metavar="SET",
        help="An evaluation set whose scenarios nothing is learnt from; repeatable, besides those in GRISTMILL_HELD_OUT.",
    ),
]
HeldOutSeed = Annotated[
    int,
    typer.Option(
        "--seed", help="Root seed of the scenarios; the default is none that `run` takes by itself."
    ),
]
Jobs = Annotated[int, typer.Option("--jobs", "-j", min=1, help="Number of worker processes.")]
Seats = Annotated[
    list[str] | None,
    typer.Option(
        "--seat",
        help="SEAT=POLICY, e.g. agent=noisy?rate=0.2, or agent=mine.py for the policy in a file (mine.py:NAME where it "
        "holds several); repeatable. Others: expert.",
    ),
]


class Interrupted(GristmillError):
    """A person has stopped a command, which knows better than others what that leaves."""


@contextmanager
def anew() -> Iterator[None]:
    """Say when interrupted that nothing is there to go on from, as of commands that write files whole or not at all.

    Raises:
        Interrupted: instead of the interrupt.
    """
    try:
        yield
    except KeyboardInterrupt:
        raise Interrupted("interrupted; no half file is left, the same command starts anew") from None


def seats_of(pairs: Iterable[str] | None) -> dict[str, str]:
    """Return the policies by seat, from SEAT=POLICY.

    Raises:
        UsageError: for anything else, and for a seat given twice.
    """
    seats: dict[str, str] = {}
    for pair in pairs or ():
        seat, sign, policy = pair.partition("=")
        if not (sign and seat and policy):
            raise UsageError(f"Expected SEAT=POLICY such as agent=expert, got {pair!r}.")
        if seat in seats:
            raise UsageError(f"Expected one policy for seat {seat!r}, got {seats[seat]!r} and {policy!r}.")
        seats[seat] = policy
    return seats


def limited(episodes: int) -> None:
    """Check that a command asks for a number of episodes that it can get to the end of.

    Raises:
        UsageError: when it is too large.
    """
    if episodes > _MOST:
        raise UsageError(
            f"Expected at most {_MOST:,} episodes in one run, got {episodes:,}; play the rest in another, with another --seed."
        )


def answer(value: Any) -> None:
    """Print `value` as one line of JSON."""
    from gristmill.digest import encode

    print(encode(value).decode())


def console(*, aside: bool = False) -> Any:
    """Return where words for a person go; `aside` of the answer, to the standard error stream."""
    from rich.console import Console

    stream = sys.stderr if aside else sys.stdout
    # Brackets in what is shown are no markup; and a file or a pipe has no width to fit into.
    return Console(stderr=aside, highlight=False, markup=False, width=None if stream.isatty() else 160)


def table(*columns: str, title: str = "") -> Any:
    """Return an empty table."""
    from rich.table import Table

    made = Table(title=title or None, title_justify="left", box=None, pad_edge=False, header_style="bold")
    for column in columns:
        made.add_column(column, overflow="fold")
    return made


@contextmanager
def bar(title: str, *, each: str = "", every: float = 0.0) -> Iterator[Callable[..., None]]:
    """Show a progress bar on a terminal; yields `progress(done, total, counts)`.

    Elsewhere it shows nothing, or if `every` is given the first progress, which says what `each` of all is, and then
    a line every so many seconds.
    """
    if not sys.stderr.isatty():
        yield _lines(title, each, every) if every else lambda *_: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, TextColumn("{task.fields[counts]}"), console=Console(stderr=True)) as shown:
        task = shown.add_task(title, total=None, counts="")

        def progress(done: int, total: int, counts: Mapping[str, int] | None = None) -> None:
            shown.update(task, completed=done, total=total, counts=counted(counts or {}))

        yield progress


@contextmanager
def stages() -> Iterator[Callable[[str, int, int], None]]:
    """Show one bar per part of some work on a terminal, and one line per part elsewhere; yields `tell(part, done, total)`."""
    if not sys.stderr.isatty():
        told: list[str] = []

        def note(name: str, done: int, total: int) -> None:
            if name not in told:
                told.append(name)
                print(f"{name} …", file=sys.stderr, flush=True)

        yield note
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description:<24}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True)) as shown:
        tasks: dict[str, TaskID] = {}

        def progress(name: str, done: int, total: int) -> None:
            if name not in tasks:
                tasks[name] = shown.add_task(name, total=total)
            shown.update(tasks[name], completed=done, total=total)

        yield progress


def _lines(title: str, each: str, every: float) -> Callable[..., None]:
    due: list[float] = []

    def progress(done: int, total: int, counts: Mapping[str, float] | None = None) -> None:
        if not due:
            print(f"{title}: {total:,} {each}", file=sys.stderr, flush=True)
        elif done < total and time.monotonic() < due[0]:
            return
        due[:] = [time.monotonic() + every]
        figures = "".join(f", {name} {value:g}" for name, value in (counts or {}).items())
        print(f"{title}: {done:,} of {total:,}{figures}", file=sys.stderr, flush=True)

    return progress


def counted(counts: Mapping[str, int], *, most: int | None = None) -> str:
    """Return counts in words, the largest first; of reasons only the `most` frequent ones, and the others in sum."""
    found = sorted(counts.items(), key=lambda pair: -pair[1])
    named, rest = found[:most], found[len(found) if most is None else most :]
    words = ", ".join(f"{number:,} {name}" for name, number in named)
    if not rest:
        return words
    return f"{words}, and {sum(number for _, number in rest):,} for {len(rest):,} other reasons"


def rated(rate: "Rate") -> str:
    """Return a rate in words, with its interval and what was not judged."""
    if not rate.played:
        return "nothing was played"
    found = (
        f"{rate.rate:.1%} ({rate.passed:,} of {rate.n:,}; 95 % interval {rate.low:.1%} to {rate.high:.1%})"
    )
    return f"{found}; {unjudged(rate)}" if rate.unjudged else found


def unjudged(rate: "Rate") -> str:
    """Return in words what was not judged, and the rate if all of it had failed."""
    kinds = {"error" if rate.errors == 1 else "errors": rate.errors, "unverified": rate.unverified}
    aside = counted({name: number for name, number in kinds.items() if number})
    return f"{aside} not counted, {rate.worst:.1%} at worst"


def percent(part: int, whole: int) -> str:
    """Return a share in words."""
    return f"{100 * part / whole:.1f} %" if whole else "–"
