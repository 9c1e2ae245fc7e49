"""`clone`: a network in a robot's seat that learnt from recorded episodes what to do next.

It predicts a chunk of actions at every control step. For each step there are then as many opinions as a chunk is long,
and what is done is their mean: temporal ensembling, Zhao et al., "Learning Fine-Grained Bimanual Manipulation
with Low-Cost Hardware" (2023), section IV-A.
"""

from collections import deque
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from gristmill import registry
from gristmill.agents.robots.mover import Array, Move, Mover, Observation
from gristmill.agents.robots.network import Network
from gristmill.errors import UsageError
from gristmill.policy import Place, Policy, policy
from gristmill.types import Brief
from gristmill.world import Simulation

__all__ = ["Clone", "cloned"]


@policy("*", "robot", "clone")
@policy("*", "robot", "model")
def cloned(place: Place, *, checkpoint: str) -> Policy:
    """Move as the model in the folder `checkpoint`."""
    network = Network.load(Path(checkpoint))
    world = registry.make(place.world)
    try:
        if world.id != network.config.world or not isinstance(world, Simulation):
            raise UsageError(
                f"Expected a model of {world.id} in {checkpoint}, got one of {network.config.world}; "
                f"train one on a run of {world.id}."
            )
        _check(network, world.brief(place.seat), checkpoint)
    finally:
        world.close()
    return Clone(place, network)


class Clone(Mover):
    """A policy that moves a robot as a network says; see `gristmill.policy.Policy`.

    Args:
        place: what it was asked for as.
        network: that predicts chunks of actions.
    """

    def __init__(self, place: Place, network: Network) -> None:
        super().__init__(place, self._open, network=network.digest)
        self.generation = int(network.about.get("generation", 1))
        self._network = network

    def _open(self, briefs: Sequence[Brief], seeds: Sequence[int]) -> Move:
        low, high = (np.array(briefs[0].facts["action"][end], dtype=np.float32) for end in ("low", "high"))
        chunk = self._network.config.chunk
        opinions: deque[Array] = deque(maxlen=chunk)  # the newest first; [all rows, chunk, action]

        def move(rows: Sequence[int], seen: Observation) -> Array:
            ahead = np.zeros((len(briefs), chunk, len(low)))
            ahead[list(rows)] = self._network(seen)
            opinions.appendleft(ahead)
            # Added one by one: NumPy's own sum takes another order where there are many.
            total = sum(one[list(rows), age] for age, one in enumerate(opinions))
            mean = np.asarray(total) / len(opinions)
            actions: Array = np.clip(mean.astype(np.float32), low, high)
            return actions

        return move


def _check(network: Network, brief: Brief, checkpoint: str) -> None:
    """Refuse a model that observes or does something else than the world has.

    Raises:
        UsageError: when names or sizes differ.
    """
    config = network.config
    here = {name: one["size"] for name, one in brief.facts["observation"].items()}
    size = len(brief.facts["action"]["low"])
    if (list(here.items()), size) != (list(config.observation.items()), config.action):
        raise UsageError(
            f"Expected a model of {_words(here, size)} in {checkpoint}, got one of "
            f"{_words(config.observation, config.action)}; train it anew on a run of this world."
        )


def _words(observation: dict[str, int], action: int) -> str:
    fields = ", ".join(f"{name} ({size})" for name, size in observation.items())
    return f"the observations {fields} and actions of {action} numbers"
