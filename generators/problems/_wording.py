"""Numbers, quantities and the steps of a solution as a schoolbook writes them."""

from fractions import Fraction

from gristmill.generators.fields import Choice, Fake

__all__ = [
    "NAME",
    "VOICE",
    "Number",
    "counted",
    "decimal",
    "dollars",
    "done",
    "exact",
    "isolated",
    "line",
    "linear",
    "signed",
    "singular",
]

Number = int | Fraction
Side = tuple[Number, Number]  # of a linear equation: how often the unknown, and what besides

NAME = Fake("first_name", size=400)
VOICE = Choice(("do", "doing", "we"))
_SINGULAR = {"feet": "foot", "inches": "inch", "sandwiches": "sandwich"}
_DOING = {
    "add": "adding",
    "divide": "dividing",
    "multiply": "multiplying",
    "put": "putting",
    "subtract": "subtracting",
}


def exact(value: Number) -> str:
    """Return a number as a whole number or a fraction in lowest terms."""
    return str(Fraction(value))


def decimal(value: Number) -> str:
    """Return a number with its decimals where they end after four at most, else as a fraction."""
    tenths = Fraction(value) * 10_000
    return f"{int(tenths) / 10_000:.10g}" if tenths.denominator == 1 else exact(value)


def dollars(value: Number, sign: str = "$") -> str:
    """Return an amount of money, with cents unless there are none."""
    return f"{sign}{int(value):,}" if Fraction(value).denominator == 1 else f"{sign}{float(value):,.2f}"


def counted(value: Number, one: str, many: str = "") -> str:
    """Return a quantity with its unit, which is singular for exactly one."""
    number = f"{int(value):,}" if Fraction(value).denominator == 1 else decimal(value)
    return f"{number} {one if value == 1 else many or one + 's'}"


def singular(many: str) -> str:
    """Return the singular of a plural that the problems use."""
    return _SINGULAR.get(many, many[:-1])


def signed(value: Number) -> str:
    """Return a number as it stands after a sign: in brackets if it is negative."""
    return exact(value) if value >= 0 else f"({exact(value)})"


def linear(*terms: tuple[Number, str]) -> str:
    """Return a sum such as `3x - 2y + 5` from its coefficients and names; terms that are zero are left out."""
    text = ""
    for value, name in terms:
        if value:
            size = "" if name and value in (1, -1) else decimal(_size(value))
            sign = ("-" if value < 0 else "") if not text else (" - " if value < 0 else " + ")
            text += f"{sign}{size}{name}"
    return text or "0"


def _size(value: Number) -> Number:
    return -value if value < 0 else value


def line(prose: str, *equations: str) -> str:
    """Return a step: what is done, and the equations that it leads to."""
    return f"{prose}: {', '.join(equations)}."


def done(voice: str, verb: str, rest: str, *equations: str) -> str:
    """Return a step that begins with a verb, in one of three voices."""
    if voice == "doing":
        return line(f"{_DOING[verb].capitalize()} {rest} gives", *equations)
    return line(f"We {verb} {rest}" if voice == "we" else f"{verb.capitalize()} {rest}", *equations)


def isolated(voice: str, name: str, left: Side, right: Side) -> list[str]:
    """Return the steps that solve a linear equation of one unknown.

    Where it is on both sides it goes to the one that has more of it, so that its coefficient becomes positive.
    """
    steps = []
    turned = not left[0] or 0 != right[0] > left[0]
    (many, rest), (few, other) = (right, left) if turned else (left, right)

    def equation() -> str:
        sides = [linear((many, name), (rest, "")), linear((few, name), (other, ""))]
        return " = ".join(sides[::-1] if turned else sides)

    if few:
        moved, many, few = few, many - few, 0
        steps.append(_shifted(voice, moved, name, equation()))
    if rest:
        moved, other, rest = rest, other - rest, 0
        steps.append(_shifted(voice, moved, "", equation()))
    solution = decimal(Fraction(other) / many)
    if many != 1:
        quotient = _quotient(other, many)
        shown = f"{name} = {solution}" if quotient in ("", solution) else f"{name} = {quotient} = {solution}"
        steps.append(done(voice, "divide", f"both sides by {decimal(many)}", shown))
    elif turned:
        steps.append(line("Swap the sides", f"{name} = {solution}"))
    return steps


def _quotient(above: Number, below: Number) -> str:
    """Return a quotient as it is worth writing out; empty where it can be seen at once."""
    if Fraction(above).denominator == Fraction(below).denominator == 1:
        return f"{above}/{below}" if above % below and below > 0 else ""
    return f"{decimal(above)} ÷ {decimal(below)}"


def _shifted(voice: str, value: Number, name: str, equation: str) -> str:
    what = linear((_size(value), name))
    if value > 0:
        return done(voice, "subtract", f"{what} from both sides", equation)
    return done(voice, "add", f"{what} to both sides", equation)
