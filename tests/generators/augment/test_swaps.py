"""Counterfactuals: grammar, labels and who is meant stay; where that cannot be told, the record stays as it is."""

import random
from typing import Any

import pytest

from gristmill.generators.augment import augmentation
from gristmill.generators.augment._people import fresh, known, mentions, names_in


def swapped(spec: str, record: Any, seed: int = 0) -> Any:
    """What becomes of a record."""
    return augmentation(spec).apply(record, random.Random(seed)).record


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Call her.", "Call him."),
        ("Call her again today.", "Call him again today."),
        ("Her lamp broke.", "His lamp broke."),
        ("I saw her leave with her brother.", "I saw him leave with his sister."),
        ("Please help her change her address.", "Please help him change his address."),
        ("It is hers, not his.", "It is his, not hers."),
        ("His is late, and it's his third call.", "Hers is late, and it's her third call."),
        ("He hurt himself.", "She hurt herself."),
        ("Thank her politely for her weekly visit.", "Thank him politely for his weekly visit."),
        ("We sent her the invoice.", "We sent him the invoice."),
        ("An uncle is an actor.", "An aunt is an actress."),
        ("Miss Brown missed Mr. Lee.", "Mr Brown missed Ms. Lee."),
        ("My mother-in-law's parcel", "My father-in-law's parcel"),
        ("SHE CALLED.", "HE CALLED."),
        (
            "Dear Sir or Madam, he or she may buy a king-size bed.",
            "Dear Sir or Madam, he or she may buy a king-size bed.",
        ),
    ],
)
def test_gender_is_swapped_with_its_grammar(text: str, expected: str) -> None:
    """Her is him before nothing owned, and his before something; titles, kin and articles follow."""
    assert expected == swapped("swap-gender", text)


@pytest.mark.parametrize(
    "text",
    [
        "She gave her money back.",  # his money, or money to him
        "I called her last week.",
        "Maria is pregnant and wants her chair.",
        'She said "she will call".',  # what is quoted stays, and would contradict the rest
    ],
)
def test_a_record_that_cannot_be_told_stays(text: str) -> None:
    """Half a swap would be wrong."""
    assert text == swapped("swap-gender", text)


def test_one_mapping_serves_the_whole_record() -> None:
    """Both sides of a chat, arguments of tools, and fields that label it."""
    record = {
        "messages": [
            {"role": "user", "content": "I'm Anna Smith. Mark says his lamp broke."},
            {
                "role": "assistant",
                "tool_calls": [{"function": {"name": "find", "arguments": '{"name":"Anna Smith"}'}}],
            },
            {"role": "tool", "content": '{"holder":"Anna Smith","gender":"F"}'},
            {"role": "assistant", "content": "Anna, is Mark your brother?"},
        ],
        "customer": "Anna Smith",
        "gender": "female",
    }

    found = swapped("swap-gender", record)

    user, call, tool, agent = found["messages"]
    anna, mark = user["content"].split()[1], user["content"].split(". ")[1].split()[0]
    assert {"Anna", "Mark"}.isdisjoint({anna, mark})
    assert f"I'm {anna} Smith. {mark} says her lamp broke." == user["content"]
    assert f'{{"name":"{anna} Smith"}}' == call["tool_calls"][0]["function"]["arguments"]
    assert f'{{"holder":"{anna} Smith","gender":"M"}}' == tool["content"]
    assert f"{anna}, is {mark} your sister?" == agent["content"]
    assert (f"{anna} Smith", "male") == (found["customer"], found["gender"])


def test_names_of_another_origin_keep_their_gender() -> None:
    """First names by first names, family names by family names, one for each person."""
    text = "Anna Smith and Tom met Anna's brother."
    for seed in range(5):
        first, last, _, other, *_, again, _ = swapped("swap-names?origin=nigerian", text, seed).split()
        assert again == f"{first}'s"
        assert [{"female"}, set(), {"male"}] == [
            set(names_in(f"I'm {one} today")[one]) if one != last else set() for one in (first, last, other)
        ]


