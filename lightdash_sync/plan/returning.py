"""What comes back with deleted items that are put back, because Lightdash took it away with them.

With a chart or dashboard Lightdash deletes its deliveries, its pin and the comments on the chart, and it
empties the tiles of other dashboards that showed the chart. Putting the item back brings the deliveries, the
pin and the tiles. Of what is alive only such tiles and the list of pins are written. Tiles that were changed
since, and comments that are lost, are named.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lightdash_sync.model.canonical import Json, JsonObject, objects, parse
from lightdash_sync.model.changes.look import inside, text
from lightdash_sync.model.kinds import Kind
from lightdash_sync.model.rekey import file_of
from lightdash_sync.model.tree import place_of
from lightdash_sync.plan.lists import pinned
from lightdash_sync.plan.values import Action

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from lightdash_sync.plan.options import Item
    from lightdash_sync.plan.values import Step

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
    shown: frozenset[Item] = frozenset()
    changed: tuple[str, ...] = ()


def refilled(existing: JsonObject, before: JsonObject, returning: Collection[Item]) -> Refilled:
    """Return a dashboard with those tiles filled that are empty because a chart was deleted.

    Args:
        existing: the dashboard as it is now.
        before: as it was when it showed the charts.
        returning: charts and SQL charts.
    """
    former = {
        text(tile, "id"): (item, inside(tile, "properties"))
        for tile in objects(before.get("tiles"))
        for item in shown_on(tile)
        if item in returning
    }
    tiles: list[Json] = []
    found: set[Item] = set()
    for tile in objects(existing.get("tiles")):
        item, then = former.get(text(tile, "id"), (None, None))
        now = inside(tile, "properties")
        if item is None or not isinstance(now, dict) or not isinstance(then, dict):
            tiles.append(tile)
            continue
        if _is_empty(item, now):
            tile = tile | {"properties": _filled(item, now, then)}
        if item in shown_on(tile):
            former.pop(text(tile, "id"))
            found.add(item)
        tiles.append(tile)
    return Refilled(
        existing | {"tiles": tiles} if found else existing, frozenset(found), tuple(sorted(former))
    )


def _is_empty(item: Item, shows: JsonObject) -> bool:
    """Whether a tile is of the kind that shows such a chart, and shows none."""
    field = _field(item)
    return field in shows and shows[field] is None


def _filled(item: Item, now: JsonObject, then: JsonObject) -> JsonObject:
    """Return what a tile shows with its chart. With a SQL chart the title of its tile was deleted, too."""
    if item[0] is Kind.SQL_CHART and not text(now, "title"):
        return then
    return now | {_field(item): item[1]}


def _field(item: Item) -> str:
    return next(field for field, kind in _ON_TILES if kind is item[0])


def shown_on(tile: JsonObject) -> Iterator[Item]:
    """Yield the chart or SQL chart that a tile shows."""
    shows = inside(tile, "properties")
    return ((kind, key) for field, kind in _ON_TILES if (key := text(shows, field)))


def pinned_again(existing: Json, before: Json, returning: Collection[Item]) -> Json:
    """Return a list of pins with those of some items back in it, each behind what it stood behind.

    Args:
        existing: the list as it is now; null if it is empty.
        before: the list as it was when the items were pinned.
        returning: the items.
    """
    now = [*objects(existing)]
    places = {pinned(pin) for pin in now}
    ahead: list[Item] = []
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


def lost_comments(comments: Json, before: JsonObject, returning: Collection[Item]) -> int:
    """Return how many comments on a dashboard were deleted with charts, replies included.

    A comment hangs on its tile, and on the chart that the tile showed: where that is deleted, so is the
    comment. All others come back with the tile.

    Args:
        comments: content of its file.
        before: the dashboard when it had these comments.
        returning: charts that were deleted.
    """
    of_charts = {
        text(tile, "id")
        for tile in objects(before.get("tiles"))
        for item in shown_on(tile)
        if item[0] is Kind.CHART and item in returning
    }
    tiles = inside(comments, "tiles")
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
            not deleted.isdisjoint(shown_on(tile)) for tile in objects(inside(parse(existing[path]), "tiles"))
        )
    ]


def _counted(comments: Json) -> int:
    return sum(1 + _counted(comment.get("replies")) for comment in objects(comments))
