"""What may happen to a firm within a year, and how often.

Money is in thousand euros (k€), time in weeks. Where the numbers come from:

- Opening cash: the median small business held 27 days of its outgoings (JPMorgan Chase Institute, *Cash is King: Flows,
  Balances, and Buffer Days*, 2016). The spread is assumed, and narrower than in that sample.
- Defaults of a customer or a supplier: 2 % a year, assumed near the default rate of speculative-grade issuers, which was
  1.7 % in 2021, 1.9 % in 2022 and 3.7 % in 2023 (S&P Global Ratings, *2023 Annual Global Corporate Default and Rating
  Transition Study*, 2024).
- Share of the largest customer: assumed, from the tenth of sales from which accounts have to name one (FASB ASC
  280-10-50-42) upwards.
- Assumed, with no source: sales of 100 k€ in a planned week, margin, fixed costs, how much weeks differ, the size of the
  line of credit, and that a bank freezes one in 1 % and calls one in 0.5 % of the years.
"""

from collections.abc import Mapping
from typing import Any

from gristmill.generators.fields import Choice, Integer, LogNormal, Many, Normal, Uniform
from gristmill.generators.space import Space
from gristmill.severity import Kind

__all__ = ["KINDS", "SPACE", "WEEKS", "stratum"]

WEEKS = 52
_Z: dict[str, Any] = {"low": -4.0, "high": 4.0, "digits": 2}  # of a standard normal shock

SPACE = Space(
    buffer=LogNormal(27.0, 0.3, low=10.0, high=80.0, unit="days of outgoings"),
    margin=Normal(0.36, 0.015, low=0.3, high=0.42),
    fixed=Normal(28.0, 1.0, low=24.0, high=32.0, unit="k€ a week"),
    line=Uniform(5.0, 9.0, unit="weeks of fixed costs"),
    debt=Uniform(0.2, 0.6),  # share of the line that is drawn at the outset
    swing=Uniform(0.1, 0.2),  # standard deviation of a week's sales, as a share of them
    lateness=Uniform(0.0, 0.2),  # share of the invoices due in a week that is paid a week late
    price=Uniform(0.0, 0.1),  # standard deviation of the price of supplies, as a share of it
    share=Uniform(0.1, 0.4),  # of the sales, to the largest customer
    customer=Choice(("pays", "defaults"), (0.98, 0.02)),
    customer_week=Integer(0, WEEKS - 1).when(customer="defaults"),
    supplier=Choice(("delivers", "bankrupt"), (0.98, 0.02)),
    supplier_week=Integer(0, WEEKS - 1).when(supplier="bankrupt"),
    gap=Integer(2, 8, unit="weeks").when(supplier="bankrupt"),  # until another supplier delivers
    bank=Choice(("lends", "freezes", "calls"), (0.997, 0.002, 0.001)),
    bank_week=Integer(0, WEEKS - 1).when(bank=("freezes", "calls")),
    weeks=Many(
        Space(sales=Normal(0.0, 1.0, **_Z), late=Normal(0.0, 1.0, **_Z), price=Normal(0.0, 1.0, **_Z)),
        Choice((WEEKS,)),
    ),
)

KINDS = (
    Kind.field("customer", ("pays", "defaults")),
    Kind.field("supplier", ("delivers", "bankrupt")),
    Kind.field("bank", ("lends", "freezes", "calls")),
    Kind.bands("share", (0.2, 0.3)),
)


def stratum(values: Mapping[str, Any]) -> str:
    """Return the cell of the scenario space that values lie in: who lets the firm down."""
    usual = {"customer": "pays", "supplier": "delivers", "bank": "lends"}
    found = [f"{name} {values[name]}" for name, one in usual.items() if values[name] != one]
    return "+".join(found) or "calm"
