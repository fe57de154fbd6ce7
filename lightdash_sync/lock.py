"""Locks that the system lets go of when their process ends, however it ends.

The file stays when the lock is gone: removing it would let two runs hold two files of one name.
"""

from __future__ import annotations

import os
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout

from lightdash_sync.errors import Locked
from lightdash_sync.untrusted import refuse_link

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@contextmanager
def hold(path: Path, what: str, *, wait: float) -> Iterator[None]:
    """Hold a lock.

    Args:
        path: its file; the directory must be there.
        what: what it guards, for the error.
        wait: seconds to wait for who holds it.

    Raises:
        Locked: another run holds it; the message names its process.
        SnapshotError: the file is a link, which would have something else written.
    """
    refuse_link(path)
    lock = FileLock(path)
    try:
        lock.acquire(timeout=wait)
    except Timeout as error:
        raise Locked(
            f"{what} is in use by another run of lightdash-sync ({_holder(path)})",
            hint="Wait for it to end; the lock goes away with it.",
        ) from error
    try:
        with suppress(OSError):  # on Windows nobody can write to a locked file
            path.write_text(f"process {os.getpid()}\n", "ascii")
        yield
    finally:
        lock.release()


def _holder(path: Path) -> str:
    try:
        return path.read_text("ascii", "replace")[:60].strip() or "process unknown"
    except OSError:
        return "process unknown"
