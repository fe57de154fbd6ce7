"""An item as the official tool's document says it.

Documents name charts and dashboards by slugs and spaces by paths. What a document has no word for is not in
it: who may see a space, deliveries, tags, pins, comments, palettes, earlier versions, uuids of tiles.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from lightdash_sync.ascode.deliveries import Board
from lightdash_sync.ascode.names import dimension_rule
from lightdash_sync.content.json import Json, JsonObject, get_path, get_str, objects
from lightdash_sync.content.keys import slugify
from lightdash_sync.content.kinds import Kind
from lightdash_sync.content.normal import PROJECT_ZONE
from lightdash_sync.content.portable import to_server

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from lightdash_sync.ascode.names import DocumentNames
    from lightdash_sync.ascode.tree import CodeTree
    from lightdash_sync.content.kinds import ItemKey


# The two forms of a dashboard's document: tabs by uuid, as until 0.3469.0, and tabs by slug since.
#
# The newer form has no uuid of a part: tabs and the tabs of tiles go by slugs made of their names, date
# zoom by what the tiles are called, data apps by their slug.

APP_TILE = "data_app"


def tab_slugs(tabs: list[JsonObject]) -> dict[str, str]:
    """Return uuid -> slug of tabs, as the server makes slugs; where two would meet, one counts on."""
    bases = [slugify(get_str(tab, "name")) or f"tab-{place + 1}" for place, tab in enumerate(tabs)]
    times, seen = Counter(bases), Counter[str]()
    found: dict[str, str] = {}
    for tab, base in zip(tabs, bases, strict=True):
        seen[base] += 1
        slug = base if times[base] == 1 else f"{base}-{seen[base]}"
        while slug in found.values():
            seen[base] += 1
            slug = f"{base}-{seen[base]}"
        found[get_str(tab, "uuid")] = slug
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
            | {"slug": slugs[get_str(tab, "uuid")]}
            for tab in tabs
        ]
    called = {uuid: slug for uuid, slug in tiles.items() if slug}

    def named(targets: JsonObject) -> JsonObject:
        return {called[tile]: to for tile, to in targets.items() if tile in called}

    return with_zoom(result, named)


def zoom_targets(dashboard: JsonObject) -> JsonObject:
    """Return what the date zoom of a dashboard governs, by tile; {} if there is nothing."""
    targets = get_path(dashboard, "config", "dateZoomConfig", "tileTargets")
    return targets if isinstance(targets, dict) else {}


def with_zoom(dashboard: JsonObject, change: Callable[[JsonObject], JsonObject]) -> JsonObject:
    """Return a dashboard, or its document, in which the targets of date zoom are said otherwise."""
    config, zoom = dashboard.get("config"), get_path(dashboard, "config", "dateZoomConfig")
    if not isinstance(config, dict) or not isinstance(zoom, dict) or "tileTargets" not in zoom:
        return dashboard
    changed = zoom | {"tileTargets": change(zoom_targets(dashboard))}
    return dashboard | {"config": config | {"dateZoomConfig": changed}}


def _tile(tile: JsonObject, slugs: Mapping[str, str]) -> JsonObject:
    said = {name: value for name, value in tile.items() if name != "tabUuid"}
    said["tabSlug"] = slugs.get(get_str(tile, "tabUuid"))
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
        _tab_number(tile.get("y")), _tab_number(tile.get("x")),
        get_str(tile, "tabSlug"), get_str(tile, "tileSlug"), get_str(tile, "type"),
    )  # fmt: skip


def _tab_number(value: Json) -> float:
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
    return f"slug:{get_str(tab, 'slug')}" if get_str(tab, "slug") else get_str(tab, "uuid") or f"#{place}"


VERSION = 1
CONTENT_TYPE = {Kind.CHART: "chart", Kind.SQL_CHART: "sql_chart", Kind.DASHBOARD: "dashboard"}
SPACE = "space"

# Fields that a document has as the server says them.
SAME: dict[Kind, tuple[str, ...]] = {
    Kind.CHART: (
        "name", "description", "tableName", "metricQuery", "chartConfig", "pivotConfig", "tableConfig",
        "parameters",
    ),
    Kind.SQL_CHART: ("name", "description", "sql", "limit", "config", "chartKind"),
    Kind.DASHBOARD: ("name", "description", "tabs"),
}  # fmt: skip
IF_SET = ("config", "parameters")  # of a dashboard: only where they say something
CHART_TILES = {"saved_chart": ("savedChartUuid", Kind.CHART), "sql_chart": ("savedSqlUuid", Kind.SQL_CHART)}
TITLES = ("title", "hideTitle")  # what a chart's tile says besides its chart
GROUPS = ("dimensions", "metrics", "tableCalculations")


@dataclass(frozen=True)
class Shown:
    """What a tile shows, as documents say it.

    Attributes:
        slug: of the chart; None for none, and for one of another project, whose slug nobody here knows.
        name: of the chart.
        elsewhere: whether it is of another project.
    """

    slug: str | None
    name: str | None
    elsewhere: bool = False


def document_of(item: ItemKey, names: DocumentNames, dialect: Dialect) -> JsonObject:
    """Return the document of a chart, SQL chart or dashboard.

    Args:
        item: kind and key.
        names: the tree that it is in.
        dialect: of the version whose document it is to be.

    Raises:
        UnresolvedReference: it names something that the tree does not know.
    """
    kind = item[0]
    normal = to_server(*item, names.contents.of(item), names.identity)
    document: JsonObject = {name: normal[name] for name in SAME[kind] if name in normal}
    if kind is Kind.DASHBOARD:
        document |= {name: normal[name] for name in IF_SET if normal.get(name)}
        document |= layout_of(normal, names)
        if dialect.newer:
            document = in_newer_form(document, slugs_of_tiles(normal, names))
    elif kind is Kind.CHART and isinstance(query := document.get("metricQuery"), dict):
        document["metricQuery"] = dialect.unset | query
    document["slug"] = names.slug(item)
    document["spaceSlug"] = names.path(names.contents.space_of(item))
    document["version"] = VERSION
    document["contentType"] = CONTENT_TYPE[kind]
    if kind is Kind.SQL_CHART:
        return document
    if kind is Kind.CHART and (dashboard := get_str(names.contents.of(item), "dashboard")):
        document["dashboardSlug"] = names.slug((Kind.DASHBOARD, dashboard))
    document["verification"] = verification = normal.get("verification")
    if verification:
        document["verified"] = True
    return document


def layout_of(normal: JsonObject, names: DocumentNames) -> JsonObject:
    """Return tiles and filters of a dashboard as its document says them.

    Args:
        normal: the dashboard in the server's form.
        names: the tree that it is in.
    """
    tiles, by_uuid = in_servers_order(objects(normal.get("tiles"))), slugs_of_tiles(normal, names)
    said: JsonObject = {
        "tiles": [tile_document(tile, names, by_uuid[str(tile.get("uuid"))]) for tile in tiles]
    }
    filters = normal.get("filters")
    if isinstance(filters, dict):
        rules: list[Json] = [dimension_rule(rule, by_uuid) for rule in objects(filters.get("dimensions"))]
        said["filters"] = filters | {"dimensions": rules}
    return said


def board_of(item: ItemKey, names: DocumentNames) -> Board:
    """Return what documents call the parts of a dashboard.

    Args:
        item: kind and key of the dashboard.
        names: the tree that it is in.
    """
    normal = to_server(*item, names.contents.of(item), names.identity)
    filters = normal.get("filters")
    rules = objects(filters.get("dimensions")) if isinstance(filters, dict) else []
    return Board(slugs_of_tiles(normal, names), tab_slugs(objects(normal.get("tabs"))), tuple(rules))


def slugs_of_tiles(normal: JsonObject, names: DocumentNames) -> dict[str, str | None]:
    """Return uuid of a tile -> what it is called; None for one that shows no chart of the project."""
    tiles = in_servers_order(objects(normal.get("tiles")))
    slugs = tile_slugs([shown_on(tile, names) for tile in tiles])
    return {str(tile.get("uuid")): slug for tile, slug in zip(tiles, slugs, strict=True)}


def in_servers_order(tiles: list[JsonObject]) -> list[JsonObject]:
    """Return tiles as current servers return them, which decides what the tiles of one chart are called."""
    return sorted(
        tiles,
        key=lambda tile: (
            _number(tile.get("y")),
            _number(tile.get("x")),
            tile.get("tabUuid") is None,
            str(tile.get("tabUuid")),
            str(tile.get("uuid")),
        ),
    )


def is_chart_tile(tile: JsonObject) -> bool:
    """Whether a tile shows a chart or SQL chart."""
    return tile.get("type") in CHART_TILES


def shown_on(tile: JsonObject, names: DocumentNames) -> Shown | None:
    """Return which chart a tile in the server's form shows; None for a tile of another kind."""
    if not is_chart_tile(tile):
        return None
    field, kind = CHART_TILES[str(tile["type"])]
    uuid = get_str(tile, "properties", field)
    item = (kind, names.identity.key(kind, uuid))
    if item in names.contents.there:
        return Shown(names.slug(item), names.name(item))
    return Shown(None, None, elsewhere=bool(uuid))


