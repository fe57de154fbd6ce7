"""How two sides differ: the items that do, less those that differ in nothing that users see."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from lightdash_sync.errors import ConfigError, SnapshotError
from lightdash_sync.model.canonical import parse
from lightdash_sync.model.changes import Status, compare
from lightdash_sync.model.changes.look import text
from lightdash_sync.model.keys import is_key
from lightdash_sync.model.kinds import KINDS, Kind, kind_called
from lightdash_sync.sides.scope import common_scope
from lightdash_sync.snapshot.layout import item_path

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from lightdash_sync.model.changes import ItemChange
    from lightdash_sync.model.tree import Tree
    from lightdash_sync.sides.side import Side


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
    named = (text(parse(tree[path]), "name") for tree in trees if path in tree)
    return next((name for name in named if name), key)
