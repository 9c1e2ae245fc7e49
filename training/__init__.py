"""What learns: kept episodes come in, model checkpoints go out; loss falls only on the trained seat, and a killed run resumes exactly."""
