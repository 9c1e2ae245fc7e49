"""What is kept: attempts come in, verified episodes go out as views and exports, scenarios as evaluation sets; what was acknowledged is never lost, and every drop has a reason."""
