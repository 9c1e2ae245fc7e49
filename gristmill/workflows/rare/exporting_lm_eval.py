"""A set for EleutherAI's lm-evaluation-harness, which asks a model once: what it does first, beside what a competent policy does.

That is no event and no rate of one; it is what of a dialogue can be asked in a single turn.
"""

import re
from importlib.resources import files
from pathlib import Path
from tempfile import TemporaryDirectory

from gristmill.chat import Message
from gristmill.digest import encode
from gristmill.errors import UsageError
from gristmill.lines import write_lines
from gristmill.types import Entry
from gristmill.workflows.rare.exporting_samples import Line, Source, first_act, samples
from gristmill.workflows.rare.scoring_runs import play_scenarios
from gristmill.workflows.run import DEFAULT
from gristmill.world import Simulation

__all__ = ["write_lm_eval"]

_ASK = (
    "Answer with what you say next, or call a tool by answering with nothing but a JSON object such as "
    '{"call": "tool", "args": {"name": "value"}}.'
)


def write_lm_eval(source: Source, folder: Path) -> tuple[str, list[str]]:
    """Write data, a task and its functions into a folder; return what to type to run it, and notes.

    Raises:
        UsageError: when nobody talks in the world.
    """
    if isinstance(source.world, Simulation):
        raise UsageError(
            f"Expected a world of dialogue for lm-eval, which asks for words, got {source.world.id}; export to inspect."
        )
    expected, told = _expected(source), list(samples(source))
    tools = list(source.world.brief(source.seat).tools)
    lines = [_line(sample, expected[sample["id"]], tools) for sample in told if sample["id"] in expected]
    name = f"gristmill_{re.sub(r'[^a-z0-9]+', '_', source.world.id.lower())}_{source.set.manifest.hash[:8]}"
    write_lines(folder / "data.jsonl", lines)
    assets = files("gristmill.workflows.rare") / "assets"
    task = (assets / "lm_eval_task.txt").read_text(encoding="utf-8")
    (folder / f"{name}.yaml").write_text(task.replace("TASK", name), encoding="utf-8")
    (folder / "utils.py").write_text(
        (assets / "lm_eval_utils.txt").read_text(encoding="utf-8"), encoding="utf-8"
    )
    notes = [
        "a single turn: it tells how often a model's first act is another than a competent policy's, and no rate of events"
    ]
    if len(lines) < len(source.set.records):
        notes.append(
            f"{len(source.set.records) - len(lines):,} records are left out: the competent policy does nothing there"
        )
    return (
        f"cd {{out}} && lm_eval --model hf --model_args pretrained=MODEL --tasks {name} --include_path .",
        notes,
    )


def _expected(source: Source) -> dict[str, Entry]:
    """Return by record what a competent policy does first."""
    seats = {source.seat: source.set.manifest.reference.get(source.seat, DEFAULT)}
    records = {one.place: one.id for one in source.set.records}
    with TemporaryDirectory() as folder:
        store = play_scenarios(
            source.plays, seats, [one.scenario for one in source.set.records], Path(folder) / "run"
        )
        acts = {
            records[one.scenario.id, one.scenario.index]: first_act(one, source.seat)
            for one in store.episodes()
        }
    return {name: act for name, act in acts.items() if act is not None}


def _line(sample: Line, act: Entry, tools: list[Line]) -> Line:
    target = (
        {"call": act["call"], "args": act.get("args", {})} if "call" in act else {"say": act.get("say", "")}
    )
    return {
        "id": sample["id"],
        "prompt": _prompt(sample["input"], tools),
        "target": encode(target).decode(),
        "weight": sample["weight"],
        "role": sample["role"],
        "group": sample["group"],
        "canary": sample["canary"],
    }


def _prompt(messages: list[Message], tools: list[Line]) -> str:
    """Return messages as one text, since not every model there has a chat template."""
    parts = [f"{one['role'].capitalize()}: {one['content']}" for one in messages if one.get("content")]
    listed = "\n".join(encode(one["function"]).decode() for one in tools)
    return "\n\n".join([*parts, f"Tools:\n{listed}" if listed else "", _ASK, "Assistant:"])
