"""Items of the target that look like desired ones and are not linked with them.

An equal name in the same place proves nothing: names need not be unique. So a twin is shown, and linked
only if the user says so (`--adopt kind:key=uuid`, `--adopt-by-name`); it is never overwritten, and no
second one is made beside it unasked. "The same place" is the same space (or dashboard, or delivered item),
by the links that there are, and those that adopting adds.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lightdash_sync.model.canonical import canonical
from lightdash_sync.model.changes.look import text
from lightdash_sync.model.changes.match import Key, match
from lightdash_sync.model.kinds import Kind
from lightdash_sync.model.parts import FILTERS, TABS, TILES, elements, names_of, rules_of
from lightdash_sync.model.quiet import is_quiet

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from lightdash_sync.model.canonical import Json, JsonObject
    from lightdash_sync.model.changes.change import Value
    from lightdash_sync.model.identity import Identity
    from lightdash_sync.plan.options import Item
    from lightdash_sync.plan.scope import Contents

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
class Likenesses:
    """What looks like what.

    Attributes:
        candidates: desired item -> items of the target that look like it and are linked with none.
        same: desired item -> the target's item that it is, by a link or by adoption.
    """

    candidates: Mapping[Item, tuple[Item, ...]]
    same: Mapping[Item, Item]


def likenesses(
    desired: Contents,
    existing: Contents,
    linked: frozenset[Item],
    wanted: Iterable[Item],
    *,
    adopt: bool,
    apart: frozenset[Item] = frozenset(),
) -> Likenesses:
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
    same: dict[Item, Item] = {item: item for item in linked}
    found: dict[Item, tuple[Item, ...]] = {}
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
    return Likenesses(found, same)


def by_slug(desired: Identity, existing: Identity, linked: frozenset[Item]) -> dict[Item, Item]:
    """Return desired item -> the target's item with the same slug, where one here and one there has it."""
    found: dict[Item, Item] = {}
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
    item: Item,
    other: Item,
    desired: Contents,
    existing: Contents,
    same: Mapping[Item, Item],
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
                text(new[after], "id"): uuids[text(old[before], "id")]
                for before, after in match([*old], [*new], *keys).both
                if text(old[before], "id") in uuids and text(new[after], "id")
            }
    return result


def _parts(dashboard: JsonObject, part: str, same: Mapping[Item, Item]) -> list[JsonObject]:
    """Return the elements of a part, a tile with the target's keys, and a rule with its group."""
    if part == FILTERS:
        return [rule | {_GROUP: group} for group, rule in rules_of(dashboard)]
    found = elements(dashboard, part)
    return [_seen(tile, same) for tile in found] if part == TILES else found


def _levels(items: list[Item], contents: Contents) -> list[list[Item]]:
    """Divide spaces by how deep they stand, so that parents come first."""
    levels: dict[int, list[Item]] = {}
    for item in items:
        depth = len(contents.spaces_of(item)) if item[0] is Kind.SPACE else 0
        levels.setdefault(depth, []).append(item)
    return [levels[depth] for depth in sorted(levels)]


def _looks(item: Item, contents: Contents, same: Mapping[Item, Item]) -> tuple[str, ...] | None:
    """Return what tells an item from others of its kind, place included; None if its place is not there."""
    content = contents.of(item)
    place: tuple[str, ...] = ()
    for field, kind in _PLACES:
        if key := text(content, field):
            other = same.get((kind, key))
            if other is None:
                return None
            place = (field, other[1])
    more = (text(content, field) for field in _MORE_OF_SCHEDULERS) if item[0] is Kind.SCHEDULER else ()
    return (text(content, "name"), *place, *more)


def _by_look(items: Iterable[Item], contents: Contents) -> dict[tuple[str, ...], list[Item]]:
    found: dict[tuple[str, ...], list[Item]] = {}
    itself = {item: item for item in contents.there}
    for item in items:
        if (look := _looks(item, contents, itself)) is not None:
            found.setdefault(look, []).append(item)
    return found


def _unfinished(
    there: Mapping[tuple[str, ...], list[Item]], contents: Contents
) -> dict[tuple[str, ...], list[Item]]:
    """Schedulers that were left behind before they got their time, by what else tells them from others."""
    found: dict[tuple[str, ...], list[Item]] = {}
    for look, items in there.items():
        quiet = [item for item in items if is_quiet(contents.of(item))]
        found.setdefault(_without_time(look), []).extend(quiet)
    return found


def _without_time(look: tuple[str, ...]) -> tuple[str, ...]:
    return look[: -len(_MORE_OF_SCHEDULERS)]


def _by_slug(identity: Identity, kind: Kind, linked: frozenset[Item]) -> dict[str, list[Item]]:
    found: dict[str, list[Item]] = {}
    for key, facts in identity.items.get(kind, {}).items():
        slug = facts.get("slug")
        if isinstance(slug, str) and slug and (kind, key) not in linked:
            found.setdefault(slug, []).append((kind, key))
    return found


def _seen(tile: JsonObject, same: Mapping[Item, Item]) -> JsonObject:
    """Return a tile with the target's keys for the charts on it."""
    shows = tile.get("properties")
    if not isinstance(shows, dict):
        return tile
    said: dict[str, Json] = {}
    for field, kind in (("chart", Kind.CHART), ("sqlChart", Kind.SQL_CHART)):
        if key := text(shows, field):
            said[field] = same.get((kind, key), (kind, key))[1]
    return tile | {"properties": shows | said}


def _tab_name(tab: Value) -> str | None:
    return text(tab, "name") or None


def _tile_look(tile: Value) -> tuple[str, ...] | None:
    fields = ("chart", "sqlChart", "title", "text", "url", "content")
    shown = tuple(text(tile, "properties", field) for field in fields)
    return (text(tile, "type"), *shown) if any(shown) else None


def _tile_place(tile: Value) -> tuple[str, ...] | None:
    if not isinstance(tile, dict):
        return None
    return (text(tile, "type"), *(str(tile.get(side)) for side in ("x", "y", "w", "h")))


def _rule_says(rule: Value) -> bytes | None:
    if not isinstance(rule, dict):
        return None
    return canonical({name: value for name, value in rule.items() if name not in ("id", "tileTargets")})


def _rule_field(rule: Value) -> tuple[str, ...] | None:
    where = tuple(text(rule, "target", name) for name in ("fieldId", "tableName", "fieldRef"))
    return (text(rule, _GROUP), *where) if any(where) else None


# Part of a dashboard -> what an element is found again by, strictest first.
_ALIKE: Mapping[str, tuple[Key, ...]] = {
    TABS: (_tab_name,),
    TILES: (_tile_look, _tile_place),
    FILTERS: (_rule_says, _rule_field),
}
