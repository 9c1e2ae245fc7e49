"""Worlds of money: what customers pay, suppliers ask and a bank allows comes in, and whether a firm stays solvent comes out.

`treasury` is the world, `firm` has the rules of its weeks, and `scenarios` says what may happen and how often.
"""

from gristmill.envs.registration import registered

__all__: list[str] = []
__getattr__ = registered("finance", __name__)
