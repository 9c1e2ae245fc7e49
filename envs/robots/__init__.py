"""Robot worlds: scenarios come in, MuJoCo moves many arms at once, and what comes out is judged by the physical state they end in.

Gymnasium knows them by their ids, once this package is imported, and imports the simulator with the first one made:
`gymnasium.make("gristmill.envs.robots:robots/reach-v1")`, and `gymnasium.make_vec` for many rows in one simulator.

A task is one file of rules on `world.RobotWorld`: `reach`, `pick_place`, `stack`, `drawer` and `pour`, with a scene in
`assets` and what `arm` and `gripper` share. Below the rules lies what serves every task, those of others too: `scenarios`
says what disturbs, `models` compiles, `simulator` steps rows, which the rules see as `physics`, `stage` is the control
loop, `vector` the environment, `verify` judges records and `render` draws. A change there, but for drawing, is a new
version of every robot world.
"""

from gristmill.envs.registration import registered

__all__: list[str] = []

__getattr__ = registered("robots", __name__)
