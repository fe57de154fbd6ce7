"""One export: lock the snapshot, read the project until what was read fits together, say what came of it.

If the project changed under the reading so that it does not, what changed is read again, and all else is
kept: each reading is much shorter than the one before. What one reading does is in `attempt`.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from lightdash_sync.content.identity import Identity
from lightdash_sync.content.json import sha256
from lightdash_sync.content.kinds import Kind
from lightdash_sync.disk import Disk
from lightdash_sync.errors import Incomplete, Interrupted, Refused, SnapshotError, SyncError, Unavailable
from lightdash_sync.export.attempt import Attempt, Read, what_stands
from lightdash_sync.export.identify import formerly, known_keys
from lightdash_sync.export.items import Moved, Readings
from lightdash_sync.export.last_run import (
    FULL_EVERY,
    Comments,
    LastRun,
    day_of,
    is_full_due,
    last_whole,
    read_last_run,
    write_last_run,
)
from lightdash_sync.export.previous import EarlierVersions, KeptVersions, Old, open_old, with_made_anew
from lightdash_sync.export.selection import Depth, ExportSelection
from lightdash_sync.snapshot.manifest import Manifest, NotExported, Older
from lightdash_sync.snapshot.read import Snapshot
from lightdash_sync.snapshot.write import Staging, drop_set_aside, locked
from lightdash_sync.workers import Silent, Workers

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from datetime import date
    from pathlib import Path

    from lightdash_sync.content.json import JsonObject
    from lightdash_sync.export.inventory import Inventory
    from lightdash_sync.lightdash.reading import Lightdash
    from lightdash_sync.workers import Progress

_NAMED = 10  # what could not be read, in an error
_ATTEMPTS = 5  # readings of a project that changes under us; each but the first reads only what changed


@dataclass(frozen=True, slots=True)
class Reading:
    """How to read a project over an older snapshot.

    Attributes:
        full: read everything, also what the lists prove unchanged.
        full_every: read everything each so many exports, without being asked.
        accept_shrink: replace the older snapshot even if a kind, or half of one, is gone.
        again: uuids of items that are read even if the lists prove them unchanged.
        told: see `Old.told`.
        comments: when the comments on dashboards are read that did not change themselves.
        history_since: the day from which on earlier versions are read; None for all.
        whole_history: whether the user wants all of them, whatever a setting says.
    """

    full: bool = False
    full_every: int = FULL_EVERY
    accept_shrink: bool = False
    again: frozenset[str] = frozenset()
    told: Mapping[str, JsonObject] = field(default_factory=dict, repr=False)
    comments: Comments = Comments.AUTO
    history_since: date | None = None
    whole_history: bool = False

    def or_since(self, setting: date | None) -> Reading:
        """Return how to read where a setting says from which day on, if the user says nothing of that."""
        said = self.whole_history or self.history_since is not None
        return self if said else replace(self, history_since=setting)


@dataclass(frozen=True, slots=True)
class ExportResult:
    """What an export did.

    Attributes:
        target: the directory.
        manifest: of the new snapshot.
        full: whether everything was read.
        added: paths of files that the old snapshot had not.
        changed: paths of files that have other bytes now.
        removed: paths of files that the new snapshot has not.
        older: what was taken over though no list tells of its changes, with the day on which it was read.
        warnings: what the user should know, in words.
        requests: sent to the server.
        duration_s: seconds.
        unread: what of the snapshot no answer told, though one should have: it is named there as left out.
        lists: the project's lists, as they were at last.
    """

    target: Path
    manifest: Manifest
    full: bool
    added: list[str]
    changed: list[str]
    removed: list[str]
    older: list[Older]
    warnings: list[str]
    requests: int
    duration_s: float
    unread: tuple[NotExported, ...] = ()
    lists: Inventory | None = field(default=None, repr=False)

    @property
    def incomplete(self) -> Incomplete | None:
        """The error of an export whose snapshot lacks something that could not be read; None if none does."""
        if not self.unread:
            return None
        named = "; ".join(f"{one.what}: {one.why}" for one in self.unread[:_NAMED])
        more = f"; and {len(self.unread) - _NAMED} more" if len(self.unread) > _NAMED else ""
        return Incomplete(
            f"the snapshot is written, but not all could be read ({named}{more})",
            hint="Use the token of an admin. Where that is one: only spaces as code tell the role of whom "
            "a group, or the space above, gives the same or a higher one, and they leave out spaces that "
            "somebody without an e-mail has a grant in.",
        )


def export_project(
    lightdash: Lightdash,
    project: str,
    target: Path,
    chosen: ExportSelection,
    reading: Reading | None = None,
    *,
    disk: Disk | None = None,
    progress: Progress | None = None,
    hints: Identity | None = None,
    place: Path | None = None,
) -> ExportResult:
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
        place: directory beside which versions that were read are kept, should the run be cut short; that of
            the snapshot if none is named.

    Raises:
        Incomplete: something could not be read. The old snapshot stands as it was.
        Refused: the directory holds something that this export would destroy.
        SnapshotError: the old snapshot is damaged where this export builds on it.
        Locked: another run writes there.
        ApiError: the server cannot be reached, or the token is not accepted.
    """
    began = time.monotonic()
    disk, reading = disk or Disk(), reading or Reading()
    chosen = replace(chosen, since=reading.history_since)
    session = lightdash.session
    workers = Workers(session.connection.concurrency, session.pacer.stopped, progress or Silent())
    try:
        lightdash.open_project(project)
        with locked(target, disk):
            state, now = read_last_run(target), datetime.now(UTC)
            old = open_old(target, project, accept_shrink=reading.accept_shrink)
            if old and state and state.of != old.snapshot.digest:
                state = None
            old = old and _as_to_be_read(old, reading, state, now)
            chosen.require_fits(target, old.manifest if old else None)
            read = read_into(
                lightdash, project, target, chosen, old, disk, workers, hints, place=place or target
            )
            full = old is None or old.full
            if not chosen.in_manifest().is_partial:
                since = 0 if full else state.since_full + 1 if state else 1
                about = sha256(read.manifest.to_bytes())
                write_last_run(target, LastRun(now, since, read.freshness.whole, about))
    finally:
        workers.close()
    before = old.manifest.files if old else {}
    return ExportResult(
        target=target,
        manifest=read.manifest,
        full=full,
        added=sorted(set(read.manifest.files) - set(before)),
        changed=sorted(path for path, sha in read.manifest.files.items() if before.get(path, sha) != sha),
        removed=sorted(set(before) - set(read.manifest.files)),
        older=read.freshness.older,
        warnings=read.warnings,
        requests=session.requests,
        duration_s=round(time.monotonic() - began, 3),
        lists=read.lists,
        unread=read.unread,
    )


