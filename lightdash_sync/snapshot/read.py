"""Reading a snapshot that may come from anybody, for example by a pull request.

Only regular files are read, never through a symbolic link, of a limited size, and only those whose path
a snapshot can have. On systems that allow it every step is taken from an open directory, so a directory
that is swapped for a link between two steps leads nowhere. Nothing that is read is ever executed.
"""

from __future__ import annotations

import errno
import os
import shlex
from contextlib import contextmanager
from typing import TYPE_CHECKING

from lightdash_sync.content.identity import Identity
from lightdash_sync.content.json import sha256
from lightdash_sync.content.older import as_written_today
from lightdash_sync.content.tree import Tree
from lightdash_sync.disk import NO_FOLLOW, read_regular
from lightdash_sync.errors import SnapshotError
from lightdash_sync.snapshot.layout import IDENTITY, MANIFEST, parse_path
from lightdash_sync.snapshot.manifest import Manifest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MAX_FILE = 128 * 1024 * 1024  # bytes; an answer of the server may have half of that, without indentation
MAX_FILES = 1_000_000
_MAX_DEPTH = 2  # folders below the root

_BY_DESCRIPTOR = os.open in os.supports_dir_fd and os.scandir in os.supports_fd


OTHER_LINE_ENDS = "has the line ends of Windows: git changed them at checkout (core.autocrlf)"


def has_other_line_ends(data: bytes, expected: str | None) -> bool:
    """Whether a file differs from what was written by its line ends only.

    Args:
        data: what is there.
        expected: SHA-256 of what was written.
    """
    return b"\r\n" in data and sha256(with_our_line_ends(data)) == expected


def with_our_line_ends(data: bytes) -> bytes:
    """Return a file with the line ends that all files of a snapshot have; texts in JSON hold none."""
    return data.replace(b"\r\n", b"\n")


def how_to_fix_line_ends(root: Path) -> str:
    """Return the sentence that says what puts the line ends of a snapshot right."""
    command = f"lightdash-sync verify --fix-line-ends {shlex.quote(str(root))}"
    return f"`{command}` puts the line ends right, and `lightdash-sync init` tells git to leave them."


