"""Dashboards: tiles, tabs, filters and what they apply to."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from lightdash_sync.changes.charts import DASHBOARD_FILTERS, parameter
from lightdash_sync.changes.walk import Elements, Key, Walk, by, described, each, match, nouns
from lightdash_sync.content.json import (
    ABSENT,
    Json,
    JsonObject,
    different,
    get_field,
    get_path,
    get_str,
    itself,
    objects,
    without,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence

    from lightdash_sync.changes.change import Path
    from lightdash_sync.content.json import Value

_POSITION, _SIZE = dict.fromkeys(("tab", "x", "y")), dict.fromkeys(("w", "h"))


def dashboard(walk: Walk, old: Value, new: Value, path: Path) -> None:
    """Compare two dashboards. Tiles and tabs have the names of the new one, in `before` too."""
    if isinstance(old, dict) and isinstance(new, dict):
        old = renamed(walk, old, new)
        described(
            {
                "tabs": _TABS,
                "tiles": _TILES,
                "filters": DASHBOARD_FILTERS,
                "parameters": each(lambda name: parameter(name)),
            }
        )(walk, old, new, path)


# --- tabs ---


def _order(element: Value) -> float:
    order = get_path(element, "order")
    return float(order) if isinstance(order, int | float) else -1.0


def _tab_name(_walk: Walk, tab: Value) -> str:
    return get_str(tab, "name") or get_str(tab, "id") or "without a name"


def _tab(walk: Walk, old: Value, new: Value, path: Path) -> None:
    """Say a name and a hidden tab as such; `order` is said as the order of all tabs."""
    name, differing = _tab_name(walk, new), different(old, new)
    for field, code in (("name", "tab_renamed"), ("order", "renumbered")):
        if field in differing:
            walk.say(code, (*path, field), get_field(old, field), get_field(new, field), name)
    was, now = get_field(old, "hidden"), get_field(new, "hidden")
    if "hidden" in differing and isinstance(was, bool) and isinstance(now, bool):
        walk.say("tab_hidden" if now else "tab_shown", (*path, "hidden"), was, now, name)
        differing.remove("hidden")
    if differing - {"name", "order"}:
        walk.say("tab_changed", path, old, new, name)


_TABS = Elements(
    nouns("tab", "tabs_reordered"),
    (by("id"),),
    _tab_name,
    unsaid=frozenset({"order"}),
    quietly="renumbered",
    rank=_order,
    inner=_tab,
)


# --- tiles ---


def shows(tile: Value) -> Hashable:
    """Return what a tile shows: the chart, else its title and text."""
    kind = get_str(tile, "type")
    for name in ("chart", "sqlChart", "url"):
        if found := get_str(tile, "properties", name):
            return (kind, name, found)
    return (kind, get_str(tile, "properties", "title"), get_str(tile, "properties", "text"))


def tile_name(_walk: Walk, tile: Value) -> str:
    """Return what a tile is called: its stable name."""
    return (
        get_str(tile, "id")
        or get_str(tile, "properties", "title")
        or get_str(tile, "type")
        or "without a name"
    )


def _tile(walk: Walk, old: Value, new: Value, path: Path) -> None:
    """Say where a tile is, how large it is, and what it shows, each for itself."""
    name, differing = tile_name(walk, new), different(old, new)
    for code, parts in (("tile_moved", _POSITION), ("tile_resized", _SIZE)):
        if differing & parts.keys():
            walk.say(code, path, _only(old, parts), _only(new, parts), name)
    if differing - _POSITION.keys() - _SIZE.keys():
        walk.say("tile_changed", path, old, new, name)


def _only(tile: Value, parts: Mapping[str, None]) -> Value:
    return {part: get_path(tile, part) for part in parts if get_field(tile, part) is not ABSENT}


_TILES = Elements(nouns("tile"), (by("id"),), tile_name, inner=_tile)


# --- the same tiles and tabs under other names ---


class _Names(NamedTuple):
    """Old name -> new name of tiles or tabs that are the same ones, and the places that say the new."""

    new: dict[str, str]
    places: list[Path]

    def both_ways(self) -> dict[str, str]:
        """Return the names for what refers to them: who said the new name before meant something else."""
        return {new: old for old, new in self.new.items()} | self.new


def renamed(walk: Walk, old: JsonObject, new: JsonObject) -> JsonObject:
    """Return the old dashboard with the names that the new one has for the same tiles and tabs."""
    tabs = _names(old, new, "tabs", _by_title)
    said_tabs = tabs.both_ways()
    moved = _each(old, "tiles", lambda tile: _with_name(tile, "tab", said_tabs))
    tiles = _names(moved, new, "tiles", _exactly, shows)
    said_tiles = tiles.both_ways()
    if not said_tabs and not said_tiles:
        return old
    result = _each(moved, "tiles", lambda tile: _with_name(tile, "id", tiles.new))
    result = _each(result, "tabs", lambda tab: _with_name(tab, "id", tabs.new))
    places = [*tabs.places, *tiles.places]
    for index, tile in enumerate(objects(new.get("tiles"))):
        if get_str(tile, "tab") in said_tabs:
            places.append(("tiles", index, "tab"))
    if isinstance(filters := result.get("filters"), dict):
        for group in filters:
            filters = _each(filters, group, lambda rule: _targets(rule, said_tiles))
            for index, rule in enumerate(objects(filters[group])):
                applies = get_path(rule, "tileTargets")
                if isinstance(applies, dict) and applies.keys() & said_tiles.keys():
                    places.append(("filters", group, index, "tileTargets"))
        result = result | {"filters": filters}
    was: list[Json] = [*tabs.new.keys(), *tiles.new.keys()]
    now: list[Json] = [*tabs.new.values(), *tiles.new.values()]
    walk.say("ids_changed", places[0], was, now, also=places[1:])
    return result


def _names(old: JsonObject, new: JsonObject, where: str, *alike: Key) -> _Names:
    """Find the parts that have no partner by name, and one that is like them."""
    before, after = objects(old.get(where)), objects(new.get(where))
    known = {get_str(part, "id") for part in before} & {get_str(part, "id") for part in after}
    free = [
        [(index, part) for index, part in enumerate(side) if get_str(part, "id") not in {"", *known}]
        for side in (before, after)
    ]
    found = match([part for _, part in free[0]], [part for _, part in free[1]], *alike)
    new_names: dict[str, str] = {}
    used: set[str] = set()
    places: list[Path] = []
    for was, now in found.both:
        name, new_name = get_str(free[0][was][1], "id"), get_str(free[1][now][1], "id")
        if name not in new_names and new_name not in used:  # a name twice names nothing
            new_names[name] = new_name
            used.add(new_name)
            places.append((where, free[1][now][0], "id"))
    return _Names(new_names, places)


def _by_title(tab: Value) -> Hashable:
    return get_str(tab, "name") or None


def _exactly(tile: Value) -> Hashable:
    return itself(without(tile, frozenset({"id"})))


def _each(obj: JsonObject, name: str, change: Callable[[JsonObject], JsonObject]) -> JsonObject:
    items = obj.get(name)
    if not isinstance(items, list):
        return obj
    return obj | {name: [change(item) if isinstance(item, dict) else item for item in items]}


def _with_name(part: JsonObject, name: str, names: Mapping[str, str]) -> JsonObject:
    new = names.get(get_str(part, name))
    return part if new is None else part | {name: new}


def _targets(rule: JsonObject, names: Mapping[str, str]) -> JsonObject:
    applies = rule.get("tileTargets")
    if not isinstance(applies, dict):
        return rule
    return rule | {"tileTargets": {names.get(tile, tile): to for tile, to in applies.items()}}


# What became of the tiles of a dashboard, tab by tab: the picture of what `dashboards` says in words.
#
# Tiles and tabs are the same ones here as there. Places and sizes come from content and may be anything:
# what is no number counts as 0, and all are cut to what a grid of `COLUMNS` can hold.

COLUMNS = 36  # of the grid that Lightdash lays tiles out on
MAX_ROWS = 2000  # no dashboard that a person made is longer
_FAR = 10**9


class TileFate(StrEnum):
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
    fate: TileFate
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
        return self.before != self.after or any(tile.fate is not TileFate.SAME for tile in self.tiles)


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
        for tab in dict.fromkeys(get_str(side, "tab") for side in (now, was) if side is not None):
            shown.setdefault(tab, []).append(_drawn_tile(was, now, tab))
    return [
        _drawn_tab(tab, names.get(tab, tab), found, before, after)
        for tab, found in shown.items()
        if found or tab
    ]


def _drawn_tab(tab: str, name: str, found: list[Tile], before: JsonObject, after: JsonObject) -> Tab:
    was, now = (
        tab in _ids(side) if tab else any((tile.before if side is before else tile.after) for tile in found)
        for side in (before, after)
    )
    return Tab(name, was, now, tuple(sorted(found, key=_place)))


def _ids(dashboard: JsonObject) -> set[str]:
    """Return the tabs that a dashboard has, or at least puts tiles on."""
    tabs = {get_str(tab, "id") for tab in objects(dashboard.get("tabs"))}
    return tabs | {get_str(tile, "tab") for tile in objects(dashboard.get("tiles"))}


def _tabs(before: JsonObject, after: JsonObject) -> dict[str, str]:
    """Return id -> name of all tabs, those of the new dashboard first, each in its order."""
    names: dict[str, str] = {}
    for side in (after, before):
        for tab in sorted(objects(side.get("tabs")), key=lambda tab: _number(tab.get("order"))):
            if get_str(tab, "id"):
                names.setdefault(get_str(tab, "id"), get_str(tab, "name") or get_str(tab, "id"))
    return names


def _pairs(old: Sequence[Json], new: Sequence[Json]) -> Iterable[tuple[Json, Json]]:
    """Yield each tile before and after; null where it is not there."""
    found = match(old, new, itself, _id)
    yield from ((old[was], new[now]) for was, now in found.both)
    yield from ((None, new[now]) for now in found.added)
    yield from ((old[was], None) for was in found.removed)


def _id(tile: Value) -> Hashable:
    return get_str(tile, "id") or None


def _drawn_tile(old: Json, new: Json, tab: str) -> Tile:
    was = _box(old) if old is not None and get_str(old, "tab") == tab else None
    now = _box(new) if new is not None and get_str(new, "tab") == tab else None
    tile = new if new is not None else old
    return Tile(tile_label(tile), get_str(tile, "type"), _fate(old, new, was, now), was, now)


def _fate(old: Json, new: Json, was: Box | None, now: Box | None) -> TileFate:
    if old is None or new is None:
        return TileFate.ADDED if old is None else TileFate.REMOVED
    if was is None or now is None:  # from or to another tab
        return TileFate.MOVED
    if (was.x, was.y) != (now.x, now.y):
        return TileFate.MOVED
    if was != now:
        return TileFate.RESIZED
    return TileFate.SAME if itself(old) == itself(new) else TileFate.CHANGED


def tile_label(tile: Value) -> str:
    """Return what a tile shows, as people would say it: its title, else the chart, else its name."""
    title = get_str(tile, "properties", "title")
    chart = get_str(tile, "properties", "chart") or get_str(tile, "properties", "sqlChart")
    if title and chart and title != chart:
        return f"{title} ({chart})"
    return title or chart or get_str(tile, "properties", "url") or tile_name(Walk(), tile)


def _place(tile: Tile) -> tuple[float, float, str]:
    box = tile.after or tile.before or Box(0, 0, 1, 1)
    return (box.y, box.x, tile.label)


def _box(tile: Json) -> Box:
    x = min(max(_number(get_path(tile, "x")), 0), COLUMNS - 1)
    y = min(max(_number(get_path(tile, "y")), 0), MAX_ROWS)
    w = min(max(_number(get_path(tile, "w")), 1), COLUMNS - x)
    h = min(max(_number(get_path(tile, "h")), 1), MAX_ROWS)
    return Box(x, y, w, h)


def _number(value: Json) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return 0.0
    return float(min(max(value, -_FAR), _FAR))
