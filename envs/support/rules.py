"""The policy, decided from the scenario: what each request deserves, and the state that follows.

This is the truth that episodes are judged by. It reads the rows a scenario sets up and shares no code with the
shop's tools or with any policy that plays.
"""

from typing import Any

from gristmill.envs.support import rare
from gristmill.envs.support.scenarios import new_item_of, shop_rows
from gristmill.envs.support.types import BLOCKERS, Row, Rows, Wish

__all__ = ["decide", "new_address", "new_email"]

_WINDOW = 30  # days after delivery
_LATE = 7  # days


def decide(values: dict[str, Any]) -> tuple[list[Wish], Rows]:
    """Return what the rules say about each request, in order, and the rows of every table when just that was done."""
    rows = shop_rows(values)
    if values["impostor"]:
        wishes = [_refuse("", "identity")]
        _apply(rows, wishes[0])
    elif rare.is_takeover(values):
        wishes = [_hand_over(values, "fraud")]
        _apply(rows, wishes[0])
    else:
        wishes = []
        for request in values["requests"]:  # each meets what the ones before have left
            wishes.append(_in_spite_of_outages(values, request, rows, _about(values, request, rows)))
            _apply(rows, wishes[-1])
            if wishes[-1].args.get("reason") == "fraud":
                break  # after which nothing more is done
    for number, ticket in enumerate(rows["tickets"], 1):
        ticket["ticket_id"] = number
    return wishes, rows


def new_email(values: dict[str, Any], request: dict[str, Any]) -> str:
    """Return the address a customer wants instead."""
    return f"{values['first']}{request['new_number']}@{request['new_host']}".lower()


def new_address(request: dict[str, Any]) -> str:
    """Return the address an order should go to instead."""
    return f"{request['new_house']} {request['new_street']}"


def _refuse(order: str, reason: str, *tell: int) -> Wish:
    return Wish(tool="file_refusal", args={"order_id": order, "reason": reason}, tell=tell, refused=True)


def _hand_over(values: dict[str, Any], reason: str) -> Wish:
    return Wish(tool="escalate", args={"customer_id": values["customer_id"], "reason": reason}, handed=True)


def _in_spite_of_outages(values: dict[str, Any], request: dict[str, Any], rows: Rows, wish: Wish) -> Wish:
    """Return the wish, or that a person gets the request where what is needed does not answer."""
    down = rare.down(values)
    if "get_order" in down and request["intent"] in BLOCKERS:
        return _hand_over(values, "human")  # not even whose order it is can be known
    if not down or wish.handed or wish.args.get("reason") == "not_owner":
        return wish
    needed = {wish.tool}
    if request["intent"] in ("status", "lost"):
        order = next(row for row in rows["orders"] if row["order_id"] == request["order_id"])
        if order["status"] != "delivered":  # else the order itself tells the days
            needed.add("track_shipment")
    if wish.args.get("reason") in ("other_family", "out_of_stock"):
        needed.add("get_product")
    return _hand_over(values, "human") if needed & set(down) else wish


def _about(values: dict[str, Any], request: dict[str, Any], rows: Rows) -> Wish:
    account = next(row for row in rows["customers"] if row["customer_id"] == values["customer_id"])
    if request["intent"] in BLOCKERS:
        return _about_order(values, request, rows, account)
    match request["intent"]:
        case "balance":
            return Wish(args={"customer_id": account["customer_id"]}, tell=(account["balance"],))
        case "email":
            args = {"customer_id": account["customer_id"], "email": new_email(values, request)}
            return Wish(tool="update_email", args=args)
    return Wish(tool="escalate", args={"customer_id": account["customer_id"], "reason": "human"})


