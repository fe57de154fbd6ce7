"""Some content of a target as a snapshot of its own: what a run touched, what is remembered of a sync.

It has the form of a snapshot, and `verify` finds it whole, but its map of identities names every item of
the target, because content refers to what is not in it.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from lightdash_sync.model.canonical import objects, parse
from lightdash_sync.model.kinds import KINDS
from lightdash_sync.model.tree import place_of
from lightdash_sync.snapshot.disk import Disk
from lightdash_sync.snapshot.layout import IDENTITY
from lightdash_sync.snapshot.manifest import FORMAT, Manifest, Selection
from lightdash_sync.snapshot.write import Staging, locked

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from lightdash_sync.model.identity import Identity
    from lightdash_sync.snapshot.manifest import Source


def store(
    target: Path,
    files: Iterable[tuple[str, bytes]],
    identity: Identity,
    source: Source,
    disk: Disk | None = None,
) -> None:
    """Write content as a snapshot, whole or not at all.

    Args:
        target: the directory; what stood there is replaced.
        files: path and bytes of each content file; asked for one by one. A list without rows has no file,
            as in every snapshot.
        identity: what their keys mean, and more.
        source: where they are from.
        disk: where to write.

    Raises:
        Locked: another run writes there.
        OSError: the disk refuses; what stood there stands as it was.
    """
    disk = disk or Disk()
    counts: Counter[str] = Counter()
    with locked(target, disk):
        staging = Staging(target, disk)
        try:
            for path, data in files:
                place = place_of(path)
                rows = len(objects(parse(data))) if place and KINDS[place[0]].is_list else 1
                if not rows:
                    continue
                staging.put(path, data)
                if place:
                    counts[place[0]] += rows
            staging.put(IDENTITY, identity.to_bytes())
            staging.commit(
                Manifest(
                    format=FORMAT,
                    source=source,
                    selection=Selection(kinds=sorted(counts), history=False),
                    counts=dict(sorted(counts.items())),
                    leftOut=[],
                    files=dict(sorted(staging.files.items())),
                )
            )
        finally:
            staging.discard()
