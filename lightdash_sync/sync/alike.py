"""Two sides of a comparison in the same keys, as far as it is known which item is which.

Two environments call an item by two keys where each was exported before they were linked. What a sync
remembers of a target says which item is which; both sides then speak in the keys of the source. A target
may be a source too: of the ways in which two sides can be said, that one counts by which they share most.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

from lightdash_sync.errors import Refused
from lightdash_sync.model.identity import Identity
from lightdash_sync.model.kinds import Kind
from lightdash_sync.model.rekey import rekeyed
from lightdash_sync.model.tree import Tree, place_of
from lightdash_sync.plan.keys import linked
from lightdash_sync.sync.folders import memory_of
from lightdash_sync.sync.memory import Memory, read_memory

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from lightdash_sync.sides import Side
    from lightdash_sync.sync.memory import LinkTable


@dataclass(frozen=True, eq=False)
class Keyed:
    """A side, and what the syncs to it know of its items.

    Attributes:
        own: the side in its own keys.
        snapshots: where the snapshots of all environments are, or would be; what is remembered of them is
            beside them.
    """

    own: Side
    snapshots: tuple[Path, ...]

    @property
    def project(self) -> str:
        """The uuid of its project."""
        return str(self.own.tree.identity.project.get("uuid"))

    @cached_property
    def memory(self) -> Memory:
        """What is remembered of its project as the target of syncs; an empty one if nothing is.

        Raises:
            SnapshotError: it is damaged.
        """
        return _memory(self.project, map(memory_of, self.snapshots))

    @cached_property
    def said(self) -> Side:
        """The side with each linked item under the key of its source; the very side if those are its own.

        Raises:
            UnresolvedReference: a file names something that the side's own map does not have.
        """
        return _said(self.own, self.memory.links)


def matched(before: Keyed, after: Keyed) -> tuple[Side, Side]:
    """Return two sides in common keys: both in those of their sources, or one in its own if it is the source.

    The snapshot of an environment that was made before a sync to it keeps its own keys, and a sync from it
    goes by these.

    Raises:
        SnapshotError: what is remembered is damaged.
    """
    if before.project == after.project:
        return before.own, after.own
    ways = [(before.said, after.said), (before.own, after.said), (before.said, after.own)]
    return max(ways, key=lambda way: len(way[0].tree.digests.keys() & way[1].tree.digests.keys()))


def in_common_keys(
    before: Side, after: Side, snapshots: Iterable[Path]
) -> tuple[Side, Side, tuple[str, ...]]:
    """Return both sides with each linked item under one key, and what is to be said of it.

    Args:
        before: the one side.
        after: the other side.
        snapshots: where the snapshots of all environments are, or would be; what is remembered of them is
            beside them.

    Raises:
        SnapshotError: what is remembered is damaged.
    """
    folders = tuple(snapshots)
    first, second = matched(Keyed(before, folders), Keyed(after, folders))
    notes = tuple(
        f"{new.label}: comments are not compared, because its items have other keys there"
        for old, new in ((before, first), (after, second))
        if new is not old and any(path.startswith("comments/") for path in old.tree)
    )
    return first, second, notes


def _memory(project: str, folders: Iterable[Path]) -> Memory:
    for folder in folders:
        try:
            memory = read_memory(folder, project)
        except Refused:  # of another project
            continue
        if any(memory.links.values()):
            return memory
    return Memory()


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
