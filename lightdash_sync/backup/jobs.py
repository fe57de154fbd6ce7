"""Backups: export each environment, commit what changed, push it once.

One environment that fails does not keep the others from their backup. A refused or incomplete export
commits nothing. Nothing is asked of a server before git is known to be ready for commits.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

from lightdash_sync.backup.commits import CreatedCommits, Manner, commit_snapshot, prepared
from lightdash_sync.disk import Disk
from lightdash_sync.errors import SyncError, as_sync_error
from lightdash_sync.export.last_run import Comments
from lightdash_sync.export.run import ExportResult, Reading, export_project
from lightdash_sync.export.selection import ExportSelection
from lightdash_sync.git import exclude
from lightdash_sync.snapshot.write import locked
from lightdash_sync.sources import choose_project

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from contextlib import AbstractContextManager
    from datetime import date
    from pathlib import Path

    from lightdash_sync.content.identity import Identity
    from lightdash_sync.git import Pushed, Repository
    from lightdash_sync.lightdash.reading import Lightdash
    from lightdash_sync.workers import Progress


@dataclass(frozen=True, slots=True)
class Job:
    """An environment to back up.

    Attributes:
        label: its name.
        folder: of its snapshot, in the repository's work tree.
        connect: opens its server, and tells uuid or name of the project (None for the only one).
        hints: tells, for the uuid of the project, keys of items that the snapshot does not know yet.
        comments: when the comments on dashboards are read that did not change themselves.
        history_since: the day from which on earlier versions are read, unless a run says otherwise.
    """

    label: str
    folder: Path
    connect: Callable[[], AbstractContextManager[tuple[Lightdash, str | None]]]
    hints: Callable[[str], Identity]
    comments: Comments = Comments.AUTO
    history_since: date | None = None


@dataclass(frozen=True, slots=True)
class BackupOutcome:
    """What became of one environment.

    Attributes:
        job: the environment.
        report: of its export; None if that failed.
        made: its commits, oldest first.
        begun: the branch that was made for it without a commit of its own, because where it begins holds the
            project as it is; None if there is none.
        error: why it was not backed up, or not whole, or None.
        is_written: whether there is a snapshot as it is now, whole or not.
    """

    job: Job
    report: ExportResult | None = None
    made: tuple[CreatedCommits, ...] = ()
    begun: str | None = None
    error: SyncError | None = None
    is_written: bool = False


@dataclass(frozen=True, slots=True)
class Backup:
    """What became of a run.

    Attributes:
        outcomes: of each environment, in order.
        pushed: what the remote took, or None if nothing was pushed.
        error: why nothing was pushed though it was asked for, or None.
    """

    outcomes: tuple[BackupOutcome, ...]
    pushed: Pushed | None = None
    error: SyncError | None = None

    @property
    def errors(self) -> list[SyncError]:
        """All that went wrong, in order."""
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
        folders: of all snapshots in the repository: what an earlier run could not push is pushed too.
        again: how many times to try again when others push at the same time.
    """

    folders: tuple[Path, ...]
    again: int = 1


class Listener(Protocol):
    """Is told how far a run is."""

    def reading(self, job: Job) -> Progress:
        """The export of an environment begins; who is told how far it is?"""

    def ended(self, outcome: BackupOutcome) -> None:
        """An environment is done, for better or worse."""

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
        listener: is told how far it is.
    """
    outcomes = []
    for job in jobs:
        outcome = _back_up_one(repository, job, reading, manner, listener)
        listener.ended(outcome)
        outcomes.append(outcome)
    done = Backup(tuple(outcomes))
    if pushing is None or manner.dry or not any(outcome.is_written for outcome in outcomes):
        return done
    try:
        with repository.exclusive():
            if repository.destination(manner.branch).tip is None:
                return done  # a branch that nothing was committed to yet
            pushed = repository.push(branch=manner.branch, folders=pushing.folders, again=pushing.again)
    except (SyncError, OSError) as error:
        done = replace(done, error=as_sync_error(error))
        listener.refused(as_sync_error(error))
        return done
    return replace(done, pushed=pushed)


def _back_up_one(
    repository: Repository, job: Job, reading: Reading, manner: Manner, listener: Listener
) -> BackupOutcome:
    report: ExportResult | None = None
    try:
        if not manner.dry:
            exclude(job.folder)
        with prepared(repository, job.folder, manner.branch, dry=manner.dry) as root:
            with job.connect() as (lightdash, wanted):
                progress = listener.reading(job)
                project = choose_project(lightdash, wanted, root)
                hints = job.hints(project)
                how = replace(reading.or_since(job.history_since), comments=job.comments)
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
            with locked(root, Disk()), repository.exclusive():
                is_new = repository.destination(manner.branch).is_to_begin
                made = commit_snapshot(repository, job.folder, job.label, manner, root)
    except (SyncError, OSError) as error:
        return BackupOutcome(job, report, error=as_sync_error(error))
    begun = manner.branch if is_new and not made else None
    return BackupOutcome(job, report, tuple(made), begun, error=report.incomplete, is_written=True)
