"""What rounds of improvement came to, as a picture."""

from typing import NamedTuple

from markupsafe import Markup

from gristmill.workflows.charts import Series, line_chart
from gristmill.workflows.improve_types import Improvement, Made
from gristmill.workflows.metrics import Rate

__all__ = ["Step", "improvement_chart", "steps"]


class Step(NamedTuple):
    """A model, and the play that it learnt from last.

    Attributes:
        name: for tables.
        seat: whose acts it learnt.
        made: what is known of it.
        kept: episodes of the round that were kept, of `played`; none before the first round.
        false_pass: see `Round`.
    """

    name: str
    seat: str
    made: Made
    kept: int = 0
    played: int = 0
    false_pass: Rate | None = None


def steps(found: Improvement) -> list[Step]:
    """Return the models of an improvement, from the base model on."""
    named = [*found.start.variety, *(name for one in found.rounds for name in one.kept)]
    seat = named[0] if named else ""
    first = Step("Base model", seat, found.start)
    return [
        first,
        *(
            Step(
                f"After round {one.number}",
                seat,
                one.made,
                one.kept.get(seat, 0),
                one.success.played,
                one.false_pass,
            )
            for one in found.rounds
        ),
    ]


def improvement_chart(models: list[Step]) -> Markup:
    """Return success on held-out scenarios and the share of play that was kept, over rounds."""
    held_out = [(float(place), one.made.success) for place, one in enumerate(models) if one.made.success]
    kept = [(float(place), one.kept / one.played) for place, one in enumerate(models) if one.played]
    points = [(place, rate.rate) for place, rate in held_out]
    series = [
        Series(name="held-out success", style="curve s1", points=points),
        Series(name="held-out success", style="s1", points=points, dots=True),
        *(
            Series(name="interval", style="curve faint s1", points=[(place, rate.low), (place, rate.high)])
            for place, rate in held_out
        ),
        Series(name="kept", style="curve s3", points=kept),
        Series(name="kept", style="hollow s3", points=kept, dots=True),
    ]
    return line_chart(
        series, title="Success by round", x="rounds of play", y="held-out success, and play kept (%)", per_cent=True,
        start=(0.0, 0.0),
    )  # fmt: skip
