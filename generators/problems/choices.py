"""Counting: in how many ways things can be ordered, chosen and combined."""

import math

from gristmill.generators.fields import Choice, Integer
from gristmill.generators.problems._kinds import Draft, Kind, Values, wordings
from gristmill.generators.problems._wording import line
from gristmill.generators.space import Space

__all__ = ["CHOICES"]


def _choices(values: Values) -> Draft:
    return {"orders": _orders, "teams": _teams, "outfits": _outfits}[values["shape"]](values)


def _falling(n: int, k: int) -> str:
    return " × ".join(str(n - place) for place in range(k))


def _orders(values: Values) -> Draft:
    """Write n!/(n - k)!, the ordered choices of k out of n."""
    n, k = values["n"], values["k"]
    ways = math.perm(n, k)
    return Draft(
        wording=values["orders"],
        slots={"n": str(n), "k": str(k)},
        facts=[f"w × ({n} - {k})! = {n}!"],
        asked=["w"],
        steps=[
            "For the first place all can be chosen, and for every further place there is one fewer.",
            line("Multiply the numbers of choices", f"w = {_falling(n, k)} = {ways}"),
        ],
        answer=ways,
        said=str(ways),
        difficulty=2,
    )


def _teams(values: Values) -> Draft:
    """Write n!/(k! (n - k)!), the choices of k out of n without order."""
    n, k = values["n"], values["k"]
    ordered, repeats = math.perm(n, k), math.factorial(k)
    return Draft(
        wording=values["teams"],
        slots={"n": str(n), "k": str(k)},
        facts=[f"w × {k}! × ({n} - {k})! = {n}!"],
        asked=["w"],
        steps=[
            line("One after the other, they can be chosen in so many ways", f"{_falling(n, k)} = {ordered}"),
            line(
                "But every group is counted once for each order of its members",
                f"{_falling(k, k)} = {repeats}",
            ),
            line("So the number of groups is", f"w = {ordered} ÷ {repeats} = {ordered // repeats}"),
        ],
        answer=ordered // repeats,
        said=str(ordered // repeats),
        difficulty=3,
    )


def _outfits(values: Values) -> Draft:
    """Write the product of three numbers of choices."""
    counts = [values[name] for name in ("one", "two", "three")]
    ways, product = math.prod(counts), " × ".join(map(str, counts))
    return Draft(
        wording=values["outfits"],
        slots={name: str(values[name]) for name in ("one", "two", "three")},
        facts=[f"w = {product}"],
        asked=["w"],
        steps=[line("Every choice goes with every other, so multiply", f"w = {product} = {ways}")],
        answer=ways,
        said=str(ways),
        difficulty=1,
    )


CHOICES = Kind(
    "choices",
    Space(
        shape=Choice(("orders", "teams", "outfits")),
        n=Integer(5, 12).when(shape=("orders", "teams")),
        k=Integer(2, 4).when(shape=("orders", "teams")),
        one=Integer(2, 9).when(shape="outfits"),
        two=Integer(2, 9).when(shape="outfits"),
        three=Integer(2, 6).when(shape="outfits"),
        orders=wordings(
            "{{n}} runners take part in a race. In how many ways can the first {{k}} places be taken?",
            "Out of {{n}} different books, {{k}} are put side by side on a shelf. In how many ways can this be done?",
            "A club has {{n}} members. In how many ways can it give {{k}} different offices to its members, one each at most?",
            "In how many ways can {{k}} of {{n}} different paintings be hung in a row?",
            "{{n}} {who} compete for {{k}} different prizes, and nobody can win more than one. {ways}",
            "A code consists of {{k}} different letters out of {{n}}. How many such codes are there?",
            "{{k}} of {{n}} songs are to be played one after the other. {ways}",
            "A station has {{n}} free tracks, and {{k}} trains arrive. {tracks}",
            "From {{n}} {who}, {{k}} are seated on numbered chairs, one on each. {ways}",
            who=["children", "guests", "students", "players"],
            ways=["In how many ways is that possible?", "How many ways are there to do this?"],
            tracks=["In how many ways can they be put on different tracks?"],
        ).when(shape="orders"),
        teams=wordings(
            "From {{n}} players a team of {{k}} is chosen. In how many ways can this be done?",
            "A teacher picks {{k}} of {{n}} students for a project. How many different groups are possible?",
            "In how many ways can one choose {{k}} out of {{n}} ice cream flavors, all different, if the order does not matter?",
            "How many different committees of {{k}} people can be formed from {{n}} candidates?",
            "A pizza is topped with {{k}} of {{n}} different toppings. How many different pizzas are possible?",
            "{{n}} points lie on a circle. How many ways are there to pick {{k}} of them?",
            "{who} may take {{k}} of {{n}} different {things} home. {ways}",
            "Out of {{n}} different {things}, {{k}} are put into a box. {ways}",
            "A quiz lets one answer any {{k}} of its {{n}} questions. {ways}",
            who=["A visitor", "A child", "A winner"],
            things=["books", "toys", "marbles", "postcards", "plants"],
            ways=["How many selections are possible?", "In how many ways can they be chosen?"],
        ).when(shape="teams"),
        outfits=wordings(
            "A menu lists {{one}} starters, {{two}} main courses and {{three}} desserts. How many different meals of one each are there?",
            "Somebody has {{one}} shirts, {{two}} pairs of trousers and {{three}} pairs of shoes. How many different outfits are possible?",
            "A bicycle comes in {{one}} colors, {{two}} sizes and with {{three}} kinds of saddle. {many}",
            "A car can be had in {{one}} colors, with {{two}} engines and {{three}} sorts of seats. {many}",
            "{{one}} roads lead from a village to a town, {{two}} from there to a city, and {{three}} from the city to the coast. {routes}",
            "A {snack} is made with one of {{one}} breads, one of {{two}} fillings and one of {{three}} sauces. {made}",
            "A school offers {{one}} languages, {{two}} sciences and {{three}} sports; everybody takes one of each. {made}",
            many=["How many different ones can be ordered?", "Between how many versions can one choose?"],
            routes=["How many routes are there in all?", "In how many ways can one drive all the way?"],
            snack=["sandwich", "wrap"],
            made=["How many combinations are there?", "How many different choices are possible?"],
        ).when(shape="outfits"),
    ),
    _choices,
)
