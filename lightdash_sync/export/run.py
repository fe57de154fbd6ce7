"""One export: locks the snapshot, reads the project until the result is consistent, and reports the result.

If the project changed during a reading so that its result is not consistent, what changed is read again and
everything else is kept: each reading is much shorter than the one before. `attempt` is one reading.

In order: exporting to a snapshot, and reading a live project beside a snapshot.
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
from lightdash_sync.errors import Incomplete, Interrupted, SnapshotError, SyncError, Unavailable
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
from lightdash_sync.export.previous import (
    EarlierVersions,
    KeptVersions,
    Old,
    of_another_project,
    open_old,
    with_made_anew,
)
from lightdash_sync.export.selection import Depth, ExportSelection
from lightdash_sync.export.unreadable import Skipped, Unreadable, named
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

_NAMED = 10  # maximum number of unread items in an error message
_ATTEMPTS = 5  # maximum number of readings of a changing project; each but the first reads only what changed


@dataclass(frozen=True, slots=True)
class Reading:
    """How to read a project on top of the previous snapshot.

    Attributes:
        full: read everything, including what the lists prove unchanged.
        full_every: number of exports, and of days, after which everything is read.
        accept_shrink: replace the previous snapshot even if a kind, or half of one, was deleted.
        again: uuids of items that are read even if the lists prove them unchanged.
        told: see `Old.told`.
        comments: when to read comments on unchanged dashboards.
        keep_going: export without single items that the server does not give.
        history_since: the day from which on earlier versions are read; None for all.
        whole_history: whether the user asked for all of them, whatever a setting says.
    """

    full: bool = False
    full_every: int = FULL_EVERY
    accept_shrink: bool = False
    again: frozenset[str] = frozenset()
    told: Mapping[str, JsonObject] = field(default_factory=dict, repr=False)
    comments: Comments = Comments.AUTO
    keep_going: bool = False
    history_since: date | None = None
    whole_history: bool = False

    def or_since(self, setting: date | None) -> Reading:
        """Return the reading with a configured first day, unless the user gave one or asked for all."""
        said = self.whole_history or self.history_since is not None
        return self if said else replace(self, history_since=setting)


@dataclass(frozen=True, slots=True)
class ExportResult:
    """What an export did.

    Attributes:
        target: the directory.
        manifest: manifest of the new snapshot.
        full: whether everything was read.
        added: paths of files that the previous snapshot did not have.
        changed: paths of files whose bytes changed.
        removed: paths of files that the new snapshot does not have.
        older: what was copied although no list shows its changes, with the day on which it was read.
        warnings: warnings for the user.
        requests: number of requests sent to the server.
        duration_s: seconds.
        unread: what no answer contained although one should have; the manifest names it as left out.
        lists: the project's lists of the last reading.
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
        """The error of an export whose snapshot lacks something that could not be read; None otherwise."""
        if not self.unread:
            return None
        words = "; ".join(f"{one.what}: {one.why}" for one in self.unread[:_NAMED])
        more = f"; and {len(self.unread) - _NAMED} more" if len(self.unread) > _NAMED else ""
        if all(one.unreadSince for one in self.unread):
            return Incomplete(
                f"the snapshot is written without what the server does not give ({words}{more})",
                hint="Open the named items in Lightdash; the next export asks for them again.",
            )
        return Incomplete(
            f"the snapshot is written, but not all could be read ({words}{more})",
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
        target: directory of the snapshot; it may have a previous snapshot of the same project.
        chosen: what to export.
        reading: how to read it.
        disk: does the writing.
        progress: receives the progress.
        hints: keys for items that the previous snapshot does not have.
        place: directory beside which earlier versions are kept if the run is interrupted; that of the
            snapshot by default.

    Raises:
        Incomplete: something could not be read. The previous snapshot was not changed.
        Refused: this export would destroy something in the directory.
        SnapshotError: the previous snapshot is damaged in a part that this export uses.
        Locked: another run is writing there.
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
                lightdash,
                project,
                target,
                chosen,
                old,
                disk,
                workers,
                hints,
                place=place or target,
                keep_going=reading.keep_going,
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
    """Return the previous snapshot with the decisions about how to read on top of it."""
    whole = last_whole(state, old.manifest, now)
    return replace(
        old,
        full=reading.full or is_full_due(state, whole, now, reading.full_every),
        again=reading.again,
        told=reading.told,
        comments=reading.comments,
        whole=whole,
        # Without a state file, as in fresh checkouts, only the manifest has the day of the last full read.
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
    *,
    keep_going: bool = False,
) -> Read:
    """Read a project into a directory, and again if it changed meanwhile.

    Args:
        lightdash: the server.
        project: uuid of the project.
        target: the directory; the caller holds its lock if other runs may use it.
        chosen: what to export.
        old: the snapshot whose keys and earlier versions are taken over, or None.
        disk: does the writing.
        workers: the threads.
        hints: keys for items that the previous snapshot does not have.
        place: directory beside which earlier versions that were read are kept; the target by default.
        keep_going: read without single items that the server does not give.

    Raises:
        Incomplete: something could not be read; the target was not changed.
    """
    server = f"{lightdash.session.connection.origin.url} {lightdash.server.version}"
    kept = KeptVersions(place or target, server)
    if old is not None and hints is not None:
        old = with_made_anew(old, hints)
    former = formerly(old.identity if old else Identity(), hints or Identity())
    base, moved, doubts, skipped = old, "", set[str](), Skipped()
    try:
        number = 0
        while number < _ATTEMPTS:
            number += 1
            if moved:
                workers.progress.noted(
                    f"The project changed while it was read ({moved}): reading again what changed."
                )
            staging, readings = Staging(target, disk), Readings(workers)
            known = known_keys(base.identity if base else Identity(), _more_keys(old, base, hints))
            try:
                past = EarlierVersions(lightdash, kept, chosen.in_manifest().historySince, base, workers)
                attempt = Attempt(
                    lightdash, project, chosen, old, base, known, staging, readings, past, former, skipped
                )
                read = attempt.run()
                moved = _not_settled(readings, doubts, is_last=number == _ATTEMPTS)
                if not moved:
                    staging.commit(read.manifest)
                    if chosen.history:
                        kept.drop(disk)
                    return read
                base, doubts = _base(old, staging.set_aside(read.manifest), read), readings.doubts
            except Unreadable as error:
                more = skipped.extended(error.items, old.identity if old else Identity())
                if not keep_going or more is None:
                    raise
                skipped, number = more, number - 1  # the project did not change
                workers.progress.noted(
                    f"{named(error.items)} could not be read: going on without, and reading again."
                )
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
    """Return the error of a reading that ends early because a server that had answered is unavailable."""
    if not lightdash.session.pacer.outage.has_answered:
        return error
    return Incomplete(f"the server is not there any more: {error.message}; {left}", hint=error.hint)


def _what_is_kept(kept: KeptVersions, *, is_first: bool) -> str:
    """Return a message about what an interrupted run leaves to the next one; "" for no message."""
    count = kept.count()
    if not count:
        return "No earlier version was read yet: the next run begins anew." if is_first else ""
    if count == 1:
        return "1 earlier version that was read is kept: the next run takes it from there."
    return f"{count} earlier versions that were read are kept: the next run takes them from there."


def _not_settled(readings: Readings, before: Collection[str], *, is_last: bool) -> str:
    """Return a description of what makes a reading inconsistent; "" if it is a snapshot.

    A doubt that was the same in two readings is a permanent state and not a change.
    """
    doubts = set() if is_last else readings.doubts.difference(before)
    found = readings.moved or sorted(doubts)
    more = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
    return f"{found[0]}{more}" if found else ""


def _base(old: Old | None, root: Path, read: Read) -> Old:
    """Return the result that was set aside as the snapshot that the next reading builds on."""
    return Old(
        Snapshot(root),
        read.identity,
        take_history=old is None or old.take_history,
        accept_shrink=old is not None and old.accept_shrink,
        is_replaced=old is None or old.is_replaced,
        freshness=read.freshness,
    )


def _more_keys(old: Old | None, base: Old | None, hints: Identity | None) -> Identity:
    """Return keys for items that the snapshot which is built on does not have."""
    hints = hints or Identity()
    return known_keys(old.identity, hints) if old is not None and base is not old else hints


# Reading a live project beside a snapshot of it: with the same keys, without history, and replacing nothing.


def export_beside(lightdash: Lightdash, root: Path, target: Path, *, progress: Progress) -> Manifest:
    """Export the project of a snapshot in full, with its keys and its selection, into another directory.

    Args:
        lightdash: the server.
        root: the snapshot; it is only read.
        target: an empty or missing directory.
        progress: receives the progress.

    Returns:
        The manifest of the new content. Earlier versions are not read.

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
    """Read the current content of a whole project into a directory.

    Items of the snapshot that no list names are requested by themselves, as in an export: a list that came
    back short does not look like a deletion. But a project that really lost a lot is read like any other.

    Args:
        lightdash: the server.
        project: its uuid.
        over: a snapshot of the project, None if there is none; it is only read. Its keys are used, and items
            that the lists prove unchanged are reused. If it has the palettes of charts, because it was made
            with history, those of changed charts are read, too. Merges of charts are always read, because a
            chart that is copied without its merge would be another chart.
        target: an empty or missing directory.
        progress: receives the progress.
        comments: for which unchanged dashboards comments are read.

    Returns:
        The manifest of the new content. Earlier versions are not read.

    Raises:
        Incomplete: something could not be read.
        SnapshotError: the snapshot's identity map is damaged.
        Refused: the snapshot is of another project, or the token sees less than the earlier one did.
        ApiError: the server cannot be reached, or the token is not accepted.
    """
    lightdash.server.require_supported()
    old = None
    if over is not None:
        identity = over.tree().identity
        if identity.project.get("uuid") != project:
            raise of_another_project(over)
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
