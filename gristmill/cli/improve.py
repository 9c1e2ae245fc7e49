"""`gristmill improve`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from gristmill.cli.shared import (
    HeldOut,
    Jobs,
    Json,
    Seats,
    Seed,
    World,
    answer,
    console,
    counted,
    limited,
    seats_of,
    stages,
    table,
    unjudged,
)

if TYPE_CHECKING:
    from gristmill.workflows.improve import Learner
    from gristmill.workflows.improve_types import Improvement, Made, Round
    from gristmill.workflows.metrics import Rate

_MOST = 4  # reasons in a row of the table
_ROBOT, _TALK = "For a robot", "For a world of dialogue"
_SCENARIOS = {True: 256, False: 2_560}  # of a round, by whether it is a robot


def command(
    world: World,
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder of the rounds, made or continued.")],
    rounds: Annotated[int, typer.Option(min=1, help="How often it plays and learns.")] = 3,
    n: Annotated[
        int | None,
        typer.Option(
            "-n", "--scenarios", min=2, help="In each round; by default 256 of a robot, 2,560 of a dialogue."
        ),
    ] = None,
    level: Annotated[
        Literal["checked", "replayed", "mutation-tested"],
        typer.Option(help="What an episode must have been proved at to be kept."),
    ] = "replayed",
    learn: Annotated[
        str, typer.Option(metavar="SEAT", help="The seat that learns; by default the last one.")
    ] = "",
    policy: Annotated[
        str, typer.Option(help="The proposal that is refit.", rich_help_panel=_ROBOT)
    ] = "proposal",
    clones: Annotated[
        int,
        typer.Option(
            min=0,
            help="Rounds added in which a policy cloned from the round before tries.",
            rich_help_panel=_ROBOT,
        ),
    ] = 0,
    seat: Seats = None,
    eval_seat: Annotated[
        list[str] | None,
        typer.Option(help="SEAT=POLICY in evaluations; by default as in play.", rich_help_panel=_TALK),
    ] = None,
    init: Annotated[
        Path | None,
        typer.Option(
            help="Model to start from; by default one trained on the seed data.", rich_help_panel=_TALK
        ),
    ] = None,
    seed_policy: Annotated[
        str | None,
        typer.Option(help="Who plays the seed data; by default noisy?rate=0.2.", rich_help_panel=_TALK),
    ] = None,
    seed_episodes: Annotated[
        int | None, typer.Option(min=1, help="Of seed data; by default 4,000.", rich_help_panel=_TALK)
    ] = None,
    seed_share: Annotated[
        float | None,
        typer.Option(
            help="Least share of seed data in what is learnt from; by default 0.25.", rich_help_panel=_TALK
        ),
    ] = None,
    base_steps: Annotated[
        int | None,
        typer.Option(min=1, help="Steps of training the base model; by default 350.", rich_help_panel=_TALK),
    ] = None,
    epochs: Annotated[
        float | None,
        typer.Option(help="Passes over what a round learns from; by default 2.5.", rich_help_panel=_TALK),
    ] = None,
    temperature: Annotated[
        float | None, typer.Option(help="At which the model plays; by default 0.6.", rich_help_panel=_TALK)
    ] = None,
    attempts: Annotated[
        int | None,
        typer.Option(min=1, help="At each scenario of a round; by default 1.", rich_help_panel=_TALK),
    ] = None,
    best: Annotated[
        int | None,
        typer.Option(
            min=1, help="Of them, how many are kept at most; by default all.", rich_help_panel=_TALK
        ),
    ] = None,
    min_score: Annotated[
        float | None,
        typer.Option(help="Least score of the seat to be kept, from 0 to 1.", rich_help_panel=_TALK),
    ] = None,
    above_baseline: Annotated[
        bool | None,
        typer.Option(
            "--above-baseline",
            help="Keep what is better than the seat's mean score in its stratum.",
            rich_help_panel=_TALK,
        ),
    ] = None,
    evaluated: Annotated[
        int | None, typer.Option(min=1, help="Held-out scenarios; by default 400.", rich_help_panel=_TALK)
    ] = None,
    facts: Annotated[
        str,
        typer.Option(
            metavar="NAME,NAME",
            help="Of what a seat is told in private, the facts that the model reads; by default all.",
            rich_help_panel=_TALK,
        ),
    ] = "",
    seed: Seed = 0,
    held_out: HeldOut = None,
    jobs: Jobs = 1,
    json: Json = False,
) -> None:
    """Play, keep what is verified, learn from it, and play again, better.

    In a dialogue, a model plays; it is fine-tuned on all verified play so far and on seed data, and evaluated on held-out
    scenarios, round by round. Of a robot, a proposal tries and is refit. Run it again to go on where it stopped. It stops
    by itself, with exit code 1, when play loses its variety or the verifier passes what it should not.

    Example: gristmill improve support/retail-v1 --rounds 3 --seat customer=expert?forms=train --eval-seat
    customer=expert?forms=held-out --jobs 2 --out runs/better
    """
    from gristmill import registry
    from gristmill.errors import UsageError
    from gristmill.workflows.improve import improve
    from gristmill.workflows.refitting import Refit
    from gristmill.workflows.tuning import Tune
    from gristmill.workflows.tuning_types import Tuning

    body = hasattr(registry.world(world).kind, "vector")
    count = n or _SCENARIOS[body]
    settings: dict[str, Any] = {
        name: value
        for name, value in {
            "init": None if init is None else str(init), "seed_policy": seed_policy, "seed_episodes": seed_episodes,
            "seed_share": seed_share, "base_steps": base_steps, "epochs": epochs, "temperature": temperature,
            "attempts": attempts, "best": best, "min_score": min_score, "above_baseline": above_baseline,
            "evaluated": evaluated, "others": seats_of(seat) or None, "held_out": seats_of(eval_seat) or None,
            "facts": tuple(facts.split(",")) if facts else None,
        }.items()
        if value is not None
    }  # fmt: skip
    learner: Learner
    if body:
        if settings:
            raise UsageError(
                f"Expected settings for a robot, got {', '.join(settings)}, which are for worlds of dialogue."
            )
        learner = Refit(policy, seat=learn or "robot", refits=rounds, clones=clones)
    else:
        if clones or policy != "proposal":
            raise UsageError(
                "Expected settings for a world of dialogue, got policy or clones, which are for robots."
            )
        learner = Tune(Tuning(seat=learn, **settings))
    for asked in (count * (rounds + clones) * learner.attempts, seed_episodes or 0, evaluated or 0):
        limited(asked)
    with stages() as tell:
        found = improve(
            world,
            out,
            learner,
            rounds=rounds + clones,
            n=count,
            seed=seed,
            level=level,
            jobs=jobs,
            tell=tell,
            held_out=held_out or (),
        )
    if json:
        answer(found)
    elif isinstance(learner, Refit):
        _print_refits(found, learn or "robot")
    else:
        _print_models(found, learner.seat)
    if found.stopped:
        raise typer.Exit(1)


def _print_refits(found: "Improvement", seat: str) -> None:
    shown = table("round", "policy", "success", "95 % interval", "kept", "why the others were not")
    for one in found.rounds:
        rate = one.success
        shown.add_row(
            str(one.number), one.policy.partition("?")[0], *_rate(rate), f"{one.kept[seat]} of {rate.played}",
            counted(one.reasons, most=_MOST),
        )  # fmt: skip
    console().print(shown)
    console().print(f'Play on with --seat "{seat}={found.policy}"')


def _print_models(found: "Improvement", seat: str) -> None:
    out = console()
    scored = found.start.score is not None
    shown = table(
        "after", "kept", "learnt from", "own play", "distinct 2-grams", "Vendi", "mutants that pass", "success",
        "95 % interval", *(["mean score"] if scored else []),
    )  # fmt: skip
    shown.add_row("base", "", "", "", *_variety(found.start, seat), "", *_results(found.start, scored))
    for one in found.rounds:
        shown.add_row(
            f"round {one.number}", _kept(one, seat), f"{sum(one.made.episodes.values()):,}", f"{one.made.own:.0%}",
            *_variety(one.made, seat), f"{one.false_pass.rate:.1%}" if one.false_pass else "",
            *_results(one.made, scored),
        )  # fmt: skip
    out.print(shown)
    for after, made in (("base", found.start), *((f"round {one.number}", one.made) for one in found.rounds)):
        for note in made.notes:
            out.print(f"note: {after}: {note}", style="yellow")
    if found.stopped:
        out.print(f"Stopped: {found.stopped}.", style="red")
    out.print(f'Play on with --seat "{seat}={found.policy}"')


def _rate(rate: "Rate") -> tuple[str, str]:
    aside = f"; {unjudged(rate)}" if rate.unjudged else ""
    return f"{rate.rate:.1%}", f"{rate.low:.1%} - {rate.high:.1%}{aside}"


def _kept(one: "Round", seat: str) -> str:
    return f"{one.kept[seat]:,} of {one.success.played:,}"


def _variety(made: "Made", seat: str) -> tuple[str, str]:
    found = made.variety.get(seat)
    return (f"{found.distinct_2:.3f}", f"{found.vendi:.1f}") if found else ("", "")


def _results(made: "Made", scored: bool) -> list[str]:
    rate = _rate(made.success) if made.success else ("", "")
    return [*rate, *([f"{made.score.mean:.3f}" if made.score else ""] if scored else [])]
