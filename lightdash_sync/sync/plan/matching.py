"""Items of the target that look like desired ones and are not linked with them.

An equal name in the same place proves nothing: names need not be unique. So a twin is shown, and linked
only if the user says so (`--adopt kind:key=uuid`, `--adopt-by-name`); it is never overwritten, and no
second one is made beside it unasked. "The same place" is the same space (or dashboard, or delivered item),
by the links that there are, and those that adopting adds.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from lightdash_sync.changes.walk import Key, match
from lightdash_sync.content.json import canonical, get_str
from lightdash_sync.content.keys import Candidate, assign_keys
from lightdash_sync.content.kinds import KINDS, Kind
from lightdash_sync.content.parts import (
    FILTERS,
    PARTS,
    TABS,
    TILES,
    elements,
    names_of,
    parts_in,
    rules_of,
    with_names,
)
from lightdash_sync.content.schedulers import is_quiet

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from lightdash_sync.content.contents import Contents
    from lightdash_sync.content.identity import Identity
    from lightdash_sync.content.json import Json, JsonObject, Value
    from lightdash_sync.content.kinds import ItemKey

# Spaces first, because the place of others is known by them.
_ORDER = (
    Kind.SPACE,
    Kind.VIRTUAL_VIEW,
    Kind.DASHBOARD,
    Kind.CHART,
    Kind.SQL_CHART,
    Kind.TAG,
    Kind.SCHEDULER,
)
_PLACES = (
    ("parent", Kind.SPACE),
    ("space", Kind.SPACE),
    ("dashboard", Kind.DASHBOARD),
    ("chart", Kind.CHART),
    ("sqlChart", Kind.SQL_CHART),
)
_MORE_OF_SCHEDULERS = ("cron", "format")
_GROUP = "group"  # beside the fields of a rule, while rules are compared


@dataclass(frozen=True)
class Matches:
    """What looks like what.

    Attributes:
        candidates: desired item -> items of the target that look like it and are linked with none.
        same: desired item -> the target's item that it is, by a link or by adoption.
    """

    candidates: Mapping[ItemKey, tuple[ItemKey, ...]]
    same: Mapping[ItemKey, ItemKey]


def find_unlinked_matches(
    desired: Contents,
    existing: Contents,
    linked: frozenset[ItemKey],
    wanted: Iterable[ItemKey],
    *,
    adopt: bool,
    apart: frozenset[ItemKey] = frozenset(),
) -> Matches:
    """Find the target's items that desired ones may be.

    Args:
        desired: content of the source.
        existing: content of the target, linked items under the desired keys.
        linked: what is linked.
        wanted: desired items that are not linked.
        adopt: take an item as the same where there is one of the name here and there, so that what is in
            it can be found as well.
        apart: desired items that are not the same as any, whatever looks like them.
    """
    same: dict[ItemKey, ItemKey] = {item: item for item in linked}
    found: dict[ItemKey, tuple[ItemKey, ...]] = {}
    own = existing.there - linked
    for kind in _ORDER:
        waiting = [item for item in sorted(wanted) if item[0] is kind]
        for level in _levels(waiting, desired):
            looks = {item: _looks(item, desired, same) for item in level}
            here = Counter(look for look in looks.values() if look is not None)
            there = _by_look((item for item in own if item[0] is kind), existing)
            unfinished = _unfinished(there, existing) if kind is Kind.SCHEDULER else {}
            for item, look in looks.items():
                if look is None:
                    continue
                candidates = {*there.get(look, ()), *unfinished.get(_without_time(look), ())}
                if not candidates:
                    continue
                found[item] = tuple(sorted(candidates))
                if (
                    adopt
                    and item not in apart
                    and here[look] == len(candidates) == 1
                    and candidates.isdisjoint(same.values())
                ):
                    same[item] = found[item][0]
    return Matches(found, same)


def by_slug(desired: Identity, existing: Identity, linked: frozenset[ItemKey]) -> dict[ItemKey, ItemKey]:
    """Return desired item -> the target's item with the same slug, where one here and one there has it."""
    found: dict[ItemKey, ItemKey] = {}
    for kind in _ORDER:
        here = _by_slug(desired, kind, linked)
        there = _by_slug(existing, kind, linked)
        found |= {
            here[slug][0]: there[slug][0]
            for slug in here.keys() & there.keys()
            if len(here[slug]) == len(there[slug]) == 1
        }
    return found


