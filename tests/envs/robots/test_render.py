"""Pictures of a scene: drawn off-screen, and of no consequence for what is simulated."""

import subprocess
import sys
from collections.abc import Iterator

import mujoco
import numpy as np
import pytest

from gristmill.envs.robots.models import model_hash
from gristmill.envs.robots.reach import Reach
from gristmill.envs.robots.render import Camera
from gristmill.errors import UsageError

REST = np.array([0.0, -1.2, 1.8, 0.4])


@pytest.fixture(scope="module")
def model() -> mujoco.MjModel:
    """A scene."""
    return Reach().nominal


@pytest.fixture
def camera(model: mujoco.MjModel) -> Iterator[Camera]:
    """A camera; without OpenGL there is nothing to test."""
    try:
        made = Camera(model, width=96, height=64, fine=False)
    except UsageError as error:
        pytest.skip(str(error))
    with made:
        yield made


def test_a_picture_shows_the_configuration(camera: Camera) -> None:
    """It has the size that was asked for; equal configurations look equal, others do not."""
    first, again, other = camera.shot(REST), camera.shot(REST), camera.shot(REST + 0.5)

    assert ((64, 96, 3), "uint8") == (first.shape, str(first.dtype))
    assert (first == again).all()
    assert (first != other).any()


def test_a_fine_picture_has_shadows(camera: Camera, model: mujoco.MjModel) -> None:
    """Some of it is much darker, and the model that was looked at is as it was."""
    before = model_hash(model)
    with Camera(model, width=96, height=64) as fine:
        shadowed = fine.shot(REST)

    assert before == model_hash(model)
    assert (camera.shot(REST).astype(int) - shadowed > 50).mean() > 0.005


def test_two_cameras_do_not_disturb_each_other(camera: Camera, model: mujoco.MjModel) -> None:
    """What one shows does not depend on what another has drawn in between."""
    before = camera.shot(REST)
    with Camera(model, width=48, height=48, fine=False) as other:
        other.shot(REST + 0.5)
        between = camera.shot(REST)

    assert (before == between).all()
    assert (before == camera.shot(REST)).all()


def test_a_scene_without_the_camera_is_seen_from_afar(camera: Camera) -> None:
    """A world of another author need not name its cameras as ours do."""
    own = mujoco.MjModel.from_xml_string(
        '<mujoco><worldbody><light pos="0 0 3"/><geom size="0.1" rgba="1 0 0 1"/></worldbody></mujoco>'
    )
    with Camera(own, width=96, height=64, fine=False) as found:
        assert found.shot(np.zeros(0)).max() > 100


def test_looking_changes_nothing(camera: Camera) -> None:
    """An episode that is drawn at every step ends as one that nobody looks at."""
    ends = []
    for looks in (False, True):
        world = Reach()
        world.picture = {"width": 64, "height": 64, "fine": False}
        world.reset(seed=3)
        for _ in range(5):
            seen, *_ = world.step(np.array(REST + 0.1, dtype=np.float32))
            if looks:
                assert (64, 64, 3) == world.render().shape
        world.close()
        ends.append(seen["joints"])

    assert (ends[0] == ends[1]).all()


def test_without_opengl_it_is_said_what_to_install(
    model: mujoco.MjModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One sentence names the variable and the packages."""
    monkeypatch.setenv("MUJOCO_GL", "off")
    with pytest.raises(
        UsageError, match=r"MUJOCO_GL='off'.* apt-get install libegl1 .* libosmesa6"
    ) as caught:
        Camera(model)

    assert caught.value.__cause__ is None


def test_nothing_is_loaded_to_draw_with_before_something_is_drawn() -> None:
    """Simulating takes neither OpenGL nor Pillow."""
    code = """
import sys
import numpy as np
from gristmill.envs.robots.reach import Reach
world = Reach()
world.reset(seed=0)
world.step(np.zeros(4, dtype=np.float32))
print([name for name in sys.modules if name.partition(".")[0] in ("OpenGL", "PIL")])
"""
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert "[]" == found.stdout.strip()
