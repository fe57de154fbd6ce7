"""The commits that bring a snapshot into git: author by author, each of them a whole snapshot.

What is committed is what differs from the last commit, not from the last run: if a run died after its
export, the next one commits what it left.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from lightdash_sync.backup.committed import write_out
from lightdash_sync.backup.messages import happened, message
from lightdash_sync.backup.steps import Step, steps
from lightdash_sync.errors import SnapshotError
from lightdash_sync.git import Commit, Person
from lightdash_sync.model.authorship import full_name
from lightdash_sync.snapshot.layout import IDENTITY, MANIFEST
from lightdash_sync.snapshot.read import Snapshot
from lightdash_sync.verify import verify

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lightdash_sync.git import Repository
    from lightdash_sync.model.identity import Identity


@dataclass(frozen=True, slots=True)
class Manner:
    """How to commit.

    Attributes:
        branch: None for the one checked out.
        single: one commit of everything, with `Co-authored-by` lines.
        dry: make no commit, only say which ones there would be.
    """

    branch: str | None = None
    single: bool = False
    dry: bool = False


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
    if not repository.changes(folder, _files(root), branch=manner.branch):
        if not manner.dry:
            repository.commit(folder, [], branch=manner.branch)  # puts the index right after a run that died
        return []
    with tempfile.TemporaryDirectory(prefix="lightdash-sync-") as name:
        commits = _series(repository, folder, label, manner, root, Path(name))
        # A step that brings nothing of its own is no commit, so the ids belong to the last ones.
        ids = [""] * len(commits) if manner.dry else repository.commit(folder, commits, branch=manner.branch)
    return [_made(one, commit) for one, commit in zip(ids, commits[len(commits) - len(ids) :], strict=True)]


def _made(commit: str, made: Commit) -> Made:
    return Made(commit, made.message.split("\n", 1)[0], made.author.name if made.author else None)


def _series(
    repository: Repository, folder: Path, label: str, manner: Manner, root: Path, workspace: Path
) -> list[Commit]:
    """Return the commits that lead from the last committed snapshot to this one."""
    old: Path | None = workspace / "old"
    start = repository.destination(manner.branch).start
    (workspace / "steps").mkdir()
    if old and write_out(repository, start, folder, old) and _is_whole(old):
        series = steps(old, root, workspace / "steps")
    else:
        old = None
        paths = frozenset(path for path in _files(root) if path not in (IDENTITY, MANIFEST))
        series = [Step(root, (), None, paths)]
    if manner.single:
        series = _joined(series)
    identity = Snapshot(root).identity()
    commits: list[Commit] = []
    before = old
    for step in series:
        commits.append(_commit(step, before, label, identity, single=manner.single))
        before = step.root
    return commits


def _commit(step: Step, before: Path | None, label: str, identity: Identity, *, single: bool) -> Commit:
    people = [_person(identity, key) for key in dict.fromkeys(step.people)]
    text = message(label, happened(step.paths, before, step.root), first=before is None)
    others = people if single else people[:-1]
    if others:
        text += "\n" + "".join(f"Co-authored-by: {one.name} <{one.email}>\n" for one in others)
    author = people[-1] if people and not single else None
    return Commit(text, _files(step.root), author, step.time if author else None)


def _joined(series: list[Step]) -> list[Step]:
    """Return all steps as one."""
    people = tuple(person for step in series for person in step.people)
    paths = frozenset(path for step in series for path in step.paths)
    return [Step(series[-1].root, people, None, paths)]


def _person(identity: Identity, key: str) -> Person:
    """Return a person as git names one; without an e-mail where Lightdash gives none."""
    name = full_name(key, identity.people.get(key, {}))
    email = key if "@" in key else f"{key.strip('~')}@users.noreply.lightdash"
    return Person(_plain(name), _plain(email))


def _plain(text: str) -> str:
    """Return a text without what git would take for the end of a name."""
    return "".join(char for char in text if char.isprintable() and char not in "<>") or "somebody"


def _files(root: Path) -> Mapping[str, Path]:
    """Return the files of a snapshot: path to where they are."""
    return {path: root / path for path in (MANIFEST, *Snapshot(root).manifest.files)}


def _is_whole(root: Path) -> bool:
    """Whether a directory holds a snapshot that can be compared with."""
    try:
        return not verify(root).damages
    except SnapshotError:
        return False
