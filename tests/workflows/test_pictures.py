"""Recorded simulations are played again and looked at: films, strips, and pictures on a page."""

import re
import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec
import numpy as np
import pytest
from PIL import Image, ImageSequence

from gristmill.errors import UsageError
from gristmill.recorders.store import RunStore
from gristmill.types import Episode
from gristmill.workflows.films import STRIP, Take, write
from gristmill.workflows.outcomes import outcomes
from gristmill.workflows.pictures import Film, Shot, Studio, smooth, stills
from gristmill.workflows.report import report_runs, write_report
from tests.workflows.pages import Page

REACH = "robots/reach-v1"


@pytest.fixture(scope="module")
def episode(reach: Path) -> Episode:
    """One of its episodes."""
    return next(RunStore.open(reach).episodes())


@pytest.fixture(scope="module")
def studio() -> Iterator[Studio]:
    """Where small pictures are made."""
    with Studio(REACH, size=(64, 48), fine=False) as made:
        yield made


def filmed(studio: Studio, episode: Episode, count: int | None = None) -> Film:
    """A film of an episode; without OpenGL there is nothing to test."""
    try:
        return studio.film(episode, count)
    except UsageError as error:
        if "OpenGL" not in str(error):
            raise
        pytest.skip(str(error))


def painted(status: str = "pass", shots: int = 3) -> Take:
    """A film that nobody had to draw."""
    return Take(
        Film([Shot(place / 10, np.full((48, 64, 3), 80 * place, np.uint8)) for place in range(shots)]),
        "7",
        status,
    )


# Playing again.


def test_pictures_go_from_the_first_moment_to_the_last(studio: Studio, episode: Episode) -> None:
    """They lie at equal distances, and the robot has moved."""
    shots = filmed(studio, episode, 6).shots

    assert [0.0, 0.32, 0.64, 0.96, 1.28, 1.6] == pytest.approx([shot.seconds for shot in shots])
    assert {(48, 64, 3)} == {shot.image.shape for shot in shots}
    assert (shots[0].image != shots[-1].image).any()


def test_a_replay_that_ends_as_the_record_does_is_not_remarked_on(studio: Studio, episode: Episode) -> None:
    """Nor is that several episodes are played in one studio."""
    assert ["", ""] == [filmed(studio, episode, 2).note for _ in range(2)]


def test_a_replay_that_ends_otherwise_says_why(studio: Studio, episode: Episode) -> None:
    """What is seen is then not what was judged: by another machine, by another version, or by nothing that is known."""
    start = {**episode.entries[0], "host": "another machine"}
    other = msgspec.structs.replace(episode, state={**episode.state, "qpos": [0.0] * 4})
    elsewhere = msgspec.structs.replace(other, entries=[start], version="0")

    assert "the world has changed, or the record has" in filmed(studio, other, 2).note
    assert re.search(
        "recorded on another machine, and this is .*; it was played by version 0",
        filmed(studio, elsewhere, 2).note,
    )


def test_a_film_is_smooth_but_not_endless() -> None:
    """At most 25 pictures a second, none between two control steps, and not more than a few hundred."""
    assert [26, 65, 256] == [smooth(50, 50.0), smooth(64, 20.0), smooth(100_000, 50.0)]


def test_an_episode_without_actions_cannot_be_seen(studio: Studio, episode: Episode) -> None:
    """A record of words, or one that never began, holds nothing to play again."""
    with pytest.raises(UsageError, match=f"recorded actions, got {episode.id}"):
        studio.film(msgspec.structs.replace(episode, steps=None))


def test_seats_that_take_turns_are_read() -> None:
    """The message says by which command."""
    with pytest.raises(UsageError, match="whose seats take turns; `gristmill show RUN"):
        Studio("support/retail-v1", size=(64, 48), fine=False)


# Files.


