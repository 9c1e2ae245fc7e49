"""A run is the same however it was played: in one go or in pieces, here or elsewhere, in whatever order."""

import importlib.util
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from msgspec.structs import replace

from gristmill import registry
from gristmill.digest import decode, encode
from gristmill.errors import StoreError, UsageError
from gristmill.executors import Executor
from gristmill.recorders.store import RunStore
from gristmill.workflows import run as module
from gristmill.workflows.run import run
from gristmill.workflows.scenarios import read_scenarios
from tests.fixtures.plugins import RAISES_IN_STEP, SLOW, plugin

RETAIL = "support/retail-v1"
NOISY = {"agent": "noisy?rate=0.2"}


def hashes(out: Path) -> dict[tuple[int, int], str]:
    """The content hash of every episode of a run, by scenario and attempt."""
    return {(one.scenario.index, one.attempt): one.content_hash() for one in RunStore.open(out).episodes()}


def order(out: Path) -> list[str]:
    """The ids of the episodes of a run, in the order of recording."""
    return [one.id for one in RunStore.open(out).episodes()]


def test_every_attempt_is_recorded_with_its_verdict(tmp_path: Path) -> None:
    """Failures stay; nothing is dropped."""
    report = run(RETAIL, NOISY, tmp_path / "run", n=30, attempts=2)

    assert 60 == report.asked == report.played == sum(report.counts.values()) == len(hashes(tmp_path / "run"))
    assert {"pass", "fail"} <= set(report.counts)
    assert 60 == sum(1 for _ in RunStore.open(tmp_path / "run").verdicts())


@pytest.mark.parametrize("executor", ["process", "ray"])
def test_every_executor_gives_the_same_run(tmp_path: Path, executor: Executor) -> None:
    """The same episodes in the same order, whoever plays them."""
    if executor == "ray" and importlib.util.find_spec("ray") is None:
        pytest.skip("Ray is not installed")
    run(RETAIL, NOISY, tmp_path / "here", n=150)
    run(RETAIL, NOISY, tmp_path / "there", n=150, jobs=2, executor=executor)

    assert order(tmp_path / "here") == order(tmp_path / "there")
    assert hashes(tmp_path / "here") == hashes(tmp_path / "there")


