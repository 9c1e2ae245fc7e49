"""How a model of text learns from its own play, as plain data."""

import msgspec

from gristmill.errors import UsageError
from gristmill.workflows.variety import Bounds

__all__ = ["Tuning"]


class Tuning(msgspec.Struct, frozen=True, kw_only=True):
    """How a model of text learns from its play.

    Attributes:
        seat: whose acts are learnt, and who is evaluated; empty for the last seat of the world.
        others: policies of the other seats; `self`, or `self` among those of `mixed`, is the model itself, which then
            learns from what that seat did, too.
        held_out: policies of the other seats in evaluations; by default those of `others`, without the model.
        init: folder of the model to start from; empty for one that is trained on the seed data.
        seed_policy: who plays the seed data, and `seed_episodes` how many of them.
        facts: of what a seat is told in private, the names of those facts that the model reads; none named is all.
        base_steps: of training the base model.
        seed_share: of every round's training set that the verified seed data are at least. All of them stay in it; own
            play is left out where there is more of it than that.
        epochs: passes over the training set of a round.
        temperature: at which the model plays; it is evaluated at 0.
        attempts: at every scenario of a round, and `best` of them how many are kept at most; None for all.
        min_score, above_baseline: see `Acceptance`.
        evaluated: held-out scenarios.
        audited: kept episodes of a round that are put to the mutation test.
        false_pass: greatest share of their mutants that may pass.
        bounds: how varied what is learnt has to stay, compared with the verified seed data.
    """

    seat: str = ""
    others: dict[str, str] = {}
    held_out: dict[str, str] = {}
    init: str = ""
    seed_policy: str = "noisy?rate=0.2"
    seed_episodes: int = 4_000
    facts: tuple[str, ...] = ()
    base_steps: int = 350
    seed_share: float = 0.25
    epochs: float = 2.5
    temperature: float = 0.6
    attempts: int = 1
    best: int | None = None
    min_score: float | None = None
    above_baseline: bool = False
    evaluated: int = 400
    audited: int = 16
    false_pass: float = 0.05
    bounds: Bounds = Bounds()

    def __post_init__(self) -> None:
        if not 0 < self.seed_share < 1:
            raise UsageError(
                f"Expected a share of seed data between 0 and 1, got {self.seed_share:g}; without any, models collapse."
            )
        if not 0 < self.temperature <= 100:
            raise UsageError(
                f"Expected a temperature above 0 and up to 100, got {self.temperature:g}; at 0 a model finds nothing new."
            )
        for name in ("seed_episodes", "base_steps", "attempts", "evaluated"):
            if getattr(self, name) < 1:
                raise UsageError(f"Expected {name} of at least 1, got {getattr(self, name)}.")
        if not 0 < self.epochs <= 1_000:
            raise UsageError(f"Expected epochs above 0 and at most 1,000, got {self.epochs:g}.")
