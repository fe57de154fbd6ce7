"""Converts tiles, tabs and filters of a dashboard's document to the server's form, keeping existing ids.

A document has no ids of tiles and of filters on dimensions, because `lightdash upload` makes new ones each
time (and loses the comments on the tiles). Here each tile is matched with a tile of the existing dashboard:
by its whole content, by its chart and title, by its chart and position, by its chart, or by its position. A
tile that matches keeps its id.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from lightdash_sync.ascode.documents import (
    APP_TILE,
    CHART_TILES,
    GROUPS,
    TITLES,
    in_servers_order,
    is_chart_tile,
    layout_of,
    name_of_tab,
    named_tab,
    tab_slugs,
    with_zoom,
    without_title,
    zoom_targets,
)
from lightdash_sync.ascode.names import canonical_of, made_up, rules_taken_over
from lightdash_sync.changes.walk import match
from lightdash_sync.content.json import Json, JsonObject, canonical, get_str, objects
from lightdash_sync.content.parts import rules_of

if TYPE_CHECKING:
    from lightdash_sync.ascode.names import DocumentNames
    from lightdash_sync.ascode.tree import Document
    from lightdash_sync.content.json import Value


class Charts(Protocol):
    """Finds the charts that tiles name."""

    def knows(self, slug: str) -> bool:
        """Whether the documents or the project have a chart with a slug."""

    def chart(self, slug: str, tile_type: str) -> tuple[str, str]:
        """Return the type of the tile that shows a chart, and the chart's uuid."""

    def app(self, slug: str) -> str:
        """Return the uuid of a data app that a dashboard of the project shows; a made-up one if none does."""


@dataclass(frozen=True)
class Laid:
    """Tiles, tabs and filters in the server's form.

    Attributes:
        content: the fields, and `config` if the document has it.
        lost: number of tiles and tabs that filters and date zoom refer to, but that are not known here.
    """

    content: JsonObject
    lost: int = 0


def laid_out(document: Document, existing: JsonObject, names: DocumentNames, charts: Charts) -> Laid:
    """Return tiles, tabs and filters in the server's form.

    Args:
        document: the document of the dashboard.
        existing: the dashboard in the server's form; {} if the project does not have it.
        names: names and uuids of what the project has.
        charts: finds charts.

    Raises:
        ValueError: a tile is on a tab that the document does not have, or two tabs have the same slug.
    """
    return _Laying(document, existing, names, charts).laid()


