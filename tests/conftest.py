"""Tests give the same result on every machine and in every order."""

import os

from hypothesis import settings

# Set before any test can import JAX: no test depends on an accelerator, or takes hold of one.
os.environ.setdefault("JAX_PLATFORMS", "cpu")

settings.register_profile("gristmill", derandomize=True, deadline=None)
settings.load_profile("gristmill")
