"""Priors of proposals: drawing, refitting, files."""

from pathlib import Path

import numpy as np
import pytest

from gristmill.agents.robots.proposal import Prior
from gristmill.digest import encode
from gristmill.errors import UsageError
from gristmill.registry import policy

WIDE = Prior.of({"x": (1.0, 0.5, 0.0, 1.2), "y": (-2.0, 1.0, -9.0, 9.0)})


def test_a_seed_decides_what_is_drawn() -> None:
    """The parameters of an episode can be had again from its seed."""
    assert WIDE.draw(7) == WIDE.draw(7)
    assert WIDE.draw(7) != WIDE.draw(8)


def test_draws_keep_to_their_limits() -> None:
    """What lies beyond a limit is cut off there; the rest is normal."""
    drawn = [WIDE.draw(seed) for seed in range(400)]

    assert 1.2 == max(one["x"] for one in drawn)
    assert abs(np.mean([one["y"] for one in drawn]) + 2.0) < 0.2
    assert abs(np.std([one["y"] for one in drawn]) - 1.0) < 0.15


def test_refitting_goes_to_what_succeeded() -> None:
    """The mean is that of the kept parameters, the deviation a share of theirs, and never a small part of the old."""
    kept = [{"x": 0.5, "y": 3.0}, {"x": 0.7, "y": 3.0}]
    found = WIDE.refit(kept)

    assert pytest.approx(0.6) == found.mean["x"]
    assert pytest.approx(0.07) == found.sd["x"]
    assert 3.0 == found.mean["y"]
    assert pytest.approx(0.1) == found.sd["y"]
    assert (WIDE.low, WIDE.high) == (found.low, found.high)


def test_one_success_is_too_few() -> None:
    """A deviation of one number says nothing."""
    with pytest.raises(UsageError, match="at least two verified episodes to refit a proposal on, got 1"):
        WIDE.refit([{"x": 0.5, "y": 3.0}])


def test_a_prior_is_read_from_its_file(tmp_path: Path) -> None:
    """What was written comes back; anything else is refused with its place."""
    (tmp_path / "prior.json").write_bytes(encode(WIDE))
    (tmp_path / "other.json").write_text("[]", encoding="utf-8")

    assert WIDE == Prior.load(tmp_path / "prior.json")
    with pytest.raises(UsageError, match=r"Expected a prior of a proposal in .*other\.json"):
        Prior.load(tmp_path / "other.json")
    with pytest.raises(UsageError, match="got none"):
        Prior.load(tmp_path / "missing.json")


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({"x": (0.0, -1.0, 0.0, 1.0)}, "sd at least 0 .* got mean 0, sd -1, low 0 and high 1"),
        ({"x": (0.0, 1.0, 2.0, 1.0)}, "low at most high, got mean 0, sd 1, low 2 and high 1"),
        ({"x": (0.0, float("inf"), 0.0, 1.0)}, "Expected finite numbers for x of a prior"),
        ({"x": (float("nan"), 1.0, 0.0, 1.0)}, "Expected finite numbers for x of a prior"),
    ],
)
def test_a_prior_that_cannot_be_drawn_from_is_refused(
    params: dict[str, tuple[float, float, float, float]], words: str
) -> None:
    """Negative deviations, empty ranges, and what is not finite."""
    with pytest.raises(UsageError, match=words):
        Prior.of(params)


def test_a_file_with_a_prior_that_cannot_be_drawn_from_is_named(tmp_path: Path) -> None:
    """The message has the file and what is wrong in it."""
    file = tmp_path / "prior.json"
    file.write_bytes(encode({"mean": {"x": 0.0}, "sd": {"x": -1.0}, "low": {"x": 0.0}, "high": {"x": 1.0}}))

    with pytest.raises(UsageError, match=r"prior\.json holds no prior of a proposal: .*sd at least 0"):
        Prior.load(file)


@pytest.mark.parametrize("change", [{"time": None}, {"other": (0.0, 1.0, 0.0, 1.0)}])
def test_a_prior_of_other_parameters_is_refused_when_the_policy_is_built(
    tmp_path: Path, change: dict[str, tuple[float, float, float, float] | None]
) -> None:
    """A file for another robot, or one that lacks a name; no episode begins with it."""
    names = dict.fromkeys(("time", "dx", "dy", "dz", "pitch"), (0.0, 1.0, 0.0, 1.0)) | change
    prior = Prior.of({name: one for name, one in names.items() if one is not None})
    file = tmp_path / "prior.json"
    file.write_bytes(encode(prior))

    with pytest.raises(UsageError, match=r"Expected a prior of time, dx, dy, dz, pitch in .*prior\.json"):
        policy(f"proposal?prior={file}", "robots/reach-v1", "robot")
