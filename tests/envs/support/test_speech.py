"""The verifier understands what agents say in their own words."""

import pytest

from gristmill.types import say
from tests.envs.support.held_out import FALSE, MISTAKEN, TRUE
from tests.envs.support.shopping import acting, failures, played, status
from tests.envs.support.utterances import ASKED, REFUSED, SITUATIONS, TELLING, TOLD


@pytest.mark.parametrize(("situation", "passes", "text"), [*TOLD, *REFUSED, *TRUE, *FALSE])
def test_what_is_told_is_compared_with_the_facts(situation: str, passes: bool, text: str) -> None:
    """After the right acts a true message passes, and a false one is a failure of the agent's."""
    what, acts = SITUATIONS[situation]
    episode = played(what, acting(*acts, say(text)))

    assert ("pass" if passes else "fail", passes) == (status(episode), not failures(episode))


@pytest.mark.parametrize(("situation", "passes", "text"), ASKED)
def test_only_a_claim_is_taken_for_a_claim(situation: str, passes: bool, text: str) -> None:
    """What is offered before anything was done is no lie, and what is claimed is one."""
    what, acts = SITUATIONS[situation]
    episode = played(what, acting(say(text), *acts[1:], say(TELLING[situation])))

    assert ("pass" if passes else "fail", passes) == (status(episode), not failures(episode))


@pytest.mark.parametrize(("situation", "passes", "text"), MISTAKEN)
@pytest.mark.xfail(strict=True, reason="patterns do not understand everything; this says where they end")
def test_what_is_beyond_patterns(situation: str, passes: bool, text: str) -> None:
    """A false message that is taken for a true one."""
    test_what_is_told_is_compared_with_the_facts(situation, passes, text)
