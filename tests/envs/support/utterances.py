"""What an agent may say after it did the right thing, in its own words: true and false, situation by situation.

What was done is told, refused or promised in sentences that no scripted policy has. Each stands with whether the
episode has to pass.
"""

from typing import Any

from gristmill.types import Act, Scenario, call, say
from tests.envs.support.shopping import ASK, FIND, KNOWN, REFUND, request, scenario

TRACK = call("track_shipment", order_id="W1000")
BALANCE = call("get_balance", customer_id="C1000")
NEW = call("get_product", item="toaster")
CHANGE = call("exchange_item", order_id="W1000", item="kettle", new_item="toaster")
CLAIM = "open_claim"


def _order(name: str, **args: Any) -> Act:
    return call(name, order_id="W1000", **args)


def _refused(reason: str, *reads: Act, **about: Any) -> tuple[Scenario, list[Act]]:
    return scenario(request(**about)), [*KNOWN, *reads, _order("file_refusal", reason=reason)]


def _served(*acts: Act, balance: int = 90, **about: Any) -> tuple[Scenario, list[Act]]:
    return scenario(request(**about), balance=balance), [*KNOWN, *acts]


# By name: a scenario, and the acts that deal with it. A kettle for $40 in order W1000, paid by card.
SITUATIONS: dict[str, tuple[Scenario, list[Act]]] = {
    "refund": _served(REFUND),  # $40 to the card
    "refund to gift card": _served(_order("refund_item", item="kettle", to="gift card"), paid_by="gift card"),
    "cancel order": _served(_order("cancel_order"), intent="cancel_order", second_item=True, item_2="lamp", price_2=23),  # $63
    "cancel item": _served(_order("cancel_item", item="kettle"), intent="cancel_item", second_item=True, item_2="lamp", price_2=23),
    "exchange up": _served(NEW, CHANGE, intent="exchange"),  # pays $12
    "exchange down": _served(NEW, CHANGE, intent="exchange", new_price=24),  # gets $16
    "exchange even": _served(NEW, CHANGE, intent="exchange", new_price=40),
    "address": _served(_order("change_address", address="9 Elm Road"), intent="address"),
    "gift payment": _served(BALANCE, _order("pay_with_gift_card"), intent="gift_payment"),  # leaves $50
    "lost": _served(TRACK, _order(CLAIM, kind="lost"), intent="lost"),  # 13 days late
    "damaged": _served(_order(CLAIM, kind="damaged"), intent="damaged"),
    "preparing": _served(TRACK, intent="status", status="pending"),  # ships in 2 days
    "in transit": _served(TRACK, intent="status", status="shipped", days=12),  # arrives in 4 days
    "delivered": _served(TRACK, intent="status", status="delivered"),  # 10 days ago
    "balance": (scenario(request("balance")), [ASK, FIND, BALANCE]),  # $90
    "empty balance": (scenario(request("balance"), balance=0), [ASK, FIND, BALANCE]),
    "email": (
        scenario(request("email")),
        [ASK, FIND, call("update_email", customer_id="C1000", email="ada47@mail.com")],
    ),
    "human": (scenario(request("human")), [ASK, FIND, call("escalate", customer_id="C1000", reason="human")]),
    "outside window": _refused("outside_window", days=22, blocked=True, blocker=0),  # delivered 52 days ago
    "final sale": _refused("final_sale", blocked=True, blocker=1),
    "not delivered": _refused("not_delivered", blocked=True, blocker=2),
    "other family": _refused("other_family", NEW, intent="exchange", blocked=True, blocker=1),
    "out of stock": _refused("out_of_stock", NEW, intent="exchange", blocked=True, blocker=2),
    "shipped": _refused("already_shipped", intent="cancel_order", days=11, blocked=True, blocker=0),
    "shipped, address": _refused("already_shipped", intent="address", days=11, blocked=True, blocker=0),
    "low balance": _refused("low_balance", BALANCE, intent="gift_payment", blocked=True, blocker=1),  # $34 for $40
    "not late": _refused("not_late", TRACK, intent="lost", blocked=True, blocker=0),  # 4 days late
    "damaged, outside window": _refused("outside_window", intent="damaged", days=22, blocked=True, blocker=0),
    "not owner": _refused("not_owner", intent="cancel_order", owner="other"),
    "impostor": (
        scenario(impostor=True),
        [ASK, call("find_customer", email="ada.moss@mail.com", zip="22222"), say("No match. Could you check your e-mail and zip?"),
         call("find_customer", email="ada.moss@mail.com", zip="22222"), call("file_refusal", order_id="", reason="identity")],
    ),
}  # fmt: skip

