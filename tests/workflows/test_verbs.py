"""`gristmill train eval report`, as they are typed."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from gristmill.cli import eval as eval_verb
from gristmill.cli.app import main
from gristmill.digest import decode, encode
from gristmill.recorders.store import RunStore
from gristmill.types import Status
from gristmill.workflows.evaluate import Evaluation
from gristmill.workflows.lineage import LESSON
from gristmill.workflows.metrics import Outcome, Rate, breakdown, pass_k
from gristmill.workflows.run import run

WORLD = "support/retail-v1?level=demo"


@pytest.fixture(scope="module")
def noisy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small run."""
    out = tmp_path_factory.mktemp("runs") / "noisy"
    run(WORLD, {"agent": "noisy?rate=0.2"}, out, n=12, seed=3)
    return out


def test_eval_prints_a_table(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Rate, interval, breakdowns and pass^k, for people."""
    arguments = ["eval", WORLD, "--seat", "agent=noisy?rate=0.2", "-n", "8", "--trials", "2", "--label", "it"]
    code = main([*arguments, "--out", str(tmp_path / "run")])
    said = capsys.readouterr().out

    assert 0 == code
    assert all(word in said for word in ("it: ", "95 % interval", "intent", "pass^2", "evaluation.json"))


def test_eval_of_a_robot_has_the_words_of_a_robot(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Nobody intends or requests anything there, and it meets neither obstacles nor injected faults."""
    arguments = ["eval", "robots/reach-v1", "-n", "8", "--out", str(tmp_path / "run")]
    assert 0 == main(arguments)
    said = capsys.readouterr().out
    assert 0 == main([*arguments, "--json"])

    assert ["kind"] == list(decode(capsys.readouterr().out)["evaluation"]["by"])
    assert re.search("^kind +passed", said, re.MULTILINE)
    assert not any(word in said for word in ("intent", "requests"))


def test_eval_answers_machines(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One line of JSON, and nothing else."""
    assert 0 == main(["eval", WORLD, "-n", "3", "--out", str(tmp_path / "run"), "--json"])
    found = decode(capsys.readouterr().out)["evaluation"]

    assert (3, 3, 1.0) == (found["success"]["n"], found["success"]["passed"], found["success"]["rate"])


def test_eval_fails_on_what_is_not_held_out(
    noisy: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Scenarios of the run that made the training data give exit code 1, others 0."""
    arguments = ["eval", WORLD, "-n", "3", "--held-out-from", str(noisy)]

    assert 1 == main([*arguments, "--seed", "3", "--out", str(tmp_path / "same")])
    said = capsys.readouterr().out
    assert f"occur in {noisy}: 3" in said
    assert "choose another --seed" in said
    assert 0 == main([*arguments, "--out", str(tmp_path / "other")])


def test_eval_fails_on_what_a_model_has_learnt_from(
    noisy: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nobody has to name the run: the job of the model does."""
    plugin = tmp_path / "model.py"
    plugin.write_text(
        "from gristmill.registry import policy as named\n"
        "def model(place, *, checkpoint: str):\n"
        "    made = named('expert', place.world, place.seat)\n"
        "    made.name = place.spec\n"
        "    return made\n"
    )
    lesson = {"run": str(noisy), "run_id": RunStore.open(noisy).id, "init": ""}
    (tmp_path / LESSON).write_bytes(encode(lesson))
    arguments = ["eval", WORLD, "-n", "3", "--seat", f"agent={plugin}:model?checkpoint={tmp_path}"]

    assert 1 == main([*arguments, "--seed", "3", "--out", str(tmp_path / "same")])
    assert f"occur in {noisy}: 3" in capsys.readouterr().out
    assert 0 == main([*arguments, "--out", str(tmp_path / "other")])
    (tmp_path / LESSON).unlink()
    assert 0 == main([*arguments, "--out", str(tmp_path / "other")])
    assert "Not known is what" in capsys.readouterr().out


def test_the_terminal_shows_errors_beside_every_rate(capsys: pytest.CaptureFixture[str]) -> None:
    """With the rate if they had been failures, in total and in each cell."""
    statuses: list[Status] = ["pass", "pass", "error", "fail", "pass", "pass", "pass", "pass"]
    found = [
        Outcome(id=str(i), scenario=f"{i % 4}", attempt=i // 4, stratum=f"{'ab'[i % 2]}", status=status)
        for i, status in enumerate(statuses)
    ]  # fmt: skip
    first = found[:4]
    eval_verb._print(
        Evaluation(
            label="it", world="w", version="1", seats={}, run="r", seed=1, success=Rate.of(first),
            by={"intent": breakdown(first, "intent")}, pass_k=pass_k(found, 2), checks={}, errors={"customer": 1},
        )
    )  # fmt: skip
    said = " ".join(capsys.readouterr().out.split())

    assert "1 error not counted, 50.0% at worst Errors by the side at fault: 1 customer" in said
    assert "a 1 1 100.0% 20.7% - 100.0% 1 error not counted, 50.0% at worst" in said
    assert "over 3 scenarios; 1 more were not judged every time" in said


def test_report_says_what_it_could_not_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A rate over what is left of a run is not taken for one over all of it."""
    run(WORLD, {}, tmp_path / "run", n=5)
    shard = next((tmp_path / "run/shards").glob("*.parquet"))
    shard.write_bytes(b"junk")

    assert 0 == main(["report", str(tmp_path / "run"), "--out", str(tmp_path / "page.html")])
    words = f"Not in the figures of run: shards/{shard.name} cannot be read"
    assert words in capsys.readouterr().out
    assert words in (tmp_path / "page.html").read_text()


def test_report_needs_a_file(noisy: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The message names one."""
    assert 2 == main(["report", str(noisy), "--out", str(tmp_path)])
    assert f"write {tmp_path / 'report.html'}" in capsys.readouterr().err


def test_report_writes_a_page(noisy: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The page is where it was asked for, and holds the command that makes it again."""
    page = tmp_path / "deep" / "page.html"

    assert 0 == main(["report", str(noisy), "--out", str(page), "--title", "Tables & chairs"])
    assert str(page) in capsys.readouterr().out
    assert "<title>Tables &amp; chairs</title>" in page.read_text()
    assert f"gristmill report {noisy} --out={page}" in page.read_text()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["report", "nowhere"], "Expected a run directory"),
        (["eval", WORLD, "--out", "x", "--seat", "agnet=expert"], "Did you mean 'agent'"),
        (["eval", WORLD, "--out", "x", "--held-out-from", "nowhere"], "Expected a run directory"),
        (["train", "nowhere", "--out", "x"], "Expected a run directory"),
        (["train", "{noisy}", "--out", "x", "--view", "kept"], "Unknown view 'kept'"),
        (["train", "{noisy}", "--out", "x", "--init", "m", "--dim", "64"], "for a fresh model only"),
        (["train", "{noisy}", "--out", "x", "--dim", "50"], "multiple of 32, the width of a head, got 50"),
        (["train", "{noisy}", "--out", "x", "--epochs", "0"], "above 0 and at most 10,000, got 0"),
        (["train", "{noisy}", "--out", "x", "--epochs", "inf"], "above 0 and at most 10,000, got inf"),
        (["train", "{noisy}", "--out", "x", "--rate", "nan"], "above 0 and at most 1, got nan"),
        (["train", "{noisy}", "--out", "{noisy}"], "which is a run; choose another"),
        (["report", "{noisy}", "--training", "nowhere"], "Expected a training job"),
    ],
)
def test_wrong_use_is_one_sentence(
    noisy: Path, arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """It says what was expected, and the exit code is 2."""
    code = main([one.format(noisy=noisy) if one == "{noisy}" else one for one in arguments])
    said = capsys.readouterr().err

    assert 2 == code
    assert message in said
    assert 1 == said.count("\n")


@pytest.mark.slow
def test_train_leaves_a_model(noisy: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The checkpoint it names exists, and a report shows its curves."""
    options = [
        "--steps",
        "2",
        "--rows",
        "4",
        "--dim",
        "32",
        "--layers",
        "1",
        "--out",
        str(tmp_path / "model"),
    ]
    code = main(["train", str(noisy), *options, "--json"])
    lesson = decode(capsys.readouterr().out)

    assert 0 == code
    assert (Path(lesson["best"]) / "model" / "weights.safetensors").is_file()
    page = tmp_path / "page.html"
    assert 0 == main(["report", str(noisy), "--training", str(tmp_path / "model"), "--out", str(page)])
    assert "polyline" in page.read_text()


@pytest.mark.parametrize(
    ("checkpoint", "words"),
    [(False, "no checkpoint yet, the same command starts anew"), (True, "the same command goes on")],
)
def test_an_interrupted_training_says_where_it_stands(
    noisy: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    checkpoint: bool,
    words: str,
) -> None:
    """Before the first checkpoint there is nothing to go on from."""

    def interrupted(store: RunStore, out: Path, **_: object) -> None:
        if checkpoint:
            (out / "step-000004").mkdir(parents=True)
        raise KeyboardInterrupt

    monkeypatch.setattr("gristmill.workflows.learn.learn", interrupted)

    assert 130 == main(["train", str(noisy), "--out", str(tmp_path / "job")])
    assert words in capsys.readouterr().err


def test_training_without_a_terminal_says_how_far_it_is(
    noisy: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The first line says what there is to do; then a line now and then, and one at the end."""

    def learn(store: RunStore, out: Path, *, progress: Callable[..., None], **_: object) -> None:
        for step in range(1, 1001):
            progress(step, 1000, {"loss": 0.5})
        raise KeyboardInterrupt

    monkeypatch.setattr("gristmill.workflows.learn.learn", learn)
    main(["train", str(noisy), "--rows", "4", "--out", str(tmp_path / "job")])

    assert [
        "training: 1,000 steps of 4 episodes",
        "training: 1 of 1,000, loss 0.5",
        "training: 1,000 of 1,000, loss 0.5",
    ] == capsys.readouterr().err.splitlines()[:3]
