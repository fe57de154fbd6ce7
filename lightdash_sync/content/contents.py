"""The items of a tree by kind and key, parsed once each, and how they hang together."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from lightdash_sync.content.json import Json, JsonObject, get_str, parse
from lightdash_sync.content.kinds import PERSONAL, Kind
from lightdash_sync.content.tree import file_of, place_of

if TYPE_CHECKING:
    from lightdash_sync.content.kinds import ItemKey
    from lightdash_sync.content.tree import Tree


# Carried by a plan, in the order in which people read them.
PLANNED = (
    Kind.SPACE,
    Kind.VIRTUAL_VIEW,
    Kind.CHART,
    Kind.SQL_CHART,
    Kind.DASHBOARD,
    Kind.TAG,
    Kind.METRIC_ICONS,
    Kind.PINS,
    Kind.SCHEDULER,
)


_OWNERS = (("dashboard", Kind.DASHBOARD), ("chart", Kind.CHART), ("sqlChart", Kind.SQL_CHART))


_FARTHEST = 4


class Contents:
    """The contents of a tree's items, parsed once each, and how they hang together."""

    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        self._parsed: dict[ItemKey, JsonObject] = {}
        self.there = planned_items(tree)

    def of(self, item: ItemKey) -> JsonObject:
        """Return the content of an item; {} if the tree has none, or it is a list."""
        if item not in self._parsed:
            data = self._tree.get(file_of(*item))
            found = None if data is None else parse(data)
            self._parsed[item] = found if isinstance(found, dict) else {}
        return self._parsed[item]

    def look(self, kind: Kind, key: str) -> Json:
        """Return the content of an item, None if the tree has none."""
        return self.of((kind, key)) or None

    def uuid(self, item: ItemKey) -> str:
        """Return the uuid of an item, "" if it has none."""
        return self._tree.identity.uuid(*item) or ""

    def is_personal(self, space: str) -> bool:
        """Whether a space is a personal one, by its facts: no content is read for that."""
        return self._tree.identity.facts(Kind.SPACE, space).get(PERSONAL) is True

    def saved(self, item: ItemKey) -> str:
        """Return when the version of an item was saved, "" where that is not known."""
        return get_str(self._tree.identity.facts(*item), "updatedAt")

    @cached_property
    def views(self) -> dict[str, ItemKey]:
        """Name of an explore -> the virtual view that it is."""
        views = (item for item in self.there if item[0] is Kind.VIRTUAL_VIEW)
        return {get_str(self.of(item), "name"): item for item in sorted(views)}

    @cached_property
    def inside(self) -> dict[str, set[ItemKey]]:
        """Dashboard -> the charts that live in it, whether a tile shows them or not."""
        found: dict[str, set[ItemKey]] = {}
        for item in self.there:
            if item[0] is Kind.CHART and (dashboard := get_str(self.of(item), "dashboard")):
                found.setdefault(dashboard, set()).add(item)
        return found

    @cached_property
    def delivering(self) -> dict[ItemKey, set[ItemKey]]:
        """Dashboard, chart or SQL chart -> the schedulers that deliver it."""
        found: dict[ItemKey, set[ItemKey]] = {}
        for item in self.there:
            if item[0] is Kind.SCHEDULER and (owner := self.owner_of(item)):
                found.setdefault(owner, set()).add(item)
        return found

    def space_of(self, item: ItemKey) -> str:
        """Return the key of the space that an item is in, by way of what it belongs to; "" for none."""
        for _ in range(_FARTHEST):
            if item[0] is Kind.SPACE:
                return item[1]
            content = self.of(item)
            if space := get_str(content, "space"):
                return space
            owner = self.owner_of(item)
            if owner is None:
                break
            item = owner
        return ""

    def owner_of(self, item: ItemKey) -> ItemKey | None:
        """Return what an item belongs to and is in no space without: a dashboard, or a scheduler's chart."""
        owners = ((kind, get_str(self.of(item), name)) for name, kind in _OWNERS)
        return next((owner for owner in owners if owner in self.there), None)

    def spaces_of(self, item: ItemKey) -> list[str]:
        """Return the keys of the space that an item is in, and of those above it."""
        found: list[str] = []
        space = self.space_of(item)
        while space and space not in found:
            found.append(space)
            space = get_str(self.of((Kind.SPACE, space)), "parent")
        return found


def planned_items(tree: Tree) -> frozenset[ItemKey]:
    """Return every item of a tree that a plan can be about."""
    places = (place_of(path) for path in tree)
    return frozenset(place for place in places if place and place[0] in PLANNED)


def personal_items(contents: Contents) -> frozenset[ItemKey]:
    """Return the personal spaces, all that is in them, and spaces that hold nothing but such spaces."""
    personal = {key for kind, key in contents.there if kind is Kind.SPACE and contents.is_personal(key)}
    if not personal:
        return frozenset()
    spaces = {item: contents.spaces_of(item) for item in contents.there}
    items = {item for item, keys in spaces.items() if not personal.isdisjoint(keys)}
    above = {key for item in items for key in spaces[item]} - personal
    for key in sorted(above, key=lambda one: -len(contents.spaces_of((Kind.SPACE, one)))):
        inside = {item for item, keys in spaces.items() if key in keys and item != (Kind.SPACE, key)}
        if inside <= items:
            items.add((Kind.SPACE, key))
    return frozenset(items)
