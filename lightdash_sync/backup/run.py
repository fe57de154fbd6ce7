"""One backup: export, then commit what changed, author by author, then push.

What is committed is what differs from the last commit, not from the last run: if a run died after its
export, the next one commits what it left. A refused or incomplete export commits nothing.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from lightdash_sync.backup.messages import happened, message
from lightdash_sync.backup.steps import Step, steps
from lightdash_sync.errors import SnapshotError
from lightdash_sync.git import Commit, Person
from lightdash_sync.snapshot.layout import IDENTITY, MANIFEST
from lightdash_sync.snapshot.read import Snapshot
from lightdash_sync.verify import verify

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lightdash_sync.git import Repository
    from lightdash_sync.model.identity import Identity


@dataclass(frozen=True, slots=True)
class Made:
    """A commit that was made.

    Attributes:
        id: of the commit.
        subject: first line of its message.
    """

    id: str
    subject: str


def commit_snapshot(
    repository: Repository, folder: Path, label: str, *, branch: str | None = None, single: bool = False
) -> list[Made]:
    """Commit a snapshot as it stands on disk, in steps by author.

    Args:
        repository: where to.
        folder: directory of the snapshot, in the repository's work tree.
        label: name of the environment, for the subjects.
        branch: None for the one checked out.
        single: make one commit of everything, with `Co-authored-by` lines.

    Returns:
        The commits, oldest first; none if nothing changed.

    Raises:
        SnapshotError: the snapshot on disk is damaged.
        GitError: nothing was committed.
    """
    verdict = verify(folder)
    if verdict.damages:
        raise SnapshotError(f"{folder}/{verdict.damages[0].path} {verdict.damages[0].problem}")
    if not repository.changes(folder, _files(folder), branch=branch):
        repository.commit(folder, [], branch=branch)  # puts the index right after a run that died
        return []
    with tempfile.TemporaryDirectory() as name:
        workspace = Path(name)
        old = _checked_out(repository, folder, branch, workspace / "old")
        (workspace / "steps").mkdir()
        if old is None:
            paths = frozenset(path for path in _files(folder) if path not in (IDENTITY, MANIFEST))
            series = [Step(folder, (), None, paths)]
        else:
            series = steps(old, folder, workspace / "steps")
        if single:
            series = _joined(series)
        identity = Snapshot(folder).identity()
        commits: list[Commit] = []
        before = old
        for step in series:
            commits.append(_commit(step, before, label, identity, single=single))
            before = step.root
        made = repository.commit(folder, commits, branch=branch)
    subjects = [commit.message.split("\n", 1)[0] for commit in commits]
    return (
        [Made(one, subject) for one, subject in zip(made, subjects[-len(made) :], strict=True)]
        if made
        else []
    )


def _commit(step: Step, before: Path | None, label: str, identity: Identity, *, single: bool) -> Commit:
    people = [_person(identity, key) for key in dict.fromkeys(step.people)]
    text = message(label, happened(step.paths, before, step.root))
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
    facts = identity.people.get(key, {})
    name = " ".join(str(facts[part]) for part in ("firstName", "lastName") if facts.get(part)) or key
    email = key if "@" in key else f"{key.strip('~')}@users.noreply.lightdash"
    return Person(_plain(name), _plain(email))


def _plain(text: str) -> str:
    """Return a text without what git would take for the end of a name."""
    return "".join(char for char in text if char.isprintable() and char not in "<>") or "somebody"


def _files(root: Path) -> Mapping[str, Path]:
    """Return the files of a snapshot: path to where they are."""
    return {path: root / path for path in (MANIFEST, *Snapshot(root).manifest.files)}


def _checked_out(repository: Repository, folder: Path, branch: str | None, target: Path) -> Path | None:
    """Write the last committed snapshot into a directory, None if there is none that can be read."""
    head = repository.head()
    revision = branch or head.commit
    if revision is None or not repository.files(revision, folder):
        return None
    for path, data in repository.contents(revision, folder):
        place = target / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(data)
    try:
        return target if not verify(target).damages else None
    except SnapshotError:
        return None
