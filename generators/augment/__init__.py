"""The same record in other words: a text or a record and a stream come in, a changed one goes out with what was changed; what an augmentation says it keeps stays true."""

from gristmill.generators.augment._base import Altered, Augmentation, Chain, Change, Undecided
from gristmill.generators.augment.registry import AUGMENTATIONS, augmentation

__all__ = ["AUGMENTATIONS", "Altered", "Augmentation", "Chain", "Change", "Undecided", "augmentation"]