def test_a_film_is_a_file_that_moves(tmp_path: Path) -> None:
    """Every shot is a frame, the last one stands for a while, and films lie beside each other."""
    takes = [painted("pass"), painted("fail", shots=2), painted("error")]
    with Image.open(write(takes, tmp_path / "a" / "film.gif")) as film:
        assert (128, 96) == film.size
        assert [100, 100, 1200] == [frame.info["duration"] for frame in ImageSequence.Iterator(film)]
    with Image.open(write(takes[:1], tmp_path / "film.webp")) as film:
        assert 3 * [(64, 48)] == [frame.size for frame in ImageSequence.Iterator(film)]


def test_a_strip_has_a_row_for_every_episode(tmp_path: Path) -> None:
    """Each has the colour of its verdict, and white where its pictures end."""
    with Image.open(write([painted("pass"), painted("fail", shots=2)], tmp_path / "strip.png")) as strip:
        found = strip.convert("RGB")

    assert (3 * 64, 2 * 48) == found.size
    assert [(38, 148, 92), (196, 60, 48), (255, 255, 255)] == [
        found.getpixel(place) for place in ((1, 1), (1, 49), (180, 90))
    ]


def test_a_title_takes_the_room_there_is(tmp_path: Path) -> None:
    """What is too long for the picture is cut within it, so the frame stays whole."""
    take = painted("fail", shots=1)._replace(title="27: fail: " + "poured, " * 9)
    with Image.open(write([take], tmp_path / "strip.png")) as strip:
        found = np.asarray(strip.convert("RGB"))

    assert (found[:, -4:] == (196, 60, 48)).all()
    assert (found[8:24, 10:50] == (196, 60, 48)).all(axis=2).any()
    assert not (found[8:24, 56:-4] == (196, 60, 48)).all(axis=2).any()


def test_a_file_of_another_kind_is_refused(tmp_path: Path) -> None:
    """The message lists those that there are."""
    with pytest.raises(UsageError, match=r"one of \.webp, \.png, \.gif, \.mp4, got .*film\.avi"):
        write([painted()], tmp_path / "film.avi")


def test_what_mp4_takes_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is no requirement, since it is large."""
    monkeypatch.setitem(sys.modules, "imageio.v3", None)
    with pytest.raises(UsageError, match=r"pip install 'imageio\[ffmpeg\]'"):
        write([painted()], tmp_path / "film.mp4")


# The page.


def test_the_report_shows_a_simulation(reach: Path, tmp_path: Path, studio: Studio, episode: Episode) -> None:
    """Passed and rejected episodes have pictures within the page, and the first check that failed says what it found."""
    filmed(studio, episode, 2)
    text = write_report(report_runs([reach], count=4), tmp_path / "page.html").read_text()
    page = Page(text)
    failed = next(one for one in outcomes(RunStore.open(reach)) if one.status == "fail")

    assert [] == page.wrong
    assert 4 * STRIP == page.tags.count("img")
    assert all(one.startswith(("#", "data:image/webp;base64,")) for one in page.addresses)
    assert not any(word in text for word in ("http:", "https:", "url("))
    assert "Episodes to see" in page.text
    assert "Kind of scenario" in page.text
    assert f"<code>{failed.reasons[0]}</code> expected" in text


def test_the_report_does_without_opengl(reach: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A note says so once, above the episodes."""
    monkeypatch.setenv("MUJOCO_GL", "off")
    page = Page(write_report(report_runs([reach], count=2), tmp_path / "page.html").read_text())

    assert "img" not in page.tags
    assert 1 == page.text.count("No pictures: Expected OpenGL to draw with")
    assert "The pictures come from" not in page.text


def test_a_world_that_is_not_here_has_no_pictures(episode: Episode) -> None:
    """A report can be written where the plugin of the run is not installed."""
    (found,) = stills("nobody/nothing-v1", [episode])

    assert [] == found.shots
    assert "Unknown world 'nobody/nothing-v1'" in found.note


def test_pictures_on_a_page_are_small(studio: Studio, episode: Episode) -> None:
    """Six of them take less than a photograph."""
    filmed(studio, episode, 2)
    (found,) = stills(REACH, [episode])
    sizes = [len(still.address) for still in found.shots]

    assert STRIP == len(sizes)
    assert max(sizes) < 12_000