def _as_to_be_read(old: Old, reading: Reading, state: LastRun | None, now: datetime) -> Old:
    """Return an older snapshot with how it is read over."""
    whole = last_whole(state, old.manifest, now)
    return replace(
        old,
        full=reading.full or is_full_due(state, whole, now, reading.full_every),
        again=reading.again,
        told=reading.told,
        comments=reading.comments,
        whole=whole,
        # Where no state is left, as in fresh checkouts, the manifest alone remembers.
        renews=state is None and whole is not None and 1 < reading.full_every <= (now.date() - whole).days,
    )


def read_into(
    lightdash: Lightdash,
    project: str,
    target: Path,
    chosen: ExportSelection,
    old: Old | None,
    disk: Disk,
    workers: Workers,
    hints: Identity | None = None,
    place: Path | None = None,
) -> Read:
    """Read a project into a directory, again if it changed meanwhile.

    Args:
        lightdash: the server.
        project: uuid of the project.
        target: the directory; its lock must be held if others know of it.
        chosen: what to export.
        old: the snapshot whose keys and earlier versions are taken over, or None.
        disk: where to write.
        workers: the threads.
        hints: keys for items that the old snapshot does not have.
        place: directory beside which earlier versions are kept that were read; that of the target if none is
            named.

    Raises:
        Incomplete: something could not be read; the target is as it was.
    """
    server = f"{lightdash.session.connection.origin.url} {lightdash.server.version}"
    kept = KeptVersions(place or target, server)
    if old is not None and hints is not None:
        old = with_made_anew(old, hints)
    former = formerly(old.identity if old else Identity(), hints or Identity())
    base, moved, doubts = old, "", set[str]()
    try:
        for number in range(_ATTEMPTS):
            if moved:
                workers.progress.noted(
                    f"The project changed while it was read ({moved}): reading again what changed."
                )
            staging, readings = Staging(target, disk), Readings(workers)
            known = known_keys(base.identity if base else Identity(), _more_keys(old, base, hints))
            try:
                past = EarlierVersions(lightdash, kept, chosen.in_manifest().historySince, base, workers)
                attempt = Attempt(
                    lightdash, project, chosen, old, base, known, staging, readings, past, former
                )
                read = attempt.run()
                moved = _not_settled(readings, doubts, is_last=number == _ATTEMPTS - 1)
                if not moved:
                    staging.commit(read.manifest)
                    if chosen.history:
                        kept.drop(disk)
                    return read
                base, doubts = _base(old, staging.set_aside(read.manifest), read), readings.doubts
            except Moved as error:
                moved = str(error)
            except Unavailable as error:
                raise _cut_off(error, what_stands(old), lightdash) from error
            except (KeyboardInterrupt, Interrupted):
                if chosen.history and (words := _what_is_kept(kept, is_first=old is None)):
                    workers.progress.noted(words)
                raise
            finally:
                workers.forget()
                staging.discard()
    finally:
        drop_set_aside(target, disk)
    raise Incomplete(
        f"{moved}, in each of {_ATTEMPTS} readings; {what_stands(old)}",
        hint="Export again at a quiet time; if it stays so, look at the named item in Lightdash.",
    )


def _cut_off(error: Unavailable, left: str, lightdash: Lightdash) -> SyncError:
    """Return the error of a reading that ends early, because a server that had answered is gone."""
    if not lightdash.session.pacer.outage.has_answered:
        return error
    return Incomplete(f"the server is not there any more: {error.message}; {left}", hint=error.hint)


