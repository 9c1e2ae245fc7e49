"""What a comparison of two tables found, as plain data.

Wherever something is said to differ, its p-value is adjusted for how many were looked at (Holm, A simple sequentially
rejective multiple test procedure, 1979), and is below `LEVEL`.
"""

from typing import Literal

import msgspec

__all__ = [
    "LEVEL", "Association", "Classifier", "Excess", "Fidelity", "Importance", "Marginal", "Picture", "Privacy", "Verdict",
]  # fmt: skip

LEVEL = 0.01  # of significance, for all of a family together

Verdict = Literal["clear", "copies", "near-copies", "too-typical", "too-few-rows"]


class Picture(msgspec.Struct, frozen=True, kw_only=True):
    """Shares of both tables, bin by bin or category by category.

    Attributes:
        edges: of the bins, one more than shares, in the unit of the column (seconds since 1970 for times); empty for categories.
        labels: the categories, most frequent first.
        real, synthetic: shares of the values that are there.
    """

    edges: list[float] = []
    labels: list[str] = []
    real: list[float]
    synthetic: list[float]


class Marginal(msgspec.Struct, frozen=True, kw_only=True):
    """One column, or a part of one such as the weekday of a date, in both tables.

    Attributes:
        name: for people; `column` is the column it is of.
        kind: `number`, `time` or `category`.
        measure: what `distance` is: `Kolmogorov-Smirnov` or `total variation`, from 0 to 1.
        chance: how large `distance` would be on average between two samples of one law.
        p: of both being samples of one law as to this column, whether missing or not, adjusted.
        shift: 1-Wasserstein distance in standard deviations of the real column; None for categories.
        missing: shares of both tables without a value.
        unseen: share of the synthetic values whose category does not occur in the real table.
        lost: share of the real values whose category does not occur in the synthetic table.
    """

    name: str
    column: str
    kind: Literal["number", "time", "category"]
    measure: str
    distance: float
    chance: float
    p: float
    shift: float | None = None
    missing: tuple[float, float] = (0.0, 0.0)
    unseen: float = 0.0
    lost: float = 0.0
    picture: Picture

    @property
    def differs(self) -> bool:
        """Whether the difference is more than chance."""
        return self.p < LEVEL


class Association(msgspec.Struct, frozen=True, kw_only=True):
    """How strongly two columns go together, in both tables.

    Attributes:
        first, second: the columns.
        measure: `Spearman` (-1 to 1), `Cramér's V` or `correlation ratio` (0 to 1).
        real, synthetic: the values.
        p: of the difference being chance, adjusted; None where there are too few rows to tell.
    """

    first: str
    second: str
    measure: str
    real: float
    synthetic: float
    p: float | None

    @property
    def difference(self) -> float:
        """How much stronger it is in the synthetic table."""
        return self.synthetic - self.real

    @property
    def differs(self) -> bool:
        """Whether the difference is more than chance."""
        return self.p is not None and self.p < LEVEL


class Importance(msgspec.Struct, frozen=True, kw_only=True):
    """How much of the area under the curve is lost when the values of a column are shuffled."""

    column: str
    loss: float


class Classifier(msgspec.Struct, frozen=True, kw_only=True):
    """A classifier two-sample test.

    Attributes:
        auc: area under the curve on rows that it did not learn from: 0.5 where it can only guess.
        low, high: its 95 % interval.
        p: of an area as large or larger if both tables had one law.
        trained, tested: numbers of rows.
        curve: places on the curve, (false, true) positive rates.
        importances: what gives the synthetic rows away, the most telling column first; empty where nothing does.
    """

    auc: float
    low: float
    high: float
    p: float
    trained: int
    tested: int
    curve: list[tuple[float, float]]
    importances: list[Importance] = []

    @property
    def tells(self) -> bool:
        """Whether it tells the tables apart."""
        return self.p < LEVEL


class Excess(msgspec.Struct, frozen=True, kw_only=True):
    """How many synthetic rows are below a threshold, against as many real rows that were held out.

    Attributes:
        threshold: the value.
        synthetic, holdout: shares below it.
        p: of so many synthetic ones or more if they were independent draws like those held out.
    """

    threshold: float
    synthetic: float
    holdout: float
    p: float


class Privacy(msgspec.Struct, frozen=True, kw_only=True):
    """Whether synthetic rows are copies of real ones.

    One half of the real rows, the reference, is what the synthetic rows and the other half, which is held out, are compared with.

    Attributes:
        verdict: in a word.
        copies: synthetic rows that equal some real row in every column.
        copies_rate: share of synthetic rows that equal one of the reference; `repeats_rate` of those held out.
        copies_p: of so many copies or more by chance.
        near: rows nearer to their nearest row of the reference than nearly all that were held out are.
        alone: rows whose nearest row of the reference is that much nearer than the second nearest.
        distances: 5 %, 25 %, 50 %, 75 %, 95 % points of the distance to the nearest row: synthetic, then held out.
        picture: the distances.
        texts: by column of free text, the share of synthetic texts that occur in the real table.
        left_out: columns that do not count in distances, with the reason.
        keys: by column of identifiers, the share of synthetic ones that occur in the real table.
        compared: rows of the reference, synthetic rows, and rows held out, whose distances were measured.
    """

    verdict: Verdict
    copies: int
    copies_rate: float
    repeats_rate: float
    copies_p: float
    near: Excess | None
    alone: Excess | None
    distances: tuple[list[float], list[float]] = ([], [])
    picture: Picture | None = None
    texts: dict[str, float] = {}
    left_out: dict[str, str] = {}
    keys: dict[str, float] = {}
    compared: tuple[int, int, int] = (0, 0, 0)


class Fidelity(msgspec.Struct, frozen=True, kw_only=True):
    """How alike two tables are.

    Attributes:
        real_rows, synthetic_rows: rows of the files.
        repeats: rows of both that equal an earlier one and were looked at once; of categories alone, none.
        sampled: at most so many rows of each were looked at, except for copies, which are sought among all.
        columns: names of those compared; `left_out` those that are not, with the reason.
        only_real, only_synthetic: names of columns that the other table lacks, which are not compared either.
        marginals: the most different first.
        associations: likewise.
        seed: of what was drawn.
    """

    real_rows: int
    synthetic_rows: int
    repeats: tuple[int, int] = (0, 0)
    sampled: int
    columns: list[str]
    left_out: dict[str, str]
    only_real: list[str] = []
    only_synthetic: list[str] = []
    marginals: list[Marginal]
    associations: list[Association]
    classifier: Classifier | None
    privacy: Privacy
    seed: int
