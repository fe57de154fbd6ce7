"""A disk that fails at one step of the work: an error, a full disk, or the end of the process."""

from __future__ import annotations

import errno
import os
import signal
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Literal, TypeAlias

from lightdash_sync.disk import Disk

When: TypeAlias = Literal["before", "half", "after"]
Strike: TypeAlias = Callable[[], None]
WHENS: tuple[When, ...] = ("before", "half", "after")


class Crash(BaseException):
    """The process is gone: nothing may be done after it."""


def crash() -> None:
    """End everything."""
    raise Crash


def io_error() -> None:
    """The disk is broken here."""
    raise OSError(errno.EIO, os.strerror(errno.EIO))


def no_space() -> None:
    """The disk is full."""
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def kill() -> None:
    """Really end this process, at once."""
    os.kill(os.getpid(), signal.SIGKILL)


class FaultyDisk(Disk):
    """A real disk that fails once.

    Args:
        at: the step that fails, counted from 1; with 0 none does.
        when: before the step takes effect, half way, or after it.
        strike: what happens then. After a `Crash` no step has any effect.
    """

    def __init__(self, at: int = 0, when: When = "before", strike: Strike = crash) -> None:
        self.steps = 0
        self._at = at
        self._when = when
        self._strike = strike
        self._dead = False
        self._one_by_one = threading.RLock()  # a link may become a write

    def make_directory(self, path: Path, mode: int = 0o777) -> None:
        self._step(lambda: super(FaultyDisk, self).make_directory(path, mode))

    def write(self, path: Path, data: bytes) -> None:
        self._step(lambda: super(FaultyDisk, self).write(path, data), lambda: _write_half(path, data))

    def link(self, source: Path, target: Path) -> None:
        self._step(lambda: super(FaultyDisk, self).link(source, target))

    def rename(self, source: Path, target: Path) -> None:
        self._step(lambda: super(FaultyDisk, self).rename(source, target))

    def allow(self, path: Path, mode: int) -> None:
        self._step(lambda: super(FaultyDisk, self).allow(path, mode))

    def settle(self, directory: Path) -> None:
        self._step(lambda: super(FaultyDisk, self).settle(directory))

    def remove(self, directory: Path) -> None:
        self._step(lambda: super(FaultyDisk, self).remove(directory), lambda: _remove_half(directory))

    def _step(self, work: Strike, half: Strike | None = None) -> None:
        with self._one_by_one:
            if self._dead:
                raise Crash
            self.steps += 1
            if self.steps != self._at:
                work()
                return
            self._dead = self._strike is crash
            if self._when == "half" and half is not None:
                half()
            elif self._when == "after":
                work()
            self._strike()


def _write_half(path: Path, data: bytes) -> None:
    path.write_bytes(data[: len(data) // 2])


def _remove_half(directory: Path) -> None:
    """Remove every second file, and the manifest last, as nobody promises an order."""
    for path in sorted(path for path in directory.rglob("*") if path.is_file())[::2]:
        path.unlink()
