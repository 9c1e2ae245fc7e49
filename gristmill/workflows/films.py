"""Films and strips of episodes as files: several episodes lie beside each other, each in the colour of its verdict."""

import io
import math
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from gristmill.errors import UsageError
from gristmill.files import write_whole
from gristmill.workflows.pictures import Film, Shot

__all__ = ["FORMATS", "STRIP", "Take", "write"]

Array = NDArray[Any]
Font = ImageFont.FreeTypeFont | ImageFont.ImageFont
FORMATS = (".webp", ".png", ".gif", ".mp4")
STRIP = 6  # shots beside each other in a picture that does not move

_COLOURS = {
    "pass": (38, 148, 92),
    "fail": (196, 60, 48),
    "error": (190, 130, 10),
    "unverified": (110, 122, 134),
}
_BORDER, _TEXT, _INK = 4, 13, (31, 37, 43)
_LAST = 1200  # ms for which a film stands still before it begins anew
_QUALITY = 45  # of WebP: at 320 by 240 pixels, 64 frames take about 60 kB
_KEYS = {
    "kmin": 998,
    "kmax": 999,
}  # frames from one that stands for itself to the next; each is half as large again


class Take(NamedTuple):
    """A film with the words that stand on it, and the status that gives its colour."""

    film: Film
    title: str
    status: str


def write(takes: Sequence[Take], out: Path) -> Path:
    """Write a film of some episodes, or as .png a strip of their shots, and return its path.

    Raises:
        UsageError: when the file's name ends in something else than one of `FORMATS`, or it takes more than is installed.
        StoreError: when the file cannot be written.
    """
    if out.suffix.lower() not in FORMATS:
        raise UsageError(f"Expected a file that ends in one of {', '.join(FORMATS)}, got {out}.")
    content = _WRITERS[out.suffix.lower()](takes)
    write_whole(out, content)
    return out


def _strip(takes: Sequence[Take]) -> bytes:
    rows = [np.concatenate([_labelled(take, shot) for shot in take.film.shots], axis=1) for take in takes]
    return _packed([Image.fromarray(np.concatenate(_padded(rows)))], "PNG", optimize=True)


def _webp(takes: Sequence[Take]) -> bytes:
    frames, durations = _animated(takes)
    return _packed(frames, "WEBP", duration=durations, loop=0, quality=_QUALITY, method=3, **_KEYS)


def _gif(takes: Sequence[Take]) -> bytes:
    frames, durations = _animated(takes)
    return _packed(frames, "GIF", duration=durations, loop=0)


def _mp4(takes: Sequence[Take]) -> bytes:
    try:
        import imageio.v3 as imageio
    except ModuleNotFoundError as error:
        raise UsageError(f"{_NO_MP4} ({error})") from None
    frames, durations = _animated(takes)
    even = [np.asarray(one)[: one.height // 2 * 2, : one.width // 2 * 2] for one in frames]
    try:
        found: bytes = imageio.imwrite(
            "<bytes>", even, extension=".mp4", fps=1000 / durations[0], codec="libx264"
        )
    except (ImportError, OSError) as error:
        raise UsageError(f"{_NO_MP4} ({error})") from None
    return found


_NO_MP4 = (
    "Expected imageio with FFmpeg for .mp4, got none: pip install 'imageio[ffmpeg]', or write .webp or .gif."
)
_WRITERS: dict[str, Callable[[Sequence[Take]], bytes]] = {
    ".webp": _webp, ".png": _strip, ".gif": _gif, ".mp4": _mp4
}  # fmt: skip


def _packed(frames: list[Image.Image], kind: str, **options: Any) -> bytes:
    packed = io.BytesIO()
    more = {"save_all": True, "append_images": frames[1:]} if len(frames) > 1 else {}
    frames[0].save(packed, kind, **more, **options)
    return packed.getvalue()


def _animated(takes: Sequence[Take]) -> tuple[list[Image.Image], list[int]]:
    """Return the frames of all films beside each other, and how long each stands, in ms."""
    longest = max((take.film.shots for take in takes), key=len)
    frames = [Image.fromarray(_beside([_at(take, place) for take in takes])) for place in range(len(longest))]
    times = [round(1000 * shot.seconds) for shot in longest]
    return frames, [*(after - before for before, after in pairwise(times)), _LAST]


def _at(take: Take, place: int) -> Array:
    """Return a frame of one film, its last one when it is over."""
    shots = take.film.shots
    return _labelled(take, shots[min(place, len(shots) - 1)])


def _beside(pictures: list[Array]) -> Array:
    """Return pictures in rows and columns."""
    across = math.ceil(math.sqrt(len(pictures)))
    rows = [
        np.concatenate(pictures[start : start + across], axis=1) for start in range(0, len(pictures), across)
    ]
    return np.concatenate(_padded(rows))


def _padded(rows: list[Array]) -> list[Array]:
    """Return rows that are all as wide as the widest, white at the end."""
    width = max(row.shape[1] for row in rows)
    return [np.pad(row, ((0, 0), (0, width - row.shape[1]), (0, 0)), constant_values=255) for row in rows]


def _labelled(take: Take, shot: Shot) -> Array:
    """Return a picture with its border, title and time."""
    picture = Image.fromarray(shot.image)
    draw, font = ImageDraw.Draw(picture), ImageFont.load_default(_TEXT)
    colour = _COLOURS.get(take.status, _COLOURS["unverified"])
    width, height = picture.size
    draw.rectangle((0, 0, width - 1, height - 1), outline=colour, width=_BORDER)
    at = 2 * _BORDER + 2
    draw.text((at, at), _fitting(take.title, font, width - 2 * at), fill=colour, font=font)
    draw.text((at, height - at), f"{shot.seconds:.2f} s", fill=_INK, font=font, anchor="lb")
    return np.asarray(picture)


def _fitting(text: str, font: Font, width: int) -> str:
    """Return as much of a text as there is room for."""
    fits = next((size for size in range(len(text), 0, -1) if font.getlength(_cut(text, size)) <= width), 0)
    return _cut(text, fits)


def _cut(text: str, size: int) -> str:
    return text if size == len(text) else f"{text[:size].rstrip()}..."
