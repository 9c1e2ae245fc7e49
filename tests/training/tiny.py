"""A shop of one tool, and a decoder small enough to compile at once."""

from functools import cache

import jax

from gristmill.agents.model.config import ModelConfig
from gristmill.agents.model.decoder import init_params
from gristmill.agents.model.store import Model
from gristmill.agents.model.template import TemplateConfig, View, learn_tokenizer
from gristmill.training import TrainConfig
from gristmill.types import Entry

SHAPE = ModelConfig(vocab=320, dim=16, layers=2, heads=2, kv_heads=1, head_dim=8, ffn=24, conv=2, max_len=256)
CONFIG = TrainConfig(model=SHAPE, rows=4, buckets=1, rate=0.02, valid_every=4)


def entries(number: int) -> list[Entry]:
    """Return a dialogue about order W<number>."""
    order = f"W{number:04d}"
    return [
        {"from": "customer", "say": f"Where is {order}?"},
        {"from": "agent", "call": "get_order", "args": {"order_id": order}},
        {"from": "tool", "tool": "get_order", "result": {"order_id": order, "status": "sent"}},
        {"from": "agent", "say": f"{order} is sent."},
    ]


def views(count: int, first: int = 0) -> list[View]:
    """Return the views of `count` dialogues."""
    return [View("agent", entries(number * 37 % 10_000)) for number in range(first, first + count)]


@cache
def model(conv: int = SHAPE.conv) -> Model:
    """Return an untrained model."""
    tokenizer = learn_tokenizer(views(20), vocab=SHAPE.vocab)
    shape = ModelConfig.from_json(SHAPE.to_json().replace('"conv": 2', f'"conv": {conv}'))
    return Model(shape, tokenizer, TemplateConfig(), init_params(shape, jax.random.key(0)), digest="tiny")
