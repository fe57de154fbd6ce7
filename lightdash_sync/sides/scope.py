"""What two sides both tell of: a snapshot of a part says nothing of the rest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lightdash_sync.export.selection import Chosen
from lightdash_sync.model.kinds import Kind

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lightdash_sync.model.changes import ItemChange
    from lightdash_sync.sides.side import Side


@dataclass(frozen=True, slots=True)
class Scope:
    """What can be compared.

    Attributes:
        old: what the old side was chosen to hold.
        new: what the new side was chosen to hold.
        notes: what is left out of the comparison, for people.
    """

    old: Chosen
    new: Chosen
    notes: tuple[str, ...] = ()

    def kept(self, items: Iterable[ItemChange]) -> list[ItemChange]:
        """Return the items that are on both sides, or would be on the other if they were there at all.

        Raises:
            ValueError: the space of an item cannot be told, because what it belongs to is no JSON.
        """
        sides = [(item, self.old if item.old is None else self.new) for item in items]
        return [
            item
            for item, missing in sides
            if (item.old is not None and item.new is not None) or _would_hold(missing, item)
        ]


def common_scope(old: Side, new: Side) -> Scope:
    """Return what two sides can both tell of."""
    parts = [note for side in (old, new) if (note := _note(side))]
    unseen = [
        f"{note}: such items are told as missing there" for side in (old, new) for note in side.unseen()
    ]
    return Scope(_chosen(old), _chosen(new), (*parts, *unseen))


def _chosen(side: Side) -> Chosen:
    kinds, spaces = side.manifest.selection.kinds, side.manifest.selection.spaces
    return Chosen(
        kinds=None if kinds is None else frozenset(kind for kind in Kind if kind in kinds),
        spaces=None if spaces is None else frozenset(spaces),
    )


def _note(side: Side) -> str:
    if side.code is not None:
        return ""  # told where it is put beside the other side
    kinds, spaces = side.manifest.selection.kinds, side.manifest.selection.spaces
    held = [", ".join(kinds)] if kinds else []
    held += [f"{'spaces' if len(spaces) > 1 else 'space'} {', '.join(spaces)}"] if spaces else []
    return f"{side.label} holds a part ({'; '.join(held)}): nothing else is compared" if held else ""


def _would_hold(side: Chosen, item: ItemChange) -> bool:
    return side.wants(item.kind) if side.spaces is None else side.wants_in(item.kind, item.space)
