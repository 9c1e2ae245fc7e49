"""Names into worlds and policies.

A *spec* is a name with parameters, `support/retail-v1?level=demo` or `noisy?base=expert&rate=0.2`. The name of a
policy may be followed by a colon and its first parameter, as in `chat:MODEL@URL?temperature=0.7`. The name is
an id, or a place in a file (`path/to/my_env.py:MyEnv`, `path/to/mine.py:my_policy`, or the file alone); both have equal rights. The
parameters are keyword arguments of the class or function that the name stands for, typed by its annotations.

Ids are entry points of installed distributions. `gristmill.envs` maps a world's id to its class.
`gristmill.policies` maps a name to a module, whose functions marked with `@gristmill.policy.policy` are all
available, or to one function (`module:function`), which is imported only when its name is asked for. A file with
a world brings its marked policies along. Nothing is imported before it is listed or named, and what cannot be
imported is listed with its error.
"""

import inspect
from collections.abc import Callable, Iterable, Iterator
from importlib.metadata import EntryPoint, entry_points
from types import ModuleType
from typing import Any

import msgspec

from gristmill.errors import GristmillError, PluginError, UsageError, unknown
from gristmill.plugins import Listing, about, find, load, module_of, origin, place_of
from gristmill.policy import Place, Policy, Scripted
from gristmill.specs import file_of, shown, split, typed
from gristmill.world import World

__all__ = ["WorldSpec", "absolute", "make", "policies", "policy", "split", "world", "worlds"]

_ENVS, _POLICIES = "gristmill.envs", "gristmill.policies"
_WORLD_HAS = ("id", "version", "possible_agents", "scenario", "reset", "brief", "step", "checks", "close")
_TURNS_HAVE = (*_WORLD_HAS, "observe", "entries", "state", "mutating")
_BODIES_HAVE = (*_WORLD_HAS, "platform", "vector")


class WorldSpec(msgspec.Struct, frozen=True):
    """A world's class with the arguments that a spec gives, and whether it takes `rewards`; call it for an instance."""

    kind: type[World]
    params: dict[str, Any]
    rewarding: bool

    def __call__(self) -> World:
        """Return a new instance.

        Raises:
            PluginError: when the constructor raises, or what it builds lacks something of the contract.
        """
        params = self.params
        # The loop judges every episode by itself; rewards are for those who use a world as a standard environment.
        if self.rewarding:
            params = {"rewards": False, **params}
        try:
            world = self.kind(**params)
        except GristmillError:
            raise
        except Exception as error:
            raise PluginError(
                f"{self.kind.__name__}{shown(params)} cannot be built: {place_of(error)}"
            ) from error
        has = _BODIES_HAVE if hasattr(world, "vector") else _TURNS_HAVE
        if missing := [name for name in has if not hasattr(world, name)]:
            raise PluginError(f"Expected a world, got {self.kind.__name__} without {', '.join(missing)}.")
        return world


def make(spec: str) -> World:
    """Return a new instance of the world that `spec` names."""
    return world(spec)()


def world(spec: str) -> WorldSpec:
    """Return the world that `spec` names, ready to be built many times.

    Raises:
        UsageError: when there is no such id, file, class or parameter.
        PluginError: when it cannot be imported, or two distributions claim the id.
    """
    name, given = split(spec)
    if file := file_of(name):
        kind = _world_class(module_of(file), name.rpartition(":")[2] if ".py:" in name else "")
    else:
        kind = load(find(_ENVS, "world", name))
        if getattr(kind, "id", None) != name:
            raise PluginError(
                f"Expected the class of {name} to have that id, got {getattr(kind, 'id', None)!r}."
            )
    params = typed(kind, given, f"world {name}")
    return WorldSpec(kind, params, "rewards" in inspect.signature(kind).parameters)


def worlds() -> list[Listing]:
    """Return all installed worlds, broken ones with their errors; this imports them."""
    return [_listing(_ENVS, name) for name in sorted({entry.name for entry in entry_points(group=_ENVS)})]


