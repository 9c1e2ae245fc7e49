"""Names become worlds and policies, whether they are installed or lie in a file."""

import subprocess
import sys
from copy import copy
from pathlib import Path

import pytest

from gristmill import registry
from gristmill.errors import PluginError, UsageError
from gristmill.specs import UnknownParameter
from tests.fixtures.plugins import RAISES_AT_IMPORT, RAISES_WHEN_BUILT, distribution, plugin

RETAIL = "support/retail-v1"


def test_an_id_builds_the_world() -> None:
    """The entry point's name is the id."""
    assert registry.make(RETAIL).id == RETAIL


def test_a_file_builds_the_world_like_an_id(tmp_path: Path) -> None:
    """A path has the same rights as an installed plugin, its class named or the only one."""
    spec = plugin(tmp_path)

    assert "local/desk-v1" == registry.make(spec).id == registry.make(spec.removesuffix(":Desk")).id


def test_parameters_are_typed_by_the_constructor() -> None:
    """`?rewards=true` arrives as a boolean."""
    assert {"rewards": True, "level": "demo"} == registry.world(f"{RETAIL}?rewards=true&level=demo").params


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ("support/retial-v1", "Did you mean 'support/retail-v1'?"),
        (f"{RETAIL}?levle=demo", "Did you mean 'level'?"),
        (f"{RETAIL}?level=hard", "Valid: demo, full, rare."),
        (f"{RETAIL}?rewards=maybe", "Expected `bool`"),
        (f"{RETAIL}?rewards", "Expected parameters as name=value"),
        (f"{RETAIL}?level=demo&level=full", "Expected each parameter once"),
        ("nowhere/at_all.py:Env", "No such file"),
        (f"{Path(registry.__file__)}:nothing", "Valid: "),
    ],
)
def test_a_wrong_name_is_answered_with_the_right_ones(spec: str, words: str) -> None:
    """The message says what would be right."""
    with pytest.raises(UsageError) as caught:
        registry.make(spec)

    assert words in str(caught.value)


def test_a_file_that_cannot_be_imported_says_where(tmp_path: Path) -> None:
    """The error names the file, the line and the original error."""
    with pytest.raises(
        PluginError, match=r"desk\.py cannot be imported: RuntimeError: no such library \(.*:3\)"
    ):
        registry.make(plugin(tmp_path, RAISES_AT_IMPORT))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("raise SystemExit(3)", r"SystemExit: 3 \(.*:1\)$"),
        ("def x(:", r"SyntaxError: .*\(some\.py, line 1\)$"),
    ],
    ids=["ends the process", "is no Python"],
)
def test_a_file_that_is_no_plugin_says_why(tmp_path: Path, text: str, words: str) -> None:
    """Any script can be named by mistake."""
    path = tmp_path / "some.py"
    path.write_text(text)

    with pytest.raises(PluginError, match=words):
        registry.make(str(path))


def test_a_world_that_cannot_be_built_says_why(tmp_path: Path) -> None:
    """A constructor that raises is the plugin's error, not ours."""
    with pytest.raises(PluginError, match=r"Desk\(\) cannot be built: ValueError: no key"):
        registry.make(plugin(tmp_path, RAISES_WHEN_BUILT))


def test_a_class_that_is_no_world_says_what_it_lacks(tmp_path: Path) -> None:
    """Some class is not a world."""
    path = tmp_path / "some.py"
    path.write_text("class Some:\n    id = 'a/b-v1'\n    checks = None\n")

    with pytest.raises(PluginError, match="without version, possible_agents"):
        registry.make(str(path))


def test_a_broken_plugin_is_listed_and_breaks_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One distribution that cannot be imported leaves the others in use."""
    distribution(tmp_path, "broken", {"gristmill.envs": {"bad/env-v1": "no_such_module:Env"}})
    monkeypatch.syspath_prepend(tmp_path)

    listed = {one.name: one.error for one in registry.worlds()}

    assert "" == listed[RETAIL]
    assert (
        "bad/env-v1 (broken: no_such_module:Env) cannot be imported: ModuleNotFoundError"
        in listed["bad/env-v1"]
    )


def test_an_id_claimed_twice_names_both_distributions(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither of two distributions silently wins."""
    for name in ("one", "two"):
        distribution(tmp_path, name, {"gristmill.envs": {"same/env-v1": f"{name}.envs:Env"}})
    monkeypatch.syspath_prepend(tmp_path)

    with pytest.raises(PluginError, match=r"one: one\.envs:Env and two: two\.envs:Env"):
        registry.make("same/env-v1")