class Snapshot:
    """A snapshot on disk, open for reading.

    Attributes:
        root: its directory.
        manifest: what it says of itself; not yet compared with the files.
        digest: SHA-256 of the manifest's bytes, and so of all that it vouches for.

    Args:
        root: its directory.
        max_files: a directory with more files is no snapshot.
    """

    def __init__(self, root: Path, max_files: int = MAX_FILES) -> None:
        self.root = root
        self._max_files = max_files
        # With other line ends it is the same manifest; the files that it names are looked at one by one.
        data = with_our_line_ends(self.read(MANIFEST))
        self.manifest = Manifest.from_bytes(data)
        self.digest = sha256(data)

    def read(self, path: str) -> bytes:
        """Return the bytes of a file.

        Args:
            path: as in the manifest, with forward slashes.

        Raises:
            SnapshotError: it is missing, no regular file, reached by a link, or too large, or no snapshot
                has such a path.
        """
        if path not in (MANIFEST, IDENTITY) and parse_path(path) is None:
            raise SnapshotError(f"{self.root}: no snapshot has a file {path!r}")
        *folders, name = path.split("/")
        with self._folder(folders) as folder:
            try:
                if isinstance(folder, str) and os.path.islink(_at(folder, name)):  # noqa: PTH114 - a bare name
                    raise OSError(errno.ELOOP, os.strerror(errno.ELOOP))
                return read_regular(_at(folder, name), MAX_FILE, folder=_fd(folder))
            except OSError as error:
                raise self._error(path, error) from error
            except ValueError as error:
                raise SnapshotError(f"{self.root}: {path} {error}") from error

    def checked(self, path: str) -> bytes:
        """Return the bytes of a file that the manifest vouches for.

        Raises:
            SnapshotError: it cannot be read, or is not what the manifest says.
        """
        data = self.read(path)
        expected = self.manifest.files.get(path)
        if expected != sha256(data):
            if has_other_line_ends(data, expected):
                raise SnapshotError(
                    f"{self.root}: {path} {OTHER_LINE_ENDS}",
                    hint=how_to_fix_line_ends(self.root),
                )
            raise SnapshotError(
                f"{self.root}: {path} is not as it was written",
                hint="`lightdash-sync verify` names all damaged files; put them back, for example from git.",
            )
        return data

    def identity(self) -> Identity:
        """Return the identity map.

        Raises:
            SnapshotError: it is damaged.
        """
        return Identity.from_bytes(self.checked(IDENTITY))

    def tree(self) -> Tree:
        """Return its content files, read (and checked) when they are asked for.

        Those of an older snapshot are said as this version would have written them.

        Raises:
            SnapshotError: the identity map is damaged.
        """
        digests = {path: sha for path, sha in self.manifest.files.items() if path != IDENTITY}
        return as_written_today(Tree(digests, self.checked, self.identity()), self.manifest.conversion)

    def files(self) -> Iterator[str]:
        """Yield the path of every file there is, in no order, whatever the manifest says.

        Raises:
            SnapshotError: something is neither a regular file nor a directory, lies too deep, or there is
                no end to it.
        """
        for found, path in enumerate(self._walk(()), 1):
            if found > self._max_files:
                raise SnapshotError(f"{self.root} holds more than {self._max_files} files")
            yield path

    def strays(self) -> list[str]:
        """Return the files that the manifest does not name, sorted."""
        return sorted(path for path in self.files() if path != MANIFEST and path not in self.manifest.files)

    def _walk(self, folders: tuple[str, ...]) -> Iterator[str]:
        below: list[tuple[str, ...]] = []
        with self._folder(folders) as folder, os.scandir(folder) as entries:
            for entry in entries:
                path = "/".join((*folders, entry.name))
                if entry.is_dir(follow_symlinks=False):
                    if len(folders) >= _MAX_DEPTH:
                        raise SnapshotError(f"{self.root}: {path!r} lies too deep for a snapshot")
                    below.append((*folders, entry.name))
                elif entry.is_file(follow_symlinks=False):
                    yield path
                else:
                    raise SnapshotError(f"{self.root}: {path!r} is neither a file nor a directory")
        for deeper in below:
            yield from self._walk(deeper)

    @contextmanager
    def _folder(self, folders: list[str] | tuple[str, ...]) -> Iterator[int | str]:
        """Open a folder step by step; a path instead of a descriptor where the system has none."""
        if not _BY_DESCRIPTOR:
            path = self.root
            for name in ("", *folders):
                path = path / name
                if path.is_symlink() or not path.is_dir():
                    raise SnapshotError(f"{path} is not a directory")
            yield str(path)
            return
        descriptor = None
        try:
            descriptor = self._descend(None, str(self.root))
            for name in folders:
                inner = self._descend(descriptor, name)
                os.close(descriptor)
                descriptor = inner
            yield descriptor
        finally:
            if descriptor is not None:
                os.close(descriptor)

    def _descend(self, parent: int | None, name: str) -> int:
        try:
            return os.open(name, os.O_RDONLY | os.O_DIRECTORY | NO_FOLLOW, dir_fd=parent)
        except OSError as error:
            raise self._error(name, error) from error

    def _error(self, path: str, error: OSError) -> SnapshotError:
        where = str(self.root) if path == str(self.root) else f"{self.root}: {path}"
        if isinstance(error, FileNotFoundError):
            if path in (MANIFEST, str(self.root)):
                return SnapshotError(
                    f"{self.root} holds no snapshot", hint="`lightdash-sync export --path` makes one."
                )
            return SnapshotError(f"{where} is missing")
        return SnapshotError(f"{where} cannot be read: {error.strerror or error}")


def _fd(folder: int | str) -> int | None:
    return folder if isinstance(folder, int) else None


def _at(folder: int | str, name: str) -> str:
    return name if isinstance(folder, int) else os.path.join(folder, name)  # noqa: PTH118 - a bare name
