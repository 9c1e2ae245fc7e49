"""How alike a real and a synthetic file are, in figures and in words."""

import shlex
from collections.abc import Callable, Collection, Sequence
from pathlib import Path

from gristmill.generators.fidelity import (
    LIMIT,
    MOST_PAIRS,
    Association,
    Classifier,
    Fidelity,
    Marginal,
    Privacy,
    compare,
)
from gristmill.generators.tables import read_table

__all__ = [
    "compare_files", "in_words", "notes_words", "one_sided_words", "p_words", "privacy_words", "summary", "verdict_words",
]  # fmt: skip

_CLOSE, _UNLIKE = (
    0.6,
    0.8,
)  # areas under the curve up to which tables are close, and from which they are unlike
_STRANGE = (
    0.9  # share of categories of either table that the other lacks, from which on they may be identifiers
)
_NAMED = 4  # columns or pairs in a sentence


def compare_files(
    real: Path,
    synthetic: Path,
    *,
    keys: Collection[str] = (),
    seed: int = 0,
    limit: int = LIMIT,
    progress: Callable[[str, int, int], None] = lambda *_: None,
) -> Fidelity:
    """Return how alike the tables in two files are; see `gristmill.generators.fidelity.compare`.

    Raises:
        UsageError: when a file is no table, or the two cannot be compared.
    """
    tables = read_table(real), read_table(synthetic)
    return compare(*tables, keys=keys, seed=seed, limit=limit, progress=progress)


def in_words(found: Fidelity) -> list[str]:
    """Return what a comparison found, in a sentence each: all columns together, one by one, in pairs, copies."""
    return [
        classifier_words(found.classifier),
        columns_words(found.marginals),
        pairs_words(found.associations),
        privacy_words(found.privacy),
    ]


def verdict_words(found: Fidelity) -> str:
    """Return in a sentence whether the synthetic table may stand in for the real one."""
    if found.privacy.verdict in ("copies", "near-copies"):
        return "Not to be given away: it holds real rows, or nearly."
    told = found.classifier
    differ = any(one.differs for one in found.marginals) or any(one.differs for one in found.associations)
    if told is None:
        return (
            "It differs from the real table."
            if differ
            else "There are too few rows to tell how alike the tables are."
        )
    if not told.tells:
        return (
            "It differs from the real table in places." if differ else "It may stand in for the real table."
        )
    picked = f"of a real and a synthetic row a classifier picks the synthetic one {told.auc:.0%} of the time; guessing is 50%"
    grade = (
        "Close to the real table"
        if told.auc < _CLOSE
        else "Unlike the real table"
        if told.auc >= _UNLIKE
        else "Not quite like the real table"
    )
    return f"{grade}: {picked}."


def notes_words(found: Fidelity) -> list[str]:
    """Return in a sentence each what counted otherwise than a reader may think."""
    notes, privacy = [], found.privacy
    if any(found.repeats):
        notes.append(
            f"{found.repeats[0]:,} real and {found.repeats[1]:,} synthetic rows equal an earlier one of their table, and count once."
        )
    if privacy.left_out:
        names = [
            f"{name} ({why}{f'; {privacy.texts[name]:.1%} of the synthetic ones are real' if name in privacy.texts else ''})"
            for name, why in privacy.left_out.items()
        ]
        notes.append(f"Distances between rows leave out {', '.join(names)}.")
    if strange := [one.name for one in found.marginals if min(one.unseen, one.lost) > _STRANGE]:
        keys = " ".join(f"--key {shlex.quote(name)}" for name in strange)
        notes.append(
            f"Hardly a value of {_some(strange)} is in both tables: if these are identifiers, use {keys}."
        )
    count = len(found.columns) * (len(found.columns) - 1) // 2
    if 0 < len(found.associations) == MOST_PAIRS < count:
        notes.append(f"Of the pairs of columns, {MOST_PAIRS:,} were drawn and looked at.")
    return notes


