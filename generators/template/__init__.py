"""Templates: tables of rows from a file or from Python, and the rows of other tables that they refer to.

A template is data, in TOML or YAML:

    name = "payments"
    about = "Payments, one row each."

    [fields.amount]
    kind = "lognormal"
    median = 31.5
    sigma = 1.1
    digits = 2

    [fields.status]
    kind = "choice"
    options = ["approved", "declined"]
    weights = [0.94, 0.06]

`kind` is a field of `gristmill.generators.fields` in lower case, the other entries are its arguments. `when` gives the
values of earlier fields under which a field exists, `missing` the rate at which it does not, `hidden` keeps it out of
what is written. Several tables stand under `[tables.NAME.fields.FIELD]`, each with `rows` for one row asked for. Under
`[documents]` are layouts by name, of which each renders a row of the last table.

In Python it is a `Template`, or the `Space` of its only table, in a file or in the entry-point group `gristmill.templates`.
"""

from gristmill.generators.template._sources import Listed, Source, built_in, listed, read, source, template
from gristmill.generators.template._template import PIECE, Table, Template

__all__ = [
    "PIECE",
    "Listed",
    "Source",
    "Table",
    "Template",
    "built_in",
    "listed",
    "read",
    "source",
    "template",
]
