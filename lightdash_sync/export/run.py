"""One export: lock the snapshot, read the project until it holds still, say what came of it.

If the project changed under the reading, the reading starts again, three times at most. What one reading
does is in `attempt`.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from lightdash_sync.errors import Incomplete
from lightdash_sync.export.attempt import Attempt, what_stands
from lightdash_sync.export.identify import known_keys
from lightdash_sync.export.old import open_old
from lightdash_sync.export.readings import Moved, Readings
from lightdash_sync.export.state import FULL_EVERY, State, is_full_due, read_state, write_state
from lightdash_sync.export.workers import Silent, Workers
from lightdash_sync.model.identity import Identity
from lightdash_sync.snapshot.disk import Disk
from lightdash_sync.snapshot.manifest import Manifest
from lightdash_sync.snapshot.write import Staging, locked

if TYPE_CHECKING:
    from pathlib import Path

    from lightdash_sync.client.lightdash import Lightdash
    from lightdash_sync.export.old import Old
    from lightdash_sync.export.selection import Chosen
    from lightdash_sync.export.workers import Progress

_ATTEMPTS = 3  # readings of a project that changes under us


@dataclass(frozen=True, slots=True)
class Reading:
    """How to read a project over an older snapshot.

    Attributes:
        full: read everything, also what the lists prove unchanged.
        full_every: read everything each so many exports, without being asked.
        accept_shrink: replace the older snapshot even if a kind, or half of one, is gone.
        again: uuids of items that are read even if the lists prove them unchanged.
    """

    full: bool = False
    full_every: int = FULL_EVERY
    accept_shrink: bool = False
    again: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Report:
    """What an export did.

    Attributes:
        target: the directory.
        manifest: of the new snapshot.
        full: whether everything was read.
        added: paths of files that the old snapshot had not.
        changed: paths of files that have other bytes now.
        removed: paths of files that the new snapshot has not.
        warnings: what the user should know, in words.
        requests: sent to the server.
        duration_s: seconds.
    """

    target: Path
    manifest: Manifest
    full: bool
    added: list[str]
    changed: list[str]
    removed: list[str]
    warnings: list[str]
    requests: int
    duration_s: float


def export_project(
    lightdash: Lightdash,
    project: str,
    target: Path,
    chosen: Chosen,
    reading: Reading | None = None,
    *,
    disk: Disk | None = None,
    progress: Progress | None = None,
    hints: Identity | None = None,
) -> Report:
    """Export a project into a directory.

    Args:
        lightdash: the server.
        project: uuid of the project.
        target: directory of the snapshot; an older snapshot of the same project may stand there.
        chosen: what to export.
        reading: how to read it.
        disk: where to write.
        progress: who is told how far it is.
        hints: keys for items that the older snapshot does not have.

    Raises:
        Incomplete: something could not be read. The old snapshot stands as it was.
        Refused: the directory holds something that this export would destroy.
        SnapshotError: the old snapshot is damaged where this export builds on it.
        Locked: another run writes there.
        ApiError: the server cannot be reached, or the token is not accepted.
    """
    began = time.monotonic()
    disk, reading = disk or Disk(), reading or Reading()
    session = lightdash.session
    workers = Workers(session.connection.concurrency, session.pacer.stopped, progress or Silent())
    try:
        lightdash.server.require_supported()
        with locked(target, disk):
            state, now = read_state(target), datetime.now(UTC)
            full = reading.full or is_full_due(state, now, reading.full_every)
            old = open_old(target, project, full=full, accept_shrink=reading.accept_shrink)
            old = replace(old, again=reading.again) if old and reading.again else old
            chosen.require_fits(target, old.manifest if old else None)
            manifest, warnings = read_into(lightdash, project, target, chosen, old, disk, workers, hints)
            if not chosen.in_manifest().is_partial:
                full = full or old is None
                write_state(target, State(now, 0 if full or state is None else state.since_full + 1))
    finally:
        workers.close()
    before = old.manifest.files if old else {}
    return Report(
        target=target,
        manifest=manifest,
        full=full or old is None,
        added=sorted(set(manifest.files) - set(before)),
        changed=sorted(path for path, sha in manifest.files.items() if before.get(path, sha) != sha),
        removed=sorted(set(before) - set(manifest.files)),
        warnings=warnings,
        requests=session.requests,
        duration_s=round(time.monotonic() - began, 3),
    )


def read_into(
    lightdash: Lightdash,
    project: str,
    target: Path,
    chosen: Chosen,
    old: Old | None,
    disk: Disk,
    workers: Workers,
    hints: Identity | None = None,
) -> tuple[Manifest, list[str]]:
    """Read a project into a directory, again if it changed meanwhile; return manifest and warnings.

    Args:
        lightdash: the server.
        project: uuid of the project.
        target: the directory; its lock must be held if others know of it.
        chosen: what to export.
        old: the snapshot whose keys and earlier versions are taken over, or None.
        disk: where to write.
        workers: the threads.
        hints: keys for items that the old snapshot does not have.

    Raises:
        Incomplete: something could not be read; the target is as it was.
    """
    moved = Moved()
    for _ in range(_ATTEMPTS):
        staging = Staging(target, disk)
        try:
            known = known_keys(old.identity if old else Identity(), hints or Identity())
            return Attempt(lightdash, project, chosen, old, known, staging, Readings(workers)).run()
        except Moved as error:
            moved = error
            workers.progress.noted(f"The project changed while it was read ({error}): reading it again.")
        finally:
            workers.forget()
            staging.discard()
    raise Incomplete(
        f"{moved}, in each of {_ATTEMPTS} readings; {what_stands(old)}",
        hint="Export again at a quiet time; if it stays so, look at the named item in Lightdash.",
    )
