"""Rare events of worlds: what `generators.rare` asks of a Space is asked of a world, by playing its scenarios.

- `playing` makes a problem of a world, its policies and a severity; `checking`, `estimating` and `hunting` ask it.
- `building*` makes evaluation sets, `scoring*` puts policies to them, `verifying` replays them, `exporting*` writes them for
  other tools.
- `page` and `charts` show what came out, `estimate_page` and `hunt_page` of what; `words` says rates.
"""