def adopted_facts(
    item: ItemKey,
    other: ItemKey,
    desired: Contents,
    existing: Contents,
    same: Mapping[ItemKey, ItemKey],
    identity: Identity,
) -> JsonObject:
    """Return the facts with which an item of the target is linked.

    Args:
        item: the desired item.
        other: the target's.
        desired: content of the source.
        existing: content of the target.
        same: desired item -> the target's item, for the charts on tiles.
        identity: the target's map.

    Returns:
        Its uuid; of a dashboard also its parts by their desired names, as far as they show or say the same.
    """
    facts = identity.facts(*other)
    result: JsonObject = {"uuid": facts["uuid"]}
    if item[0] is not Kind.DASHBOARD:
        return result
    for part, keys in _ALIKE.items():
        old, new = _parts(existing.of(other), part, {}), _parts(desired.of(item), part, same)
        uuids = names_of(facts, part)
        if part in facts:
            result[part] = {
                get_str(new[after], "id"): uuids[get_str(old[before], "id")]
                for before, after in match([*old], [*new], *keys).both
                if get_str(old[before], "id") in uuids and get_str(new[after], "id")
            }
    return result


def _parts(dashboard: JsonObject, part: str, same: Mapping[ItemKey, ItemKey]) -> list[JsonObject]:
    """Return the elements of a part, a tile with the target's keys, and a rule with its group."""
    if part == FILTERS:
        return [rule | {_GROUP: group} for group, rule in rules_of(dashboard)]
    found = elements(dashboard, part)
    return [_seen(tile, same) for tile in found] if part == TILES else found


def _levels(items: list[ItemKey], contents: Contents) -> list[list[ItemKey]]:
    """Divide spaces by how deep they stand, so that parents come first."""
    levels: dict[int, list[ItemKey]] = {}
    for item in items:
        depth = len(contents.spaces_of(item)) if item[0] is Kind.SPACE else 0
        levels.setdefault(depth, []).append(item)
    return [levels[depth] for depth in sorted(levels)]


def _looks(item: ItemKey, contents: Contents, same: Mapping[ItemKey, ItemKey]) -> tuple[str, ...] | None:
    """Return what tells an item from others of its kind, place included; None if its place is not there."""
    content = contents.of(item)
    place: tuple[str, ...] = ()
    for field, kind in _PLACES:
        if key := get_str(content, field):
            other = same.get((kind, key))
            if other is None:
                return None
            place = (field, other[1])
    more = (get_str(content, field) for field in _MORE_OF_SCHEDULERS) if item[0] is Kind.SCHEDULER else ()
    return (get_str(content, "name"), *place, *more)


def _by_look(items: Iterable[ItemKey], contents: Contents) -> dict[tuple[str, ...], list[ItemKey]]:
    found: dict[tuple[str, ...], list[ItemKey]] = {}
    itself = {item: item for item in contents.there}
    for item in items:
        if (look := _looks(item, contents, itself)) is not None:
            found.setdefault(look, []).append(item)
    return found


def _unfinished(
    there: Mapping[tuple[str, ...], list[ItemKey]], contents: Contents
) -> dict[tuple[str, ...], list[ItemKey]]:
    """Schedulers that were left behind before they got their time, by what else tells them from others."""
    found: dict[tuple[str, ...], list[ItemKey]] = {}
    for look, items in there.items():
        quiet = [item for item in items if is_quiet(contents.of(item))]
        found.setdefault(_without_time(look), []).extend(quiet)
    return found