def tile_slugs(shown: list[Shown | None]) -> list[str | None]:
    """Return what tiles are called: as their chart, with a number where it is on several."""
    times = Counter(one.slug for one in shown if one is not None and not one.elsewhere)
    seen: Counter[str | None] = Counter()
    found: list[str | None] = []
    for one in shown:
        if one is None or one.elsewhere:
            found.append(None)
            continue
        seen[one.slug] += 1
        found.append(one.slug if times[one.slug] == 1 else f"{one.slug or 'null'}-{seen[one.slug]}")
    return found


def tile_document(tile: JsonObject, names: DocumentNames, slug: str | None) -> JsonObject:
    """Return one tile as its document says it."""
    said: JsonObject = {name: value for name, value in tile.items() if name != "uuid"}
    chart = shown_on(tile, names)
    if chart is None:
        return said
    shows = tile.get("properties")
    shown: JsonObject = {"chartSlug": chart.slug, "chartName": chart.name}
    if isinstance(shows, dict):
        shown |= {name: shows[name] for name in TITLES if name in shows}
    return said | {"tileSlug": slug, "properties": shown}


def _number(value: Json) -> float:
    return float(value) if isinstance(value, (int, float)) else 0.0


# Virtual views as documents: name, SQL, columns and parameters (since 0.3375.0).

