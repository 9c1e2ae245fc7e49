"""The vocabulary: frozen, plain JSON underneath, and honest about what is missing."""

import msgspec
import numpy as np
import pytest

from gristmill.digest import decoder, digest, encode, plain
from gristmill.steps import Steps
from gristmill.types import (
    Brief,
    Check,
    Episode,
    Fault,
    Scenario,
    SeatInfo,
    Status,
    Verdict,
    call,
    episode_id,
    raw,
    say,
)

SEATS = {"a": SeatInfo(policy="expert", digest="1"), "b": SeatInfo(policy="noop", digest="2")}
SCENARIO = Scenario.of("test/w-v0", {"x": 1}, seed=3, index=4)
EPISODE = Episode(
    id="e", world="test/w-v0", version="1", scenario=SCENARIO, seats=SEATS, seed=0, state={"n": 1}, state_digest="d",
    entries=[
        {"from": "a", "say": "hello"},
        {"from": "b", "call": "look", "args": {}, "to": ["b"]},
        {"from": "world", "event": "fault", "to": []},
    ],
)  # fmt: skip


def test_a_brief_is_written_when_it_is_first_read() -> None:
    """Once, and whoever compares it or puts it on record reads it."""
    written = []

    def words() -> str:
        written.append("Sell it.")
        return written[-1]

    brief, same = (
        Brief(seat="a", text=words, facts={"n": 1}),
        Brief(seat="a", text="Sell it.", facts={"n": 1}),
    )

    assert [] == written
    assert "Sell it." == brief.text == brief.text
    assert ["Sell it."] == written
    assert same == brief == Brief(seat="a", text=words, facts={"n": 1})
    assert encode(same) == encode(Brief(seat="a", text=words, facts={"n": 1}))
    assert {"seat": "a", "text": "Sell it.", "facts": {"n": 1}, "tools": []} == plain(same)


def test_a_brief_is_frozen() -> None:
    """As everything that is told is."""
    for name in ("seat", "text"):
        with pytest.raises(AttributeError):
            setattr(Brief(seat="a"), name, "b")


def test_acts_are_plain_dicts() -> None:
    """Each constructor makes one legal act."""
    assert [{"say": "x"}, {"call": "t", "args": {"tool": 1}}, {"raw": "("}] == [
        say("x"),
        call("t", tool=1),
        raw("("),
    ]


def test_a_record_survives_writing_and_reading() -> None:
    """An episode is the same after a trip through a file."""
    assert EPISODE == decoder(Episode)(encode(EPISODE))


def test_a_record_cannot_be_changed() -> None:
    """Structs are frozen, and defaults are not shared."""
    with pytest.raises(AttributeError):
        EPISODE.id = "other"  # type: ignore[misc]  # the mistake under test

    bare = {"id": "", "world": "", "version": "", "scenario": SCENARIO, "seats": {}, "seed": 0}
    assert Episode(**bare).entries is not Episode(**bare).entries  # type: ignore[arg-type]  # mixed values


@pytest.mark.parametrize(("seat", "seen"), [("a", 1), ("b", 2), ("c", 1)])
def test_a_view_holds_what_the_seat_could_see(seat: str, seen: int) -> None:
    """Without `to` everybody sees an entry, with an empty one nobody."""
    assert seen == len(EPISODE.view(seat))


def test_the_identity_of_an_attempt_is_what_is_to_be_played() -> None:
    """World, version, scenario, its index, players, seed and attempt count; names of policies do not."""
    base = episode_id("w", "1", SCENARIO, SEATS, 0, 0)
    other_index = Scenario.of("test/w-v0", {"x": 1}, seed=3, index=5)
    others = [
        episode_id("v", "1", SCENARIO, SEATS, 0, 0),
        episode_id("w", "2", SCENARIO, SEATS, 0, 0),
        episode_id("w", "1", other_index, SEATS, 0, 0),
        episode_id("w", "1", SCENARIO, {**SEATS, "b": SeatInfo(policy="noop", digest="3")}, 0, 0),
        episode_id("w", "1", SCENARIO, SEATS, 1, 0),
        episode_id("w", "1", SCENARIO, SEATS, 0, 1),
    ]
    renamed = {**SEATS, "b": SeatInfo(policy="nothing", digest="2")}

    assert 7 == len({base, *others})
    assert base == episode_id("w", "1", SCENARIO, renamed, 0, 0)


def test_the_content_hash_is_of_how_it_went() -> None:
    """Entries, end, fault and final state count."""
    changes: list[dict[str, object]] = [
        {"entries": EPISODE.entries[:1]},
        {"end": "truncated"},
        {"fault": Fault(side="a", message="m")},
        {"state_digest": "other"},
    ]
    hashes = {msgspec.structs.replace(EPISODE, **change).content_hash() for change in changes}

    assert 5 == len({EPISODE.content_hash(), *hashes})


def test_numeric_steps_are_part_of_an_episode() -> None:
    """They count for its content hash, which is what it was before where there are none, and pass through JSON."""
    steps = Steps.of(
        observations={},
        actions={},
        rewards=np.ones(1),
        terminated=np.ones(1, bool),
        truncated=np.zeros(1, bool),
    )
    one = msgspec.structs.replace(EPISODE, steps=steps)
    again = decoder(Episode)(encode(one))
    went = [EPISODE.id, EPISODE.entries, EPISODE.end, EPISODE.fault, EPISODE.state_digest]

    assert digest(went) == EPISODE.content_hash()
    assert digest([*went, steps.digest]) == one.content_hash() == again.content_hash()
    assert again.steps is not None
    assert [1.0] == again.steps.rewards.tolist()


@pytest.mark.parametrize(
    ("states", "expected"),
    [
        ((), "unverified"),
        (("pass",), "pass"),
        (("pass", "unverified"), "unverified"),
        (("pass", "fail", "unverified"), "fail"),
        (("fail", "error", "pass"), "error"),
    ],
)
def test_a_verdict_is_as_good_as_its_worst_check(states: tuple[Status, ...], expected: Status) -> None:
    """Nothing passes for want of checks, and an error is nobody's failure."""
    checks = tuple(Check(name=str(place), status=status) for place, status in enumerate(states))

    assert expected == Verdict.status_of(checks)
