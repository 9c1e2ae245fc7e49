"""Rates: how far, how fast and how long; who works how quickly together."""

from fractions import Fraction

from gristmill.generators.fields import Choice, Integer
from gristmill.generators.problems._kinds import Draft, Kind, Values, wordings
from gristmill.generators.problems._wording import NAME, VOICE, Number, counted, decimal, done, isolated, line
from gristmill.generators.space import Space

__all__ = ["TRAVEL", "WORK"]

_SPEEDS = {  # km/h, lowest and highest
    "hiker": (3, 6),
    "cyclist": (14, 28),
    "bus": (40, 70),
    "car": (60, 110),
    "train": (80, 160),
}


def _travel(values: Values) -> Draft:
    return {"simple": _simple, "meet": _meet, "chase": _chase}[values["shape"]](values)


def _hours(value: Number) -> str:
    return counted(value, "hour")


def _simple(values: Values) -> Draft:
    """Write d = vt with one of the three unknown."""
    v, t, asked = _speeds(values)[0], Fraction(values["quarters"], 4), values["asked"]
    number: dict[str, Number] = {"d": v * t, "v": v, "t": t}
    known = {name: decimal(value) for name, value in number.items()}
    formula, prose = {
        "d": ("v × t", "Distance is speed times time"),
        "v": ("d ÷ t", "Speed is distance divided by time"),
        "t": ("d ÷ v", "Time is distance divided by speed"),
    }[asked]
    put = "".join(known.get(sign, sign) for sign in formula)
    answer = number[asked]
    unit = {"d": "km", "v": "km/h", "t": "hour" if t == 1 else "hours"}[asked]
    return Draft(
        wording=values[f"ask_{asked}"],
        slots={"who": values["who"], "d": f"{known['d']} km", "v": f"{v} km/h", "t": _hours(t)},
        facts=[*(f"{name} = {value}" for name, value in known.items() if name != asked), "d = v × t"],
        asked=[asked],
        steps=[line(prose, f"{asked} = {put} = {decimal(answer)}")],
        answer=answer,
        said=f"{decimal(answer)} {unit}",
        difficulty=1,
        unit=unit,
    )


def _meet(values: Values) -> Draft:
    """Write vt + wt = d."""
    (v, w), t = _speeds(values), Fraction(values["quarters"], 4)
    d = decimal((v + w) * t)
    return Draft(
        wording=values["meet"],
        slots={"who": values["who"], "v": f"{v} km/h", "w": f"{w} km/h", "d": f"{d} km"},
        facts=[f"{v}t + {w}t = {d}"],
        asked=["t"],
        steps=[
            "Let t be the time in hours until they meet.",
            line("Together they cover the whole distance", f"{v}t + {w}t = {d}"),
            line("Collect", f"{v + w}t = {d}"),
            *isolated(values["voice"], "t", (v + w, 0), (0, (v + w) * t)),
        ],
        answer=t,
        said=_hours(t),
        difficulty=2,
        unit="hour" if t == 1 else "hours",
    )


def _chase(values: Values) -> Draft:
    """Write w(t - h) = vt: the second starts h hours later and is faster."""
    (v, w), h = _speeds(values), Fraction(values["late"], 2)
    t = Fraction(v * h, w - v)
    ahead = v * h
    return Draft(
        wording=values["chase"],
        slots={"who": values["who"], "v": f"{v} km/h", "w": f"{w} km/h", "late": _hours(h)},
        facts=[f"{v}(t + {decimal(h)}) = {w}t"],
        asked=["t"],
        steps=[
            "Let t be the time in hours that the second one needs. At the end both have gone equally far.",
            line("The first one has a lead of", f"{v} × {decimal(h)} = {decimal(ahead)}"),
            line("So when they meet", f"{v}t + {decimal(ahead)} = {w}t"),
            *isolated(values["voice"], "t", (v, ahead), (w, 0)),
        ],
        answer=t,
        said=_hours(t),
        difficulty=4,
        unit="hour" if t == 1 else "hours",
    )


def _speeds(values: Values) -> tuple[int, int]:
    """Return two speeds that are usual for who moves."""
    low, high = _SPEEDS[values["who"]]
    return low + (high - low) * values["pace"] // 16, low + (high - low) * values["other"] // 16


def _sensible(values: Values) -> bool:
    v, w = _speeds(values)
    if values["shape"] == "chase":  # quarters of an hour, a day's ride at most
        return w > v and (2 * v * values["late"]) % (w - v) == 0 and v * values["late"] <= 12 * (w - v)
    together = v if values["shape"] == "simple" else v + w
    return together * values["quarters"] % 4 == 0 and (
        values["shape"] == "simple" or v != w
    )  # whole kilometers


