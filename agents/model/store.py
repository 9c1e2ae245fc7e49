"""A model on disk: a folder with everything it takes to play, and nothing that could run code.

config.json     the shape of the decoder (`ModelConfig`)
tokenizer.json  the vocabulary
template.json   how dialogues are written
about.json      where it comes from: `generation`, `step` and whatever its trainer noted
weights.safetensors
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file

from gristmill.agents.model.config import ModelConfig
from gristmill.agents.model.decoder import Params, init_params
from gristmill.agents.model.template import TemplateConfig
from gristmill.agents.model.tokenizer import TextTokenizer
from gristmill.digest import canonical, decode, fingerprint
from gristmill.errors import UsageError

__all__ = ["Model", "load_model", "save_model"]

_FILES = ("config.json", "tokenizer.json", "template.json", "about.json", "weights.safetensors")


@dataclass(frozen=True)
class Model:
    """A decoder with its vocabulary.

    Attributes:
        params: see `decoder`.
        about: plain JSON, see the module; it is no part of the digest.
        digest: content hash of what decides its acts.
    """

    config: ModelConfig
    tokenizer: TextTokenizer
    template: TemplateConfig
    params: Params
    about: dict[str, Any] = field(default_factory=dict)
    digest: str = ""


def save_model(folder: Path | str, model: Model) -> None:
    """Write the model into `folder`, which is made if it is missing."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    texts = (model.config.to_json(), model.tokenizer.to_json(), model.template.to_json())
    for name, text in zip(_FILES, texts, strict=False):
        (folder / name).write_text(text)
    (folder / "about.json").write_bytes(canonical(model.about))
    flat = {name: np.ascontiguousarray(leaf) for name, leaf in _named(model.params).items()}
    save_file(flat, folder / "weights.safetensors")


def load_model(folder: Path | str) -> Model:
    """Read the model that `save_model` wrote into `folder`, or into `folder/model`.

    Raises:
        UsageError: when a file is missing, damaged, or not of the shape that the config says.
    """
    folder = Path(folder)
    folder = folder / "model" if (folder / "model").is_dir() else folder
    if missing := [name for name in _FILES if not (folder / name).is_file()]:
        raise UsageError(f"Expected a model in {folder}, got a folder without {', '.join(missing)}.")
    config = ModelConfig.from_json((folder / "config.json").read_bytes())
    try:
        flat = load_file(folder / "weights.safetensors")
        about = decode((folder / "about.json").read_bytes())
    except (SafetensorError, ValueError) as error:
        raise UsageError(
            f"Expected weights and about.json in {folder} to be readable, got: {error}."
        ) from error
    return Model(
        config,
        TextTokenizer.from_json((folder / "tokenizer.json").read_bytes()),
        TemplateConfig.from_json((folder / "template.json").read_bytes()),
        _checked(flat, config, folder),
        about,
        fingerprint(b"\0".join((folder / name).read_bytes() for name in _FILES if name != "about.json")),
    )


def _named(params: Params) -> dict[str, Any]:
    """Return the leaves of a tree by their path, joined with dots."""
    leaves = jax.tree_util.tree_flatten_with_path(params)[0]
    return {".".join(str(key.key) for key in path): leaf for path, leaf in leaves}


def _checked(flat: dict[str, np.ndarray], config: ModelConfig, folder: Path) -> Params:
    wanted = jax.eval_shape(lambda key: init_params(config, key), jax.random.key(0))
    shapes = {name: tuple(leaf.shape) for name, leaf in _named(wanted).items()}
    found = {name: tuple(leaf.shape) for name, leaf in flat.items()}
    if wrong := sorted(name for name in shapes | found if shapes.get(name) != found.get(name)):
        name = wrong[0]
        raise UsageError(
            f"Expected weights in {folder} of the shapes its config says, got {len(wrong)} others; "
            f"first: {name} is {found.get(name, 'missing')}, should be {shapes.get(name, 'absent')}."
        )
    params: Params = jax.tree_util.tree_map_with_path(
        lambda path, _: jnp.asarray(flat[".".join(str(key.key) for key in path)]), wanted
    )
    return params
