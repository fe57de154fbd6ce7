"""Reading files that anybody may have put where they are, for example by a pull request.

What is read is a regular file of a limited size, never what a link leads to, and nobody waits for a pipe.
Where a file lies, and which names it may have, is for the caller to check.
"""

from __future__ import annotations

import codecs
import contextlib
import os
import shutil
import stat
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout

from lightdash_sync.errors import Locked, SnapshotError, naming

if TYPE_CHECKING:
    from collections.abc import Iterator
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


def decode_text(data: bytes) -> str:
    """Return a text that a person's editor or shell wrote: UTF-8, or UTF-16 if it begins with its mark.

    Editors and shells of Windows begin a file with a byte order mark, which is not part of the text.

    Raises:
        ValueError: it is neither.
    """
    is_utf16 = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    return data.decode("utf-16" if is_utf16 else "utf-8-sig")


def read_document(path: Path) -> bytes:
    """Return a document that a person named, as UTF-8; bytes that are no text stay as they are.

    Raises:
        OSError: it cannot be read.
    """
    data = path.read_bytes()
    try:
        return decode_text(data).encode()
    except ValueError:
        return data


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


# The few things a snapshot asks of a disk, each made durable.
#
# A `Disk` is passed to whoever writes, so that a test can let any of its steps fail: what it promises is
# that a file or directory that it reports as written survives a loss of power (as far as the file system
# keeps its word on fsync).


class Disk:
    """A real disk; an error of it names the file or directory."""

    def make_directory(self, path: Path, mode: int = 0o777) -> None:
        """Create one directory; it must not exist."""
        path.mkdir(mode=mode)

    def write(self, path: Path, data: bytes) -> None:
        """Create a file with these bytes; it must not exist."""
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o666)
        with naming(path), os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())

    def replace(self, path: Path, data: bytes) -> None:
        """Put a file with these bytes in the place of what is there, if anything is; whole or not at all."""
        fresh = path.with_name(f"{path.name}.new")
        fresh.unlink(missing_ok=True)  # of a run that died
        try:
            self.write(fresh, data)
            os.replace(fresh, path)  # noqa: PTH105 - replaces on every system
        except BaseException:
            fresh.unlink(missing_ok=True)
            raise
        self.settle(path.parent)

    def link(self, source: Path, target: Path) -> None:
        """Make a file appear in a second place, as the same file where the file system can."""
        try:
            os.link(source, target, follow_symlinks=False)
        except OSError:
            self.write(target, source.read_bytes())

    def rename(self, source: Path, target: Path) -> None:
        """Rename a directory; the target must not exist."""
        source.rename(target)

    def allow(self, path: Path, mode: int) -> None:
        """Set the permissions of a directory."""
        path.chmod(mode)

    def settle(self, directory: Path) -> None:
        """Make the entries of a directory durable, where the system can."""
        if os.name == "nt":
            return
        descriptor = os.open(directory, os.O_RDONLY)
        try:
            with naming(directory):
                os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def remove(self, directory: Path) -> None:
        """Remove a directory and all in it, if it is there; links in it are removed, not followed."""
        if directory.is_symlink():
            directory.unlink()
        else:
            with contextlib.suppress(FileNotFoundError):
                shutil.rmtree(directory)


# Locks that the system lets go of when their process ends, however it ends.
#
# The file stays when the lock is gone: removing it would let two runs hold two files of one name.


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
