"""What a version is made of."""

from pathlib import Path

from gristmill.envs.versions import sources
from gristmill.plugins import module_of


def test_a_version_covers_the_template_that_a_world_draws_from(tmp_path: Path) -> None:
    """Other scenarios make another world; a template that the file does not name is somebody else's."""
    for name in ("desk.toml", "other.toml"):
        (tmp_path / name).write_text("")
    (tmp_path / "desk.py").write_text('TEMPLATE = "desk.toml"\n')

    assert {"desk.py", "desk.toml"} == {one.name for one in sources(module_of(tmp_path / "desk.py"))}
