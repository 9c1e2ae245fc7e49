"""Mutants: what an agent would have done if it had left out, or got wrong, one state-changing act.

A verifier that still passes such an episode does not look at what the act did, or at one of its arguments.

An act that was made several times with the same arguments, as after a time-out, is left out or changed in all its
places: one of two is as good as both. Of a long episode 32 acts are taken, evenly spread, each of their arguments is
changed once, and at most four values are tried until one of them has an effect of its own.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from functools import cached_property
from itertools import islice
from typing import Any

import msgspec

from gristmill.digest import canonical
from gristmill.errors import RAISED
from gristmill.nested import Leaf, leaves
from gristmill.play import briefs, recorded_acts, replay
from gristmill.types import Act, Check, Episode, Status
from gristmill.world import Turns, World, turns

__all__ = ["mutation_check"]

_ACTS = 32  # of an episode that are spoiled
_VALUES = 4  # tried for an argument
_LIKE = 2  # of them from one source
Acts = list[tuple[str, Act]]
Schema = dict[str, Any]


class _Tally(msgspec.Struct):
    """What the mutants came to.

    Attributes:
        killed: mutants that do not pass.
        equivalent: mutants that end in the original's state: the act was refused, or did nothing new, and the
            verifier is right to pass them.
        refused: altered acts with no more effect than leaving them out, which say nothing of the argument.
        survivors: mutants that pass although they end otherwise.
        told: arguments, as `tool.argument`, whose mutants are told from the original.
        untested: arguments that no value tried gave another effect to.
    """

    killed: int = 0
    equivalent: int = 0
    refused: int = 0
    survivors: list[dict[str, Any]] = []
    told: list[str] = []
    untested: list[str] = []


def mutation_check(world: World, episode: Episode, passes: Callable[[Episode], bool]) -> Check:
    """Return whether every mutant is told from the original; where nothing could be shown, it is `unverified`."""
    trial = _Trial(world, episode, passes)
    for places in trial.chosen:
        trial.spoil(places)
    tally = trial.tally
    for names in (tally.told, tally.untested):
        names[:] = sorted(set(names))
    tally.untested = [name for name in tally.untested if name not in tally.told]
    evidence: dict[str, Any] = msgspec.to_builtins(tally)
    if len(trial.groups) > len(trial.chosen):
        evidence["acts left out"] = len(trial.groups) - len(trial.chosen)
    total = tally.killed + len(tally.survivors)
    if not total:
        why = "no mutant changed the outcome" if trial.groups else "no act that changes the state"
        return Check(name=why, status="unverified", evidence=evidence)
    status: Status = "fail" if tally.survivors else "pass"
    return Check(name="mutation", status=status, evidence=evidence | {"score": tally.killed / total})


class _Trial:
    """The mutants of one episode, played one after another."""

    def __init__(self, world: World, episode: Episode, passes: Callable[[Episode], bool]) -> None:
        self.world, self.episode, self.passes = world, episode, passes
        self.acts: Acts = recorded_acts(episode)
        self.groups = _groups(self.acts, turns(world))
        most = min(_ACTS, len(self.groups))
        self.chosen = [self.groups[place * len(self.groups) // most] for place in range(most)]
        self.errors = _errors(episode)
        self.values = _Values(world, episode)
        self.tally = _Tally()

    def spoil(self, places: Sequence[int]) -> None:
        """Leave out an act with its repeats, and then get each of its arguments wrong."""
        act = self.acts[places[0]][1]
        dropped = self.play([one for place, one in enumerate(self.acts) if place not in places])
        if dropped.state_digest == self.episode.state_digest:
            self.tally.equivalent += 1
        else:
            self.judge(dropped, {"kind": "drop", "index": places[0], "act": None})
        args = act.get("args")
        for name in sorted(args) if isinstance(args, dict) else ():
            self.alter(places, name, dropped)

    def alter(self, places: Sequence[int], name: str, dropped: Episode) -> None:
        """Try values of an argument until one has an effect of its own, and judge that one."""
        seat, act = self.acts[places[0]]
        argument = f"{act['call']}.{name}"
        same = refused = 0
        for value in self.values.instead(seat, act["call"], name, act["args"][name]):
            wrong = act | {"args": act["args"] | {name: value}}
            result = self.play(
                [(seat, wrong) if place in places else one for place, one in enumerate(self.acts)]
            )
            if result.state_digest == self.episode.state_digest:
                same += 1
            elif result.state_digest == dropped.state_digest or self.is_refused(result, places):
                refused += 1
            else:
                found = {"kind": "alter", "index": places[0], "act": wrong, "argument": argument}
                if self.judge(result, found):
                    self.tally.told.append(argument)
                return
        self.tally.equivalent += bool(same)
        self.tally.refused += bool(refused and not same)
        self.tally.untested.append(argument)

    def play(self, acts: Acts) -> Episode:
        """Return the mutant with these acts."""
        return replay(self.world, self.episode, acts=acts)

    def judge(self, mutant: Episode, words: dict[str, Any]) -> bool:
        """Count a mutant; it is judged by what it did, not for having got stuck."""
        told = not self.passes(msgspec.structs.replace(mutant, fault=None))
        self.tally.killed += told
        if not told:
            self.tally.survivors.append(words)
        return told

    def is_refused(self, mutant: Episode, places: Sequence[int]) -> bool:
        """Return whether acts that were accepted are answered with nothing but errors in the mutant."""
        errors = _errors(mutant)
        accepted = not all(self.errors[place] for place in places)
        return accepted and all(errors[place : place + 1] == [True] for place in places)


def _groups(acts: Acts, world: Turns) -> list[list[int]]:
    """Return the places of the acts that may change the state, repeats together."""
    changes = world.mutating()
    groups: dict[tuple[str, bytes], list[int]] = {}
    for place, (seat, act) in enumerate(acts):
        if changes.get(act.get("call", ""), False):
            groups.setdefault((seat, canonical([act["call"], act.get("args")])), []).append(place)
    return list(groups.values())


def _errors(episode: Episode) -> list[bool]:
    """Return for every act whether it was answered with an error."""
    found: list[bool] = []
    for entry in episode.entries:
        if entry["from"] in episode.seats:
            found.append(False)
        elif found and "error" in entry:
            found[-1] = True
    return found


class _Values:
    """Plausible wrong values, by the schema of the tool and by what occurs in the episode and in other scenarios."""

    def __init__(self, world: World, episode: Episode) -> None:
        self._world, self._episode = world, episode

    def instead(self, seat: str, tool: str, name: str, value: Any) -> Iterator[Any]:
        """Yield other values for an argument; none where it is prose.

        No verifier that looks at the state has to care how a note is worded: prose is what has spaces in it, is no
        choice of the schema, and was copied neither from the scenario nor from what another seat said.
        """
        parameters = self._parameters.get((seat, tool), {})
        options = _options(parameters.get("properties", {}).get(name, {}), parameters.get("$defs", {}))
        if isinstance(value, str) and self._is_prose(seat, value, options):
            return
        seen = [canonical(value)]
        for other in self._others(name, value, options, parameters.get("$defs", {})):
            if (key := canonical(other)) not in seen:
                seen.append(key)
                yield other
            if len(seen) > _VALUES:
                return

    def _is_prose(self, seat: str, value: str, options: list[Schema]) -> bool:
        if not any(map(str.isspace, value)) or any(value in one.get("enum", ()) for one in options):
            return False
        others = {*self._episode.seats} - {seat}
        said = [one["say"] for one in self._episode.entries if one["from"] in others and "say" in one]
        copied = [*said, *(leaf.value for leaf in self._scenario if isinstance(leaf.value, str))]
        return not any(value in text for text in copied)

    def _others(self, name: str, value: Any, options: list[Schema], defs: Schema) -> Iterator[Any]:
        choices = [one for option in options for one in option.get("enum", ())]
        if value in choices:
            yield from (one for one in choices if one != value)
        elif isinstance(value, bool):
            yield not value
        elif isinstance(value, int | float):
            yield from (one for one in (value + 1, value - 1) if _within(one, options))
            yield from self._like(name, value)
        elif isinstance(value, str):
            yield from self._texts(name, value)
        elif isinstance(value, list) and value:
            inner = [kind for one in options for kind in _options(one.get("items", {}), defs)]
            *rest, last = value
            yield from ([*rest, other] for other in self._others(name, last, inner, defs))
            if rest:
                yield rest
        elif isinstance(value, dict):
            for key in sorted(value):
                fields = [one.get("properties", {}).get(key, {}) for one in options]
                inner = [kind for one in fields for kind in _options(one, defs)]
                yield from (
                    {**value, key: one} for one in islice(self._others(key, value[key], inner, defs), 1)
                )

    def _texts(self, name: str, value: str) -> Iterator[str]:
        yield from self._like(name, value)
        if value:
            form = _form(value)
            texts = sorted({leaf.value for leaf in self._known if isinstance(leaf.value, str)} - {value})
            yield from islice((text for text in texts if _form(text) == form), 1)
            yield value[:-1] + ("0" if value[-1] != "0" else "1")

    def _like(self, name: str, value: Any) -> Iterator[Any]:
        """Yield values of this name, or of its end, as `item` is of `new_item`: from here, then from elsewhere."""
        for elsewhere in (False, True):  # which is drawn only when nothing from here will do
            known = self._elsewhere if elsewhere else self._known
            named = [leaf.value for leaf in known if f"_{name}".endswith(f"_{leaf.name}")]
            others = [one for one in named if type(one) is type(value) and one != value]
            yield from islice({canonical(one): one for one in others}.values(), _LIKE)

    @cached_property
    def _parameters(self) -> dict[tuple[str, str], Schema]:
        return {
            (seat, schema["function"]["name"]): schema["function"].get("parameters", {})
            for seat, brief in briefs(self._world, self._episode).items()
            for schema in brief.tools
        }

    @cached_property
    def _scenario(self) -> list[Leaf]:
        return list(leaves(self._episode.scenario.values))

    @cached_property
    def _known(self) -> list[Leaf]:
        return [*self._scenario, *leaves(self._episode.entries)]

    @cached_property
    def _elsewhere(self) -> list[Leaf]:
        own = self._episode.scenario
        found: list[Leaf] = []
        for index in (own.index + 1, own.index + 2):
            with suppress(*RAISED):  # a world may have no more scenarios
                found += leaves(self._world.scenario(own.seed, index).values)
        return found


def _options(schema: Schema, defs: Schema) -> list[Schema]:
    """Return what a schema allows, references and alternatives resolved."""
    if "$ref" in schema:
        return _options(defs.get(schema["$ref"].rpartition("/")[2], {}), defs)
    several = schema.get("anyOf", schema.get("oneOf"))
    return [schema] if several is None else [kind for one in several for kind in _options(one, defs)]


def _within(number: float, options: list[Schema]) -> bool:
    return not options or any(
        one.get("minimum", number) <= number <= one.get("maximum", number)
        and one.get("exclusiveMinimum", number - 1) < number < one.get("exclusiveMaximum", number + 1)
        for one in options
    )


def _form(text: str) -> str:
    return "".join("9" if char.isdigit() else "a" if char.isalpha() else char for char in text)
