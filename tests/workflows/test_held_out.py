"""Nothing that learns, and nothing that makes data to learn from, takes the scenarios of an evaluation set."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from gristmill.cli.app import main
from gristmill.errors import UsageError
from gristmill.recorders.export import export
from gristmill.recorders.mine import Acceptance, View, load_view, mine
from gristmill.recorders.store import RunStore
from gristmill.workflows.improve import Kept, Work, improve
from gristmill.workflows.improve_types import Made
from gristmill.workflows.lessons import Selection
from gristmill.workflows.run import run
from tests.recorders.sets.records import holding
from tests.workflows.rare.boilers import WORLD

N, HELD = 12, 3


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> tuple[RunStore, Path]:
    """A run with a view of all of it, and a set of some of its scenarios that was made later; tests only add views."""
    folder = tmp_path_factory.mktemp("held")
    run(WORLD, {}, folder / "run", n=N)
    store = RunStore.open(folder / "run")
    mine(store)
    return store, holding(folder / "set", [one.scenario for one in store.episodes()][:HELD])


def learnt(store: RunStore, view: View | None, sets: Sequence[Path] = ()) -> int:
    """How many episodes a training job would learn from."""
    return len(list(Selection(store, view, sets)))


def test_mining_leaves_out_what_is_held_out(played: tuple[RunStore, Path]) -> None:
    """With the reason, and a count; what is left can be learnt from."""
    store, there = played
    found = mine(store, Acceptance(name="free"), held_out=[there])
    stage = next(one for one in found.stages if one.name == "held out")

    assert {f"in the evaluation set {there}": HELD} == stage.reasons
    assert N - HELD == len(found.kept) == learnt(store, found, [there])


@pytest.mark.parametrize(
    "use",
    [
        lambda store, sets, out: learnt(store, load_view(store), sets),
        lambda store, sets, out: learnt(store, None, sets),
        lambda store, sets, out: export(store, out=out, held_out=sets),
    ],
    ids=["a view", "everything", "an export"],
)
@pytest.mark.parametrize("named", ["by hand", "once for all"])
def test_what_is_held_out_is_refused(
    played: tuple[RunStore, Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    use: Callable[..., Any],
    named: str,
) -> None:
    """The message names the set, the run, how many scenarios, and what makes a view without them."""
    store, there = played
    if named == "once for all":
        monkeypatch.setenv("GRISTMILL_HELD_OUT", str(there))
    message = f"got {HELD} of {store.path} that are in the evaluation set {there}; `gristmill mine {store.path} --held-out"

    with pytest.raises(UsageError, match=message):
        use(store, [there] if named == "by hand" else [], tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_without_a_set_nothing_is_held_out(played: tuple[RunStore, Path]) -> None:
    """Runs are learnt from as ever, and no stage is added."""
    store, _ = played

    assert N == learnt(store, None)
    assert "held out" not in [one.name for one in load_view(store).stages]


class Watching:
    """Learns nothing, and remembers what it could have learnt from."""

    attempts, audited = 1, 0

    def __init__(self) -> None:
        self.asked: Mapping[str, Any] = {}
        self.kept: list[str] = []

    def check(self, work: Work) -> None:
        """Find all in order."""

    def begin(self) -> Made:
        """Begin with the expert."""
        return Made(policy="expert")

    def seats(self, policy: str) -> dict[str, str]:
        """Seat the agent."""
        return {"agent": policy}

    def acceptances(self) -> dict[str, Acceptance]:
        """Keep what is right."""
        return {"agent": Acceptance(name="kept")}

    def learn(self, kept: Sequence[Kept]) -> Made:
        """Remember."""
        self.kept += [one.scenario for one in kept[-1].views["agent"].kept]
        return Made(policy="expert")


@pytest.mark.parametrize("named", ["by hand", "once for all"])
def test_rounds_of_improvement_keep_nothing_that_is_held_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, named: str
) -> None:
    """Whoever learns is handed views without it."""
    first, second = Watching(), Watching()
    improve(WORLD, tmp_path / "a", first, rounds=1, n=N, level="checked")
    episodes = RunStore.open(tmp_path / "a/round-1/run").episodes()
    there = holding(tmp_path / "set", [one.scenario for one in episodes][:HELD])
    if named == "once for all":
        monkeypatch.setenv("GRISTMILL_HELD_OUT", str(there))
    improve(
        WORLD, tmp_path / "b", second, rounds=1, n=N, level="checked", held_out=[there] if named == "by hand" else []
    )  # fmt: skip

    assert N == len(first.kept)
    assert set(first.kept) - set(second.kept) == {
        one.scenario.id for one in list(RunStore.open(tmp_path / "a/round-1/run").episodes())[:HELD]
    }


@pytest.mark.parametrize("verb", ["train", "export", "mine", "improve"])
def test_every_verb_that_learns_takes_sets(verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    """None of them can be told to learn from what another one refuses."""
    assert 0 == main([verb, "--help"])
    assert "--held-out" in capsys.readouterr().out


def test_the_command_line_refuses_what_is_held_out(
    played: tuple[RunStore, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Before anything is trained, with the exit code of wrong use."""
    store, there = played

    assert 2 == main(["train", str(store.path), "--out", str(tmp_path / "job"), "--held-out", str(there)])
    assert f"got {HELD} of {store.path} that are in the evaluation set {there}" in capsys.readouterr().err