def test_what_other_code_has_played_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither another version of the world nor another policy gets into a run."""
    job = module.Job(RETAIL, {"customer": "expert", **NOISY}, 0, 0, [0])
    (((episode, verdict),),) = module.run_chunk(job)
    seats = episode.seats | {"agent": replace(episode.seats["agent"], digest="other")}

    for strange in (replace(episode, version="other"), replace(episode, seats=seats)):
        monkeypatch.setattr(module, "_play", lambda *_, one=strange: [[(one, verdict)]])
        with pytest.raises(UsageError, match=r"version .* of (the world|agent), got other"):
            run(RETAIL, NOISY, tmp_path / strange.version, n=1)


def test_a_world_that_raises_costs_only_its_episodes(tmp_path: Path) -> None:
    """Each is recorded as an error of the world, and is no failure of who played."""
    report = run(plugin(tmp_path, RAISES_IN_STEP), {}, tmp_path / "run", n=8)
    verdicts = list(RunStore.open(tmp_path / "run").verdicts())

    assert {"error": 8} == report.counts
    assert {"world": 8} == {reason.partition(":")[0]: number for reason, number in report.errors.items()}
    assert {("error", "world")} == {(verdict.status, verdict.side) for verdict in verdicts}
    assert "IndexError" in str(verdicts[0].checks[0].evidence)


def test_running_again_plays_nothing(tmp_path: Path) -> None:
    """A finished run is left as it is, and its counts are told."""
    first = run(RETAIL, NOISY, tmp_path / "run", n=20)
    before = order(tmp_path / "run")
    again = run(RETAIL, NOISY, tmp_path / "run", n=20)

    assert (0, first.counts) == (again.played, again.counts)
    assert before == order(tmp_path / "run")


def test_more_can_be_asked_for_later(tmp_path: Path) -> None:
    """What is there is kept, and what is missing is played: the same as if all had been asked for at once."""
    run(RETAIL, NOISY, tmp_path / "grown", n=10)
    more = run(RETAIL, NOISY, tmp_path / "grown", n=25, attempts=2)
    run(RETAIL, NOISY, tmp_path / "whole", n=25, attempts=2)

    assert 40 == more.played
    assert hashes(tmp_path / "whole") == hashes(tmp_path / "grown")


def test_another_run_cannot_be_mixed_in(tmp_path: Path) -> None:
    """The message says what differs."""
    run(RETAIL, NOISY, tmp_path / "run", n=2)

    with pytest.raises(UsageError, match=r"seats.agent.policy is 'noisy\?rate=0.2' there, 'expert' here"):
        run(RETAIL, {}, tmp_path / "run", n=2)
    with pytest.raises(UsageError, match="seed is 0 there, 1 here"):
        run(RETAIL, NOISY, tmp_path / "run", n=2, seed=1)


def test_seats_and_executors_must_exist(tmp_path: Path) -> None:
    """A typing error plays nothing and makes no directory."""
    with pytest.raises(UsageError, match="Did you mean 'agent'"):
        run(RETAIL, {"agnt": "expert"}, tmp_path / "run")
    with pytest.raises(UsageError, match="at least one"):
        run(RETAIL, {}, tmp_path / "run", n=0)

    assert not (tmp_path / "run").exists()


def killed_twice(spec: str, out: Path, n: int, first: int) -> None:
    """Run until some episodes are recorded, kill -9, twice; then finish."""
    command = [
        sys.executable,
        "-m",
        "gristmill",
        "run",
        spec,
        "--seat",
        "agent=noisy",
        "-n",
        str(n),
        "-o",
        str(out),
    ]
    environment = {**os.environ, "PYTHONSAFEPATH": "1"}
    for enough in (first, 2 * first):
        process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
        while (
            process.poll() is None
            and len(RunStore.open(out).ids() if (out / "run.json").exists() else ()) < enough
        ):
            time.sleep(0.01)
        process.send_signal(signal.SIGKILL)
        assert -signal.SIGKILL == process.wait()
    assert 2 * first <= len(RunStore.open(out).ids()) < n
    subprocess.run(command, env=environment, check=True, stdout=subprocess.DEVNULL)


def test_a_run_killed_twice_and_resumed_equals_one_that_was_not(tmp_path: Path) -> None:
    """Scenario by scenario, the same content hashes."""
    spec = plugin(tmp_path, SLOW)
    killed_twice(spec, tmp_path / "killed", 150, 30)
    run(spec, {"agent": "noisy"}, tmp_path / "whole", n=150)

    assert 150 == len(hashes(tmp_path / "whole"))
    assert hashes(tmp_path / "whole") == hashes(tmp_path / "killed")


@pytest.mark.slow
def test_two_thousand_support_episodes_survive_two_kills(tmp_path: Path) -> None:
    """The same at the size of a real run."""
    killed_twice(RETAIL, tmp_path / "killed", 2000, 600)
    run(RETAIL, {"agent": "noisy"}, tmp_path / "whole", n=2000)

    assert 2000 == len(hashes(tmp_path / "whole"))
    assert hashes(tmp_path / "whole") == hashes(tmp_path / "killed")


def test_scenarios_can_come_from_a_file(tmp_path: Path) -> None:
    """The same scenarios give the same content, drawn or read."""
    world = registry.make(RETAIL)
    lines = [encode(world.scenario(0, index)) + b"\n" for index in range(12)]
    (tmp_path / "some.jsonl").write_bytes(b"".join(lines))
    run(RETAIL, NOISY, tmp_path / "read", scenarios=tmp_path / "some.jsonl")
    run(RETAIL, NOISY, tmp_path / "drawn", n=12)

    assert hashes(tmp_path / "drawn") == hashes(tmp_path / "read")


def test_values_alone_make_a_scenario(tmp_path: Path) -> None:
    """A line needs no more than its values, and equal lines are different episodes."""
    values = registry.make(RETAIL).scenario(0, 0).values
    (tmp_path / "two.jsonl").write_bytes(2 * (encode({"values": values}) + b"\n") + b"\n")

    assert 2 == run(RETAIL, {}, tmp_path / "run", scenarios=tmp_path / "two.jsonl").played


VALUES = registry.make(RETAIL).scenario(0, 0).values


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (b"{", "line 2: expected a JSON object"),
        (b"[]", "line 2: expected a JSON object"),
        (b'"text"', "line 2: expected a JSON object"),
        (b"\xff\xfe", "line 2: expected a JSON object"),
        (b'{"values": NaN}', "line 2: expected a JSON object"),
        (b'{"valeus": {}}', "line 2: expected a scenario such as"),
        (encode({"values": VALUES, "world": "other/env-v1"}), "expected a scenario of support/retail-v1"),
        (encode({"values": VALUES, "id": "123"}), "expected the id"),
        (encode({"values": {}}), "line 2: field 'first': expected"),
        (encode({"values": VALUES | {"zip": 12}}), "line 2: field 'zip'"),
        (encode({"values": VALUES | {"color": "red"}}), "line 2: Unknown field 'color'"),
    ],
)
def test_a_malformed_scenario_file_is_refused_with_its_line(tmp_path: Path, line: bytes, words: str) -> None:
    """Nothing is played before all lines have been checked."""
    (tmp_path / "bad.jsonl").write_bytes(encode({"values": VALUES}) + b"\n" + line + b"\n")

    with pytest.raises(UsageError) as caught:
        read_scenarios(tmp_path / "bad.jsonl", registry.make(RETAIL))

    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("name", "words"), [("none.jsonl", "which is not there"), ("empty.jsonl", "at least one scenario")]
)
def test_a_file_without_scenarios_is_refused(tmp_path: Path, name: str, words: str) -> None:
    """Neither a missing nor an empty file plays anything."""
    (tmp_path / "empty.jsonl").write_text("\n\n")

    with pytest.raises(UsageError, match=words):
        read_scenarios(tmp_path / name, registry.make(RETAIL))


def test_a_run_of_another_schema_is_left_alone(tmp_path: Path) -> None:
    """The message says which version wrote it."""
    run(RETAIL, {}, tmp_path / "run", n=2)
    path = tmp_path / "run" / "run.json"
    path.write_bytes(encode(decode(path.read_bytes()) | {"schema": 99}))

    with pytest.raises(StoreError, match="Expected run schema 1, got 99"):
        run(RETAIL, {}, tmp_path / "run", n=2)
