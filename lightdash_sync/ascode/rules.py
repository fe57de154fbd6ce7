"""Filters of documents, which have no ids, taken over onto the filters that the project has."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lightdash_sync.ascode.names import made_up
from lightdash_sync.model.canonical import Json, JsonObject, canonical
from lightdash_sync.model.changes.look import text
from lightdash_sync.model.changes.match import match

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lightdash_sync.model.changes.change import Value


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
    return (*where, text(rule, "label"), text(rule, "operator")) if where else None


def _field(rule: Value) -> tuple[str, ...] | None:
    name = text(rule, "target", "fieldId")
    return (text(rule, "target", "tableName"), name) if name else None
