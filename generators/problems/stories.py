"""Word problems that become one linear equation: ages and mixtures."""

from gristmill.generators.fields import Choice, Integer
from gristmill.generators.problems._kinds import Draft, Kind, Values, wordings
from gristmill.generators.problems._wording import NAME, VOICE, counted, done, isolated, line, linear
from gristmill.generators.space import Space

__all__ = ["AGES", "MIXTURE"]

_TIMES = {2: "twice", 3: "three times", 4: "four times"}


def _ages(values: Values) -> Draft:
    """Write a = b + d and a + t = k(b + t); t is negative for years ago."""
    b, times, t = values["b"], values["times"], values["in"]
    older = (times - 1) * (b + t)
    a, voice = b + older, values["voice"]
    facts = [f"a = b + {older}", f"{linear((1, 'a'), (t, ''))} = {times}({linear((1, 'b'), (t, ''))})"]
    asked, other = ("b", "a") if values["asked"] == "b" else ("a", "b")
    then = linear((1, "b"), (older + t, ""))
    return Draft(
        wording=values["future" if t > 0 else "past"],
        slots={
            "a": values["name"],
            "b": values["other"],
            "who": values["other"] if asked == "b" else values["name"],
            "older": counted(older, "year"),
            "t": counted(abs(t), "year"),
            "times": _TIMES[times],
        },
        facts=facts,
        asked=[asked],
        steps=[
            f"Let a be the age of {values['name']} and b the age of {values['other']} today.",
            line("The difference in age gives", facts[0]),
            line("Comparing the ages at that time gives", facts[1]),
            line("Put the first into the second", f"{then} = {times}({linear((1, 'b'), (t, ''))})"),
            line("Multiply out", f"{then} = {linear((times, 'b'), (times * t, ''))}"),
            *isolated(voice, "b", (1, older + t), (times, times * t)),
            *(
                [line(f"So the age of {values['name']} is", f"a = {b} + {older} = {a}")]
                if asked == "a"
                else []
            ),
        ],
        answer=b if asked == "b" else a,
        said=counted(b if other == "a" else a, "year") + " old",
        difficulty=3 if asked == "b" else 4,
        unit="years old",
    )


def _alive(values: Values) -> bool:
    """Everybody is born, older than a baby then, and not older than people are."""
    then = values["b"] + values["in"]
    older = values["b"] + (values["times"] - 1) * then
    return bool(then >= 2 and older <= 90 and values["name"] != values["other"])


AGES = Kind(
    "ages",
    Space(
        {"in": Choice([value for value in range(-12, 13) if value])},
        name=NAME,
        other=NAME,
        b=Integer(3, 40),
        times=Choice(list(_TIMES)),
        asked=Choice(("b", "a")),
        voice=VOICE,
        future=wordings(
            "{{a}} is {{older}} older than {{b}}. In {{t}}, {{a}} will be {{times}} as old as {{b}}. {ask}",
            "{{a}} is {{older}} older than {{b}}. {{t}} from now, {{a}} will be {{times}} as old as {{b}}. {ask}",
            "In {{t}}, {{a}} will be {{times}} as old as {{b}}, who is {{older}} younger. {ask}",
            ask=["How old is {{who}} today?", "What is the age of {{who}} now?"],
        ).when(**{"in": list(range(1, 13))}),
        past=wordings(
            "{{a}} is {{older}} older than {{b}}. {{t}} ago, {{a}} was {{times}} as old as {{b}}. {ask}",
            "{{t}} ago, {{a}} was {{times}} as old as {{b}}, who is {{older}} younger. {ask}",
            ask=["How old is {{who}} today?", "What is the age of {{who}} now?"],
        ).when(**{"in": list(range(-12, 0))}),
        where=_alive,
    ),
    _ages,
)

_LIQUIDS = {  # what it is a part of, and how much of it there may be at most, in percent
    "salt": ("a salt solution", 26),
    "sugar": ("a sugar syrup", 65),
    "acid": ("an acid solution", 80),
    "alcohol": ("an alcohol solution", 96),
    "antifreeze": ("a coolant", 95),
    "orange juice": ("an orange drink", 95),
}


def _mixture(values: Values) -> Draft:
    """Write p x + q V = r (x + V) for x litres of p percent added to V of q percent."""
    p, q, x, volume = (values[name] for name in ("p", "q", "x", "volume"))
    r = (p * x + q * volume) // (x + volume)
    stuff, name = values["stuff"], _LIQUIDS[values["stuff"]][0]
    fact = f"{p}% × x + {q}% × {volume} = {r}%(x + {volume})"
    equation = f"{p}x + {q * volume} = {r}(x + {volume})"
    unit = "liter" if x == 1 else "liters"
    return Draft(
        wording=values["wording"],
        slots={
            "stuff": stuff,
            "name": name,
            "p": f"{p}%",
            "q": f"{q}%",
            "r": f"{r}%",
            "volume": counted(volume, "liter"),
        },
        facts=[fact],
        asked=["x"],
        steps=[
            "Let x be the number of liters that are added.",
            line(f"The {stuff} in the two parts is the {stuff} in the mixture", fact),
            done(values["voice"], "multiply", "both sides by 100", equation),
            line("Multiply out", f"{p}x + {q * volume} = {r}x + {r * volume}"),
            *isolated(values["voice"], "x", (p, q * volume), (r, r * volume)),
        ],
        answer=x,
        said=f"{x} {unit}",
        difficulty=4,
        unit=unit,
    )


def _mixes(values: Values) -> bool:
    """The percentage of the mixture is a whole number, and none of the three is more than there can be."""
    p, q, x, volume = (values[name] for name in ("p", "q", "x", "volume"))
    strongest = _LIQUIDS[values["stuff"]][1]
    return bool(
        p != q and x != volume and max(p, q) <= strongest and (p * x + q * volume) % (x + volume) == 0
    )


MIXTURE = Kind(
    "mixture",
    Space(
        stuff=Choice(list(_LIQUIDS)),
        p=Choice([*range(5, 96, 5)]),
        q=Choice([*range(5, 96, 5)]),
        x=Integer(1, 20),
        volume=Integer(2, 20),
        voice=VOICE,
        wording=wordings(
            "How many liters of {{name}} with {{p}} {{stuff}} must be added to {{volume}} with {{q}} {{stuff}} {goal}?",
            "To {{volume}} of {{name}} with {{q}} {{stuff}}, another one with {{p}} {{stuff}} is added {goal}. {ask}",
            "There are {{volume}} of {{name}} with {{q}} {{stuff}}, and another with {{p}} {{stuff}}. {ask2}",
            goal=["to get one with {{r}} {{stuff}}", "so that the mixture has {{r}} {{stuff}}"],
            ask=["How many liters are added?", "How much of it is needed, in liters?"],
            ask2=["How many liters of the other must be added {goal}?"],
        ),
        where=_mixes,
    ),
    _mixture,
)
