"""Worlds of production: blanks, a tool that wears and a gauge that errs come in, and what leaves the line comes out.

`line` is the world, `shift` has the rules of its units, and `scenarios` says what may happen and how often.
"""

from gristmill.envs.registration import registered

__all__: list[str] = []
__getattr__ = registered("factory", __name__)
