"""Commits a snapshot to git, in one commit for each author; each commit has a complete snapshot.

The commits contain the differences from the last commit, not from the last run: if a run died after its
export, the next run commits what it exported.
"""

from __future__ import annotations

import re
import shutil
import tempfile
from collections import deque
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from lightdash_sync.backup.backfill import backfill
from lightdash_sync.backup.messages import message
from lightdash_sync.backup.steps import BackupStep, files_of, joined, steps, whole, whole_again
from lightdash_sync.content.authorship import BACKFILLED, full_name
from lightdash_sync.disk import Disk
from lightdash_sync.errors import Refused, SnapshotError, naming
from lightdash_sync.export.last_run import read_last_run, write_last_run
from lightdash_sync.git import Commit, Person
from lightdash_sync.snapshot.layout import IDENTITY, MANIFEST, parse_path
from lightdash_sync.snapshot.read import Snapshot
from lightdash_sync.snapshot.verify import verify
from lightdash_sync.snapshot.write import locked, staging_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from lightdash_sync.content.identity import Identity
    from lightdash_sync.git import Repository


# Writes the last committed snapshot to disk, as the base of a backup that has no better one.
#
# A tree in git may come from anybody. Only files that a snapshot can have are written; other files are an
# error, because a commit of the snapshot alone would delete them.


def write_out(repository: Repository, commit: str | None, folder: Path, target: Path) -> bool:
    """Write a committed snapshot into a directory; return whether there is one.

    Args:
        repository: to read from.
        commit: revision; None if there is no commit yet.
        folder: of the snapshot, in the work tree.
        target: an empty or missing directory.

    Raises:
        Refused: the folder has a file that no snapshot has, and that a commit would delete.
    """
    if commit is None:
        return False
    for path in sorted(repository.files(commit, folder)):
        if path not in (MANIFEST, IDENTITY) and parse_path(path) is None:
            raise Refused(
                f"{folder} holds {path!r} in git, which is not part of the snapshot and would be lost",
                hint="Move it out of the folder, in a commit of its own.",
            )
    found = False
    for path, data in repository.contents(commit, folder):
        place = target / path
        place.parent.mkdir(parents=True, exist_ok=True)
        with naming(place):
            place.write_bytes(data)
        found = True
    return found


@contextmanager
def prepared(repository: Repository, folder: Path, branch: str | None, *, dry: bool) -> Iterator[Path]:
    """Yield the directory to export into, with the snapshot that the export builds on.

    It is the snapshot's folder, if its branch is checked out here. For another branch, or with `dry`, it is a
    temporary directory, and the work tree is not changed.

    Args:
        repository: where the snapshot is committed.
        folder: of the snapshot, in the work tree.
        branch: to commit to; None for the one checked out.
        dry: change nothing here.

    Raises:
        GitError: the branch cannot be committed to.
        Refused: the committed folder has a file that no snapshot has.
    """
    target = repository.destination(branch)
    if target.checked_out and not dry:
        if not _is_there(folder):
            _restore(repository, target.start, folder)
        yield folder
        return
    with TemporaryDirectory(prefix="lightdash-sync-", ignore_cleanup_errors=True) as name:
        root = Path(name) / folder.name
        if target.checked_out and _is_there(folder):
            with locked(folder, Disk()):
                shutil.copytree(folder, root, symlinks=True)
        else:
            write_out(repository, target.start, folder, root)
        if (state := read_last_run(folder)) is not None:
            write_last_run(root, state)
        yield root
        if not dry and (state := read_last_run(root)) is not None:
            folder.parent.mkdir(parents=True, exist_ok=True)
            write_last_run(folder, state)


def _is_there(folder: Path) -> bool:
    return folder.is_symlink() or (folder.exists() and not (folder.is_dir() and not any(folder.iterdir())))


def _restore(repository: Repository, commit: str | None, folder: Path) -> None:
    """Write the committed snapshot to an empty place: its keys and earlier versions are needed."""
    disk = Disk()
    with locked(folder, disk):
        staging = staging_of(folder)
        try:
            if not _is_there(folder) and write_out(repository, commit, folder, staging):
                with suppress(FileNotFoundError):
                    folder.rmdir()
                disk.rename(staging, folder)
        finally:
            disk.remove(staging)


_TRAILER = re.compile(r"[A-Za-z0-9-]+: ")


@dataclass(frozen=True, slots=True)
class Manner:
    """How to commit.

    Attributes:
        branch: None for the one checked out.
        single: one commit of everything, with `Co-authored-by` lines.
        dry: make no commit, only return the commits that would be made.
        backfill: if nothing was committed before, make a commit of each known version.
        prefix: of each subject.
        trailers: lines at the end of each message.
        remote: to push to; None for the branch's own.
    """

    branch: str | None = None
    single: bool = False
    dry: bool = False
    backfill: bool = False
    prefix: str = ""
    trailers: tuple[str, ...] = ()
    remote: str | None = None


@dataclass(frozen=True, slots=True)
class CreatedCommits:
    """A commit that was made, or that would be made.

    Attributes:
        id: of the commit; "" if it was not made.
        subject: first line of its message.
        author: of the changes in it; None if Lightdash does not report one.
    """

    id: str
    subject: str
    author: str | None


