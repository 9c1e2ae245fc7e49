"""A decoder in a seat."""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from gristmill.agents.model.cache import use_compilation_cache
from gristmill.agents.model.sampling import Sampling
from gristmill.agents.model.session import ModelSession
from gristmill.agents.model.store import Model, load_model
from gristmill.agents.model.template import Template
from gristmill.digest import digest
from gristmill.types import Brief

__all__ = ["ModelPolicy"]


class ModelPolicy:
    """A decoder that plays; see `gristmill.policy.Policy`.

    Attributes:
        name: as typed on the command line.
        digest: content hash of weights, shape, vocabulary, template and sampling.
        generation: 1 + that of the data it was trained on.
        width: how many concurrent episodes it decodes together.
    """

    def __init__(
        self, model: Model, *, sampling: Sampling | None = None, name: str = "model", width: int = 256
    ):
        self.model = model
        self.sampling = sampling or Sampling()
        self.template = Template(model.tokenizer, model.template)
        self.name = name
        self.digest = digest([model.digest, asdict(self.sampling)])
        self.generation = int(model.about.get("generation", 1))
        self.width = width

    @classmethod
    def load(
        cls, folder: Path | str, *, temperature: float = 0.0, top_k: int = 0, top_p: float = 1.0, min_p: float = 0.0,
        max_tokens: int = 96, name: str = "", width: int = 256,
    ) -> "ModelPolicy":  # fmt: skip
        """Return the policy of a model or checkpoint folder; see `Sampling` for the settings.

        Raises:
            UsageError: when the folder holds no model, or a setting is out of range.
        """
        use_compilation_cache()
        how = Sampling(
            temperature=temperature, top_k=top_k, top_p=top_p, min_p=min_p, max_tokens=max_tokens
        )  # fmt: skip
        return cls(load_model(folder), sampling=how, name=name or f"model:{folder}", width=width)

    def begin(self, briefs: Sequence[Brief], seeds: Sequence[int]) -> ModelSession:
        """Open a session; a row's draws depend on its seed alone."""
        return ModelSession(self.model, self.template, self.sampling, briefs, seeds)
