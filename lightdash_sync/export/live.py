"""The project as it is now, read beside a snapshot of it: same keys, no history, nothing replaced."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lightdash_sync.errors import Refused, SnapshotError
from lightdash_sync.export.comments import Comments
from lightdash_sync.export.old import Old
from lightdash_sync.export.run import read_into
from lightdash_sync.export.selection import Chosen, Depth
from lightdash_sync.export.state import day_of
from lightdash_sync.export.workers import Workers
from lightdash_sync.model.kinds import Kind
from lightdash_sync.snapshot.disk import Disk
from lightdash_sync.snapshot.read import Snapshot

if TYPE_CHECKING:
    from pathlib import Path

    from lightdash_sync.client.lightdash import Lightdash
    from lightdash_sync.export.workers import Progress
    from lightdash_sync.snapshot.manifest import Manifest


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
    chosen = Chosen(
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
    chosen = Chosen(depth=Depth.SINGLY if tells_all else Depth.AUTHORS, merges=True)
    return _read(lightdash, project, target, chosen, old, progress)


def _read(
    lightdash: Lightdash, project: str, target: Path, chosen: Chosen, old: Old | None, progress: Progress
) -> Manifest:
    session = lightdash.session
    workers = Workers(session.connection.concurrency, session.pacer.stopped, progress)
    try:
        return read_into(lightdash, project, target, chosen, old, Disk(), workers).manifest
    finally:
        workers.close()
