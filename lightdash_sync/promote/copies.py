"""Copies that an earlier promotion made upstream, and that the server does not find again.

Before 0.1505.2 a copy gets a slug of its own, so that each promotion makes another. What was promoted once
and is upstream as it would be made anew needs no promotion: running again what ended half way goes on, and
makes nothing twice. Pure.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lightdash_sync.model.changes.look import held, text
from lightdash_sync.model.kinds import Kind
from lightdash_sync.plan.managed import same_content
from lightdash_sync.plan.options import Options
from lightdash_sync.promote.selection import concerned

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from lightdash_sync.model.canonical import Json, JsonObject
    from lightdash_sync.plan.options import Item
    from lightdash_sync.promote.foresight import Foresight

_OPTIONS = Options()


def standing(
    calls: Iterable[Item], after: Mapping[Item, Json], foresight: Foresight, links: Mapping[Item, str]
) -> dict[Item, str]:
    """Return the items that are upstream already, as promotion would make them, and that no call need make.

    A call that has something else to do makes all its copies anew; these are none of them.

    Args:
        calls: what would be promoted.
        after: item -> the content that it has after its promotion.
        foresight: both projects.
        links: item -> uuid of the upstream item that this tool linked it with.

    Returns:
        Item -> key of its copy upstream.
    """
    found = {item: key for item in after if (key := linked_copy(item, foresight, links)) is not None}
    same = {item for item, key in found.items() if _is_as_made(item, key, after[item], foresight, found)}
    anew: set[Item] = set()
    for call in calls:
        items = concerned(call, foresight)
        if any(item not in same and _is_written(item, after[item], foresight, found) for item in items):
            anew |= {*items}
    return {item: found[item] for item in sorted(same - anew)}


def linked_copy(item: Item, foresight: Foresight, links: Mapping[Item, str]) -> str | None:
    """Return the key of the upstream item that this tool linked an item with, if the server finds another.

    Args:
        item: of the source.
        foresight: both projects.
        links: item -> uuid of the upstream item that this tool linked it with.
    """
    if item in foresight.pairs.found or foresight.server.can("promotion_keeps_slugs"):
        return None
    return foresight.there.known_keys(item[0]).get(links.get(item, ""))


def with_copies(item: Item, after: Json, copies: Mapping[Item, str]) -> Json:
    """Return what an item will be upstream, with the copies that stand in the places of what is made.

    Args:
        item: of the source.
        after: its content, in which what is made has the source's key.
        copies: item -> key of its copy upstream.
    """
    if not isinstance(after, dict):
        return after
    said: JsonObject = dict(after)
    for field, kind in (("space", Kind.SPACE), ("dashboard", Kind.DASHBOARD)):
        if field in said:
            said[field] = copies.get((kind, text(said, field)), said[field])
    if item[0] is Kind.DASHBOARD:
        said["tiles"] = [_shown(tile, copies) for tile in held(said, "tiles")]
    return said


def _is_written(item: Item, after: Json, foresight: Foresight, copies: Mapping[Item, str]) -> bool:
    if foresight.pairs.is_ambiguous(item):
        return True
    before = foresight.before(item)
    return before is None or not same_content(item[0], before, with_copies(item, after, copies), _OPTIONS)


def _is_as_made(item: Item, key: str, after: Json, foresight: Foresight, copies: Mapping[Item, str]) -> bool:
    """Whether a copy is as promotion would make it, once the copies of what it shows are put in."""
    there = foresight.upstream.look(item[0], key)
    return same_content(item[0], there, with_copies(item, after, copies), _OPTIONS)


def _shown(tile: JsonObject, copies: Mapping[Item, str]) -> JsonObject:
    key = text(tile, "properties", "chart")
    properties = tile.get("properties")
    if not isinstance(properties, dict) or (Kind.CHART, key) not in copies:
        return tile
    return tile | {"properties": properties | {"chart": copies[Kind.CHART, key]}}
