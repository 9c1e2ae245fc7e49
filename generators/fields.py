"""Fields: typed parameters with a nominal distribution.

Every field is a quantile map: it turns numbers that are uniform on [0, 1) into a value, and can say the
log-density of a value and find numbers that give it back. That one shape serves sampling, domain randomisation
and rare-event search, which all move in the same latent cube.

They are written in `kinds/`, by what their values are; all of them are imported from here.
"""

from gristmill.generators.grammars import Grammar, Regex
from gristmill.generators.kinds.choices import Choice, Constant, Flag
from gristmill.generators.kinds.copula import Correlated
from gristmill.generators.kinds.counts import Binomial, Geometric, Poisson, Zipf
from gristmill.generators.kinds.derived import Cases, Derived
from gristmill.generators.kinds.empirical import Empirical
from gristmill.generators.kinds.field import Field
from gristmill.generators.kinds.many import Many
from gristmill.generators.kinds.numbers import Integer, LogNormal, Normal, Uniform
from gristmill.generators.kinds.references import Reference, Unique
from gristmill.generators.kinds.texts import Fake, Pattern
from gristmill.generators.kinds.times import Date, Timestamp

__all__ = [
    "Binomial",
    "Cases",
    "Choice",
    "Constant",
    "Correlated",
    "Date",
    "Derived",
    "Empirical",
    "Fake",
    "Field",
    "Flag",
    "Geometric",
    "Grammar",
    "Integer",
    "LogNormal",
    "Many",
    "Normal",
    "Pattern",
    "Poisson",
    "Reference",
    "Regex",
    "Timestamp",
    "Uniform",
    "Unique",
    "Zipf",
]
