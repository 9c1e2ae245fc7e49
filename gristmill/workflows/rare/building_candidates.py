"""Candidates for the records of a set: scenarios of each role, before any of them was played."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from gristmill.generators.rare.coverage import cover
from gristmill.generators.space import Values
from gristmill.recorders.sets import Origin, Role
from gristmill.seeding import derive, numpy_stream
from gristmill.workflows.rare.building_search import Failure, Search, draws
from gristmill.workflows.rare.building_strata import spread

__all__ = ["PAIRS", "Candidate", "Candidates", "candidates"]

PAIRS = "pairs"  # what records come from that have all pairs of levels
_STRATA = 20  # draws, for each record that is wanted, of which those that fill strata are chosen
_MORE, _SPARE = 1.25, 8  # records to propose for each that is wanted, and besides, since some will not suit


class Candidate(NamedTuple):
    """A scenario that may become a record.

    Attributes:
        role: what it would be for.
        values: of the scenario.
        log_p: natural logarithm of its nominal density.
        origin: where it comes from.
        log_weight: that of nominal over proposal density; None where it was not drawn from a known proposal.
    """

    role: Role
    values: Values
    log_p: float
    origin: Origin
    log_weight: float | None = None


class Candidates(NamedTuple):
    """All candidates of a set.

    Attributes:
        candidates: in order.
        proposal: parameters of that of the estimating ones.
        pairs: how many pairs of levels a coverage set could have; 0 where none was asked for.
        notes: what a person should know.
    """

    candidates: list[Candidate]
    proposal: dict[str, Any]
    pairs: int
    notes: list[str]


def candidates(
    search: Search, roles: Mapping[Role, int], *, seed: int, failures: Sequence[Failure] = ()
) -> Candidates:
    """Return candidates for the records of a set.

    Args:
        search: for what has to be searched for.
        roles: how many records of each role are wanted.
        seed: root seed of the draws.
        failures: scenarios that were found to fail, in place of those that a search finds.
    """
    space, found = search.cube.space, list[Candidate]()
    proposal, pairs = dict[str, Any](), 0
    if count := roles.get("estimating"):
        mixture, proposal = search.proposal()
        proposal["seed"] = seed
        origin = Origin(algorithm=str(proposal["kind"]))
        drawn = draws(search, mixture, numpy_stream(seed, "estimating"), count)
        found += [Candidate("estimating", one, space.log_prob(one), origin, weight) for one, weight in drawn]
    if count := roles.get("stress"):
        some = failures or search.failures(_with_spare(count))
        found += [Candidate("stress", one.values, space.log_prob(one.values), one.origin) for one in some]
    if count := roles.get("coverage"):
        covering = cover(space, seed=derive(seed, "coverage"))
        pairs = covering.possible
        rows = [(one, PAIRS) for one in covering.scenarios]
        more = draws(search, None, numpy_stream(seed, "strata"), _STRATA * count)
        rows += [(one, "strata") for one in spread(space, [one for one, _ in more], _with_spare(count))]
        found += [
            Candidate("coverage", one, space.log_prob(one), Origin(algorithm=name))
            for one, name in rows[: max(len(covering.scenarios), _with_spare(count))]
        ]
    if count := roles.get("control"):
        _, nominal = search.cube.uniform(numpy_stream(seed, "control"), _with_spare(count))
        found += [
            Candidate("control", one, space.log_prob(one), Origin(algorithm="nominal")) for one in nominal
        ]
    return Candidates(found, proposal, pairs, search.notes)


def _with_spare(count: int) -> int:
    return round(_MORE * count) + _SPARE
