"""What the loss covers, proved token by token."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from gristmill.agents.model.template import Encoded, Template, View
from gristmill.errors import UsageError
from gristmill.types import Entry

__all__ = ["MaskReport", "mask_report"]


@dataclass(frozen=True)
class MaskReport:
    """What the loss covers, counted over views.

    Attributes:
        views: how many were looked at, `empty` of which have no token with loss.
        tokens: tokens per kind, and `covered` those of them that have loss.
        acts: acts of the trained seat with loss, and `ends` how many `<end>` tokens have loss; the two are equal.
        examples: the covered text of the first views, one string per stretch.
    """

    views: int
    empty: int
    tokens: dict[str, int]
    covered: dict[str, int]
    acts: int
    ends: int
    examples: list[list[str]]

    def lines(self) -> list[str]:
        """Return the report as lines of text."""
        total = sum(self.tokens.values())
        lines = [
            f"{self.views} views, {total} tokens, {self.acts} acts with loss, {self.empty} views without any"
        ]
        lines += [
            f"{kind:16s} {self.tokens[kind]:9d} tokens, {self.covered.get(kind, 0):9d} with loss"
            for kind in sorted(self.tokens)
        ]
        return lines


def mask_report(template: Template, views: Iterable[View], *, examples: int = 2) -> MaskReport:
    """Return what the loss covers, after proving it.

    Raises:
        UsageError: when no token at all has loss, when anything but the trained seat's own words has, or when an act
            with loss does not come back from its tokens unchanged.
    """
    tokens: Counter[str] = Counter()
    covered: Counter[str] = Counter()
    shown: list[list[str]] = []
    empty = acts = ends = seen = 0
    for view in views:
        code = template.view(view)
        stretches = _stretches(code)
        wanted = [entry for entry in view.entries if _has_loss(entry, view.seat)]
        _prove(template, stretches, wanted)
        tokens.update(code.kinds)
        covered.update(kind for kind, on in zip(code.kinds, code.loss, strict=True) if on)
        ends += sum(
            on and index == template.tokenizer.end for index, on in zip(code.ids, code.loss, strict=True)
        )
        acts, empty, seen = acts + len(wanted), empty + (not wanted), seen + 1
        if len(shown) < examples:
            shown.append([template.tokenizer.decode(ids) for ids in stretches])
    if not acts:
        raise UsageError(
            f"Expected at least one act of the trained seat with loss in {seen} views, got none."
        )
    return MaskReport(seen, empty, dict(tokens), dict(covered), acts, ends, shown)


def _has_loss(entry: Entry, seat: str) -> bool:
    return entry["from"] == seat and ("say" in entry or "call" in entry) and bool(entry.get("weight", 1))


def _stretches(code: Encoded) -> list[list[int]]:
    """Return the ids of each unbroken run of tokens with loss."""
    runs: list[list[int]] = []
    before = False
    for index, on in zip(code.ids, code.loss, strict=True):
        if on and not before:
            runs.append([])
        if on:
            runs[-1].append(index)
        before = on
    return runs


def _prove(template: Template, stretches: list[list[int]], wanted: list[Entry]) -> None:
    read = [template.parse(ids[:-1]) for ids in stretches if ids[-1] == template.tokenizer.end]
    want = [{key: entry[key] for key in ("say", "call", "args") if key in entry} for entry in wanted]
    if len(read) != len(stretches) or read != want:
        raise UsageError(
            f"Expected the tokens with loss to spell exactly the trained seat's acts {want}, got {read}."
        )
