"""Two sides of a comparison in the same keys, as far as it is known which item is which.

Two environments call an item by two keys where each was exported before they were linked. What a sync
remembers of a target says which item is which; both sides then speak in the keys of the source.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from lightdash_sync.errors import Refused
from lightdash_sync.model.changes import place_of
from lightdash_sync.model.identity import Identity
from lightdash_sync.model.kinds import Kind
from lightdash_sync.model.rekey import rekeyed
from lightdash_sync.model.tree import Tree
from lightdash_sync.plan.keys import linked
from lightdash_sync.sync.folders import memory_of
from lightdash_sync.sync.memory import read_memory

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from lightdash_sync.sides import Side
    from lightdash_sync.sync.memory import LinkTable


def in_common_keys(
    before: Side, after: Side, snapshots: Iterable[Path]
) -> tuple[Side, Side, tuple[str, ...]]:
    """Return both sides with each linked item under the key of its source, and what is to be said of it.

    Args:
        before: the one side.
        after: the other side.
        snapshots: where the snapshots of all environments are, or would be; what is remembered of them is
            beside them.

    Raises:
        SnapshotError: what is remembered is damaged.
    """
    folders = [memory_of(snapshot) for snapshot in snapshots]
    if _project(before) == _project(after):
        return before, after, ()
    first, second = (_said(side, _links(_project(side), folders)) for side in (before, after))
    notes = tuple(
        f"{new.label}: comments are not compared, because its items have other keys there"
        for old, new in ((before, first), (after, second))
        if new is not old and any(path.startswith("comments/") for path in old.tree)
    )
    return first, second, notes


def _project(side: Side) -> str:
    return str(side.tree.identity.project.get("uuid"))


def _links(project: str, folders: Iterable[Path]) -> LinkTable:
    for folder in folders:
        try:
            links = read_memory(folder, project).links
        except Refused:  # of another project
            continue
        if any(links.values()):
            return links
    return {}


def _said(side: Side, links: LinkTable) -> Side:
    """Return a side in the keys of its links; the side itself if they are its own."""
    tree = side.tree
    if not any(links.values()):
        return side
    identity = linked(tree.identity, links, Identity()).identity
    found = rekeyed(tree, identity)
    if found.digests.items() <= tree.digests.items():
        return side
    others = {path: tree.digests[path] for path in tree if _is(path, Kind.PROJECT)}
    read = found.read
    return replace(
        side,
        tree=Tree(
            {**found.digests, **others}, lambda path: tree[path] if path in others else read(path), identity
        ),
    )


def _is(path: str, kind: Kind) -> bool:
    place = place_of(path)
    return place is not None and place[0] is kind
