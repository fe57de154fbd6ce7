"""The few things a snapshot asks of a disk, each made durable.

A `Disk` is passed to whoever writes, so that a test can let any of its steps fail: what it promises is
that a file or directory that it reports as written survives a loss of power (as far as the file system
keeps its word on fsync).
"""

from __future__ import annotations

import contextlib
import os
import shutil
from typing import TYPE_CHECKING

from lightdash_sync.errors import naming

if TYPE_CHECKING:
    from pathlib import Path


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