def _without_time(look: tuple[str, ...]) -> tuple[str, ...]:
    return look[: -len(_MORE_OF_SCHEDULERS)]


def _by_slug(identity: Identity, kind: Kind, linked: frozenset[ItemKey]) -> dict[str, list[ItemKey]]:
    found: dict[str, list[ItemKey]] = {}
    for key, facts in identity.items.get(kind, {}).items():
        slug = facts.get("slug")
        if isinstance(slug, str) and slug and (kind, key) not in linked:
            found.setdefault(slug, []).append((kind, key))
    return found


def _seen(tile: JsonObject, same: Mapping[ItemKey, ItemKey]) -> JsonObject:
    """Return a tile with the target's keys for the charts on it."""
    shows = tile.get("properties")
    if not isinstance(shows, dict):
        return tile
    said: dict[str, Json] = {}
    for field, kind in (("chart", Kind.CHART), ("sqlChart", Kind.SQL_CHART)):
        if key := get_str(shows, field):
            said[field] = same.get((kind, key), (kind, key))[1]
    return tile | {"properties": shows | said}


def _tab_name(tab: Value) -> str | None:
    return get_str(tab, "name") or None


def _tile_look(tile: Value) -> tuple[str, ...] | None:
    fields = ("chart", "sqlChart", "title", "text", "url", "content")
    shown = tuple(get_str(tile, "properties", field) for field in fields)
    return (get_str(tile, "type"), *shown) if any(shown) else None


def _tile_place(tile: Value) -> tuple[str, ...] | None:
    if not isinstance(tile, dict):
        return None
    return (get_str(tile, "type"), *(str(tile.get(side)) for side in ("x", "y", "w", "h")))


def _rule_says(rule: Value) -> bytes | None:
    if not isinstance(rule, dict):
        return None
    return canonical({name: value for name, value in rule.items() if name not in ("id", "tileTargets")})


def _rule_field(rule: Value) -> tuple[str, ...] | None:
    where = tuple(get_str(rule, "target", name) for name in ("fieldId", "tableName", "fieldRef"))
    return (get_str(rule, _GROUP), *where) if any(where) else None


# Part of a dashboard -> what an element is found again by, strictest first.
_ALIKE: Mapping[str, tuple[Key, ...]] = {
    TABS: (_tab_name,),
    TILES: (_tile_look, _tile_place),
    FILTERS: (_rule_says, _rule_field),
}


# Which item of the target is which item of the desired side: the target's content in the plan's keys.
#
# An item of the target is *linked* if it is known to be the same as a desired one: this tool made it, or a
# person adopted it. It then has the desired key. Every other item of the target keeps a key of its own,
# which no desired item has: an equal slug or name proves nothing. In the project that the desired content
# was taken from, every item is its own link.

# Kinds whose items are linked one by one; the others are lists of the whole project.
LINKED = tuple(kind for kind in Kind if KINDS[kind].folder and kind is not Kind.COMMENTS)


@dataclass(frozen=True)
class Linked:
    """The target's items in the keys of the plan.

    Attributes:
        identity: the target's map; a linked item has the desired key.
        keys: kind -> keys that are linked with an item that exists.
        gone: kind -> keys that are linked with an item that the target no longer has.
    """

    identity: Identity
    keys: Mapping[Kind, frozenset[str]]
    gone: Mapping[Kind, frozenset[str]]

    def has(self, kind: Kind, key: str) -> bool:
        """Whether the target has an item that is linked under a key."""
        return key in self.keys.get(kind, frozenset())


