"""Reading files that anybody may have put where they are, for example by a pull request.

What is read is a regular file of a limited size, never what a link leads to, and nobody waits for a pipe.
Where a file lies, and which names it may have, is for the caller to check.
"""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

from lightdash_sync.errors import SnapshotError

if TYPE_CHECKING:
    from pathlib import Path

_PLAIN = "Remove it: what lies there is made by lightdash-sync, as plain files and directories."
NO_FOLLOW = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0) | getattr(os, "O_NONBLOCK", 0)


def refuse_link(path: Path) -> None:
    """Refuse a path that is a link, which would have something else read, written or removed.

    Raises:
        SnapshotError: it is one.
    """
    if path.is_symlink():
        raise SnapshotError(f"{path} is a symbolic link", hint=_PLAIN)


def read_regular(path: Path | str, most: int | None = None, *, folder: int | None = None) -> bytes:
    """Return the bytes of a regular file.

    Args:
        path: where it is; no link.
        most: bytes that it may have; None for any number.
        folder: descriptor of an open directory that the path begins in, where the system has such.

    Raises:
        OSError: it cannot be opened or read.
        ValueError: why it is not read, as the end of a sentence that begins with its name.
    """
    descriptor = os.open(path, os.O_RDONLY | NO_FOLLOW, dir_fd=folder)
    try:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode):
            raise ValueError("is not a regular file")
        if most is not None and found.st_size > most:
            raise ValueError(f"is larger than {most // 2**20} MB")
        with os.fdopen(descriptor, "rb", closefd=False) as file:
            # A larger number would be allocated at once; what grows meanwhile is cut.
            return file.read() if most is None else file.read(found.st_size + 1)
    finally:
        os.close(descriptor)
