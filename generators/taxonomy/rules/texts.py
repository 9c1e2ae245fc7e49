"""Letters, words and what can be found in a note."""

from random import Random
from typing import Any

__all__ = ["count_letter", "count_words", "initials", "longest", "note", "replaced", "reverse", "sort_words"]

Values = dict[str, Any]
_LISTED = """
anchor apple arrow autumn badge bakery balcony banana barrel basket beacon bottle branch bridge button
cabin camera candle canyon carpet castle cellar cherry circle clover coffee copper corner cotton cradle
crystal curtain dagger desert diamond dinner dolphin dragon drawer eagle echo ember engine falcon
feather fiddle finger flower forest fossil fountain garden ginger glacier goblet granite guitar hammer
harbour harvest helmet hollow honey horizon hunter island ivory jacket jasmine jigsaw journey juniper
kettle kingdom kitten ladder lantern lemon letter library lobster magnet mango marble meadow melody
mirror monkey morning mountain mustard needle nephew noodle nutmeg oasis ocean olive orange orchard
otter oyster paddle palace panther paper parcel parrot peach pebble pencil pepper piano pigeon pillow
planet pocket poppy prairie puzzle quarry rabbit raven ribbon river rocket saddle sailor salmon sandal
scarlet season shadow shelter shovel silver spider spring squirrel stable station summer sunset teapot
temple thunder ticket timber tomato tractor tulip tunnel turtle umbrella valley velvet village violin
wagon walnut waterfall weaver whistle willow window winter wizard wonder yellow zebra zipper
"""
WORDS = tuple(_LISTED.split())
_COUNTED = """
badge barrel basket bottle button camera candle carpet cradle curtain goblet guitar kettle ladder
lantern letter magnet marble mirror parcel pencil piano pillow pocket puzzle ribbon rocket saddle shovel
teapot ticket tractor violin wagon whistle
"""
_THINGS = tuple(_COUNTED.split())  # that one can carry about
_SUBJECTS = ("The old sailor", "My neighbour", "A young painter", "The tired nurse", "Our new teacher", "The baker's son", "Her cousin", "The night guard")  # fmt: skip
_ACTIONS = ("kept", "carried", "found", "painted", "sold", "borrowed", "repaired", "hid")
_PLACES = ("behind the station", "near the harbour", "in the cellar", "on the balcony", "under the bridge", "beside the river", "at the market", "in the garden")  # fmt: skip
_ENDS = (
    "",
    " last winter",
    " before breakfast",
    " without a word",
    " every Sunday",
    " for a whole year",
    " in the rain",
)


def count_letter(values: Values, rng: Random) -> Values:
    """How often a letter occurs in a word."""
    word = rng.choice(WORDS)
    letter = rng.choice(word)
    return {"word": word, "letter": letter, "spelt": ", ".join(word), "answer": word.count(letter)}


def reverse(values: Values, rng: Random) -> Values:
    """One or two words backwards."""
    word = " ".join(rng.sample(WORDS, values["size"]))
    return {"word": word, "answer": word[::-1]}


def sort_words(values: Values, rng: Random) -> Values:
    """Words in alphabetical order, one way or the other."""
    words = rng.sample(WORDS, values["size"])
    answer = sorted(words, reverse=values["backwards"])
    way = "reverse alphabetical order" if values["backwards"] else "alphabetical order"
    return {"words": ", ".join(words), "way": way, "shown": ", ".join(answer), "answer": answer}


def count_words(values: Values, rng: Random) -> Values:
    """How many words a sentence has."""
    sentence = _sentence(rng)
    return {"sentence": sentence, "answer": len(sentence.split())}


def longest(values: Values, rng: Random) -> Values | None:
    """The longest or shortest of some words, where there is only one."""
    words = rng.sample(WORDS, values["size"])
    ranked = sorted(words, key=len, reverse=values["which"] == "longest")
    if len(ranked[0]) == len(ranked[1]):
        return None
    return {"words": ", ".join(words), "options": words, "length": len(ranked[0]), "answer": ranked[0]}


def initials(values: Values, rng: Random) -> Values:
    """The first letters of some words, as capitals."""
    words = [word.capitalize() for word in rng.sample(WORDS, values["size"])]
    return {"words": " ".join(words), "answer": "".join(word[0] for word in words)}


def replaced(values: Values, rng: Random) -> Values:
    """A sentence with one word put in the place of another."""
    sentence = _sentence(rng)
    old = sentence.split()[len(rng.choice(_SUBJECTS).split()) % 2 + 1]
    old = next((word for word in sentence.split() if word in _ACTIONS), old)
    new = rng.choice([word for word in _ACTIONS if word != old])
    return {"sentence": sentence, "old": old, "new": new, "answer": sentence.replace(f" {old} ", f" {new} ")}


def note(values: Values, rng: Random) -> Values:
    """A note with an address, the number of an order, what the writer paid and what others do."""
    user = f"{values['first']}.{values['last']}".lower().replace("'", "")
    email = f"{user}@{rng.choice(('mail', 'post', 'office', 'inbox'))}.{rng.choice(('example', 'test'))}"
    order = f"{rng.choice('ABCKRTW')}{rng.randrange(1_000, 99_999)}"
    paid = f"${rng.randrange(5, 400)}.{rng.randrange(100):02}"
    other = f"${rng.randrange(5, 400)}.{rng.randrange(100):02}"
    parts = [
        rng.choice((f"I ordered {_a(rng)} on Monday, number {order}.", f"This is about order {order}.", f"Order {order} has not come yet.")),
        rng.choice((f"You can reach me at {email}.", f"Please write to {email}.", f"My address is {email}.")),
        rng.choice((f"I paid {paid}.", f"It cost me {paid}.", f"My card was charged {paid}.")),
        rng.choice((f"A friend got the same for {other}.", f"Your rival only asks {other}.", f"It was {other} last year.")),
        rng.choice(("The box was wet.", "I will be away next week.", "Nobody answered the phone.", "Could you look into it?")),
    ]  # fmt: skip
    rng.shuffle(parts)
    text = f"{' '.join(parts)} {rng.choice(('Regards', 'Best', 'Thanks', 'Yours'))}, {values['first']} {values['last']}"
    return {"text": text, "email": email, "order": order, "paid": paid[1:]}


def _sentence(rng: Random) -> str:
    parts = (rng.choice(_SUBJECTS), rng.choice(_ACTIONS), _a(rng), rng.choice(_PLACES))
    return f"{' '.join(parts)}{rng.choice(_ENDS)}."


def _a(rng: Random) -> str:
    return f"a {rng.choice(_THINGS)}"