def linked(existing: Identity, links: Mapping[Kind, Mapping[str, JsonObject]], desired: Identity) -> Linked:
    """Say the target's items in the keys of the plan.

    Args:
        existing: the target's map, in whatever keys it was read.
        links: kind -> key -> facts, at least `uuid`; of dashboards the names of their parts too.
        desired: the map of the desired side, whose keys no item may have that is not linked.
    """
    items: dict[Kind, dict[str, JsonObject]] = {}
    keys: dict[Kind, frozenset[str]] = {}
    gone: dict[Kind, frozenset[str]] = {}
    for kind in existing.items.keys() | set(LINKED):
        found = {str(facts["uuid"]): (key, facts) for key, facts in existing.items.get(kind, {}).items()}
        if kind not in LINKED:
            items[kind] = dict(existing.items.get(kind, {}))
            continue
        known = {str(facts["uuid"]): key for key, facts in links.get(kind, {}).items()}
        mine = {uuid: known[uuid] for uuid in found if uuid in known}
        own = assign_keys(
            (Candidate(uuid, key, uuid) for uuid, (key, _) in found.items()),
            mine,
            {*desired.items.get(kind, {}), *known.values()} - set(mine.values()),
        )
        items[kind] = {
            own[uuid]: _with_layout(facts, links.get(kind, {}).get(mine.get(uuid, ""), {}))
            for uuid, (_, facts) in found.items()
        }
        keys[kind] = frozenset(mine.values())
        gone[kind] = frozenset(known.values()) - keys[kind]
    return Linked(replace(existing, items=items), keys, gone)


def with_former(now: Identity, former: Identity) -> Identity:
    """Return a map with what of an earlier one is gone, items and parts of dashboards, under its old names.

    What was said in the keys of the earlier map can then be said in those of the present one.

    Args:
        now: the present map.
        former: the map of the same project at an earlier time.
    """
    items = {kind: dict(entries) for kind, entries in now.items.items()}
    for kind in LINKED:
        there = now.known_keys(kind)
        gone = {str(facts["uuid"]): (key, facts) for key, facts in former.items.get(kind, {}).items()}
        for uuid in gone.keys() & there.keys():
            items[kind][there[uuid]] = _with_lost_names(items[kind][there[uuid]], gone[uuid][1])
        lost = {uuid: entry for uuid, entry in gone.items() if uuid not in there}
        keys = assign_keys(
            (Candidate(uuid, key, uuid) for uuid, (key, _) in lost.items()), {}, there.values()
        )
        items.setdefault(kind, {}).update({keys[uuid]: facts for uuid, (_, facts) in lost.items()})
    return replace(
        now,
        items=items,
        people={**former.people, **now.people},
        groups={**former.groups, **now.groups},
        palettes={**former.palettes, **now.palettes},
        external={**former.external, **now.external},
    )


def own_links(desired: Identity, project: str) -> dict[Kind, dict[str, JsonObject]]:
    """Return links of the project that the desired content was taken from: each item is itself."""
    if desired.project.get("uuid") != project:
        return {}
    return {kind: dict(desired.items.get(kind, {})) for kind in LINKED}


def named_items(identity: Identity) -> dict[Kind, dict[str, JsonObject]]:
    """Return kind -> key -> uuid, and of dashboards the names of parts, of all items of a map."""
    return {
        kind: {key: parts_in(facts, ("uuid",)) for key, facts in entries.items()}
        for kind in LINKED
        if (entries := identity.items.get(kind))
    }


def _with_lost_names(facts: JsonObject, former: JsonObject) -> JsonObject:
    """Add elements that are no longer there to the parts that the facts name."""
    return with_names(facts, {part: former[part] for part in parts_in(facts) if part in former})


def _with_layout(facts: JsonObject, link: JsonObject) -> JsonObject:
    """Call the elements of parts as the link does, if they are still there; the rest keep their names."""
    result = dict(facts)
    for part in PARTS:
        named, there = link.get(part), facts.get(part)
        if not isinstance(named, dict) or not isinstance(there, dict):
            continue
        uuids = set(map(str, there.values()))
        kept = {name: uuid for name, uuid in named.items() if uuid in uuids}
        rest = {str(uuid): name for name, uuid in there.items() if uuid not in kept.values()}
        names = assign_keys(
            (Candidate(uuid, name, uuid) for uuid, name in rest.items()), {}, reserved=kept.keys()
        )
        result[part] = {**kept, **{name: uuid for uuid, name in names.items()}}
    return result