def summary(found: Fidelity) -> str:
    """Return in a sentence what was compared."""
    real, synthetic = f"{found.real_rows:,}", f"{found.synthetic_rows:,}"
    count = len(found.columns)
    words = f"{real} real and {synthetic} synthetic rows in {count:,} column{'s' * (count != 1)}"
    if found.left_out:
        words += "; left out " + ", ".join(f"{name} ({why})" for name, why in found.left_out.items())
    if found.sampled < max(found.real_rows, found.synthetic_rows):
        words += f"; looked at {found.sampled:,} rows of each at most, and for copies at all"
    return f"{words}."


def one_sided_words(found: Fidelity) -> str:
    """Return which columns only one of the tables has, in a sentence; nothing if there is none."""
    sides = (("real", found.only_real), ("synthetic", found.only_synthetic))
    words = [f"only the {side} table has {', '.join(names)}" for side, names in sides if names]
    return f"Not compared: {', and '.join(words)}." if words else ""


def classifier_words(found: Classifier | None) -> str:
    """Return what a classifier could do, in a sentence."""
    if found is None:
        return "There are too few rows for a classifier to learn from."
    p = f"p = {p_words(found.p)}".replace("= <", "<")
    area = f"AUC {found.auc:.3f} (95\N{NO-BREAK SPACE}% interval {found.low:.3f} to {found.high:.3f}), {p}"
    if not found.tells:
        return f"A classifier cannot tell them apart: {area}."
    named = [one.column for one in found.importances if one.loss > 0][:_NAMED]
    most = [
        name
        for name, one in zip(named, found.importances, strict=False)
        if one.loss >= found.importances[0].loss / 10
    ]
    return f"A classifier tells them apart: {area}. What gives it away most: {', '.join(most)}."


def columns_words(found: Sequence[Marginal]) -> str:
    """Return which columns differ, in a sentence."""
    names = [one.name for one in found if one.differs]
    return (
        f"Columns that differ: {_some(names)}."
        if names
        else "No column by itself differs by more than chance."
    )


def pairs_words(found: Sequence[Association]) -> str:
    """Return which pairs of columns go together differently, in a sentence."""
    if not found:
        return "There is one column alone, and so no pair of them."
    names = [
        f"{one.first} and {one.second} ({one.real:.2f} → {one.synthetic:.2f})" for one in found if one.differs
    ]
    if names:
        return f"Pairs that go together differently: {_some(names)}."
    if all(one.p is None for one in found):
        return "There are too few rows to tell whether pairs of columns go together differently."
    return "No two columns go together differently by more than chance."


def privacy_words(found: Privacy) -> str:
    """Return whether synthetic rows are copies, in a sentence or two."""
    again = (
        f"; {found.repeats_rate:.2%} of real rows repeat another"
        if found.repeats_rate
        else "; no real row repeats another"
    )
    return {
        "copies": f"Synthetic rows are copies: {found.copies:,} of them equal a real row in every column{again}.",
        "near-copies": f"Synthetic rows are nearly copies: {_near(found)}, and are near to that one alone.",
        "too-typical": f"Synthetic rows are too near to real ones: {_near(found)}, though not to one alone. They are too typical, or many alike.",
        "too-few-rows": "There are too few rows to tell whether synthetic ones are nearly copies; no more equal a real one than by chance.",
        "clear": "No sign of copies: synthetic rows come as near to real ones as real ones that were held out do.",
    }[found.verdict]


def p_words(p: float) -> str:
    """Return a p-value in words."""
    return f"{p:.2g}" if p >= 1e-9 else "< 10⁻⁹"


def _near(found: Privacy) -> str:
    if found.near is None:
        return ""
    return (
        f"{found.near.synthetic:.2%} come nearer than {found.near.threshold:.2g} to one, as {found.near.holdout:.2%} of the "
        "real rows that were held out do"
    )


def _some(names: Sequence[str]) -> str:
    more = len(names) - _NAMED
    return ", ".join(names[:_NAMED]) + (f" and {more} more" if more > 0 else "")
