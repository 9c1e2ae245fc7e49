"""A classifier two-sample test: where nothing learns to tell synthetic rows from real ones, they are alike in all that it can see.

Lopez-Paz and Oquab, Revisiting Classifier Two-Sample Tests, ICLR 2017.
"""

from collections.abc import Sequence

import numpy as np

from gristmill.generators.fidelity.columns import Array, Feature
from gristmill.generators.fidelity.types import LEVEL, Classifier, Importance
from gristmill.seeding import derive, numpy_stream

__all__ = ["auc_test", "tell_apart"]

_LEAST = 40  # rows of each table below which there is nothing to learn from
# A category is split off by itself where there are so few; more of them would be learnt by heart.
_CATEGORIES = 16
_SHUFFLED, _TIMES = 20_000, 3  # rows that are shuffled for an importance, and how often
_PLACES = 61  # on the curve
_Z95 = 1.959963984540054


def tell_apart(found: Sequence[Feature], seed: int) -> Classifier | None:
    """Return how well a gradient-boosted classifier tells the tables apart on rows that it did not learn from.

    One half of the rows of each table is learnt from and the other is told apart. The classifier was made without the
    latter, so if both tables have one law its scores are exchangeable between them and the p-value, that of Mann and
    Whitney, is right whatever it has learnt; as many columns as there are, it is one test.

    Returns:
        None where there are too few rows.
    """
    from threadpoolctl import threadpool_limits

    sizes = [len(found[0].real), len(found[0].synthetic)]
    if min(sizes) < _LEAST:
        return None
    rows = np.column_stack([np.concatenate([one.real, one.synthetic]) for one in found])
    labels = np.repeat([0, 1], sizes)
    learnt = np.concatenate([_half(size, seed, place) for place, size in enumerate(sizes)])
    tested, truth = rows[~learnt], labels[~learnt]
    # On one thread: it is quick enough, adds in one order everywhere, and does not wait for cores that others use.
    with threadpool_limits(1):
        model = _model(found, int(learnt.sum()), seed).fit(rows[learnt], labels[learnt])
        scores = model.decision_function(tested)
        auc, error, p = auc_test(scores[truth == 0], scores[truth == 1])
        importances = _importances(model, found, tested, truth, seed) if p < LEVEL else []
    return Classifier(
        auc=auc, low=max(0.0, auc - _Z95 * error), high=min(1.0, auc + _Z95 * error), p=p,
        trained=int(learnt.sum()), tested=len(truth), curve=_curve(scores, truth),
        importances=importances,
    )  # fmt: skip


def auc_test(negative: Array, positive: Array) -> tuple[float, float, float]:
    """Return the area under the curve of scores, its standard error, and the p-value of one as large by chance.

    The error is DeLong's (DeLong, DeLong and Clarke-Pearson, Comparing the areas under two or more correlated receiver
    operating characteristic curves, Biometrics 44, 1988); the p-value is that of Mann and Whitney's U, corrected for ties.
    """
    from scipy.stats import mannwhitneyu, rankdata

    ranks = rankdata(np.concatenate([negative, positive]))
    # The share of the other sample that is below each score.
    over = (ranks[len(negative) :] - rankdata(positive)) / len(negative)
    under = 1 - (ranks[: len(negative)] - rankdata(negative)) / len(positive)
    variance = np.var(over, ddof=1) / len(positive) + np.var(under, ddof=1) / len(negative)
    if np.ptp(ranks) == 0:  # it has learnt nothing
        return 0.5, 0.0, 1.0
    p = mannwhitneyu(positive, negative, alternative="greater", method="asymptotic").pvalue
    return float(over.mean()), float(np.sqrt(variance)), float(p)


def _half(size: int, seed: int, place: int) -> Array:
    chosen = np.arange(size) < size // 2
    numpy_stream(seed, "fidelity", "classifier", place).shuffle(chosen)
    return chosen


def _model(found: Sequence[Feature], rows: int, seed: int):  # type: ignore[no-untyped-def]  # of scikit-learn, untyped
    from sklearn.ensemble import HistGradientBoostingClassifier

    few = [one.kind == "category" and len(one.labels) <= _CATEGORIES for one in found]
    # Small differences are looked for, so it is held back from learning rows by heart.
    return HistGradientBoostingClassifier(
        max_iter=100, max_leaf_nodes=8, min_samples_leaf=max(5, min(200, rows // 100)), l2_regularization=100.0,
        max_features=0.5, early_stopping=False, class_weight="balanced", categorical_features=few,
        random_state=derive(seed, "fidelity", "classifier") % 2**32,
    )  # fmt: skip


def _curve(scores: Array, truth: Array) -> list[tuple[float, float]]:
    """Return places on the curve at equal distances of the false positive rate."""
    order = np.argsort(-scores, kind="stable")
    rates = [
        np.concatenate([[0.0], np.cumsum(truth[order] == label) / np.sum(truth == label)]) for label in (0, 1)
    ]
    across = np.linspace(0, 1, _PLACES)
    places = np.minimum(np.searchsorted(rates[0], across, side="right"), len(rates[1])) - 1
    return [(float(x), float(y)) for x, y in zip(across, rates[1][places], strict=True)]


def _importances(model, found: Sequence[Feature], rows: Array, truth: Array, seed: int) -> list[Importance]:  # type: ignore[no-untyped-def]
    """Return by column how much of the area is lost when its values, with all that is derived of them, are shuffled.

    Breiman, Random Forests, Machine Learning 45, 2001, section 10.
    """
    rng = numpy_stream(seed, "fidelity", "importance")
    some = rng.permutation(len(rows))[:_SHUFFLED]
    rows, truth = rows[some], truth[some]

    def area(of: Array) -> float:
        scores = model.decision_function(of)
        return auc_test(scores[truth == 0], scores[truth == 1])[0]

    whole, losses = area(rows), []
    for column in dict.fromkeys(one.column for one in found):
        places = [place for place, one in enumerate(found) if one.column == column]
        spoilt, areas = rows.copy(), []
        for _ in range(_TIMES):
            spoilt[:, places] = rows[rng.permutation(len(rows))][:, places]
            areas.append(area(spoilt))
        losses.append(Importance(column=column, loss=whole - float(np.mean(areas))))
    return sorted(losses, key=lambda one: -one.loss)
