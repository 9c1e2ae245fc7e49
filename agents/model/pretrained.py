"""Weights in the layout of Llama and Qwen: `config.json` and `*.safetensors` of a Hugging Face folder.

Only what this decoder computes is taken: RMSNorm, rotary positions without scaling, grouped-query attention, SwiGLU,
tied or separate output matrix. Anything else is refused rather than approximated.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jax.numpy as jnp
import numpy as np
import numpy.typing as npt
from safetensors import SafetensorError, safe_open

from gristmill.agents.model.config import ModelConfig
from gristmill.agents.model.decoder import Params
from gristmill.digest import decode
from gristmill.errors import UsageError

__all__ = ["Pretrained", "load_pretrained"]

FAMILIES = ("llama", "qwen2", "qwen3")
_MATRICES = {
    "q": "self_attn.q_proj.weight",
    "k": "self_attn.k_proj.weight",
    "v": "self_attn.v_proj.weight",
    "o": "self_attn.o_proj.weight",
    "gate": "mlp.gate_proj.weight",
    "up": "mlp.up_proj.weight",
    "down": "mlp.down_proj.weight",
}
_VECTORS = {"norm_attn": "input_layernorm.weight", "norm_mlp": "post_attention_layernorm.weight"}
_BIASES = {f"{name}_bias": f"self_attn.{name}_proj.bias" for name in "qkv"}
_NORMS = {f"{name}_norm": f"self_attn.{name}_norm.weight" for name in "qk"}


@dataclass(frozen=True)
class Pretrained:
    """A decoder from elsewhere; its vocabulary stays in the folder's own `tokenizer.json`."""

    config: ModelConfig
    params: Params


def load_pretrained(folder: Path | str, *, max_len: int | None = None) -> Pretrained:
    """Read a Hugging Face folder.

    Args:
        folder: holds `config.json` and one or more `*.safetensors`.
        max_len: longest sequence wanted; by default what the model was made for.

    Raises:
        UsageError: when a file or a weight is missing, or the model computes something that this decoder does not.
    """
    folder = Path(folder)
    files = sorted(folder.glob("*.safetensors"))
    if not (folder / "config.json").is_file() or not files:
        raise UsageError(
            f"Expected config.json and *.safetensors in {folder}, got {sorted(p.name for p in folder.glob('*'))}."
        )
    values = decode((folder / "config.json").read_bytes())
    try:
        weights = {name: array for file in files for name, array in _read(file).items()}
    except SafetensorError as error:
        raise UsageError(f"Expected weights in {folder} to be readable, got: {error}.") from error
    config = _config(values, weights, max_len)
    try:
        return Pretrained(config, _params(config, weights))
    except KeyError as error:
        raise UsageError(
            f"Expected a weight named {error} in {folder}, got {len(weights)} others."
        ) from error


def _read(file: Path) -> dict[str, npt.NDArray[np.float32]]:
    """Return all arrays of a file as float32; JAX, unlike NumPy, knows bfloat16."""
    with safe_open(file, framework="flax") as opened:
        return {name: np.asarray(opened.get_tensor(name), np.float32) for name in opened.keys()}  # noqa: SIM118 - not a dict


def _config(values: Mapping[str, Any], weights: Mapping[str, Any], max_len: int | None) -> ModelConfig:
    family = values.get("model_type")
    if family not in FAMILIES:
        raise UsageError(f"Expected a model of the families {', '.join(FAMILIES)}, got {family!r}.")
    scaling = values.get("rope_scaling") or {}
    if scaling.get("rope_type", scaling.get("type", "default")) != "default":
        raise UsageError(f"Expected rotary positions without scaling, got {scaling}.")
    if values.get("use_sliding_window") or values.get("hidden_act", "silu") != "silu":
        raise UsageError(
            "Expected full attention and SiLU, got a model with a sliding window or another activation."
        )
    heads = values["num_attention_heads"]
    return ModelConfig(
        vocab=values["vocab_size"],
        dim=values["hidden_size"],
        layers=values["num_hidden_layers"],
        heads=heads,
        kv_heads=values.get("num_key_value_heads", heads),
        head_dim=values.get("head_dim") or values["hidden_size"] // heads,
        ffn=values["intermediate_size"],
        conv=0,
        max_len=max_len or values["max_position_embeddings"],
        rope_theta=values.get(
            "rope_theta", (values.get("rope_parameters") or {}).get("rope_theta", 10_000.0)
        ),
        norm_eps=values["rms_norm_eps"],
        tied=bool(values.get("tie_word_embeddings", "lm_head.weight" not in weights)),
        qkv_bias="model.layers.0.self_attn.q_proj.bias" in weights,
        qk_norm="model.layers.0.self_attn.q_norm.weight" in weights,
    )


def _params(config: ModelConfig, weights: Mapping[str, npt.NDArray[np.float32]]) -> Params:
    def stacked(name: str) -> npt.NDArray[np.float32]:
        return np.stack([weights[f"model.layers.{index}.{name}"] for index in range(config.layers)])

    vectors = _VECTORS | (_BIASES if config.qkv_bias else {}) | (_NORMS if config.qk_norm else {})
    # Theirs are [out, in], ours [in, out].
    layers = {ours: jnp.asarray(stacked(theirs).swapaxes(1, 2)) for ours, theirs in _MATRICES.items()}
    layers |= {ours: jnp.asarray(stacked(theirs)) for ours, theirs in vectors.items()}
    params: Params = {
        "embed": jnp.asarray(weights["model.embed_tokens.weight"]),
        "norm": jnp.asarray(weights["model.norm.weight"]),
        "layers": layers,
    }
    if not config.tied:
        params["head"] = jnp.asarray(weights["lm_head.weight"].T)
    return params
