"""The command line: parse, call two or three functions, render.

`main` is the only place that turns an error into an exit code. A user's mistake never shows a traceback;
a bug does, so that it can be reported.
"""

from __future__ import annotations

import os
import signal
import sys
from typing import TYPE_CHECKING, NoReturn

import click

from lightdash_sync.cli.commands import cli
from lightdash_sync.cli.output import fail
from lightdash_sync.errors import ConfigError, Interrupted, SyncError

if TYPE_CHECKING:
    from types import FrameType

__all__ = ["main"]


def main() -> NoReturn:
    """Run the command line, and exit with the code of the table in the design document."""
    signal.signal(signal.SIGTERM, _terminate)
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    wants_json = "--json" in sys.argv[1:]
    try:
        code = cli.main(standalone_mode=False, prog_name="lightdash-sync")
    except click.UsageError as error:
        command = error.ctx.command_path if error.ctx else "lightdash-sync"
        code = fail(
            ConfigError(error.format_message(), hint=f"`{command} --help` shows how."), wants_json=wants_json
        )
    except SyncError as error:
        code = fail(error, wants_json=wants_json)
    except (KeyboardInterrupt, click.Abort):
        code = fail(Interrupted("interrupted; nothing was replaced"), wants_json=wants_json)
    except BrokenPipeError:
        # Whoever read our output has gone; Python would complain once more when it flushes.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 1
    sys.exit(code if isinstance(code, int) else 0)


def _terminate(_signum: int, _frame: FrameType | None) -> None:
    """Let SIGTERM end a run as Ctrl-C does: threads stopped, staging removed."""
    raise KeyboardInterrupt
