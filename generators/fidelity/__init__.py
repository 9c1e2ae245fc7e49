"""How alike two tables are: a real and a synthetic table come in, distances, tests with p-values and a verdict on copies go out."""

from gristmill.generators.fidelity.associations import MOST_PAIRS
from gristmill.generators.fidelity.comparing import LIMIT, compare
from gristmill.generators.fidelity.types import (
    LEVEL,
    Association,
    Classifier,
    Excess,
    Fidelity,
    Importance,
    Marginal,
    Picture,
    Privacy,
)

__all__ = [
    "LEVEL",
    "LIMIT",
    "MOST_PAIRS",
    "Association",
    "Classifier",
    "Excess",
    "Fidelity",
    "Importance",
    "Marginal",
    "Picture",
    "Privacy",
    "compare",
]
