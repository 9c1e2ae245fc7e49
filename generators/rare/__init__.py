"""Rare events: a Space and a graded severity come in; what comes out is how likely the event is, with an interval, and which
scenarios bring it about.

Everything works on a `Problem` and moves in the latent cube of its Space. Nothing here knows of worlds or policies.

- How likely: `prepare` plans, `splitting` and `trajectories` climb, `replicates` runs them, `estimate` stops and combines;
  `tilt` draws rare options more often, `importance` draws from known proposals, `intervals` has what figures are worth.
- Which: `archive` finds every kind, `hunting` plausible failures, `machine` sequences of events, `shrinking` the least that
  it takes, `coverage` all combinations.
"""
