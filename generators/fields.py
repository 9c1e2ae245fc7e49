"""Fields: typed parameters with a nominal distribution.

Every field is a quantile map: it turns numbers that are uniform on [0, 1) into a value, and can say the
log-density of a value and find numbers that give it back. That one shape serves sampling, domain randomisation
and rare-event search, which all move in the same latent cube.

Fields are written in the private files beside this one, by the kind of their values; all of them are imported from here.
"""

from gristmill.generators._choices import Choice, Constant, Flag
from gristmill.generators._copula import Correlated
from gristmill.generators._counts import Binomial, Geometric, Poisson, Zipf
from gristmill.generators._derived import Cases, Derived
from gristmill.generators._empirical import Empirical
from gristmill.generators._field import Field
from gristmill.generators._many import Many
from gristmill.generators._numbers import Integer, LogNormal, Normal, Uniform
from gristmill.generators._references import Reference, Unique
from gristmill.generators._texts import Fake, Pattern
from gristmill.generators._times import Date, Timestamp
from gristmill.generators.grammars import Grammar, Regex

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
