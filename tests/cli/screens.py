"""Commands on a pseudo-terminal of a certain size, and the screen that a person sees afterwards."""

from __future__ import annotations

import codecs
import fcntl
import os
import pty
import struct
import subprocess
import termios
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyte

from tests.cli.running import ended, started

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

_ROWS = 3000  # all that a command prints is on the screen at once


@dataclass(frozen=True)
class Seen:
    """What a run left behind.

    Attributes:
        code: the exit code.
        rows: what stands on the screen, without empty rows.
        out: what went into a pipe instead, if stdout was one.
        data: all bytes that reached the terminal, as text.
        cursor: whether the cursor can be seen.
    """

    code: int
    rows: list[str]
    out: str
    data: str
    cursor: bool


def run_on_screen(
    *arguments: str,
    home: Path,
    env: Mapping[str, str],
    columns: int = 80,
    typed: str = "",
    piped: bool = False,
    watch: Callable[[str, subprocess.Popen[str]], None] | None = None,
) -> Seen:
    """Run the command on a terminal.

    Args:
        arguments: of the command.
        home: where it runs.
        env: variables.
        columns: width of the terminal.
        typed: what the user answers to a question.
        piped: let stdout be a pipe; stderr stays the terminal.
        watch: looks at what has appeared so far, whenever something appears.
    """
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", _ROWS, columns, 0, 0))
    out = subprocess.PIPE if piped else theirs
    variables = {"TERM": "xterm-256color", **env}
    process = started(*arguments, home=home, env=variables, stdin=theirs, stdout=out, stderr=theirs)
    os.close(theirs)
    decoder = codecs.getincrementaldecoder("utf-8")()
    data = ""
    with suppress(OSError):  # how Linux tells that the other side is closed
        while chunk := os.read(ours, 65536):
            data += decoder.decode(chunk)
            if typed and "[y/N]: " in data:
                os.write(ours, typed.encode())
                typed = ""
            if watch is not None:
                watch(data, process)
    os.close(ours)
    done = ended(process)
    screen = pyte.Screen(columns, _ROWS)
    pyte.Stream(screen).feed(data)
    rows = [row.rstrip() for row in screen.display if row.strip()]
    return Seen(done.code, rows, done.out, data, cursor=not screen.cursor.hidden)
