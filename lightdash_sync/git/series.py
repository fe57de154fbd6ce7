"""A series of commits, each with the complete content of one folder, made in one go.

Everything goes through one run of `git fast-import`, which writes one pack (or a few loose objects), so
thousands of files cost about as much as one. The stream names blobs by ids computed here; what the
parent commit already holds is not sent again. fast-import stores a blob as the difference to the one
before it, so all contents of a path are sent after one another. Contents that are files or are made when
asked for are not kept in memory: they are looked at once for their ids, and once when they are sent.
Nothing is visible until somebody moves a ref.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, BinaryIO, TypeAlias

from lightdash_sync.disk import read_regular
from lightdash_sync.errors import GitError
from lightdash_sync.git.objects import Objects, TreeEntry, quoted
from lightdash_sync.git.program import raw

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

Content: TypeAlias = "bytes | Path | Callable[[], bytes]"
"""A file to be committed: its bytes, a file to read, or what makes its bytes (always the same)."""

Sign: TypeAlias = "Callable[[Objects, Sequence[str]], list[str]]"

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
        files: the folder's complete content: path below it, with `/`, to what is in the file.
        author: None for the committer.
        time: when the author did it, with a time zone; None for now.
    """

    message: str
    files: Mapping[str, Content]
    author: Person | None = None
    time: datetime | None = None


class Stream:
    """Input for one run of fast-import.

    Args:
        committer: of every commit: name, address and time, as git stores them.
        parent: commit that the first one stands on.
        sign: makes signed commits of new ones; None if they are not to be signed.
    """

    def __init__(self, committer: bytes, parent: str | None, sign: Sign | None = None) -> None:
        self._sign = sign
        self._committer = committer
        self._parent = parent
        self._commits: list[bytes] = []

    def commit(self, author: bytes, message: bytes, changes: Mapping[str, TreeEntry | None]) -> None:
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

    def sent(self, objects: Objects, blobs: Iterable[bytes] = ()) -> list[str]:
        """Send contents and commits to git; return the ids of the commits, in order."""
        if not self._commits:
            return []

        def write(file: BinaryIO) -> None:
            for data in blobs:
                file.writelines((b"blob\ndata %d\n" % len(data), data, b"\n"))
            file.writelines(self._commits)
            file.write(b"done\n")

        marks = objects.take(write)
        made = [marks[number] for number in range(1, len(self._commits) + 1)]
        return made if self._sign is None else self._sign(objects, made)


class FolderContents:
    """The ids of files to be committed; each is looked at once, whatever number of commits holds it."""

    def __init__(self, objects: Objects, known: Iterable[TreeEntry]) -> None:
        self._objects = objects
        self._held = {entry.id for entry in known}
        self._seen: dict[object, tuple[TreeEntry, Content]] = {}
        self._new: list[tuple[str, str, Content]] = []
        self._paths = Paths()

    def tree(self, files: Mapping[str, Content]) -> dict[str, TreeEntry]:
        """Return what a folder with these files is in git, and remember what of it is new.

        Raises:
            GitError: a path that is not safe, or a file that cannot be read.
        """
        self._paths.check(files)
        return {path: self._entry(path, content) for path, content in files.items()}

    def new(self) -> Iterator[bytes]:
        """Yield every content that git does not hold yet, all of a path after one another.

        Raises:
            GitError: one is not what it was.
        """
        for path, name, content in sorted(self._new, key=lambda new: new[0]):
            data = _data(content)
            if self._objects.id("blob", data) != name:
                raise GitError(f"{path} changed while it was committed", "run again")
            yield data

    def _entry(self, path: str, content: Content) -> TreeEntry:
        # The object itself is kept beside its id, so that no other object can get the same address.
        known: object = content if isinstance(content, Path) else id(content)
        if (seen := self._seen.get(known)) is not None:
            return seen[0]
        name = self._objects.id("blob", _data(content))
        if name not in self._held:
            self._new.append((path, name, content))
            self._held.add(name)
        entry = TreeEntry(_FILE, name)
        self._seen[known] = (entry, content)
        return entry


class Paths:
    """The paths of a folder's content, checked once each, whatever number of commits has them."""

    def __init__(self) -> None:
        self._files: set[str] = set()
        self._folders: set[str] = set()

    def check(self, paths: Iterable[str]) -> None:
        """Check the paths of all files of a folder.

        Raises:
            GitError: one leaves the folder, means something to git, or is a file and a folder at once.
        """
        files = set(paths)
        for path in files - self._files:
            if any(_unsafe(part) for part in path.split("/")) or "\0" in path:
                raise GitError(f"{path!r} is not a path for a file in git")
            self._folders.update(_folders(path))
            self._files.add(path)
        if not self._folders.isdisjoint(files):  # perhaps only in another commit
            for path in sorted(files):
                if both := next((folder for folder in _folders(path) if folder in files), None):
                    raise GitError(f"{both!r} is a file and a folder at once")


