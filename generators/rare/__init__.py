"""Rare events: a Space and a graded severity come in; what comes out is how likely the event is, with an interval, and which
scenarios bring it about.

Everything works on a `Problem` and moves in the latent cube of its Space. Nothing here knows of worlds or policies.
"""
