"""The two forms of a dashboard's document: tabs by uuid, as until 0.3469.0, and tabs by slug since.

The newer form has no uuid of a part: tabs and the tabs of tiles go by slugs made of their names, date zoom
by what the tiles are called, data apps by their slug.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from lightdash_sync.model.canonical import Json, JsonObject, objects
from lightdash_sync.model.changes.look import inside, text
from lightdash_sync.model.keys import slugify

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

APP_TILE = "data_app"


def tab_slugs(tabs: list[JsonObject]) -> dict[str, str]:
    """Return uuid -> slug of tabs, as the server makes slugs; where two would meet, one counts on."""
    bases = [slugify(text(tab, "name")) or f"tab-{place + 1}" for place, tab in enumerate(tabs)]
    times, seen = Counter(bases), Counter[str]()
    found: dict[str, str] = {}
    for tab, base in zip(tabs, bases, strict=True):
        seen[base] += 1
        slug = base if times[base] == 1 else f"{base}-{seen[base]}"
        while slug in found.values():
            seen[base] += 1
            slug = f"{base}-{seen[base]}"
        found[text(tab, "uuid")] = slug
    return found


def in_newer_form(document: JsonObject, tiles: Mapping[str, str | None]) -> JsonObject:
    """Return the document of a dashboard in the newer form.

    Args:
        document: in the older form.
        tiles: uuid of a tile -> what it is called.
    """
    tabs = objects(document.get("tabs"))
    slugs = tab_slugs(tabs)
    tiles_there = sorted((_tile(tile, slugs) for tile in objects(document.get("tiles"))), key=_order)
    result: JsonObject = document | {"tiles": [*tiles_there]}
    if "tabs" in document:
        result["tabs"] = [
            {name: value for name, value in tab.items() if name != "uuid"}
            | {"slug": slugs[text(tab, "uuid")]}
            for tab in tabs
        ]
    called = {uuid: slug for uuid, slug in tiles.items() if slug}

    def named(targets: JsonObject) -> JsonObject:
        return {called[tile]: to for tile, to in targets.items() if tile in called}

    return with_zoom(result, named)


def zoom_targets(dashboard: JsonObject) -> JsonObject:
    """Return what the date zoom of a dashboard governs, by tile; {} if there is nothing."""
    targets = inside(dashboard, "config", "dateZoomConfig", "tileTargets")
    return targets if isinstance(targets, dict) else {}


def with_zoom(dashboard: JsonObject, change: Callable[[JsonObject], JsonObject]) -> JsonObject:
    """Return a dashboard, or its document, in which the targets of date zoom are said otherwise."""
    config, zoom = dashboard.get("config"), inside(dashboard, "config", "dateZoomConfig")
    if not isinstance(config, dict) or not isinstance(zoom, dict) or "tileTargets" not in zoom:
        return dashboard
    changed = zoom | {"tileTargets": change(zoom_targets(dashboard))}
    return dashboard | {"config": config | {"dateZoomConfig": changed}}


def _tile(tile: JsonObject, slugs: Mapping[str, str]) -> JsonObject:
    said = {name: value for name, value in tile.items() if name != "tabUuid"}
    said["tabSlug"] = slugs.get(text(tile, "tabUuid"))
    shows = tile.get("properties")
    if not isinstance(shows, dict):
        return said
    if tile.get("type") == APP_TILE:
        app: JsonObject = {name: shows[name] for name in ("title", "hideTitle", "appSlug") if name in shows}
        return said | {"properties": app, "tileSlug": shows.get("appSlug")}
    if said.get("tileSlug") is None:  # its chart was deleted
        said.pop("tileSlug", None)
    if tile.get("type") == "saved_chart" and shows.get("chartName") is None:
        shows = {name: value for name, value in shows.items() if name != "chartName"}
    return said | {"properties": without_title(tile, shows)}


def _order(tile: JsonObject) -> tuple[float, float, str, str, str]:
    return (
        _number(tile.get("y")), _number(tile.get("x")),
        text(tile, "tabSlug"), text(tile, "tileSlug"), text(tile, "type"),
    )  # fmt: skip


def _number(value: Json) -> float:
    return float(value) if isinstance(value, int | float) else 0.0


def without_title(tile: JsonObject, shows: JsonObject) -> JsonObject:
    """Return what a tile shows; of Markdown the newer form has no word for whether its title is hidden."""
    if tile.get("type") != "markdown":
        return shows
    return {name: value for name, value in shows.items() if name != "hideTitle"}


def named_tab(tile: JsonObject) -> Json:
    """Return by what a tile names its tab: a slug, a uuid, or null for none."""
    return f"slug:{tile['tabSlug']}" if isinstance(tile.get("tabSlug"), str) else tile.get("tabUuid")


def name_of_tab(tab: JsonObject, place: int) -> str:
    """Return by what tiles name a tab of a document."""
    return f"slug:{text(tab, 'slug')}" if text(tab, "slug") else text(tab, "uuid") or f"#{place}"
