"""The customer's part: whether that seat kept to the facts that the scenario gave it.

A customer who breaks its script is an error of its own seat and never a failure of the agent. Some breaches spoil
every episode. Others (a question left open, hanging up too soon) are held against the customer only where the
agent did not succeed in spite of them.
"""

import re
from itertools import takewhile
from typing import Any

from gristmill.envs.support import speech
from gristmill.envs.support.rules import new_address, new_email
from gristmill.envs.support.scenarios import email_of, new_item_of
from gristmill.envs.support.types import BLOCKERS
from gristmill.types import Entry, Episode

__all__ = ["breach", "lapse", "raises", "talking_on"]

_PATIENCE = 4  # messages of the agent after which giving up is understandable
# Told this, a customer has nothing more to ask. A scripted one takes no other message for it.
_TURNS_AWAY = re.compile(
    r"(\b(not|cannot|unable to|no|fail\w*)|n't)( [\w']+){0,3} (identif\w+|confirm\w*|verif\w+|match\w*|find)"
    r" ((that |it's |that it's )?(who )?you( are)?\b(?=$|[.,;:!]| (with|as|from|by|in)\b)|((your|the|this|that|those|any|an|our) )*"
    r"(identity|details|account|e-?mail|zip|information|data|records?)\b)"
    r"|\b(identity|details|e-?mail|zip|information)\b[^.,;!?]{0,25}(\bnot|n't|\bno)\b[^.,;!?]{0,20}\b(confirm|verif|match)"
    r"|\bno match\b|\bwithout (\w+ )?verif"
)
_INVITES = re.compile(r"\?|\b(please|tell me|let me know|need|share|provide)\b")
_UNSURE = re.compile(r"\b(do not|don't|no idea|can't say|could not tell|not sure)\b")
_RAISED = {
    intent: re.compile(pattern)
    for intent, pattern in {
        "cancel_order": r"cancel|call(ed)? off",
        "cancel_item": r"remov|drop|tak(e|ing)|took|leave out|cancel|without",
        "refund": r"refund|money back|reimburs|return",
        "exchange": r"exchang|swap|trade|replace|switch|change",
        "address": r"address|sen[dt]|ship|deliver|redirect",
        "gift_payment": r"gift",
        "lost": r"never|lost|missing|not? (arriv|com|show|turn)|n't (arriv|com|show|turn)|disappear",
        "damaged": r"damag|brok|crack|scratch|dent|defect|fault|shatter|torn|pieces",
        "status": r"where|status|when|track|arriv|how (many|long)|news|delivery",
        "balance": r"balance|left on|worth|gift card",
        "email": r"e-?mail",
        "human": r"person|human|someone|somebody|manager|representative|colleague|agent|supervisor",
    }.items()
}


def breach(episode: Episode, values: dict[str, Any]) -> dict[str, Any]:
    """Return what the customer did that spoils any episode, as evidence; empty if nothing."""
    opening = next((entry for entry in episode.entries if entry["from"] == "customer"), None)
    if opening is None or "say" not in opening:
        return {"expected": "an opening message", "got": opening}
    spoken = [
        (entry["from"], entry["say"]) for entry in episode.entries if "say" in entry and "to" not in entry
    ]
    early = " ".join(text for _, text in takewhile(lambda one: one[0] == "customer", spoken)).lower()
    if any(secret in early for secret in (email_of(values), values["zip"], values["wrong_zip"])):
        return {"expected": "e-mail and zip code only when asked", "got": early}
    known = _known(values)
    for seat, line in spoken:
        if seat == "agent":
            known |= speech.numbers(line)
        elif strange := speech.invented(line, known):
            return {"expected": "only numbers that it knows", "got": sorted(strange)}
    text = " ".join(line for seat, line in spoken if seat == "customer").lower()
    missing = [request["intent"] for request in values["requests"] if not _raised(request, text)]
    if missing and (_outcome(episode) != "done" or _turned_away(episode, values)):
        # With second thoughts even the first request is raised only in a second message.
        acts = sum(entry["from"] == "customer" for entry in episode.entries)
        missing = missing[: acts > 1] if missing[0] == values["requests"][0]["intent"] else []
    return (
        {"expected": "every request raised", "got": f"never raised: {', '.join(missing)}"} if missing else {}
    )


