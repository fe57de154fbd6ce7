"""One backup: export, then commit what changed, author by author, then push.

What is committed is what differs from the last commit, not from the last run: if a run died after its
export, the next one commits what it left. A refused or incomplete export commits nothing.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from lightdash_sync.backup.backfill import backfill as past_of
from lightdash_sync.backup.messages import message
from lightdash_sync.backup.steps import Step, files_of, joined, steps, whole
from lightdash_sync.errors import SnapshotError
from lightdash_sync.git import Commit, Person
from lightdash_sync.snapshot.read import Snapshot
from lightdash_sync.verify import verify

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

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
    repository: Repository,
    folder: Path,
    label: str,
    *,
    branch: str | None = None,
    single: bool = False,
    backfill: bool = False,
) -> list[Made]:
    """Commit a snapshot as it stands on disk, in steps by author.

    Args:
        repository: where to.
        folder: directory of the snapshot, in the repository's work tree.
        label: name of the environment, for the subjects.
        branch: None for the one checked out.
        single: make one commit of everything, with `Co-authored-by` lines.
        backfill: if nothing was committed before, make a commit of each version that is known.

    Returns:
        The commits, oldest first; none if nothing changed.

    Raises:
        SnapshotError: the snapshot on disk is damaged.
        GitError: nothing was committed.
    """
    verdict = verify(folder)
    if verdict.damages:
        raise SnapshotError(f"{folder}/{verdict.damages[0].path} {verdict.damages[0].problem}")
    changes = repository.changes(folder, files_of(folder), branch=branch)
    if not changes:
        repository.commit(folder, [], branch=branch)  # puts the index right after a run that died
        return []
    subjects: list[str] = []
    identity = Snapshot(folder).identity()

    def commits(series: Iterable[Step]) -> Iterator[Commit]:
        for step in series:
            commit = _commit(step, label, identity, single=single)
            subjects.append(commit.message.split("\n", 1)[0])
            yield commit

    with tempfile.TemporaryDirectory() as name:
        workspace = Path(name)
        old = _checked_out(repository, folder, branch, workspace / "old")
        if old is not None:
            series: Iterable[Step] = steps(old, folder, workspace)
        elif backfill and not single and set(changes.values()) == {"A"}:
            series = past_of(folder)
        else:
            series = [whole(folder)]
        if single:
            series = [joined([*series])]
        made = repository.commit(folder, commits(series), branch=branch)
    return (
        [Made(one, subject) for one, subject in zip(made, subjects[-len(made) :], strict=True)]
        if made
        else []
    )


def _commit(step: Step, label: str, identity: Identity, *, single: bool) -> Commit:
    people = [_person(identity, key) for key in dict.fromkeys(step.people)]
    text = message(label, step.happened)
    others = people if single else people[:-1]
    if others:
        text += "\n" + "".join(f"Co-authored-by: {one.name} <{one.email}>\n" for one in others)
    return Commit(text, step.files, people[-1] if people and not single else None, step.time)


def _person(identity: Identity, key: str) -> Person:
    """Return a person as git names one; without an e-mail where Lightdash gives none."""
    facts = identity.people.get(key, {})
    name = " ".join(str(facts[part]) for part in ("firstName", "lastName") if facts.get(part)) or key
    email = key if "@" in key else f"{key.strip('~')}@users.noreply.lightdash"
    return Person(_plain(name), _plain(email))


def _plain(text: str) -> str:
    """Return a text without what git would take for the end of a name."""
    return "".join(char for char in text if char.isprintable() and char not in "<>") or "somebody"


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
