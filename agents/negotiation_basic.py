"""A minimal expert for both seats of the negotiation worlds: it concedes evenly, and accepts what is as good as its next offer."""

import itertools
import random
from typing import Any

from gristmill.policy import Script, policy
from gristmill.types import Brief, Entry, call

__all__ = ["expert"]


@policy("negotiation/market-v1", "*", "expert")
@policy("negotiation/resource-v1", "*", "expert")
def expert(brief: Brief, rng: random.Random) -> Script:
    """Concede evenly from the best outcome to the reservation, and accept what is as good as the next offer."""
    facts = brief.facts
    outcomes = _outcomes(facts)
    mirrored = "totals" in facts
    turn, last = 0, facts["deadline"] - 1
    if facts["opens"] != brief.seat:
        seen = yield None
    else:
        seen = []
    while True:
        turn += sum(_public(entry) for entry in seen)
        lasting = facts["discount"] ** min(turn + 1, last)
        floor = facts["reservation"] / lasting
        left = max(last - turn - 1, 0) / max(last - 1, 1)
        target = floor + (1 - floor) * left
        good = [one for one in outcomes if one[0] >= min(target, 0.999)] or [max(outcomes)]
        _, _, terms = max(good, key=lambda one: (one[1], one[0]))
        offered = next((entry["args"] for entry in reversed(seen) if entry.get("call") == "offer"), None)
        if offered is not None:
            theirs = {name: offered[name] for name in facts["issues"]}
            if mirrored:
                theirs = {name: facts["totals"][name] - count for name, count in theirs.items()}
            worth = _worth(facts, theirs)
            if worth * facts["discount"] ** turn >= facts["reservation"] and (
                worth >= target or turn >= last - 1
            ):
                yield call("accept", message=f"Agreed: {_said(theirs, mirrored)}.")
                return
        turn += 1
        seen = yield call("offer", **terms, message=f"I propose that {_said(terms, mirrored)}.")


def _public(entry: Entry) -> bool:
    return entry["from"] not in ("tool", "world") and "to" not in entry


def _worth(facts: dict[str, Any], terms: dict[str, int]) -> float:
    shares: dict[str, float] = facts["weights"]
    return sum(
        weight * float(facts["values"][name][facts["issues"][name].index(terms[name])])
        for name, weight in shares.items()
    )


def _outcomes(facts: dict[str, Any]) -> list[tuple[float, float, dict[str, int]]]:
    """Return every outcome with its utility, and what it would be worth to another with even weights."""
    names = list(facts["issues"])
    found = []
    for options in itertools.product(*facts["issues"].values()):
        terms = dict(zip(names, options, strict=True))
        other = -sum(
            facts["values"][name][facts["issues"][name].index(value)] for name, value in terms.items()
        )
        found.append((_worth(facts, terms), other, terms))
    return found


def _said(terms: dict[str, int], mirrored: bool) -> str:
    if mirrored:
        parts = [f"{count} {name if count != 1 else name[:-1]}" for name, count in terms.items()]
        return f"I keep {parts[0]}, {parts[1]} and {parts[2]}"
    pay = f"payment after {terms['payment']} days" if terms["payment"] else "payment on delivery"
    return f"we say ${terms['price']}, delivery in {terms['delivery']} days, {terms['warranty']} months of warranty, {pay}"
