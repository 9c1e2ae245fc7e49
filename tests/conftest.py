"""Tests give the same result on every machine and in every order."""

import os
from pathlib import Path

import pytest
from hypothesis import settings

# Set before any test can import JAX: no test depends on an accelerator, or takes hold of one.
os.environ.setdefault("JAX_PLATFORMS", "cpu")

settings.register_profile("gristmill", derandomize=True, deadline=None)
settings.load_profile("gristmill")


@pytest.fixture(scope="session")
def reach(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of a robot, with episodes that pass and others; tests only read it."""
    from gristmill.workflows.run import run

    out = tmp_path_factory.mktemp("runs") / "reach"
    run("robots/reach-v1", {"robot": "proposal"}, out, n=12)
    return out
