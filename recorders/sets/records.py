"""What an evaluation set says: its records, and the manifest that they are checked against."""

from typing import Any, Literal, get_args

import msgspec

from gristmill.digest import digest
from gristmill.recorders.sets.rates import WeightedRate
from gristmill.types import Scenario, SeatInfo

__all__ = [
    "CANARY", "FORMAT", "ROLES", "SCHEMA", "Cell", "Manifest", "Origin", "Provenance", "Record", "Role", "Stratum", "Verified",
]  # fmt: skip

FORMAT, SCHEMA = "gristmill-set", 1
# In every record and export, so that whoever filters a corpus finds them, and a model that knows it has seen them.
CANARY = "gristmill evaluation data; never train on it; canary 6f6d9a2e-5d0b-4f57-9c0f-2b8e1a7c94d3"

Role = Literal["estimating", "stress", "coverage", "control"]
ROLES: tuple[Role, ...] = get_args(Role)


class Stratum(msgspec.Struct, frozen=True, kw_only=True):
    """Where a record lies.

    Attributes:
        severity_band: `below`, `near-miss`, `fail` or `catastrophic`, see `Manifest.bands`.
        likelihood_band: how far out the scenario lies under the nominal distribution, such as `1e-4 to 1e-2`.
        cell: its cell in the world's own terms: the kinds of the outcome, or the stratum of the scenario.
    """

    severity_band: str
    likelihood_band: str
    cell: str = ""

    @property
    def name(self) -> str:
        """The two bands in one word, by which records are grouped."""
        return f"{self.severity_band}, {self.likelihood_band}"


class Origin(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Where a record comes from.

    Attributes:
        algorithm: that proposed it, such as `nominal`, `tilted`, `mixture`, `splitting`, `archive` or `pairs`.
        replicate: number of the replicate that found it.
        level: at which it was found.
        ancestor: number of the first draw that it descends from.
        shrunk_from: id of the scenario that it was made simpler from.
        pair_of: id of the record from which it differs in a few fields.
    """

    algorithm: str
    replicate: int | None = None
    level: float | None = None
    ancestor: int | None = None
    shrunk_from: str = ""
    pair_of: str = ""


class Verified(msgspec.Struct, frozen=True, kw_only=True):
    """What was proved of a record when the set was built.

    Attributes:
        replays: how often its acts were applied to a fresh world.
        reproduced: how often that gave the same entries, numbers, final state and severity.
        state_digest: of the final state.
        checker: who proved it, and `checker_version`, the version of its code.
    """

    replays: int
    reproduced: int
    state_digest: str
    checker: str
    checker_version: str


class Provenance(msgspec.Struct, frozen=True, kw_only=True):
    """What the numbers of a record are about: the world's id, the version of its code, and the digest of its Space."""

    world: str
    version: str
    space: str


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """One scenario to play, with what is known of it.

    Attributes:
        schema: of the record.
        id: content hash of what decides how it is played and counted, see `id_of`.
        role: what it is for.
        scenario: what is played; its index tells equal scenarios of a set apart.
        seed: root seed of the episode.
        log_p: natural logarithm of the nominal density at the scenario.
        log_q: that of the density of the proposal that it was drawn from; None unless estimating.
        weight: p / q; None unless estimating.
        stratum: where it lies.
        severity: of the episode of the policies that the set was built against.
        event: whether that reaches the threshold.
        threshold: from which a severity is the event.
        origin: where it comes from.
        fired: names of the planned faults that struck in that episode.
        verified: what was proved of it.
        reference_outcome: how a competent policy fares: `survives`, `event`, or `error` when that could not be told; empty
            where there is none.
        reference_severity: of its episode.
        provenance: what the numbers are about.
        canary: see `CANARY`.
    """

    schema: int = SCHEMA
    id: str
    role: Role
    scenario: Scenario
    seed: int
    log_p: float
    log_q: float | None = None
    weight: float | None = None
    stratum: Stratum
    severity: float
    event: bool
    threshold: float
    built_against: dict[str, SeatInfo]
    origin: Origin
    fired: list[str] = []
    verified: Verified
    reference_outcome: Literal["", "survives", "event", "error"] = ""
    reference_severity: float | None = None
    provenance: Provenance
    canary: str = CANARY

    @property
    def place(self) -> tuple[str, int]:
        """What tells it from the other records when all are played: scenario id and index."""
        return self.scenario.id, self.scenario.index

    @staticmethod
    def id_of(
        role: Role, scenario: Scenario, seed: int, weight: float | None, severity: str, threshold: float
    ) -> str:
        """Return the id of a record.

        Args:
            role: what it is for.
            scenario: what is played.
            seed: root seed of the episode.
            weight: p / q.
            severity: name of the severity.
            threshold: from which it is the event.
        """
        return digest([role, scenario.id, scenario.index, seed, weight, severity, threshold])


class Cell(msgspec.Struct, frozen=True, kw_only=True):
    """How many records there are of a kind, and the sum of their weights."""

    records: int
    weight: float = 0.0


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """What a set is, and by what its records are checked.

    Attributes:
        format: `gristmill-set`.
        schema: of manifest and records.
        world: id of the world, and `spec` how it was asked for.
        version: of its code.
        space: digest of its Space.
        severity: name of the severity, and `threshold` from which it is the event.
        seed: root seed of the draws and of the episodes.
        built_against: who played when it was built, by seat.
        reference: specs of the competent policies, by seat.
        command: that makes the set again.
        counts: records by role.
        strata: by role and stratum, how many records, and the sum of their weights.
        weight: sum of all weights; near the number of estimating records if the proposal is sound.
        estimate: the weighted rate for whom it was built against; None without estimating records.
        proposal: parameters of the proposal of the estimating records, by which it can be drawn again.
        coverage: what of the scenario space the records cover.
        bands: severities at which the bands of strata begin: near-miss, fail, catastrophic.
        refused: candidates that are no records, by reason.
        notes: what a person should know before using it.
        scenarios: ids of all scenarios, which nothing may be trained on.
        records: digest of every record, by its id, in the order of the file.
        licence: of the set.
        canary: see `CANARY`.
        hash: digest of all of this but itself.
    """

    format: str = FORMAT
    schema: int = SCHEMA
    world: str
    spec: str
    version: str
    space: str
    severity: str
    threshold: float
    seed: int
    built_against: dict[str, SeatInfo]
    reference: dict[str, str] = {}
    command: str = ""
    counts: dict[str, int] = {}
    strata: dict[str, dict[str, Cell]] = {}
    weight: float = 0.0
    estimate: WeightedRate | None = None
    proposal: dict[str, Any] = {}
    coverage: dict[str, Any] = {}
    bands: list[float] = []
    refused: dict[str, int] = {}
    notes: list[str] = []
    scenarios: list[str] = []
    records: dict[str, str] = {}
    licence: str = ""
    canary: str = CANARY
    hash: str = ""
