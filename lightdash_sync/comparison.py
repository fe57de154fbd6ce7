"""Compares two sides: items that differ, without those whose differences users cannot see."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from lightdash_sync.changes.items import Status, compare
from lightdash_sync.content.json import get_str, parse
from lightdash_sync.content.keys import is_key
from lightdash_sync.content.kinds import KINDS, Kind, kind_called
from lightdash_sync.errors import ConfigError, SnapshotError
from lightdash_sync.export.selection import ExportSelection
from lightdash_sync.snapshot.layout import item_path

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from lightdash_sync.changes.items import ItemChange
    from lightdash_sync.content.tree import Tree
    from lightdash_sync.sources import Side


# The scope of a comparison: a partial snapshot says nothing about what it does not contain.


@dataclass(frozen=True, slots=True)
class ComparisonScope:
    """What can be compared.

    Attributes:
        old: the selection of the old side.
        new: the selection of the new side.
        notes: remarks for the user about what is not compared.
    """

    old: ExportSelection
    new: ExportSelection
    notes: tuple[str, ...] = ()

    def kept(self, items: Iterable[ItemChange]) -> list[ItemChange]:
        """Return the items that are on both sides, or would be on the other side if they existed there.

        Raises:
            ValueError: the space of an item is unknown, because the file of its owner is not JSON.
        """
        sides = [(item, self.old if item.old is None else self.new) for item in items]
        return [
            item
            for item, missing in sides
            if (item.old is not None and item.new is not None) or _would_hold(missing, item)
        ]


def common_scope(old: Side, new: Side) -> ComparisonScope:
    """Return the scope that two sides have in common."""
    parts = [note for side in (old, new) if (note := _note(side))]
    unseen = [
        f"{note}: such items are told as missing there" for side in (old, new) for note in side.unseen()
    ]
    return ComparisonScope(_chosen(old), _chosen(new), (*parts, *unseen))


def _chosen(side: Side) -> ExportSelection:
    kinds, spaces = side.manifest.selection.kinds, side.manifest.selection.spaces
    return ExportSelection(
        kinds=None if kinds is None else frozenset(kind for kind in Kind if kind in kinds),
        spaces=None if spaces is None else frozenset(spaces),
    )


def _note(side: Side) -> str:
    if side.code is not None:
        return ""  # `sources.beside_each_other` adds the note
    kinds, spaces = side.manifest.selection.kinds, side.manifest.selection.spaces
    held = [", ".join(kinds)] if kinds else []
    held += [f"{'spaces' if len(spaces) > 1 else 'space'} {', '.join(spaces)}"] if spaces else []
    return f"{side.label} holds a part ({'; '.join(held)}): nothing else is compared" if held else ""


def _would_hold(side: ExportSelection, item: ItemChange) -> bool:
    return side.wants(item.kind) if side.spaces is None else side.wants_in(item.kind, item.space)


@dataclass(frozen=True, slots=True)
class Only:
    """Restricts a comparison to one kind or one item.

    Attributes:
        kind: kind of the items.
        key: key of the item; "" for all of the kind.
    """

    kind: Kind
    key: str = ""

    def holds(self, item: ItemChange) -> bool:
        """Whether an item is included."""
        return item.kind is self.kind and self.key in ("", item.key)


@dataclass(frozen=True)
class Difference:
    """How two sides differ.

    Attributes:
        items: items that differ, by kind and key; without those whose differences users cannot see, unless
            they were requested.
        quiet: number of those items.
        spaces: key -> name, of all spaces that the items are in.
        notes: remarks for the user about what was not compared.
    """

    items: list[ItemChange]
    quiet: int
    spaces: Mapping[str, str] = field(repr=False)
    notes: tuple[str, ...] = ()


def parse_only(said: str) -> Only:
    """Parse `KIND` or `KIND:KEY`.

    Raises:
        ConfigError: there is no such kind, or the kind has no keys.
    """
    name, colon, key = said.partition(":")
    kind = kind_called(name)
    if kind is None:
        raise ConfigError(f"{name!r} is no kind of content", hint=f"There are: {', '.join(Kind)}.")
    if colon and not (key and KINDS[kind].folder):
        raise ConfigError(
            f"{said!r} names no item", hint=f"Say it as {kind}{':KEY' if KINDS[kind].folder else ''}."
        )
    return Only(kind, key)


def difference(old: Side, new: Side, only: Sequence[Only] = (), *, every: bool = False) -> Difference:
    """Compare two sides, while both are open.

    Files with the same hash are neither read nor checked: `lightdash-sync verify` does that.

    Args:
        old: the old side.
        new: the new side.
        only: what is compared; everything if empty.
        every: include items whose differences users cannot see.

    Raises:
        ConfigError: an item in `only` is on neither side.
        SnapshotError: a file that differs is damaged, or not JSON.
    """
    _require_there(old.tree, new.tree, only)
    scope = common_scope(old, new)
    try:
        items = scope.kept(compare(old.tree, new.tree))
        items = [item for item in items if not only or any(one.holds(item) for one in only)]
        loud = [item for item in items if any(not change.quiet for change in item.changes)]
        told = items if every else loud
        spaces = {item.space: _space_name(item.space, new.tree, old.tree) for item in told if item.space}
    except ValueError as error:
        raise SnapshotError(
            f"{old.label} or {new.label} holds a file that is no JSON: {error}",
            hint="`lightdash-sync verify` names damaged files.",
        ) from error
    return Difference(told, len(items) - len(loud), spaces, (*scope.notes, *_alike(loud)))


def _alike(items: Sequence[ItemChange]) -> list[str]:
    """Return a note about items with the same name and another key: Lightdash numbers the slugs of copies."""
    created, deleted = (
        {(item.kind, item.name): item for item in items if item.status is status}
        for status in (Status.CREATED, Status.DELETED)
    )
    both = sorted(created.keys() & deleted.keys())
    if not both:
        return []
    was, now = deleted[both[0]], created[both[0]]
    pairs = "1 item has" if len(both) == 1 else f"{len(both)} items have"
    return [
        f"{pairs} the same name on both sides and another key, such as {was.kind}:{was.key} and"
        f" {now.kind}:{now.key}: told as deleted and created"
    ]


def _require_there(old: Tree, new: Tree, only: Collection[Only]) -> None:
    for one in only:
        if one.key and not (is_key(one.key) and _is_there(one, old, new)):
            raise ConfigError(f"there is no {one.kind}:{one.key} on either side")


def _is_there(one: Only, *trees: Tree) -> bool:
    return any(item_path(one.kind, one.key) in tree for tree in trees)


def _space_name(key: str, *trees: Tree) -> str:
    """Return the name of a space; its key if no side has it."""
    path = f"{KINDS[Kind.SPACE].folder}/{key}.json"
    named = (get_str(parse(tree[path]), "name") for tree in trees if path in tree)
    return next((name for name in named if name), key)
