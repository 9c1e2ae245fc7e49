"""What is held out: nothing is learnt from the scenarios of an evaluation set.

Whoever reads episodes to learn from asks here. Sets are named one by one, or once for all in the environment variable
`GRISTMILL_HELD_OUT`, a list of folders as in `PATH`. The runs by which a set was built or scored are held out by themselves.
"""

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Self

from gristmill.errors import UsageError
from gristmill.recorders.sets.folder import MANIFEST, read_manifest

__all__ = ["SCORE", "VARIABLE", "Reserved"]

VARIABLE = "GRISTMILL_HELD_OUT"
SCORE = "score.json"  # in a run by which policies were scored on a set


class Reserved:
    """The scenarios that nothing may be learnt from.

    Args:
        sets: by folder of a set, the ids of its scenarios.
    """

    def __init__(self, sets: dict[str, frozenset[str]]) -> None:
        self._sets = sets

    @classmethod
    def of(cls, sets: Iterable[str | os.PathLike[str]] = ()) -> Self:
        """Return the scenarios of some sets, and of those that the environment names.

        Raises:
            StoreError: when one of them is no evaluation set.
        """
        named = [one for one in os.environ.get(VARIABLE, "").split(os.pathsep) if one]
        folders = dict.fromkeys(str(Path(one)) for one in (*sets, *named))
        return cls({one: frozenset(read_manifest(one).scenarios) for one in folders})

    def __bool__(self) -> bool:
        return bool(self._sets)

    def holder(self, scenario: str) -> str:
        """Return the folder of the first set that a scenario is of, empty where it is free."""
        return next((name for name, ids in self._sets.items() if scenario in ids), "")

    def check(self, scenarios: Iterable[str], run: Path) -> None:
        """Refuse to learn from scenarios that are held out.

        Args:
            scenarios: ids of those that are to be learnt from.
            run: where they were played.

        Raises:
            UsageError: when some are of a set.
        """
        if (run / SCORE).exists() or (run.absolute().parent / MANIFEST).exists():
            raise UsageError(
                f"Expected a run that nobody is evaluated by, got {run}, which is of an evaluation set; nothing is learnt from it."
            )
        asked = set(scenarios) if self._sets else set()
        for name, ids in self._sets.items():
            if met := len(asked & ids):
                raise UsageError(
                    f"Expected scenarios that are not held out, got {met:,} of {run} that are in the evaluation set {name}; "
                    f"`gristmill mine {run} --held-out {name}` makes a view without them."
                )