def test_e_mail_addresses_stay_in_a_swap() -> None:
    """They are identifiers; `refill` is for them."""
    assert "anna.smith@mail.com" in swapped("swap-names", "I'm Anna Smith, anna.smith@mail.com.")


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("Will you help? Mark this as done.", []),
        ("Can I get Mark to call in May?", ["Mark"]),
        ("Grace period. My name is Grace.", ["Grace"]),
        ("Paris is in France, and Paris Hilton is not.", ["Paris", "Hilton"]),
        ("Dear Mr Brown", ["Brown"]),
    ],
)
def test_names_are_told_from_words(text: str, names: list[str]) -> None:
    """By where they stand and what stands beside them."""
    assert names == [one.text for one in mentions(text) if one.text != "Hilton" or "Hilton" in names]


def test_no_name_is_given_twice() -> None:
    """Two people stay two."""
    taken: set[str] = set()
    rng = random.Random(0)

    found = [fresh(rng, taken, "female", ("ghanaian",)) for _ in range(50)]

    assert 50 == len(set(found))


def test_an_occupation_is_swapped_where_somebody_has_it() -> None:
    """Its other mentions go along, with their articles; a job that is nobody's stays."""
    found = swapped("swap-roles", "I am an engineer, and engineers know. The doctor agrees.", 3)

    assert "engineer" not in found
    assert found.endswith("The doctor agrees.")
    assert "The nurse called." == swapped("swap-roles", "The nurse called.")
    job = found.split(",")[0].removeprefix("I am ").partition(" ")
    assert job[0] == ("an" if job[2][0] in "aeio" else "a")


@pytest.mark.parametrize(
    "text",
    [
        "May I come? My name is May.",  # the same word twice
        "Hi, I'm Mark Smith. Mark my words.",
        "Sir Elton met her, and so did Queen Anne.",  # who is known by a title that names would not go with
        "ANNA SAID SHE LOST HER BAG.",  # a name that is not noticed would contradict the pronouns
        "anna said she lost her bag.",
        "Jordan said she lost her bag.",
        "Mr Will Rose lost his bag.",
        "The king of spades beats the queen.",
        "A Mother's Day gift for her.",
    ],
)
def test_people_who_would_fall_apart_stay_whole(text: str) -> None:
    """One person would become two, or a name would no longer go with its title."""
    assert text == swapped("swap-gender", text)


def test_a_word_before_a_name_tells_its_gender() -> None:
    """Even where the name is mostly of others."""
    text = swapped("swap-names?origin=german", "My aunt Jordan met my uncle Kim.")
    aunt, kim = text.removeprefix("My aunt ").removesuffix(".").split(" met my uncle ")

    assert (frozenset({"female"}), frozenset({"male"})) == (known(aunt), known(kim))


def test_a_name_stays_one_in_all_capitals_and_in_none() -> None:
    """As people write in a hurry."""
    first, *others = swapped("swap-names", "Anna asked ANNA and anna.").rstrip(".").split()

    assert [first.upper(), first.lower()] == [others[1], others[3]]


def test_a_name_in_s_owns_as_the_new_one_does() -> None:
    """James' car is not Sonya' car."""
    owner = swapped("swap-names?origin=brazilian", "It is James' car.").removeprefix("It is ").split(" ")[0]

    assert owner.endswith(("'s", "s'"))


def test_what_somebody_owns_in_their_decade_goes_with_them() -> None:
    """No number of things, but years."""
    assert "She is an actress in her 30s." == swapped("swap-gender", "He is an actor in his 30s.")
    assert "He is an actor in his 30s." == swapped("swap-gender", "She is an actress in her 30s.")


@pytest.mark.parametrize("spec", ["swap-names", "refill"])
@pytest.mark.parametrize(
    "text",
    [
        "King George and Queen Anne met in St. George.",
        "Saint Thomas island; Thomas is there.",
        "Pope Francis and Prince Albert spoke.",
        "Louis XIV spoke.",
        "It is in Anne Street, near Thomas Hospital.",
        "I work for Johnson & Johnson.",
    ],
)
def test_names_that_go_with_a_rank_or_a_place_stay(spec: str, text: str) -> None:
    """They are known by the whole of it, and so is nobody else."""
    assert all(text == swapped(spec, text, seed) for seed in range(3))


def test_two_people_are_no_company() -> None:
    """With a sign for `and` between them."""
    assert {"Anna", "Tom"}.isdisjoint(swapped("swap-names", "Call Anna & Tom").split())
