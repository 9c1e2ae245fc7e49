"""How alike two tables are, as a page."""

from pathlib import Path

from gristmill.generators.fidelity import Fidelity
from gristmill.workflows.fidelity import (
    classifier_words,
    columns_words,
    notes_words,
    one_sided_words,
    p_words,
    pairs_words,
    privacy_words,
    summary,
    verdict_words,
)
from gristmill.workflows.fidelity_charts import column_chart, distance_chart, pair_map, roc_chart
from gristmill.workflows.page import environment, write_page

__all__ = ["write_fidelity"]

_MAPPED = 40  # columns that a map of pairs has room for


def write_fidelity(found: Fidelity, out: Path, *, title: str, command: str) -> Path:
    """Write the page and return its path.

    Raises:
        UsageError: when `out` is a folder.
        StoreError: when the file cannot be written.
    """
    names = [one.name for one in found.marginals if one.name in found.columns]
    paired = {name for one in found.associations for name in (one.first, one.second)}
    columns = [name for name in found.columns if name in paired and name in names]
    text = environment().get_template("fidelity.html.j2").render(
        found=found,
        title=title,
        command=command,
        verdict=verdict_words(found),
        summary=" ".join([summary(found), *notes_words(found)]),
        one_sided=one_sided_words(found),
        told=classifier_words(found.classifier),
        one_by_one=columns_words(found.marginals),
        together=pairs_words(found.associations),
        copies=privacy_words(found.privacy),
        worst=sum(one.differs for one in found.associations),
        p=p_words,
        chart=column_chart,
        roc=roc_chart(found.classifier) if found.classifier else None,
        map=pair_map(found.associations, columns) if 1 < len(columns) <= _MAPPED else None,
        distances=distance_chart(found.privacy.picture) if found.privacy.picture else None,
    )  # fmt: skip
    return write_page(text, out)
