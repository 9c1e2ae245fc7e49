"""Rare events: how likely they are, which kinds there are, and evaluation sets of them.

Example: gristmill rare estimate driving/highway-v1 --seat driver=typical
"""

VERBS = ("check", "estimate", "hunt", "shrink", "build", "score", "compare", "verify", "export")