def _about_order(values: dict[str, Any], request: dict[str, Any], rows: Rows, account: Row) -> Wish:
    number = request["order_id"]
    order = next(row for row in rows["orders"] if row["order_id"] == number)
    items = {row["item"]: row for row in rows["items"] if row["order_id"] == number}
    item = items[request["item"]]
    if order["customer_id"] != values["customer_id"]:
        return _refuse(number, "not_owner")
    if request.get("fraud"):
        return _hand_over(values, "fraud")
    shipment = next(row for row in rows["shipments"] if row["order_id"] == number)
    pending = order["status"] == "pending"
    total = sum(row["price"] for row in items.values())
    match request["intent"]:
        case "status":
            return Wish(args={"order_id": number, "state": shipment["state"]}, tell=(shipment["days"],))
        case "cancel_order" if pending:
            return Wish(tool="cancel_order", args={"order_id": number}, tell=(total,))
        case "cancel_item" if pending:
            return Wish(
                tool="cancel_item", args={"order_id": number, "item": item["item"]}, tell=(item["price"],)
            )
        case "address" if pending:
            return Wish(tool="change_address", args={"order_id": number, "address": new_address(request)})
        case "gift_payment" if pending and account["balance"] < total:
            return _refuse(number, "low_balance")
        case "gift_payment" if pending:
            return Wish(
                tool="pay_with_gift_card", args={"order_id": number}, tell=(account["balance"] - total,)
            )
        case "lost" if shipment["days"] > _LATE:
            return Wish(tool="open_claim", args={"order_id": number, "kind": "lost"})
        case "lost":
            return _refuse(number, "not_late", shipment["days"])
        case "refund" | "exchange" | "damaged":
            return _after_delivery(request, rows, order, item)
    return _refuse(number, "already_shipped")


def _after_delivery(request: dict[str, Any], rows: Rows, order: Row, item: Row) -> Wish:
    number, name = order["order_id"], item["item"]
    if order["status"] != "delivered":
        return _refuse(number, "not_delivered")
    if order["days"] > _WINDOW:
        return _refuse(number, "outside_window")
    if request["intent"] == "damaged":
        return Wish(tool="open_claim", args={"order_id": number, "kind": "damaged"})
    if request["intent"] == "refund":
        if item["final_sale"]:
            return _refuse(number, "final_sale")
        args = {"order_id": number, "item": name, "to": order["paid_by"]}
        return Wish(tool="refund_item", args=args, tell=(item["price"],))
    products = {row["item"]: row for row in rows["products"]}
    old, new = products[name], products[new_item_of(request)]
    if old["family"] != new["family"]:
        return _refuse(number, "other_family")
    if not new["stock"]:
        return _refuse(number, "out_of_stock")
    args = {"order_id": number, "item": name, "new_item": new["item"]}
    difference = new["price"] - item["price"]
    sign = (difference > 0) - (difference < 0)
    return Wish(tool="exchange_item", args=args, tell=(abs(difference),), sign=sign)


def _apply(rows: Rows, wish: Wish) -> None:
    """Make the change of one wish, in plain Python."""
    args = wish.args
    orders = {row["order_id"]: row for row in rows["orders"]}
    order = orders.get(args.get("order_id", ""))
    items = [row for row in rows["items"] if order and row["order_id"] == order["order_id"]]
    customers = {row["customer_id"]: row for row in rows["customers"]}

    def ticket(kind: str, reason: str) -> None:
        rows["tickets"].append({"ticket_id": 0, "order_id": args["order_id"], "kind": kind, "reason": reason})

    def pay(method: str, amount: int) -> None:
        payment = {"payment_id": len(rows["payments"]) + 1, "order_id": args["order_id"], "method": method}
        rows["payments"].append({**payment, "amount": amount})

    match wish.tool:
        case "file_refusal":
            ticket("refusal", args["reason"])
        case "open_claim":
            ticket("claim", args["kind"])
        case "escalate":
            customers[args["customer_id"]]["escalated"] = args["reason"]
        case "update_email":
            customers[args["customer_id"]]["email"] = args["email"]
        case "change_address" if order:
            order["ship_to"] = args["address"]
        case "cancel_order" if order:
            order["status"] = "cancelled"
            pay(order["paid_by"], -sum(row["price"] for row in items if row["state"] == "ok"))
            for row in items:
                row["state"] = "cancelled"
        case "pay_with_gift_card" if order:
            total = sum(row["price"] for row in items)
            pay("card", -total)
            pay("gift card", total)
            order["paid_by"] = "gift card"
            customers[order["customer_id"]]["balance"] -= total
        case "cancel_item" | "refund_item" | "exchange_item" if order:
            item = next(row for row in items if row["item"] == args["item"])
            if wish.tool == "exchange_item":
                new = next(row for row in rows["products"] if row["item"] == args["new_item"])
                new["stock"] -= 1
                difference = new["price"] - item["price"]
                item["state"] = f"exchanged for {new['item']}, {difference}"
                pay(order["paid_by"], difference)
            else:
                item["state"] = "cancelled" if wish.tool == "cancel_item" else "refunded"
                pay(str(args.get("to") or order["paid_by"]), -item["price"])