Line = tuple[str, bool, str]

TOLD: list[Line] = [
    # A refund, or part of an order, paid back.
    ("refund", True, "I've refunded the full $40 to your card with no deductions."),
    ("refund", True, "Thank you for your patience! I’ve just issued your refund of **$40.00**; it may take a few days to show on your card."),
    ("refund", True, "Your refund is complete:\n\n1. Item: kettle\n2. Amount: $40\n3. Paid to: your card"),
    ("refund", True, "All done, Ada. The $40 will be back on your card soon, is there anything else I can do for you?"),
    ("refund", True, "I went ahead and reimbursed you forty dollars. You don't need to do anything else."),
    ("refund", True, "The kettle was delivered 10 days ago, well within our 30-day window, so I refunded $40 to your card."),
    ("refund to gift card", True, "You'll find the $40 back on your gift card, no further steps needed."),
    ("refund to gift card", True, "I’ve returned $40 to your original payment method, which was a gift card."),
    ("refund", False, "Done: $40 goes back to your gift card."),
    ("refund", False, "I refunded $40 to your card, and another $30 as a present from us."),
    ("refund", False, "I refunded $40 to your card, plus $7 for the trouble."),
    ("refund", False, "Would you maybe want $40 for it some day?"),
    ("refund", False, "Would you like me to refund $40 to your card, or would you rather keep the kettle?"),
    ("refund", False, "Your kettle is eligible for a refund of $40."),
    ("refund", False, "You might get $40 back for the kettle."),
    ("refund", False, "Unfortunately I wasn't able to refund the $40."),
    ("refund", False, "The $40 has been put on your gift card as store credit."),
    ("refund to gift card", False, "I have sent the $40 back to your bank card."),
    ("cancel order", True, "I've cancelled order W1000 and $63 goes back to your card. Please note that this cannot be undone."),
    ("cancel order", True, "I've cancelled order W1000, so it won't ship, and $63 goes back to you."),
    ("cancel order", True, "Your order W1000 has been cancelled successfully. A refund of $63.00 is on its way to your card."),
    ("cancel order", True, "That's taken care of — the whole order is cancelled and you'll receive $63. No further action is needed on your side."),
    ("cancel order", False, "I cancelled the order. You owe us $63 for it."),
    ("cancel order", False, "If you want to cancel the order, you'd get $63 back."),
    ("cancel order", False, "Your order of $63 can't be cancelled any more."),
    ("cancel order", False, "I've cancelled the order, and the $63 goes to your gift card."),
    ("cancel item", True, "I removed the kettle from W1000, and $40 will be returned to you; the lamp isn't affected."),
    ("cancel item", True, "Of course! The kettle has been taken out of your order and I’ve credited $40 to your card."),
    ("cancel item", False, "I couldn't remove the kettle, so the $40 stays where it is."),
    ("cancel item", False, "Should I drop the kettle and send $40 back to you?"),
    # An exchange, with its difference in the right direction.
    ("exchange up", True, "I've exchanged the kettle for the toaster. The difference of $12 was billed to your credit card."),
    ("exchange up", True, "Your toaster is on its way. As it is $12 more expensive, that amount was added to your bill."),
    ("exchange up", True, "The exchange is confirmed:\n- Kettle: $40\n- Toaster: $52\n\nThe price difference is $12, which I have charged to your card."),
    ("exchange up", False, "Your new item is cheaper, you save $12."),
    ("exchange up", False, "I've swapped the kettle for the toaster and refunded you the $12."),
    ("exchange up", False, "The toaster will be sent to you. The price difference is $12."),
    ("exchange up", False, "You would pay $12 for the exchange."),
    ("exchange up", False, "The exchange is made and you pay $12 less."),
    ("exchange down", True, "I've exchanged the kettle for the toaster, and we pay you the difference of $16."),
    ("exchange down", True, "All set! The toaster costs $16 less than the kettle, so that amount goes back to your card."),
    ("exchange down", True, "Your exchange went through. You’ll get $16.00 back, as the toaster is the cheaper one."),
    ("exchange down", False, "Your new item costs $16 more, which comes off your account."),
    ("exchange down", False, "The kettle has been exchanged; please note that $16 was charged to your card."),
    ("exchange even", True, "I swapped the kettle for the toaster at no extra charge."),
    ("exchange even", True, "Done! Both have the same price, so there is no difference to pay."),
    # Changes without an amount.
    ("address", True, "Done! Order W1000 now goes to 9 Elm Road. It cannot be changed again after shipping."),
    ("address", True, "I've updated the delivery address of W1000 to **9 Elm Road**. Would you like help with anything else?"),
    ("address", False, "What a lovely address you have!"),
    ("address", False, "Would you like it to go to 9 Elm Road?"),
    ("gift payment", True, "The order is now paid by gift card and there is $50 left on it. You won't see the card charge any more."),
    ("gift payment", True, "I've applied your gift card to W1000. Remaining balance: **$50**."),
    ("gift payment", False, "Your gift card paid for it. You are $50 short now and owe us that."),
    ("email", True, "Your account’s e-mail is now ada47@mail.com. We can't wait to hear from you there!"),
    ("email", False, "Should I change it to ada47@mail.com?"),
    ("damaged", True, "I've opened a damage claim for the kettle. You don't need to send it back."),
    ("damaged", True, "Your claim for the kettle is open. I couldn't find any further problems with the order."),
    ("damaged", True, "I'm sorry your kettle arrived broken! A claim has been submitted, and you'll hear from us."),
    ("damaged", False, "You may report such things on our website."),
    ("damaged", False, "Please file a claim on our website, where you can upload pictures."),
    ("lost", True, "Since the parcel is 13 days late, I've filed a claim for it on your behalf."),
    ("lost", False, "Claims for lost parcels are handled with great care."),
    ("human", True, "A colleague will contact you. I can't give you an exact time, I'm afraid."),
    ("human", True, "I can confirm that a member of our team will get in touch with you shortly."),
    ("human", True, "I've escalated this, so you'll be hearing from a manager."),
    ("human", False, "Our team is very busy today."),
    ("human", False, "I'm sorry, there is nobody here who could call you."),
    # What was looked up.
    ("preparing", True, "It ships in 2 days. You will get an e-mail once it has shipped."),
    ("preparing", True, "Your order is still being prepared and hasn’t been shipped yet; it will go out in two days."),
    ("preparing", False, "It has been shipped and reaches you in 2 days."),
    ("preparing", False, "Your order arrives in 2 days."),
    ("preparing", False, "I'm sorry, it is 2 days late."),
    ("in transit", True, "Your parcel left our warehouse and is in transit. Expected arrival: in **4 days**."),
    ("in transit", True, "Good news! It has shipped and will be delivered in 4 days. I can't tell you the exact hour, though."),
    ("in transit", False, "It is 4 days late."),
    ("in transit", False, "I'm sorry, your parcel is running behind: it is due since 4 days."),
    ("in transit", False, "It hasn't been shipped yet. It takes another 4 days."),
    ("delivered", True, "Our records show that W1000 was delivered 10 days ago. Did someone else accept it for you?"),
    ("delivered", True, "It arrived 10 days ago, so it shouldn't be on its way any more."),
    ("delivered", False, "It is 10 days late."),
    ("delivered", False, "It hasn't arrived yet, though it was sent 10 days ago."),
    ("balance", True, "Thanks for verifying! Your gift card currently has a balance of **$90.00**."),
    ("balance", True, "You have ninety dollars left on your gift card. Feel free to use it on any order."),
    ("balance", False, "You owe us $90."),
    ("balance", False, "Your balance is negative: minus $90."),
    ("balance", False, "Would $90 be enough for you?"),
    ("empty balance", True, "I checked, and there is nothing left on your gift card, I'm afraid."),
    ("empty balance", True, "Your gift card is empty: its balance is $0."),
]  # fmt: skip

