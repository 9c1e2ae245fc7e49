"""Checks that any world can be put to: a spec comes in, findings with a remedy each go out; none of them trusts the world's own word."""
