"""Which leaf gets the next task, so that all together come as near to their shares as whole tasks can."""

import heapq
from collections.abc import Mapping

__all__ = ["Filling", "distance"]


class Filling:
    """Fills what is least covered first, like water.

    The next task goes to the leaf with the smallest (count + 1/2) / share: the method of Sainte-Laguë, which favours
    neither large shares nor small ones (Balinski and Young, "Fair Representation: Meeting the Ideal of One Man, One
    Vote", 1982). What was made in two goes is therefore shared out as if it were made in one.

    Args:
        shares: of each leaf; a leaf with none is left out.
        counts: tasks that there are already.
    """

    def __init__(self, shares: Mapping[str, float], counts: Mapping[str, int]) -> None:
        self._shares = shares
        self._heap = [
            ((counts.get(leaf, 0) + 0.5) / share, place, leaf, counts.get(leaf, 0))
            for place, (leaf, share) in enumerate(shares.items())
            if share > 0
        ]
        heapq.heapify(self._heap)

    def next(self) -> str:
        """Return the leaf that is next, empty when there is none left."""
        return self._heap[0][2] if self._heap else ""

    def filled(self) -> None:
        """Count one task for the leaf that was next."""
        _, place, leaf, count = self._heap[0]
        heapq.heapreplace(self._heap, ((count + 1.5) / self._shares[leaf], place, leaf, count + 1))

    def exhausted(self) -> None:
        """Leave out the leaf that was next; the others share what is still to come."""
        heapq.heappop(self._heap)


def distance(shares: Mapping[str, float], counts: Mapping[str, int]) -> float:
    """Return the share of tasks that would have to be in other leaves: total variation, from 0 to 1."""
    total = sum(counts.get(leaf, 0) for leaf in shares)
    if not total:
        return 1.0
    return sum(abs(share - counts.get(leaf, 0) / total) for leaf, share in shares.items()) / 2
