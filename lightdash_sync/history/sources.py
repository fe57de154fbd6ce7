"""Opens the sources of history: the snapshot on disk and the git repository around it; one is enough."""

from __future__ import annotations

from collections import deque
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

from lightdash_sync.content.json import parse
from lightdash_sync.errors import ConfigError, GitError, SnapshotError
from lightdash_sync.git import Repository, read_span
from lightdash_sync.snapshot.layout import IDENTITY, MANIFEST
from lightdash_sync.snapshot.read import Snapshot

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from lightdash_sync.content.json import Json
    from lightdash_sync.git import Revision

_MOST_RENAMES = 20
SHALLOW = "this clone is shallow: what is older than its first commit is not told (`git fetch --unshallow`)"


@dataclass(frozen=True, slots=True)
class FormerFolder:
    """A folder in which the snapshot was before its folder was renamed.

    Attributes:
        folder: the folder then.
        renamed: id of the commit from which on the snapshot is in the folder that follows.
        last: id of the commit before.
    """

    folder: Path
    renamed: str
    last: str


@dataclass(frozen=True)
class Commits:
    """The commits that may contain a snapshot; a rename of its folder is followed.

    Paths are those of the snapshot's present folder, whatever it was called in a commit.

    Attributes:
        repository: around the snapshot.
        folder: of the snapshot, with symbolic links resolved.
        start: id of the newest commit to read.
    """

    repository: Repository
    folder: Path
    start: str

    @property
    def has_snapshot(self) -> bool:
        """Whether there is a snapshot in the newest commit."""
        return self.repository.find([(self.start, self.folder / MANIFEST)]) != [None]

    def file(self, path: str) -> Path:
        """Return a file of the snapshot.

        Raises:
            SnapshotError: on disk it is behind a symbolic link, so that git would read another file.
        """
        place = self.folder / path
        if place.resolve() != place:
            raise SnapshotError(f"{self.folder}: {path} lies behind a link")
        return place

    @cached_property
    def formers(self) -> tuple[FormerFolder, ...]:
        """The folders in which the snapshot was before, newest first."""
        found: list[FormerFolder] = []
        folder, start = self.folder, self.start
        while len(found) < _MOST_RENAMES and (former := _former(self.repository, folder, start)) is not None:
            found.append(former)
            folder, start = former.folder, former.last
        return tuple(found)

    def history(self, path: Path, limit: int | None = None) -> Iterator[Revision]:
        """Yield the commits that touched a file or folder of the snapshot, newest first."""
        count, known = 0, self.folder
        renames = {former.renamed: former for former in self.formers}
        ways = [(self.folder, self.start), *((former.folder, former.last) for former in self.formers)]
        for known, start in ways:
            place = _in_folder(path, self.folder, known)
            left = None if limit is None else limit - count
            for found in self.repository.history(place, start, limit=left):
                revision = found if known == self.folder else self._as_now(found, known)
                if (former := renames.get(found.id)) is not None:
                    revision = self._without_rename(revision, path, former)
                    if not revision.changes and path != self.folder:
                        continue
                count += 1
                yield revision
            if limit is not None and count >= limit:
                return

    def resolve(self, text: str) -> str:
        """Return the id of the commit that a revision names, or that was the last one at a time.

        Raises:
            GitError: there is no such commit.
        """
        try:
            return self.repository.resolve_at(text, self.folder)
        except GitError:
            for former in self.formers if read_span(text) else ():
                with suppress(GitError):
                    return self.repository.resolve_at(text, former.folder)
            raise

    def find(self, places: Sequence[tuple[str, Path]]) -> list[str | None]:
        """Return the ids of files of the snapshot in many commits; None where there is no such file."""
        found = self.repository.find(places)
        for former in self.formers if None in found else ():
            missing = [number for number, name in enumerate(found) if name is None]
            asked = [places[number] for number in missing]
            then = [(commit, _in_folder(path, self.folder, former.folder)) for commit, path in asked]
            for number, name in zip(missing, self.repository.find(then), strict=True):
                found[number] = name
        return found

    def read(self, commit: str, path: str) -> bytes:
        """Return a file of the snapshot in a commit.

        Raises:
            GitError: it cannot be read.
        """
        place = self.file(path)
        if self.repository.find([(commit, place)]) == [None]:
            for former in self.formers:
                then = _in_folder(place, self.folder, former.folder)
                if self.repository.find([(commit, then)]) != [None]:
                    return self.repository.read(commit, then)
        return self.repository.read(commit, place)

    def _as_now(self, revision: Revision, then: Path) -> Revision:
        """Return a commit with the paths that its files have now."""
        old, new = (f"{self.repository.inside(one)}/" for one in (then, self.folder))
        return replace(
            revision,
            changes={new + path.removeprefix(old): change for path, change in revision.changes.items()},
            before={new + path.removeprefix(old): name for path, name in revision.before.items()},
            after={new + path.removeprefix(old): name for path, name in revision.after.items()},
        )

    def _without_rename(self, revision: Revision, path: Path, former: FormerFolder) -> Revision:
        """Return what a commit that renamed the folder changed besides."""
        prefix = f"{self.repository.inside(self.folder)}/"
        there = self.repository.files(former.last, former.folder)
        asked = "" if path == self.folder else self.repository.inside(path)
        before = {
            prefix + name: blob
            for name, blob in there.items()
            if not asked or prefix + name == asked or (prefix + name).startswith(f"{asked}/")
        }
        after = revision.after
        differ = {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)}
        return replace(
            revision,
            changes={name: "A" if name not in before else "M" if name in after else "D" for name in differ},
            before={name: blob for name, blob in before.items() if name in differ},
            after={name: blob for name, blob in after.items() if name in differ},
        )


