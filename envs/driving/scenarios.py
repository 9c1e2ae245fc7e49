"""What may happen within twenty seconds on a motorway, and how often.

Each number has its source beside it; what is said to be assumed has none. Rates of what is rare are per scenario, and a
scenario stands for a stretch on which the vehicle ahead slows down: the rates of animals and of panic are assumed, far above
those per kilometre, so that a probability is always one under this declared distribution.

AASHTO: A Policy on Geometric Design of Highways and Streets, 2011, section 3.2.2.
De Leonardis, Huey and Green: National Traffic Speeds Survey III, NHTSA, 2018.
Dingus et al.: Driver crash risk factors and prevalence evaluation using naturalistic driving data, PNAS, 2016.
FHWA: How do weather events impact roads?, Road Weather Management Program.
Green: "How long does it take to stop?", Transportation Human Factors, 2000.
Taoka: Brake reaction times of unalerted drivers, ITE Journal, 1989.
UN Regulation No. 13-H: braking of passenger cars, annex 3.
WMO: International Meteorological Vocabulary, 1992.
Wong: Theory of Ground Vehicles, on the average values of road adhesion.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

from gristmill.generators.fields import Choice, Flag, Integer, LogNormal, Normal, Uniform
from gristmill.generators.space import Space

__all__ = ["ANIMALS", "BRAKING", "DT", "HORIZON", "SPACE", "WEATHER", "Animal", "Weather", "stratum"]

HORIZON = 80  # steps
DT = 0.25  # s in a step


class Weather(NamedTuple):
    """What the weather does.

    Attributes:
        friction: peak coefficient of adhesion.
        sight: how far one sees, m.
        pace: speed of traffic, as a share of that on a clear day.
    """

    friction: float
    sight: float
    pace: float


class Animal(NamedTuple):
    """How much room an animal takes, across and along the road, in m."""

    width: float
    length: float


# Friction: Wong has 0.8 to 0.9 on dry and 0.5 to 0.7 on wet asphalt, and 0.1 on ice. Where it is icy, the road of this world
# is so in part (assumed). Fog ends sight below 1 km (WMO); how far one sees in it is assumed. FHWA has freeway speeds lower
# by 3 to 16 % in rain, 10 to 12 % in fog and 5 to 40 % in heavy snow, which stands for ice here.
WEATHER: Mapping[str, Weather] = {
    "clear": Weather(0.85, 600.0, 1.0),
    "rain": Weather(0.6, 400.0, 0.93),
    "fog": Weather(0.8, 100.0, 0.89),
    "ice": Weather(0.25, 500.0, 0.65),
}
ANIMALS: Mapping[str, Animal] = {  # sizes are assumed; with room for how they stand
    "dog": Animal(0.6, 0.8),
    "deer": Animal(1.0, 1.5),
    "horse": Animal(1.6, 2.2),
}
# How a vehicle slows down, m/s²: gently (assumed), by what AASHTO takes most drivers to find comfortable, 3.4, and by all
# that dry asphalt gives (assumed).
BRAKING: Mapping[str, float] = {"ease": 2.0, "sharp": 3.4, "panic": 7.0}

SPACE = Space(
    {
        # Free-flow mean on freeways 70.4 mph (De Leonardis et al.); the deviation is assumed.
        "speed": Normal(31.5, 2.5, low=22.0, high=42.0, unit="m/s"),
        "weather": Choice(tuple(WEATHER), (0.85, 0.12, 0.025, 0.005)),  # shares are assumed
        "grip": Normal(1.0, 0.06, low=0.7, high=1.3),  # of the weather's friction; assumed
        "clarity": LogNormal(1.0, 0.25, low=0.3, high=4.0),  # of the weather's sight; assumed
        # At least 6.43 m/s² by UN Regulation No. 13-H; mean and deviation are assumed.
        "brakes": Normal(8.5, 0.6, low=6.43, high=11.0, unit="m/s²"),
        "headway": LogNormal(2.2, 0.3, low=1.0, high=6.0, unit="s"),  # to the vehicle ahead; assumed
        "ahead_faster": Normal(0.0, 1.5, low=-6.0, high=6.0, unit="m/s"),  # assumed, as all of these
        "ahead_brakes": Choice(tuple(BRAKING), (0.9, 0.097, 0.003)),
        "ahead_rate": LogNormal(1.0, 0.1, low=0.6, high=1.6),  # of how such a vehicle slows down
        "ahead_keeps": Uniform(0.15, 0.55),  # of its speed, before it speeds up again
        "ahead_gains": Uniform(0.8, 2.0, unit="m/s²"),
        "ahead_step": Integer(8, 32),
        "beside_gap": Normal(20.0, 60.0, unit="m"),  # vehicle in the lane to the left
        "beside_faster": Normal(2.5, 2.0, unit="m/s"),
        "cut_in": Flag(0.02),
        "cut_step": Integer(8, 40).when(cut_in=True),
        "cut_gap": LogNormal(35.0, 0.35, low=8.0, unit="m").when(cut_in=True),
        "animal": Choice(("none", *ANIMALS), (0.997, 0.0012, 0.0015, 0.0003)),
        "animal_step": Integer(16, 40).when(animal=list(ANIMALS)),
        "animal_gap": LogNormal(240.0, 0.3, unit="m").when(animal=list(ANIMALS)),
        "animal_speed": LogNormal(0.6, 0.4, unit="m/s").when(animal=list(ANIMALS)),
        # Mean 1.25 s for common but unexpected signals (Green); lognormal, as Taoka found, with an assumed spread.
        "reaction": LogNormal(1.24, 0.15, low=0.4, high=4.0, unit="s"),
        # In 3.4 % of driving a hand-held telephone is dialled, reached for, read or written on (Dingus et al.); how long
        # the eyes are off the road is assumed.
        "distracted": Flag(0.034),
        "glance_step": Integer(4, 48).when(distracted=True),
        "glance": LogNormal(1.2, 0.3, low=0.25, high=8.0, unit="s").when(distracted=True),
    }
)


def stratum(values: Mapping[str, Any]) -> str:
    """Return the cell of the scenario space that values lie in: the weather, and what else is out of the common."""
    found = [values["weather"]]
    found += [values["animal"]] * (values["animal"] != "none")
    found += [name for name in ("cut_in", "distracted") if values[name]]
    return "+".join([*found, *[values["ahead_brakes"]] * (values["ahead_brakes"] == "panic")])
