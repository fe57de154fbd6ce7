"""What comes back with deleted items that are put back, because Lightdash took it away with them.

With a chart or dashboard Lightdash deletes its deliveries, its pin and the comments on the chart, and it
empties the tiles of other dashboards that showed the chart. Putting the item back brings the deliveries, the
pin and the tiles. Of what is alive only such tiles and the list of pins are written. Tiles that were changed
since, and comments that are lost, are named.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lightdash_sync.content.json import Json, JsonObject, get_path, get_str, objects, parse
from lightdash_sync.content.kinds import Kind
from lightdash_sync.content.tree import file_of, place_of
from lightdash_sync.sync.plan.lists import pinned
from lightdash_sync.sync.plan.values import Action

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from lightdash_sync.content.kinds import ItemKey
    from lightdash_sync.sync.plan.values import Step

_ON_TILES = (("chart", Kind.CHART), ("sqlChart", Kind.SQL_CHART))


@dataclass(frozen=True)
class Refilled:
    """A dashboard with its empty tiles showing what they showed before.

    Attributes:
        content: the dashboard as it is now, but for these tiles.
        shown: charts that its tiles show, of those that return.
        changed: names of tiles that were changed or removed since, so that they are left alone.
    """

    content: JsonObject
    shown: frozenset[ItemKey] = frozenset()
    changed: tuple[str, ...] = ()


def refilled(existing: JsonObject, before: JsonObject, returning: Collection[ItemKey]) -> Refilled:
    """Return a dashboard with those tiles filled that are empty because a chart was deleted.

    Args:
        existing: the dashboard as it is now.
        before: as it was when it showed the charts.
        returning: charts and SQL charts.
    """
    former = {
        get_str(tile, "id"): (item, get_path(tile, "properties"))
        for tile in objects(before.get("tiles"))
        for item in shown_on(tile)
        if item in returning
    }
    tiles: list[Json] = []
    found: set[ItemKey] = set()
    for tile in objects(existing.get("tiles")):
        item, then = former.get(get_str(tile, "id"), (None, None))
        now = get_path(tile, "properties")
        if item is None or not isinstance(now, dict) or not isinstance(then, dict):
            tiles.append(tile)
            continue
        if _is_empty(item, now):
            tile = tile | {"properties": _filled(item, now, then)}
        if item in shown_on(tile):
            former.pop(get_str(tile, "id"))
            found.add(item)
        tiles.append(tile)
    return Refilled(
        existing | {"tiles": tiles} if found else existing, frozenset(found), tuple(sorted(former))
    )


def _is_empty(item: ItemKey, shows: JsonObject) -> bool:
    """Whether a tile is of the kind that shows such a chart, and shows none."""
    field = _field(item)
    return field in shows and shows[field] is None


def _filled(item: ItemKey, now: JsonObject, then: JsonObject) -> JsonObject:
    """Return what a tile shows with its chart. With a SQL chart the title of its tile was deleted, too."""
    if item[0] is Kind.SQL_CHART and not get_str(now, "title"):
        return then
    return now | {_field(item): item[1]}


def _field(item: ItemKey) -> str:
    return next(field for field, kind in _ON_TILES if kind is item[0])


def shown_on(tile: JsonObject) -> Iterator[ItemKey]:
    """Yield the chart or SQL chart that a tile shows."""
    shows = get_path(tile, "properties")
    return ((kind, key) for field, kind in _ON_TILES if (key := get_str(shows, field)))


def pinned_again(existing: Json, before: Json, returning: Collection[ItemKey]) -> Json:
    """Return a list of pins with those of some items back in it, each behind what it stood behind.

    Args:
        existing: the list as it is now; null if it is empty.
        before: the list as it was when the items were pinned.
        returning: the items.
    """
    now = [*objects(existing)]
    places = {pinned(pin) for pin in now}
    ahead: list[ItemKey] = []
    added = False
    for pin in objects(before):
        item = pinned(pin)
        if item in returning and item not in places:
            behind = next((one for one in reversed(ahead) if one in places), None)
            place = 0 if behind is None else 1 + [pinned(row) for row in now].index(behind)
            now.insert(place, pin)
            places.add(item)
            added = True
        ahead.append(item)
    return [pin | {"order": place} for place, pin in enumerate(now, 1)] if added else existing


def lost_comments(comments: Json, before: JsonObject, returning: Collection[ItemKey]) -> int:
    """Return how many comments on a dashboard were deleted with charts, replies included.

    A comment hangs on its tile, and on the chart that the tile showed: where that is deleted, so is the
    comment. All others come back with the tile.

    Args:
        comments: content of its file.
        before: the dashboard when it had these comments.
        returning: charts that were deleted.
    """
    of_charts = {
        get_str(tile, "id")
        for tile in objects(before.get("tiles"))
        for item in shown_on(tile)
        if item[0] is Kind.CHART and item in returning
    }
    tiles = get_path(comments, "tiles")
    return sum(_counted(tiles.get(tile)) for tile in of_charts) if isinstance(tiles, dict) else 0


def emptied(steps: Sequence[Step], existing: Mapping[str, bytes]) -> list[str]:
    """Return the paths of dashboards of which some steps empty a tile, by deleting what it shows.

    They are stored before a run, so that undoing it can fill the tiles again.

    Args:
        steps: of a plan.
        existing: content of the target.
    """
    deleted = {(step.kind, step.key) for step in steps if step.action is Action.DELETE}
    if not any(kind in (Kind.CHART, Kind.SQL_CHART) for kind, _ in deleted):
        return []
    written = {(step.kind, step.key) for step in steps}
    boards = {path for path in existing if (item := place_of(path)) and item[0] is Kind.DASHBOARD}
    left = sorted(boards - {file_of(kind, key) for kind, key in written})
    return [
        path
        for path in left
        if any(
            not deleted.isdisjoint(shown_on(tile))
            for tile in objects(get_path(parse(existing[path]), "tiles"))
        )
    ]


def _counted(comments: Json) -> int:
    return sum(1 + _counted(comment.get("replies")) for comment in objects(comments))