def test_an_entry_point_must_have_the_id_of_its_class(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Episodes name the class's id, so another name would lead nowhere."""
    distribution(
        tmp_path, "alias", {"gristmill.envs": {"my/alias-v1": "gristmill.envs.support.env:RetailSupport"}}
    )
    monkeypatch.syspath_prepend(tmp_path)

    with pytest.raises(PluginError, match="Expected the class of my/alias-v1 to have that id"):
        registry.make("my/alias-v1")


def test_nothing_is_imported_before_it_is_named() -> None:
    """Importing the registry imports no plugin, and a policy of one name not the libraries of another."""
    code = "import sys, gristmill.registry as r; print([m for m in sys.modules if m.startswith('gristmill.envs')])"
    code += "; r.policy('expert', 'support/retail-v1', 'agent'); print('jax' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert ["[]", "False"] == done.stdout.split()


@pytest.mark.parametrize(
    ("seat", "about"), [("agent", "Follow the policy"), ("customer", "Bring up one request")]
)
def test_a_name_means_the_policy_of_that_seat(seat: str, about: str) -> None:
    """Each seat has its own expert."""
    (expert,) = [one for one in registry.policies(RETAIL, seat) if one.name == "expert"]

    assert expert.about.startswith(about)


def test_a_file_brings_its_policies(tmp_path: Path) -> None:
    """Marked functions beside the world can be named for its seats, and by their place too."""
    spec = plugin(tmp_path)

    assert "expert" == registry.policy("expert", spec, "agent").name
    by_place = registry.policy(f"{tmp_path / 'desk.py'}:agent", spec, "agent")
    assert registry.policy("expert", spec, "agent").digest == by_place.digest


def test_policies_of_one_module_have_different_digests() -> None:
    """An episode's identity tells apart who played, down to the parameters."""
    specs = ["noop", "random", "noisy", "noisy?rate=0.2", "expert", "expert?forms=train", "noisy?forms=train"]

    assert len(specs) == len({registry.policy(spec, RETAIL, "agent").digest for spec in specs})


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ("exprt", "Did you mean 'expert'?"),
        ("expert?form=train", "Did you mean 'forms'?"),
        ("expert?forms=hold-out", "Did you mean 'held-out'? Valid: all, held-out, train."),
        ("noisy?forms=hold-out", "Did you mean 'held-out'?"),
        ("noisy?rate=often", "Expected `float`"),
        ("noisy?rate=2", "Expected a rate between 0 and 1"),
        ("noisy?base=nobody", "'nobody'"),
        ("noisy?froms=train", "Did you mean 'forms'?"),
        ("noisy?rat=2", "'rat' of policy 'noisy'. Did you mean 'rate'? Valid: base, forms, rate."),
        ("noisy?base=noisy&rat=2", "Did you mean 'rate'? Valid: base, forms, rate."),
        ("noisy?base=expert%3Frat%3D2", "Valid: forms."),
    ],
)
def test_a_wrong_policy_is_answered_with_the_right_ones(spec: str, words: str) -> None:
    """The message says what would be right."""
    with pytest.raises(UsageError) as caught:
        registry.policy(spec, RETAIL, "agent")

    assert words in str(caught.value)


def test_a_broken_policy_module_hides_no_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its error is told where a name is not found, since it might have been there."""
    distribution(tmp_path, "broken", {"gristmill.policies": {"theirs": "no_such_module"}})
    monkeypatch.syspath_prepend(tmp_path)

    assert "expert" == registry.policy("expert", RETAIL, "agent").name
    with pytest.raises(UsageError, match=r"no_such_module.*cannot be imported"):
        registry.policy("their-best", RETAIL, "agent")


def test_a_policy_that_is_one_function_is_imported_when_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A model's libraries load only for whoever asks for the model; its factory hears what it is built for."""
    (tmp_path / "model_plugin.py").write_text(
        "from gristmill.policy import Scripted\n"
        "def build(place, *, size: int = 1):\n"
        "    return Scripted(f'{place.seat} {size + 1}', lambda brief, rng: iter(()))\n"
    )
    distribution(tmp_path, "model", {"gristmill.policies": {"big": "model_plugin:build"}})
    monkeypatch.syspath_prepend(tmp_path)

    assert "expert" == registry.policy("expert", RETAIL, "agent").name
    assert "model_plugin" not in sys.modules
    assert "agent 3" == registry.policy("big?size=2", RETAIL, "agent").name
    assert "big" in [one.name for one in registry.policies(RETAIL, "agent")]


def test_a_relative_path_can_be_made_to_mean_the_same_everywhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Workers and later commands may run in another folder."""
    plugin(tmp_path)
    monkeypatch.chdir(tmp_path)

    assert f"{tmp_path / 'desk.py'}:Desk?rewards=true" == registry.absolute("desk.py:Desk?rewards=true")
    assert f"{RETAIL}?level=demo" == registry.absolute(f"{RETAIL}?level=demo")


CHOOSY = """
from typing import Literal

