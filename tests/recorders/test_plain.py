"""What cannot come back as it was is refused; what got in all the same costs nobody else anything."""

import math
from pathlib import Path
from typing import Any

import msgspec
import pytest

from gristmill.errors import UsageError
from gristmill.recorders import _plain, _tables
from gristmill.recorders.mine import mine
from gristmill.recorders.store import RunStore
from gristmill.types import Episode, Fault, SeatInfo, call
from tests.recorders.fakes import episode, verdict


def odd(**values: Any) -> Episode:
    """Return an episode with some fields replaced, those of its scenario included."""
    one = episode(1)
    own = {name: value for name, value in values.items() if name in one.__struct_fields__}
    rest = {name: value for name, value in values.items() if name not in own}
    return msgspec.structs.replace(one, scenario=msgspec.structs.replace(one.scenario, **rest), **own)


def seats(**values: Any) -> dict[str, SeatInfo]:
    """Return the usual seats, the agent's with some fields replaced."""
    usual = episode().seats
    return usual | {"agent": msgspec.structs.replace(usual["agent"], **values)}


INFINITE = [
    (odd(log_density=-math.inf), "got -inf at scenario.log_density"),
    (odd(log_density=math.nan), "got nan at scenario.log_density"),
    (odd(values={"n": {"x": [1, math.inf]}}), r"got inf at scenario.values.n.x\[1\]"),
    (odd(state={"balance": math.nan}), "got nan at state.balance"),
    (odd(state=math.inf), "got inf at state"),
    (
        odd(state=None, entries=[{"from": "agent", **call("pay", amount=math.inf)}]),
        r"at entries\[0\].args.amount",
    ),
    (odd(fault=Fault(side="world", message="null"), state=[None, math.nan]), r"got nan at state\[1\]"),
]
WIDE = [
    (odd(attempt=2**63), "64 bits at attempt of episode .*, got 9223372036854775808"),
    (odd(attempt=-(2**63) - 1), "64 bits at attempt"),
    (odd(seats=seats(generation=2**63)), r"64 bits at seats\.agent\.generation"),
]
MISTYPED = [
    (odd(attempt=1.5), r"got `float` - at `\$\.attempt`"),
    (odd(attempt=True), r"got `bool` - at `\$\.attempt`"),
    (odd(seed="7"), r"at `\$\.seed`"),
    (odd(index=None), r"at `\$\.scenario\.index`"),
    (odd(stratum=3), r"at `\$\.scenario\.stratum`"),
    (odd(version=None), r"at `\$\.version`"),
    (odd(entries=[["agent", "hello"]]), r"got `array` - at `\$\.entries\[0\]`"),
    (odd(seats=seats(digest=None)), r"at `\$\.seats\[\.\.\.\]\.digest`"),
    (odd(seats=seats(generation="1")), r"at `\$\.seats\[\.\.\.\]\.generation`"),
]


@pytest.mark.parametrize(("one", "words"), [*INFINITE, *WIDE, *MISTYPED])
def test_what_would_not_come_back_is_refused_by_name(tmp_path: Path, one: Episode, words: str) -> None:
    """Before it is acknowledged; the episodes before and after it are recorded, read and sealed."""
    store = RunStore.create(tmp_path / "run", {})
    with store.writer() as writer:
        writer.append(episode(0))
        with pytest.raises(UsageError, match=words):
            writer.append(one)
        writer.append(episode(2))

    assert [episode(0), episode(2)] == list(store.episodes())
    store.seal()
    assert [episode(0), episode(2)] == list(store.episodes())
    assert [] == store.check()


@pytest.mark.parametrize(
    "one",
    [
        odd(state=None),
        odd(state={"null": None, "words": "null and nan", "deep": [None, {"x": None}]}),
        odd(entries=[{"from": "tool", "tool": "find", "result": None}, {"from": "world", "event": "null"}]),
        odd(fault=Fault(side="world", message="null")),
        odd(log_density=3, attempt=2**63 - 1, seed=2**200, seats={}),
        odd(state={"big": 2**200, "small": 5e-324, "negative": -0.0, "large": 1.7e308}),
    ],
)
def test_what_is_strange_but_plain_is_kept(tmp_path: Path, one: Episode) -> None:
    """A null that is meant, and numbers of any size, come back from the log and from a shard."""
    store = RunStore.create(tmp_path / "run", {})
    with store.writer() as writer:
        writer.append(one, verdict(one))

    assert [one] == list(store.episodes())
    store.seal()
    assert [one] == list(store.episodes())
    assert one.content_hash() == store.episode(one.id).content_hash()


@pytest.mark.parametrize("one", [INFINITE[0][0], WIDE[0][0], WIDE[2][0], MISTYPED[6][0], MISTYPED[2][0]])
@pytest.mark.parametrize("judged", [True, False])
def test_a_record_that_cannot_be_decoded_is_damage_of_that_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, one: Episode, judged: bool
) -> None:
    """The others are read and sealed; its segment is set aside, so that nothing is thrown away."""
    store = RunStore.create(tmp_path / "run", {})
    monkeypatch.setattr(_plain, "check", lambda *_: None)  # as if another version had written it
    with store.writer() as writer:
        for each in (episode(0), one, episode(2)):
            writer.append(each, verdict(each) if judged else None)

    others = [episode(0), episode(2)]
    assert others == [each for each in store.episodes() if each.id != one.id]
    assert {each.id for each in others} <= RunStore.open(tmp_path / "run").readable()
    store.seal()
    store = RunStore.open(tmp_path / "run")
    assert others == list(store.episodes())
    assert [] == store.check()
    assert ["run-000001.arrows", "run-000001.idx"] == sorted(
        path.name for path in (tmp_path / "run/damaged").iterdir()
    )
    assert [] == list((tmp_path / "run/wal").iterdir())


def test_an_undecodable_record_in_the_log_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is missing from what can be read, and mining says why."""
    store = RunStore.create(tmp_path / "run", {})
    one = INFINITE[0][0]
    monkeypatch.setattr(_plain, "check", lambda *_: None)
    with store.writer() as writer:
        for each in (episode(0), one):
            writer.append(each, verdict(each))

    assert {episode(0).id} == store.readable()
    assert [(one.id, 1)] == [(damage.episode_id, damage.lost) for damage in store.damage]
    (reason,) = mine(RunStore.open(tmp_path / "run")).stages[0].reasons
    assert "cannot be decoded: Expected `float`, got `null` - at `$.scenario.log_density`" == reason


def test_an_undecodable_row_of_a_shard_is_damage_of_that_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its neighbours in the row group are read."""
    store = RunStore.create(tmp_path / "run", {})
    with store.writer() as writer:
        for index in range(3):
            writer.append(episode(index), verdict(episode(index)))
    store.seal()
    real = _tables._episode

    def spoilt(head: dict[str, Any], entries: Any) -> Episode:
        return real(head | {"seed": "seven"} if head["episode_id"] == episode(1).id else head, entries)

    monkeypatch.setattr(_tables, "_episode", spoilt)

    assert [episode(0), episode(2)] == list(store.episodes())
    assert [episode(1).id] == [damage.episode_id for damage in store.damage]
    assert {episode(0).id, episode(2).id} == store.ids()
