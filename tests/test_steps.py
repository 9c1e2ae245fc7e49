"""Numeric steps: every bit that a simulator was given is kept, and passes for plain JSON."""

from typing import Any

import msgspec
import numpy as np
import pytest

from gristmill.digest import decoder, encode
from gristmill.errors import UsageError
from gristmill.steps import Layout, Steps, StepsBuilder

FLAGS = np.zeros(2, bool)
X, U = np.arange(6, dtype=np.float32).reshape(3, 2), np.array([-1, 2], np.int8)
STEPS = Steps.of(
    observations={"x": X},
    actions={"u": U},
    rewards=np.array([0.5, np.nan]),
    terminated=FLAGS,
    truncated=~FLAGS,
)
NAMES = ["observation.x", "action.u", "reward", "terminated", "truncated"]


def changed(**change: Any) -> Steps:
    """Return the steps with another layout, as a damaged file may have it."""
    return Steps(msgspec.structs.replace(STEPS.layout, **change), STEPS.data)


def test_the_columns_are_what_was_given() -> None:
    """Under the names they have in a file, and in groups without them."""
    assert NAMES == list(STEPS.columns())
    assert (2, 24 + 2 + 16 + 2 + 2) == (len(STEPS), STEPS.nbytes)
    given = {**STEPS.observations, **STEPS.actions}
    assert [("x", X.dtype, X.tolist()), ("u", U.dtype, U.tolist())] == [
        (name, column.dtype, column.tolist()) for name, column in given.items()
    ]
    assert ("[0.5, nan]", [False] * 2, [True] * 2) == (
        str(STEPS.rewards.tolist()),
        STEPS.terminated.tolist(),
        STEPS.truncated.tolist(),
    )


def test_nothing_can_be_changed_afterwards() -> None:
    """Neither through a view nor through the array that was given."""
    given = np.zeros(2)
    steps = Steps.of(observations={}, actions={}, rewards=given, terminated=FLAGS, truncated=FLAGS)
    given[0] = 1

    assert [0, 0] == steps.rewards.tolist()
    with pytest.raises(ValueError, match="read-only"):
        steps.rewards[0] = 1


def test_json_carries_every_bit() -> None:
    """Without being told how; and from the columns the same steps are made again."""
    again = decoder(Steps)(encode(STEPS))

    assert (STEPS.layout, STEPS.data, STEPS.digest) == (again.layout, again.data, again.digest)
    assert STEPS.digest == Steps.from_columns(STEPS.columns()).digest


def test_the_digest_is_of_layout_and_data() -> None:
    """The same bytes as other numbers are other steps."""
    other = changed(dtypes=("<f4", "|u1", *STEPS.layout.dtypes[2:]))
    another = Steps(STEPS.layout, STEPS.data[:-1] + b"\0")

    assert 3 == len({STEPS.digest, other.digest, another.digest})


@pytest.mark.parametrize(
    ("steps", "message"),
    [
        (Steps(STEPS.layout, STEPS.data[:-1]), "it takes 46 bytes, and there are 45"),
        (changed(length=3), "it takes 65 bytes, and there are 46"),
        (changed(length=-1), r"has dtype '\|i1' and shape \(-1,\)"),
        (changed(names=("observation.x", "action.u", "reward", "reward", "truncated")), "it has the columns"),
        (changed(names=("observation.x", "action.u", "reward", "terminated", "over")), "it has the columns"),
        (changed(shapes=((2,), ())), "longer|shorter"),
        (changed(shapes=((2,), (), (), (), (0, 10**30))), "it takes 44 bytes"),
        (changed(dtypes=("|O", *STEPS.layout.dtypes[1:])), "column 'observation.x' has dtype"),
        (changed(dtypes=("nonsense", *STEPS.layout.dtypes[1:])), "nonsense"),
        (Steps(Layout(tuple(NAMES), ("<f8",) * 5, ((0, 10**30),) * 5, 0), b""), "Maximum allowed dimension"),
    ],
)
def test_data_that_do_not_fit_their_layout_are_told_of(steps: Steps, message: str) -> None:
    """Whoever reads them from a file can ask, and nobody gets to see them."""
    with pytest.raises(
        UsageError, match=f"Expected numeric steps whose data fit their layout, but .*{message}"
    ):
        steps.check()
    with pytest.raises(UsageError, match=message):
        _ = steps.rewards


def test_columns_of_another_kind_are_refused() -> None:
    """Every step has a reward and says whether it is the last."""
    columns = STEPS.columns()
    del columns["truncated"]

    with pytest.raises(UsageError, match=r"Expected the columns reward, terminated, truncated and others"):
        Steps.from_columns(columns)


def test_a_builder_keeps_the_dtype_that_was_applied() -> None:
    """Observations may be arrays or dicts of arrays; the last one is kept."""
    builder = StepsBuilder()
    builder.reset({"pos": np.zeros(2, np.float32), "id": np.int8(1)})
    builder.add(np.array([0.1]), {"pos": np.ones(2, np.float32), "id": np.int8(2)}, 0.5, False, True)

    steps = builder.build()

    assert (1, (2, 2), "float32", "int8", "float64") == (
        len(steps),
        steps.observations["pos"].shape,
        str(steps.observations["pos"].dtype),
        str(steps.observations["id"].dtype),
        str(steps.actions["value"].dtype),
    )
    assert ([0.5], [False], [True]) == tuple(
        column.tolist() for column in (steps.rewards, steps.terminated, steps.truncated)
    )


def test_what_is_not_numbers_is_refused() -> None:
    """Objects would have to be pickled, and a column of another length is a mistake."""
    rest: dict[str, Any] = {
        "actions": {},
        "rewards": np.zeros(1),
        "terminated": FLAGS[:1],
        "truncated": FLAGS[:1],
    }
    with pytest.raises(UsageError, match="Expected flags or numbers"):
        Steps.of(observations={"x": np.array([None, {}])}, **rest)
    with pytest.raises(UsageError, match=r"native byte order in column 'observation\.x'"):
        Steps.of(observations={"x": np.zeros(2, np.dtype("f8").newbyteorder("S"))}, **rest)
    with pytest.raises(UsageError, match=r"Expected 2 rows in column 'observation\.x' \(1 rewards\), got 1"):
        Steps.of(observations={"x": np.zeros(1)}, **rest)
    builder = StepsBuilder()
    builder.reset(np.zeros(2))
    builder.add(0, np.zeros(3), 0.0, False, False)
    with pytest.raises(UsageError, match="Expected one shape in column 'observation'"):
        builder.build()
