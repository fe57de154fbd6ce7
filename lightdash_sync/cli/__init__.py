"""The command line: parses arguments, calls the packages below, and renders the results.

`main` is the only place that turns an error into an exit code. A user's mistake never shows a traceback;
a bug does, so that it can be reported.
"""

from __future__ import annotations

import ast
import inspect
import os
import signal
import sys
import textwrap
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import click

from lightdash_sync.cli.backup import backup
from lightdash_sync.cli.commands import cli
from lightdash_sync.cli.diff import diff
from lightdash_sync.cli.history import list_items, log, show
from lightdash_sync.cli.init import init
from lightdash_sync.cli.link import link, runs
from lightdash_sync.cli.output import fail
from lightdash_sync.cli.plan import apply, plan, restore, undo
from lightdash_sync.cli.promote import promote
from lightdash_sync.cli.status import status
from lightdash_sync.errors import WHAT_STANDS, ConfigError, Interrupted, SyncError, as_sync_error

if TYPE_CHECKING:
    from types import FrameType

__all__ = ["cli", "main"]

cli.add_command(backup)
cli.add_command(diff)
cli.add_command(status)
cli.add_command(init)
cli.add_command(plan)
cli.add_command(apply)
cli.add_command(undo)
cli.add_command(restore)
cli.add_command(promote)
cli.add_command(runs)
cli.add_command(link)
cli.add_command(list_items)
cli.add_command(log)
cli.add_command(show)


def main() -> NoReturn:
    """Run the command line, and exit with the code of the table in the design document."""
    signal.signal(signal.SIGTERM, _terminate)
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:  # closed by the parent process
            setattr(sys, name, Path(os.devnull).open("w", encoding="utf-8"))  # noqa: SIM115 - open to the end
        getattr(sys, name).reconfigure(errors="backslashreplace")
    if sys.flags.optimize > 1:
        _give_help_back(cli)
    try:
        code = _run(wants_json=_wants_json(sys.argv[1:]))
        sys.stdout.flush()
    except OSError:
        # Nobody reads stdout any more; without this, Python would report another error when it flushes.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 1
    sys.exit(code)


def _wants_json(words: list[str]) -> bool:
    """Whether errors are also printed as JSON, even if the arguments are not a valid command."""
    said = {"--json", "--format=json"}
    return not said.isdisjoint(words) or ("--format", "json") in pairwise(words)


def _give_help_back(command: click.Command) -> None:
    """Take the help of a command and of those below from the source, because Python -OO drops docstrings."""
    if not command.help and command.callback is not None:
        source = textwrap.dedent(inspect.getsource(inspect.unwrap(command.callback)))
        function = ast.parse(source).body[0]
        command.help = ast.get_docstring(function) if isinstance(function, ast.FunctionDef) else None
    if isinstance(command, click.Group):
        for below in command.commands.values():
            _give_help_back(below)


def _run(*, wants_json: bool) -> int:
    """Run a command, and return its exit code.

    Raises:
        OSError: stdout cannot be written: its reader has closed it, or the disk is full.
    """
    try:
        code = cli.main(standalone_mode=False, prog_name="lightdash-sync")
    except click.UsageError as error:
        command = error.ctx.command_path if error.ctx else "lightdash-sync"
        hint = f"`{command} --help` shows how."
        return fail(ConfigError(error.format_message(), hint=hint), wants_json=wants_json)
    except SyncError as error:
        return fail(error, wants_json=wants_json)
    except (KeyboardInterrupt, click.Abort):
        return fail(Interrupted("interrupted", hint=WHAT_STANDS), wants_json=wants_json)
    except BrokenPipeError:
        raise
    except OSError as error:
        return fail(as_sync_error(error), wants_json=wants_json)
    return code if isinstance(code, int) else 0


def _terminate(_signum: int, _frame: FrameType | None) -> None:
    """Let SIGTERM end a run as Ctrl-C does: threads stopped, staging removed."""
    raise KeyboardInterrupt
