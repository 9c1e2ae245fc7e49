"""How varied a set of episodes is as data for one seat, so that a loop that learns from itself notices collapse.

What a seat did is read as words: what it says, the names of the tools it calls and of their arguments. What was
filled in, such as numbers, ids and the values of arguments, is masked, so that it does not pass for variety.

How many different things there are in a set, or what share of it, depends on its size. So sets are compared by what is
found in equally many of their words or episodes (rarefaction: Hurlbert, "The Nonconcept of Species Diversity: A Critique
and Alternative Parameters", 1971).
"""

import re
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import chain

import msgspec
import numpy as np
from msgspec.structs import replace
from numpy.typing import NDArray

from gristmill.errors import UsageError
from gristmill.recorders import _signatures
from gristmill.seeding import derive
from gristmill.types import Entry, Episode
from gristmill.workflows.metrics import BREAKDOWNS, Cell, wilson

__all__ = ["Bounds", "Variety", "cells", "distinct_n", "falls", "features", "strata_lost", "vendi", "words"]

BUDGET = 10_000  # words over which distinct n-grams are counted
WIDTH = 256  # features of an episode; the score of a world of ours at 4,096 is a tenth to a fifth higher
_FEWEST = (32, 8)  # words, and episodes, of which it is told how varied they are
_SPOKEN = 4  # words from which on a text argument is something said, and no value
_WORD = re.compile(r"[^\s.,;:!?()\"]+(?:[.:][^\s.,;:!?()\"]+)*|[.,;:!?]")
_FILLED = re.compile(r"[\d@]")
_MASK = "0"
# Where most scenarios ask for the same few acts, their share grows when what went wrong is left out.
_GROWTH = 1.5

Texts = Sequence[Sequence[str]]
Floats = NDArray[np.float64]


class Variety(msgspec.Struct, frozen=True, kw_only=True):
    """How varied a set of episodes is, in figures.

    Attributes:
        seat: whose acts were looked at.
        episodes: how many there are, and `acts` of the seat in them.
        words: how many of the seat's words the distinct n-grams were counted over.
        distinct_2: share of distinct n-grams of 2 words, and `distinct_4` of 4, from 0 to 1.
        vendi: effective number of different episodes, see `vendi`.
        top_share: share of the episodes in which the seat did what it most often does, but for what was filled in.
        strata: episodes by stratum.
        distinct: by n, the share of distinct n-grams in the first so many words, and `vendis` the Vendi score of the first
            so many episodes, in an order drawn by scenario: by these, sets of different sizes compare.
    """

    seat: str
    episodes: int
    acts: int
    words: int
    distinct_2: float
    distinct_4: float
    vendi: float
    top_share: float
    strata: dict[str, int]
    distinct: dict[int, dict[int, float]] = msgspec.field(default_factory=lambda: {2: {}, 4: {}})
    vendis: dict[int, float] = {}

    @classmethod
    def of(cls, episodes: Iterable[Episode], seat: str, *, budget: int = BUDGET, seed: int = 0) -> "Variety":
        """Return the variety of some episodes for one seat.

        Args:
            episodes: in any order.
            seat: whose acts are looked at.
            budget: words over which distinct n-grams are counted.
            seed: of the order in which episodes are drawn on.
        """
        found = sorted(episodes, key=lambda one: _drawn(one, seed))
        if found and seat not in found[0].seats:
            raise UsageError(f"Expected one of the seats {', '.join(found[0].seats)}, got {seat!r}.")
        acts = [one.acts(seat) for one in found]
        texts = [[words(act) for act in ones] for ones in acts]
        shapes = Counter(
            _signatures.near(replace(one, entries=ones)) for one, ones in zip(found, acts, strict=True)
        )
        spoken = list(chain.from_iterable(texts))
        length = min(budget, sum(map(len, spoken)))
        distinct = {
            n: {size: distinct_n(_first(spoken, size), n) for size in _sizes(_FEWEST[0], length)}
            for n in (2, 4)
        }
        seen = features(texts)
        vendis = {size: vendi(seen[:size]) for size in _sizes(_FEWEST[1], len(found))}
        return cls(
            seat=seat,
            episodes=len(found),
            acts=sum(map(len, acts)),
            words=length,
            distinct_2=distinct[2][length],
            distinct_4=distinct[4][length],
            vendi=vendis[len(found)],
            top_share=max(shapes.values()) / len(found) if found else 0.0,
            strata=dict(sorted(Counter(one.scenario.stratum for one in found).items())),
            distinct=distinct,
            vendis=vendis,
        )


class Bounds(msgspec.Struct, frozen=True, kw_only=True):
    """How much less varied data may become before a loop should stop; shares from 0 to 1.

    Attributes:
        vendi: least share of the Vendi score before, and `distinct_2` and `distinct_4` of the distinct n-grams.
        top_share: greatest share of one and the same conduct, unless it was nearly that great before, see `_GROWTH`; it is
            exceeded where the interval of the share lies above it.
        stratum: strata, intents, obstacles and faults with at least this share before may not vanish.
        chance: a stratum counts as vanished only if it would be missing by chance with a probability below this.
    """

    vendi: float = 0.5
    distinct_2: float = 0.5
    distinct_4: float = 0.5
    top_share: float = 0.25
    stratum: float = 0.02
    chance: float = 0.01


