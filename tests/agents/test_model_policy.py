"""A decoder in a seat: many dialogues at once, each as if it were alone."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from gristmill.agents.checkpoint import model as build
from gristmill.agents.model import session as sessions
from gristmill.agents.model.policy import ModelPolicy
from gristmill.agents.model.sampling import Sampling
from gristmill.agents.model.store import Model, load_model, save_model
from gristmill.agents.model.template import View
from gristmill.errors import UsageError
from gristmill.policy import Place, Policy
from gristmill.types import Act, Brief, Entry
from tests.training.tiny import model

DRAW = Sampling(temperature=1.0, max_tokens=8)


def hear(row: int, turn: int) -> list[Entry]:
    """Return what row `row` sees before its act `turn`; some of it is longer than a chunk."""
    return [{"from": "customer", "say": f"W{row}{turn} " + "where " * (7 * (row % 3))}]


def play(policy: ModelPolicy, rows: Sequence[int], turns: int = 3) -> dict[int, list[Act]]:
    """Return the acts of each of the rows, played together."""
    session = policy.begin([Brief(seat="agent")] * len(rows), list(rows))
    acts: dict[int, list[Act]] = {row: [] for row in rows}
    for turn in range(turns):
        found = session.act(range(len(rows)), [hear(row, turn) for row in rows])
        for row, act in zip(rows, found, strict=True):
            acts[row].append(act)
    return acts


def test_it_is_a_policy() -> None:
    """The spine can seat it."""
    assert isinstance(ModelPolicy(model()), Policy)


def test_a_dialogue_goes_the_same_in_any_company() -> None:
    """What else is decoded at the same time changes no row's acts."""
    policy = ModelPolicy(model(), sampling=DRAW)
    together = play(policy, [0, 1, 2, 3, 4, 5])

    assert {4: together[4]} == play(policy, [4])
    assert together[4] != together[1]


def test_a_row_that_lost_its_lane_goes_on_where_it_was() -> None:
    """A dialogue that pauses is read again from its history."""
    policy = ModelPolicy(model(), sampling=DRAW)
    session = policy.begin([Brief(seat="agent")] * 5, range(5))
    acts = [session.act(range(5), [hear(row, 0) for row in range(5)])[4]]
    for turn in range(1, sessions.IDLE + 2):
        session.act([0], [hear(0, turn)])
    acts += [session.act([4], [hear(4, turn)])[0] for turn in (1, 2)]

    assert play(policy, [4])[4] == acts


def test_what_it_remembers_is_what_it_would_be_trained_on() -> None:
    """The tokens of a played dialogue are those of the recorded view."""
    policy = ModelPolicy(model(), sampling=replace(DRAW, max_tokens=30))
    found = policy.begin([Brief(seat="agent")], [7])
    entries: list[Entry] = []
    for turn in range(6):
        (act,) = found.act([0], [hear(1, turn)])
        entries += [*hear(1, turn), {"from": "agent", **act}]
        # A view that ends in a malformed act is written with the mark of one, so the comparison stops before.
        if "raw" in act:
            entries.pop()
            break
    ids = policy.template.view(View("agent", entries)).ids

    assert ids == found._rows[0].history[: len(ids)]


def test_a_full_context_ends_in_a_clean_act() -> None:
    """A dialogue that no longer fits says so; the others go on."""
    policy = ModelPolicy(model(), sampling=DRAW)
    session = policy.begin([Brief(seat="agent")] * 2, [0, 1])
    long: list[Entry] = [{"from": "customer", "say": "9" * 400}]
    acts = session.act([0, 1], [long, hear(1, 0)])

    assert {"raw": "context full"} == acts[0]
    assert {"raw": "context full"} == session.act([0], [hear(0, 1)])[0]
    assert acts[1] != acts[0]


def test_an_act_that_does_not_end_is_malformed() -> None:
    """Whoever talks without end is cut off."""
    policy = ModelPolicy(model(), sampling=Sampling(max_tokens=1))

    assert ["raw"] == [*policy.begin([Brief(seat="agent")], [0]).act([0], [hear(0, 0)])[0]]


def test_nobody_to_move_is_no_work() -> None:
    """An empty call returns at once."""
    assert [] == ModelPolicy(model()).begin([], []).act([], [])


def test_it_can_be_asked_for_by_name(tmp_path: Path) -> None:
    """A spec names the folder and the sampling."""
    save_model(tmp_path, model())
    spec = f"model?checkpoint={tmp_path}&top_k=3"
    found = build(Place("shop", "agent", spec), checkpoint=str(tmp_path), top_k=3)

    assert isinstance(found, ModelPolicy)
    assert (spec, Sampling(top_k=3)) == (found.name, found.sampling)


def test_it_takes_no_seat_that_it_has_never_met(tmp_path: Path) -> None:
    """A model of one world would only babble in another; the message says whom it knows."""
    save_model(tmp_path, model())
    with pytest.raises(UsageError, match=r"met the seat 'seller' of w, .* which knows agent, customer, tool"):
        build(Place("w", "seller", "model"), checkpoint=str(tmp_path))


def test_its_digest_tells_what_decides_its_acts() -> None:
    """Sampling and weights are part of the identity, the name is not."""
    one = ModelPolicy(model(), name="x")

    assert one.digest == ModelPolicy(model(), name="y").digest
    assert one.digest != ModelPolicy(model(), sampling=DRAW).digest
    assert one.digest != ModelPolicy(replace(model(), digest="other")).digest


def test_a_model_survives_the_disk(tmp_path: Path) -> None:
    """A saved model plays the same, and says where it comes from."""
    save_model(tmp_path / "model", replace(model(), about={"generation": 3}))
    policy = ModelPolicy.load(tmp_path, temperature=1.0, max_tokens=8)

    assert 3 == policy.generation
    assert play(ModelPolicy(model(), sampling=DRAW), [1]) == play(policy, [1])
    assert load_model(tmp_path).digest == load_model(tmp_path / "model").digest


@pytest.mark.parametrize("name", ["config.json", "weights.safetensors", "tokenizer.json"])
def test_a_missing_file_is_named(tmp_path: Path, name: str) -> None:
    """The message says what is missing."""
    save_model(tmp_path, model())
    (tmp_path / name).unlink()

    with pytest.raises(UsageError, match=f"without {name}"):
        load_model(tmp_path)


def test_damaged_weights_are_refused(tmp_path: Path) -> None:
    """A file that was cut short, or belongs to another shape, is not loaded."""
    save_model(tmp_path, model())
    weights = tmp_path / "weights.safetensors"
    whole = weights.read_bytes()
    weights.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(UsageError, match="to be readable"):
        load_model(tmp_path)

    other: Model = model(3)
    save_model(tmp_path, replace(other, config=model().config))
    with pytest.raises(UsageError, match=r"layers.conv is \(2, 3, 16\), should be \(2, 2, 16\)"):
        load_model(tmp_path)
