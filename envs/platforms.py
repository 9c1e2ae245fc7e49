"""The class of machines on which numbers come out the same to the last bit."""

import platform
from functools import cache
from pathlib import Path

__all__ = ["host"]

_FEATURES = ("avx512f", "avx2", "fma", "neon", "sve")  # of the processor, that last digits depend on


@cache
def host() -> str:
    """Return the class of machines on which results are the same to the last bit: architecture and vector units."""
    try:
        flags = set(Path("/proc/cpuinfo").read_text(encoding="ascii", errors="replace").split())
    except OSError:
        flags = set()
    found = [name for name in _FEATURES if name in flags]
    return " ".join([platform.system().lower(), platform.machine(), *found])
