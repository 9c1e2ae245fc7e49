"""The shape of a decoder, as plain JSON."""

import json
from dataclasses import asdict, dataclass, fields
from typing import Any

from gristmill.errors import UsageError

__all__ = ["ModelConfig"]


@dataclass(frozen=True, kw_only=True)
class ModelConfig:
    """The shape of a decoder; two equal configs give parameter trees of equal shapes.

    Attributes:
        vocab: number of token ids.
        dim: width of the residual stream.
        layers: number of blocks.
        heads: query heads; `kv_heads` of key and value must divide it (grouped-query attention).
        head_dim: width of one head, even because rotary embeddings turn pairs.
        ffn: inner width of the gated feed-forward network.
        conv: how many previous positions the causal convolution before attention looks back; 0 leaves it out.
        max_len: longest sequence, in tokens, that it may be asked to continue.
        rope_theta: base wavelength of the rotary embedding, in radians per position pair.
        norm_eps: added to the mean square in RMSNorm.
        tied: the output matrix is the embedding.
        qkv_bias: query, key and value projections have a bias (Qwen 2).
        qk_norm: queries and keys are normalised per head (Qwen 3).
    """

    vocab: int = 1024
    dim: int = 128
    layers: int = 2
    heads: int = 4
    kv_heads: int = 2
    head_dim: int = 32
    ffn: int = 352
    conv: int = 3
    max_len: int = 1024
    rope_theta: float = 10_000.0
    norm_eps: float = 1e-6
    tied: bool = True
    qkv_bias: bool = False
    qk_norm: bool = True

    def __post_init__(self) -> None:
        for name in ("vocab", "dim", "layers", "heads", "kv_heads", "head_dim", "ffn", "max_len"):
            if getattr(self, name) < 1:
                raise UsageError(f"Expected ModelConfig.{name} >= 1, got {getattr(self, name)}.")
        if self.heads % self.kv_heads:
            raise UsageError(
                f"Expected heads to be a multiple of kv_heads, got {self.heads} and {self.kv_heads}."
            )
        if self.head_dim % 2:
            raise UsageError(f"Expected an even head_dim, got {self.head_dim}: rotary embeddings turn pairs.")

    def to_json(self) -> str:
        """Return the config as one JSON object."""
        return json.dumps(asdict(self), indent=1)

    @classmethod
    def from_json(cls, text: str | bytes) -> "ModelConfig":
        """Return the config that `to_json` wrote.

        Raises:
            UsageError: when a key is unknown.
        """
        values: dict[str, Any] = json.loads(text)
        known = {field.name for field in fields(cls)}
        if extra := sorted(set(values) - known):
            raise UsageError(f"Unknown model settings {extra}. Valid: {', '.join(sorted(known))}.")
        return cls(**values)
