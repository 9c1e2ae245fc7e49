"""Texts of a grammar or a regular expression: drawn by arithmetic decoding, found again by parsing."""

import json
import math
import random
import re
from collections import Counter
from itertools import product
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gristmill.errors import UsageError
from gristmill.generators.fields import Field
from gristmill.generators.grammars import Grammar, Regex
from gristmill.wording import Phrase

SUMS: dict[str, Any] = {
    "start": ["{sum} = ?"],
    "sum": [["{sum} + {number}", 1], ["{number}", 2]],
    "number": [["{digit}", 3], "({sum})"],
    "digit": list("1234"),
}
FIELDS: dict[str, Field] = {
    "code": Regex(r"[A-Z]{3}-\d{4}"),
    "phone": Regex(r"^(\+1 )?\(\d{3}\) \d{3}-\d{4}$"),
    "mail": Regex(r"[a-z]+(\.[a-z]+)?@(?:example|test)\.(?P<top>com|org)"),
    "nothing": Regex(""),
    "lazy": Regex(r"(a|b)*?c{2,}"),
    "long": Regex(r".{60}"),
    "ambiguous": Regex(r"(a?|aa){4}a{,3}"),
    "umlauts": Regex(r"[à-ü]\x41\u00e9\."),
    "sums": Grammar(SUMS, depth=7),
    "weighted": Grammar({"start": [["yes", 0.1], ["no", 0.7], ["no", 0.2]]}),
    "braces": Grammar({"start": ["{{{x}}}"], "x": ["", "{{}}"]}),
    "choices": Grammar({"start": ["[Hi, |]{who}[, |!]", "[{who}|No one] again[.|!]"], "who": ["you", "I"]}),
}
ALL = pytest.mark.parametrize("field", FIELDS.values(), ids=FIELDS)
UNIT = st.floats(0, 1, exclude_max=True)

Known = tuple[str, frozenset[str]]  # a pattern with all texts that match it


def _join(both: tuple[Known, Known]) -> Known:
    (one, texts), (other, after) = both
    return one + other, frozenset(first + second for first in texts for second in after)


def _either(both: tuple[Known, Known]) -> Known:
    (one, texts), (other, more) = both
    return f"(?:{one}|{other})", texts | more


def _repeated(drawn: tuple[Known, tuple[str, int, int]]) -> Known:
    (one, texts), (mark, low, high) = drawn
    counts = range(low, high + 1)
    return f"({one}){mark}", frozenset("".join(some) for n in counts for some in product(texts, repeat=n))


KNOWN = st.recursive(
    st.sampled_from(
        [(one, frozenset(one)) for one in "ab"] + [("[ab]", frozenset("ab")), ("", frozenset([""]))]
    ),
    lambda inner: st.one_of(
        st.tuples(inner, inner).map(_join),
        st.tuples(inner, inner).map(_either),
        st.tuples(inner, st.sampled_from([("?", 0, 1), ("{0,2}", 0, 2), ("{2}", 2, 2), ("{,1}?", 0, 1)])).map(
            _repeated
        ),
    ).filter(lambda known: len(known[1]) <= 40),
    max_leaves=5,
)
# Patterns with repeats that have no bound, of what is never empty.
ATOMS = st.sampled_from(
    [r"\d", r"\w", r"[^x-z\s]", "q", r"\.", "(?:ab|c)", "(x|yz)", r"[a-f\d_-]", r"\W", r"\x2b", "{"]
)
PATTERNS = st.lists(
    st.tuples(ATOMS, st.sampled_from(["", "*", "+", "?", "{2,}", "{1,3}", "*?", "+?"])).map("".join),
    max_size=6,
).map("".join)


def drawn(field: Field, count: int) -> list[str]:
    """`count` texts from a fixed stream."""
    rng = random.Random(3)
    return [field.draw([rng.random() for _ in range(field.dims)]) for _ in range(count)]


@ALL
@given(data=st.data())
@settings(max_examples=40)
def test_a_text_leads_back_to_its_units(field: Field, data: st.DataObject) -> None:
    """Any units give a text of finite log-probability, and `locate` gives units for it."""
    text = field.draw(data.draw(st.lists(UNIT, min_size=field.dims, max_size=field.dims)))
    back = field.locate(text)

    assert text == field.draw(back)
    assert -math.inf < field.log_prob(text) <= 0
    assert "" == field.problem(text)
    assert field.dims == len(back)
    assert all(0 <= unit < 1 for unit in back)


