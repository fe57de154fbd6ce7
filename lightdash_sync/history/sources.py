"""Opens the sources of history: the snapshot on disk and the git repository around it; one is enough."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lightdash_sync.errors import ConfigError, GitError, SnapshotError
from lightdash_sync.git import Repository
from lightdash_sync.snapshot.layout import MANIFEST
from lightdash_sync.snapshot.read import Snapshot

if TYPE_CHECKING:
    from pathlib import Path

SHALLOW = "this clone is shallow: what is older than its first commit is not told (`git fetch --unshallow`)"


@dataclass(frozen=True, slots=True)
class Commits:
    """The commits that may contain a snapshot.

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
            return self.commits.repository.read(commit, self.commits.file(path))
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
