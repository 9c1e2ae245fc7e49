"""The road from above as a picture, drawn with NumPy alone; across the road everything is larger than along it."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from gristmill.envs.driving.motion import LANE, LENGTH, WIDTH

__all__ = ["drawn"]

Array = NDArray[Any]
_WIDTH, _HEIGHT = 480, 160  # pixels
_ALONG, _ACROSS = 2.5, 12.0  # pixels in a metre
_LEAST = 5  # pixels along the road that anything takes
_OWN = 90  # pixels from the left at which the own front is
_GRASS, _ROAD, _LINE, _HAZE = (120, 150, 96), (92, 96, 102), (240, 240, 236), (205, 210, 214)
_COLOURS = ((46, 96, 180), (212, 168, 40), (140, 84, 44))  # the vehicle ahead, that beside, an animal
_HIT = (206, 42, 36)


def drawn(state: dict[str, Array]) -> Array:
    """Return a picture of the only row of a state of the highway, [height, width, 3] uint8."""
    image = np.empty((_HEIGHT, _WIDTH, 3), dtype=np.uint8)
    image[:] = _GRASS
    x, touched = float(state["x"][0]), int(state["touched"][0])
    image[_row(1.5 * LANE) : _row(-0.5 * LANE)] = _ROAD
    for edge in (1.5 * LANE, -0.5 * LANE):
        image[_row(edge) - 1 : _row(edge) + 1] = _LINE
    dashes = ((np.arange(_WIDTH) - _OWN) / _ALONG + x) % 12.0 < 4.0
    image[_row(0.5 * LANE), dashes] = _LINE
    sight = _OWN + round(_ALONG * float(state["sight"][0]))
    if sight < _WIDTH:  # beyond it nothing can be seen from the own vehicle
        image[:, sight:] = (image[:, sight:].astype(np.uint16) + np.array(_HAZE)) // 2
    sizes = zip(state["lengths"][0].tolist(), state["widths"][0].tolist(), strict=True)
    for place, (length, width) in enumerate(sizes):
        rear = float(state["places"][0, place]) - x
        colour = _HIT if touched == place else _COLOURS[place]
        _box(image, rear, float(state["across"][0, place]), length, width, colour)
    _box(image, -LENGTH, float(state["y"][0]), LENGTH, WIDTH, _HIT if touched >= 0 else (250, 250, 250))
    return image


def _row(across: float) -> int:
    """Return the row of pixels of a place across the road."""
    return round(_HEIGHT / 2 - _ACROSS * (across - 0.5 * LANE))


def _box(
    image: Array, rear: float, across: float, length: float, width: float, colour: tuple[int, ...]
) -> None:
    """Draw something from its rear, in metres ahead of the own front, as far as it is within the picture."""
    left = round(_OWN + _ALONG * rear)
    right = max(round(_OWN + _ALONG * (rear + length)), left + _LEAST)
    top, bottom = _row(across + 0.5 * width), _row(across - 0.5 * width)
    image[max(top, 0) : max(bottom, 0), max(left, 0) : max(right, 0)] = colour
