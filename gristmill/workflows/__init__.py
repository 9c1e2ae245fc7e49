"""What the command line does, as functions: plain arguments come in, files are written, a report goes out; running one again does only what is missing."""

__all__ = ["EVALUATION_SEED"]

# The root seed of evaluations that are given none; runs that make data take 0 by themselves, so the two do not meet.
EVALUATION_SEED = 1_000_000
