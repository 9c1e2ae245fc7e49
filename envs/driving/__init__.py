"""Driving worlds: traffic, weather and what runs onto the road come in, a driver accelerates and steers, and what comes out is judged by where it ends.

Gymnasium knows them by their ids, once this package is imported: `gymnasium.make("gristmill.envs.driving:driving/highway-v1")`,
and `gymnasium.make_vec` for many rows.
"""

from gristmill.envs.registration import registered

__all__: list[str] = []

__getattr__ = registered("driving", __name__)
