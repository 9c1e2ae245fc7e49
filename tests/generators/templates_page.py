"""The page of the documentation on the built-in templates, made from what they draw with seed 0.

python -m tests.generators.templates_page > docs/templates.md
"""

from collections.abc import Iterator
from typing import Any

from gristmill.digest import decode, encode
from gristmill.generators.documents import documents
from gristmill.generators.template import Template, built_in, template

ROWS = 3
LONGEST = 48  # characters of a cell
LANGUAGES = {"md": "markdown", "txt": "text", "j2": "text", "env": "text"}

INTRODUCTION = """\
# Built-in templates

Each of them draws rows and renders them as documents with the place of every value in the text:

```
gristmill generate card-transactions -n 1000 --with fraud --out cards.parquet
gristmill generate invoices -n 1000 --documents --out invoices.jsonl
```

The same from Python:

```python
from gristmill.generators.documents import documents
from gristmill.generators.template import template

for document in documents(template("invoices"), seed=0, n=100):
    for path, spans in document.spans.items():  # such as lines[2].amount
        start, end = spans[0]
        print(path, document.text[start:end])
    print("not shown:", document.unshown)
```

All names, companies, numbers and addresses are made up. Hidden fields are drawn and not written, unless they are asked for by
name, as the label of fraud is: `template("card-transactions").table(0, range(100), 100, hidden=["fraud", "card"])`.
This page is made by `python -m tests.generators.templates_page > docs/templates.md`; a test keeps it as it is.
"""


def page() -> str:
    """Return the whole page."""
    return INTRODUCTION + "".join(line for name in built_in() for line in _section(template(name)))


def _section(found: Template) -> Iterator[str]:
    yield f"\n## {found.name}\n\n{found.about}\n"
    for table, one in found.tables.items():
        which = f"Table `{table}`, rows" if len(found.tables) > 1 else "Rows"
        yield f"\n{which} 0 to {ROWS - 1}:\n\n"
        yield from _table(found.table(0, range(ROWS), ROWS, table=table).to_pylist())
        hidden = [f"`{field}`" for field in one.space.fields if field in one.hidden and " " not in field]
        yield f"\nHidden: {', '.join(hidden)}.\n" if hidden else ""
    layouts = [f"`{one}`" for one in found.documents]
    first = next(iter(found.documents))
    document = next(documents(found, 0, ROWS, document=first))
    kind = found.layout(first)[1]
    yield f"\nLayouts: {', '.join(layouts)}. Row 0 as `{first}`:\n\n"
    yield f"````{LANGUAGES.get(kind, kind)}\n{document.text.rstrip()}\n````\n"


def _table(rows: list[dict[str, Any]]) -> Iterator[str]:
    yield f"| |{' |' * len(rows)}\n|{'---|' * (1 + len(rows))}\n"
    for field in rows[0]:
        yield f"| **{field}** | {' | '.join(_cell(row[field]) for row in rows)} |\n"


def _cell(value: Any) -> str:
    if value is None:
        return ""
    value = decode(encode(value))
    text = value if isinstance(value, str) else encode(value).decode()
    return (text if len(text) <= LONGEST else text[: LONGEST - 1] + "…").replace("|", "\\|")


if __name__ == "__main__":
    print(page(), end="")