def commit_snapshot(
    repository: Repository, folder: Path, label: str, manner: Manner | None = None, root: Path | None = None
) -> list[CreatedCommits]:
    """Commit a snapshot, in steps by author.

    Args:
        repository: to commit to.
        folder: directory of the snapshot in the repository's work tree.
        label: name of the environment, for the subjects.
        manner: how to commit.
        root: where the snapshot is on disk, if not in its folder.

    Returns:
        The commits, oldest first; none if nothing changed.

    Raises:
        SnapshotError: the snapshot on disk is damaged.
        GitError: nothing was committed.
    """
    manner, root = manner or Manner(), root or folder
    verdict = verify(root)
    if verdict.damages:
        raise SnapshotError(f"{root}/{verdict.damages[0].path} {verdict.damages[0].problem}")
    if not repository.changes(folder, files_of(root), branch=manner.branch):
        if not manner.dry:
            repository.commit(folder, [], branch=manner.branch)  # repairs the index after a run that died
        return []
    made: list[CreatedCommits] = []
    with tempfile.TemporaryDirectory(prefix="lightdash-sync-") as name:
        commits = _noted(_commits(repository, folder, label, manner, root, Path(name)), made)
        if manner.dry:
            deque(commits, maxlen=0)
            return made
        ids = repository.commit(folder, commits, branch=manner.branch)
    # A step without changes makes no commit, so the ids belong to the last steps.
    return [replace(one, id=name) for name, one in zip(ids, made[len(made) - len(ids) :], strict=True)]


def _noted(commits: Iterable[Commit], made: list[CreatedCommits]) -> Iterator[Commit]:
    """Pass commits on, one at a time, and record each in `made`."""
    for commit in commits:
        subject = commit.message.split("\n", 1)[0]
        made.append(CreatedCommits("", subject, commit.author.name if commit.author else None))
        yield commit


def _commits(
    repository: Repository, folder: Path, label: str, manner: Manner, root: Path, workspace: Path
) -> Iterator[Commit]:
    """Yield the commits that lead from the last committed snapshot to this one."""
    new, old = Snapshot(root), workspace / "old"
    identity = new.identity()
    renewed = False
    start = repository.destination(manner.branch).start
    is_there = write_out(repository, start, folder, old)
    if is_there and _is_whole(old):
        series: Iterable[BackupStep] = steps(old, root, workspace)
        renewed = new.manifest.says_the_same(Snapshot(old).manifest)
    elif is_there and (old / MANIFEST).is_file():
        series = [_from_damaged(old, root)]
    elif manner.backfill and not is_there and not manner.single:
        series = backfill(root)
    else:
        series = [whole(root)]
    if manner.single:
        series = [joined([*series])]
    for step, is_last in _with_last(series):
        older, unread = (new.manifest.older, new.manifest.unread()) if is_last else ([], [])
        text = message(
            label,
            step.happened,
            first=step.is_all,
            renewed=renewed,
            older=older,
            unread=unread,
            prefix=manner.prefix,
        )
        yield _commit(step, text, identity, manner.trailers)


def _from_damaged(old: Path, new: Path) -> BackupStep:
    try:
        return whole_again(old, new)
    except SnapshotError:  # what stands there cannot even be opened as a snapshot
        return replace(whole(new), is_all=False)


def _with_last(series: Iterable[BackupStep]) -> Iterator[tuple[BackupStep, bool]]:
    """Yield each step, and whether it is the last one."""
    ahead = iter(series)
    step = next(ahead, None)
    while step is not None:
        following = next(ahead, None)
        yield step, following is None
        step = following


def _commit(step: BackupStep, text: str, identity: Identity, more: tuple[str, ...]) -> Commit:
    people = [_person(identity, key) for key in dict.fromkeys(step.people)]
    trailers = [BACKFILLED] if step.is_past else []
    author = people[-1] if people and not step.is_nobodys else None
    others = people if author is None else people[:-1]
    trailers += [f"Co-authored-by: {one.name} <{one.email}>" for one in others]
    # A block of trailers counts as one only if each of its lines is one.
    trailers += [line for line in more if _TRAILER.match(line)]
    if others_said := [line for line in more if not _TRAILER.match(line)]:
        text += "\n" + "".join(f"{line}\n" for line in others_said)
    if trailers:
        text += "\n" + "".join(f"{trailer}\n" for trailer in trailers)
    return Commit(text, step.files, author, None if step.is_nobodys else step.time)


def _person(identity: Identity, key: str) -> Person:
    """Return a person in git's form; without an e-mail if Lightdash reports none."""
    name = full_name(key, identity.people.get(key, {}))
    email = key if "@" in key else f"{key.strip('~')}@users.noreply.lightdash"
    return Person(_plain(name), _plain(email))


def _plain(text: str) -> str:
    """Return a text without the characters that end a name in git."""
    return "".join(char for char in text if char.isprintable() and char not in "<>") or "somebody"


def _is_whole(root: Path) -> bool:
    """Whether a directory has a complete snapshot, which can be compared with."""
    try:
        return not verify(root).damages
    except SnapshotError:
        return False
