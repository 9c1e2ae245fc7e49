"""`gristmill play`."""

from typing import TYPE_CHECKING, Annotated

import typer

from gristmill.cli.shared import Json, Seats, Seed, World, answer, console, seats_of, table

if TYPE_CHECKING:
    from gristmill.types import Verdict


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
    from gristmill.errors import UsageError, unknown
    from gristmill.play import play
    from gristmill.recorders.verify import judge
    from gristmill.workflows.run import seat_policies

    mine = [one for one in seat or () if "=" not in one]
    out = console()
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
    policies = seat_policies(world, others, leave_out=mine)
    policies |= {name: Person(input, out.print) for name in mine}
    scenarios = [judging.scenario(seed, index)]
    try:
        (episode,) = play(registry.world(world), scenarios, policies, seed=seed)
    except Quit:
        out.print("\nYou left; there is no verdict.")
        return
    verdict = judge(judging, episode)
    if json:
        answer({"episode": episode, "verdict": verdict})
        return
    for entry in episode.entries if not mine else ():
        words = " ".join(str(value) for key, value in entry.items() if key not in ("from", "to"))
        out.print(f"{entry['from']:>10}: {words}")
    _print(verdict)


def _print(verdict: "Verdict") -> None:
    shown = table("check", "status", "evidence")
    for check in verdict.checks:
        status = f"{check.status} of {check.side}" if check.side else check.status
        shown.add_row(check.name, status, "" if check.status == "pass" else str(check.evidence))
    out = console()
    out.print()
    out.print(shown)
    out.print(f"verdict: {verdict.status}", style="green" if verdict.status == "pass" else "red")