def falls(
    before: Variety, after: Variety, bounds: Bounds | None = None, *, sample: bool = False
) -> list[str]:
    """Return which bounds `after` breaks, compared to `before`, in words; nothing where it breaks none.

    Args:
        before: the variety of one set.
        after: that of another.
        bounds: how much less it may be.
        sample: whether the second set is but a sample, of which it says nothing that it is small. Else it is all there is,
            and has fewer different episodes where it has fewer.
    """
    bounds = bounds or Bounds()
    if before.seat != after.seat:
        raise UsageError(f"Expected two sets seen from one seat, got {before.seat!r} and {after.seat!r}.")
    if not after.episodes:
        return ["no episodes are left"]
    return [
        *(
            _fallen_over("episodes", "Vendi score", before.vendis, after.vendis, bounds.vendi)
            if sample
            else _fallen("Vendi score", before.vendi, after.vendi, bounds.vendi)
        ),
        *_fallen_over(
            "words", "share of distinct 2-grams", before.distinct[2], after.distinct[2], bounds.distinct_2
        ),
        *_fallen_over(
            "words", "share of distinct 4-grams", before.distinct[4], after.distinct[4], bounds.distinct_4
        ),
        *_repeated(before, after, bounds.top_share),
        *_vanished("strata", before, after, bounds, dict),
        *_vanished("intents, obstacles or faults", before, after, bounds, cells),
    ]


def strata_lost(
    before: Mapping[str, int], after: Mapping[str, int], *, total: int | None = None
) -> dict[str, float]:
    """Return the strata of one set that another has nothing of, with their share of the first, greatest first.

    Args:
        before: episodes by stratum as drawn, so that the share is that of the scenario space.
        after: episodes by stratum of what is left.
        total: episodes in all before, where one counts in several places, as in `cells`.
    """
    total = sum(before.values()) if total is None else total
    lost = {name: count / total for name, count in before.items() if count and not after.get(name)}
    return dict(sorted(lost.items(), key=lambda item: (-item[1], item[0])))


def cells(strata: Mapping[str, int]) -> dict[str, int]:
    """Return episodes by intent, obstacle and fault, in which the many rare strata of a world meet again."""
    counts: Counter[str] = Counter()
    for stratum, count in strata.items():
        cell = Cell.of(stratum)
        for name in ("intent", "obstacle", "fault"):
            counts.update({f"{name} {value}": count for value in BREAKDOWNS[name](cell)})
    return dict(sorted(counts.items()))


def distinct_n(texts: Iterable[Sequence[Hashable]], n: int) -> float:
    """Return the share of distinct n-grams among all in some texts, sequences of words; 0 where there is none.

    Li et al., "A Diversity-Promoting Objective Function for Neural Conversation Models", 2016, section 5.2. It falls
    with the amount of text, so compare it over equally many words only.
    """
    seen: set[tuple[Hashable, ...]] = set()
    total = 0
    for text in texts:
        grams = list(zip(*(text[start:] for start in range(n)), strict=False))
        seen.update(grams)
        total += len(grams)
    return len(seen) / total if total else 0.0


def vendi(items: Floats) -> float:
    """Return the Vendi score of the rows of `items`, [n, features]: how many different ones there are in effect.

    The exponential of the entropy of the eigenvalues of K / n, where K holds the cosine similarities: from 1, when all
    point the same way, to n, when all are orthogonal. Friedman and Dieng, "The Vendi Score: A Diversity Evaluation
    Metric for Machine Learning", 2023, definition 3.1. XᵀX / n has the same eigenvalues but for zeros, wherefore the
    cost is linear in n and the score at most the number of features (section 3.2, "low-rank").

    Raises:
        UsageError: when a row is all zeros, and so has no direction.
    """
    if not len(items):
        return 0.0
    lengths = np.linalg.norm(items, axis=1)
    if not lengths.all():
        raise UsageError(f"Expected rows that are not all zeros, got {int((lengths == 0).sum())} that are.")
    unit = items / lengths[:, None]
    square = unit.T @ unit if unit.shape[1] < len(unit) else unit @ unit.T
    values = np.linalg.eigvalsh(square / len(unit))
    values = values[values > 1e-12]  # what rounding leaves of zeros
    # Rounding can take it just past either end.
    return float(np.clip(np.exp(-(values * np.log(values)).sum()), 1.0, len(unit)))


