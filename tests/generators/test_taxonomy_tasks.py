"""Tasks that teach: none can be passed by saying nothing, the task again or that one does not know."""

from pathlib import Path

import pytest

from gristmill.errors import UsageError
from gristmill.generators.answers import judge
from gristmill.generators.taxonomy.making import makers
from gristmill.generators.taxonomy.tree import load

MADE = {name: makers(load(name)) for name in ("general", "problems")}
LEAVES = [(name, path) for name, made in MADE.items() for path in made]
LEAF = """
name = "t"
[[leaf]]
path = "a/b/c/d"
wordings = ["Say it."]
"""


@pytest.mark.parametrize(("name", "path"), LEAVES)
def test_no_task_is_passed_without_an_answer(name: str, path: str) -> None:
    """By silence, the task said again, or not knowing."""
    tasks = [one for index in range(12) if (one := MADE[name][path].make(17, index))]

    assert tasks
    for one in tasks:
        for reply in ("", one["instruction"], "I don't know."):
            assert "fail" == judge(one["check"], reply).status, (one["instruction"], reply)
        assert "pass" == judge(one["check"], one["response"], one["calls"]).status


@pytest.mark.parametrize(
    ("leaf", "words"),
    [
        (
            'check = "date"\nslots.answer = { kind = "constant", value = "soon" }',
            r"its own check accepts, got 'soon'",
        ),
        (
            'check = "list"\nslots.answer = { kind = "constant", value = 4 }',
            r"expected a list as the answer, got 4",
        ),
        ('check = "calls"', r"leaf 1 \(a/b/c/d\): expected calls where the check is `calls`"),
        ('check = "guess"', r"leaf 1 \(a/b/c/d\): Unknown kind of check 'guess'. Valid: ask, calls"),
    ],
)
def test_a_leaf_that_no_answer_can_pass_is_refused(tmp_path: Path, leaf: str, words: str) -> None:
    """When it is read, and not in training."""
    (tmp_path / "t.toml").write_text(LEAF + leaf)

    with pytest.raises(UsageError, match=words):
        makers(load(str(tmp_path / "t.toml")))


@pytest.mark.parametrize("node", ["a", "a/b", "a/b/c/d"])
def test_a_taxonomy_in_which_nothing_has_a_share_is_refused(tmp_path: Path, node: str) -> None:
    """Wherever the weight of nothing stands."""
    (tmp_path / "t.toml").write_text(
        LEAF.replace("[[leaf]]", f'shares = {{ "{node}" = 0 }}\n[[leaf]]') + 'check = "no-call"'
    )

    with pytest.raises(
        UsageError, match=r"t\.toml, shares: expected some topic with a weight above 0, and a leaf in it"
    ):
        load(str(tmp_path / "t.toml"))
