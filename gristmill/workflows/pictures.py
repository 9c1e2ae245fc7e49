"""Recorded simulations into pictures: the recorded actions are played again in the recorded scenario, and looked at.

Pictures are made when they are asked for and never recorded, so an episode costs no more for being one that can be seen.
"""

import base64
import io
import math
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Any, NamedTuple, Self

import msgspec
import numpy as np
from numpy.typing import NDArray

from gristmill import registry
from gristmill.errors import EpisodeError, GristmillError, UsageError, install_line
from gristmill.simulate import Ended, Recorded, rollouts
from gristmill.types import Episode
from gristmill.world import Rows, Simulation, other_platform

__all__ = ["Film", "Shot", "Still", "Stills", "Studio", "smooth", "stills"]

Array = NDArray[Any]
_RATE, _MOST = 25, 256  # shots of a film a second, and in all
_STILLS, _SIZE = 6, (240, 180)  # beside each other on a page


class Shot(NamedTuple):
    """One picture, [height, width, 3] uint8, and when it was taken."""

    seconds: float
    image: Array


class Film(NamedTuple):
    """Pictures of an episode in order, and what one should know who looks at them."""

    shots: list[Shot]
    note: str = ""


class Still(msgspec.Struct, frozen=True):
    """A picture on a page: when it was taken, and the picture itself as a `data:` address."""

    seconds: float
    address: str


class Stills(msgspec.Struct, frozen=True):
    """Some pictures of an episode, from its beginning to its end; the note says why there are none, or what to know."""

    shots: list[Still] = []
    note: str = ""


class Studio:
    """A world that draws, and in which episodes of it are played again; a context manager.

    Args:
        spec: of the world.
        size: width and height of a picture in pixels, if the world has an attribute `picture` that lets one choose.
        fine: with everything that makes a picture better and slower, likewise.

    Raises:
        UsageError: when the world's seats take turns.
    """

    def __init__(self, spec: str, *, size: tuple[int, int], fine: bool) -> None:
        world = registry.make(spec)
        if not isinstance(world, Simulation):
            world.close()
            raise UsageError(
                f"Expected a simulation, got {world.id}, whose seats take turns; "
                "`gristmill show RUN --nth 0` shows an episode in words."
            )
        if hasattr(world, "picture"):
            world.picture = {"width": size[0], "height": size[1], "fine": fine}
        self._world = world
        self._env = world.vector(1)  # one for all episodes, since what is needed to draw takes long to set up
        self._rate = float(self._env.metadata.get("render_fps", _RATE))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._env.close()
        self._world.close()

    def film(self, episode: Episode, count: int | None = None) -> Film:
        """Play an episode again, and return pictures of it.

        Args:
            episode: the record.
            count: of pictures, at equal distances from the first to the last; by default as many as make a smooth film.

        Raises:
            UsageError: when nothing can be drawn, or the record holds no actions.
        """
        steps = episode.steps
        if steps is None or "value" not in steps.actions:
            raise UsageError(
                f"Expected an episode with recorded actions, got {episode.id}, which has none to play again."
            )
        count = smooth(len(steps), self._rate) if count is None else count
        places = {round(place) for place in np.linspace(0, len(steps), min(count, len(steps) + 1))}
        session = _Filming(self._env, steps.actions["value"], places, self._rate)
        (seat,) = episode.seats
        # The seed decides what the policy saw, which does not matter once it is known what it did.
        try:
            (went,) = rollouts(self._env, [episode.scenario], [0], session, seat=seat)
        except EpisodeError as error:
            raise UsageError(f"Expected an episode that can begin, got {episode.id}: {error}.") from None
        if went.fault is None:
            session.look()
        if session.problem:
            raise session.problem
        return Film(session.shots, _note(self._world, episode, went.state))


def smooth(steps: int, rate: float) -> int:
    """Return how many pictures make a film of so many control steps, of which there are `rate` in a second."""
    return min(steps, math.ceil(steps * _RATE / rate), _MOST - 1) + 1


class _Filming(Recorded):
    """A session that repeats the actions of one row, and takes pictures on the way."""

    def __init__(self, env: Rows, actions: Array, places: set[int], rate: float) -> None:
        super().__init__(actions[None])
        self.shots: list[Shot] = []
        self.problem: Exception | None = None
        self._env, self._left, self._rate, self._step = env, set(places), rate, 0

    def act(self, rows: Sequence[int], observations: Mapping[str, Array]) -> Array:
        """Take a picture if it is time for one, and return the next action; where none can be taken it is over."""
        self.look()
        self._step += 1
        if self.problem:
            raise Ended
        return super().act(rows, observations)

    def look(self) -> None:
        """Take a picture if it is time for one."""
        if self._step not in self._left:
            return
        self._left.remove(self._step)
        try:
            self.shots.append(Shot(self._step / self._rate, self._env.render()[0]))
        except NotImplementedError:
            self.problem = UsageError("Expected a world that draws pictures, got one without `render`.")
        except Exception as error:  # noqa: BLE001  # it is no fault of the episode, so the loop is not to see it
            self.problem = error


def _note(world: Simulation, episode: Episode, state: Any) -> str:
    """Return in what the replay is not what was recorded."""
    if episode.state is None or state == episode.state:
        return ""
    reasons = []
    named = other_platform(world, episode)
    if other := [name for name, value in named.items() if value != world.platform[name]]:
        there, here = (", ".join(each[name] for name in other) for each in (named, world.platform))
        reasons.append(f"it was recorded on {there}, and this is {here}")
    if world.version != episode.version:
        reasons.append(f"it was played by version {episode.version}, and this is {world.version}")
    why = "; ".join(reasons) or "the world has changed, or the record has"
    return f"The replay that is seen here does not end as the record does: {why}."


# On a page.


def stills(spec: str, episodes: Sequence[Episode]) -> list[Stills]:
    """Return pictures of episodes for a page; where there is nothing to draw with, a note instead."""
    try:
        with Studio(spec, size=_SIZE, fine=True) as studio:
            return [_stills(studio, episode) for episode in episodes]
    except GristmillError as error:
        return [Stills(note=f"No pictures: {error}") for _ in episodes]


def _stills(studio: Studio, episode: Episode) -> Stills:
    try:
        found = studio.film(episode, _STILLS)
        return Stills([Still(shot.seconds, _address(shot.image)) for shot in found.shots], found.note)
    except GristmillError as error:
        return Stills(note=f"No pictures: {error}")
    except ModuleNotFoundError as error:
        return Stills(note=f"No pictures: {error}; {install_line(error) or 'install it'}.")


def _address(image: Array) -> str:
    from PIL import Image

    packed = io.BytesIO()
    Image.fromarray(image).save(packed, "WEBP", quality=82)
    return f"data:image/webp;base64,{base64.b64encode(packed.getvalue()).decode()}"
