"""What a document calls an item: charts and dashboards by slug, a space by the path of slugs to it.

Current servers know the path of a space (`a.b_c` for `a/b-c`); where none is told it is made of the slugs.
An item that no server has named yet goes by its key.
"""

from __future__ import annotations

import uuid
from functools import cached_property
from typing import TYPE_CHECKING

from lightdash_sync.changes.walk import match
from lightdash_sync.content.contents import Contents
from lightdash_sync.content.json import Json, JsonObject, canonical, get_str
from lightdash_sync.content.kinds import Kind

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lightdash_sync.content.identity import Identity
    from lightdash_sync.content.json import Value
    from lightdash_sync.content.kinds import ItemKey
    from lightdash_sync.content.tree import Tree

DOCUMENTED = (Kind.CHART, Kind.SQL_CHART, Kind.DASHBOARD)
"""The kinds that have a document each, in trees of every version."""

ADDED = (Kind.VIRTUAL_VIEW, Kind.SCHEDULER)
"""The kinds that newer trees have documents of, too; of an item without one they say nothing."""

_MADE_UP = uuid.UUID("6d0c1f0e-5e0a-4f43-9a3b-3c0a3c1f4d55")


def made_up(*parts: str) -> str:
    """Return a uuid for something that no server has named, always the same for the same words."""
    return str(uuid.uuid5(_MADE_UP, "\0".join(parts)))


class DocumentNames:
    """How documents call the items of a tree.

    Args:
        tree: content files, with their map.

    Attributes:
        contents: of the items.
        identity: the map, with a made up uuid for each item that has none.
    """

    def __init__(self, tree: Tree) -> None:
        self.contents = Contents(tree)
        self.identity = _complete(tree.identity, self.contents)
        self._paths: dict[str, str] = {}

    def slug(self, item: ItemKey) -> str:
        """Return the slug of an item."""
        return get_str(self.identity.facts(*item), "slug") or item[1]

    def name(self, item: ItemKey) -> str:
        """Return what people call an item."""
        return get_str(self.contents.of(item), "name")

    def path(self, space: str) -> str:
        """Return the path of a space, such as `sales/emea`."""
        if space not in self._paths:
            self._paths[space] = ""  # in a circle of spaces each stands at the top
            told = get_str(self.identity.facts(Kind.SPACE, space), "path")
            parent = get_str(self.contents.of((Kind.SPACE, space)), "parent")
            above = f"{self.path(parent)}/" if parent and self.path(parent) else ""
            own = self.slug((Kind.SPACE, space)).replace("_", "-")
            self._paths[space] = told.replace("_", "-").replace(".", "/") if told else above + own
        return self._paths[space]

    @cached_property
    def by_slug(self) -> Mapping[Kind, Mapping[str, list[str]]]:
        """Kind -> slug (of spaces the path) -> keys of the items that have it, mostly one."""
        found: dict[Kind, dict[str, list[str]]] = {kind: {} for kind in (Kind.SPACE, *DOCUMENTED, *ADDED)}
        for kind, key in sorted(self.contents.there):
            if kind in found:
                name = self.path(key) if kind is Kind.SPACE else self.slug((kind, key))
                found[kind].setdefault(name, []).append(key)
        return found


def _complete(identity: Identity, contents: Contents) -> Identity:
    missing: dict[Kind, dict[str, JsonObject]] = {}
    for kind, key in contents.there:
        if key and not identity.facts(kind, key):
            missing.setdefault(kind, {})[key] = {"uuid": made_up(kind, key)}
    return identity.extended(missing) if missing else identity


# Filters of documents, which have no ids, taken over onto the filters that the project has.


def dimension_rule(rule: JsonObject, slugs: Mapping[str, str | None]) -> JsonObject:
    """Return a filter on a dimension: without its id, and with the tiles by what they are called."""
    targets = rule.get("tileTargets")
    named: JsonObject = {}
    if isinstance(targets, dict):
        named = {slug: target for tile, target in targets.items() if (slug := slugs.get(tile))}
    return {name: value for name, value in rule.items() if name != "id"} | {"tileTargets": named}


def rules_taken_over(
    rules: list[JsonObject],
    had: list[JsonObject],
    slugs: Mapping[str, str | None],
    called: Mapping[str, str],
    owner: str,
) -> tuple[list[JsonObject], set[str]]:
    """Return filters on dimensions with their ids, and with the tiles that no document names.

    Args:
        rules: of the document.
        had: those that the project has.
        slugs: uuid of a tile -> what it was called there; None where documents do not name it.
        called: what a tile is called -> its uuid, as it is to be.
        owner: slug of what has them.

    Returns:
        The filters, and what they call tiles that are not known.
    """
    before = [_without_targets(dimension_rule(rule, slugs)) for rule in had]
    wanted = [_without_targets(rule) for rule in rules]
    pairs = match([*before], [*wanted], canonical_of, _field_and_label, _field).both
    known = {new: had[old] for old, new in pairs}
    result: list[JsonObject] = []
    lost: set[str] = set()
    for place, rule in enumerate(rules):
        old = known.get(place, {})
        targets, others = rule.get("tileTargets"), old.get("tileTargets")
        kept = (
            {tile: to for tile, to in others.items() if not slugs.get(tile)}
            if isinstance(others, dict)
            else {}
        )
        if isinstance(targets, dict):
            lost |= targets.keys() - called.keys()
            kept |= {called[slug]: to for slug, to in targets.items() if slug in called}
        made = rule | {"id": old.get("id") or made_up("rule", owner, str(place), repr(canonical(rule)))}
        made.pop("tileTargets", None)
        result.append(made | {"tileTargets": kept} if kept or "tileTargets" in old or not old else made)
    return result, lost


def with_ids(item: Json, place: str) -> Json:
    """Return a group of filters, or a filter, with an id; people who write one by hand give none."""
    if not isinstance(item, dict):
        return item
    said = item if "id" in item else item | {"id": made_up("filter", place)}
    for name in ("and", "or"):
        if isinstance(members := said.get(name), list):
            inner = [with_ids(one, f"{place}/{name}/{number}") for number, one in enumerate(members)]
            said = said | {name: [*inner]}
    return said


def without_ids(filters: Json) -> Json:
    """Return the filters of a chart without the ids of groups and filters."""
    if not isinstance(filters, dict):
        return filters
    return {name: _without_id(group) for name, group in filters.items()}


def _without_id(item: Json) -> Json:
    if not isinstance(item, dict):
        return item
    said = {name: value for name, value in item.items() if name != "id"}
    for name in ("and", "or"):
        if isinstance(members := said.get(name), list):
            said[name] = [_without_id(one) for one in members]
    return said


def canonical_of(value: Value) -> bytes | None:
    """Return all that an element says."""
    return canonical(value) if isinstance(value, dict) else None


def _without_targets(rule: JsonObject) -> JsonObject:
    return {name: value for name, value in rule.items() if name not in ("tileTargets", "id")}


def _field_and_label(rule: Value) -> tuple[str, ...] | None:
    where = _field(rule)
    return (*where, get_str(rule, "label"), get_str(rule, "operator")) if where else None


def _field(rule: Value) -> tuple[str, ...] | None:
    name = get_str(rule, "target", "fieldId")
    return (get_str(rule, "target", "tableName"), name) if name else None
