"""Reads files safely, writes them durably, and locks them.

Files may come from anybody, for example by a pull request. Only regular files of a limited size are read,
links are not followed, and opening a pipe does not block. The caller checks where a file is and what name it
may have.

In order: reading, durable writes, and locks.
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
    """Reject a path that is a link, because it would redirect what is read, written or removed.

    Raises:
        SnapshotError: the path is a link.
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
        path: path of the file; must not be a link.
        most: maximum size in bytes; None for any size.
        folder: descriptor of an open directory that the path is relative to, where the system supports that.

    Raises:
        OSError: it cannot be opened or read.
        ValueError: it must not be read; the message is the end of a sentence that begins with its name.
    """
    descriptor = os.open(path, os.O_RDONLY | NO_FOLLOW, dir_fd=folder)
    try:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode):
            raise ValueError("is not a regular file")
        if most is not None and found.st_size > most:
            raise ValueError(f"is larger than {most // 2**20} MB")
        with os.fdopen(descriptor, "rb", closefd=False) as file:
            # With a larger number Python would allocate that much; a file that grows meanwhile is cut.
            return file.read() if most is None else file.read(found.st_size + 1)
    finally:
        os.close(descriptor)


# The operations on a disk that snapshots need, each made durable.
#
# A `Disk` is passed to code that writes, so that a test can let any step fail. It promises that a file or
# directory that it reports as written survives a loss of power, as far as the file system honours fsync.


class Disk:
    """A real disk; its errors name the file or directory."""

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
        """Create a file with these bytes, or replace an existing one, completely or not at all."""
        fresh = path.with_name(f"{path.name}.new")
        fresh.unlink(missing_ok=True)  # from an interrupted run
        try:
            self.write(fresh, data)
            os.replace(fresh, path)  # noqa: PTH105 - replaces on every system
        except BaseException:
            fresh.unlink(missing_ok=True)
            raise
        self.settle(path.parent)

    def link(self, source: Path, target: Path) -> None:
        """Make a file appear in a second place: a hard link if the file system supports it, else a copy."""
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
        """Remove a directory with its content, if it exists; links in it are removed, not followed."""
        if directory.is_symlink():
            directory.unlink()
        else:
            with contextlib.suppress(FileNotFoundError):
                shutil.rmtree(directory)


# Locks that the system releases when their process ends, however it ends.
#
# The file remains after the lock is released: removing it would let two runs lock two files of the same name.


@contextmanager
def hold(path: Path, what: str, *, wait: float) -> Iterator[None]:
    """Hold a lock.

    Args:
        path: the lock file; its directory must exist.
        what: what the lock guards, for the error.
        wait: seconds to wait for another run to release it.

    Raises:
        Locked: another run holds it; the message names its process.
        SnapshotError: the file is a link, which would redirect the write.
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
