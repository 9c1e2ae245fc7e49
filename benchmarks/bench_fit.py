"""How well a fitted template stands in for a real table, against SDV's Gaussian copula.

    python benchmarks/bench_fit.py [draws]

For each table that scikit-learn brings along: the AUC of a classifier that tells synthetic rows from real ones (0.5 is
a coin; the limit is SDV's), the mean difference of the associations of pairs, and the verdict on copies. SDV is looked
at where it is installed; it is not a dependency, for its licence is not an open-source one.
"""

import sys
import time
import warnings
from collections.abc import Callable

import numpy as np
import pyarrow as pa
from sklearn import datasets

from gristmill.generators.fidelity import compare
from gristmill.generators.fitting import fit
from gristmill.generators.template.entries import space_of

Draw = Callable[[int], pa.Table]
TABLES = ("iris", "wine", "breast_cancer", "diabetes")


def real(name: str) -> pa.Table:
    """Return a table with the names of its classes as a category."""
    found = getattr(datasets, f"load_{name}")()
    columns = {column: found.data[:, place] for place, column in enumerate(found.feature_names)}
    names = getattr(found, "target_names", None)
    target = found.target if names is None else [str(names[number]) for number in found.target]
    return pa.table({**columns, "target": target})


def gristmill(table: pa.Table) -> Draw:
    """Return what draws rows from a template like the table."""
    space = space_of(fit(table, name="t").template, "")
    return lambda seed: space.table(seed, range(table.num_rows)).select(table.column_names)


def sdv(table: pa.Table) -> Draw:
    """Return what draws rows from SDV's model with its defaults.

    Raises:
        ImportError: when it is not installed.
    """
    from sdv.metadata import Metadata
    from sdv.single_table import GaussianCopulaSynthesizer

    frame = table.to_pandas()
    model = GaussianCopulaSynthesizer(Metadata.detect_from_dataframes({"t": frame}))
    model.fit({"t": frame})

    def draw(seed: int) -> pa.Table:
        # It draws from global state, as pandas does.
        np.random.seed(seed)  # noqa: NPY002
        made = model.sample(table.num_rows)["t"]
        return pa.Table.from_pandas(made, schema=table.schema, preserve_index=False)

    return draw


def main(draws: int) -> None:
    """Measure and print."""
    warnings.filterwarnings("ignore")
    for name in TABLES:
        table = real(name)
        for who, learn in (("gristmill", gristmill), ("SDV", sdv)):
            start = time.process_time()
            try:
                draw = learn(table)
            except ImportError as error:
                print(f"{name:>14} {who:>10}: not measured, {error}")
                continue
            spent = time.process_time() - start
            found = [compare(table, draw(seed), seed=seed) for seed in range(draws)]
            auc = np.mean([one.classifier.auc for one in found])
            pairs = np.mean([abs(pair.difference) for one in found for pair in one.associations])
            copies = ", ".join(sorted({one.privacy.verdict for one in found}))
            print(
                f"{name:>14} {who:>10}: AUC {auc:.3f}, pairs differ by {pairs:.3f}, copies {copies}, "
                f"fitted in {spent:.1f} s"
            )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 3)
