"""How fast a decoder learns and speaks here: python benchmarks/bench_model.py.

Training is compared with the fastest matrix product that the same machine does in the same run. "Rows" of decoding
are lanes that all speak; tokens are counted per second of wall time and per second of processor time.
"""

import argparse
import os
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import jax
import jax.numpy as jnp
import numpy as np

from gristmill.agents.model import decode
from gristmill.agents.model.config import ModelConfig
from gristmill.agents.model.decoder import Params, count, init_params
from gristmill.agents.model.sampling import Sampling
from gristmill.agents.model.session import SIZES
from gristmill.training.data import Batch
from gristmill.training.optimiser import Optimiser
from gristmill.training.step import fresh_state, update

ROWS, TOKENS, PREDICTED = 16, 256, 96  # a typical batch of the demo
ACT = 32  # tokens of an act


def timed(work: Callable[[], object], repeats: int) -> tuple[float, float]:
    """Return seconds of wall time and of processor time per call, after a first call that is not counted."""
    jax.block_until_ready(work())
    wall, used = time.perf_counter(), time.process_time()
    for _ in range(repeats):
        result = work()
    jax.block_until_ready(result)
    return (time.perf_counter() - wall) / repeats, (time.process_time() - used) / repeats


def peak(size: int = 1024) -> float:
    """Return the floating-point operations per second of a square float32 product."""
    one = jnp.ones((size, size))
    product = jax.jit(lambda x: x @ x)
    return 2 * size**3 / timed(lambda: product(one), 10)[0]


def training(config: ModelConfig, repeats: int) -> tuple[float, float, float]:
    """Return tokens per second, tokens per processor second, and operations per second of training steps."""
    rng = np.random.default_rng(0)
    tokens = rng.integers(0, config.vocab, (ROWS, TOKENS), dtype=np.int32)
    keep = np.sort(rng.permuted(np.tile(np.arange(TOKENS - 1), (ROWS, 1)), axis=1)[:, :PREDICTED]).astype(
        np.int32
    )
    targets = np.take_along_axis(tokens, keep + 1, axis=1)
    batch = Batch(tokens, keep, targets, np.ones(keep.shape, np.float32))
    how, rate = Optimiser(), jnp.float32(0.01)
    state = fresh_state(init_params(config, jax.random.key(0)), how)

    def step() -> object:
        nonlocal state
        state, score = update(state, batch, rate, config=config, how=how)
        return score

    wall, used = timed(step, repeats)
    return ROWS * TOKENS / wall, ROWS * TOKENS / used, operations(config) / wall


def operations(config: ModelConfig) -> float:
    """Return the matrix operations of one training step that are asked for: forward, and twice that backward."""
    c = config
    per_layer = c.dim * c.head_dim * (2 * c.heads + 2 * c.kv_heads) + 3 * c.dim * c.ffn
    early = ROWS * TOKENS * ((c.layers - 1) * per_layer + 2 * c.dim * c.head_dim * c.kv_heads)
    late = ROWS * PREDICTED * (per_layer - 2 * c.dim * c.head_dim * c.kv_heads + c.dim * c.vocab)
    attention = ROWS * c.heads * c.head_dim * TOKENS * ((c.layers - 1) * TOKENS + PREDICTED)  # half is masked
    return 3 * 2 * (early + late + attention)


def decoding(params: Params, config: ModelConfig, rows: int, cores: int, repeats: int) -> tuple[float, float]:
    """Return tokens per second and per processor second of `rows` rows that each write one act."""
    size = next((size for size in SIZES if size >= rows), SIZES[-1])
    how = Sampling(max_tokens=ACT)
    cache = decode.empty_cache(config, size, 256)
    start, asked = jnp.full(size, 150, jnp.int32), jnp.ones(size, bool)
    last, keys = jnp.zeros((size, config.vocab)), jax.random.split(jax.random.key(0), size)

    def block(_: int) -> object:
        acts = decode.write(params, cache, last, start, asked, keys, config=config, how=how, end=-1)
        return jax.block_until_ready(acts)

    with ThreadPoolExecutor(cores) as pool:
        wall, used = timed(lambda: list(pool.map(block, range(-(-rows // size)))), repeats)
    return rows * ACT / wall, rows * ACT / used


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--repeats", type=int, default=10, help="calls per figure (default: 10)")
    repeats = parser.parse_args().repeats
    cores = len(os.sched_getaffinity(0))
    config = ModelConfig()
    params = init_params(config, jax.random.key(0))
    most = peak()
    print(
        f"{cores} cores, jax {jax.__version__}, {count(params):,} parameters, {most / 1e9:.0f} GFLOP/s float32 peak"
    )
    print(f"{'':26s}{'tokens/s':>12s}{'per CPU s':>12s}{'of peak':>10s}")
    wall, used, speed = training(config, repeats)
    print(f"{f'training, {ROWS} x {TOKENS}':26s}{wall:12,.0f}{used:12,.0f}{speed / most:10.0%}")
    for rows in (1, 16, 64, 512):
        wall, used = decoding(params, config, rows, cores, repeats)
        print(f"{f'decoding, {rows} rows':26s}{wall:12,.0f}{used:12,.0f}")


if __name__ == "__main__":
    main()