VIEW_TYPE = "virtual_view"
FOLDER = "virtual-views"


def view_document(view: JsonObject) -> JsonObject:
    """Return the document of a virtual view; its slug is the name of its explore.

    Args:
        view: its content.
    """
    return {
        "contentType": VIEW_TYPE,
        "version": VERSION,
        "slug": view.get("name"),
        "name": view.get("label"),
        "sql": view.get("sql"),
        "columns": view.get("columns"),
        "parameters": view.get("parameterValues"),
    }


def taken_over_view(body: JsonObject, existing: JsonObject | None) -> JsonObject:
    """Return a virtual view as its document says it; what documents have no word for stays.

    Args:
        body: of the document.
        existing: the view that the project has, or None.
    """
    result = (existing or {}) | {"name": body["slug"], "label": body["name"], "sql": body["sql"]}
    result["columns"] = body["columns"]
    result.pop("parameterValues", None)
    if values := body.get("parameters"):
        result["parameterValues"] = values
    return result


# How documents of versions differ: their form, and what they say of what is not set.

_OVERRIDES = ("metricOverrides", "dimensionOverrides")


@dataclass(frozen=True)
class Dialect:
    """What documents of a version look like.

    Attributes:
        newer: whether tabs go by slug, and documents of spaces say who may see them.
        unset: field of a chart's query -> how it is said that it is not set; the others are left out then.
    """

    newer: bool = False
    unset: JsonObject = field(default_factory=dict)


def dialect_of(can: Callable[[str], bool]) -> Dialect:
    """Return the dialect of a server.

    Args:
        can: whether it has a capability.
    """
    if can("tab_slugs"):
        return Dialect(True, {"metricOverrides": {}, "timezone": PROJECT_ZONE})
    return Dialect(False, {name: {} for name in _OVERRIDES} if can("field_overrides") else {})


def dialect_in(code: CodeTree) -> Dialect:
    """Return the dialect in which a tree is written."""
    bodies = [(one.kind, one.body) for one in code.documents.values()]
    tiles = [tile for kind, body in bodies if kind is Kind.DASHBOARD for tile in objects(body.get("tiles"))]
    newer = bool(code.access) or any("tabSlug" in tile for tile in tiles)
    unset: JsonObject = {}
    for kind, body in bodies if not newer else ():
        said = [
            name for name in _OVERRIDES if kind is Kind.CHART and get_path(body, "metricQuery", name) == {}
        ]
        unset |= {name: {} for name in said}
    return Dialect(newer, {"metricOverrides": {}, "timezone": PROJECT_ZONE} if newer else unset)
