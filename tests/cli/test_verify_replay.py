"""What `gristmill verify` says of replays."""

from pathlib import Path

import pytest

from gristmill.cli.app import main
from tests.fixtures.plugins import plugin

# Every episode but the first two ends in a fault of the world.
SOMETIMES = (
    "self.lent[size] = member",
    "self.lent[size] = member if size in ('S', 'M') else member[99]",
)


def test_episodes_that_a_fault_ended_are_not_called_reproduced(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """They are counted by themselves, now and when it is asked again."""
    spec = plugin(tmp_path, SOMETIMES)
    main(["run", spec, "-n", "20", "-o", str(tmp_path / "run")])
    assert "world: IndexError" in capsys.readouterr().out

    for _ in range(2):
        assert 0 == main(["verify", str(tmp_path / "run"), "--replay"])
        printed = " ".join(capsys.readouterr().out.split())
        passed = int(printed.split(" pass")[0].split()[-1])
        assert 0 < passed < 20
        assert f"Reproduced in a fresh process: {passed} of {passed} (100.0 %); {20 - passed} more" in printed
