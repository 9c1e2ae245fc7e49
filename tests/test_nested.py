"""Plain data with lists and objects in it."""

from gristmill.nested import leaves, mapped, mapped_texts, texts

DATA = {"a": [1, {"b": "x"}, ["y", None]], "c": {}, "d": ("z", True)}


def test_leaves_come_in_order_with_the_nearest_name() -> None:
    """What is in a list stands under the name of the list; what is empty has none."""
    assert [("a", 1), ("b", "x"), ("a", "y"), ("a", None), ("d", "z"), ("d", True)] == list(leaves(DATA))
    assert ["x", "y", "z"] == list(texts(DATA))
    assert [("", 7)] == list(leaves(7))


def test_every_leaf_is_changed_and_nothing_is_shared() -> None:
    """But for what stands under a name that is to be kept."""
    found = mapped(DATA, lambda one: one * 2 if isinstance(one, str) else one, keep={"b"})

    assert {"a": [1, {"b": "x"}, ["yy", None]], "c": {}, "d": ["zz", True]} == found
    assert found["c"] is not DATA["c"]


def test_texts_alone_are_changed() -> None:
    """Numbers, flags and nothing stay."""
    assert {"a": [1, {"b": "X"}, ["Y", None]], "c": {}, "d": ["Z", True]} == mapped_texts(DATA, str.upper)
