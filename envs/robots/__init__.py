"""Robot worlds: scenarios come in, MuJoCo moves many arms at once, and what comes out is judged by the physical state they end in."""
