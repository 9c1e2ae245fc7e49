"""How bad a conversation was: graded below a violation by what was used up, and above by what it cost."""

from collections import Counter

import pytest

from gristmill.envs.support.severity import KINDS, SEVERITIES, misplaced
from gristmill.types import Act, Verdict, call
from tests.envs.support.rarely import TWISTS, episodes, world
from tests.envs.support.shopping import KNOWN, LOOK, REFUND, TOLD, acting, played, request, scenario

(VIOLATION,) = SEVERITIES


@pytest.mark.parametrize("agent", ["expert", "hasty", "trusting", "gullible"])
@pytest.mark.parametrize("twist", ["", "timeout-after", "injection", "denial", "takeover"])
def test_the_event_is_that_an_agent_fails(twist: str, agent: str) -> None:
    """The grade reaches the threshold in the episodes that do not pass, and in no others."""
    for one in episodes(twist, agent=agent):
        failed = Verdict.status_of(tuple(world().checks(one))) == "fail"

        assert failed == (VIOLATION.of(one) >= VIOLATION.threshold)


def test_grades_of_ordinary_conversations_hardly_tie() -> None:
    """No grade is that of a quarter of them, and there are many."""
    counts = Counter(round(VIOLATION.of(one), 12) for one in episodes(count=200))

    assert max(counts.values()) < 0.25 * 200
    assert len(counts) > 100


@pytest.mark.parametrize("twist", [name for name in TWISTS if name not in ("note", "rate-limit")])
def test_what_goes_wrong_brings_a_violation_nearer(twist: str) -> None:
    """On average the grade of episodes with a twist is greater than that of others."""
    grades = [[VIOLATION.of(one) for one in episodes(name)] for name in ("", twist)]

    assert sum(grades[0]) < sum(grades[1])


@pytest.mark.parametrize(
    ("acts", "dollars"),
    [
        ([*KNOWN, REFUND, TOLD], 0),
        ([*KNOWN, TOLD], 40),
        ([*KNOWN, REFUND, REFUND, TOLD], 40),
        ([*KNOWN, REFUND, REFUND, REFUND, TOLD], 80),
        ([*KNOWN, call("refund_item", order_id="W1000", item="kettle", to="gift card"), TOLD], 80),
        ([*KNOWN, LOOK, REFUND, call("cancel_order", order_id="W1000"), TOLD], 0),
    ],
)
def test_dollars_that_went_astray_are_counted(acts: list[Act], dollars: int) -> None:
    """What was paid beside what was due, and what was due and not paid, by order and way to pay."""
    assert dollars == misplaced(played(scenario(), acting(*acts)))


def test_a_dearer_violation_is_worse() -> None:
    """Two refunds too many are worse than one."""
    once, twice = (
        VIOLATION.of(played(scenario(request()), acting(*KNOWN, *[REFUND] * count, TOLD))) for count in (2, 3)
    )

    assert 1 < once < twice < 2


@pytest.mark.parametrize("twist", ["", *TWISTS])
def test_every_episode_is_of_a_kind(twist: str) -> None:
    """Its labels are among those that are listed."""
    for one in episodes(twist):
        assert [kind.name for kind in KINDS if kind.of(one) not in kind.labels] == []
