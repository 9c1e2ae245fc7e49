"""The run store: what was acknowledged is there, whatever happened since."""

from pathlib import Path

import pyarrow.parquet as pq

from gristmill.play import play
from gristmill.recorders.store import RunStore
from gristmill.recorders.verify import judge
from tests.recorders.fakes import Till, episode, policies


def test_what_was_appended_is_read_back_equal(tmp_path: Path) -> None:
    """Episodes and verdicts come back as they were, from the log and from sealed shards."""
    store = RunStore.create(tmp_path / "run", {"world": "fake/till-v1"})
    episodes = list(play(Till, [Till().scenario(1, index) for index in range(5)], policies(), seed=1))
    verdicts = [judge(Till(), one) for one in episodes]
    with store.writer() as writer:
        for one, found in zip(episodes, verdicts, strict=True):
            writer.append(one, found)

    assert episodes == list(store.episodes())
    assert verdicts == list(store.verdicts())
    assert ["pass"] * 5 == [found.status for found in verdicts]

    store.seal()

    assert episodes == list(RunStore.open(tmp_path / "run").episodes())
    assert {one.id for one in episodes} == store.ids()
    assert episodes[3] == store.episode(episodes[3].id)
    assert [] == store.check()


def test_sealed_tables_read_with_plain_pyarrow(tmp_path: Path) -> None:
    """A message has its seat, time, kind and text in columns."""
    store = RunStore.create(tmp_path / "run", {})
    with store.writer() as writer:
        writer.append(episode(0, size=2))
    store.seal()

    table = pq.read_table(tmp_path / "run/shards/messages-000001.parquet").to_pylist()

    assert [("agent", 0, "say", "line 0 of 0"), ("agent", 1, "say", "line 1 of 0")] == [
        (row["from"], row["t"], row["kind"], row["text"]) for row in table
    ]
