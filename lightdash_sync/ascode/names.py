"""Names of items in documents, and matching of filters, which have no ids in documents.

Charts and dashboards are named by slug, spaces by the path of slugs to them. Current servers report the path
of a space (`a.b_c` for `a/b-c`); otherwise it is made from the slugs. An item without a slug is named by its
key.
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
"""The kinds that have documents in trees of every version."""

ADDED = (Kind.VIRTUAL_VIEW, Kind.SCHEDULER)
"""The kinds that have documents in newer trees only; an item without a document is left alone."""

_MADE_UP = uuid.UUID("6d0c1f0e-5e0a-4f43-9a3b-3c0a3c1f4d55")


def made_up(*parts: str) -> str:
    """Return a uuid for something that no server has given one; the same words give the same uuid."""
    return str(uuid.uuid5(_MADE_UP, "\0".join(parts)))


class DocumentNames:
    """Names of the items of a tree in documents.

    Args:
        tree: content files, with their identity map.

    Attributes:
        contents: contents of the items.
        identity: the identity map, with a made-up uuid for each item that has none.
    """

    def __init__(self, tree: Tree) -> None:
        self.contents = Contents(tree)
        self.identity = _complete(tree.identity, self.contents)
        self._paths: dict[str, str] = {}

    def slug(self, item: ItemKey) -> str:
        """Return the slug of an item."""
        return get_str(self.identity.facts(*item), "slug") or item[1]

    def name(self, item: ItemKey) -> str:
        """Return the display name of an item."""
        return get_str(self.contents.of(item), "name")

    def path(self, space: str) -> str:
        """Return the path of a space, such as `sales/emea`."""
        if space not in self._paths:
            self._paths[space] = ""  # in a cycle of spaces each one counts as top-level
            told = get_str(self.identity.facts(Kind.SPACE, space), "path")
            parent = get_str(self.contents.of((Kind.SPACE, space)), "parent")
            above = f"{self.path(parent)}/" if parent and self.path(parent) else ""
            own = self.slug((Kind.SPACE, space)).replace("_", "-")
            self._paths[space] = told.replace("_", "-").replace(".", "/") if told else above + own
        return self._paths[space]

    @cached_property
    def by_slug(self) -> Mapping[Kind, Mapping[str, list[str]]]:
        """Kind -> slug (for spaces: path) -> keys of the items that have it, usually one."""
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


# Filters: those of documents have no ids, and are matched with the existing ones to keep ids.


def dimension_rule(rule: JsonObject, slugs: Mapping[str, str | None]) -> JsonObject:
    """Return a filter on a dimension without its id, and with tiles by their slugs."""
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
    """Return filters on dimensions with their ids, and with the existing targets that documents cannot name.

    Args:
        rules: filters of the document.
        had: filters that the project has.
        slugs: uuid of a tile -> its slug there; None if documents cannot name it.
        called: slug of a tile -> its uuid in the desired content.
        owner: slug of the item that has the filters.

    Returns:
        The filters, and the slugs of tiles that are not known.
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
    """Return a filter, or a group of them, with ids; filters written by hand have none."""
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
    """Return the canonical bytes of a whole element; None if it is not an object."""
    return canonical(value) if isinstance(value, dict) else None


def _without_targets(rule: JsonObject) -> JsonObject:
    return {name: value for name, value in rule.items() if name not in ("tileTargets", "id")}


def _field_and_label(rule: Value) -> tuple[str, ...] | None:
    where = _field(rule)
    return (*where, get_str(rule, "label"), get_str(rule, "operator")) if where else None


def _field(rule: Value) -> tuple[str, ...] | None:
    name = get_str(rule, "target", "fieldId")
    return (get_str(rule, "target", "tableName"), name) if name else None
