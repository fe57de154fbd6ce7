"""How two sides differ: the items that do, less those that differ in nothing that users see."""

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


# What two sides both tell of: a snapshot of a part says nothing of the rest.


@dataclass(frozen=True, slots=True)
class ComparisonScope:
    """What can be compared.

    Attributes:
        old: what the old side was chosen to hold.
        new: what the new side was chosen to hold.
        notes: what is left out of the comparison, for people.
    """

    old: ExportSelection
    new: ExportSelection
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


def common_scope(old: Side, new: Side) -> ComparisonScope:
    """Return what two sides can both tell of."""
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
        return ""  # told where it is put beside the other side
    kinds, spaces = side.manifest.selection.kinds, side.manifest.selection.spaces
    held = [", ".join(kinds)] if kinds else []
    held += [f"{'spaces' if len(spaces) > 1 else 'space'} {', '.join(spaces)}"] if spaces else []
    return f"{side.label} holds a part ({'; '.join(held)}): nothing else is compared" if held else ""


def _would_hold(side: ExportSelection, item: ItemChange) -> bool:
    return side.wants(item.kind) if side.spaces is None else side.wants_in(item.kind, item.space)


@dataclass(frozen=True, slots=True)
class Only:
    """What a comparison is about.

    Attributes:
        kind: of the items.
        key: of the item; "" for all of the kind.
    """

    kind: Kind
    key: str = ""

    def holds(self, item: ItemChange) -> bool:
        """Whether an item is meant."""
        return item.kind is self.kind and self.key in ("", item.key)


@dataclass(frozen=True)
class Difference:
    """How two sides differ.

    Attributes:
        items: by kind and key; not those that differ only in what means nothing to users, unless all were
            asked for.
        quiet: how many of those there are.
        spaces: key -> name, of all spaces that the items are in.
        notes: what was not compared, for people.
    """

    items: list[ItemChange]
    quiet: int
    spaces: Mapping[str, str] = field(repr=False)
    notes: tuple[str, ...] = ()


def parse_only(said: str) -> Only:
    """Read `KIND` or `KIND:KEY`.

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
        old: the one side.
        new: the other side.
        only: what is compared; everything if empty.
        every: keep the items that differ only in what means nothing to users.

    Raises:
        ConfigError: an item was asked for that is on neither side.
        SnapshotError: a file that differs is not as it was written, or no JSON.
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
    """Note items that may be the same ones: Lightdash gives the slug of a copy a number."""
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
    """Return the name of a space; its key where no side has it."""
    path = f"{KINDS[Kind.SPACE].folder}/{key}.json"
    named = (get_str(parse(tree[path]), "name") for tree in trees if path in tree)
    return next((name for name in named if name), key)
