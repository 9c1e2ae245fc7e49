"""Checks that any world can be put to: a spec comes in, findings with a remedy each go out; none of them trusts the world's own word."""

from gristmill.testing.battery import BATTERY, check_world
from gristmill.testing.findings import CheckReport, Finding

__all__ = ["BATTERY", "CheckReport", "Finding", "check_world"]