TRAVEL = Kind(
    "travel",
    Space(
        shape=Choice(("simple", "meet", "chase")),
        who=Choice(list(_SPEEDS)),
        pace=Integer(0, 16),
        other=Integer(0, 16),
        quarters=Integer(1, 20),
        late=Integer(1, 4).when(shape="chase"),
        asked=Choice(("d", "v", "t")).when(shape="simple"),
        voice=VOICE,
        ask_d=wordings(
            "A {{who}} moves at a steady {{v}}. {ask}",
            "The speed of a {{who}} is {{v}}. {ask}",
            ask=["How far does the {{who}} get in {{t}}?", "What distance is covered in {{t}}?"],
        ).when(asked="d"),
        ask_v=wordings(
            "A {{who}} covers {{d}} in {{t}}. {ask}",
            "A distance of {{d}} takes a {{who}} {{t}}. {ask}",
            ask=["What is the average speed?", "How fast is that on average, in km/h?"],
        ).when(asked="v"),
        ask_t=wordings(
            "A {{who}} moves at a steady {{v}}. {ask}",
            "The average speed of a {{who}} is {{v}}. {ask}",
            ask=[
                "How long does a distance of {{d}} take?",
                "How many hours does the {{who}} need for {{d}}?",
            ],
        ).when(asked="t"),
        meet=wordings(
            "Two {{who}}s start at the same time from two towns that are {{d}} apart and move towards each other, {at}. {ask}",
            "From two towns, {{d}} apart, two {{who}}s set off towards each other at the same time, {at}. {ask}",
            at=["one at {{v}} and the other at {{w}}", "at {{v}} and {{w}}"],
            ask=["After how many hours do they meet?", "How long does it take until they meet?"],
        ).when(shape="meet"),
        chase=wordings(
            "A {{who}} leaves a town at {{v}}. A second {{who}} follows {{late}} later {at}. {ask}",
            "A {{who}} sets off at {{v}}, and {{late}} later another one follows {at}. {ask}",
            at=["on the same road at {{w}}", "by the same route at {{w}}"],
            ask=[
                "How long does the second one take to catch up?",
                "How many hours does the second one need to catch up?",
            ],
        ).when(shape="chase"),
        where=_sensible,
    ),
    _travel,
)


def _work(values: Values) -> Draft:
    """Write 1/a + 1/b = 1/t for two who work together, with b or t unknown."""
    a, b = values["a"], values["b"]
    t = Fraction(a * b, a + b)
    slots = {
        "name": values["name"],
        "other": values["other"],
        "a": _hours(a),
        "b": _hours(b),
        "t": _hours(t),
        **_TASKS[values["task"]],
    }
    return _alone(values, slots, t) if values["shape"] == "alone" else _together(values, slots, t)


def _together(values: Values, slots: dict[str, str], t: Fraction) -> Draft:
    a, b = values["a"], values["b"]
    part = 1 / t
    return Draft(
        wording=values["together"],
        slots=slots,
        facts=[f"t/{a} + t/{b} = 1"],
        asked=["t"],
        steps=[
            "Let t be the time in hours that they need together.",
            line("The part of the work that is done in one hour is", f"1/{a} + 1/{b} = {part}"),
            *_whole(values["voice"], part),
        ],
        answer=t,
        said=_hours(t),
        difficulty=3,
        unit="hour" if t == 1 else "hours",
    )


def _whole(voice: str, part: Fraction) -> list[str]:
    """Return the steps from the part of the work that is done in an hour to the time t that all of it takes."""
    above, below = part.numerator, part.denominator
    if above == 1:
        return [
            line("In t hours it is all of it", f"t/{below} = 1"),
            done(voice, "multiply", f"both sides by {below}", f"t = {below}"),
        ]
    return [
        line("In t hours it is all of it", f"{part} × t = 1"),
        done(voice, "divide", f"both sides by {part}", f"t = {below}/{above} = {decimal(1 / part)}"),
    ]


def _alone(values: Values, slots: dict[str, str], t: Fraction) -> Draft:
    a, b = values["a"], values["b"]
    return Draft(
        wording=values["alone"],
        slots=slots,
        facts=[f"1/{a} + 1/b = 1 ÷ {decimal(t)}"],
        asked=["b"],
        steps=[
            f"Let b be the time in hours that {values['other']} needs alone.",
            line("The part of the work that both do in one hour is", f"1 ÷ {decimal(t)} = {1 / t}"),
            line(
                f"Without the part of {values['name']}, what is left to {values['other']} is",
                f"1/b = {1 / t} - 1/{a} = 1/{b}",
            ),
            line("Take the reciprocal", f"b = {b}"),
        ],
        answer=b,
        said=_hours(b),
        difficulty=4,
        unit="hours",
    )


_TASKS = {
    "fence": {"do": "paint a fence", "does": "paints a fence"},
    "leaves": {"do": "rake the leaves in a park", "does": "rakes the leaves in a park"},
    "wall": {"do": "build a brick wall", "does": "builds a brick wall"},
    "report": {"do": "type up a long report", "does": "types up a long report"},
    "windows": {"do": "clean all the windows of a school", "does": "cleans all the windows of a school"},
    "bikes": {"do": "repair a batch of bicycles", "does": "repairs a batch of bicycles"},
}

WORK = Kind(
    "work",
    Space(
        shape=Choice(("together", "alone")),
        task=Choice(list(_TASKS)),
        name=NAME,
        other=NAME,
        a=Integer(2, 15),
        b=Integer(2, 15),
        voice=VOICE,
        together=wordings(
            "{{name}} can {{do}} in {{a}}, {{other}} in {{b}}. {ask}",
            "Alone, {{name}} {{does}} in {{a}}; {{other}} needs {{b}} for it. {ask}",
            "It takes {{name}} {{a}} to {{do}}, and it takes {{other}} {{b}}. {ask}",
            ask=["How long do they need together?", "How many hours does it take them together?"],
        ).when(shape="together"),
        alone=wordings(
            "{{name}} can {{do}} in {{a}}. Together with {{other}} it takes {{t}}. {ask}",
            "Together, {{name}} and {{other}} can {{do}} in {{t}}. Alone, {{name}} needs {{a}}. {ask}",
            ask=["How long would {{other}} need alone?", "How many hours would {{other}} take alone?"],
        ).when(shape="alone"),
        where=lambda values: (
            values["name"] != values["other"]
            and values["a"] != values["b"]
            and 20 * values["a"] * values["b"] % (values["a"] + values["b"]) == 0
        ),
    ),
    _work,
)
