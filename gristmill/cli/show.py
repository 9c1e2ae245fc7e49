"""`gristmill show`."""

import math
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gristmill.cli.shared import Json, Seed, answer, console, table

if TYPE_CHECKING:
    from gristmill.world import World as WorldType


def command(
    world: Annotated[
        str,
        typer.Argument(
            metavar="ID|PATH|RUN", help="A world, by id or path/to/file.py:Class; or a run directory."
        ),
    ],
    index: Annotated[
        int | None, typer.Option("--index", min=0, help="Which scenario: its instructions, or its episodes.")
    ] = None,
    seed: Seed = 0,
    episode: Annotated[
        str | None, typer.Option("--episode", help="Of a run: the episode whose id begins with this.")
    ] = None,
    status: Annotated[
        str | None,
        typer.Option("--status", help="Of a run: an episode that is pass, fail, error, unverified."),
    ] = None,
    check: Annotated[
        str | None, typer.Option("--check", help="Of a run: an episode that did not pass this check.")
    ] = None,
    stratum: Annotated[
        str | None, typer.Option("--stratum", help="Of a run: an episode with this in its stratum.")
    ] = None,
    nth: Annotated[
        int | None, typer.Option("--nth", min=0, help="Of a run: which of the episodes that fit.")
    ] = None,
    json: Json = False,
) -> None:
    """Show a world: seats, tools, scenario space, policies; or what is in a run; or one episode of it, to read.

    Example: gristmill show support/retail-v1

    Example: gristmill show runs/noisy --status fail --check told
    """
    from gristmill.cli.recorded import Wanted, show_episode, show_run

    wanted = Wanted(episode, status, check, stratum, index, nth)
    if wanted != Wanted(index=index) or (Path(world) / "run.json").exists():
        if wanted == Wanted():
            show_run(Path(world), json)
        else:
            show_episode(Path(world), wanted, json)
    else:
        _show_world(world, index or 0, seed, json)


def _show_world(world: str, index: int, seed: int, json: bool) -> None:
    from gristmill import registry
    from gristmill.errors import UsageError
    from gristmill.recorders.store import RunStore

    try:
        made = registry.make(world)
    except UsageError as error:
        if Path(world).is_dir():  # it is meant as a run, and this says why it is none
            RunStore.open(world)
        if ".py" in world or "?" in world:
            raise
        raise UsageError(f"{error} A run is named as its directory, which holds a run.json.") from None
    made.reset(seed=seed, options={"scenario": made.scenario(seed, index)})
    seats = {seat: _seat(made, world, seat) for seat in made.possible_agents}
    space = getattr(made, "space", None)
    fields = space.describe() if space is not None else {}
    scenario = made.scenario(seed, index)
    if json:
        answer(
            {"id": made.id, "version": made.version, "seats": seats, "space": fields, "scenario": scenario}
        )
        return
    _print(made, seats, fields)
    console().print(f"\nScenario {index} of seed {seed} ({scenario.stratum or 'no stratum'})", style="bold")
    console().print_json(data=scenario.values)
    again = f"gristmill show {shlex.quote(world)} --index {index} --seed {seed} --json"
    console().print(f"As a line of a file for --scenarios: {again} | jq -c .scenario", soft_wrap=True)


def _seat(made: "WorldType", world: str, seat: str) -> dict[str, Any]:
    from gristmill.registry import policies
    from gristmill.world import Simulation, turns

    brief = made.brief(seat)
    mutating = {} if isinstance(made, Simulation) else turns(made).mutating()
    tools = [
        {**tool["function"], "mutates": mutating.get(tool["function"]["name"], False)} for tool in brief.tools
    ]
    return {"policies": policies(world, seat), "tools": tools, "brief": brief.text, "facts": brief.facts}


def _print(made: "WorldType", seats: dict[str, Any], fields: dict[str, Any]) -> None:
    from gristmill.world import Simulation

    out = console()
    out.print(f"{made.id} (version {made.version})", style="bold")
    for name, seat in seats.items():
        out.print(f"\nSeat {name}", style="bold")
        shown = table("policy", "what it does", "from")
        for one in seat["policies"]:
            shown.add_row(one.name, one.error or one.about, one.source)
        out.print(shown)
        if seat["tools"]:
            shown = table("tool", "arguments", "changes", "what it does")
            for tool in seat["tools"]:
                arguments = ", ".join(tool["parameters"].get("properties", {}))
                shown.add_row(tool["name"], arguments, "yes" if tool["mutates"] else "", tool["description"])
            out.print(shown)
        out.print("It is told:", style="italic")
        out.print(seat["brief"])
        if isinstance(made, Simulation):
            _print_body(seat["facts"])
    out.print("\nScenario space", style="bold")
    shown = table("field", "kind", "unit", "parameters")
    for name, field in fields.items():
        shown.add_row(name, str(field.get("kind", "space")), str(field.get("unit", "")), _short(field))
    out.print(shown)


def _print_body(facts: dict[str, Any]) -> None:
    """Print what a body senses and can do, as far as the world tells it in the form that robot worlds share."""
    out = console()
    sensed, acts = facts.get("observation"), facts.get("action")
    if isinstance(sensed, dict):
        shown = table("it senses", "numbers", "unit", "what it is")
        for name, one in sensed.items():
            shown.add_row(name, str(one.get("size", "")), str(one.get("unit", "")), str(one.get("about", "")))
        out.print()
        out.print(shown)
    if isinstance(acts, dict):
        shown = table("it acts by", "least", "greatest")
        for name, low, high in zip(acts["names"], acts["low"], acts["high"], strict=True):
            shown.add_row(name, f"{low:g}", f"{high:g}")
        out.print()
        out.print(shown)
    if {"horizon", "dt"} <= facts.keys():
        out.print(f"\n{_length(facts)}")


def _length(facts: dict[str, Any]) -> str:
    """Return how long an episode is, in control steps of so many a second or in another unit of its clock."""
    steps, clock = facts["horizon"], facts.get("clock", "s")
    whole = f"{steps * facts['dt']:g} {clock}"
    rate = f", {1 / facts['dt']:g} a second" if clock == "s" else ""
    return f"{steps} control steps{rate}: {whole}"


def _short(field: dict[str, Any]) -> str:
    """Return the parameters of a field in words."""
    from gristmill.reading import brief, worded

    rest = {key: value for key, value in field.items() if key not in ("kind", "unit") and value != ""}
    if field.get("kind") == "lognormal":
        rest = {"median": math.exp(rest.pop("mean")), "sd of its logarithm": rest.pop("sd"), **rest}
    if isinstance(when := rest.get("when"), dict):
        rest["when"] = " and ".join(
            f"{name} is {' or '.join(map(worded, values))}" for name, values in when.items()
        )
    text = ", ".join(f"{key} {worded(one)}" for key, one in brief(rest).items())
    return text if len(text) <= 100 else f"{text[:97]}…"
