"""What a support scenario is made of."""

from typing import Any

import msgspec

__all__ = [
    "BLOCKERS",
    "FAMILIES",
    "FAMILY_OF",
    "INTENTS",
    "ORDER_INTENTS",
    "REASONS",
    "Row",
    "Rows",
    "Wish",
]

Row = dict[str, Any]
Rows = dict[str, list[Row]]

# Which obstacles a request of each intent can meet; the names are those of the policy document.
BLOCKERS: dict[str, tuple[str, ...]] = {
    "cancel_order": ("already_shipped",),
    "cancel_item": ("already_shipped",),
    "refund": ("outside_window", "final_sale", "not_delivered"),
    "exchange": ("outside_window", "other_family", "out_of_stock"),
    "address": ("already_shipped",),
    "gift_payment": ("already_shipped", "low_balance"),
    "lost": ("not_late",),
    "damaged": ("outside_window",),
    "status": (),
}
ORDER_INTENTS = tuple(BLOCKERS)
INTENTS = (*ORDER_INTENTS, "balance", "email", "human")
REASONS = (
    "already_shipped", "final_sale", "identity", "low_balance", "not_delivered", "not_late", "not_owner",
    "other_family", "out_of_stock", "outside_window",
)  # fmt: skip

FAMILIES: dict[str, tuple[str, ...]] = {
    "kitchen": ("kettle", "toaster", "blender", "pan", "mixer", "juicer"),
    "lighting": ("lamp", "lantern", "bulb", "torch", "spotlight", "candle"),
    "audio": ("headphones", "speaker", "radio", "microphone", "turntable", "earbuds"),
    "clothing": ("jacket", "sweater", "scarf", "gloves", "boots", "hat"),
    "garden": ("shovel", "hose", "rake", "planter", "mower", "trimmer"),
    "toys": ("puzzle", "robot", "kite", "doll", "drone", "blocks"),
    "office": ("desk", "chair", "stapler", "monitor", "keyboard", "printer"),
    "sports": ("racket", "ball", "helmet", "tent", "bike", "skates"),
}
FAMILY_OF = {item: family for family, items in FAMILIES.items() for item in items}


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """What the rules say about one request of a scenario.

    Attributes:
        tool: the change to make, or `file_refusal`; empty when there is only something to tell.
        args: its arguments; what is told about, where there is no tool.
        tell: numbers the customer has to be told.
        sign: of a price difference: 1 if the customer pays it, -1 if the shop does.
        refused: whether the answer is no.
        handed: whether a person gets it instead of the answer.
    """

    tool: str = ""
    args: dict[str, Any] = {}
    tell: tuple[int, ...] = ()
    sign: int = 0
    refused: bool = False
    handed: bool = False
