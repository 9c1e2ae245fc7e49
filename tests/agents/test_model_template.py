"""Entries become tokens and acts come back; only the trained seat's words have loss."""

from typing import Any

import pytest

from gristmill.agents.model.mask import mask_report
from gristmill.agents.model.template import Template, TemplateConfig, View, learn_tokenizer
from gristmill.errors import UsageError
from gristmill.types import Brief
from tests.training.tiny import entries, model, views

TOKENIZER = model().tokenizer
TEMPLATE = Template(TOKENIZER)

ACTS: list[dict[str, Any]] = [
    {"say": "Hello, W1!"},
    {"say": ""},
    {"say": '  two spaces, a "quote" and <end> '},
    {"call": "get_order", "args": {"order_id": "W0001"}},
    {"call": "list_all", "args": {}},
    {"call": "x", "args": {"a": [1, 2.5, None, True, {"b": " c"}], "é": "", "s": '\n"\\'}},
]


@pytest.mark.parametrize("act", ACTS)
def test_an_act_comes_back(act: dict[str, Any]) -> None:
    """What the trained seat did is read back from the tokens that have loss."""
    code = TEMPLATE.view(View("agent", [{"from": "agent", **act}]))
    ids = [index for index, on in zip(code.ids, code.loss, strict=True) if on]

    assert TOKENIZER.end == ids[-1]
    assert act == TEMPLATE.parse(ids[:-1])


@pytest.mark.parametrize(
    "text", ["<call>get_order{", '<call>{"a":1}', "<call>f[1]", "<call>", "", '<call>f{"a":1}}', " hi<agent>"]
)
def test_garbage_is_raw(text: str) -> None:
    """What is neither a sentence nor a call with an object is kept as it is, and breaks nothing."""
    ids: list[int] = []
    for part in text.replace("<", "\0<").replace(">", ">\0").split("\0"):
        special = TOKENIZER.special(part)
        ids += [special] if special is not None else TOKENIZER.encode(part)

    assert {"raw": text} == TEMPLATE.parse(ids)


def test_only_the_trained_seat_has_loss() -> None:
    """The words of others and every speaker's token are given, not learnt."""
    code = TEMPLATE.view(views(1)[0])
    learnt = TOKENIZER.decode([index for index, on in zip(code.ids, code.loss, strict=True) if on])

    assert '<call>get_order{"order_id":" W0000"}<end> W0000 is sent.<end>' == learnt


def test_an_act_of_weight_zero_has_no_loss() -> None:
    """A caller can keep an act as context without teaching it; a malformed act is never taught."""
    spoiled = entries(1)
    spoiled[1] = {**spoiled[1], "weight": 0}
    spoiled[3] = {"from": "agent", "raw": "((("}
    code = TEMPLATE.view(View("agent", spoiled))

    assert not any(code.loss)
    assert {"seen", "speaker", "unweighted call", "unweighted raw"} == set(code.kinds)


def test_the_report_proves_what_is_covered() -> None:
    """All tokens of acts have loss, with one end per act, and no others have."""
    report = mask_report(TEMPLATE, views(5))

    assert (5, 0, 10, 10) == (report.views, report.empty, report.acts, report.ends)
    assert {"call", "say"} == set(report.covered)
    assert all(report.covered[kind] == report.tokens[kind] for kind in report.covered)
    assert report.examples[0][1] == " W0000 is sent.<end>"


def test_a_report_without_any_loss_is_refused() -> None:
    """Training on nothing is a mistake, not a job."""
    with pytest.raises(UsageError, match="got none"):
        mask_report(TEMPLATE, [View("nobody", entries(1))])


def test_a_result_of_the_tool_just_called_is_not_named_again() -> None:
    """The tool's name is written only where it is news."""
    result = entries(1)[2]
    same, other = TEMPLATE.observed_all([([result], "get_order"), ([result], "")])

    assert TOKENIZER.decode(same) == '<tool>{"order_id":" W0001","status":" sent"}'
    assert TOKENIZER.decode(other).startswith("<tool>get_order{")


def test_a_long_observation_is_cut_and_marked() -> None:
    """A huge text costs no more than `max_entry` tokens."""
    template = Template(TOKENIZER, TemplateConfig(max_entry=10))
    (ids,) = template.observed_all([([{"from": "customer", "say": "9" * 10_000}], "")])

    assert 11 == len(ids)
    assert TOKENIZER.special("<cut>") == ids[-1]


def test_a_speaker_never_seen_before_is_named_in_text() -> None:
    """Another world's seats can be read without a new vocabulary."""
    (ids,) = TEMPLATE.observed_all([([{"from": "robot", "say": "hi"}], "")])

    assert "<other> robot hi" == TOKENIZER.decode(ids)


def test_a_brief_is_written_as_far_as_it_is_asked_for() -> None:
    """By default a model learns its policy document from the dialogues."""
    brief = Brief(seat="agent", text="Be kind.", facts={"day": 3})

    assert "<brief>" == TOKENIZER.decode(TEMPLATE.opening(brief))
    shown = Template(TOKENIZER, TemplateConfig(brief=("text", "facts"))).opening(brief)
    assert '<brief>{"text":" Be kind.","facts":{"day":3}}' == TOKENIZER.decode(shown)


def test_template_settings_survive_json() -> None:
    """What a checkpoint says about its template is what it was trained with."""
    config = TemplateConfig(brief=("facts",), max_entry=7)

    assert config == TemplateConfig.from_json(config.to_json())
    with pytest.raises(UsageError, match="Expected template settings"):
        TemplateConfig.from_json('{"colour": 1}')


def test_every_speaker_has_a_token() -> None:
    """The seats come from the data."""
    tokenizer = learn_tokenizer([View("buyer", [{"from": "seller", "say": "one"}])], vocab=300)

    assert None not in (tokenizer.special("<buyer>"), tokenizer.special("<seller>"))