@given(pattern=PATTERNS, data=st.data())
@settings(max_examples=150)
def test_what_a_regular_expression_draws_matches_it(pattern: str, data: st.DataObject) -> None:
    """`re` is the judge, at the ends of the units as well as between them."""
    field = Regex(pattern, repeats=3)
    units = data.draw(st.lists(UNIT, min_size=field.dims, max_size=field.dims))

    for one in (units, [0.0] * field.dims, [math.nextafter(1, 0)] * field.dims):
        assert re.fullmatch(pattern, field.draw(one))
    assert re.fullmatch(pattern, field.mode)


@given(known=KNOWN)
@settings(max_examples=80)
def test_the_support_is_what_matches_and_its_probabilities_sum_to_one(known: Known) -> None:
    """The texts that a pattern was put together from, and no others, share the whole probability."""
    pattern, texts = known
    field = Regex(pattern)
    others = {"".join(one) for size in range(5) for one in product("ab", repeat=size)} - texts

    assert sum(math.exp(field.log_prob(text)) for text in texts) == pytest.approx(1)
    assert all(field.log_prob(text) > -math.inf and re.fullmatch(pattern, text) for text in texts)
    assert {-math.inf} >= {field.log_prob(text) for text in others}


def test_the_probability_of_a_text_is_summed_over_its_derivations() -> None:
    """Of the 16 ways through (a|aa){1,2}(a|aa){0,1}, by hand: aaa comes of two parts and of three."""
    field = Regex("(a|aa){1,2}(a|aa){0,1}")
    two, three = (1 / 2) ** 2, (1 / 2) ** 3
    expected = 1 / 4 * (2 * two) + 1 / 4 * (2 * two) + 1 / 4 * three

    assert math.exp(field.log_prob("aaa")) == pytest.approx(expected)


def test_the_probability_of_a_recursive_text_is_exact() -> None:
    """At the bound only what can end is left: of three levels of s -> s s | a, aaa has two trees."""
    field = Grammar({"start": ["{start}{start}", "a"]}, depth=2)
    # At depth 1 the rule gives a with 1/2 and aa with 1/2; at depth 0 always a.
    expected = 1 / 2 * (2 * 1 / 2 * 1 / 2)

    assert math.exp(field.log_prob("aaa")) == pytest.approx(expected)
    assert sum(math.exp(field.log_prob("a" * size)) for size in range(6)) == pytest.approx(1)


def test_a_choice_in_a_text_is_a_rule_of_its_own() -> None:
    """It draws what the same rule draws that is spelled out."""
    short = Grammar({"start": ["[Hi, |]{who}[.|!]", "[{who}|nobody]"], "who": ["you", "me"]})
    long = Grammar(
        {
            "start": ["{hi}{who}{end}", "{any}"],
            "hi": ["Hi, ", ""],
            "end": [".", "!"],
            "any": ["{who}", "nobody"],
            "who": ["you", "me"],
        }
    )

    assert drawn(long, 200) == drawn(short, 200)
    assert long.log_prob("you") == short.log_prob("you")


def test_a_phrase_is_a_grammar_of_one_rule() -> None:
    """Surface forms and grammars are one notation."""
    text = "[Hi|Hello|Hey], I [want|need] [[that]]."
    phrase = Phrase(text)
    field = Grammar({"start": [text]})

    assert {phrase.text(number) for number in range(phrase.forms)} == set(drawn(field, 200))
    assert field.log_prob("Hi, I want [that].") == pytest.approx(-math.log(phrase.forms))


@pytest.mark.parametrize("name", ["ambiguous", "sums", "weighted", "braces", "choices"])
def test_frequencies_match_the_probability(name: str) -> None:
    """A chi-square of 20,000 draws stays below a bound that chance passes once in a million."""
    field, count = FIELDS[name], 20_000
    seen = Counter(drawn(field, count)).most_common(30)
    common = {one: count * math.exp(field.log_prob(one)) for one, _ in seen}
    chi = sum((number - common[one]) ** 2 / common[one] for one, number in seen)

    assert len(common) > 1
    assert chi < 25 + 4 * len(common)


