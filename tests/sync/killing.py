"""A command whose process dies in the place of writing a line of its journal."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from unittest.mock import patch

from lightdash_sync.content.json import JsonObject
from lightdash_sync.sync.apply.journal import Journal
from tests.cli.running import run
from tests.sync.desk import Desk


class Killed(BaseException):
    """The end of a process, as far as a test can have it."""


@contextmanager
def killing(line: int) -> Iterator[None]:
    """Let the process die in the place of writing a line of its journal, counted from 1."""
    came, real, one_by_one = 0, Journal._write, threading.Lock()

    def write(journal: Journal, record: JsonObject) -> None:
        nonlocal came
        with one_by_one:
            came += 1
            if came >= line:
                raise Killed
            real(journal, record)

    with patch.object(Journal, "_write", write):
        yield


def kill(desk: Desk, line: int, *arguments: str) -> bool:
    """Run a command that dies so, and return whether it did; else it must have ended well."""
    with killing(line):
        try:
            done = run(*arguments, env=desk.env)
        except Killed:
            return True
    assert done.code == 0, (done.out, done.err)
    return False