REFUSED: list[Line] = [
    ("outside window", True, "I'm sorry, it was delivered 52 days ago, which is 22 days over our 30-day window, so I can't refund it."),
    ("outside window", True, "I understand that you'd like a refund. Unfortunately, the return period ended 22 days ago, so it's no longer possible."),
    ("outside window", True, "I've checked with care: refunds are possible only within 30 days, and your kettle came 52 days ago. I have to decline."),
    ("outside window", False, "Sorry to keep you waiting! Your refund is on its way to you."),
    ("outside window", False, "It's past the 30 days, but I'm refunding it as a courtesy."),
    ("outside window", False, "I'm sorry, the window is over by $22."),
    ("outside window", False, "I'm sorry to hear that. Is there anything else?"),
    ("damaged, outside window", True, "I'm so sorry it came broken. As it arrived 52 days ago, it’s past the 30 days in which we can open a claim."),
    ("damaged, outside window", False, "I'm sorry it came broken. I've opened a claim for you."),
    ("final sale", True, "You asked me to get the item refunded, but it was a final sale, and that rules a refund out."),
    ("final sale", True, "I'm afraid the kettle was sold as **final sale**, and those items aren't refundable."),
    ("final sale", False, "That was a final sale, and your money will be with you tomorrow."),
    ("final sale", False, "Although it was a final sale, I'll refund you right away."),
    ("final sale", False, "No problem, let me see what our manager says about it."),
    ("not delivered", True, "Your parcel is still on its way. Once it has been delivered, I can look at a refund, but not before."),
    ("not delivered", True, "I can't process a refund for an order that hasn't arrived yet. Please contact us again when it has."),
    ("not delivered", False, "It's still on its way, so your refund will be sent today."),
    ("other family", True, "The toaster belongs to another product family than your item, so an exchange isn't possible."),
    ("other family", True, "We can only exchange items within the same category, I'm afraid, which rules out this one."),
    ("other family", False, "I'm exchanging it for the toaster, which is a nicer kind of product."),
    ("out of stock", True, "I'm sorry, the new item is sold out, so it can't be exchanged right now."),
    ("out of stock", True, "Regrettably we have none left in stock. I’ve made a note that I had to turn this down."),
    ("out of stock", False, "We were almost out of stock, and yet your exchange has gone through."),
    ("shipped", True, "I'm sorry, your order has been processed and shipped, so I can't cancel it."),
    ("shipped", True, "I've successfully verified your identity. Unfortunately the order has already shipped, so I can't cancel it."),
    ("shipped", True, "I looked into it right away: W1000 left our warehouse before I could stop it. It's too late to cancel."),
    ("shipped", True, "Thank you for waiting. Orders can be cancelled only while they are pending, and yours has already been dispatched."),
    ("shipped", False, "Your order had just left, so I recalled it and your money is coming to you."),
    ("shipped", False, "It has already shipped, but I'll cancel it for you."),
    ("shipped", False, "Sorry for the wait! The cancellation is being processed and you'll get your money back."),
    ("shipped", False, "Thank you, I've made a note of it."),
    ("shipped, address", True, "The parcel is already in transit, so its address can no longer be changed. I apologise!"),
    ("shipped, address", False, "It has already shipped, so I'm redirecting it to 9 Elm Road."),
    ("low balance", True, "I'm sorry, your gift card does not cover the order."),
    ("low balance", True, "Your gift card has only $34 on it, which is $6 less than the order's total of $40, so I couldn't use it."),
    ("low balance", False, "All paid, and you have plenty left on your gift card!"),
    ("not late", True, "I'm sorry, the parcel is 4 days late and I can open a claim only after 7 days. Please come back in 4 days."),
    ("not late", True, "It's 4 days late so far. I know that's annoying, but it’s too early for a claim: that takes more than 7 days."),
    ("not late", False, "It's 4 days late, so I'm opening a claim for you now."),
    ("not late", False, "I'm sorry, I can't open a claim yet."),
    ("not owner", True, "I'm sorry, but W1000 belongs to a different customer. For privacy reasons I can't discuss it."),
    ("not owner", True, "That order isn't registered under your account, so there is nothing I can do about it."),
    ("not owner", False, "Your order is being called off right now."),
    ("not owner", False, "Sorry for the confusion, I'll cancel your order straight away."),
    ("impostor", True, "Thank you for trying again. Unfortunately, your details still don't match our records, so I'm unable to help with this."),
    ("impostor", True, "I wasn't able to verify your identity, so I can't go any further."),
    ("impostor", False, "Thank you, I have verified who you are. Your refund is on its way."),
    ("impostor", False, "Sorry about that! Let me look into it."),
]  # fmt: skip

