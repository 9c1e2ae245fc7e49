"""Entries to tokens and back: the one place that knows how a dialogue is written for the model.

    <brief><customer> text<agent><call>get_order{"order_id":" W4821"}<end><tool>{"status":" sent"}<agent> text<end>

The first token is always `<brief>`, whether or not a brief follows: attention that finds nothing to copy rests on
it, and without it the first words of a dialogue come out garbled. An entry begins with its speaker's token. The acts
of the trained seat end with `<end>`, which is what the model says when its turn is over; the speaker's token of the
next entry ends the others. Only what the trained seat decides, after its speaker's token, has loss. Every text, in
JSON strings too, is preceded by one space (see `tokenizer`).
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

import msgspec

from gristmill.agents.model.tokenizer import TextTokenizer
from gristmill.errors import UsageError
from gristmill.nested import mapped_texts
from gristmill.types import Act, Brief, Entry

__all__ = ["Encoded", "Template", "TemplateConfig", "View", "learn_tokenizer"]

Part = Literal["text", "facts", "tools"]
# What an entry may hold besides its payload, none of it for the model's eyes.
_MARKS = frozenset({"from", "to", "weight", "t", "tool"})


@dataclass(frozen=True)
class View:
    """What one seat saw of an episode.

    Attributes:
        seat: whose acts have loss.
        entries: what it could see, its own acts included, in order; an act with `"weight": 0` has no loss.
        brief: what it was told before; used as far as `TemplateConfig.brief` says.
    """

    seat: str
    entries: Sequence[Entry]
    brief: Brief | None = None


@dataclass(frozen=True, kw_only=True)
class TemplateConfig:
    """How entries are written.

    Attributes:
        brief: which parts of the brief stand first. A small model that sees one world learns its policy document and
            tools from the dialogues, so by default none does.
        facts: of the facts in the brief, those that are written; none named is all.
        max_entry: an observation longer than this many tokens is cut, and the cut is marked.
    """

    brief: tuple[Part, ...] = ()
    facts: tuple[str, ...] = ()
    max_entry: int = 384

    def to_json(self) -> str:
        """Return the config as one JSON object."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str | bytes) -> "TemplateConfig":
        """Return the config that `to_json` wrote.

        Raises:
            UsageError: when it holds anything else.
        """
        try:
            values = json.loads(text)
            return cls(brief=tuple(values.pop("brief", ())), facts=tuple(values.pop("facts", ())), **values)
        except (TypeError, ValueError, AttributeError) as error:
            raise UsageError(
                f"Expected template settings {{'brief', 'facts', 'max_entry'}}, got {text!r}: {error}."
            ) from error


@dataclass(frozen=True)
class Encoded:
    """One view as tokens.

    Attributes:
        ids: token ids [T].
        loss: for each token, whether it is to be predicted [T].
        kinds: for each token, what it belongs to: `say`, `call`, `raw` of the trained seat, or `seen`, `speaker`,
            `unweighted` [T].
    """

    ids: list[int]
    loss: list[bool]
    kinds: list[str]