from gristmill.policy import policy
from gristmill.types import say

@policy("*", "*", "choosy")
def choosy(brief, rng, *, forms: Literal["train", "held-out"] = "train", tone: Literal[1, 2] = 1):
    while True:
        yield say(forms)
"""


@pytest.mark.parametrize(
    "spec", ["choosy", "choosy?forms=held-out", "choosy?tone=2", "noisy?base=choosy&forms=train"]
)
def test_a_choice_is_one_of_those_there_are(tmp_path: Path, spec: str) -> None:
    """A parameter annotated with a Literal takes its values."""
    world = plugin(tmp_path)
    (tmp_path / "choosy.py").write_text(CHOOSY)
    name = spec.replace("choosy", f"{tmp_path}/choosy.py:choosy")

    assert registry.policy(name, world, "agent").name == name


@pytest.mark.parametrize("spec", ["choosy?forms=hold-out", "noisy?base=choosy&forms=hold-out"])
def test_a_wrong_choice_is_refused_before_anything_is_played(tmp_path: Path, spec: str) -> None:
    """And answered with the right ones."""
    world = plugin(tmp_path)
    (tmp_path / "choosy.py").write_text(CHOOSY)

    with pytest.raises(
        UsageError,
        match=r"Unknown value 'hold-out' of parameter 'forms' .* mean 'held-out'\? Valid: held-out, train",
    ):
        registry.policy(spec.replace("choosy", f"{tmp_path}/choosy.py:choosy"), world, "agent")


LAZY = """
from gristmill.policy import policy
from gristmill.types import say

@policy("*", "agent", "lazy")
def wait(brief, rng):
    while True:
        yield say("One moment")
"""
GREEDY = """
@policy("*", "*", "greedy")
def take(brief, rng):
    while True:
        yield say("Mine")

def unmarked(brief, rng):
    while True:
        yield say("Whose?")
"""


@pytest.mark.parametrize("place", ["", ":lazy", ":wait"])
def test_a_policy_is_a_file_too(tmp_path: Path, place: str) -> None:
    """By the file alone when it holds one for the seat, by the name of its mark, and by that of the function."""
    path = tmp_path / "mine.py"
    path.write_text(LAZY)

    assert f"{path}{place}" == registry.policy(f"{path}{place}", RETAIL, "agent").name


def test_a_file_with_a_world_is_its_policy_for_a_seat_too(tmp_path: Path) -> None:
    """Each of its seats has one."""
    world = plugin(tmp_path)
    alone = registry.policy(world.removesuffix(":Desk"), world, "customer")

    assert registry.policy("expert", world, "customer").digest == alone.digest
    assert registry.policy(f"{tmp_path}/desk.py:expert", world, "customer").digest == alone.digest


@pytest.mark.parametrize(
    ("text", "place", "seat", "words"),
    [
        (
            LAZY + GREEDY,
            "",
            "agent",
            "Expected one policy for seat agent in {}, got greedy, lazy; write path.py:NAME",
        ),
        (
            LAZY,
            "",
            "customer",
            'got none; write path.py:NAME, or mark one with @policy("*", "customer", "NAME").',
        ),
        (LAZY + GREEDY, ":lzy", "agent", "mean 'lazy'? Valid: greedy, lazy, take, unmarked, wait."),
        (LAZY, ":lazy", "customer", "Unknown policy 'lazy' of seat customer in {}. Valid: wait."),
    ],
    ids=["several", "none", "unknown", "of another seat"],
)
def test_a_policy_that_is_not_in_a_file_is_answered_with_those_that_are(
    tmp_path: Path, text: str, place: str, seat: str, words: str
) -> None:
    """By both of their names."""
    path = tmp_path / "mine.py"
    path.write_text(text)

    with pytest.raises(UsageError) as caught:
        registry.policy(f"{path}{place}", RETAIL, seat)

    assert words.format(path) in str(caught.value)


def test_an_unknown_parameter_can_be_told_from_another_process() -> None:
    """What a worker raises is sent as it is."""
    with pytest.raises(UnknownParameter) as caught:
        registry.policy("noisy?rat=2", RETAIL, "agent")

    assert str(caught.value) == str(copy(caught.value))
    assert ("rat", ["base", "forms", "rate"]) == (caught.value.name, caught.value.valid)


def test_a_name_is_said_once_to_be_valid(tmp_path: Path) -> None:
    """A world's file may mark a policy that has the name of an installed one."""
    spec = plugin(tmp_path, ('"agent", "expert"', '"agent", "model"'))
    with pytest.raises(UsageError, match="Unknown policy 'nobody'") as caught:
        registry.policy("nobody", spec, "agent")
    names = str(caught.value).partition("Valid: ")[2].partition(".")[0].split(", ")

    assert sorted(set(names)) == names
