"""The Space of support scenarios, and the shop that a scenario sets up.

A request says what the customer wants and in which state its order is; `blocked` requests meet one of the
obstacles of the policy. Two levels share one shape: `demo` has one request in most conversations and few faults,
`full` has up to three requests and more of everything that goes wrong. The level `rare` has at most three as well, and
next to nothing goes wrong there, but more can: see `rare`.
"""

from functools import cache
from typing import Any

from gristmill.envs.support import rare
from gristmill.envs.support.types import BLOCKERS, FAMILIES, FAMILY_OF, INTENTS, ORDER_INTENTS, Row, Rows
from gristmill.errors import unknown
from gristmill.generators.fields import Choice, Fake, Field, Flag, Integer, Many, Pattern
from gristmill.generators.space import Space

__all__ = ["LEVELS", "blocker", "email_of", "new_item_of", "shop_rows", "support_space"]

# Rates per level: weights of one, two and three requests, then the rate of each difficulty.
LEVELS: dict[str, dict[str, Any]] = {
    "demo": {"counts": (0.85, 0.15, 0.0), "blocked": 0.3, "fault": 0.15, "behaviour": 0.06},
    "full": {"counts": (0.6, 0.3, 0.1), "blocked": 0.35, "fault": 0.3, "behaviour": 0.1},
    "rare": {"counts": (0.75, 0.2, 0.05), "blocked": 0.2, "fault": 0.0, "behaviour": 0.02},
}
_ITEMS = tuple(FAMILY_OF)
_WITH_ITEM = ("cancel_item", "refund", "exchange", "damaged")


@cache
def support_space(level: str = "full") -> Space:
    """Return the Space of a level.

    Raises:
        UsageError: for a level that does not exist.
    """
    if level not in LEVELS:
        raise unknown("level", level, LEVELS)
    rate = LEVELS[level]
    fields: dict[str, Field] = {
        "first": Fake("first_name", size=400, flat=True),
        "last": Fake("last_name", size=400, flat=True),
        "host": Choice(("mail.com", "post.net", "inbox.org")),
        "zip": Pattern("#####"),
        "wrong_zip": Pattern("#####"),
        "customer_id": Pattern("C####"),
        "other_id": Pattern("C####"),
        "balance": Integer(0, 150, unit="dollars"),
        "impostor": Flag(rate["behaviour"] / 2),
        "zip_slip": Flag(rate["behaviour"]),
        "second_thoughts": Flag(rate["behaviour"]),
        "first_wish": Choice(INTENTS).when(second_thoughts=True),
        "fault": Choice(
            ("none", "timeout-before", "timeout-after", "stale-read", "rate-limit"),
            (1 - rate["fault"], *[rate["fault"] / 4] * 4),
        ),
        "fault_on": Choice(("read", "write")).when(fault="rate-limit"),
        "fault_nth": Choice((1, 2), (0.8, 0.2)),
    }
    request = _request_fields(rate)
    if level == "rare":
        fields |= rare.fields()
        request |= rare.request_fields()
    fields["requests"] = Many(Space(request), Choice((1, 2, 3), rate["counts"]))
    return Space(fields, where=_distinct)


def _request_fields(rate: dict[str, Any]) -> dict[str, Field]:
    return {
        "intent": Choice(INTENTS),
        "order_id": Pattern("W####").when(intent=ORDER_INTENTS),
        "owner": Choice(("self", "other"), (1 - rate["behaviour"] / 2, rate["behaviour"] / 2)).when(
            intent=ORDER_INTENTS
        ),
        "blocked": Flag(rate["blocked"]).when(intent=tuple(name for name in ORDER_INTENTS if BLOCKERS[name])),
        "blocker": Integer(0, 5).when(blocked=True),
        "status": Choice(("pending", "shipped", "delivered")).when(intent="status"),
        "item": Choice(_ITEMS).when(intent=ORDER_INTENTS),
        "price": Integer(11, 95, unit="dollars").when(intent=ORDER_INTENTS),
        "second_item": Flag(0.35).when(intent=ORDER_INTENTS),
        "item_2": Choice(_ITEMS).when(second_item=True),
        "price_2": Integer(11, 95, unit="dollars").when(second_item=True),
        "paid_by": Choice(("card", "gift card"), (0.7, 0.3)).when(intent=ORDER_INTENTS),
        "days": Integer(1, 30, unit="days").when(intent=ORDER_INTENTS),
        "extra_days": Integer(1, 60, unit="days").when(intent=ORDER_INTENTS),
        "new_item": Integer(0, 4).when(intent="exchange"),
        "new_price": Integer(11, 95, unit="dollars").when(intent="exchange"),
        "street": Fake("street_name", size=300, flat=True).when(intent=ORDER_INTENTS),
        "house": Integer(1, 99).when(intent=ORDER_INTENTS),
        "new_street": Fake("street_name", size=300, flat=True).when(intent="address"),
        "new_house": Integer(1, 99).when(intent="address"),
        "new_host": Choice(("mail.com", "post.net", "inbox.org")).when(intent="email"),
        "new_number": Integer(10, 99).when(intent="email"),
        "knows_order": Flag(0.8).when(intent=ORDER_INTENTS),
        "order_slip": Flag(rate["behaviour"]).when(knows_order=True),
        "wrong_order": Pattern("W####").when(order_slip=True),
        "details_first": Flag(0.5),
    }


def _distinct(values: dict[str, Any]) -> bool:
    """Numbers that must differ do; no two requests have one intent, or an item in common."""
    intents = [request["intent"] for request in values["requests"]]
    orders = [request["order_id"] for request in values["requests"] if "order_id" in request]
    orders += [request["wrong_order"] for request in values["requests"] if "wrong_order" in request]
    names = [name for request in values["requests"] for name in _names(request)]
    return (
        len(set(intents)) == len(intents)
        and len(set(orders)) == len(orders)
        and len(set(names)) == len(names)
        and values["zip"] != values["wrong_zip"]
        and values["customer_id"] != values["other_id"]
    )


