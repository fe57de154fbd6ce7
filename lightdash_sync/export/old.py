"""The snapshot that an export replaces: its keys are kept, and its earlier versions are taken over."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING

from lightdash_sync.errors import Refused, SnapshotError
from lightdash_sync.export.comments import Comments
from lightdash_sync.model.canonical import parse
from lightdash_sync.model.identity import as_made_anew
from lightdash_sync.snapshot.read import Snapshot

if TYPE_CHECKING:
    from pathlib import Path

    from lightdash_sync.export.freshness import Freshness
    from lightdash_sync.model.canonical import Json
    from lightdash_sync.model.identity import Identity
    from lightdash_sync.snapshot.manifest import Manifest


@dataclass(frozen=True, slots=True)
class Old:
    """The snapshot that is being replaced, or only read over.

    Attributes:
        snapshot: the snapshot.
        identity: its identity map.
        full: whether the whole project is to be read again, whatever the lists prove.
        take_history: whether its earlier versions are taken over.
        accept_shrink: whether a project that lost a lot may replace it.
        is_replaced: whether what is read is going to stand in its place.
        again: uuids of items that are not taken over, whatever the lists prove.
        comments: when the comments on dashboards are read that are taken over.
        whole: the last day on which everything was read; None if it is not known.
        renews: whether a full reading that finds nothing new says so.
        freshness: of what it holds, if an earlier reading of the same run made it.
        made_anew: uuids of items that were deleted and put back since, under another uuid than in its files.
    """

    snapshot: Snapshot
    identity: Identity
    full: bool = False
    take_history: bool = True
    accept_shrink: bool = False
    is_replaced: bool = True
    again: frozenset[str] = frozenset()
    comments: Comments = Comments.WEEKLY
    whole: date | None = None
    renews: bool = False
    freshness: Freshness | None = None
    made_anew: frozenset[str] = frozenset()

    @property
    def manifest(self) -> Manifest:
        """What it says of itself."""
        return self.snapshot.manifest

    @property
    def root(self) -> Path:
        """Its directory."""
        return self.snapshot.root

    def read(self, path: str) -> bytes:
        """Return the bytes of a file.

        Raises:
            SnapshotError: it is not as it was written.
        """
        return self.snapshot.checked(path)

    def content(self, path: str) -> Json:
        """Return the content of a file.

        Raises:
            SnapshotError: it is not as it was written, or somebody else wrote it.
        """
        try:
            return parse(self.read(path))
        except ValueError as error:
            raise SnapshotError(f"{self.root}: {path} is not JSON: {error}") from error


def with_made_anew(old: Old, hints: Identity) -> Old:
    """Return an old snapshot that says of items that were put back since which uuids they have now.

    So they keep keys and earlier versions, and do not count as deleted.

    Args:
        old: the snapshot.
        hints: items of the project, with the uuids that they had before.
    """
    before = {str(facts["uuid"]) for entries in old.identity.items.values() for facts in entries.values()}
    others = {
        kind: {key: facts for key, facts in entries.items() if facts["uuid"] not in before}
        for kind, entries in hints.items.items()
    }
    items = as_made_anew(old.identity.items, others)
    now = {str(facts["uuid"]) for entries in items.values() for facts in entries.values()}
    anew = frozenset(now - before)
    if not anew:
        return old
    identity = replace(old.identity, items=items)
    return replace(old, identity=identity, again=old.again | anew, made_anew=anew)


def open_old(target: Path, project: str, *, accept_shrink: bool = False) -> Old | None:
    """Open the snapshot that is to be replaced, None if there is none.

    Args:
        target: the directory.
        project: uuid of the project that is going to be exported.
        accept_shrink: whether a project that lost a lot may replace it.

    Raises:
        SnapshotError: what stands there is damaged, or no snapshot.
        Refused: it is one of another project, or holds files that would be lost.
    """
    if not target.exists() or not any(target.iterdir()):
        return None
    snapshot = Snapshot(target)
    if strays := snapshot.strays():
        raise Refused(
            f"{target} holds {strays[0]!r}, which is not part of the snapshot and would be lost",
            hint="Move it out of the directory.",
        )
    identity = snapshot.tree().identity
    if identity.project.get("uuid") != project:
        raise Refused(
            f"{target} holds a snapshot of another project ({snapshot.manifest.source.project!r})",
            hint="Choose another directory with --path.",
        )
    return Old(snapshot, identity, accept_shrink=accept_shrink)


def remembered_project(target: Path) -> tuple[str, str] | None:
    """Return name and uuid of the project that a directory is a snapshot of, None if it is none.

    Raises:
        SnapshotError: the snapshot there is damaged.
    """
    if not target.is_dir() or not any(target.iterdir()):
        return None
    snapshot = Snapshot(target)
    uuid = snapshot.identity().project.get("uuid")
    return (snapshot.manifest.source.project, str(uuid)) if uuid else None
