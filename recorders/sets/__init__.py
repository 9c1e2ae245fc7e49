"""Evaluation sets: scenarios with what is proved of them come in; what comes out is a folder that anyone can play, score and check.

A set is `records.jsonl` and `manifest.json`. A record says what to play and how likely that is, and of which role it is: only
`estimating` records, drawn from a known proposal, have weights and tell a rate. Reading a set proves that every record arrived
as it was written.
"""

from gristmill.recorders.sets.folder import EvaluationSet, new_folder, read_manifest, read_set, write_set
from gristmill.recorders.sets.rates import WeightedRate
from gristmill.recorders.sets.records import (
    CANARY,
    ROLES,
    Cell,
    Manifest,
    Origin,
    Provenance,
    Record,
    Role,
    Stratum,
    Verified,
)
from gristmill.recorders.sets.reserved import SCORE, Reserved

__all__ = [
    "CANARY",
    "ROLES",
    "SCORE",
    "Cell",
    "EvaluationSet",
    "Manifest",
    "Origin",
    "Provenance",
    "Record",
    "Reserved",
    "Role",
    "Stratum",
    "Verified",
    "WeightedRate",
    "new_folder",
    "read_manifest",
    "read_set",
    "write_set",
]