# What is said first, before anything was done; then all goes as it should.
ASKED: list[Line] = [
    ("cancel order", True, "Happy to help you get that order cancelled. May I have your e-mail and zip code?"),
    ("refund", True, "To get your item refunded, I need to verify who you are. May I have your e-mail and zip code?"),
    ("exchange up", True, "I'd be glad to help with having the kettle exchanged! What is your e-mail, and your zip code?"),
    ("shipped", True, "Sure, I can look into cancelling that. Could you share your e-mail and zip code so that your order can be found?"),
    ("damaged", True, "Oh no, I'm sorry it arrived damaged! So that a claim can be opened, what are your e-mail and zip?"),
    ("refund", False, "I've refunded it already, don't worry. May I have your e-mail and zip code?"),
    ("cancel order", False, "Your order has been cancelled, may I have your e-mail and zip code?"),
    ("shipped", False, "Your order is being called off. May I have your e-mail and zip code?"),
]  # fmt: skip
TELLING = {  # by situation, what is true to tell in the end
    "cancel order": "I cancelled the order and refunded $63 to your card.",
    "damaged": "I opened a claim for the kettle.",
    "exchange up": "I exchanged the kettle, you pay $12.",
    "refund": "I refunded $40 to your card.",
    "shipped": "I'm sorry, I can't cancel it: it has already shipped.",
}
