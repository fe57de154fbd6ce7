"""A tree of the official tool's documents as a side.

By itself it has keys made of slugs, and nothing that documents have no word for. Beside another side it has
the other's keys, and what no document tells is as it is there, so that it is no difference.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from lightdash_sync.ascode.desired import desired_of
from lightdash_sync.ascode.names import ADDED
from lightdash_sync.model.kinds import Kind
from lightdash_sync.plan.scope import planned_items

if TYPE_CHECKING:
    from lightdash_sync.model.tree import Tree
    from lightdash_sync.plan.options import Item
    from lightdash_sync.sides.side import Side


def beside_each_other(before: Side, after: Side) -> tuple[Side, Side, tuple[str, ...]]:
    """Return two sides, at least one of them a tree of documents, in common keys; and what to say of it.

    Raises:
        SnapshotError: a document cannot be understood.
    """
    if after.code is None:
        second, first, told = beside_each_other(after, before)
        return first, second, told
    said = desired_of(after.code, before.tree, kept=_untold(before.tree))
    notes = [*after.code.notes]
    if before.code is None:
        notes += said.notes
    else:  # neither tells of all spaces, views and deliveries
        notes += before.code.notes
        before = replace(before, tree=desired_of(before.code, said.tree, kept=_untold(said.tree)).tree)
        said = desired_of(after.code, before.tree, kept=_untold(before.tree))
    note = (
        f"{after.label} is a tree of `lightdash download`: it is compared by slugs, and only in what such a"
        " tree holds"
    )
    return before, replace(after, tree=said.tree), (note, *notes)


def _untold(tree: Tree) -> list[Item]:
    """Return the items of which nothing is said by a tree without a document of them."""
    return [item for item in planned_items(tree) if item[0] in (Kind.SPACE, *ADDED)]
