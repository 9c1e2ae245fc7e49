"""What may happen on an assembly line within a shift, and how often.

Sizes are deviations from the middle of the tolerance, in standard deviations σ of a new tool's work. Where the numbers
come from:

- A tool is worn out when the process has shifted by 1.5 σ, the shift that Six Sigma allows for (M. Harry and R. Schroeder,
  *Six Sigma*, 2000); the limits at 4 σ are those of a capability index of 1.33.
- The error of the gauge is 10 to 30 % of σ, which may be acceptable (AIAG, *Measurement Systems Analysis Reference Manual*,
  4th ed., 2010).
- A share of 23 % of what is wrong with a blank is not seen: the rate at which inspectors of small integrated circuits missed
  defects (J. Schoonard, J. Gould and L. Miller, *Studies of Visual Inspection*, 1973).
- Assumed, with no source: the life of a tool in units, how many blanks are bad, and how often a lot is porous or soft, a gauge
  set wrong, or a tool broken.
"""

from collections.abc import Mapping
from typing import Any

from gristmill.generators.fields import Choice, Integer, LogNormal, Many, Normal, Uniform
from gristmill.generators.space import Space
from gristmill.severity import Kind

__all__ = ["KINDS", "SPACE", "UNITS", "stratum"]

UNITS = 120
_Z: dict[str, Any] = {"low": -6.0, "high": 6.0, "digits": 2}  # of a standard normal deviation

SPACE = Space(
    life=LogNormal(50.0, 0.25, low=25.0, high=90.0, unit="units"),  # until a tool is worn out
    bad=LogNormal(0.0008, 0.4, low=0.0002, high=0.004),  # share of the blanks of a good lot
    noise=Uniform(0.1, 0.3, unit="σ"),  # of the gauge
    lot=Choice(("good", "porous", "soft"), (0.997, 0.0015, 0.0015)),
    lot_unit=Integer(0, UNITS - 1).when(lot=("porous", "soft")),  # from which it is used
    gauge=Choice(("true", "reads low"), (0.997, 0.003)),
    low=Uniform(1.0, 3.0, unit="σ").when(gauge="reads low"),
    tool=Choice(("whole", "breaks"), (0.9995, 0.0005)),
    tool_unit=Integer(0, UNITS - 1).when(tool="breaks"),
    units=Many(
        Space(blank=Uniform(0.0, 1.0, digits=6), size=Normal(0.0, 1.0, **_Z), gauge=Normal(0.0, 1.0, **_Z)),
        Choice((UNITS,)),
    ),
)

KINDS = (
    Kind.field("lot", ("good", "porous", "soft")),
    Kind.field("gauge", ("true", "reads low")),
    Kind.field("tool", ("whole", "breaks")),
    Kind.bands("life", (40.0, 55.0), unit="units"),
)


def stratum(values: Mapping[str, Any]) -> str:
    """Return the cell of the scenario space that values lie in: what is wrong with the line."""
    usual = {"lot": "good", "gauge": "true", "tool": "whole"}
    found = [f"{name} {values[name]}" for name, one in usual.items() if values[name] != one]
    return "+".join(found) or "calm"