def write(
    objects: Objects,
    folder: str,
    parent: str | None,
    commits: Iterable[Commit],
    committer: bytes,
    sign: Sign | None = None,
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
    stream, contents = Stream(committer, parent, sign), FolderContents(objects, before.values())
    for commit in commits:
        after = contents.tree(commit.files)
        if changes := {f"{folder}/{path}": entry for path, entry in difference(before, after).items()}:
            stream.commit(_author(commit, committer), _message(commit.message), changes)
        before = after
    return stream.sent(objects, contents.new())


def difference(
    before: Mapping[str, TreeEntry], after: Mapping[str, TreeEntry]
) -> dict[str, TreeEntry | None]:
    """Return the files that differ, by path; None for a file that is gone."""
    gone: dict[str, TreeEntry | None] = {path: None for path in before if path not in after}
    changed = {}
    for path, entry in after.items():
        other = before.get(path)
        if other is not entry and other != entry:
            changed[path] = entry
    return gone | changed


def read(path: Path) -> bytes:
    """Return the content of a regular file; a link is not followed, a pipe is not waited for.

    Raises:
        GitError: it cannot be read.
    """
    try:
        return read_regular(path)
    except ValueError as problem:
        raise GitError(f"{path} {problem}") from problem
    except OSError as problem:
        raise GitError(f"{path} cannot be read: {problem.strerror}") from problem


def _data(content: Content) -> bytes:
    if isinstance(content, bytes):
        return content
    return read(content) if isinstance(content, Path) else content()


def _folders(path: str) -> list[str]:
    """Return the folders that a file is in, the outermost last."""
    return [folder.as_posix() for folder in PurePosixPath(path).parents][:-1]


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


# The commits that touched a path, newest first.

_FORMAT = "%x00%H%x00%P%x00%an%x00%ae%x00%at%x00%cn%x00%ce%x00%ct%x00%B%x00"
_FACTS = 9


@dataclass(frozen=True, slots=True)
class Revision:
    """A commit that touched what was asked about.

    Args:
        id: of the commit.
        parents: ids; none for the first commit, or where a shallow clone ends.
        author: who made the change.
        time: when, in UTC.
        committer: who committed it.
        committed: when, in UTC.
        message: without line breaks at its end.
        changes: path from the top of the repository to `A`, `M`, `D` or `T`; only paths asked about. None
            for a merge that only joins what others changed.
        before: path of each regular file among them, as it was in the first parent, to the id of its content.
        after: the same as it is in the commit.
    """

    id: str
    parents: tuple[str, ...]
    author: Person
    time: datetime
    committer: Person
    committed: datetime
    message: str
    changes: Mapping[str, str]
    before: Mapping[str, str]
    after: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class _Touched:
    """What a commit did to one path, as `--raw` says it."""

    path: str
    status: str
    before: TreeEntry
    after: TreeEntry

    @classmethod
    def read(cls, facts: str, path: str) -> _Touched:
        # A colon, a mode and an id for each parent, then those of the commit, then a letter for each parent.
        text = facts.strip()
        parents = len(text) - len(text.lstrip(":"))
        parts = text[parents:].split(" ")
        modes, ids = parts[: parents + 1], parts[parents + 1 : -1]
        return cls(path, parts[-1][0], TreeEntry(modes[0], ids[0]), TreeEntry(modes[-1], ids[-1]))


def history(
    objects: Objects, commits: str | Sequence[str], path: str, limit: int | None
) -> Iterator[Revision]:
    """Yield the commits up to one commit, or several, that touched a file or folder, newest first.

    Of a merge only what is in none of its parents is told, and how it differs from the first.
    """
    asked = ["log", "-z", "--raw", "--no-abbrev", "--no-renames", "--no-ext-diff", "--no-textconv"]
    asked += ["--no-mailmap", "--diff-merges=combined", f"--format=tformat:{_FORMAT}"]
    asked += [] if limit is None else [f"--max-count={limit}"]
    starts = [commits] if isinstance(commits, str) else commits
    fields = objects.program.ask(*asked, *starts, "--", path).fields()
    # Each commit: an empty field, its facts, an empty field, then pairs of modes, ids, status and a path.
    position = 0
    while position < len(fields):
        facts = fields[position + 1 : position + 1 + _FACTS]
        position += _FACTS + 2
        if _stands_before_a_merge(fields[position : position + 2]):
            position += 1
        touched = []
        while position < len(fields) and fields[position]:
            touched.append(_Touched.read(fields[position], fields[position + 1]))
            position += 2
        yield _revision(facts, touched)


def _stands_before_a_merge(fields: list[str]) -> bool:
    """Whether a field is the empty one that git adds between the facts of a merge and what it changed."""
    return fields[:1] == [""] and "".join(fields[1:])[:1] in ("", ":")


def _revision(facts: list[str], touched: list[_Touched]) -> Revision:
    name, parents, author, email, time, committer, address, committed, message = facts
    return Revision(
        id=name,
        parents=tuple(parents.split()),
        author=Person(author, email),
        time=_moment(time),
        committer=Person(committer, address),
        committed=_moment(committed),
        message=message.rstrip("\n"),
        changes={one.path: one.status for one in touched},
        before={one.path: one.before.id for one in touched if one.before.is_file},
        after={one.path: one.after.id for one in touched if one.after.is_file},
    )


def _moment(seconds: str) -> datetime:
    # Anybody can write a commit with a time that no calendar has.
    try:
        return datetime.fromtimestamp(int(seconds), UTC)
    except (ValueError, OverflowError, OSError):
        return datetime.fromtimestamp(0, UTC)
