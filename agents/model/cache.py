"""Where compiled programs are kept between runs."""

import os
from collections.abc import Callable
from pathlib import Path

import jax

__all__ = ["use_compilation_cache"]

VARIABLE = "GRISTMILL_JAX_CACHE"
_set: Callable[[str, object], None] = jax.config.update  # published without types


def use_compilation_cache(folder: Path | str | None = None) -> Path | None:
    """Keep what JAX compiles in `folder`, so that the next process starts at once.

    Args:
        folder: by default the environment variable GRISTMILL_JAX_CACHE, else `~/.cache/gristmill/jax`; an empty
            variable turns the cache off. A folder that JAX was given before is left as it is.

    Returns:
        The folder in use, or None when there is none or it cannot be written.
    """
    given = jax.config.values["jax_compilation_cache_dir"]
    if folder is None and given:
        return Path(given)
    chosen = os.environ.get(VARIABLE) if folder is None else str(folder)
    if chosen == "":
        return None
    path = Path(chosen) if chosen else Path.home() / ".cache" / "gristmill" / "jax"
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError:
        return None
    _set("jax_compilation_cache_dir", str(path))
    _set("jax_persistent_cache_min_compile_time_secs", 0.3)
    return path
