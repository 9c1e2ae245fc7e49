"""`search`: plays several candidates of every scenario against copies of the world, keeps the best, and plays that.

Of the candidates that the world's checks verify for its seat, the one with the fewest acts is kept, and then acts are
left out one by one as long as what remains is still verified, until none can be spared. Where no candidate is verified,
the first one is played, which is how its base would have played.

It has seen how its acts end before it plays them. What it plays is for mining and for labels; its rate of success says
nothing about how well it, or its base, does. As labels its acts must not show what only hindsight knows: that a refusal
was right, without the look which shows it, or an item that nobody has named. Few worlds check for all of this. So a call
that other candidates made too is a look before a decision and no detour, and is not left out; nor is an act after which
a later one names what the seat had not come across: an id, a number, or any word of an argument. With `hindsight`
whatever the checks do not miss is left out: the shortest verified sequence, for those who want just that.

Where the checks score a seat, as in a negotiation, ask for `prefer=score`: the shortest play that passes is seldom a good
one there, and acts are then left out only where the score is no lower.

The other seats must be functions of what they see and of their seeds. Where one plays differently than it did when it
was rehearsed with, the episode ends in an error of this seat.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any, Literal, NamedTuple

from gristmill import registry
from gristmill.agents._based import based_on
from gristmill.digest import canonical, digest, encode
from gristmill.errors import EpisodeError, UsageError
from gristmill.policy import Place, Policy, Rehearse, Rehearsed, Session, policy, source_of
from gristmill.seeding import derive
from gristmill.types import Act, Brief, Entry, Verdict

__all__ = ["Search", "search"]

Prefer = Literal["shortest", "score"]
_Calls = Counter[bytes]  # how often each was made
_OWN = ("base", "hindsight", "most", "n", "prefer", "shorten")
_IDS = re.compile(r"[\w@+'-]*\d[\w@+'-]*|[\w.+'-]+@[\w-]+")  # and numbers, and addresses of e-mail
_WORD = re.compile(r"\w+")


@policy("*", "*", "search")
def search(
    place: Place, *, base: str = "expert", n: int = 8, prefer: Prefer = "shortest", shorten: bool = True,
    hindsight: bool = False, most: int = 128, **of_base: str,
) -> Policy:  # fmt: skip
    """Play the best verified of `n` plays of `base`, made shorter; further parameters are those of `base`.

    `prefer` says what is best: `shortest`, or the highest `score`. At most `most` plays of a scenario are tried out.
    """
    if hasattr(registry.world(place.world).kind, "vector"):
        raise UsageError(
            f"Expected a world whose seats take turns for search, got {place.world}, a simulation."
        )
    if not 1 <= n <= most:
        raise UsageError(f"Expected n from 1 to most={most}, got {n}; `most` counts the {n} candidates too.")
    inner = based_on(place, base, of_base, _OWN)
    return Search(
        place.spec, inner, n=n, prefer=prefer, shorten=shorten, hindsight=hindsight, most=most
    )  # fmt: skip


class Search:
    """A policy that tries out what another one does; see `gristmill.policy.Rehearsing`."""

    def __init__(
        self, name: str, base: Policy, *, n: int, prefer: Prefer, shorten: bool, hindsight: bool, most: int
    ) -> None:
        self.name, self._base, self._n, self._prefer = name, base, n, prefer
        self._shorten, self._hindsight, self._most = shorten, hindsight, most
        self.digest = digest([source_of(search), base.digest, n, prefer, shorten, hindsight, most])
        self.generation, self.width = base.generation, base.width

    def begin(self, briefs: Sequence[Brief], seeds: Sequence[int]) -> Session:
        """Refuse: without a copy of the world there is nothing to search in."""
        raise UsageError(
            f"Expected a loop in which {self.name} can rehearse; it cannot be the base of another policy."
        )

    def begin_with(self, briefs: Sequence[Brief], seeds: Sequence[int], rehearse: Rehearse) -> Session:
        """Search, and open a session that plays what was found."""
        rows = range(len(briefs))
        tried: list[list[_Play]] = [[] for _ in rows]
        for trial in range(self._n):
            own = [derive(seed, "search", trial) if trial else seed for seed in seeds]
            for row, play in zip(rows, self._try(briefs, rows, self._base, own, rehearse), strict=True):
                tried[row].append(play)
        best = [min(plays, key=self._rank) for plays in tried]
        if self._shorten:
            needed = [
                Counter() if self._hindsight else _looks(*pair) for pair in zip(best, tried, strict=True)
            ]
            self._leave_out(briefs, seeds, best, needed, rehearse)
        return _Replaying(briefs, [play.steps for play in best])

    def _rank(self, play: "_Play") -> tuple[float, ...]:
        """Return what the best candidate has least of; of equals, the first one is kept."""
        if not play.verified:
            return (1.0,)
        return (0.0, -play.score if self._prefer == "score" else 0.0, len(play.steps), play.acts)

    def _try(
        self,
        briefs: Sequence[Brief],
        rows: Sequence[int],
        base: Policy,
        seeds: Sequence[int],
        rehearse: Rehearse,
    ) -> "list[_Play]":
        watched = _Watched(base)
        went = rehearse(rows, watched, seeds)
        return [
            _Play.of(one, watched.steps.get(seed, []), briefs[row].seat)
            for row, seed, one in zip(rows, seeds, went, strict=True)
        ]

    def _leave_out(
        self, briefs: Sequence[Brief], seeds: Sequence[int], best: "list[_Play]", needed: "Sequence[_Calls]",
        rehearse: Rehearse,
    ) -> None:  # fmt: skip
        """Leave out acts one at a time, in place, until none can be spared.

        The last stage of delta debugging: Zeller and Hildebrandt, "Simplifying and Isolating Failure-Inducing Input",
        2002, section 3.2, definition 8 (1-minimality).
        """
        cuts = {
            row: _Cut(play, needed[row], self._most - self._n)
            for row, play in enumerate(best)
            if play.verified
        }
        while rows := [row for row, cut in cuts.items() if cut.goes_on()]:
            scripts = {seeds[row]: cuts[row].shorter() for row in rows}
            own = [seeds[row] for row in rows]
            for row, play in zip(rows, self._try(briefs, rows, _Given(scripts), own, rehearse), strict=True):
                good = self._rank(play) < self._rank(best[row])
                if (
                    good
                    and (self._hindsight or _grounded(play, best[row], briefs[row]))
                    and cuts[row].takes(play)
                ):
                    best[row] = play


class _Step(NamedTuple):
    """An act, and what had become visible before it, as JSON."""

    seen: bytes
    act: Act | EpisodeError


class _Play(NamedTuple):
    """How one rehearsal went for the seat: its steps, its calls, the acts of all seats, and what was found of it."""

    steps: list[_Step]
    calls: _Calls
    acts: int
    verified: bool
    score: float

    @classmethod
    def of(cls, went: Rehearsed, steps: list[_Step], seat: str) -> "_Play":
        """Return a rehearsal as its seat sees it: by its own outcome where the checks name it."""
        episode = went.episode
        verdict = Verdict(
            episode_id=episode.id, content_hash="", verifier=episode.world, version=episode.version, level="checked",
            status=Verdict.status_of(went.checks), checks=went.checks,
        )  # fmt: skip
        calls = Counter(key for step in steps if (key := _key(step.act)))
        acts = sum(entry["from"] in episode.seats for entry in episode.entries)
        verified = verdict.seats.get(seat, verdict.status) == "pass"
        return cls(steps, calls, acts, verified, verdict.scores.get(seat, 0.0))


def _key(act: Act | EpisodeError) -> bytes:
    """Return what two calls have in common that are the same; nothing of other acts."""
    return canonical([act["call"], act.get("args")]) if isinstance(act, dict) and "call" in act else b""


def _looks(best: _Play, tried: Sequence[_Play]) -> _Calls:
    """Return the calls of the best candidate that are no detours, since others made them too.

    The others are those that are verified as well, of which half must have made it; where there are none, all that
    failed, of which one. Where there are no others at all, every call is needed for all that is known.
    """
    others = [play for play in tried if play is not best]
    verified = [play for play in others if play.verified]
    if not others:
        return best.calls
    voters = verified or others
    place = (len(verified) - 1) // 2 if verified else 0
    often = {key: sorted((play.calls[key] for play in voters), reverse=True)[place] for key in best.calls}
    return Counter({key: min(often[key], count) for key, count in best.calls.items()})


class _Cut:
    """A play from which acts are left out: which one is next, and how many in a row could not be spared."""

    def __init__(self, play: _Play, needed: _Calls, left: int) -> None:
        self._play, self._needed, self._left = play, needed, left
        self._place = self._kept = 0

    def goes_on(self) -> bool:
        """Go to the next act that may be left out, and say whether there is one, and a rehearsal for it."""
        size = len(self._play.steps)
        while self._kept < size and self._is_needed(self._place % size):
            self._place, self._kept = self._place + 1, self._kept + 1
        return self._left > 0 and self._kept < size

    def shorter(self) -> list[Act | EpisodeError]:
        """Return the acts without the next one, which is passed over unless the play of the others is taken."""
        self._left -= 1
        left_out = self._place % len(self._play.steps)
        self._place, self._kept = left_out + 1, self._kept + 1
        return [step.act for place, step in enumerate(self._play.steps) if place != left_out]

    def takes(self, play: _Play) -> bool:
        """Go on from a shorter play, unless calls that are needed have gone with the act."""
        if any(play.calls[key] < count for key, count in self._needed.items()):
            return False
        self._place = (self._place - 1) % len(self._play.steps)
        self._play, self._kept = play, 0
        return True

    def _is_needed(self, place: int) -> bool:
        key = _key(self._play.steps[place].act)
        return bool(key) and self._play.calls[key] <= self._needed[key]


def _grounded(shorter: _Play, longer: _Play, brief: Brief) -> bool:
    """Return whether no act names what the seat had yet to come across, unless it did so before one was left out."""
    before: dict[bytes, set[str]] = {}
    for act, names in _names(longer, brief):
        before.setdefault(act, set()).update(names)
    return all(names <= before.get(act, set()) for act, names in _names(shorter, brief))


def _names(play: _Play, brief: Brief) -> Iterator[tuple[bytes, set[str]]]:
    """Yield every act with what it names that the seat had not come across before: any word of a call, ids in speech."""
    known = _words(encode([brief.text, brief.facts, brief.tools]))
    for step in play.steps:
        known |= _words(step.seen)
        if isinstance(step.act, dict):
            data = encode(step.act)
            named = (
                _words(encode(step.act.get("args")))
                if "call" in step.act
                else set(_IDS.findall(data.decode()))
            )
            yield data, {one.casefold() for one in named} - known


def _words(data: bytes) -> set[str]:
    """Return all words and ids in JSON."""
    text = data.decode().replace("\\n", " ")  # which would be the first letter of the next word
    return {one.casefold() for pattern in (_IDS, _WORD) for one in pattern.findall(text)}


class _Watched:
    """A policy whose acts are noted, with what it had seen before each.

    Attributes:
        steps: of an episode, by its seed.
    """

    name = "watched"

    def __init__(self, base: Policy) -> None:
        self._base = base
        self.digest, self.generation, self.width = base.digest, base.generation, base.width
        self.steps: dict[int, list[_Step]] = {}

    def begin(self, briefs: Sequence[Brief], seeds: Sequence[int]) -> Session:
        session = self._base.begin(briefs, seeds)
        own: list[list[_Step]] = [[] for _ in seeds]
        self.steps = dict(zip(seeds, own, strict=True))  # two rows with one seed do the same
        return _Watching(session, own)


class _Watching:
    def __init__(self, session: Session, steps: Sequence[list[_Step]]) -> None:
        self._session, self._steps = session, steps

    def act(self, rows: Sequence[int], observations: Sequence[list[Entry]]) -> Sequence[Act | EpisodeError]:
        seen = [encode(one) for one in observations]  # at once, since a policy may change what it is given
        acts: list[Act | EpisodeError] = list(self._session.act(rows, observations))
        for row, one, act in zip(rows, seen, acts, strict=True):
            self._steps[row].append(_Step(one, act))
        return acts


class _Given:
    """A policy that makes given acts, whatever it sees, by the seed of the episode."""

    name = digest = "given"
    generation = width = 0

    def __init__(self, scripts: dict[int, list[Act | EpisodeError]]) -> None:
        self._scripts = scripts

    def begin(self, briefs: Sequence[Brief], seeds: Sequence[int]) -> Session:
        return _Giving(briefs, [iter(self._scripts[seed]) for seed in seeds])


class _Giving:
    def __init__(self, briefs: Sequence[Brief], acts: Sequence[Iterator[Act | EpisodeError]]) -> None:
        self._briefs, self._acts = briefs, acts

    def act(self, rows: Sequence[int], _: Any) -> Sequence[Act | EpisodeError]:
        return [
            next(self._acts[row], EpisodeError(self._briefs[row].seat, "no act is left to make"))
            for row in rows
        ]


class _Replaying:
    """The session that is recorded: it makes the acts that were found, as long as it sees what it saw then."""

    def __init__(self, briefs: Sequence[Brief], steps: Sequence[list[_Step]]) -> None:
        self._briefs, self._steps = briefs, [iter(one) for one in steps]

    def act(self, rows: Sequence[int], observations: Sequence[list[Entry]]) -> Sequence[Act | EpisodeError]:
        return [self._next(row, encode(seen)) for row, seen in zip(rows, observations, strict=True)]

    def _next(self, row: int, seen: bytes) -> Act | EpisodeError:
        step = next(self._steps[row], None)
        if step is not None and step.seen == seen:
            return step.act
        return EpisodeError(
            self._briefs[row].seat,
            "search: expected the other seats to play as they did when it was rehearsed, got something else; "
            "play against policies that are functions of what they see and of their seeds",
        )
