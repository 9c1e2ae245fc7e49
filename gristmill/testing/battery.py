"""The batteries: all probes that a world is put to, in order; one for worlds of turns, and one for simulations."""

import time
from collections.abc import Callable, Collection
from typing import NamedTuple

from gristmill.errors import GristmillError, PluginError, unknown
from gristmill.testing import bodies, contract, ends, proofs, repeats
from gristmill.testing.findings import CheckReport, Failed, Finding, Skipped
from gristmill.testing.places import Places
from gristmill.testing.subject import Anybody, Subject
from gristmill.world import Simulation

__all__ = ["BATTERY", "BODIES", "Probe", "check_world"]


class Probe(NamedTuple):
    """One probe.

    Attributes:
        id: its name.
        run: returns what was measured, or ends with a failure.
        after: probes that have to pass for this one to mean anything.
    """

    id: str
    run: Callable[[Anybody], str]
    after: tuple[str, ...] = ("contract",)


_PLAYS = ("contract", "gold")
_FEW = 40  # scenarios that tell enough of who does not know the task; a body takes its time
BATTERY = (
    Probe("contract", contract.contract, ()),
    Probe("tools", contract.tools),
    Probe("farama", contract.farama),
    Probe("malformed-acts", contract.malformed),
    Probe("seeds", repeats.seeds),
    Probe("gold", proofs.gold),
    Probe("same-process", repeats.same_process),
    Probe("interleaved", repeats.interleaved),
    Probe("fresh-process", repeats.fresh_process),
    Probe("replay", repeats.replays),
    Probe("reads-only-read", repeats.reads),
    Probe("noop", proofs.adversary("noop"), _PLAYS),
    Probe("grader-override", proofs.adversary("grader-override"), _PLAYS),
    Probe("random", proofs.adversary("random", proofs.LUCK), _PLAYS),
    Probe("list-everything", proofs.adversary("list-everything", proofs.LUCK), _PLAYS),
    Probe("mutation", proofs.mutation, _PLAYS),
    Probe("leaks", proofs.leaks),
    Probe("faults", proofs.faults),
    Probe("throughput", proofs.throughput, _PLAYS),
)
BODIES = (
    Probe("contract", bodies.contract, ()),
    Probe("farama", bodies.farama),
    Probe("malformed-actions", bodies.malformed),
    Probe("seeds", bodies.seeds),
    Probe("gold", ends.gold),
    Probe("same-process", repeats.same_process),
    Probe("interleaved", bodies.interleaved),
    Probe("fresh-process", repeats.fresh_process),
    Probe("replay", repeats.replays),
    Probe("noop", proofs.adversary("noop", proofs.LUCK, _FEW), _PLAYS),
    Probe("random", proofs.adversary("random", proofs.LUCK, _FEW), _PLAYS),
    Probe("end-state", ends.end_state, _PLAYS),
    Probe("mutation", ends.mutation, _PLAYS),
    Probe("disturbances", ends.disturbances),
    Probe("throughput", ends.throughput, _PLAYS),
)


def check_world(
    spec: str,
    *,
    seat: str = "",
    n: int = 100,
    seed: int = 0,
    only: Collection[str] = (),
    progress: Callable[[int, int], None] | None = None,
) -> CheckReport:
    """Put a world to the battery.

    Args:
        spec: of the world: an id, or path/to/file.py:Class.
        seat: the seat whose success is judged; by default the last one.
        n: number of scenarios.
        seed: root seed.
        only: the probes to run, with those that have to pass before them; by default all.
        progress: called with the number of probes done and in all.

    Raises:
        UsageError: when there is no such world, seat or probe.
    """
    start = time.perf_counter()
    try:
        subject: Anybody = Subject(spec, seat=seat, n=n, seed=seed)
    except PluginError as error:
        found = Finding(
            id="import", status="fail", measured=str(error), remedy="let the plugin load and build"
        )
        return CheckReport(world=spec, version="", findings=(found,), seconds=time.perf_counter() - start)
    places = Places(subject.world)
    battery = _chosen(only, BODIES if isinstance(subject.world, Simulation) else BATTERY)
    findings: dict[str, Finding] = {}
    for probe in battery:
        lacking = [name for name in probe.after if findings[name].status != "pass"]
        if lacking:
            words = f"{', '.join(lacking)} has to pass first"
            findings[probe.id] = Finding(id=probe.id, status="skip", measured=words)
        else:
            with places.noted():
                findings[probe.id] = _found(probe, subject, places)
        if progress:
            progress(len(findings), len(battery))
    seconds = time.perf_counter() - start
    return CheckReport(
        world=spec, version=str(subject.world.version), findings=tuple(findings.values()), seconds=seconds
    )


def _chosen(only: Collection[str], battery: Collection[Probe]) -> list[Probe]:
    by_id = {probe.id: probe for probe in battery}
    for name in only:
        if name not in by_id:
            raise unknown("check", name, by_id)
    wanted = {needed for name in only for needed in (name, *by_id[name].after)}
    return [probe for probe in battery if not only or probe.id in wanted]


def _found(probe: Probe, subject: Anybody, places: Places) -> Finding:
    try:
        return Finding(id=probe.id, status="pass", measured=probe.run(subject))
    except Failed as found:
        measured = _placed(found.measured, found, places)
        return Finding(id=probe.id, status="fail", measured=measured, remedy=found.remedy)
    except Skipped as found:
        return Finding(id=probe.id, status="skip", measured=str(found))
    except Exception as error:  # noqa: BLE001  # a plugin may raise anything, and that is a finding about it
        words = str(error) if isinstance(error, GristmillError) else f"{type(error).__name__}: {error}"
        return Finding(
            id=probe.id, status="fail", measured=_placed(words, error, places),
            remedy="this must not raise; see the message",
        )  # fmt: skip


def _placed(words: str, error: Exception, places: Places) -> str:
    """Return what was measured, with the line of the world's file that raised it, where it is known."""
    place = places.of(error) or places.named_in(words)
    return f"{words} ({place})" if place else words
