"""What tests of exports of simulations share."""

from pathlib import Path
from typing import Any

from gristmill.digest import decode
from gristmill.recorders.export import ExportReport, export
from gristmill.recorders.mine import Acceptance, mine
from gristmill.recorders.store import RunStore
from gristmill.types import Brief, Episode
from tests.recorders.fakes import verdict

PARTS = {"train": 0.6, "valid": 0.4}
NUMERIC = ("lerobot", "minari", "robomimic")


def filled(folder: Path, episodes: list[Episode], failed: int = 0) -> RunStore:
    """Return a run with these episodes, of which the last `failed` do not pass, and a view of it."""
    store = RunStore.create(folder, {})
    with store.writer() as writer:
        for place, one in enumerate(episodes):
            writer.append(one, verdict(one, "fail" if place >= len(episodes) - failed else "pass"))
    mine(store, Acceptance(split=PARTS, distinct=False))
    return store


def brief(one: Episode, seat: str) -> Brief:
    """Return what a world would have told the seat."""
    task = f"Task {one.scenario.index % 2}."
    return Brief(seat=seat, text=task, facts={"dt": 0.04, "action": {"names": ["joint"]}})


def exported(store: RunStore, format: str, out: Path, **more: Any) -> ExportReport:
    """Export without a world."""
    return export(store, "default", format, "agent", out, briefs=brief, **more)


def lineage(folder: Path) -> list[dict[str, Any]]:
    """Return where each exported episode lies and comes from."""
    return [decode(line) for line in (folder / "lineage.jsonl").read_bytes().splitlines()]
