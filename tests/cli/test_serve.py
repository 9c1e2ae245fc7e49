"""`gristmill serve`: a model on the loopback, until it is stopped."""

import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from openai import OpenAI

from gristmill.agents.model.store import save_model
from gristmill.cli.app import main
from gristmill.cli.serve import _trained
from tests.training.tiny import model


@pytest.mark.slow
def test_it_serves_until_it_is_stopped(tmp_path: Path) -> None:
    """It says where it is and how to seat it, answers, and leaves cleanly at Ctrl-C."""
    save_model(tmp_path / "mine", model())
    command = [
        sys.executable,
        "-m",
        "gristmill",
        "serve",
        str(tmp_path / "mine"),
        "--port",
        "0",
        "--max-tokens",
        "4",
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as running:
        assert running.stdout is not None
        first, second = running.stdout.readline(), running.stdout.readline()
        found = re.search(r"http://127\.0\.0\.1:\d+/v1", first)
        assert found is not None
        with OpenAI(base_url=found[0], api_key="none") as client:
            reply = client.chat.completions.create(
                model="mine", messages=[{"role": "user", "content": "Hello"}]
            )
        running.send_signal(signal.SIGINT)
        _, rest = running.communicate()

    assert f"--seat 'agent=chat:mine@{found[0]}'" in second
    assert reply.usage is not None
    assert 1 <= reply.usage.completion_tokens <= 4
    assert ("stopped\n", 0) == (rest, running.returncode)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--host", "0.0.0.0"], "say --public if that is meant"),
        (["--seat", "robot"], "Unknown seat 'robot' of the model"),
    ],
)
def test_what_is_not_served_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], options: list[str], message: str
) -> None:
    """An address that others reach, and a seat that the model does not know."""
    save_model(tmp_path, model())

    assert 2 == main(["serve", str(tmp_path), *options])
    assert message in capsys.readouterr().err


def test_a_folder_without_a_model_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The message says what is missing."""
    assert 2 == main(["serve", str(tmp_path)])
    assert "Expected a model in" in capsys.readouterr().err


def test_a_job_tells_the_seat_it_was_for(tmp_path: Path) -> None:
    """Its lesson does; of a model of several seats one has to be chosen."""
    checkpoint = tmp_path / "step-1" / "model"
    checkpoint.mkdir(parents=True)
    told = []
    for seats in (["seller"], ["seller", "buyer"]):
        sources = ",".join(f'{{"seat":"{seat}"}}' for seat in seats)
        (tmp_path / "lesson.json").write_text(f'{{"sources":[{sources}]}}')
        told.append(_trained(checkpoint))

    assert ["seller", ""] == told
