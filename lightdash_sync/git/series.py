"""A series of commits, each with the complete content of one folder, made in one go.

Everything goes through one run of `git fast-import`, which writes one pack (or a few loose objects), so
thousands of files cost about as much as one. The stream names blobs by ids computed here; what the
parent commit already holds is not sent again. Nothing is visible until somebody moves a ref.
"""

from __future__ import annotations

import os
import re
import stat
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, BinaryIO

from lightdash_sync.errors import GitError
from lightdash_sync.git.objects import Entry, Objects, quoted
from lightdash_sync.git.program import raw

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

_FILE = "100644"
_REF = b"refs/heads/series"


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody a commit names."""

    name: str
    email: str


@dataclass(frozen=True, slots=True)
class Commit:
    """A commit to be made.

    Args:
        message: subject, and body after an empty line.
        files: the folder's complete content: path below it, with `/`, to bytes or to a file to read.
        author: None for the committer.
        time: when the author did it, with a time zone; None for now.
    """

    message: str
    files: Mapping[str, bytes | Path]
    author: Person | None = None
    time: datetime | None = None


class Stream:
    """Input for one run of fast-import.

    Args:
        file: where it is written.
        committer: of every commit: name, address and time, as git stores them.
        parent: commit that the first one stands on.
    """

    def __init__(self, file: BinaryIO, committer: bytes, parent: str | None) -> None:
        self._file = file
        self._committer = committer
        self._parent = parent
        self._commits: list[bytes] = []

    def blob(self, data: bytes) -> None:
        """Add the content of a file."""
        self._file.write(b"blob\ndata %d\n" % len(data))
        self._file.write(data)
        self._file.write(b"\n")

    def commit(self, author: bytes, message: bytes, changes: Mapping[str, Entry | None]) -> None:
        """Add a commit on top of the one before, with the files that change, by path from the top."""
        lines = [
            b"commit " + _REF,
            b"mark :%d" % (len(self._commits) + 1),
            b"author " + author,
            b"committer " + self._committer,
            b"data %d" % len(message),
            message,
        ]
        if not self._commits and self._parent:
            lines.append(b"from " + self._parent.encode())
        # Deletions first: a file may become a folder.
        lines += [b"D " + quoted(path) for path, entry in changes.items() if entry is None]
        lines += [
            b"M %s %s %s" % (entry.mode.encode(), entry.id.encode(), quoted(path))
            for path, entry in changes.items()
            if entry is not None
        ]
        self._commits.append(b"\n".join(lines) + b"\n")

    def sent(self, objects: Objects) -> list[str]:
        """Write everything; return the ids of the commits, in order."""
        if not self._commits:
            return []
        self._file.writelines(self._commits)
        self._file.write(b"done\n")
        marks = objects.take(self._file)
        return [marks[number] for number in range(1, len(self._commits) + 1)]


class Contents:
    """The ids of files to be committed; each file is read once, whatever number of commits holds it."""

    def __init__(self, objects: Objects, stream: Stream | None, known: Iterable[Entry]) -> None:
        self._objects = objects
        self._stream = stream
        self._held = {entry.id for entry in known}
        self._read: dict[object, tuple[Entry, object]] = {}
        self._checked: set[str] = set()

    def tree(self, files: Mapping[str, bytes | Path]) -> dict[str, Entry]:
        """Return what a folder with these files is in git, and put what is new into the stream.

        Raises:
            GitError: a path that is not safe, or a file that cannot be read.
        """
        if files.keys() != self._checked:  # a backfill has thousands of commits with the same paths
            check(files)
            self._checked = set(files)
        return {path: self._entry(content) for path, content in files.items()}

    def _entry(self, content: bytes | Path) -> Entry:
        # The object itself is kept beside its id, so that no other object can get the same address.
        seen: object = content if isinstance(content, Path) else id(content)
        if seen not in self._read:
            data = read(content) if isinstance(content, Path) else content
            name = self._objects.id("blob", data)
            if self._stream is not None and name not in self._held:
                self._stream.blob(data)
                self._held.add(name)
            self._read[seen] = (Entry(_FILE, name), content)
        return self._read[seen][0]


def write(
    objects: Objects, folder: str, parent: str | None, commits: Sequence[Commit], committer: bytes
) -> list[str]:
    """Make a series of commits; return the ids of those that changed something, in order.

    Raises:
        GitError: a path is not safe, a file cannot be read, or git refused; then none was made.
    """
    if (found := objects.obstacle(parent, folder)) is not None:
        path, mode = found
        kind = {"160000": "a submodule", "120000": "a symbolic link"}.get(mode, "a file")
        raise GitError(f"{path} is {kind} in git, not a folder", "choose another folder for the snapshot")
    before = objects.tree(parent, folder)
    with tempfile.TemporaryFile() as file:
        stream = Stream(file, committer, parent)
        contents = Contents(objects, stream, before.values())
        for commit in commits:
            after = contents.tree(commit.files)
            if changes := {f"{folder}/{path}": entry for path, entry in difference(before, after).items()}:
                stream.commit(_author(commit, committer), _message(commit.message), changes)
            before = after
        return stream.sent(objects)


def difference(before: Mapping[str, Entry], after: Mapping[str, Entry]) -> dict[str, Entry | None]:
    """Return the files that differ, by path; None for a file that is gone."""
    gone: dict[str, Entry | None] = {path: None for path in before if path not in after}
    changed = {}
    for path, entry in after.items():
        other = before.get(path)
        if other is not entry and other != entry:
            changed[path] = entry
    return gone | changed


def check(files: Iterable[str]) -> None:
    """Check the paths of a folder's content.

    Raises:
        GitError: one leaves the folder, means something to git, or is a file and a folder at once.
    """
    paths = set(files)
    for path in paths:
        parts = path.split("/")
        if any(_unsafe(part) for part in parts) or "\0" in path:
            raise GitError(f"{path!r} is not a path for a file in git")
        for parent in list(PurePosixPath(path).parents)[:-1]:
            if parent.as_posix() in paths:
                raise GitError(f"{parent.as_posix()!r} is a file and a folder at once")


def read(path: Path) -> bytes:
    """Return the content of a regular file; a link is not followed, a pipe is not waited for.

    Raises:
        GitError: it cannot be read.
    """
    flags = (
        os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    )
    try:
        with os.fdopen(os.open(path, flags), "rb") as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise GitError(f"{path} is not a regular file")
            return file.read()
    except OSError as problem:
        raise GitError(f"{path} cannot be read: {problem.strerror}") from problem


def _unsafe(part: str) -> bool:
    # Names that git takes for .git on some file system begin so, once what they ignore is gone.
    plain = re.sub(r"[^!-~]", "", part).casefold()
    return part in ("", ".", "..") or plain.startswith((".git", "git~")) or "\\" in part


def _author(commit: Commit, committer: bytes) -> bytes:
    who, when = committer.rsplit(b"> ", 1)
    if commit.author is not None:
        name = _plain(commit.author.name) or "unknown"
        who = raw(f"{name} <{_plain(commit.author.email).replace(' ', '')}")
    if commit.time is not None:
        # Git has no time before 1970, and this is no place to fail over one.
        when = b"%d +0000" % max(0, int(commit.time.astimezone(UTC).timestamp()))
    return who + b"> " + when


def _plain(value: str) -> str:
    """Return text without what would end a name or address in git."""
    kept = "".join(char if char.isprintable() else " " for char in value if char not in "<>")
    return " ".join(kept.split())


def _message(message: str) -> bytes:
    whole = message.replace("\0", "").rstrip() + "\n"
    return whole.encode("utf-8", "backslashreplace")
