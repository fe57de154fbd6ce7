"""The snapshot that an export replaces: its keys are kept, and its earlier versions are taken over."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lightdash_sync.errors import Refused
from lightdash_sync.snapshot.read import Snapshot

if TYPE_CHECKING:
    from pathlib import Path

    from lightdash_sync.model.identity import Identity
    from lightdash_sync.snapshot.manifest import Manifest


@dataclass(frozen=True, slots=True)
class Old:
    """The snapshot that is being replaced.

    Attributes:
        root: its directory.
        manifest: what it says of itself.
        identity: its identity map.
    """

    root: Path
    manifest: Manifest
    identity: Identity


def open_old(target: Path, project: str) -> Old | None:
    """Open the snapshot that is to be replaced, None if there is none.

    Args:
        target: the directory.
        project: uuid of the project that is going to be exported.

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
    identity = snapshot.identity()
    if identity.project.get("uuid") != project:
        raise Refused(
            f"{target} holds a snapshot of another project ({snapshot.manifest.source.project!r})",
            hint="Choose another directory with --path.",
        )
    return Old(target, snapshot.manifest, identity)