def test_intervals_stand_in_the_order_of_the_decisions() -> None:
    """A draw is a quantile map: its decisions split [0, 1) one after the other, exactly."""
    field = Grammar({"start": [["a{x}", 0.3], ["b", 0.7]], "x": ["0", "1", "2"]})
    edges = [0, 0.1, 0.2, 0.3]

    assert ["a0", "a1", "a2", "b"] == [field.draw([edge + 1e-9]) for edge in edges]
    assert ["a0", "a1", "a2"] == [field.draw([edge - 1e-9]) for edge in edges[1:]]


def test_long_texts_lose_no_decision() -> None:
    """Thousands of decisions are as exact as one: the last character is as even as the first."""
    field = Regex("[ab]{1500}")
    texts = drawn(field, 60)
    ends = Counter(text[-1] for text in texts)

    assert 60 == len(set(texts))
    assert min(ends["a"], ends["b"]) > 12
    assert field.log_prob(texts[0]) == pytest.approx(-1500 * math.log(2))
    assert texts[0] == field.draw(field.locate(texts[0]))


@ALL
def test_a_column_is_what_its_rows_are_alone(field: Any) -> None:
    """Texts come as an Arrow column of strings, each decided by its own units."""
    units = np.random.default_rng(0).random((field.dims, 30))
    column = field.column(units)

    assert ("string", 30) == (str(column.type), len(column))
    assert [field.draw(one) for one in units.T] == column.to_pylist()


@pytest.mark.parametrize(
    ("field", "mode"),
    [
        (Regex(r"(x|yy)+\d{2,4}"), "x00"),
        (Grammar({"start": ["{a}", "z"], "a": ["p", "q", "r"]}), "z"),
        (Grammar(SUMS), "1 = ?"),
        (FIELDS["weighted"], "no"),
    ],
)
def test_the_mode_is_the_text_of_the_likeliest_derivation(field: Field, mode: str) -> None:
    """Few repeats, the likelier alternatives, the first character."""
    assert mode == field.mode
    assert field.draw(field.locate(mode)) == mode


@ALL
def test_what_is_no_text_of_the_language_has_no_units(field: Field) -> None:
    """The message says what was expected and what was got."""
    for junk in (None, 5, "\n", "no such text", ["a"], "a" * 20_000):
        assert -math.inf == field.log_prob(junk)
        assert "expected a text" in field.problem(junk)
        with pytest.raises(UsageError, match="Expected a text"):
            field.locate(junk)


@ALL
def test_a_description_is_plain_json(field: Field) -> None:
    """Rules and pattern are data, as they stand in a template."""
    described = field.describe()

    assert described == json.loads(json.dumps(described))
    assert described["kind"] in ("grammar", "regex")


def test_rules_may_lead_back_to_themselves_from_the_left() -> None:
    """A derivation is bounded by the depth, so that parsing from the left ends; texts beyond the bound are outside."""
    field = Grammar({"start": ["{start}, {word}", "{word}"], "word": ["ha", "ho"]}, depth=3)

    assert field.log_prob("ha, ho, ha, ho") == pytest.approx(math.log(1 / 2**7))
    assert -math.inf == field.log_prob("ha, ho, ha, ho, ha")


def test_the_depth_bounds_only_rules_that_lead_back() -> None:
    """A long chain of rules needs none."""
    chain = {f"r{place}": [f"{{r{place + 1}}}."] for place in range(40)} | {"r40": ["end"]}

    assert "end" + "." * 40 == Grammar(chain, start="r0", depth=0).mode


