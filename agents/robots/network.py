"""The network that moves a robot: what it observes comes in, a chunk of its next actions goes out.

A multilayer perceptron with rectified linear units that predicts several actions at once, after Zhao et al., "Learning
Fine-Grained Bimanual Manipulation with Low-Cost Hardware" (2023), section IV.

An episode must not depend, to the last bit, on the episodes that run beside it or on the machine's number of cores, but
the order in which a matrix product adds does. Here weights and activations are rounded to steps so fine that nobody
sees them, and so coarse that every product and every partial sum is exact in float64: then the order has no say.

On disk it is a folder:

    config.json          world, fields and shape (`NetworkConfig`)
    weights.safetensors  matrices, and mean and standard deviation of what was observed and done in training
    about.json           where it comes from: `generation`, `step` and whatever its trainer noted
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from gristmill.agents.robots.mover import Array, Observation
from gristmill.digest import canonical, decode, decoder, fingerprint, indented
from gristmill.errors import UsageError

__all__ = ["Network", "NetworkConfig", "flat", "shapes"]

_CONFIG, _WEIGHTS, _ABOUT = "config.json", "weights.safetensors", "about.json"
_MOST = 256.0  # a normalised observation or an activation beyond this is cut off
_FINE = 2.0**-18  # what activations are rounded to
_EXACT = 2.0**53  # up to here, every integer is a float64


class NetworkConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a network is for, and its shape.

    Attributes:
        world: id of the world.
        observation: by name of each field of an observation, in order, how many numbers it has.
        action: how many numbers an action has.
        chunk: how many actions are predicted at once.
        dim: width of the hidden layers.
        layers: how many of them there are.
    """

    world: str
    observation: dict[str, int]
    action: int
    chunk: int = 40
    dim: int = 256
    layers: int = 2

    def __post_init__(self) -> None:
        for name in ("action", "chunk", "dim", "layers"):
            if getattr(self, name) < 1:
                raise UsageError(f"Expected a network with {name} of at least 1, got {getattr(self, name)}.")

    @property
    def sizes(self) -> list[int]:
        """The widths of input, hidden layers and output."""
        return [sum(self.observation.values()), *[self.dim] * self.layers, self.chunk * self.action]


def shapes(config: NetworkConfig) -> dict[str, tuple[int, ...]]:
    """Return the shape of each array: `observation.*` and `action.*` normalise, `w*` [in, out] and `b*` [out] are trained."""
    wide = config.sizes
    found: dict[str, tuple[int, ...]] = {
        **dict.fromkeys(("observation.mean", "observation.sd"), (wide[0],)),
        **dict.fromkeys(("action.mean", "action.sd"), (config.action,)),
    }
    for layer, (into, out) in enumerate(pairwise(wide)):
        found |= {f"w{layer}": (into, out), f"b{layer}": (out,)}
    return found


def flat(observation: Observation, config: NetworkConfig) -> Array:
    """Return the fields of observations, [rows, size] each, side by side in the order of the config."""
    return np.concatenate([observation[name] for name in config.observation], axis=1)


@dataclass(frozen=True)
class Network:
    """A trained network.

    Attributes:
        config: its shape.
        arrays: see `shapes`, float32.
        about: plain JSON, see the module; it is no part of the digest.
        digest: content hash of what decides its actions.
    """

    config: NetworkConfig
    arrays: Mapping[str, Array]
    about: dict[str, Any] = field(default_factory=dict)
    digest: str = ""

    def __call__(self, observation: Observation) -> Array:
        """Return the next actions, [rows, chunk, action] float64, from observations, [rows, size] each.

        The result for a row is the same to the last bit whatever the other rows are.
        """
        arrays, config = self.arrays, self.config
        now = flat(observation, config).astype(np.float64)
        now = (now - arrays["observation.mean"]) / arrays["observation.sd"]
        for number, (weights, bias) in enumerate(self._layers):
            now = np.rint(np.clip(now, -_MOST if number == 0 else 0.0, _MOST) / _FINE) * _FINE
            now = now @ weights + bias
        ahead: Array = now.reshape(len(now), config.chunk, config.action)
        return ahead * arrays["action.sd"].astype(np.float64) + arrays["action.mean"]

    @cached_property
    def _layers(self) -> list[tuple[Array, Array]]:
        numbers = range(len(self.config.sizes) - 1)
        return [
            (_coarse(self.arrays[f"w{number}"]), self.arrays[f"b{number}"].astype(np.float64))
            for number in numbers
        ]

    def save(self, folder: Path) -> None:
        """Write the network into `folder`, which is made if it is missing."""
        from safetensors.numpy import save_file

        folder.mkdir(parents=True, exist_ok=True)
        (folder / _CONFIG).write_bytes(indented(self.config))
        (folder / _ABOUT).write_bytes(canonical(self.about))
        save_file({name: np.ascontiguousarray(one) for name, one in self.arrays.items()}, folder / _WEIGHTS)

    @classmethod
    def load(cls, folder: Path) -> "Network":
        """Read the network that `save` wrote into `folder`, or into `folder/model`.

        Raises:
            UsageError: when a file is missing, damaged, or not of the shape that the config says.
        """
        from safetensors import SafetensorError
        from safetensors.numpy import load_file

        folder = folder / "model" if (folder / "model").is_dir() else folder
        if (folder / "tokenizer.json").is_file():
            raise UsageError(
                f"Expected a model that moves a robot in {folder}, got one that reads and writes text; "
                "`gristmill train RUN --seat robot` makes the former of a run of a robot's world."
            )
        if missing := [name for name in (_CONFIG, _WEIGHTS, _ABOUT) if not (folder / name).is_file()]:
            raise UsageError(
                f"Expected a model that moves a robot in {folder}, got a folder without {', '.join(missing)}; "
                "`gristmill train RUN --seat robot --out FOLDER` makes one."
            )
        texts = [(folder / name).read_bytes() for name in (_CONFIG, _WEIGHTS, _ABOUT)]
        try:
            config = decoder(NetworkConfig)(texts[0])
            found = cls(config, _checked(load_file(folder / _WEIGHTS), config, folder), decode(texts[2]),
                        fingerprint(b"\0".join(texts[:2])))  # fmt: skip
        except (SafetensorError, ValueError) as error:
            raise UsageError(f"Expected a readable model in {folder}, got: {error}.") from error
        return found


def _coarse(weights: Array) -> Array:
    """Return weights in float64, rounded so that what `Network` adds up stays exact."""
    weights = weights.astype(np.float64)
    most = max(float(np.abs(weights).sum(axis=0).max()), 1e-3) * _MOST
    # Every product is a multiple of `_FINE * fine`, and no sum of them comes to `_EXACT` such multiples.
    fine = 2.0 ** math.ceil(math.log2(2 * most / (_FINE * _EXACT)))
    rounded: Array = np.rint(weights / fine) * fine
    return rounded


def _checked(found: dict[str, Array], config: NetworkConfig, folder: Path) -> dict[str, Array]:
    wanted, got = shapes(config), {name: one.shape for name, one in found.items()}
    if wrong := sorted(name for name in wanted | got if wanted.get(name) != got.get(name)):
        name = wrong[0]
        raise UsageError(
            f"Expected weights in {folder} of the shapes its config says, got {len(wrong)} others; "
            f"first: {name} is {got.get(name, 'missing')}, should be {wanted.get(name, 'absent')}."
        )
    return found
