"""What may vary in any robot world: the body's servos, its senses, and what happens to it on the way.

A world's Space holds these beside its own fields (`**domain(horizon)`), so that a search for rare events meets the same
names everywhere.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

from gristmill.generators.fields import Choice, Field, Flag, Integer, LogNormal, Uniform
from gristmill.types import Entry

__all__ = ["Disturbances", "domain", "stratum"]


def domain(
    horizon: int, *, noise: float = 0.002, force: float = 8.0, push: float = 0.05, stall: float = 0.05
) -> dict[str, Field]:
    """Return the fields that every robot world has.

    Args:
        horizon: of the world in control steps; disturbances strike in the middle half.
        noise: median standard deviation of the noise of what is sensed from afar, m.
        force: most that a push comes to along each axis, N.
        push: how often there is a push.
        stall: how often actions get lost for a while.
    """
    early, late = horizon // 4, 3 * horizon // 4
    return {
        "gain": LogNormal(1.0, 0.1),
        "damping": LogNormal(1.0, 0.2),
        "latency": Choice((0, 1, 2), (0.7, 0.25, 0.05)),
        "noise": LogNormal(noise, 0.3, unit="m"),
        "push": Flag(push),
        "push_step": Integer(early, late).when(push=True),
        "push_x": Uniform(-force, force, unit="N").when(push=True),
        "push_y": Uniform(-force, force, unit="N").when(push=True),
        "stall": Flag(stall),
        "stall_step": Integer(early, late).when(stall=True),
        "stall_length": Integer(1, max(1, horizon // 16)).when(stall=True),
    }


def stratum(values: Mapping[str, Any]) -> str:
    """Return the cell of the scenario space that values lie in: what disturbs the robot."""
    found = [name for name in ("push", "stall") if values[name]]
    late = ["late"] * (values["latency"] > 0)
    return "+".join([*late, *found]) or "calm"


class Disturbances(NamedTuple):
    """What a scenario has in store for a row.

    Attributes:
        latency: control steps by which every action is late.
        noise: standard deviation of the noise of what is sensed from afar, m.
        push: first control step, and force along x and y in N, of a push that lasts two control steps.
        stall: first control step, and number of steps, for which the robot goes on with its last action.
    """

    latency: int = 0
    noise: float = 0.0
    push: tuple[int, float, float] | None = None
    stall: tuple[int, int] | None = None

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> "Disturbances":
        """Return those of a scenario."""
        return cls(
            latency=values["latency"],
            noise=values["noise"],
            push=(values["push_step"], values["push_x"], values["push_y"]) if values["push"] else None,
            stall=(values["stall_step"], values["stall_length"]) if values["stall"] else None,
        )

    @property
    def window(self) -> tuple[int, int]:
        """The first and the last control step in which anything has to be done; none if the first comes after the last."""
        steps = [] if self.push is None else [self.push[0], self.push[0] + _PUSH]
        steps += [] if self.stall is None else [self.stall[0], sum(self.stall)]
        return (min(steps), max(steps)) if steps else (0, -1)

    def stalls(self, now: int) -> bool:
        """Say whether actions are lost in this control step."""
        return self.stall is not None and self.stall[0] <= now < self.stall[0] + self.stall[1]

    def force(self, now: int) -> tuple[float, float, float] | None:
        """Return the force that begins to act in this control step, all zero when it ends, or None."""
        if self.push is None or now not in (self.push[0], self.push[0] + _PUSH):
            return None
        _, x, y = self.push
        return (x, y, 0.0) if now == self.push[0] else (0.0, 0.0, 0.0)

    def events(self, now: int, body: str) -> list[Entry]:
        """Return the log entries of what begins in this control step."""
        found: list[Entry] = []
        if self.push is not None and now == self.push[0]:
            found.append(
                {"from": "world", "event": "push", "step": now, "body": body, "force": list(self.push[1:])}
            )
        if self.stall is not None and now == self.stall[0]:
            found.append({"from": "world", "event": "stall", "step": now, "length": self.stall[1]})
        return found


_PUSH = 2  # control steps that a push lasts
