"""What only several processes or devices can show."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import jax
import numpy as np
import pytest

from gristmill.agents.model.store import load_model
from gristmill.training import checkpoints

ROOT = Path(__file__).parents[2]
HOME = {"PYTHONPATH": str(ROOT)}
JOB = """
import sys
from dataclasses import replace
from pathlib import Path
from gristmill.training import train
from tests.training.tiny import CONFIG, views
train(Path(sys.argv[1]), views(16), valid=views(4, first=100), config=replace(CONFIG, epochs=6, save_every=2))
"""
SHARDED = """
import jax, numpy as np
from jax.sharding import Mesh
from gristmill.training.data import Batches, Corpus, choose_shapes
from gristmill.training.optimiser import Optimiser
from gristmill.training.step import fresh_state, place, replicate, update
from gristmill.agents.model.template import Template
from tests.training.tiny import model, views
template = Template(model().tokenizer)
corpus = Corpus.of(template, views(4), max_len=256)
batch = Batches(corpus, choose_shapes(corpus, rows=4, buckets=1), seed=0, pad=0).at(0)
found = []
for count in (1, 4):
    mesh = Mesh(np.array(jax.devices()[:count]), ("data",))
    state = replicate(fresh_state(jax.tree.map(lambda leaf: leaf + 0, model().params), Optimiser()), mesh)
    placed = place(batch, mesh)
    assert len(placed.tokens.sharding.device_set) == count
    found.append(update(state, placed, jax.numpy.float32(0.02), config=model().config, how=Optimiser()))
one, four = ([np.asarray(leaf) for leaf in jax.tree.leaves(result)] for result in found)
print(max(float(np.abs(a - b).max()) for a, b in zip(one, four, strict=True)))
"""


def start(out: Path) -> subprocess.Popen[bytes]:
    """Start the job in a fresh interpreter."""
    return subprocess.Popen([sys.executable, "-c", JOB, str(out)], cwd=ROOT, env=os.environ | HOME)


@pytest.mark.slow
def test_a_killed_job_ends_as_if_it_had_not_been(tmp_path: Path) -> None:
    """A job that is killed with signal 9 as soon as it has saved something, twice, ends with the same bits."""
    assert 0 == start(tmp_path / "whole").wait(timeout=300)
    for kill in (1, 2):
        process = start(tmp_path / "killed")
        before = checkpoints.last(tmp_path / "killed")
        while process.poll() is None and checkpoints.last(tmp_path / "killed") == before:
            time.sleep(0.01)
        process.send_signal(signal.SIGKILL)
        assert process.wait() in (0, -signal.SIGKILL), kill
    assert 0 == start(tmp_path / "killed").wait(timeout=300)
    one, two = (checkpoints.last(tmp_path / name) for name in ("whole", "killed"))

    assert one is not None
    assert two is not None
    pairs = zip(*(jax.tree.leaves(load_model(found[0]).params) for found in (one, two)), strict=True)
    assert all(np.array_equal(a, b) for a, b in pairs)
    metrics = [(tmp_path / name / "metrics.jsonl").read_bytes() for name in ("whole", "killed")]
    assert metrics[0] == metrics[1]


@pytest.mark.slow
def test_a_step_on_four_devices_equals_a_step_on_one() -> None:
    """Rows spread over devices give the same parameters up to rounding."""
    flags = {"XLA_FLAGS": "--xla_force_host_platform_device_count=4", "JAX_PLATFORMS": "cpu"}
    command = [sys.executable, "-c", SHARDED]
    done = subprocess.run(command, cwd=ROOT, env=os.environ | HOME | flags, capture_output=True, check=True)

    assert float(done.stdout) < 1e-4
