"""What follows from the slots of a task: the answer, and what is told on the way to it.

A rule takes the values of the slots and a stream of random numbers, and returns further values, or None where the
slots make no task (such as a longest word where two are equally long).
"""

from collections.abc import Callable
from random import Random
from typing import Any

from gristmill.generators.taxonomy.rules import dates, numbers, tables, texts, tools, units

__all__ = ["RULES", "Rule"]

Rule = Callable[[dict[str, Any], Random], dict[str, Any] | None]

RULES: dict[str, Rule] = {
    name: getattr(module, name)
    for module in (dates, numbers, tables, texts, tools, units)
    for name in module.__all__
}
