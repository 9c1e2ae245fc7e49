"""The vocabulary that every layer shares.

Everything here is frozen, typed and plain JSON underneath. A dialogue is a list of *entries*, dicts with a
`from` and exactly one payload:

    {"from": "customer", "say": "Where is W4821?"}                      a seat speaks
    {"from": "agent", "call": "get_order", "args": {"order_id": …}}      a seat calls a tool
    {"from": "agent", "raw": "get_order(("}                              an act that could not be parsed
    {"from": "tool", "tool": "get_order", "result": {…}}                 a tool answers
    {"from": "tool", "tool": "get_order", "error": "timed out"}          a tool refuses or breaks
    {"from": "tool", …, "error": "…", "refused": true}                   the arguments do not fit the tool
    {"from": "world", "error": "…"}                                      the answer to a malformed act
    {"from": "world", "event": "fault", …}                               something only the log sees

`to` lists the seats that may see an entry; without it every seat may. Acts are the same dicts without `from`,
made by `say`, `call` and `raw`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, Self

import msgspec
from msgspec import UNSET, UnsetType

from gristmill.digest import digest
from gristmill.errors import EpisodeError
from gristmill.steps import Steps

__all__ = [
    "Act",
    "Brief",
    "Check",
    "End",
    "Entry",
    "Episode",
    "Fault",
    "Level",
    "Rollout",
    "Scenario",
    "SeatInfo",
    "Status",
    "Verdict",
    "Words",
    "call",
    "episode_id",
    "raw",
    "say",
]

Entry = dict[str, Any]
Act = dict[str, Any]
Words = str | Callable[[], str]  # a text, or what writes it
Status = Literal["pass", "fail", "error", "unverified"]
Level = Literal["checked", "replayed", "mutation-tested"]
End = Literal["terminated", "truncated", "error"]


def say(text: str) -> Act:
    """Return the act of saying `text` to the other seat."""
    return {"say": text}


def call(tool: str, /, **args: Any) -> Act:
    """Return the act of calling `tool` with keyword arguments."""
    return {"call": tool, "args": args}


def raw(text: str) -> Act:
    """Return an act that its author could not parse; the world answers it with an error."""
    return {"raw": text}


class Scenario(msgspec.Struct, frozen=True, kw_only=True):
    """One draw from a Space: what will happen, never how it went.

    Attributes:
        id: content hash of `world` and `values`.
        world: id of the world it is for.
        values: plain JSON values by field name; a field whose condition does not hold is absent.
        seed: root seed of the draw.
        index: position of the draw under that seed.
        log_density: natural logarithm of the nominal density at `values`.
        stratum: the cell of the scenario space it belongs to, by which data are balanced and reports grouped. In any
            world `refund/final_sale+email !timeout` reads: two intents, `refund` and `email`; the first meets the
            obstacle `final_sale`; the fault `timeout` is injected. A text without `+`, `/` and ` !` is one intent.
    """

    id: str
    world: str
    values: dict[str, Any]
    seed: int = 0
    index: int = 0
    log_density: float = 0.0
    stratum: str = ""

    @classmethod
    def of(cls, world: str, values: Mapping[str, Any], **rest: Any) -> "Scenario":
        """Return the scenario with its content hash."""
        plain = dict(values)
        return cls(id=digest([world, plain]), world=world, values=plain, **rest)


class _Written:
    """A text that is written when it is first read."""

    def __get__(self, brief: "Brief | None", kind: type["Brief"]) -> str:
        """Return the text."""
        if brief is None:
            raise AttributeError("text")  # by which a dataclass learns that there is no default
        text = vars(brief)["_text"]
        if not isinstance(text, str):
            text = vars(brief)["_text"] = text()
        return str(text)

    def __set__(self, brief: "Brief", text: Words) -> None:
        """Keep the text, or what writes it; by this, too, a field is told from what a brief merely has."""
        vars(brief)["_text"] = text


@dataclass(frozen=True, kw_only=True, init=False)
class Brief:
    """What a seat is told before its first act.

    A dataclass, since the fields of a struct are there from the start: scripts read no text, and to write it all the same
    would be a twentieth of what it takes to play.

    Attributes:
        seat: the seat's name.
        text: instructions in words, the system message of a chat model; a world may give what writes them instead.
        facts: private facts as data, for scripted policies; `until_asked` lists the names of those that the seat
            tells only when asked, which `gristmill check` then looks for where they should not be.
        tools: JSON Schemas of the tools the seat may call, in the form of OpenAI's `tools`.
    """

    seat: str
    text: _Written = _Written()
    facts: dict[str, Any]
    tools: tuple[dict[str, Any], ...]

    def __init__(
        self,
        *,
        seat: str,
        text: Words = "",
        facts: dict[str, Any] | None = None,
        tools: tuple[dict[str, Any], ...] = (),
    ) -> None:
        own = self.__dict__
        own["seat"], own["_text"], own["tools"] = seat, text, tools
        own["facts"] = {} if facts is None else facts


class SeatInfo(msgspec.Struct, frozen=True, kw_only=True):
    """Who sat in a seat.

    Attributes:
        policy: the policy's spec, as typed on the command line.
        digest: content hash of what decides its acts (code and parameters, or weights).
        generation: 0 for scripted policies and people, else 1 + that of the data it was trained on.
    """

    policy: str
    digest: str
    generation: int = 0


class Fault(msgspec.Struct, frozen=True, kw_only=True):
    """An infrastructure fault that ended an episode, with the side that broke."""

    side: str
    message: str

    @classmethod
    def of(cls, side: str, error: BaseException) -> Self:
        """Return what was raised as a fault of `side`, unless it says itself whose it is."""
        found = EpisodeError.of(side, error)
        return cls(side=found.side, message=str(found))


class Rollout(NamedTuple):
    """How one play went, whatever was played and by whom; the fields are those of `Episode`."""

    entries: list[Entry]
    state: Any
    state_digest: str
    end: End
    fault: Fault | None
    steps: Steps | None = None
    notes: Mapping[str, Any] = {}


def episode_id(
    world: str, version: str, scenario: Scenario, seats: Mapping[str, SeatInfo], seed: int, attempt: int
) -> str:
    """Return the identity of an attempt: what is to be played, not how it went.

    `scenario.index` is part of it, so that two equal draws of a small Space are two episodes.
    """
    who = {seat: info.digest for seat, info in seats.items()}
    return digest([world, version, scenario.id, scenario.index, who, seed, attempt])


class Episode(msgspec.Struct, frozen=True, kw_only=True):
    """One recorded play of one scenario by named policies.

    Attributes:
        id: identity of the attempt, see `episode_id`.
        world: world id, and `version` of its code.
        scenario: what was played.
        seats: who played.
        seed: root seed of the run; every stream of the episode derives from it.
        attempt: 0, 1, … for repeated plays of one scenario.
        entries: the whole transcript, in order, hidden events included.
        end: how it ended; `error` when a fault cut it short.
        fault: the fault, if any.
        state: the world's final state as plain data.
        state_digest: canonical digest of `state`.
        steps: the numeric steps of a simulation; None where it has none.
        notes: by seat, what its policy tells of its own work, such as the tokens it used. Nothing is judged by it, it is
            no part of the content hash, and it is kept beside the record, not in it.
    """

    id: str
    world: str
    version: str
    scenario: Scenario
    seats: dict[str, SeatInfo]
    seed: int
    attempt: int = 0
    entries: list[Entry] = []
    end: End = "terminated"
    fault: Fault | None = None
    state: Any = None
    state_digest: str = ""
    steps: Steps | None = None
    notes: dict[str, Any] = {}

    def content_hash(self) -> str:
        """Return the hash of how it went: entries, end, fault, final state, and numeric steps if there are any."""
        went = [self.id, self.entries, self.end, self.fault, self.state_digest]
        return digest(went if self.steps is None else [*went, self.steps.digest])

    def view(self, seat: str) -> list[Entry]:
        """Return the entries that `seat` could see, its own acts included, in order."""
        return [entry for entry in self.entries if "to" not in entry or seat in entry["to"]]

    def acts(self, seat: str) -> list[Entry]:
        """Return the acts of `seat`, in order."""
        return [entry for entry in self.entries if entry["from"] == seat]


class Check(msgspec.Struct, frozen=True, kw_only=True):
    """One verifier's finding.

    Attributes:
        name: what was checked.
        status: `error` when the check, or a side that is not being judged, broke.
        evidence: what was seen, as plain data; on a failure it holds `expected` and `got`.
        side: the seat or part at fault when the status is `error`.
        seat: whose conduct was checked; unset where it is about the episode as a whole.
        score: how well that seat did, from 0 to 1, where it is a matter of degree; unset where it is not.
    """

    name: str
    status: Status
    evidence: dict[str, Any] = {}
    side: str = ""
    # Unset is not written, so that verdicts without them keep their ids.
    seat: str | UnsetType = UNSET
    score: float | UnsetType = UNSET


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """The outcome of verifying one episode, with its evidence.

    Where checks name a seat, as in a negotiation, each seat has an outcome of its own: one may have kept the rules and
    done well where another has not.

    Attributes:
        episode_id: which episode, and `content_hash` of the record that was judged.
        verifier: name of the verifier, and `version`, the digest of its code.
        level: how strongly it is proved.
        status: `pass` only if at least one check ran and all passed.
        checks: the findings.
        side: who is at fault when the status is `error`.
    """

    episode_id: str
    content_hash: str
    verifier: str
    version: str
    level: Level
    status: Status
    checks: tuple[Check, ...] = ()
    side: str = ""

    @property
    def seats(self) -> dict[str, Status]:
        """What follows for each seat whose conduct was checked, from those checks and the ones about the whole episode."""
        named = dict.fromkeys(check.seat for check in self.checks if check.seat)
        return {
            str(seat): self.status_of(tuple(one for one in self.checks if not one.seat or one.seat == seat))
            for seat in named
        }

    @property
    def scores(self) -> dict[str, float]:
        """How well each seat did, where that was checked."""
        return {str(one.seat): float(one.score) for one in self.checks if one.seat and one.score is not UNSET}

    @staticmethod
    def status_of(checks: "tuple[Check, ...]") -> Status:
        """Return the status that follows from `checks`; a missing check is never a pass."""
        states = {check.status for check in checks}
        order: tuple[Status, ...] = ("error", "fail", "unverified", "pass")
        return next((status for status in order if status in states), "unverified")
