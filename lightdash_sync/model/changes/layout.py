"""What became of the tiles of a dashboard, tab by tab: the picture of what `dashboards` says in words.

Tiles and tabs are the same ones here as there. Places and sizes come from content and may be anything:
what is no number counts as 0, and all are cut to what a grid of `COLUMNS` can hold.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from lightdash_sync.model.canonical import Json, objects
from lightdash_sync.model.changes.dashboards import renamed, tile_name
from lightdash_sync.model.changes.look import inside, itself, text
from lightdash_sync.model.changes.match import match
from lightdash_sync.model.changes.walk import Walk

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Sequence

    from lightdash_sync.model.canonical import JsonObject
    from lightdash_sync.model.changes.change import Value

COLUMNS = 36  # of the grid that Lightdash lays tiles out on
MAX_ROWS = 2000  # no dashboard that a person made is longer
_FAR = 10**9


class Fate(StrEnum):
    """What became of a tile; the first that is true."""

    ADDED = "added"
    REMOVED = "removed"
    MOVED = "moved"
    RESIZED = "resized"
    CHANGED = "changed"
    SAME = "same"


@dataclass(frozen=True, slots=True)
class Box:
    """Where a tile is, in cells of the grid.

    Attributes:
        x: of its left edge, 0 to 35.
        y: of its upper edge.
        w: width, at least 1.
        h: height, at least 1.
    """

    x: float
    y: float
    w: float
    h: float


@dataclass(frozen=True, slots=True)
class Tile:
    """A tile of one tab.

    Attributes:
        label: what it shows, for people; from content.
        kind: its type; from content.
        fate: what became of it.
        before: where it was on this tab; None if it was not on it.
        after: where it is on this tab; None if it is not on it.
    """

    label: str
    kind: str
    fate: Fate
    before: Box | None
    after: Box | None


@dataclass(frozen=True, slots=True)
class Tab:
    """A tab of a dashboard, or the whole of one without tabs.

    Attributes:
        name: for people, from content; "" for tiles that are on no tab.
        before: whether the old dashboard has it.
        after: whether the new one has it.
        tiles: by where they are, then by where they were. One that went to another tab is on both, as
            moved.
    """

    name: str
    before: bool
    after: bool
    tiles: tuple[Tile, ...]

    @property
    def is_changed(self) -> bool:
        """Whether anything of it differs."""
        return self.before != self.after or any(tile.fate is not Fate.SAME for tile in self.tiles)


def layout(old: Value, new: Value) -> list[Tab]:
    """Return the tabs of two dashboards with what became of their tiles.

    Total: what is no dashboard has no tabs.

    Args:
        old: content of the old one; anything but an object for none.
        new: content of the new one; anything but an object for none.
    """
    before: JsonObject = old if isinstance(old, dict) else {}
    after: JsonObject = new if isinstance(new, dict) else {}
    if before and after:
        before = renamed(Walk(), before, after)
    names = _tabs(before, after)
    tiles = _pairs(objects(before.get("tiles")), objects(after.get("tiles")))
    shown: dict[str, list[Tile]] = {name: [] for name in names}
    for was, now in tiles:
        for tab in dict.fromkeys(text(side, "tab") for side in (now, was) if side is not None):
            shown.setdefault(tab, []).append(_tile(was, now, tab))
    return [
        _tab(tab, names.get(tab, tab), found, before, after) for tab, found in shown.items() if found or tab
    ]


def _tab(tab: str, name: str, found: list[Tile], before: JsonObject, after: JsonObject) -> Tab:
    was, now = (
        tab in _ids(side) if tab else any((tile.before if side is before else tile.after) for tile in found)
        for side in (before, after)
    )
    return Tab(name, was, now, tuple(sorted(found, key=_place)))


def _ids(dashboard: JsonObject) -> set[str]:
    """Return the tabs that a dashboard has, or at least puts tiles on."""
    tabs = {text(tab, "id") for tab in objects(dashboard.get("tabs"))}
    return tabs | {text(tile, "tab") for tile in objects(dashboard.get("tiles"))}


def _tabs(before: JsonObject, after: JsonObject) -> dict[str, str]:
    """Return id -> name of all tabs, those of the new dashboard first, each in its order."""
    names: dict[str, str] = {}
    for side in (after, before):
        for tab in sorted(objects(side.get("tabs")), key=lambda tab: _number(tab.get("order"))):
            if text(tab, "id"):
                names.setdefault(text(tab, "id"), text(tab, "name") or text(tab, "id"))
    return names


def _pairs(old: Sequence[Json], new: Sequence[Json]) -> Iterable[tuple[Json, Json]]:
    """Yield each tile before and after; null where it is not there."""
    found = match(old, new, itself, _id)
    yield from ((old[was], new[now]) for was, now in found.both)
    yield from ((None, new[now]) for now in found.added)
    yield from ((old[was], None) for was in found.removed)


def _id(tile: Value) -> Hashable:
    return text(tile, "id") or None


def _tile(old: Json, new: Json, tab: str) -> Tile:
    was = _box(old) if old is not None and text(old, "tab") == tab else None
    now = _box(new) if new is not None and text(new, "tab") == tab else None
    tile = new if new is not None else old
    return Tile(tile_label(tile), text(tile, "type"), _fate(old, new, was, now), was, now)


def _fate(old: Json, new: Json, was: Box | None, now: Box | None) -> Fate:
    if old is None or new is None:
        return Fate.ADDED if old is None else Fate.REMOVED
    if was is None or now is None:  # from or to another tab
        return Fate.MOVED
    if (was.x, was.y) != (now.x, now.y):
        return Fate.MOVED
    if was != now:
        return Fate.RESIZED
    return Fate.SAME if itself(old) == itself(new) else Fate.CHANGED


def tile_label(tile: Value) -> str:
    """Return what a tile shows, as people would say it: its title, else the chart, else its name."""
    title = text(tile, "properties", "title")
    chart = text(tile, "properties", "chart") or text(tile, "properties", "sqlChart")
    if title and chart and title != chart:
        return f"{title} ({chart})"
    return title or chart or text(tile, "properties", "url") or tile_name(Walk(), tile)


def _place(tile: Tile) -> tuple[float, float, str]:
    box = tile.after or tile.before or Box(0, 0, 1, 1)
    return (box.y, box.x, tile.label)


def _box(tile: Json) -> Box:
    x = min(max(_number(inside(tile, "x")), 0), COLUMNS - 1)
    y = min(max(_number(inside(tile, "y")), 0), MAX_ROWS)
    w = min(max(_number(inside(tile, "w")), 1), COLUMNS - x)
    h = min(max(_number(inside(tile, "h")), 1), MAX_ROWS)
    return Box(x, y, w, h)


def _number(value: Json) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return 0.0
    return float(min(max(value, -_FAR), _FAR))