def features(episodes: Sequence[Texts], *, width: int = WIDTH) -> Floats:
    """Return which words and pairs of words the acts of each episode hold, hashed with signs, [episodes, width].

    Weinberger et al., "Feature Hashing for Large Scale Multitask Learning", 2009, section 2.
    """
    row_of, hashes = _hashes(episodes)
    # The end of an act and the word after it are no pair, as between two episodes.
    inner = (hashes[:-1] != _END) & (hashes[1:] != _END)
    pairs = _mixed(_mixed(hashes[:-1]) + hashes[1:])[inner]
    grams = np.concatenate([_mixed(hashes), pairs])
    rows = np.concatenate([row_of, row_of[:-1][inner]])
    # Each once per episode: how often a word occurs says how long an episode is.
    _, once = np.unique(_mixed(grams ^ _mixed(rows.astype(np.uint64) + np.uint64(1))), return_index=True)
    rows, grams = rows[once], grams[once]
    signs = np.where(grams >> np.uint64(63), 1.0, -1.0)
    places = rows * width + (grams % np.uint64(width)).astype(np.int64)
    counts = np.bincount(places, weights=signs, minlength=len(episodes) * width)
    found: Floats = counts.astype(np.float64).reshape(len(episodes), width)
    found[~found.any(axis=1), 0] = 1.0  # all cancelled out, or nothing done: a direction nevertheless
    return found


def words(act: Entry) -> list[str]:
    """Return an act as words: what was said in small letters, with what was filled in masked.

    Of a call it is the tool and the names of the arguments, and those texts among them that are something said.
    """
    if "call" not in act:
        return _words(str(act.get("say", act.get("raw", ""))))
    found = [f"call:{act['call']}"]
    args = act.get("args")
    for name, value in sorted(args.items()) if isinstance(args, dict) else ():
        found.append(f"{name}=")
        text = _words(value) if isinstance(value, str) else []
        found += text if len(text) >= _SPOKEN else [_MASK]
    return found


def _words(text: str) -> list[str]:
    return [_MASK if _FILLED.search(word) else word for word in _WORD.findall(text.lower())]


def _drawn(episode: Episode, seed: int) -> int:
    """Return the place of an episode in an order drawn by scenario."""
    return derive(seed, "variety", episode.scenario.id, episode.scenario.index, episode.attempt)


def _sizes(least: int, most: int) -> list[int]:
    """Return the sizes at which variety is told: doubled from the least on, and all there is."""
    return [*(size for power in range(most.bit_length()) if (size := least << power) < most), most]


def _first(texts: Iterable[Sequence[str]], budget: int) -> Iterator[Sequence[str]]:
    """Yield acts as words, up to a number of words."""
    for text in texts:
        if budget <= 0:
            return
        yield text[:budget]
        budget -= len(text)


_END = np.uint64(0)


@lru_cache(maxsize=1 << 16)
def _hash(word: str) -> int:
    return derive(0, "word", word)


def _hashes(episodes: Sequence[Texts]) -> tuple[NDArray[np.int64], NDArray[np.uint64]]:
    """Return the row and the hash of every word, and of the end of every act."""
    flat = [[*map(_hash, text), 0] for episode in episodes for text in episode]
    sizes = [sum(len(text) + 1 for text in episode) for episode in episodes]
    rows = np.repeat(np.arange(len(episodes)), sizes)
    return rows, np.fromiter(chain.from_iterable(flat), np.uint64, sum(sizes))


def _mixed(values: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Return well-mixed hashes of hashes: the finaliser of Steele et al., "Fast Splittable Pseudorandom …", 2014."""
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return values ^ (values >> np.uint64(31))


def _fallen(what: str, before: float, after: float, least: float, over: str = "") -> list[str]:
    if after >= least * before:
        return []
    return [
        (
            f"the {what} is {after:.3g}{over}, {after / before:.0%} of the {before:.3g} before; "
            f"at least {least:.0%} are asked for"
        )
    ]


def _fallen_over(
    of: str, what: str, before: Mapping[int, float], after: Mapping[int, float], least: float
) -> list[str]:
    """Return whether a figure has fallen over equally many words or episodes; where both have too few, it has not."""
    size = max(before.keys() & after.keys(), default=0)
    return _fallen(what, before[size], after[size], least, f" over {size:,} {of}") if size else []


def _repeated(before: Variety, after: Variety, most: float) -> list[str]:
    most = max(most, _GROWTH * before.top_share)
    # Of a few episodes, several may be alike by chance.
    if wilson(round(after.top_share * after.episodes), after.episodes)[0] <= most:
        return []
    return [
        (
            f"in {after.top_share:.0%} of the episodes the {after.seat} does the same, "
            f"before in {before.top_share:.0%}; at most {most:.0%} are asked for"
        )
    ]


def _vanished(
    what: str,
    before: Variety,
    after: Variety,
    bounds: Bounds,
    grouped: Callable[[Mapping[str, int]], Mapping[str, int]],
) -> list[str]:
    lost = {
        name: share
        for name, share in strata_lost(
            grouped(before.strata), grouped(after.strata), total=before.episodes
        ).items()
        if share >= bounds.stratum and (1 - share) ** after.episodes < bounds.chance
    }
    named = ", ".join(f"{name or '(any)'} ({share:.0%})" for name, share in lost.items())
    return (
        [f"{len(lost)} {what} with at least {bounds.stratum:.0%} before have vanished: {named}"]
        if lost
        else []
    )
