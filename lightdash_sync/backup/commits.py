"""The commits that bring a snapshot into git: author by author, each of them a whole snapshot.

What is committed is what differs from the last commit, not from the last run: if a run died after its
export, the next one commits what it left.
"""

from __future__ import annotations

import tempfile
from collections import deque
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from lightdash_sync.backup.backfill import backfill
from lightdash_sync.backup.committed import write_out
from lightdash_sync.backup.messages import message
from lightdash_sync.backup.steps import Step, files_of, joined, steps, whole
from lightdash_sync.errors import SnapshotError
from lightdash_sync.git import Commit, Person
from lightdash_sync.model.authorship import BACKFILLED, full_name
from lightdash_sync.snapshot.read import Snapshot
from lightdash_sync.verify import verify

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from lightdash_sync.git import Repository
    from lightdash_sync.model.identity import Identity


@dataclass(frozen=True, slots=True)
class Manner:
    """How to commit.

    Attributes:
        branch: None for the one checked out.
        single: one commit of everything, with `Co-authored-by` lines.
        dry: make no commit, only say which ones there would be.
        backfill: where nothing was committed before, a commit of each version that is known.
    """

    branch: str | None = None
    single: bool = False
    dry: bool = False
    backfill: bool = False


@dataclass(frozen=True, slots=True)
class Made:
    """A commit that was made.

    Attributes:
        id: of the commit; "" if it was not made.
        subject: first line of its message.
        author: who changed what it holds; None where Lightdash does not tell.
    """

    id: str
    subject: str
    author: str | None


def commit_snapshot(
    repository: Repository, folder: Path, label: str, manner: Manner | None = None, root: Path | None = None
) -> list[Made]:
    """Commit a snapshot, in steps by author.

    Args:
        repository: where to.
        folder: its directory in the repository's work tree.
        label: name of the environment, for the subjects.
        manner: how.
        root: where the snapshot stands on disk, if not in its folder.

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
            repository.commit(folder, [], branch=manner.branch)  # puts the index right after a run that died
        return []
    made: list[Made] = []
    with tempfile.TemporaryDirectory(prefix="lightdash-sync-") as name:
        commits = _noted(_commits(repository, folder, label, manner, root, Path(name)), made)
        if manner.dry:
            deque(commits, maxlen=0)
            return made
        ids = repository.commit(folder, commits, branch=manner.branch)
    # A step that brings nothing of its own is no commit, so the ids belong to the last ones.
    return [replace(one, id=name) for name, one in zip(ids, made[len(made) - len(ids) :], strict=True)]


def _noted(commits: Iterable[Commit], made: list[Made]) -> Iterator[Commit]:
    """Hand commits on, one at a time, and note what is said of them."""
    for commit in commits:
        subject = commit.message.split("\n", 1)[0]
        made.append(Made("", subject, commit.author.name if commit.author else None))
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
        series: Iterable[Step] = steps(old, root, workspace)
        renewed = new.manifest.says_the_same(Snapshot(old).manifest)
    elif manner.backfill and not is_there and not manner.single:
        series = backfill(root)
    else:
        series = [whole(root)]
    if manner.single:
        series = [joined([*series])]
    for step, is_last in _with_last(series):
        older = new.manifest.older if is_last else []
        text = message(label, step.happened, first=step.is_all, renewed=renewed, older=older)
        yield _commit(step, text, identity)


def _with_last(series: Iterable[Step]) -> Iterator[tuple[Step, bool]]:
    """Yield steps, each with whether it is the last."""
    ahead = iter(series)
    step = next(ahead, None)
    while step is not None:
        following = next(ahead, None)
        yield step, following is None
        step = following


def _commit(step: Step, text: str, identity: Identity) -> Commit:
    people = [_person(identity, key) for key in dict.fromkeys(step.people)]
    trailers = [BACKFILLED] if step.is_past else []
    author = people[-1] if people and not step.is_nobodys else None
    others = people if author is None else people[:-1]
    trailers += [f"Co-authored-by: {one.name} <{one.email}>" for one in others]
    if trailers:
        text += "\n" + "".join(f"{trailer}\n" for trailer in trailers)
    return Commit(text, step.files, author, None if step.is_nobodys else step.time)


def _person(identity: Identity, key: str) -> Person:
    """Return a person as git names one; without an e-mail where Lightdash gives none."""
    name = full_name(key, identity.people.get(key, {}))
    email = key if "@" in key else f"{key.strip('~')}@users.noreply.lightdash"
    return Person(_plain(name), _plain(email))


def _plain(text: str) -> str:
    """Return a text without what git would take for the end of a name."""
    return "".join(char for char in text if char.isprintable() and char not in "<>") or "somebody"


def _is_whole(root: Path) -> bool:
    """Whether a directory holds a snapshot that can be compared with."""
    try:
        return not verify(root).damages
    except SnapshotError:
        return False