class _Laying:
    def __init__(
        self, document: Document, existing: JsonObject, names: DocumentNames, charts: Charts
    ) -> None:
        self._slug, self._body, self._charts = document.slug, document.body, charts
        self._had = in_servers_order(objects(existing.get("tiles")))  # the order of documents
        self._had_tabs = objects(existing.get("tabs"))
        self._existing, self._filters = existing, existing.get("filters")
        self._before = layout_of(existing, names) if existing else {}
        ordered = objects(self._before.get("tiles"))
        self._said = {str(tile.get("uuid")): said for tile, said in zip(self._had, ordered, strict=True)}
        self._lost: set[str] = set()

    def laid(self) -> Laid:
        tabs = self._tabs()
        tiles = self._tiles(tabs)
        said = objects(self._body.get("tiles"))
        called: dict[str, str] = {}
        for document, tile in zip(said, tiles, strict=True):
            if is_chart_tile(document):
                slugs = (get_str(document, "tileSlug"), get_str(document, "properties", "chartSlug"))
                for slug in filter(None, slugs):
                    called.setdefault(slug, str(tile["uuid"]))
        content: JsonObject = {"tiles": [*tiles]}
        if self._had_tabs or "tabs" in self._body:
            content["tabs"] = [*tabs.values()]
        there = {str(tile["uuid"]) for tile in tiles}
        if (filters := self._rules(called, there)) is not None:
            content["filters"] = self._locked(filters, tabs)
        content |= with_zoom(
            {"config": self._body["config"]} if "config" in self._body else {},
            lambda targets: self._zoomed(targets, called, there),
        )
        return Laid(content, len(self._lost))

    def _tabs(self) -> dict[str, JsonObject]:
        """Return the tabs, by the name that tiles of the document use for them."""
        said = objects(self._body.get("tabs"))
        if twice := [
            slug
            for slug, times in Counter(get_str(tab, "slug") for tab in said).items()
            if slug and times > 1
        ]:
            raise ValueError(
                f"two tabs have the slug {twice[0]!r}; give one of them another, there and on its tiles"
            )
        slugs = tab_slugs(self._had_tabs)
        had = [tab | {"slug": slugs[get_str(tab, "uuid")]} for tab in self._had_tabs]
        pairs = match([*had], [*said], _uuid, _slug, _name).both
        known = {new: self._had_tabs[old] for old, new in pairs}
        return {
            name_of_tab(tab, place): {name: value for name, value in tab.items() if name != "slug"}
            | {
                "uuid": known[place]["uuid"]
                if place in known
                else made_up("tab", self._slug, str(place), _named(tab))
            }
            for place, tab in enumerate(said)
        }

    def _tiles(self, tabs: dict[str, JsonObject]) -> list[JsonObject]:
        """Return the tiles, in the order of the document."""
        before = [_plain(self._said[str(tile.get("uuid"))]) for tile in self._had]
        elsewhere = {
            place
            for tile, said in zip(self._had, before, strict=True)
            if is_chart_tile(tile) and _shows_something(tile) and not _chart(said)
            for place in _places(said)
        }
        wanted = [
            self._of_here(self._placed(tile, tabs), elsewhere) for tile in objects(self._body.get("tiles"))
        ]
        ways = (canonical_of, _chart_and_title, _chart_in_place, _chart, _place)
        pairs = match([*before], [*map(_plain, wanted)], *ways).both
        known = {new: old for old, new in pairs}
        return [self._tile(tile, place, known.get(place)) for place, tile in enumerate(wanted)]

    def _placed(self, tile: JsonObject, tabs: dict[str, JsonObject]) -> JsonObject:
        """Return a tile with the uuid that its tab has in this project."""
        tab = named_tab(tile)
        if "tabSlug" in tile:
            tile = {name: value for name, value in tile.items() if name != "tabSlug"} | {"tabUuid": None}
        if not isinstance(tab, str):
            return tile
        if tab not in tabs:
            raise ValueError(f"a tile is on the tab {tab.removeprefix('slug:')}, which is not in `tabs`")
        return tile | {"tabUuid": tabs[tab]["uuid"]}

    def _of_here(self, tile: JsonObject, elsewhere: set[tuple[str, ...]]) -> JsonObject:
        """Return a tile without its chart, where the existing tile shows a chart without a slug.

        That is a chart of another project.
        """
        shows, slug = tile.get("properties"), _chart(tile)
        if not slug or not isinstance(shows, dict) or self._charts.knows(slug):
            return tile
        if elsewhere.isdisjoint(_places(tile)):
            return tile
        return tile | {"properties": shows | {"chartSlug": None, "chartName": None}}

    def _tile(self, tile: JsonObject, place: int, old: int | None) -> JsonObject:
        had = self._had[old] if old is not None else {}
        said = {name: value for name, value in tile.items() if name not in ("tileSlug", "uuid", "properties")}
        made = {"uuid": had.get("uuid") or made_up("tile", self._slug, str(place), repr(canonical(tile)))}
        shows = tile.get("properties")
        if not is_chart_tile(tile) or not isinstance(shows, dict):
            return said | made | {"properties": self._shown(tile, had, shows)}
        before, slug = had.get("properties"), _chart(tile)
        kept = before if isinstance(before, dict) else {}
        titles = {name: shows[name] for name in TITLES if name in shows}
        if had and slug == _chart(self._said[str(had.get("uuid"))]) and tile["type"] == had.get("type"):
            rest = {name: value for name, value in kept.items() if name not in TITLES}
            return said | made | {"properties": rest | titles}
        kind = str(tile["type"])
        kind, uuid = self._charts.chart(slug, kind) if slug else (kind, None)
        return said | made | {"type": kind, "properties": titles | {CHART_TILES[kind][0]: uuid}}

    def _shown(self, tile: JsonObject, had: JsonObject, shows: Json) -> Json:
        """Return the properties of a tile without a chart; what newer documents leave out is kept."""
        before = had.get("properties")
        if not isinstance(shows, dict) or not isinstance(before, dict):
            before = {}
        if not isinstance(shows, dict):
            return shows
        if tile.get("type") == APP_TILE and "appUuid" not in shows and (slug := get_str(shows, "appSlug")):
            same = get_str(before, "appSlug") == slug and "appUuid" in before
            return shows | {"appUuid": before["appUuid"] if same else self._charts.app(slug)}
        if tile.get("type") == "markdown" and "hideTitle" not in shows and "hideTitle" in before:
            return shows | {"hideTitle": before["hideTitle"]}
        return shows

    def _zoomed(self, targets: JsonObject, called: dict[str, str], there: set[str]) -> JsonObject:
        """Return the targets of date zoom by the uuids of tiles; documents use slugs or uuids."""
        kept = {slug: called.get(slug, slug) for slug in targets}
        known = there | zoom_targets(self._existing).keys()
        self._lost |= {slug for slug, tile in kept.items() if tile not in known}
        return {kept[slug]: to for slug, to in targets.items() if kept[slug] in known}

    def _locked(self, filters: Json, tabs: dict[str, JsonObject]) -> Json:
        """Return the filters with the tabs that they are locked on named by their uuids in this project."""
        uuids = {get_str(tab, "uuid"): get_str(tab, "uuid") for tab in tabs.values()}
        uuids |= {name: get_str(tab, "uuid") for name, tab in tabs.items()}
        for _, rule in rules_of(self._existing):
            locked = rule.get("lockedTabUuids")
            uuids |= {str(tab): str(tab) for tab in (locked if isinstance(locked, list) else [])}

        def here(rule: Json) -> Json:
            locked = rule.get("lockedTabUuids") if isinstance(rule, dict) else None
            if not isinstance(rule, dict) or not isinstance(locked, list):
                return rule
            self._lost |= {str(tab) for tab in locked if str(tab) not in uuids}
            return rule | {"lockedTabUuids": [uuids[str(tab)] for tab in locked if str(tab) in uuids]}

        if not isinstance(filters, dict):
            return filters
        return {
            group: [here(rule) for rule in rules] if isinstance(rules, list) else rules
            for group, rules in filters.items()
        }

    def _rules(self, called: dict[str, str], tiles: set[str]) -> Json:
        said = self._body.get("filters")
        had = self._filters if isinstance(self._filters, dict) else {}
        if not isinstance(said, dict):
            said = {}
        said = {group: [] for group in (had or GROUPS) if group in GROUPS} | said
        result: JsonObject = {name: value for name, value in said.items() if name != "dimensions"}
        for group in GROUPS[1:]:
            if group in said:
                result[group] = [*self._with_uuids(objects(said[group]), objects(had.get(group)), tiles)]
        if "dimensions" in said:
            result["dimensions"] = [*self._dimensions(objects(said["dimensions"]), called)]
        return result

    def _with_uuids(
        self, rules: list[JsonObject], had: list[JsonObject], tiles: set[str]
    ) -> list[JsonObject]:
        """Return filters that name tiles by uuid, without tiles that this project does not have."""
        before = {str(rule.get("id")): rule for rule in had}
        result: list[JsonObject] = []
        for place, rule in enumerate(rules):
            own = rule if "id" in rule else rule | {"id": made_up("rule", self._slug, str(place))}
            targets, known = own.get("tileTargets"), before.get(str(own["id"]), {}).get("tileTargets")
            if isinstance(targets, dict):
                there = tiles | set(known if isinstance(known, dict) else ())
                self._lost |= targets.keys() - there
                own = own | {"tileTargets": {tile: to for tile, to in targets.items() if tile in there}}
            result.append(own)
        return result

    def _dimensions(self, rules: list[JsonObject], called: dict[str, str]) -> list[JsonObject]:
        """Return filters on dimensions with their ids, and with the tiles that documents cannot name."""
        had = objects(self._filters.get("dimensions")) if isinstance(self._filters, dict) else []
        slugs = {str(uuid): get_str(said, "tileSlug") or None for uuid, said in self._said.items()}
        result, lost = rules_taken_over(rules, had, slugs, called, self._slug)
        self._lost |= lost
        return result


