"""`gristmill play`."""

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from gristmill.cli.shared import Json, Seats, Seed, World, answer, console, seats_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from gristmill.types import Entry, Episode


def command(
    world: World,
    seat: Seats = None,
    index: Annotated[int, typer.Option("--index", min=0, help="Which scenario to play.")] = 0,
    seed: Seed = 0,
    json: Json = False,
) -> None:
    """Take a seat in the terminal, the others being scripted, and see the verdict at the end.

    --seat SEAT is yours, --seat SEAT=POLICY is another's; with none yours, policies play and you watch.

    Example: gristmill play support/retail-v1 --seat agent
    """
    from gristmill import registry
    from gristmill.agents.person import Person, Quit
    from gristmill.cli.recorded import ending, judged
    from gristmill.errors import UsageError, unknown
    from gristmill.play import play
    from gristmill.reading import line
    from gristmill.recorders.verify import judge
    from gristmill.workflows.run import seat_policies
    from gristmill.world import Simulation

    mine = [one for one in seat or () if "=" not in one]
    judging = registry.make(world)
    for name in mine:
        if name not in judging.possible_agents:
            raise unknown("seat", name, judging.possible_agents, of=world)
    others = seats_of(one for one in seat or () if "=" in one)
    for name in mine:
        if name in others or mine.count(name) > 1:
            raise UsageError(
                f"Expected seat {name!r} once, got it twice; --seat {name} is yours, --seat {name}=POLICY is not."
            )
    if mine and isinstance(judging, Simulation):
        raise UsageError(
            f"Expected a policy for {mine[0]!r}, which moves a body at every control step, got a person; "
            f"write --seat {mine[0]}=POLICY."
        )
    policies = seat_policies(world, others, leave_out=mine)
    policies |= {name: Person(_asked_aside if json else input, _show(json)) for name in mine}
    scenarios = [judging.scenario(seed, index)]
    try:
        (episode,) = play(registry.world(world), scenarios, policies, seed=seed)
    except Quit:
        console(aside=json).print("\nYou left; there is no verdict.")
        if json:
            answer({"episode": None, "verdict": None})
        return
    verdict = judge(judging, episode)
    if json:
        answer({"episode": episode, "verdict": verdict})
        return
    for entry in _unseen(episode, mine):
        _show(json)(line(entry))
    ending(episode)
    judged(verdict)


def _asked_aside(prompt: str) -> str:
    """Ask where the answer does not go."""
    print(prompt, end="", file=sys.stderr, flush=True)
    return input("")


def _show(aside: bool) -> "Callable[[str], None]":
    out = console(aside=aside)
    return lambda text: out.print(text, soft_wrap=True)


def _unseen(episode: "Episode", mine: list[str]) -> "list[Entry]":
    """Return what nobody has shown yet: everything after the last act of a person."""
    acts = [place for place, entry in enumerate(episode.entries, 1) if entry["from"] in mine]
    return episode.entries[max(acts, default=0) :]
