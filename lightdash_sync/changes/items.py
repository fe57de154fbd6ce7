"""What differs between two trees of content files, item by item; equal files are never parsed."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import TYPE_CHECKING

from lightdash_sync.changes.differ import changes
from lightdash_sync.content.json import Json, get_str, parse
from lightdash_sync.content.kinds import KINDS, Kind
from lightdash_sync.content.tree import place_of, same_file

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from lightdash_sync.changes.change import Change

_ORDER = {kind: place for place, kind in enumerate(KINDS)}

# Where the space of an item is found: in its own file, or in the file of what it belongs to.
_OWNERS = (("chart", Kind.CHART), ("sqlChart", Kind.SQL_CHART), ("dashboard", Kind.DASHBOARD))
_FARTHEST = 3  # a scheduler of a chart of a dashboard in a space


class Status(StrEnum):
    """What became of an item."""

    CREATED = "created"
    DELETED = "deleted"
    CHANGED = "changed"


@dataclass(frozen=True)
class ItemChange:
    """One item that differs between two trees.

    Nothing is parsed before it is asked for. Content that is no JSON raises `ValueError` then.

    Attributes:
        kind: of the item.
        key: of the item; "" for a kind that is one file.
        path: of its content file.
        old: its bytes in the old tree, or None.
        new: its bytes in the new tree, or None.
    """

    kind: Kind
    key: str
    path: str
    old: bytes | None
    new: bytes | None
    _old_tree: Mapping[str, bytes] = field(repr=False, compare=False)
    _new_tree: Mapping[str, bytes] = field(repr=False, compare=False)

    @property
    def status(self) -> Status:
        """Whether it is new, gone, or another."""
        if self.old is None:
            return Status.CREATED
        return Status.DELETED if self.new is None else Status.CHANGED

    @cached_property
    def before(self) -> Json | None:
        """Its content in the old tree, or None."""
        return None if self.old is None else parse(self.old)

    @cached_property
    def after(self) -> Json | None:
        """Its content in the new tree, or None."""
        return None if self.new is None else parse(self.new)

    @cached_property
    def name(self) -> str:
        """What it is called now (or was last); its key, if it has no name."""
        return (
            get_str(self.before if self.after is None else self.after, "name") or self.key or str(self.kind)
        )

    @cached_property
    def space(self) -> str:
        """The key of the space that it is in now (or was last), by way of what it belongs to; else ""."""
        tree, content = (self._old_tree, self.before) if self.after is None else (self._new_tree, self.after)
        return self.key if self.kind is Kind.SPACE else space_of(_parsed(tree), self.kind, self.key, content)

    @cached_property
    def changes(self) -> list[Change]:
        """What differs, as `differ.changes` tells it."""
        return changes(self.kind, self.before, self.after)


def compare(old_items: Mapping[str, bytes], new_items: Mapping[str, bytes]) -> list[ItemChange]:
    """Return the items that differ, by kind and key.

    Args:
        old_items: path in a snapshot -> canonical bytes. Paths that are no content file of an item
            (manifest, identities, earlier versions) are passed over.
        new_items: the same of the other side.
    """
    found = []
    for path in old_items.keys() | new_items.keys():
        if not same_file(old_items, new_items, path) and (place := place_of(path)):
            old, new = old_items.get(path), new_items.get(path)
            found.append(ItemChange(*place, path, old, new, old_items, new_items))
    return sorted(found, key=lambda item: (_ORDER[item.kind], item.key))


def _parsed(tree: Mapping[str, bytes]) -> Callable[[Kind, str], Json]:
    """Return what finds the content of an item in a tree; None for one that is not there."""

    def look(kind: Kind, key: str) -> Json:
        data = tree.get(f"{KINDS[kind].folder}/{key}.json")
        return None if data is None else parse(data)

    return look


def space_of(look: Callable[[Kind, str], Json], kind: Kind, key: str, content: Json) -> str:
    """Return the key of the space that an item is in, by way of what it belongs to; "" if nothing says it.

    Args:
        look: finds the content of an item by kind and key; None for one that is not there.
        kind: of the item; not a space.
        key: of the item.
        content: of the item.
    """
    for _ in range(_FARTHEST):
        if space := get_str(content, "space"):
            return space
        if kind is Kind.COMMENTS:
            owner: tuple[Kind, str] | None = (Kind.DASHBOARD, key)
        else:
            named = ((of, get_str(content, name)) for name, of in _OWNERS)
            owner = next(((of, name) for of, name in named if name), None)
        if owner is None or (found := look(*owner)) is None:
            return ""
        (kind, key), content = owner, found
    return get_str(content, "space")