_TITLES = ("chartSlug", "appSlug", "title", "text", "url", "content")
_OF_OTHERS = frozenset({"chartName", "appUuid"})  # decided elsewhere, or only in the older form


def _plain(tile: JsonObject) -> JsonObject:
    """Return a tile's document without what does not belong to the tile: slugs, uuid, name of its chart."""
    said = {name: value for name, value in tile.items() if name not in ("tileSlug", "uuid")}
    shows = said.get("properties")
    if isinstance(shows, dict):
        shows = without_title(tile, shows)
        said["properties"] = {name: value for name, value in shows.items() if name not in _OF_OTHERS}
    return said


def _name(tab: Value) -> str | None:
    return get_str(tab, "name") or None


def _slug(tab: Value) -> str | None:
    return get_str(tab, "slug") or None


def _uuid(tab: Value) -> str | None:
    return get_str(tab, "uuid") or None


def _named(tab: JsonObject) -> str:
    return get_str(tab, "name")


def _chart_and_title(tile: Value) -> tuple[str, ...] | None:
    if not isinstance(tile, dict):
        return None
    words = [get_str(tile, "properties", name) for name in _TITLES]
    return (get_str(tile, "type"), str(tile.get("tabUuid")), *words) if any(words) else None


def _chart_in_place(tile: Value) -> tuple[str, ...] | None:
    chart, place = _chart(tile), _place(tile)
    return (chart, *place[1:]) if chart and place else None


def _chart(tile: Value) -> str | None:
    return get_str(tile, "properties", "chartSlug") or None


def _places(tile: Value) -> list[tuple[str, ...]]:
    """Return the positions and titles by which a tile with an unknown chart can be matched."""
    title = get_str(tile, "properties", "title")
    return [place for place in (_place(tile), ("title", title) if title else None) if place]


def _shows_something(tile: JsonObject) -> bool:
    return any(get_str(tile, "properties", name) for name, _ in CHART_TILES.values())


def _place(tile: Value) -> tuple[str, ...] | None:
    if not isinstance(tile, dict):
        return None
    return (get_str(tile, "type"), *(str(tile.get(side)) for side in ("tabUuid", "x", "y", "w", "h")))
