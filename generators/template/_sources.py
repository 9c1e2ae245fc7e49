"""Where templates come from: files of data, files of Python, installed distributions, and those that come along."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import NamedTuple

from gristmill.errors import GristmillError, UsageError, unknown
from gristmill.generators.template._data import of_data
from gristmill.generators.template._parsing import parsed, utf8
from gristmill.generators.template._python import in_file, installed, names_installed
from gristmill.generators.template._template import Template
from gristmill.plugins import Listing
from gristmill.specs import file_of

__all__ = ["Listed", "Source", "built_in", "listed", "read", "source", "template"]

_DATA = (".toml", ".yaml", ".yml")


class Source(NamedTuple):
    """What a template is read from, once: what is written into its file later changes nothing.

    Attributes:
        place: the path of its file, with `:NAME` for one of several in a file of Python, or its name where it is
            built in or installed.
        text: of the file; None where it is installed.
        folder: where files of layouts are.
    """

    place: str
    text: str | None
    folder: Traversable | None = None


class Listed(Listing, frozen=True, kw_only=True):
    """A template that goes by a name.

    Attributes:
        documents: names of its layouts.
    """

    documents: tuple[str, ...] = ()


def template(spec: str) -> Template:
    """Return the template of a file, or a built-in or installed one by its name.

    Args:
        spec: its name, or the path of a `.toml`, `.yaml` or `.py` file; `shop.py:ORDERS` is one of several in it.

    Raises:
        UsageError: when there is none, or with the place in the file of what is wrong in it.
        PluginError: when Python cannot import it.
    """
    return read(source(spec))


def source(spec: str) -> Source:
    """Return what a template is read from; see `template`.

    Raises:
        UsageError: when there is none.
    """
    file = file_of(spec)
    if file or Path(spec).suffix in _DATA:
        path = file or Path(spec)
        if not path.is_file():
            raise UsageError(f"Expected a template file, got {path}, which is not there.")
        return Source(spec, utf8(path.read_bytes(), str(path)), path.parent)
    if spec in built_in():
        return Source(spec, (_assets() / f"{spec}.toml").read_text(encoding="utf-8"), _assets())
    if spec in names_installed():
        return Source(spec, None)
    raise unknown("template", spec, {*built_in(), *names_installed()})


def read(given: Source, layouts: Mapping[str, Sequence[str]] | None = None) -> Template:
    """Return a template; of the same source, the one made before.

    Args:
        given: what it is read from.
        layouts: those that were read before, see `Template`.

    Raises:
        UsageError: with the place of what is wrong in it.
        PluginError: when Python cannot import it.
    """
    return _kept(given) if layouts is None else _made(given, layouts)


def built_in() -> list[str]:
    """Return the names of the built-in templates."""
    return sorted(one.name.removesuffix(".toml") for one in _assets().iterdir() if one.name.endswith(".toml"))


def listed() -> list[Listed]:
    """Return the built-in templates, by what they say of themselves, and the installed ones, broken ones with their errors."""
    return [_listed(name) for name in built_in()] + [_listed_installed(name) for name in names_installed()]


def _listed(name: str) -> Listed:
    says = parsed(source(name).text or "", name)
    return Listed(
        name=name, source="gristmill", about=says["about"], documents=tuple(says.get("documents", ()))
    )


def _listed_installed(name: str) -> Listed:
    try:
        found = template(name)
    except GristmillError as error:
        return Listed(name=name, source="installed", error=str(error))
    return Listed(name=name, source="installed", about=found.about, documents=tuple(found.documents))


def _assets() -> Traversable:
    return files("gristmill.generators") / "assets"


@lru_cache(16)
def _kept(given: Source) -> Template:
    return _made(given, None)


def _made(given: Source, layouts: Mapping[str, Sequence[str]] | None) -> Template:
    try:
        if given.text is None or file_of(given.place):
            found = _of_python(given, layouts)
        else:
            data = parsed(given.text, given.place)
            found = of_data(data, Path(given.place).stem, given.folder, layouts)
        found.check()
        return found
    except UsageError as error:
        raise UsageError(f"In {given.place}: {error}") from None


def _of_python(given: Source, layouts: Mapping[str, Sequence[str]] | None) -> Template:
    file = file_of(given.place)
    if file is None:
        found = installed(given.place)
    elif utf8(file.read_bytes(), str(file)) != given.text:
        raise UsageError(
            "Expected the same file from beginning to end, got another one by now; run it again."
        )
    else:
        found = in_file(file, given.place.rpartition(".py")[2].removeprefix(":"))
    if layouts is None:
        return found
    return Template(found.name, found.tables, about=found.about, documents=found.documents, layouts=layouts)
