"""What will happen: a space and a seed come in, scenarios go out; the same seed always gives the same scenario, with its log-density."""
