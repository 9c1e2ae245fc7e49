"""A small set that was built by nobody, for tests of what is done with its folder."""

from collections.abc import Iterable
from pathlib import Path

from msgspec.structs import replace

from gristmill.recorders.sets import (
    EvaluationSet,
    Manifest,
    Origin,
    Provenance,
    Record,
    Role,
    Stratum,
    Verified,
    write_set,
)
from gristmill.types import Scenario, SeatInfo

WORLD, THRESHOLD = "test/boiler-v0", 4.0
SEATS = {"agent": SeatInfo(policy="lazy", digest="0")}


def record(number: int, role: Role = "estimating", *, severity: float = 1.0, weight: float = 2.0) -> Record:
    """A record of its own scenario."""
    own = weight if role == "estimating" else None
    scenario = Scenario.of(WORLD, {"load": float(number), "leak": "none", "hour": 1}, index=number)
    return Record(
        id=Record.id_of(role, scenario, 0, own, "overpressure", THRESHOLD),
        role=role,
        scenario=scenario,
        seed=0,
        log_p=-1.0,
        log_q=-1.5 if own else None,
        weight=own,
        stratum=Stratum(severity_band="below", likelihood_band="1e-2 and above"),
        severity=severity,
        event=severity >= THRESHOLD,
        threshold=THRESHOLD,
        built_against=SEATS,
        origin=Origin(algorithm="tilted"),
        verified=Verified(replays=1, reproduced=1, state_digest="1", checker=WORLD, checker_version="1"),
        provenance=Provenance(world=WORLD, version="1", space="2"),
    )


def written(path: Path, *records: Record) -> EvaluationSet:
    """A set of these records, or of three estimating ones and a stress one."""
    manifest = Manifest(
        world=WORLD, spec=WORLD, version="1", space="2", severity="overpressure", threshold=THRESHOLD, seed=0,
        built_against=SEATS,
    )  # fmt: skip
    return write_set(path, manifest, records or (*map(record, range(3)), record(9, "stress", severity=5.0)))


def holding(path: Path, scenarios: Iterable[Scenario]) -> Path:
    """A set of some scenarios, which nothing may be learnt from; its folder."""
    written(path, *[replace(record(number), scenario=one, id=one.id) for number, one in enumerate(scenarios)])
    return path
