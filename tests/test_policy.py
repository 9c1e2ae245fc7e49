"""Scripts as policies: one generator per episode, each with its own stream and its own faults."""

import random
from collections.abc import Sequence

import pytest

from gristmill.errors import EpisodeError, UsageError
from gristmill.policy import Policy, Script, Scripted, policy
from gristmill.types import Act, Brief, Entry, say


def echo(brief: Brief, rng: random.Random, *, mark: str = "") -> Script:
    """Say what was seen, and a random number."""
    seen = yield None
    while True:
        seen = yield say(f"{mark}{len(seen)} {rng.random():.3f}")


def opener(brief: Brief, rng: random.Random) -> Script:
    """Open with an act, and count what is seen after it."""
    seen = yield say("first")
    while True:
        seen = yield say(str(len(seen)))


def one_act(brief: Brief, rng: random.Random) -> Script:
    """End too early."""
    yield None
    yield say("only")


def silent(brief: Brief, rng: random.Random) -> Script:
    """Yield nothing where an act is due."""
    while True:
        yield None


def broken(brief: Brief, rng: random.Random) -> Script:
    """Raise."""
    yield None
    raise ValueError("oops")


def stillborn(brief: Brief, rng: random.Random) -> Script:
    """Raise before anything."""
    if brief is not None:
        raise ValueError("at once")
    yield None


def acts(
    script: Scripted, calls: int = 2, *, seeds: Sequence[int] = (1, 2)
) -> list[Sequence[Act | EpisodeError]]:
    """What a session of two episodes answers to so many calls."""
    session = script.begin([Brief(seat="x")] * len(seeds), seeds)
    seen: list[Entry] = [{"from": "y", "say": "hello"}]
    rows = range(len(seeds))
    return [session.act(rows, [list(seen) for _ in rows]) for _ in range(calls)]


def test_a_script_is_a_policy() -> None:
    """It has a name, a digest, a generation and a width."""
    script = Scripted("echo", echo)

    assert isinstance(script, Policy)
    assert ("echo", 0, 0, 32) == (script.name, script.generation, script.width, len(script.digest))


def test_every_episode_has_its_own_stream() -> None:
    """Rows differ by their seeds, and equal seeds give equal acts."""
    first, second = acts(Scripted("echo", echo), 1)[0]
    again = acts(Scripted("echo", echo), 1, seeds=(1, 1))[0]

    assert first != second
    assert [first, first] == list(again)


def test_a_script_may_open_with_an_act() -> None:
    """Nothing that it yields is lost, whether it waits for a first look or not."""
    assert [say("first"), say("1")] == [one[0] for one in acts(Scripted("opener", opener))]


@pytest.mark.parametrize(
    ("script", "message"),
    [
        (one_act, "the script ended before the episode did"),
        (silent, "the script yielded no act"),
        (broken, "ValueError: oops"),
        (stillborn, "ValueError: at once"),
    ],
)
def test_what_a_script_does_wrong_is_told_in_place_of_an_act(script: object, message: str) -> None:
    """The error names the seat and does not reach other rows."""
    fault = acts(Scripted("bad", script))[1][0]  # type: ignore[arg-type]  # one of the scripts above

    assert isinstance(fault, EpisodeError)
    assert ("x", message) == (fault.side, str(fault))


def test_the_digest_follows_code_and_parameters() -> None:
    """Another parameter is another policy; the name it goes by is not."""
    plain = Scripted("echo", echo)

    assert plain.digest == Scripted("other name", echo).digest
    assert plain.digest != Scripted("echo", echo, mark="!").digest


def test_a_mark_says_where_a_policy_fits() -> None:
    """One function may have several names."""

    @policy("a/b-v0", "x", "first")
    @policy("*", "*", "second")
    def both(brief: Brief, rng: random.Random) -> Script:
        yield None

    assert [("*", "*", "second"), ("a/b-v0", "x", "first")] == both.__dict__["gristmill_policy"]


def test_a_policy_name_can_be_typed_on_a_command_line() -> None:
    """Names are letters, digits, hyphens and underscores."""
    with pytest.raises(UsageError, match=r"Expected a policy name .*got 'a b'"):
        policy("*", "*", "a b")
