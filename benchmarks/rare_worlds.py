"""Rare events in bundled worlds whose exact probabilities are known, to compare estimates with.

    python benchmarks/rare_worlds.py

says what they are. The tests play the same worlds and find the same probabilities.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))  # the tests are not installed

from tests.envs.truths import Truth, line_truth, treasury_truth

__all__ = ["Truth", "line_truth", "treasury_truth"]

if __name__ == "__main__":
    for truth in (treasury_truth(), treasury_truth(25.0), line_truth(), line_truth(25.1)):
        seats = ", ".join(f"{seat} {policy}" for seat, policy in truth.seats.items())
        print(f"{truth.world:20}  p {truth.p:.4g}  severity from {truth.threshold:g}  {seats}  {truth.fixed}")