def _what_is_kept(kept: KeptVersions, *, is_first: bool) -> str:
    """Say what a run that is cut short leaves to the next one; "" for nothing that needs to be said."""
    count = kept.count()
    if not count:
        return "No earlier version was read yet: the next run begins anew." if is_first else ""
    if count == 1:
        return "1 earlier version that was read is kept: the next run takes it from there."
    return f"{count} earlier versions that were read are kept: the next run takes them from there."


def _not_settled(readings: Readings, before: Collection[str], *, is_last: bool) -> str:
    """Return what of a reading does not fit together, in words; "" if it is a snapshot.

    What may show a change, and is the same in two readings, is no change.
    """
    doubts = set() if is_last else readings.doubts.difference(before)
    found = readings.moved or sorted(doubts)
    more = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
    return f"{found[0]}{more}" if found else ""


def _base(old: Old | None, root: Path, read: Read) -> Old:
    """Return what was set aside as what the next reading builds on."""
    return Old(
        Snapshot(root),
        read.identity,
        take_history=old is None or old.take_history,
        accept_shrink=old is not None and old.accept_shrink,
        is_replaced=old is None or old.is_replaced,
        freshness=read.freshness,
    )


def _more_keys(old: Old | None, base: Old | None, hints: Identity | None) -> Identity:
    """Return keys for what the snapshot that is built on does not have."""
    hints = hints or Identity()
    return known_keys(old.identity, hints) if old is not None and base is not old else hints


# The project as it is now, read beside a snapshot of it: same keys, no history, nothing replaced.


def export_beside(lightdash: Lightdash, root: Path, target: Path, *, progress: Progress) -> Manifest:
    """Export what a snapshot is of, in full, with its keys and its selection, into another directory.

    Args:
        lightdash: the server.
        root: the snapshot; it is only read.
        target: an empty or missing directory.
        progress: who is told how far it is.

    Returns:
        The manifest of what is there now. Earlier versions are not read.

    Raises:
        Incomplete: something could not be read.
        SnapshotError: the snapshot's identity map is damaged.
    """
    snapshot = Snapshot(root)
    identity = snapshot.tree().identity
    project = identity.project.get("uuid")
    if not isinstance(project, str):
        raise SnapshotError(f"{root}: identity.json does not name the project")
    selection = snapshot.manifest.selection
    chosen = ExportSelection(
        kinds=None if selection.kinds is None else frozenset(map(Kind, selection.kinds)),
        spaces=None if selection.spaces is None else frozenset(selection.spaces),
        depth=Depth.SINGLY if selection.history else Depth.AUTHORS,
        space_palettes=selection.history,
    )
    old = Old(snapshot, identity, full=True, take_history=False, accept_shrink=True)
    return _read(lightdash, project, target, chosen, old, progress)


def read_now(
    lightdash: Lightdash,
    project: str,
    over: Snapshot | None,
    target: Path,
    *,
    progress: Progress,
    comments: Comments = Comments.WEEKLY,
) -> Manifest:
    """Read a whole project as it is now into a directory.

    What the snapshot has and no list names is asked for by itself, as in an export: a list that came back
    short does not look like a deletion. But a project that really lost a lot is read like any other.

    Args:
        lightdash: the server.
        project: its uuid.
        over: a snapshot of the project, None if there is none. It gives the keys, and what the lists prove
            unchanged is taken over from it; it is only read. If it tells the palettes of charts, because it
            was made with history, those of charts that changed are asked for, too. Merges of charts are told
            in any case: a chart that is carried without would become another one.
        target: an empty or missing directory.
        progress: who is told how far it is.
        comments: of which dashboards that did not change the comments are read.

    Returns:
        The manifest of what is there now. Earlier versions are not read.

    Raises:
        Incomplete: something could not be read.
        SnapshotError: the snapshot's identity map is damaged.
        Refused: the snapshot is of another project, or the token sees less than it did then.
        ApiError: the server cannot be reached, or the token is not accepted.
    """
    lightdash.server.require_supported()
    old = None
    if over is not None:
        identity = over.tree().identity
        if identity.project.get("uuid") != project:
            raise Refused(
                f"{over.root} is a snapshot of another project",
                hint="`path` of the environment says where the snapshot of its own project is.",
            )
        whole = day_of(over.manifest.wholeOn)
        old = Old(over, identity, take_history=False, is_replaced=False, comments=comments, whole=whole)
    tells_all = over is not None and over.manifest.selection.history
    chosen = ExportSelection(depth=Depth.SINGLY if tells_all else Depth.AUTHORS, merges=True)
    return _read(lightdash, project, target, chosen, old, progress)


def _read(
    lightdash: Lightdash,
    project: str,
    target: Path,
    chosen: ExportSelection,
    old: Old | None,
    progress: Progress,
) -> Manifest:
    session = lightdash.session
    workers = Workers(session.connection.concurrency, session.pacer.stopped, progress)
    try:
        return read_into(lightdash, project, target, chosen, old, Disk(), workers).manifest
    finally:
        workers.close()