def lapse(episode: Episode, values: dict[str, Any]) -> dict[str, Any]:
    """Return what the customer did that an agent can get over, as evidence; empty if nothing."""
    entries = episode.entries
    acts = [entry for entry in entries if entry["from"] in ("customer", "agent")]
    if episode.end == "truncated" and acts and acts[-1]["from"] == "customer" and "say" not in acts[-1]:
        return {"expected": "acts that parse", "got": acts[-1]}
    spoken = 0
    owed: set[str] = set()  # what the customer was asked for, and left unanswered
    for place, entry in enumerate(entries):
        if not _says(entry, "agent"):
            continue
        spoken += 1
        answer = next((one for one in entries[place + 1 :] if one["from"] == "customer"), {})
        asked = speech.questions(entry["say"])
        fitting = {name: facts for name in asked if (facts := _fitting(values, name))}
        if answer.get("call") == "hang_up" and (fitting or "other" in asked) and spoken < _PATIENCE:
            return {"expected": f"an answer to {entry['say']!r}", "got": "hanging up"}
        if "say" not in answer or not fitting:
            continue
        heard = answer["say"].casefold()
        if _UNSURE.search(heard) or any(one in heard for facts in fitting.values() for one in facts):
            owed.difference_update(fitting)
        elif owed.isdisjoint(fitting):
            owed.update(fitting)  # anybody may need to be reminded
        else:
            return {"expected": f"an answer to {entry['say']!r}", "got": answer["say"]}
    if _outcome(episode) == "gave up" and spoken < _PATIENCE:
        return {"expected": f"patience for {_PATIENCE} messages", "got": f"gave up after {spoken}"}
    return {}


def talking_on(episode: Episode) -> dict[str, Any]:
    """Return, of an episode that went on for ever, whether the customer talked where nothing was asked of it."""
    acts = [entry for entry in episode.entries if entry["from"] in ("customer", "agent")]
    last = next((entry for entry in reversed(acts) if entry["from"] == "agent"), {})
    if any("say" not in entry for entry in acts[-2:]) or _INVITES.search(last.get("say", "").casefold()):
        return {}
    return {"expected": "hanging up after the last answer", "got": acts[-1]}


def _turned_away(episode: Episode, values: dict[str, Any]) -> bool:
    """Return whether the customer was sent away; an impostor hears only what is said."""
    if any(
        entry.get("call") == "file_refusal" and entry["args"].get("reason") == "identity"
        for entry in episode.entries
    ):
        return True
    lines = [entry["say"] for entry in episode.entries if _says(entry, "agent")]
    return any(
        (_TURNS_AWAY.search(speech.plain(line).casefold()) and not speech.questions(line))
        or (values["impostor"] and not speech.says_no(line, "identity"))
        for line in lines
    )


def _fitting(values: dict[str, Any], question: str) -> list[str]:
    """Return the facts of which one has to be in the answer; empty if the customer has none to give."""
    requests = values["requests"]
    match question:
        case "identity":
            return [values["zip"], values["wrong_zip"], email_of(values)]
        case "order":
            about = [request for request in requests if request["intent"] in BLOCKERS]
            if all(request["knows_order"] or request["owner"] == "other" for request in about):
                return [
                    str(request[key]).lower()
                    for request in about
                    for key in ("order_id", "wrong_order")
                    if key in request
                ]
        case "address":
            return [new_address(request).lower() for request in requests if request["intent"] == "address"]
        case "new_item":
            return [new_item_of(request) for request in requests if request["intent"] == "exchange"]
        case "new_email":
            return [new_email(values, request) for request in requests if request["intent"] == "email"]
    return []


def _known(values: dict[str, Any]) -> set[str]:
    known = [values["zip"], values["wrong_zip"], email_of(values)]
    for request in values["requests"]:
        known += [str(request.get("order_id", "")), str(request.get("wrong_order", ""))]
        if request["intent"] == "address":
            known.append(new_address(request))
        if request["intent"] == "email":
            known.append(new_email(values, request))
    return speech.digits(" ".join(known))


def raises(intent: str, text: str) -> bool:
    """Return whether a message speaks of what a request of some intent is about."""
    return _RAISED[intent].search(text.lower()) is not None


def _raised(request: dict[str, Any], text: str) -> bool:
    names = [request[key].lower() for key in ("item", "order_id", "wrong_order") if key in request]
    return raises(request["intent"], text) and (not names or any(name in text for name in names))


def _outcome(episode: Episode) -> str:
    last = episode.entries[-1] if episode.entries else {}
    return str(last["args"].get("outcome", "")) if last.get("call") == "hang_up" else ""


def _says(entry: Entry, seat: str) -> bool:
    return entry["from"] == seat and "say" in entry and "to" not in entry
