"""Rows of ten-field card transactions a second, against Faker, Mimesis and Polyfactory, and what 10,000,000 of them take.

    python benchmarks/bench_generate.py [rows]

All in CPU time of one core in this process. The peers make rows of the ten fields that the template has; none of them
correlates merchant, amount and category, or can make row i by itself. `rows` (by default 10,000,000) is the size of the
file that is written last, to see that the cost of a row and the memory stay flat.
"""

import dataclasses
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from gristmill.generators.documents import documents
from gristmill.generators.template import template
from gristmill.workflows.generate import generate

LIMIT, TIMES_FAKER = 1_000_000, 300  # rows/s/core that are asked for, and how many times Faker's
TEMPLATE = "card-transactions"


def rate(make: Callable[[int], object], count: int, rounds: int = 3) -> float:
    """Return how many a second of CPU time `make` makes, the best of some rounds."""
    make(max(1, count // 20))
    best = 0.0
    for _ in range(rounds):
        start = time.process_time()
        make(count)
        best = max(best, count / (time.process_time() - start))
    return best


def faker_rows(*, weighted: bool) -> Callable[[int], object]:
    """Return what makes rows with Faker."""
    from faker import Faker

    fake = Faker("en_US", use_weighting=weighted)

    def row() -> dict[str, object]:
        return {
            "id": fake.bothify("TXN#########"),
            "date": fake.date_between("-2y"),
            "time": fake.time(),
            "amount": fake.pyfloat(min_value=1, max_value=5_000, right_digits=2),
            "merchant": fake.company(),
            "category": fake.random_element(("groceries", "restaurants", "fuel", "travel")),
            "location": f"{fake.city()}, {fake.state_abbr()}",
            "method": fake.credit_card_provider(),
            "status": fake.random_element(("approved", "declined", "pending")),
            "description": fake.bs(),
        }

    return lambda count: [row() for _ in range(count)]


def mimesis_rows(count: int) -> object:
    """Make rows with Mimesis."""
    from mimesis import Generic

    fake = Generic(seed=1)
    return [
        {
            "id": fake.random.generate_string_by_mask("TXN#########"),
            "date": fake.datetime.date(2024, 2025),
            "time": fake.datetime.time(),
            "amount": fake.finance.price(1, 5_000),
            "merchant": fake.finance.company(),
            "category": fake.choice(("groceries", "restaurants", "fuel", "travel")),
            "location": f"{fake.address.city()}, {fake.address.state(abbr=True)}",
            "method": fake.payment.credit_card_network(),
            "status": fake.choice(("approved", "declined", "pending")),
            "description": fake.text.title(),
        }
        for _ in range(count)
    ]


@dataclasses.dataclass
class Transaction:
    """The row as Polyfactory gets it."""

    id: str
    date: str
    time: str
    amount: float
    merchant: str
    category: str
    location: str
    method: str
    status: str
    description: str


def polyfactory_rows(count: int) -> object:
    """Make rows with Polyfactory, which knows no more of them than their types."""
    from polyfactory.factories import DataclassFactory

    factory = DataclassFactory.create_factory(Transaction)
    return factory.batch(count)


def drawn(count: int) -> int:
    """Draw rows of the template as Arrow tables."""
    return sum(piece.num_rows for piece in template(TEMPLATE).pieces(0, count))


def main(rows: int) -> None:
    """Measure and print."""
    ours = rate(drawn, 1_000_000)
    print(
        f"{TEMPLATE}, ten fields, rows of CPU second and core (limit {LIMIT:,} and {TIMES_FAKER} times Faker):"
    )
    print(f"{'gristmill':>24}: {ours:>12,.0f}")
    peers: dict[str, tuple[Callable[[int], object], int]] = {
        "Faker": (faker_rows(weighted=True), 2_000),
        "Faker without weighting": (faker_rows(weighted=False), 4_000),
        "Mimesis": (mimesis_rows, 10_000),
        "Polyfactory": (polyfactory_rows, 2_000),
    }
    for name, (make, count) in peers.items():
        peer = rate(make, count)
        print(f"{name:>24}: {peer:>12,.0f}   gristmill makes {ours / peer:,.0f} times as many")
    found = template("invoices")
    print(f"documents/s (invoices): {rate(lambda count: list(documents(found, 0, count)), 400):,.0f}")
    for count in [10**power for power in range(3, 7)]:
        print(f"{count:>24,} rows: {1e6 / rate(drawn, count, 2):8.3f} us each")
    with tempfile.TemporaryDirectory() as folder:
        start, before = time.process_time(), time.monotonic()
        generate(TEMPLATE, Path(folder) / "t.parquet", rows)
        spent, wall = time.process_time() - start, time.monotonic() - before
        size = (Path(folder) / "t.parquet").stat().st_size
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**10
    print(
        f"{rows:>24,} rows: {1e6 * spent / rows:8.3f} us each, written as Parquet of {size / 2**20:,.0f} MiB in "
        f"{wall:,.0f} s; most memory ever held {peak:,.0f} MiB"
    )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000_000)
