"""Executors run one function over many chunks."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from gristmill.errors import GristmillError, UsageError
from gristmill.executors import Executor, each, imap


@pytest.mark.parametrize("executor", ["inline", "process"])
def test_results_come_in_the_order_of_the_chunks(executor: Executor) -> None:
    """Whoever is done first waits for its turn."""
    chunks = [b"a", b"b", b"c", b"d", b"e", b"f", b"g"]

    assert [b"A", b"B", b"C", b"D", b"E", b"F", b"G"] == list(
        imap(bytes.upper, iter(chunks), jobs=2, executor=executor)
    )


def test_no_more_chunks_are_read_than_are_needed() -> None:
    """Memory does not grow with the number of chunks."""
    read: list[int] = []

    def chunks() -> object:
        for number in range(100):
            read.append(number)
            yield b"x"

    results = imap(bytes.upper, chunks(), jobs=1, executor="process")  # type: ignore[arg-type]  # a generator
    next(results)
    results.close()  # type: ignore[attr-defined]  # likewise

    assert len(read) <= 4


def test_an_interrupt_is_for_the_one_who_asked(tmp_path: Path) -> None:
    """Workers never hear it, not even while they import the script: they print no traceback."""
    script = tmp_path / "asks.py"
    script.write_text(
        "import os, signal, time\nfrom gristmill.executors import imap\n"
        'if __name__ != "__main__":\n    os.kill(os.getpid(), signal.SIGINT)\n'
        'if __name__ == "__main__":\n'
        "    print(list(imap(bytes.upper, [b'a', b'b'], jobs=1)))\n"
        "    try:\n        os.kill(os.getpid(), signal.SIGINT)\n        time.sleep(10)\n"
        "    except KeyboardInterrupt:\n        print('heard')\n"
    )
    done = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, check=False)

    assert ("[b'A', b'B']\nheard\n", "") == (done.stdout, done.stderr)


def test_a_worker_that_dies_is_told_as_such() -> None:
    """No traceback of a pool: what is recorded is safe."""
    with pytest.raises(GristmillError, match="A worker process died"):
        list(imap(os._exit, [3], executor="process"))  # type: ignore[arg-type,list-item]  # a function that ends a process


def test_workers_go_when_the_one_who_asked_them_is_killed(tmp_path: Path) -> None:
    """They cannot be told that there is no more work, and would wait for it for ever."""
    script = tmp_path / "asks.py"
    script.write_text(
        "import os\nfrom gristmill.executors import imap\n"
        "def pid(_):\n    return str(os.getpid()).encode()\n"
        'if __name__ == "__main__":\n'
        "    print(next(imap(pid, [b''], jobs=1)).decode(), flush=True)\n    os.kill(os.getpid(), 9)\n"
    )
    done = subprocess.run(
        [sys.executable, str(script)], capture_output=True, text=True, check=False, timeout=60
    )
    worker = int(done.stdout)
    deadline = time.monotonic() + 30
    while (there := alive(worker)) and time.monotonic() < deadline:
        time.sleep(0.01)

    assert not there


def alive(pid: int) -> bool:
    """Whether there is such a process, and it has not ended."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


@pytest.mark.parametrize(("guard", "code"), [("if True:", 1), ('if __name__ == "__main__":', 0)])
def test_a_script_without_a_guard_is_told_so(tmp_path: Path, guard: str, code: int) -> None:
    """A worker imports the script, which must not start it again."""
    script = tmp_path / "mine.py"
    script.write_text(
        "from gristmill.executors import imap\n"
        f"{guard}\n    print(list(imap(bytes.upper, [b'a'], jobs=2, executor='process')))\n"
    )
    done = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, check=False)

    assert code == done.returncode, done.stderr
    if code:
        assert f"import {script} without playing it again" in done.stderr.splitlines()[-1]
        assert "import the script without playing it again" in done.stderr


def test_wrong_use_is_named() -> None:
    """The message says what there is."""
    with pytest.raises(UsageError, match="inline, process, ray"):
        imap(bytes.upper, [], executor="cloud")  # type: ignore[arg-type]  # on purpose
    with pytest.raises(UsageError, match="at least one job"):
        imap(bytes.upper, [], jobs=0)


def test_items_are_cut_into_chunks() -> None:
    """The last one may be shorter."""
    assert [[0, 1], [2, 3], [4]] == list(each(range(5), 2))