def _names(request: dict[str, Any]) -> list[str]:
    """Return the items a request is about, the one asked for in exchange included."""
    names = [request[key] for key in ("item", "item_2") if key in request]
    return [*names, new_item_of(request)] if request["intent"] == "exchange" else names


def email_of(values: dict[str, Any]) -> str:
    """Return the customer's e-mail address."""
    return f"{values['first']}.{values['last']}@{values['host']}".lower()


def new_item_of(request: dict[str, Any]) -> str:
    """Return the item asked for in exchange: of the same family unless that is the obstacle."""
    family, place = FAMILY_OF[request["item"]], int(request["new_item"])
    if blocker(request) == "other_family":
        families = [name for name in FAMILIES if name != family]
        return FAMILIES[families[place]][place]
    return [item for item in FAMILIES[family] if item != request["item"]][place]


def blocker(request: dict[str, Any]) -> str:
    """Return the obstacle that a request meets, or an empty string."""
    if not request.get("blocked"):
        return ""
    reasons = BLOCKERS[request["intent"]]
    return reasons[int(request["blocker"]) % len(reasons)]


def shop_rows(values: dict[str, Any]) -> Rows:
    """Return the rows of every table as the scenario sets them up, in the order of their keys."""
    balance = values["balance"]
    rows: Rows = {
        name: [] for name in ("customers", "products", "orders", "items", "shipments", "payments", "tickets")
    }
    for request in values["requests"]:
        if request["intent"] in BLOCKERS:
            balance = _add_order(rows, values, request, balance)
    other = {
        "customer_id": values["other_id"],
        "email": "owner@shop.test",
        "zip": values["zip"],
        "balance": 0,
    }
    own = {
        "customer_id": values["customer_id"],
        "email": email_of(values),
        "zip": values["zip"],
        "balance": balance,
    }
    rows["customers"] = [{**row, "escalated": ""} for row in (own, other)]
    for name, key in (("customers", "customer_id"), ("products", "item"), ("orders", "order_id")):
        rows[name].sort(key=lambda row, key=key: row[key])  # type: ignore[misc]  # mypy cannot infer a lambda's default
    rows["items"].sort(key=lambda row: (row["order_id"], row["item"]))
    rows["shipments"].sort(key=lambda row: row["order_id"])
    for number, row in enumerate(rows["payments"], 1):
        row["payment_id"] = number
    return rows


def _add_order(rows: Rows, values: dict[str, Any], request: dict[str, Any], balance: int) -> int:
    """Add a request's order and what belongs to it; return the gift-card balance it asks for."""
    order, reason = request["order_id"], blocker(request)
    status = _status(request, reason)
    days = request["days"] + (30 if reason == "outside_window" else 0)
    owner = values["customer_id"] if request["owner"] == "self" else values["other_id"]
    paid_by = "card" if request["intent"] == "gift_payment" else request["paid_by"]
    rows["orders"].append(
        {
            "order_id": order,
            "customer_id": owner,
            "status": status,
            "days": days,
            "paid_by": paid_by,
            "ship_to": f"{request['house']} {request['street']}",
        }
    )
    total = 0
    for suffix in ("", "_2") if request["second_item"] else ("",):
        item, price = request[f"item{suffix}"], request[f"price{suffix}"]
        final = reason == "final_sale" and not suffix
        state = "refunded" if request["intent"] == "refund" and request.get("fraud") and not suffix else "ok"
        rows["items"].append(
            {"order_id": order, "item": item, "price": price, "final_sale": int(final), "state": state}
        )
        rows["products"].append({"item": item, "family": FAMILY_OF[item], "price": price, "stock": 5})
        total += price
    if request["intent"] == "exchange":
        new = new_item_of(request)
        stock = 0 if reason == "out_of_stock" else 3
        rows["products"].append(
            {"item": new, "family": FAMILY_OF[new], "price": request["new_price"], "stock": stock}
        )
    rows["shipments"].append(_shipment(request, status, days, reason))
    rows["payments"].append({"payment_id": 0, "order_id": order, "method": paid_by, "amount": total})
    if any(row["state"] == "refunded" and row["order_id"] == order for row in rows["items"]):
        paid_back = -request["price"]
        rows["payments"].append({"payment_id": 0, "order_id": order, "method": paid_by, "amount": paid_back})
    if request["intent"] == "gift_payment":
        return total - 1 - request["extra_days"] % 10 if reason == "low_balance" else max(balance, total)
    return balance


def _status(request: dict[str, Any], reason: str) -> str:
    match request["intent"]:
        case "status":
            return str(request["status"])
        case "cancel_order" | "cancel_item" | "address" | "gift_payment":
            if reason != "already_shipped":
                return "pending"
            return "shipped" if request["days"] % 2 else "delivered"
        case "lost":
            return "delivered" if request.get("fraud") else "shipped"
    return "shipped" if reason == "not_delivered" else "delivered"


def _shipment(request: dict[str, Any], status: str, days: int, reason: str) -> Row:
    row: Row = {"order_id": request["order_id"]}
    if status == "shipped" and request["intent"] == "lost":
        late = request["days"] % 7 + 1 if reason == "not_late" else 7 + request["extra_days"] % 20 + 1
        return {**row, "state": "late", "days": late}
    if status == "delivered":
        return {**row, "state": "delivered", "days": days}
    return {
        **row,
        "state": "preparing" if status == "pending" else "in transit",
        "days": request["days"] % 9 + 1,
    }
