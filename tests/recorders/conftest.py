"""What tests of recorders share: runs of simulations, and a disk that they do not wait for."""

from pathlib import Path

import pytest

from gristmill.play import play
from gristmill.recorders.mine import Acceptance, mine
from gristmill.recorders.store import RunStore
from gristmill.recorders.verify import judge
from gristmill.registry import make, policy
from tests.recorders.exports import filled
from tests.recorders.fakes import simulated


@pytest.fixture(autouse=True)
def _no_sync(monkeypatch: pytest.MonkeyPatch) -> None:
    # No test here is about power loss, and waiting for the disk would take most of their time.
    monkeypatch.setattr("os.fsync", lambda descriptor: None)


@pytest.fixture
def store(tmp_path: Path) -> RunStore:
    """A run of eight made-up simulations, six of which pass."""
    return filled(tmp_path / "run", [simulated(index, length=3 + index % 2) for index in range(8)], failed=2)


@pytest.fixture(scope="module")
def reached(tmp_path_factory: pytest.TempPathFactory) -> RunStore:
    """A run of three episodes of a robot that reaches for a point, and a view of it."""
    world = make("robots/reach-v1")
    seats = {"robot": policy("expert", "robots/reach-v1", "robot")}
    store = RunStore.create(tmp_path_factory.mktemp("reach") / "run", {"world": "robots/reach-v1"})
    with store.writer() as writer:
        for one in play(lambda: world, [world.scenario(1, index) for index in range(3)], seats, seed=1):
            writer.append(one, judge(world, one))
    mine(store, Acceptance(split={"train": 1.0}))
    world.close()
    return store
