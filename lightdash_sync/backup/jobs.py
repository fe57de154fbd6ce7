"""Runs backups: exports each environment, commits the changes, and pushes once.

An environment that fails does not stop the backup of the others. A refused or incomplete export commits
nothing. No request is sent to a server before git is known to be ready for commits.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

from lightdash_sync.backup.commits import CreatedCommits, Manner, commit_snapshot, prepared
from lightdash_sync.disk import Disk
from lightdash_sync.errors import SyncError, as_sync_error
from lightdash_sync.export.last_run import Comments
from lightdash_sync.export.run import ExportResult, Reading, export_project
from lightdash_sync.export.selection import ExportSelection
from lightdash_sync.git import exclude, keep_line_ends
from lightdash_sync.snapshot.write import locked, require_swappable, written_beside
from lightdash_sync.sources import choose_project

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from contextlib import AbstractContextManager
    from datetime import date, datetime
    from pathlib import Path

    from lightdash_sync.content.identity import Identity
    from lightdash_sync.git import Pushed, Repository
    from lightdash_sync.lightdash.reading import Lightdash
    from lightdash_sync.workers import Progress


_UNPROTECTED = (
    "git may change the line ends of this snapshot in other clones (core.autocrlf), where it cannot be "
    "verified then: `lightdash-sync init` writes .gitattributes against that; commit it"
)


@dataclass(frozen=True, slots=True)
class Job:
    """An environment to back up.

    Attributes:
        label: its name.
        folder: of its snapshot, in the repository's work tree.
        connect: opens its server, and returns uuid or name of the project (None for the only one).
        hints: returns, for the uuid of the project, keys of items that the snapshot does not have yet.
        comments: when to read the comments on unchanged dashboards.
        history_since: the day from which earlier versions are read, unless the run has its own setting.
        keep_going: whether to go on without single items that the server does not give.
    """

    label: str
    folder: Path
    connect: Callable[[], AbstractContextManager[tuple[Lightdash, str | None]]]
    hints: Callable[[str], Identity]
    comments: Comments = Comments.AUTO
    history_since: date | None = None
    keep_going: bool = False


@dataclass(frozen=True, slots=True)
class BackupOutcome:
    """The result of the backup of one environment.

    Attributes:
        job: the environment.
        report: of its export; None if that failed.
        made: its commits, oldest first.
        begun: the branch that was created for it without a commit of its own, because its starting point has
            the current content of the project already; None if there is none.
        error: why it was not backed up, or not completely, or None.
        is_written: whether there is a current snapshot, complete or not.
        expires: when the token expires, if that was asked: each time that everything is read.
    """

    job: Job
    report: ExportResult | None = None
    made: tuple[CreatedCommits, ...] = ()
    begun: str | None = None
    error: SyncError | None = None
    is_written: bool = False
    expires: datetime | None = None


@dataclass(frozen=True, slots=True)
class Backup:
    """The result of a backup run.

    Attributes:
        outcomes: of each environment, in order.
        pushed: what the remote accepted, or None if nothing was pushed.
        error: why a requested push failed, or None.
    """

    outcomes: tuple[BackupOutcome, ...]
    pushed: Pushed | None = None
    error: SyncError | None = None

    @property
    def errors(self) -> list[SyncError]:
        """All errors, in order."""
        found = [outcome.error for outcome in self.outcomes] + [self.error]
        return [error for error in found if error is not None]

    @property
    def worst(self) -> SyncError | None:
        """The error with the highest exit code, or None."""
        return max(self.errors, key=lambda error: error.exit_code, default=None)


@dataclass(frozen=True, slots=True)
class Pushing:
    """How to push.

    Attributes:
        folders: of all snapshots in the repository: commits that an earlier run could not push are included.
        again: number of retries when others push at the same time.
    """

    folders: tuple[Path, ...]
    again: int = 1


class Listener(Protocol):
    """Receives the progress of a run."""

    def reading(self, job: Job) -> Progress:
        """The export of an environment begins; return the receiver of its progress."""

    def ended(self, outcome: BackupOutcome) -> None:
        """The backup of an environment ended, successfully or not."""

    def refused(self, error: SyncError) -> None:
        """The push failed."""


def back_up(
    repository: Repository,
    jobs: Sequence[Job],
    reading: Reading,
    manner: Manner,
    pushing: Pushing | None,
    listener: Listener,
) -> Backup:
    """Export environments and commit what changed, one after another; then push.

    Args:
        repository: where the snapshots are.
        jobs: the environments.
        reading: how to export.
        manner: how to commit.
        pushing: how to push, or None for not at all.
        listener: receives the progress.

    Raises:
        GitError: commits cannot be signed though the user's config asks for it, or there is no such remote.
    """
    outcomes = []
    if not manner.dry and jobs:
        repository.require_policy(manner.remote if pushing else None)
    for job in jobs:
        outcome = _back_up_one(repository, job, reading, manner, listener)
        listener.ended(outcome)
        outcomes.append(outcome)
    done = Backup(tuple(outcomes))
    done = _push(repository, done, manner, pushing, listener)
    if any(outcome.made for outcome in outcomes) and not manner.dry:
        with (
            suppress(SyncError, OSError),
            repository.exclusive(),
        ):  # all is committed; the next night tries again
            repository.keep_house()
    return done


def _push(
    repository: Repository, done: Backup, manner: Manner, pushing: Pushing | None, listener: Listener
) -> Backup:
    if pushing is None or manner.dry or not any(outcome.is_written for outcome in done.outcomes):
        return done
    try:
        with repository.exclusive():
            if repository.destination(manner.branch).tip is None:
                return done  # a branch that nothing was committed to yet
            pushed = repository.push(
                manner.remote, branch=manner.branch, folders=pushing.folders, again=pushing.again
            )
    except (SyncError, OSError) as error:
        done = replace(done, error=as_sync_error(error))
        listener.refused(as_sync_error(error))
        return done
    return replace(done, pushed=pushed)


def _back_up_one(
    repository: Repository, job: Job, reading: Reading, manner: Manner, listener: Listener
) -> BackupOutcome:
    report: ExportResult | None = None
    expires = None
    try:
        protected = True
        require_swappable(job.folder)
        if not manner.dry:
            exclude(job.folder)
            protected = keep_line_ends(job.folder)
        with prepared(repository, job.folder, manner.branch, dry=manner.dry) as root:
            with job.connect() as (lightdash, wanted):
                progress = listener.reading(job)
                project = choose_project(lightdash, wanted, root)
                hints = job.hints(project)
                how = replace(
                    reading.or_since(job.history_since),
                    comments=job.comments,
                    keep_going=reading.keep_going or job.keep_going,
                )
                place = None if manner.dry else job.folder
                report = export_project(
                    lightdash,
                    project,
                    root,
                    ExportSelection(),
                    how,
                    progress=progress,
                    hints=hints,
                    place=place,
                )
                expires = lightdash.token_expiry() if report.full else None
            with locked(root, Disk()), repository.exclusive():
                is_new = repository.destination(manner.branch).is_to_begin
                is_first = not repository.has_folder(job.folder, manner.branch)
                made = commit_snapshot(repository, job.folder, job.label, manner, root)
            if not manner.dry:
                repository.share(*written_beside(job.folder))
    except (SyncError, OSError) as error:
        return BackupOutcome(job, report, error=as_sync_error(error))
    if is_first and made and not protected:
        report = replace(report, warnings=[*report.warnings, _UNPROTECTED])
    begun = manner.branch if is_new and not made else None
    return BackupOutcome(
        job, report, tuple(made), begun, error=report.incomplete, is_written=True, expires=expires
    )