@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        (r"(a)\1", "a backreference or an octal number at place 3"),
        (r"a(?P<x>b)(?P=x)", "a backreference at place 9"),
        ("ab(?=a)b", "lookaround at place 2"),
        ("x|(y(?<!b))", "lookaround at place 4"),
        ("(?>a)", "an atomic group at place 0"),
        ("(?i)a", "a flag at place 0"),
        ("a++", "a possessive repeat at place 0"),
        (r"\bfoo", r"\\b at place 0"),
        ("a^b", "an anchor inside at place 1"),
        ("a$b", "an anchor inside at place 1"),
        ("(a$)", "an anchor inside at place 2"),
        ("[^ -~]", "without a character that can be drawn at place 0"),
        ("\ud800", "surrogate"),
        ("[", "unterminated character set at position 0"),
        ("a**", "multiple repeat at position 2"),
        ("a{99999999999999999999}", "the repetition number is too large"),
        ("(" * 60 + ")" * 60, "nested more than 50 deep at place 50"),
        ("(" * 2000 + ")" * 2000, "Expected a regular expression"),
        ("(a*)*b", "explodes at place 0"),
        ("b(a?|c)+", "explodes at place 1"),
        ("((a{1,1000}){1,1000}){1,1000}", "explodes beyond it at place 1"),
        (".{1000000}", "explodes beyond it at place 0"),
        ("(){1000000}", "explodes beyond it at place 0"),
        ("a{1,9}" * 3000, "explodes beyond it at place 0"),
        (5, "Expected a regular expression as text"),
        (b"a", "Expected a regular expression as text"),
    ],
)
def test_a_pattern_that_cannot_be_drawn_from_is_refused_at_its_place(pattern: Any, message: str) -> None:
    """One message says what stands where; an exploding pattern is refused before it is drawn from."""
    with pytest.raises(UsageError, match=message) as caught:
        Regex(pattern)
    assert len(str(caught.value)) < 400


@pytest.mark.parametrize(
    ("rules", "message"),
    [
        ({}, "Unknown rule 'start'"),
        ({"start": []}, "Rule 'start': expected at least one alternative"),
        ({"start": "abc"}, "Rule 'start': expected at least one alternative in a list"),
        (
            {"start": ["{strat}"]},
            "Unknown rule 'strat' of the grammar, in rule 'start'. Did you mean 'start'",
        ),
        ({"begin": ["a"]}, "Unknown rule 'start' of the grammar, to start with.*Valid: begin"),
        (
            {"start": ["{x}"], "x": ["({x})", "{y}"], "y": ["{x}"]},
            "Rule 'x': expected an alternative that ends",
        ),
        ({"start": ["a"], "x": ["{x}"]}, "Rule 'x': expected an alternative that ends"),
        ({"start": ["a}"]}, r"Rule 'start': expected \{name\} for a rule, or \{\{ and \}\}"),
        ({"start": [["a", 0]]}, "Rule 'start': expected text, or text and a positive weight"),
        ({"start": [["a", True]]}, "Rule 'start': expected text"),
        ({"start": [["a", 1e-9], ["b", 1e9]]}, "Rule 'start': expected weights within a factor"),
        ({"start": ["\ud800"]}, "Rule 'start': expected text that can be written"),
        (
            {"start": ["{start}" * 4, "a"]},
            "Rule 'start': expected texts of at most 10,000 characters.*lower the depth",
        ),
        (
            {f"r{n}": [f"{{r{n + 1}}}"] for n in range(300)} | {"start": ["{r0}"], "r300": ["a"]},
            "within at most",
        ),
        (["a"], "Expected rules by name"),
    ],
)
def test_rules_that_make_no_language_are_refused_by_name(rules: Any, message: str) -> None:
    """The message names the rule."""
    with pytest.raises(UsageError, match=message):
        Grammar(rules)


def test_a_depth_too_small_to_end_says_which_would_do() -> None:
    """Two rules that lead to each other take a step each."""
    rules = {"start": ["<{inner}>"], "inner": ["{start}", "x"]}

    assert "<x>" == Grammar(rules, depth=1).mode
    with pytest.raises(UsageError, match="Rule 'start': expected a depth of 1 or more, got 0"):
        Grammar(rules, depth=0)
    with pytest.raises(UsageError, match="Expected a depth from 0 to 100, got 101"):
        Grammar(rules, depth=101)


def test_a_text_with_too_many_derivations_is_refused() -> None:
    """Parsing gives up with a message and does not hang."""
    field = Regex("(((a{1,9}){1,9}){1,9}){1,9}")

    with pytest.raises(UsageError, match="few derivations, got one of 2000 characters"):
        field.log_prob("a" * 2000)
