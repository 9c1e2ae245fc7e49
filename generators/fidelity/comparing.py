"""All that can be said about how alike two tables are."""

from collections.abc import Callable, Collection

import pyarrow as pa

from gristmill.errors import UsageError
from gristmill.generators.fidelity.associations import associations
from gristmill.generators.fidelity.classifier import tell_apart
from gristmill.generators.fidelity.columns import align, distinct, features
from gristmill.generators.fidelity.marginals import marginals
from gristmill.generators.fidelity.privacy import privacy, shared
from gristmill.generators.fidelity.types import Fidelity
from gristmill.generators.tables import check_width
from gristmill.seeding import numpy_stream

__all__ = ["LIMIT", "compare"]

LIMIT = 50_000  # rows of each table


def compare(
    real: pa.Table,
    synthetic: pa.Table,
    *,
    keys: Collection[str] = (),
    seed: int = 0,
    limit: int = LIMIT,
    progress: Callable[[str, int, int], None] = lambda *_: None,
) -> Fidelity:
    """Return how alike two tables are, and whether rows of the synthetic one are copies.

    Columns that only one of them has are named and not compared. Equal arguments give equal results.

    Args:
        real: what the synthetic table should be like; it may be of another size.
        synthetic: the other.
        keys: columns of identifiers, which are left out of everything but a look at whether they are shared.
        seed: of which rows are looked at, and how they are halved.
        limit: rows of each table that are looked at, at random; copies are sought among all rows.
        progress: told the part of the work that begins, how many are done and how many there are.

    Raises:
        UsageError: when the tables cannot be compared.
    """
    if limit < 1:
        raise UsageError(f"Expected a limit of at least one row, got {limit}.")
    for name, table in (("real", real), ("synthetic", synthetic)):
        if not table.num_rows:
            raise UsageError(f"Expected rows in both tables, got none in the {name} one.")
        check_width(table)
    tables = align(real, synthetic, keys)
    parts = iter(("columns", "pairs of columns", "classifier", "copies"))

    def tell(done: int) -> None:
        progress(next(parts), done, 4)

    once = [distinct(one, tables.kinds) for one in (tables.real, tables.synthetic)]
    tables.real = once[0]
    some = (_some(once[0], limit, seed, "real"), _some(once[1], limit, seed, "synthetic"))
    found = features(some[0], some[1], tables.kinds)
    tell(0)
    alone = marginals(found)
    tell(1)
    together = associations(found, seed)
    tell(2)
    told = tell_apart(found, seed)
    tell(3)
    common = {key: shared(real[key], synthetic[key]) for key in keys if key in synthetic.column_names}
    return Fidelity(
        real_rows=real.num_rows, synthetic_rows=synthetic.num_rows, repeats=(real.num_rows - once[0].num_rows, synthetic.num_rows - once[1].num_rows), sampled=limit, columns=list(tables.kinds),
        left_out=tables.left_out, only_real=_lacking(real, synthetic), only_synthetic=_lacking(synthetic, real), marginals=alone, associations=together, classifier=told,
        privacy=privacy(tables, found, common, seed), seed=seed,
    )  # fmt: skip


def _lacking(table: pa.Table, other: pa.Table) -> list[str]:
    """Return the columns of a table that another lacks."""
    return [name for name in table.column_names if name not in other.column_names]


def _some(table: pa.Table, limit: int, seed: int, name: str) -> pa.Table:
    """Return at most so many rows of a table, in random order."""
    rows = numpy_stream(seed, "fidelity", name).permutation(table.num_rows)[:limit]
    return table.take(rows)
