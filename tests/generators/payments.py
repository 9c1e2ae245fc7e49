"""Small tables of payments to compare and to fit, drawn from laws that are known."""

import numpy as np
import pyarrow as pa

METHODS = ["card", "cash", "transfer"]


def payments(seed: int, rows: int, *, shift: float = 0.0, correlation: float = 0.5) -> pa.Table:
    """Payments with an identifier: log-normal amounts (`shift` of the logarithm) that go with normal ages by a Gaussian copula."""
    rng = np.random.default_rng(seed)
    first = rng.standard_normal(rows)
    second = correlation * first + np.sqrt(1 - correlation**2) * rng.standard_normal(rows)
    days = np.datetime64("2024-01-01") + rng.integers(0, 364, rows)
    return pa.table(
        {
            "id": [f"T{number:08d}" for number in rng.integers(0, 10**8, rows)],
            "amount": np.round(np.exp(3.4 + shift + 1.1 * first), 2),
            "age": np.round(45 + 12 * second, 1),
            "items": rng.poisson(3, rows),
            "method": rng.choice(METHODS, rows, p=[0.6, 0.3, 0.1]),
            "day": pa.array(days.astype("datetime64[D]")),
            "tip": pa.array(np.where(rng.random(rows) < 0.3, np.nan, rng.random(rows)), from_pandas=True),
            "weekly": rng.random(rows) < 0.2,
        }
    )
