"""`model`: a trained model in a seat, by the folder of its checkpoint.

JAX is imported when a model is asked for, so that the name is known, and its use explained, without it.
"""

from gristmill.errors import UsageError
from gristmill.policy import Place, Policy, policy

__all__ = ["model"]


@policy("*", "*", "model")
def model(
    place: Place, *, checkpoint: str, temperature: float = 0.0, top_k: int = 0, top_p: float = 1.0,
    min_p: float = 0.0, max_tokens: int = 96, width: int = 256,
) -> Policy:  # fmt: skip
    """Play as the model in the folder `checkpoint`, greedily unless there is a temperature."""
    if width < 1:
        raise UsageError(
            f"Expected a width of at least 1, got {width}; it is how many episodes are decoded together."
        )
    from gristmill.agents.model.policy import ModelPolicy

    made = ModelPolicy.load(
        checkpoint, temperature=temperature, top_k=top_k, top_p=top_p, min_p=min_p, max_tokens=max_tokens,
        name=place.spec, width=width,
    )  # fmt: skip
    speakers = made.model.tokenizer.speakers
    if speakers and place.seat not in speakers:
        raise UsageError(
            f"Expected a model that has met the seat {place.seat!r} of {place.world}, got {checkpoint}, which knows "
            f"{', '.join(speakers)}; train it on that seat's play."
        )
    return made
