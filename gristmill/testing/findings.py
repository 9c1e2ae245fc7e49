"""What a check comes to."""

import re
from typing import Literal, NoReturn

import msgspec

__all__ = ["CheckReport", "Failed", "Finding", "Skipped", "fail", "skip"]

Outcome = Literal["pass", "fail", "skip"]


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One finding about a world.

    Attributes:
        id: name of the probe.
        status: `skip` when there was nothing to probe, or an earlier probe has to pass first.
        measured: what was seen.
        remedy: what would put a failure right.
    """

    id: str
    status: Outcome
    measured: str
    remedy: str = ""


class CheckReport(msgspec.Struct, frozen=True, kw_only=True):
    """All findings about a world.

    Attributes:
        world: as it was asked for.
        version: of its code; empty when it could not be built.
        findings: in the order of the battery.
        seconds: how long it took.
    """

    world: str
    version: str
    findings: tuple[Finding, ...]
    seconds: float

    @property
    def ok(self) -> bool:
        """Whether no probe failed."""
        return not self.failures

    @property
    def failures(self) -> list[Finding]:
        """The findings that failed."""
        return [finding for finding in self.findings if finding.status == "fail"]


class Failed(Exception):
    """A probe found something; raised by `fail`."""

    def __init__(self, measured: str, remedy: str) -> None:
        super().__init__(measured)
        self.measured, self.remedy = measured, remedy


class Skipped(Exception):
    """There was nothing to probe; raised by `skip`."""


def fail(measured: str, remedy: str) -> NoReturn:
    """End a probe with a failure: what was seen, and what would put it right."""
    raise Failed(re.sub(r"\s+", " ", measured), remedy)


def skip(why: str) -> NoReturn:
    """End a probe that has nothing to probe."""
    raise Skipped(why)
