"""Continuing a run: what cannot be read any more is played again, and nothing is counted twice."""

from pathlib import Path

import pytest

from gristmill import registry
from gristmill.digest import decode, digest, encode
from gristmill.errors import UsageError
from gristmill.recorders.mine import mine
from gristmill.recorders.store import RunStore
from gristmill.workflows.run import run
from tests.fixtures.plugins import plugin

RETAIL = "support/retail-v1"
BREAKS = ("self.code, self.lent = values[", "self.code, self.lent = values[0][")


def spoil(run: Path, kind: str) -> None:
    """Write over 200 bytes of one file of a shard, whose size stays, or cut both."""
    for path in (run / "shards").glob("*.parquet"):
        data = bytearray(path.read_bytes())
        place = len(data) // 3
        if kind == "cut":
            path.write_bytes(data[:place])
        elif path.name.startswith(kind):
            data[place : place + 200] = bytes(200)
            path.write_bytes(data)


@pytest.mark.parametrize("kind", ["episodes", "messages", "cut"])
def test_what_a_damaged_shard_has_lost_is_played_again(tmp_path: Path, kind: str) -> None:
    """Once, with the same episodes as before; after that, the run is complete and nothing counts as lost."""
    first = run(RETAIL, {}, tmp_path / "run", n=8)
    whole = {one.id: one for one in RunStore.open(tmp_path / "run").episodes()}
    spoil(tmp_path / "run", kind)
    damaged = RunStore.open(tmp_path / "run")
    assert (8, 0) == (mine(damaged).stages[0].entered, mine(damaged).stages[0].left)

    again = run(RETAIL, {}, tmp_path / "run", n=8)
    once_more = run(RETAIL, {}, tmp_path / "run", n=8)

    assert (8, first.counts) == (again.played, again.counts)
    assert (0, first.counts) == (once_more.played, once_more.counts)
    store = RunStore.open(tmp_path / "run")
    assert whole == {one.id: one for one in store.episodes()}
    stage = mine(store).stages[0]
    assert (8, 8, {}) == (stage.entered, stage.left, stage.reasons)


def test_a_scenario_that_a_file_has_twice_is_refused_with_its_line(tmp_path: Path) -> None:
    """Both lines would be one episode, and the counts would be wrong; another index makes another episode."""
    one, other = (registry.make(RETAIL).scenario(0, index) for index in range(2))
    path = tmp_path / "some.jsonl"
    lines = [encode(one), b"", encode(other), encode(one)]
    path.write_bytes(b"\n".join(lines) + b"\n")

    with pytest.raises(
        UsageError, match=r"some.jsonl, line 4: expected another scenario, got that of line 1"
    ):
        run(RETAIL, {}, tmp_path / "run", scenarios=path)

    assert not (tmp_path / "run").exists()


def respecified(run: Path, **changes: object) -> None:
    """Write other things into the description of a run; None takes one out."""
    path = run / "run.json"
    body = decode(path.read_bytes())
    spec = {name: value for name, value in (body["spec"] | changes).items() if value is not None}
    path.write_bytes(encode(body | {"spec": spec, "id": digest(spec)}))


def test_a_run_that_does_not_say_what_its_seats_were_told_is_continued(tmp_path: Path) -> None:
    """Nothing is compared then; where it does say so, it must be the same."""
    run(RETAIL, {}, tmp_path / "run", n=2)
    told = RunStore.open(tmp_path / "run").spec["told"]
    assert ({"agent", "customer"}, 4) == (set(told["seats"]), len(told["probes"]))

    respecified(tmp_path / "run", told=None)
    assert 1 == run(RETAIL, {}, tmp_path / "run", n=3).played

    respecified(tmp_path / "run", told=told | {"seats": told["seats"] | {"agent": "other"}})
    with pytest.raises(UsageError, match=r"something else: told.agent is 'other' there"):
        run(RETAIL, {}, tmp_path / "run", n=4)


def test_a_world_that_cannot_be_asked_what_it_tells_is_played_all_the_same(tmp_path: Path) -> None:
    """Its episodes are errors of the world, as ever."""
    report = run(plugin(tmp_path, BREAKS), {}, tmp_path / "run", n=2)

    assert {"error": 2} == report.counts
    assert {} == RunStore.open(tmp_path / "run").spec["told"]
    assert 0 == run(plugin(tmp_path, BREAKS), {}, tmp_path / "run", n=2).played


def test_steady_seats_meet_every_attempt_alike(tmp_path: Path) -> None:
    """The customer opens in the same words; what follows is another's doing. It is part of what the run is."""
    openings: dict[bool, list[set[str]]] = {}
    for steady in (False, True):
        out = tmp_path / str(steady)
        seats = {"agent": "noisy?rate=0.5"}
        run("support/retail-v1", seats, out, n=6, attempts=3, steady=["customer"] if steady else ())
        said: dict[str, set[str]] = {}
        for one in RunStore.open(out).episodes():
            said.setdefault(one.scenario.id, set()).add(one.entries[0]["say"])
        openings[steady] = list(said.values())

    assert [1] * 6 == [len(one) for one in openings[True]]
    assert 6 < sum(map(len, openings[False]))
    with pytest.raises(UsageError, match="steady is None there"):
        run(
            "support/retail-v1",
            {"agent": "noisy?rate=0.5"},
            tmp_path / "False",
            n=6,
            attempts=3,
            steady=["customer"],
        )
    with pytest.raises(UsageError, match="Unknown seat 'custmer'"):
        run("support/retail-v1", {}, tmp_path / "other", n=1, steady=["custmer"])
