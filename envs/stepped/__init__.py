"""Light worlds of one seat: scenarios come in, NumPy steps many rows at once, and what comes out is judged by the final states.

A world is one file of rules on `world.SteppedWorld`, in a folder of its own; there is no simulator beside it. `types` has
what rules speak of, `stage` is the loop, `vector` the environment, and `verify` judges records. A change here is a new
version of every stepped world.
"""
