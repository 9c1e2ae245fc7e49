"""`gristmill improve`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from gristmill.cli.shared import Jobs, Json, Seed, World, answer, console, counted, limited, stages, table

if TYPE_CHECKING:
    from gristmill.workflows.improve import Improvement

_MOST = 4  # reasons in a row of the table


def command(
    world: World,
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder of the rounds, made or continued.")],
    policy: Annotated[str, typer.Option(help="The proposal that is refit.")] = "proposal",
    seat: Annotated[str, typer.Option(help="Its seat.")] = "robot",
    rounds: Annotated[int, typer.Option(min=1, help="How often it tries and is refit.")] = 3,
    clones: Annotated[
        int, typer.Option(min=0, help="Rounds added in which a policy cloned from the round before tries.")
    ] = 0,
    n: Annotated[int, typer.Option("-n", "--episodes", min=2, help="Attempts in each round.")] = 256,
    level: Annotated[
        Literal["checked", "replayed", "mutation-tested"],
        typer.Option(help="What an episode must have been proved at to be kept."),
    ] = "replayed",
    seed: Seed = 0,
    jobs: Jobs = 1,
    json: Json = False,
) -> None:
    """Let a proposal try, keep what is verified, refit the proposal on that, and try again.

    Run it again to go on where it stopped. The last proposal is a policy for the other verbs.

    Example: gristmill improve robots/pour-v1 --rounds 3 -n 256 --out runs/pour
    """
    from gristmill.workflows.improve import improve

    limited(n * (rounds + clones))
    with stages() as tell:
        found = improve(
            world, out, policy=policy, seat=seat, rounds=rounds, clones=clones, n=n, seed=seed, level=level,
            jobs=jobs, tell=tell,
        )  # fmt: skip
    if json:
        answer(found)
    else:
        _print(found, seat)


def _print(found: "Improvement", seat: str) -> None:
    shown = table("round", "policy", "success", "95 % interval", "kept", "why the others were not")
    for one in found.rounds:
        rate = one.success
        shown.add_row(
            str(one.number), one.policy.partition("?")[0], f"{rate.rate:.1%}", f"{rate.low:.1%} - {rate.high:.1%}",
            f"{one.kept} of {rate.played}", counted(one.reasons, most=_MOST),
        )  # fmt: skip
    console().print(shown)
    console().print(f'Play on with --seat "{seat}={found.proposal}"')
