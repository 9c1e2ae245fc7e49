"""The ledger: who found what of which episode, with what evidence. Rows are appended and never changed.

An episode can have many verdicts: by level, by verifier, by version of a verifier. A verdict is withdrawn by a new
row. What counts is the latest row of an (episode, verifier, level), and only while the record that was judged is the
one that is there. A level contains those below it, so a pass also takes the place of a weaker verdict that was none.

Where a verdict judges seats by themselves, all of this holds for what it says of each of them, too.
"""

import platform
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import msgspec

from gristmill.digest import decoder, encode, fingerprint
from gristmill.recorders._chain import ChainWriter, read_chain
from gristmill.recorders._files import Damage
from gristmill.types import Check, Level, Status, Verdict

__all__ = ["LEVELS", "Ledger", "LedgerRow", "Standing", "latest", "read_ledger", "standing", "verdict_id"]

LEVELS: tuple[Level, ...] = ("checked", "replayed", "mutation-tested")  # from weak to strong
_HOST = f"{platform.system()}-{platform.machine()}-python{platform.python_version()}"


class LedgerRow(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One line of the ledger: a verdict, or the withdrawal of one.

    Attributes:
        verdict: the finding; its id is the hash of this part alone, so it does not depend on when or where it was made.
        revokes: id of the verdict that is withdrawn.
        reason: why.
        host: class of machine it was made on.
        cost: seconds of CPU it took; 0 when not measured.
        time: seconds since 1970.
    """

    verdict: Verdict | None = None
    revokes: str = ""
    reason: str = ""
    host: str = ""
    cost: float = 0.0
    time: float = 0.0


_row = decoder(LedgerRow)


def verdict_id(verdict: Verdict) -> str:
    """Return the identity of a verdict: what was found, by what code, of which record."""
    return fingerprint(encode(verdict))


class Ledger:
    """Appends to one file of the ledger."""

    def __init__(self, path: Path, run_id: str) -> None:
        self._chain = ChainWriter(path, run_id)

    def record(self, *verdicts: Verdict, cost: float = 0.0) -> None:
        """Append verdicts in one write."""
        now = time.time()
        self._chain.append(
            *[LedgerRow(verdict=verdict, host=_HOST, cost=cost, time=now) for verdict in verdicts]
        )

    def revoke(self, verdict: str, reason: str) -> None:
        """Withdraw the verdict with this id."""
        self._chain.append(LedgerRow(revokes=verdict, reason=reason, host=_HOST, time=time.time()))

    def sync(self) -> None:
        """Make the rows survive a power loss."""
        self._chain.sync()

    def close(self) -> None:
        """Close the file."""
        self._chain.close()


def read_ledger(paths: Iterable[Path], run_id: str, damage: list[Damage]) -> Iterator[LedgerRow]:
    """Yield the sound rows of all files, oldest file first, and note the others in `damage`."""
    for path in paths:
        for body in read_chain(path, run_id, damage):
            try:
                row = _row(body)
            except msgspec.DecodeError as error:
                message = f"a row cannot be decoded: {error}"
                damage.append(Damage(where=f"{path.parent.name}/{path.name}", message=message, lost=0))
            else:
                yield row


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """What a verdict comes down to when episodes are chosen.

    Attributes:
        verdict_id: which verdict.
        status: what it says.
        version: version of the verifier.
        level: how strongly it was looked.
        content_hash: the record that was judged.
        reasons: the checks that did not pass, with the side at fault where there is one.
        score: how well the seat did that it is about, from 0 to 1; None where that was not checked.
        seats: what it comes down to for each seat whose own conduct was checked.
    """

    verdict_id: str
    status: Status
    version: str
    level: Level
    content_hash: str
    reasons: tuple[str, ...] = ()
    score: float | None = None
    seats: dict[str, "Standing"] = {}

    def of(self, seat: str) -> "Standing":
        """Return what it says of one seat, which is what it says of the episode where it names none of that name."""
        return self.seats.get(seat, self)


def latest(rows: Iterable[LedgerRow]) -> dict[str, dict[tuple[str, Level], Standing]]:
    """Return, by episode, the verdict that counts of every (verifier, level); a withdrawn one leaves nothing."""
    counts: dict[str, dict[tuple[str, Level], Standing]] = {}
    revoked: dict[str, None] = {}
    for row in rows:
        if row.revokes:
            revoked[row.revokes] = None
        if row.verdict is not None:
            found = standing(row.verdict)
            revoked.pop(found.verdict_id, None)  # found again after it was withdrawn
            verdicts = counts.setdefault(row.verdict.episode_id, {})
            verdicts[row.verdict.verifier, row.verdict.level] = found
            _overrule(verdicts, row.verdict.verifier, row.verdict.level, found)
    for verdicts in counts.values() if revoked else ():
        for key, found in list(verdicts.items()):
            if found.verdict_id in revoked:
                del verdicts[key]
            elif any(own.verdict_id in revoked for own in found.seats.values()):
                left = {seat: own for seat, own in found.seats.items() if own.verdict_id not in revoked}
                verdicts[key] = msgspec.structs.replace(found, seats=left)
    return counts


def _overrule(
    verdicts: dict[tuple[str, Level], Standing], verifier: str, level: Level, found: Standing
) -> None:
    if found.status != "pass" and not found.seats:
        return
    for weaker in LEVELS[: LEVELS.index(level)]:
        before = verdicts.get((verifier, weaker))
        if before is None or before.status == "pass":
            continue
        if found.status == "pass":
            verdicts[verifier, weaker] = found
            continue
        passed = {
            seat: own
            for seat, own in found.seats.items()
            if own.status == "pass" and before.of(seat).status != "pass"
        }
        if passed:
            verdicts[verifier, weaker] = msgspec.structs.replace(before, seats=before.seats | passed)


def standing(verdict: Verdict) -> Standing:
    """Return what counts of a verdict."""
    name, scores = verdict_id(verdict), verdict.scores

    def found(status: Status, checks: Sequence[Check], score: float | None = None) -> Standing:
        return Standing(
            verdict_id=name,
            status=status,
            version=verdict.version,
            level=verdict.level,
            content_hash=verdict.content_hash,
            reasons=tuple(dict.fromkeys(_reason(check) for check in checks if check.status != "pass")),
            score=score,
        )

    own = {
        seat: found(
            status, [one for one in verdict.checks if not one.seat or one.seat == seat], scores.get(seat)
        )
        for seat, status in verdict.seats.items()
    }
    return msgspec.structs.replace(found(verdict.status, verdict.checks), seats=own)


def _reason(check: Check) -> str:
    return f"{check.name}: {check.side}" if check.side else check.name
