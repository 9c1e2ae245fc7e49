"""Runs of a world whose two seats have outcomes and scores of their own."""

from pathlib import Path

from gristmill.play import play
from gristmill.recorders.store import RunStore
from gristmill.recorders.verify import judge
from gristmill.registry import make, policy

WORLD = f"{Path(__file__).parents[1] / 'fixtures/bargain.py'}:Bargain"
BLURTS = "expert?blurts=0.3"  # three of ten times it names its limit, which it must not


def bargained(folder: Path, n: int, attempts: int = 1) -> RunStore:
    """Return a run of `n` scenarios of the world, in which both seats now and then break a rule."""
    world = make(WORLD)
    seats = {seat: policy(BLURTS, WORLD, seat) for seat in world.possible_agents}
    told = {seat: {"policy": BLURTS} for seat in seats}
    store = RunStore.create(folder, {"world": WORLD, "seats": told})
    scenarios = [world.scenario(1, index) for index in range(n)]
    with store.writer() as writer:
        for attempt in range(attempts):
            for one in play(lambda: make(WORLD), scenarios, seats, seed=1, attempt=attempt):
                writer.append(one, judge(world, one))
    return store
