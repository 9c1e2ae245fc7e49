"""Where the time of scripted negotiations goes: scenarios, world, policies, verification, recording.

    python benchmarks/bench_negotiation.py [episodes]

For both worlds, measured as `bench_selfplay` does: negotiations per second of CPU time on one core, recorded, verified
and sealed, and the share of each part.
"""

import sys

from bench_selfplay import main

WORLDS = ("negotiation/market-v1", "negotiation/resource-v1")
LIMIT = 2_000  # negotiations per second and core that are asked for

if __name__ == "__main__":
    for world in WORLDS:
        main(int(sys.argv[1]) if len(sys.argv) > 1 else 4_000, world, LIMIT)