def policy(spec: str, world: str, seat: str) -> Policy:
    """Return the policy that `spec` names, for one seat of a world.

    Args:
        spec: a name such as `expert` or `noisy?base=expert&rate=0.2`, or a place in a file: `path.py:name`, which a
            function or its mark has, or `path.py` alone if it holds one policy for the seat.
        world: spec of the world.
        seat: name of the seat.

    Raises:
        UsageError: when there is no such policy or parameter; the message lists those there are.
        PluginError: when it cannot be imported.
    """
    name, given = split(spec)
    if file := file_of(name):
        place = name.rpartition(":")[2] if ".py:" in name else ""
        function = _policy_in(module_of(file), place, world, seat)
    else:
        name, colon, first = name.partition(":")
        function = _named_policy(name, world, seat)
        if colon:
            given = _led_by(first, function, given, spec)
    what = f"policy {name!r}"
    if inspect.isgeneratorfunction(function):
        return Scripted(spec, function, **typed(function, given, what, skip=2))
    built: Policy = function(Place(world=world, seat=seat, spec=spec), **typed(function, given, what, skip=1))
    return built


def policies(world: str, seat: str) -> list[Listing]:
    """Return the policies that may take a seat of a world, broken modules with their errors."""
    found, listings = _marked(world, seat)
    listings += [
        Listing(name=name, source=_source(function), about=about(function))
        for name, functions in found.items()
        for function in functions
    ]
    listings += [
        Listing(name=entry.name, source=origin(entry), about="Imported only when it is asked for.")
        for entry in _lazy_policies()
        if entry.name not in found  # what is marked for a seat goes before it
    ]
    return sorted(listings, key=lambda one: one.name)


def absolute(spec: str) -> str:
    """Return `spec` with the path of a file made absolute, so that it means the same everywhere on this machine."""
    name, mark, query = spec.partition("?")
    file = file_of(name)
    return f"{file.resolve()}{name[name.rfind('.py') + 3 :]}{mark}{query}" if file else spec


def _world_class(module: ModuleType, name: str) -> Any:
    if name:
        return _member(module, name)
    own = [
        kind
        for kind in vars(module).values()
        if isinstance(kind, type) and kind.__module__ == module.__name__
    ]
    found = [kind for kind in own if hasattr(kind, "id") and hasattr(kind, "checks")]
    if len(found) != 1:
        names = ", ".join(kind.__name__ for kind in found) or "none"
        raise UsageError(f"Expected one world in {module.__file__}, got {names}; write path.py:Class.")
    return found[0]


def _member(module: ModuleType, name: str) -> Any:
    members = _members(module)
    if name not in members:
        raise unknown("name", name, _own(module), of=str(module.__file__))
    return members[name]


def _members(module: ModuleType) -> dict[str, Any]:
    return {key: value for key, value in vars(module).items() if callable(value) and not key.startswith("_")}


def _own(module: ModuleType) -> list[str]:
    """Return the names of what the module itself defines."""
    members = _members(module).items()
    return [key for key, value in members if getattr(value, "__module__", "") == module.__name__]


def _listing(group: str, name: str) -> Listing:
    origins = " and ".join(sorted(origin(entry) for entry in entry_points(group=group, name=name)))
    try:
        return Listing(name=name, source=origins, about=about(load(find(group, "world", name))))
    except GristmillError as error:
        return Listing(name=name, source=origins, error=str(error))


def _source(function: Any) -> str:
    return f"{inspect.getsourcefile(function) or function.__module__}:{function.__name__}"


# Policies.


def _policy_in(module: ModuleType, name: str, world: str, seat: str) -> Callable[..., Any]:
    """Return the policy in a file by the name of a function or of its mark; without a name, the only one for the seat.

    A function that is not marked can be named as well.
    """
    marked = _ranked([module], world, seat)
    if not name:
        own = {
            function: mark
            for mark, functions in marked.items()
            for function in functions
            if function.__module__ == module.__name__
        }
        if len(own) == 1:
            return next(iter(own))
        got = ", ".join(sorted(own.values())) or "none"
        raise UsageError(
            f"Expected one policy for seat {seat} in {module.__file__}, got {got}; "
            f'write path.py:NAME, or mark one with @policy("*", "{seat}", "NAME").'
        )
    members = _members(module)
    if name in members:
        found: Callable[..., Any] = members[name]
        return found
    if len(functions := marked.get(name, [])) == 1:
        return functions[0]
    raise unknown("policy", name, {*_own(module), *marked}, of=f"seat {seat} in {module.__file__}")


