"""Tasks by topic: a tree of skills and a seed come in, tasks with answers that can be checked go out, the rarest first."""