def _former(repository: Repository, folder: Path, start: str) -> FormerFolder | None:
    """Return where a snapshot was before the commit that first has it in a folder; None if it was nowhere.

    It is the folder whose snapshot of the same project that commit took away.
    """
    oldest = deque(repository.history(folder / MANIFEST, start), 1)
    first = oldest[0] if oldest else None
    if first is None or not first.parents or first.changes.get(repository.inside(folder / MANIFEST)) != "A":
        return None
    last = first.parents[0]
    try:
        there = [repository.root / one for one in repository.folders_with(last, MANIFEST)]
        if not there:
            return None
        taken = repository.find([(first.id, one / MANIFEST) for one in there])
        project = _project(repository, first.id, folder)
        for one, name in zip(there, taken, strict=True):
            if name is None and project and _project(repository, last, one) == project:
                return FormerFolder(one, first.id, last)
    except GitError:  # a shallow clone lacks the parent
        return None
    return None


def _project(repository: Repository, commit: str, folder: Path) -> Json:
    """Return the uuid of the project of a snapshot in a commit; None if it cannot be told."""
    try:
        document = parse(repository.read(commit, folder / IDENTITY))
    except (GitError, ValueError):
        return None
    project = document.get("project") if isinstance(document, dict) else None
    return project.get("uuid") if isinstance(project, dict) else None


def _in_folder(path: Path, folder: Path, other: Path) -> Path:
    return other / path.relative_to(folder)


@dataclass(frozen=True, slots=True)
class Sources:
    """The available sources of history.

    Attributes:
        folder: of the snapshot.
        snapshot: the snapshot on disk, or None.
        commits: the commits, or None.
        notes: what is missing, as text for the user.
        missing: why there is no snapshot on disk.
    """

    folder: Path
    snapshot: Snapshot | None
    commits: Commits | None
    notes: tuple[str, ...]
    missing: SnapshotError | None = None

    def read(self, path: str, commit: str | None = None) -> bytes:
        """Return a file of the snapshot on disk, or in a commit.

        Raises:
            SnapshotError: on disk it cannot be read.
            GitError: it cannot be read in the commit.
        """
        if commit is not None and self.commits is not None:
            return self.commits.read(commit, path)
        if self.snapshot is None:
            raise SnapshotError(f"{self.folder} holds no snapshot")
        return self.snapshot.read(path)


def open_sources(folder: Path, branch: str | None = None) -> Sources:
    """Open the snapshot in a folder, and its repository.

    Args:
        folder: of the snapshot.
        branch: any revision to start from; None for the one checked out. The snapshot on disk belongs to the
            one checked out, and is left out if `branch` is another.

    Raises:
        SnapshotError: there is neither a snapshot nor a repository.
        GitError: there is no such branch.
    """
    if branch is not None:
        commits = open_commits(folder, branch)
        if commits.repository.head().branch != branch:
            return Sources(folder, None, commits, _cut(commits))
    notes: list[str] = []
    try:
        found = open_commits(folder)
        notes += _cut(found)
    except GitError as error:
        found = None
        notes.append(f"git is left out: {error.message}")
    try:
        return Sources(folder, Snapshot(folder), found, tuple(notes))
    except SnapshotError as error:
        if found is None:
            raise
        return Sources(folder, None, found, (*notes, f"only git is asked: {error.message}"), error)


def _cut(commits: Commits) -> tuple[str, ...]:
    return (SHALLOW,) if commits.repository.is_shallow else ()


def open_commits(folder: Path, branch: str | None = None) -> Commits:
    """Open the repository around a snapshot.

    Raises:
        GitError: there is no repository, it has no commit or no such branch, or the folder is its root.
    """
    repository = Repository.around(folder)
    repository.inside(folder)
    if branch is None and repository.head().commit is None:
        raise GitError(f"the repository {repository.root} has no commit yet")
    return Commits(repository, folder.resolve(), repository.resolve(branch or "HEAD"))


def only_snapshot(folder: Path) -> Path:
    """Return the only directory with a snapshot below a folder.

    Raises:
        ConfigError: there is none, or there are several.
    """
    found = sorted(place.parent for place in folder.glob(f"*/{MANIFEST}") if place.parent.name[0] != ".")
    if len(found) == 1:
        return found[0]
    if found:
        there = ", ".join(map(str, found))
        raise ConfigError(f"there are several snapshots in {folder}", hint=f"Name one with --path: {there}.")
    raise ConfigError(
        f"there is no snapshot in {folder}",
        hint="Name its directory with --path, or an environment of lightdash-sync.toml with --env.",
    )