class Template:
    """Writes entries for a tokenizer and reads acts back."""

    def __init__(self, tokenizer: TextTokenizer, config: TemplateConfig | None = None) -> None:
        self.tokenizer = tokenizer
        self.config = config or TemplateConfig()
        self._call = self._need("<call>")
        self._raw, self._error = self._need("<raw>"), self._need("<error>")
        self._cut, self._brief, self._other = (
            self._need("<cut>"),
            self._need("<brief>"),
            self._need("<other>"),
        )

    def view(self, view: View) -> Encoded:
        """Return the tokens of a view with its loss mask."""
        return self.views([view])[0]

    def views(self, views: Sequence[View]) -> list[Encoded]:
        """Return the tokens of many views; their texts are encoded together."""
        plans = [self._plan(view) for view in views]
        texts = [text for plan in plans for _, _, text in plan]
        found = iter(self.tokenizer.encode_all(texts))
        return [self._join(plan, [next(found) for _ in plan]) for plan in plans]

    def header(self, seat: str) -> list[int]:
        """Return the tokens after which the model speaks for `seat`."""
        head, text = self._speaker(seat)
        return head + (self.tokenizer.encode(text) if text else [])

    def opening(self, brief: Brief) -> list[int]:
        """Return the tokens that stand before the first entry."""
        return [self._brief, *self.tokenizer.encode(self._brief_text(brief))]

    def observed_all(self, heard: Sequence[tuple[Sequence[Entry], str]]) -> list[list[int]]:
        """Return, for each (entries that others made, tool the seat called last), the tokens of the entries.

        A result of the tool called last does not name it again. The texts are encoded together.
        """
        pieces = [[self._write(entry, last_tool) for entry in entries] for entries, last_tool in heard]
        found = iter(self.tokenizer.encode_all([text for row in pieces for _, text in row]))
        return [[index for head, _ in row for index in head + self._clip(next(found))] for row in pieces]

    def parse(self, ids: Sequence[int]) -> Act:
        """Return the act that the model wrote: `ids` without speaker and `<end>`.

        What is neither a sentence nor a call with a JSON object becomes `{"raw": text}`.
        """
        text = self.tokenizer.decode(ids)
        called = bool(ids) and ids[0] == self._call
        body = ids[1:] if called else ids
        if not body or not all(map(self.tokenizer.is_text, body)):
            return {"raw": text}
        plain = self.tokenizer.decode(body)
        if not called:
            return {"say": plain.removeprefix(" ")}
        name, brace, rest = plain.partition("{")
        try:
            args = msgspec.json.decode(brace + rest)
        except (msgspec.DecodeError, UnicodeDecodeError):
            return {"raw": text}
        return (
            {"call": name.strip(), "args": mapped_texts(args, lambda one: one.removeprefix(" "))}
            if name.strip() and brace
            else {"raw": text}
        )

    def _need(self, name: str) -> int:
        index = self.tokenizer.special(name)
        if index is None:
            raise UsageError(
                f"Expected a tokenizer with the special token {name}, got {self.tokenizer.specials}."
            )
        return index

    def _speaker(self, name: str) -> tuple[list[int], str]:
        known = self.tokenizer.special(f"<{name}>")
        return ([known], "") if known is not None else ([self._other], f" {name}")

    def _brief_text(self, brief: Brief | None) -> str:
        parts = self.config.brief if brief is not None else ()
        chosen = {part: getattr(brief, part) for part in parts}
        if self.config.facts and "facts" in chosen:
            chosen["facts"] = {
                name: chosen["facts"][name] for name in self.config.facts if name in chosen["facts"]
            }
        return written(chosen) if any(chosen.values()) else ""

    def _write(self, entry: Entry, last_tool: str) -> tuple[list[int], str]:
        """Return the special tokens an entry begins with, and its text."""
        head, name = self._speaker(entry["from"])
        if "say" in entry:
            return head, f"{name} {entry['say']}"
        if "call" in entry:
            return [*head, self._call], f"{name}{entry['call']}{written(entry.get('args', {}))}"
        if "raw" in entry:
            return [*head, self._raw], f"{name} {entry['raw']}"
        tool = entry.get("tool", "")
        shown = name + ("" if tool == last_tool else tool)
        if "error" in entry:
            return [*head, self._error], f"{shown} {entry['error']}"
        if "result" in entry:
            return head, shown + written(entry["result"])
        return head, shown + written({key: value for key, value in entry.items() if key not in _MARKS})

    def _plan(self, view: View) -> list[tuple[list[int], str, str]]:
        """Return (special tokens, kind, text) per entry; kinds of the trained seat's acts name their payload."""
        plan: list[tuple[list[int], str, str]] = []
        plan.append(([self._brief], "seen", self._brief_text(view.brief)))
        last_tool = ""
        for entry in view.entries:
            head, text = self._write(entry, last_tool)
            kind = "seen"
            if entry["from"] == view.seat:
                kind = next(
                    name for name in ("call", "say", "raw", "other") if name in entry or name == "other"
                )
                last_tool = entry.get("call", last_tool)
                # Nobody should learn to speak garbage, nor what the caller took out.
                if kind in ("raw", "other") or not entry.get("weight", 1):
                    kind = f"unweighted {kind}"
            plan.append((head, kind, text))
        return plan

    def _join(self, plan: list[tuple[list[int], str, str]], texts: list[list[int]]) -> Encoded:
        ids: list[int] = []
        loss: list[bool] = []
        kinds: list[str] = []
        for (head, kind, _), found in zip(plan, texts, strict=True):
            ours = kind != "seen"
            body = head[1:] + (found if ours else self._clip(found)) + ([self.tokenizer.end] if ours else [])
            ids += [head[0], *body]
            loss += [False] + [kind in ("say", "call")] * len(body)
            kinds += ["speaker"] + [kind] * len(body)
        return Encoded(ids, loss, kinds)

    def _clip(self, ids: list[int]) -> list[int]:
        most = self.config.max_entry
        return ids if len(ids) <= most else [*ids[: most - 1], self._cut]


def written(value: Any) -> str:
    """Return `value` as compact JSON with one space before the text of every string value."""
    return msgspec.json.encode(mapped_texts(value, " {}".format)).decode()


def learn_tokenizer(
    views: Iterable[View], *, vocab: int = 1024, config: TemplateConfig | None = None
) -> TextTokenizer:
    """Return a tokenizer of at most `vocab` ids for what the template writes of `views`."""
    views = list(views)
    speakers = {entry["from"] for view in views for entry in view.entries} | {view.seat for view in views}
    # The texts do not depend on the pieces, so a tokenizer without any is enough to write them.
    bare = TextTokenizer.train([], speakers=speakers, vocab=vocab)
    plain = Template(bare, config)
    return TextTokenizer.train(
        (text for view in views for _, _, text in plain._plan(view)), speakers=speakers, vocab=vocab
    )