def _led_by(first: str, function: Callable[..., Any], given: dict[str, str], spec: str) -> dict[str, str]:
    """Return the parameters with the first one, which stood behind the name."""
    skip = 2 if _is_script(function) else 1
    names = [*inspect.signature(function).parameters][skip : skip + 1]
    if not names or names[0] in given:
        raise UsageError(
            f"Expected a policy that takes one parameter behind its name, once, got {spec!r}; write ?name=value."
        )
    return {names[0]: first} | given


def _named_policy(name: str, world: str, seat: str) -> Callable[..., Any]:
    found, broken = _marked(world, seat)
    lazy = {entry.name: entry for entry in _lazy_policies()}
    match found.get(name, []):
        case [function]:
            return function
        case [_, *_] as several:
            both = " and ".join(_source(function) for function in several)
            raise PluginError(f"Expected one policy {name!r} for {seat} of {world}, got {both}.")
    if name in lazy:
        loaded: Callable[..., Any] = load(find(_POLICIES, "policy", name))
        return loaded
    error = unknown("policy", name, {*found, *lazy}, of=f"seat {seat} of {world}")
    raise UsageError(" ".join([str(error), *(one.error for one in broken)]))


def _marked(world_spec: str, seat: str) -> tuple[dict[str, list[Callable[..., Any]]], list[Listing]]:
    """Return the marked functions for a seat by name, and the modules that cannot be imported.

    Where several have one name, the one marked for this world and seat goes before those for any.
    """
    modules, broken = _policy_modules(world_spec)
    return _ranked(modules, world_spec, seat), broken


def _ranked(modules: Iterable[ModuleType], world_spec: str, seat: str) -> dict[str, list[Callable[..., Any]]]:
    id, moves = _id_of(world_spec), _simulates(world_spec)
    ranked: dict[str, dict[int, dict[Callable[..., Any], None]]] = {}
    for module in modules:
        for function, (for_world, for_seat, name) in _marks(module):
            if for_world in (id, "*") and for_seat in (seat, "*") and not (moves and _is_script(function)):
                rank = 2 * (for_world == id) + (for_seat == seat)
                # Keyed by the function, since a module may bring along those of another.
                ranked.setdefault(name, {}).setdefault(rank, {})[function] = None
    return {name: list(by_rank[max(by_rank)]) for name, by_rank in ranked.items()}


def _policy_modules(world_spec: str) -> tuple[list[ModuleType], list[Listing]]:
    modules: list[ModuleType] = []
    broken: list[Listing] = []
    if file := file_of(split(world_spec)[0]):
        modules.append(module_of(file))
    for entry in entry_points(group=_POLICIES):
        if not entry.attr:
            try:
                modules.append(load(entry))
            except PluginError as error:
                broken.append(Listing(name=entry.name, source=origin(entry), error=str(error)))
    return modules, broken


def _lazy_policies() -> list[EntryPoint]:
    return [entry for entry in entry_points(group=_POLICIES) if entry.attr]


def _marks(module: ModuleType) -> Iterator[tuple[Callable[..., Any], tuple[str, str, str]]]:
    for function in list(vars(module).values()):
        for mark in getattr(function, "gristmill_policy", ()) if callable(function) else ():
            yield function, mark


def _is_script(function: Callable[..., Any]) -> bool:
    """Return whether a policy is a script, which takes turns and moves no body."""
    return inspect.isgeneratorfunction(function)


def _simulates(world_spec: str) -> bool:
    """Return whether a world simulates a body; one that cannot be imported is for others to tell of."""
    try:
        return hasattr(world(world_spec).kind, "vector")
    except GristmillError:
        return False


def _id_of(world_spec: str) -> str:
    name = split(world_spec)[0]
    return str(getattr(world(world_spec).kind, "id", name)) if file_of(name) else name
