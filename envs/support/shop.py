"""The shop: an embedded SQLite database and the tools that read and change it.

The tools keep the data consistent and enforce nothing else: following the policy is the agent's job, and like
many a real payment service they will gladly refund twice.
"""

import sqlite3
from functools import cache
from importlib.resources import files
from typing import Annotated, Any, Literal

from msgspec import Meta

from gristmill.digest import decode
from gristmill.envs.support.types import REASONS, Row, Rows
from gristmill.envs.tools import tool
from gristmill.errors import ToolError

__all__ = ["Shop"]

OrderId = Annotated[str, Meta(description="order number, such as W4821", max_length=40)]
Item = Annotated[str, Meta(description="item name, such as kettle", max_length=40)]
CustomerId = Annotated[str, Meta(description="as find_customer returns it", max_length=40)]
Text = Annotated[str, Meta(max_length=200)]
Reason = Literal[REASONS]  # type: ignore[valid-type]  # a literal of the names that the policy document uses

_ORDER_OF = {
    "customers": "customer_id",
    "products": "item",
    "orders": "order_id",
    "items": "order_id, item",
    "shipments": "order_id",
    "payments": "payment_id",
    "tickets": "ticket_id",
}


class Shop:
    """Tools over one in-memory database, filled anew for every episode."""

    def __init__(self) -> None:
        image, self._insert, self._dump = _blank()
        self._db = sqlite3.connect(":memory:", isolation_level=None)
        self._db.deserialize(image)
        self._names: dict[str, list[str]] = {}  # of the columns, by query
        self._alerts: dict[str, str] = {}

    def fill(self, rows: Rows, *, alerts: dict[str, str] | None = None) -> None:
        """Replace the whole content by `rows`, with what there is to warn of about customers, by their ids."""
        self._alerts = alerts or {}
        # Rolling back one transaction is far cheaper than dropping, or emptying, seven tables.
        if self._db.in_transaction:
            self._db.execute("ROLLBACK")
        self._db.execute("BEGIN")
        for name, some in rows.items():
            if some:
                self._db.executemany(self._insert[name], some)

    def rows(self) -> Rows:
        """Return the whole content, in the order of the keys."""
        rows: Rows = decode(self._db.execute(self._dump).fetchone()[0])
        return rows

    def close(self) -> None:
        """Close the database."""
        self._db.close()

    # What can be read.

    @tool
    def find_customer(self, email: Text, zip: Text) -> Row:
        """Find the customer whose e-mail and zip code both match."""
        row = self._one("SELECT customer_id FROM customers WHERE email = ? AND zip = ?", email, zip)
        if row is None:
            raise ToolError("no match")
        alert = self._alerts.get(row["customer_id"])
        return {**row, "alert": alert} if alert else row

    @tool
    def list_orders(self, customer_id: CustomerId) -> list[Row]:
        """List a customer's orders with their items."""
        orders = self._all("SELECT order_id FROM orders WHERE customer_id = ? ORDER BY order_id", customer_id)
        return [
            {**order, "items": [row["item"] for row in self._items(order["order_id"])]} for order in orders
        ]

    @tool
    def get_order(self, order_id: OrderId) -> Row:
        """Look at an order: owner, status, days since, payment, items, and what was done about it."""
        order = self._order(order_id)
        rows, items = self._items(order_id), []
        for row in rows:
            shown = {"item": row["item"], "price": row["price"]}
            if row["final_sale"]:
                shown["final_sale"] = True
            if row["state"] != "ok":
                shown["state"] = row["state"]
            items.append(shown)
        view: Row = {key: order[key] for key in ("customer_id", "status", "days", "paid_by")}
        if order["status"] == "pending":
            view["ship_to"] = order["ship_to"]
        view["items"] = items
        view["total"] = sum(row["price"] for row in rows if row["state"] == "ok")
        tickets = self._all(
            "SELECT kind, reason FROM tickets WHERE order_id = ? ORDER BY ticket_id", order_id
        )
        if tickets:
            view["tickets"] = [f"{row['kind']}: {row['reason']}" for row in tickets]
        return view

    @tool
    def get_product(self, item: Item) -> Row:
        """Look at a product: family, price, stock."""
        row = self._one("SELECT family, price, stock FROM products WHERE item = ?", item)
        if row is None:
            raise ToolError("no such item")
        return row

    @tool
    def track_shipment(self, order_id: OrderId) -> Row:
        """Track a parcel: its state, and days to go, since delivery, or late."""
        row = self._one("SELECT state, days FROM shipments WHERE order_id = ?", order_id)
        if row is None:
            raise ToolError("no such order")
        return row

    @tool
    def get_balance(self, customer_id: CustomerId) -> Row:
        """Look up the balance of a customer's gift card, in dollars."""
        return {"balance": self._customer(customer_id)["balance"]}

    # What can be changed.

    @tool(mutates=True)
    def cancel_order(self, order_id: OrderId) -> Row:
        """Cancel a whole order and pay it back."""
        order = self._order(order_id)
        if order["status"] == "cancelled":
            raise ToolError("already cancelled")
        amount = sum(row["price"] for row in self._items(order_id) if row["state"] == "ok")
        self._do("UPDATE orders SET status = 'cancelled' WHERE order_id = ?", order_id)
        self._do("UPDATE items SET state = 'cancelled' WHERE order_id = ?", order_id)
        self._pay(order_id, order["paid_by"], -amount)
        return {"refunded": amount}

    @tool(mutates=True)
    def cancel_item(self, order_id: OrderId, item: Item) -> Row:
        """Take one item out of an order and pay it back."""
        amount = self._item(order_id, item)["price"]
        self._do("UPDATE items SET state = 'cancelled' WHERE order_id = ? AND item = ?", order_id, item)
        self._pay(order_id, self._order(order_id)["paid_by"], -amount)
        return {"refunded": amount}

    @tool(mutates=True)
    def refund_item(self, order_id: OrderId, item: Item, to: Literal["card", "gift card"]) -> Row:
        """Pay one item back, to card or gift card."""
        amount = self._item(order_id, item)["price"]
        self._do("UPDATE items SET state = 'refunded' WHERE order_id = ? AND item = ?", order_id, item)
        self._pay(order_id, to, -amount)
        return {"refunded": amount}

    @tool(mutates=True)
    def exchange_item(self, order_id: OrderId, item: Item, new_item: Item) -> Row:
        """Exchange an item for a new one; returns what the customer pays, or gets back if negative."""
        old = self._item(order_id, item)
        new = self.get_product(new_item)
        if not new["stock"]:
            raise ToolError("out of stock")
        self._do("UPDATE products SET stock = stock - 1 WHERE item = ?", new_item)
        difference = new["price"] - old["price"]
        state = f"exchanged for {new_item}, {difference}"
        self._do("UPDATE items SET state = ? WHERE order_id = ? AND item = ?", state, order_id, item)
        self._pay(order_id, self._order(order_id)["paid_by"], difference)
        return {"difference": difference}

    @tool(mutates=True)
    def change_address(self, order_id: OrderId, address: Text) -> Row:
        """Send an order to another address."""
        self._order(order_id)
        self._do("UPDATE orders SET ship_to = ? WHERE order_id = ?", address, order_id)
        return {"ship_to": address}

    @tool(mutates=True)
    def pay_with_gift_card(self, order_id: OrderId) -> Row:
        """Pay an order from the gift card instead of by card; returns the balance left."""
        order = self._order(order_id)
        balance = self._customer(order["customer_id"])["balance"]
        total = sum(row["price"] for row in self._items(order_id))
        if order["paid_by"] == "gift card":
            raise ToolError("already paid by gift card")
        if balance < total:
            raise ToolError("balance too low")
        self._do("UPDATE orders SET paid_by = 'gift card' WHERE order_id = ?", order_id)
        left = balance - total
        self._do("UPDATE customers SET balance = ? WHERE customer_id = ?", left, order["customer_id"])
        self._pay(order_id, "card", -total)
        self._pay(order_id, "gift card", total)
        return {"balance": left}

    @tool(mutates=True)
    def open_claim(self, order_id: OrderId, kind: Literal["lost", "damaged"]) -> Row:
        """Open a claim for a lost parcel or a damaged item."""
        self._order(order_id)
        self._ticket(order_id, "claim", kind)
        return {"opened": kind}

    @tool(mutates=True)
    def file_refusal(self, order_id: OrderId, reason: Reason) -> Row:
        """File that a request was refused, and why; the order id is empty when there is none."""
        seen = "SELECT 1 FROM tickets WHERE kind = 'refusal' AND order_id = ? AND reason = ?"
        if self._one(seen, order_id, reason) is None:
            self._ticket(order_id, "refusal", reason)
        return {"filed": reason}

    @tool(mutates=True)
    def update_email(self, customer_id: CustomerId, email: Text) -> Row:
        """Change a customer's e-mail address."""
        self._customer(customer_id)
        self._do("UPDATE customers SET email = ? WHERE customer_id = ?", email, customer_id)
        return {"email": email}

    @tool(mutates=True)
    def escalate(self, customer_id: CustomerId, reason: Literal["human", "fraud", "complaint"]) -> Row:
        """Hand the customer over to a person."""
        self._customer(customer_id)
        self._do("UPDATE customers SET escalated = ? WHERE customer_id = ?", reason, customer_id)
        return {"escalated": reason}

    def _all(self, query: str, *args: Any) -> list[Row]:
        cursor = self._db.execute(query, args)
        rows = cursor.fetchall()
        # A row factory would ask for the names at every row, and the cursor makes them anew at every query.
        names = self._names.get(query)
        if names is None:
            names = self._names[query] = [column[0] for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in rows]

    def _one(self, query: str, *args: Any) -> Row | None:
        rows = self._all(query, *args)
        return rows[0] if rows else None

    def _do(self, query: str, *args: Any) -> None:
        self._db.execute(query, args)

    def _order(self, order_id: str) -> Row:
        row = self._one("SELECT * FROM orders WHERE order_id = ?", order_id)
        if row is None:
            raise ToolError("no such order")
        return row

    def _customer(self, customer_id: str) -> Row:
        row = self._one("SELECT * FROM customers WHERE customer_id = ?", customer_id)
        if row is None:
            raise ToolError("no such customer")
        return row

    def _items(self, order_id: str) -> list[Row]:
        return self._all("SELECT * FROM items WHERE order_id = ? ORDER BY item", order_id)

    def _item(self, order_id: str, item: str) -> Row:
        row = self._one("SELECT * FROM items WHERE order_id = ? AND item = ?", order_id, item)
        if row is None:
            raise ToolError("no such item in that order")
        return row

    def _pay(self, order_id: str, method: str, amount: int) -> None:
        self._do("INSERT INTO payments (order_id, method, amount) VALUES (?, ?, ?)", order_id, method, amount)

    def _ticket(self, order_id: str, kind: str, reason: str) -> None:
        self._do("INSERT INTO tickets (order_id, kind, reason) VALUES (?, ?, ?)", order_id, kind, reason)


@cache
def _blank() -> tuple[bytes, dict[str, str], str]:
    """Return an empty shop, the statement that fills each table, and the query for all of them.

    An image is copied in a fifth of the time that creating the tables takes, and a loop plays in several shops. One
    query for everything takes little more than half of the time of a query per table.
    """
    db = sqlite3.connect(":memory:", isolation_level=None)
    db.executescript(
        files("gristmill.envs.support").joinpath("assets/schema.sql").read_text(encoding="utf-8")
    )
    inserts, tables = {}, []
    for name, order in _ORDER_OF.items():
        columns = [row[1] for row in db.execute(f"PRAGMA table_info({name})")]
        inserts[name] = f"INSERT INTO {name} VALUES ({', '.join(f':{column}' for column in columns)})"
        row = ", ".join(f"'{column}', {column}" for column in columns)
        rows = f"(SELECT * FROM {name} ORDER BY {order})"
        tables.append(f"'{name}', (SELECT json_group_array(json_object({row})) FROM {rows})")
    image = db.serialize()
    db.close()
    return image, inserts, f"SELECT json_object({', '.join(tables)})"
