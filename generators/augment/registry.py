"""Augmentations by name, and several of them one after another: `typos?rate=0.05|synonyms`."""

from gristmill.errors import UsageError, unknown
from gristmill.generators.augment._base import Augmentation, Chain
from gristmill.generators.augment._noise import Casing, RandomTokens, Spacing, Typos
from gristmill.generators.augment._paraphrase import Contractions, Paraphrase
from gristmill.generators.augment._refill import Refill
from gristmill.generators.augment._swaps import SwapGender, SwapNames, SwapRoles
from gristmill.generators.augment._synonyms import Synonyms
from gristmill.specs import split, typed

__all__ = ["AUGMENTATIONS", "augmentation"]

AUGMENTATIONS: dict[str, type[Augmentation]] = {
    kind.name: kind
    for kind in (
        Synonyms, Paraphrase, Contractions, Typos, Casing, Spacing, RandomTokens, SwapGender, SwapNames, SwapRoles, Refill,
    )
}  # fmt: skip


def augmentation(spec: str) -> Chain:
    """Return what a spec asks for: names with parameters, one after another.

    Example: `augmentation("paraphrase|typos?rate=0.05").apply("I want a refund.", stream(0, "noise"))`

    Raises:
        UsageError: when there is no such augmentation or parameter.
    """
    stages = []
    for one in spec.split("|"):
        name, given = split(one.strip())
        if not name:
            raise UsageError(f"Expected names of augmentations such as typos|synonyms, got {spec!r}.")
        if name not in AUGMENTATIONS:
            raise unknown("augmentation", name, AUGMENTATIONS)
        kind = AUGMENTATIONS[name]
        stages.append(kind(**typed(kind, given, f"augmentation {name!r}")))
    return Chain(stages, spec)
