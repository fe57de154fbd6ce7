"""Dashboards: tiles, tabs, filters and what they apply to."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from lightdash_sync.model.canonical import Json, JsonObject, objects
from lightdash_sync.model.changes.change import ABSENT
from lightdash_sync.model.changes.charts import parameter
from lightdash_sync.model.changes.elements import Elements, by, nouns
from lightdash_sync.model.changes.filters import DASHBOARD_FILTERS
from lightdash_sync.model.changes.look import different, get, inside, itself, text, without
from lightdash_sync.model.changes.match import Key, match
from lightdash_sync.model.changes.places import described
from lightdash_sync.model.changes.walk import Walk, each

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Mapping

    from lightdash_sync.model.changes.change import Path, Value

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
    order = inside(element, "order")
    return float(order) if isinstance(order, int | float) else -1.0


def _tab_name(_walk: Walk, tab: Value) -> str:
    return text(tab, "name") or text(tab, "id") or "without a name"


def _tab(walk: Walk, old: Value, new: Value, path: Path) -> None:
    """Say a name and a hidden tab as such; `order` is said as the order of all tabs."""
    name, differing = _tab_name(walk, new), different(old, new)
    for field, code in (("name", "tab_renamed"), ("order", "renumbered")):
        if field in differing:
            walk.say(code, (*path, field), get(old, field), get(new, field), name)
    was, now = get(old, "hidden"), get(new, "hidden")
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
    kind = text(tile, "type")
    for name in ("chart", "sqlChart", "url"):
        if found := text(tile, "properties", name):
            return (kind, name, found)
    return (kind, text(tile, "properties", "title"), text(tile, "properties", "text"))


def tile_name(_walk: Walk, tile: Value) -> str:
    """Return what a tile is called: its stable name."""
    return text(tile, "id") or text(tile, "properties", "title") or text(tile, "type") or "without a name"


def _tile(walk: Walk, old: Value, new: Value, path: Path) -> None:
    """Say where a tile is, how large it is, and what it shows, each for itself."""
    name, differing = tile_name(walk, new), different(old, new)
    for code, parts in (("tile_moved", _POSITION), ("tile_resized", _SIZE)):
        if differing & parts.keys():
            walk.say(code, path, _only(old, parts), _only(new, parts), name)
    if differing - _POSITION.keys() - _SIZE.keys():
        walk.say("tile_changed", path, old, new, name)


def _only(tile: Value, parts: Mapping[str, None]) -> Value:
    return {part: inside(tile, part) for part in parts if get(tile, part) is not ABSENT}


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
        if text(tile, "tab") in said_tabs:
            places.append(("tiles", index, "tab"))
    if isinstance(filters := result.get("filters"), dict):
        for group in filters:
            filters = _each(filters, group, lambda rule: _targets(rule, said_tiles))
            for index, rule in enumerate(objects(filters[group])):
                applies = inside(rule, "tileTargets")
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
    known = {text(part, "id") for part in before} & {text(part, "id") for part in after}
    free = [
        [(index, part) for index, part in enumerate(side) if text(part, "id") not in {"", *known}]
        for side in (before, after)
    ]
    found = match([part for _, part in free[0]], [part for _, part in free[1]], *alike)
    new_names: dict[str, str] = {}
    used: set[str] = set()
    places: list[Path] = []
    for was, now in found.both:
        name, new_name = text(free[0][was][1], "id"), text(free[1][now][1], "id")
        if name not in new_names and new_name not in used:  # a name twice names nothing
            new_names[name] = new_name
            used.add(new_name)
            places.append((where, free[1][now][0], "id"))
    return _Names(new_names, places)


def _by_title(tab: Value) -> Hashable:
    return text(tab, "name") or None


def _exactly(tile: Value) -> Hashable:
    return itself(without(tile, frozenset({"id"})))


def _each(obj: JsonObject, name: str, change: Callable[[JsonObject], JsonObject]) -> JsonObject:
    items = obj.get(name)
    if not isinstance(items, list):
        return obj
    return obj | {name: [change(item) if isinstance(item, dict) else item for item in items]}


def _with_name(part: JsonObject, name: str, names: Mapping[str, str]) -> JsonObject:
    new = names.get(text(part, name))
    return part if new is None else part | {name: new}


def _targets(rule: JsonObject, names: Mapping[str, str]) -> JsonObject:
    applies = rule.get("tileTargets")
    if not isinstance(applies, dict):
        return rule
    return rule | {"tileTargets": {names.get(tile, tile): to for tile, to in applies.items()}}
