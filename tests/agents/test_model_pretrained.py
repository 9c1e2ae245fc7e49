"""Weights in the layout of Llama and Qwen give the function they give there."""

import json
from pathlib import Path
from typing import Any

import jax
import numpy as np
import pytest
from safetensors.numpy import save_file

from gristmill.agents.model.decoder import features, logits
from gristmill.agents.model.pretrained import load_pretrained
from gristmill.errors import UsageError

V, D, F, H, G, W = 11, 8, 12, 4, 2, 6
CONFIG: dict[str, Any] = {
    "model_type": "llama", "vocab_size": V, "hidden_size": D, "intermediate_size": F, "num_hidden_layers": 2,
    "num_attention_heads": H, "num_key_value_heads": G, "head_dim": W, "rms_norm_eps": 1e-5, "rope_theta": 100.0,
    "max_position_embeddings": 32, "tie_word_embeddings": False, "hidden_act": "silu",
}  # fmt: skip


def weights(*, bias: bool = False, norm: bool = False) -> dict[str, np.ndarray]:
    """Return random weights under their Hugging Face names, [out, in]."""
    rng = np.random.default_rng(0)
    shapes: dict[str, tuple[int, ...]] = {
        "model.embed_tokens.weight": (V, D),
        "model.norm.weight": (D,),
        "lm_head.weight": (V, D),
    }
    for index in range(2):
        layer = f"model.layers.{index}."
        shapes |= {layer + f"{name}_layernorm.weight": (D,) for name in ("input", "post_attention")}
        shapes |= {layer + f"mlp.{name}_proj.weight": (F, D) for name in ("gate", "up")}
        shapes[layer + "mlp.down_proj.weight"] = (D, F)
        for name, width in (("q", H * W), ("k", G * W), ("v", G * W)):
            shapes[layer + f"self_attn.{name}_proj.weight"] = (width, D)
            if bias:
                shapes[layer + f"self_attn.{name}_proj.bias"] = (width,)
            if norm and name != "v":
                shapes[layer + f"self_attn.{name}_norm.weight"] = (W,)
        shapes[layer + "self_attn.o_proj.weight"] = (D, H * W)
    return {name: rng.normal(size=shape).astype(np.float32) * 0.5 for name, shape in shapes.items()}


def textbook(w: dict[str, np.ndarray], ids: list[int]) -> np.ndarray:
    """Return the logits of one row, computed position by position from the published formulas."""

    def rms(x: np.ndarray, weight: np.ndarray) -> np.ndarray:
        scaled: np.ndarray = x / np.sqrt((x * x).mean(-1, keepdims=True) + 1e-5) * weight
        return scaled

    def turned(x: np.ndarray) -> np.ndarray:
        angles = np.arange(len(ids))[:, None] * 100.0 ** (-np.arange(0, W, 2) / W)
        cos, sin = (np.tile(f(angles), 2)[:, None] for f in (np.cos, np.sin))
        found: np.ndarray = x * cos + np.concatenate([-x[..., W // 2 :], x[..., : W // 2]], -1) * sin
        return found

    x = w["model.embed_tokens.weight"][ids]
    for index in range(2):
        layer = {name.split(".", 3)[3]: value for name, value in w.items() if f"layers.{index}." in name}
        h = rms(x, layer["input_layernorm.weight"])
        q, k, v = (
            (h @ layer[f"self_attn.{n}_proj.weight"].T + layer.get(f"self_attn.{n}_proj.bias", 0)).reshape(
                len(ids), -1, W
            )
            for n in "qkv"
        )
        if "self_attn.q_norm.weight" in layer:
            q, k = rms(q, layer["self_attn.q_norm.weight"]), rms(k, layer["self_attn.k_norm.weight"])
        q, k = turned(q), turned(k)
        heard = np.zeros((len(ids), H, W))
        for at in range(len(ids)):
            for head in range(H):
                scores = k[: at + 1, head * G // H] @ q[at, head] / np.sqrt(W)
                share = np.exp(scores - scores.max())
                heard[at, head] = share / share.sum() @ v[: at + 1, head * G // H]
        x = x + heard.reshape(len(ids), -1) @ layer["self_attn.o_proj.weight"].T
        h = rms(x, layer["post_attention_layernorm.weight"])
        gate = h @ layer["mlp.gate_proj.weight"].T
        x = (
            x
            + (gate / (1 + np.exp(-gate)) * (h @ layer["mlp.up_proj.weight"].T))
            @ layer["mlp.down_proj.weight"].T
        )
    found: np.ndarray = rms(x, w["model.norm.weight"]) @ w["lm_head.weight"].T
    return found


def write(folder: Path, values: dict[str, Any], found: dict[str, np.ndarray]) -> Path:
    """Write a Hugging Face folder."""
    (folder / "config.json").write_text(json.dumps(values))
    save_file(found, folder / "model.safetensors")
    return folder


@pytest.mark.parametrize(
    ("family", "bias", "norm"), [("llama", False, False), ("qwen2", True, False), ("qwen3", False, True)]
)
def test_a_foreign_model_computes_what_it_did_there(
    tmp_path: Path, family: str, bias: bool, norm: bool
) -> None:
    """The logits equal those of the published formulas."""
    found = weights(bias=bias, norm=norm)
    loaded = load_pretrained(write(tmp_path, CONFIG | {"model_type": family}, found))
    ids = [3, 1, 4, 1, 5, 9]
    read = jax.jit(lambda params, ids: logits(params, features(params, loaded.config, ids)))

    np.testing.assert_allclose(read(loaded.params, np.array([ids]))[0], textbook(found, ids), atol=1e-4)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"model_type": "gpt2"}, "families llama, qwen2, qwen3, got 'gpt2'"),
        ({"rope_scaling": {"rope_type": "llama3"}}, "without scaling"),
        ({"hidden_act": "gelu"}, "SiLU"),
        ({"num_hidden_layers": 3}, r"weight named 'model.layers.2"),
    ],
)
def test_what_it_cannot_compute_is_refused(tmp_path: Path, change: dict[str, Any], message: str) -> None:
    """A model is loaded exactly or not at all."""
    with pytest.raises(UsageError, match=message):
        load_pretrained(write(tmp_path, CONFIG | change, weights()))


def test_an_empty_folder_is_refused(tmp_path: Path) -> None:
    """The message says what was looked for."""
    with pytest.raises(UsageError, match=r"config\.json and"):
        load_pretrained(tmp_path)
