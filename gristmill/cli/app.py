"""The verbs, and the one place where errors become exit codes.

A verb is a module of this folder with a function `command`, whose docstring is its help. It imports what it needs
inside the function, since all verbs are loaded to show the help. A package of this folder is a group of verbs, each a
module of it.
"""

import os
import sys
import traceback
from collections.abc import Sequence
from importlib import import_module
from types import ModuleType
from typing import Annotated

import typer

from gristmill.cli.interrupts import heeded
from gristmill.cli.shared import Interrupted
from gristmill.errors import GristmillError, install_line

__all__ = ["main"]

GROUPS = {  # as the help has them
    "Worlds and play": ("init", "check", "play", "run", "league"),
    "Records and data": ("verify", "mine", "augment", "export"),
    "Tables and tasks": ("generate", "fit", "fidelity", "instruct", "rewrite"),
    "Models": ("train", "eval", "improve", "serve"),
    "Look": ("list", "show", "view", "report", "demo"),
    "Rare events": ("rare",),
}
VERBS = tuple(verb for verbs in GROUPS.values() for verb in verbs)
_INTERRUPTED = 130  # what a shell expects after Ctrl-C


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code: 0 done, 1 a check found something, 2 wrong use.

    Every error on purpose is one line on the standard error stream, and two more where it points into an expression; `--debug` shows where any error came from.
    """
    arguments = list(sys.argv[1:] if arguments is None else arguments)
    debug = "--debug" in arguments
    try:
        with heeded():
            _app()([one for one in arguments if one != "--debug"], prog_name="gristmill")
    except KeyboardInterrupt:
        return _interrupted(debug)
    except SystemExit as end:
        if end.code == _INTERRUPTED:
            return _interrupted(debug)
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    except BrokenPipeError:  # the reader, such as `head`, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Interrupted as error:
        return _fail(str(error), debug, code=_INTERRUPTED)
    except GristmillError as error:
        return _fail(str(error), debug)
    except OSError as error:
        where = f" ({error.filename})" if error.filename else ""
        return _fail(f"{error.strerror or error}{where}", debug)
    except Exception as error:  # noqa: BLE001  # the last line of defence: a person sees a sentence, not a traceback
        if line := install_line(error):
            return _fail(f"This needs more than is installed ({error}); {line}", debug)
        words = f"{type(error).__name__}: {error}"
        return _fail(f"{words} (a defect; `gristmill --debug …` shows where)", debug)
    return 0


def _interrupted(debug: bool) -> int:
    return _fail("interrupted; what is recorded is safe, the same command goes on", debug, code=_INTERRUPTED)


def _fail(message: str, debug: bool, *, code: int = 2) -> int:
    if debug:
        traceback.print_exc()
    # A caret points at what stands above it.
    words = message if message.endswith("^") else " ".join(message.split())
    print(f"gristmill: {words}", file=sys.stderr)
    return code


def _app() -> typer.Typer:
    app = typer.Typer(
        name="gristmill",
        help="Simulations and self-play that make verified training data.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode="rich",
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback()(_options)
    for group, verbs in GROUPS.items():
        for verb in verbs:
            module = import_module(f"gristmill.cli.{verb}")
            if hasattr(module, "command"):
                app.command(verb, rich_help_panel=group)(module.command)
            else:
                app.add_typer(_group(module), name=verb, rich_help_panel=group)
    return app


def _group(module: ModuleType) -> typer.Typer:
    group = typer.Typer(help=module.__doc__, no_args_is_help=True)
    for verb in module.VERBS:
        group.command(verb)(import_module(f"{module.__name__}.{verb}").command)
    return group


def _options(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version and leave.", is_eager=True)
    ] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show where an error came from.")] = False,
) -> None:
    if version:
        import gristmill

        print(gristmill.__version__)
        raise typer.Exit
