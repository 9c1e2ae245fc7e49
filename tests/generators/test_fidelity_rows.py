"""Rows that repeat, columns whose values are nearly all different, and tables of very many columns."""

import numpy as np
import pyarrow as pa

from gristmill.generators.fidelity import MOST_PAIRS, compare
from tests.generators.payments import payments


def twice(table: pa.Table, seed: int) -> pa.Table:
    """Rows of a table of which a third stands again."""
    again = np.random.default_rng(seed).integers(0, table.num_rows, table.num_rows // 3)
    return pa.concat_tables([table, table.take(again)])


def test_rows_that_stand_twice_do_not_tell_tables_apart() -> None:
    """What repeats would be learnt by heart; it counts once, and is said."""
    found = [
        compare(twice(payments(seed, 300), seed), twice(payments(seed + 50, 300), seed), keys=["id"])
        for seed in range(2)
    ]

    assert (100, 100) == found[0].repeats
    assert min(one.classifier.p for one in found if one.classifier) > 0.01
    assert not any(one.differs for each in found for one in each.marginals)


def test_copies_are_found_where_real_rows_stand_twice() -> None:
    """That real rows repeat does not excuse synthetic ones that do."""
    real = twice(payments(0, 600), 0)
    leak = pa.concat_tables([payments(1, 580), payments(0, 600).slice(0, 20)])

    assert "copies" == compare(real, leak, keys=["id"]).privacy.verdict
    assert "clear" == compare(real, payments(1, 600), keys=["id"]).privacy.verdict


def test_rows_of_categories_may_be_alike() -> None:
    """There are few different ones, and each counts as often as it comes."""
    rng = np.random.default_rng(0)
    one, other = (
        pa.table({name: rng.choice(list("ab"), 400, p=share) for name in "pqr"})
        for share in ([0.5, 0.5], [0.3, 0.7])
    )
    found = compare(one, other)

    assert (0, 0) == found.repeats
    assert found.classifier
    assert found.classifier.tells


def test_made_up_addresses_are_no_near_copies() -> None:
    """Those of people who come again have so many values that none of them is far from another."""
    rng = np.random.default_rng(0)
    real, synthetic = (
        payments(seed, 900).append_column(
            "mail", pa.array([f"{word}{number}@x.org" for number in rng.integers(0, 300, 900)])
        )
        for seed, word in ((0, "a"), (1, "b"))
    )
    found = compare(real, synthetic, keys=["id"]).privacy

    assert "clear" == found.verdict
    assert ["mail"] == list(found.left_out)


def test_pairs_of_very_many_columns_are_drawn() -> None:
    """So that the work does not grow with their square."""
    rng = np.random.default_rng(0)
    wide = [pa.table({f"c{place}": rng.normal(size=30) for place in range(80)}) for _ in range(2)]

    assert MOST_PAIRS == len(compare(*wide).associations)
