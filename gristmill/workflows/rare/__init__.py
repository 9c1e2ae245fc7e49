"""Rare events of worlds: what `generators.rare` asks of a Space is asked of a world, by playing its scenarios."""
