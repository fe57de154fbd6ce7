"""Converts items to the documents of `lightdash download`, in the form that each version uses.

Documents name charts and dashboards by slug and spaces by path. Some content of an item cannot be expressed
in a document and is left out, such as tags, pins, comments, palettes, earlier versions and uuids of tiles;
access to spaces, virtual views and deliveries are expressed by newer versions only.

In order: the two forms of a dashboard's document, charts and dashboards, virtual views, and dialects.
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


# The two forms of a dashboard's document: with tabs by uuid, until 0.3469.0, and with tabs by slug since.
#
# The newer form has no uuids of parts: tabs are identified by slugs made from their names, tiles in date zoom
# by the slugs of tiles, data apps by their slug.

APP_TILE = "data_app"


def tab_slugs(tabs: list[JsonObject]) -> dict[str, str]:
    """Return uuid -> slug of tabs, made as the server makes slugs; equal ones get a number."""
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
        tiles: uuid of a tile -> its slug.
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
    """Return the tiles that the date zoom of a dashboard applies to, with their fields; {} if none."""
    targets = get_path(dashboard, "config", "dateZoomConfig", "tileTargets")
    return targets if isinstance(targets, dict) else {}


def with_zoom(dashboard: JsonObject, change: Callable[[JsonObject], JsonObject]) -> JsonObject:
    """Return a dashboard, or its document, with changed targets of date zoom."""
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
    """Return the properties of a tile without what the newer form lacks: whether Markdown hides its title."""
    if tile.get("type") != "markdown":
        return shows
    return {name: value for name, value in shows.items() if name != "hideTitle"}


def named_tab(tile: JsonObject) -> Json:
    """Return how a tile refers to its tab: a prefixed slug, a uuid, or null for none."""
    return f"slug:{tile['tabSlug']}" if isinstance(tile.get("tabSlug"), str) else tile.get("tabUuid")


def name_of_tab(tab: JsonObject, place: int) -> str:
    """Return how tiles refer to a tab of a document."""
    return f"slug:{get_str(tab, 'slug')}" if get_str(tab, "slug") else get_str(tab, "uuid") or f"#{place}"


VERSION = 1
CONTENT_TYPE = {Kind.CHART: "chart", Kind.SQL_CHART: "sql_chart", Kind.DASHBOARD: "dashboard"}
SPACE = "space"

# Fields that a document has in the server's form.
SAME: dict[Kind, tuple[str, ...]] = {
    Kind.CHART: (
        "name", "description", "tableName", "metricQuery", "chartConfig", "pivotConfig", "tableConfig",
        "parameters",
    ),
    Kind.SQL_CHART: ("name", "description", "sql", "limit", "config", "chartKind"),
    Kind.DASHBOARD: ("name", "description", "tabs"),
}  # fmt: skip
IF_SET = ("config", "parameters")  # fields of a dashboard that are left out if they are empty
CHART_TILES = {"saved_chart": ("savedChartUuid", Kind.CHART), "sql_chart": ("savedSqlUuid", Kind.SQL_CHART)}
TITLES = ("title", "hideTitle")  # fields of a chart's tile besides its chart
GROUPS = ("dimensions", "metrics", "tableCalculations")


@dataclass(frozen=True)
class Shown:
    """The chart of a tile, in terms of documents.

    Attributes:
        slug: slug of the chart; None if there is no chart, or if it is of another project (slug unknown).
        name: name of the chart.
        elsewhere: whether it is of another project.
    """

    slug: str | None
    name: str | None
    elsewhere: bool = False


def document_of(item: ItemKey, names: DocumentNames, dialect: Dialect) -> JsonObject:
    """Return the document of a chart, SQL chart or dashboard.

    Args:
        item: kind and key.
        names: names of the tree that it is in.
        dialect: the form of the documents.

    Raises:
        UnresolvedReference: it names something that the tree does not have.
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
    """Return tiles and filters of a dashboard in the form of its document.

    Args:
        normal: the dashboard in the server's form.
        names: names of the tree that it is in.
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
    """Return the names that documents use for the parts of a dashboard.

    Args:
        item: kind and key of the dashboard.
        names: names of the tree that it is in.
    """
    normal = to_server(*item, names.contents.of(item), names.identity)
    filters = normal.get("filters")
    rules = objects(filters.get("dimensions")) if isinstance(filters, dict) else []
    return Board(slugs_of_tiles(normal, names), tab_slugs(objects(normal.get("tabs"))), tuple(rules))


def slugs_of_tiles(normal: JsonObject, names: DocumentNames) -> dict[str, str | None]:
    """Return uuid of a tile -> slug of the tile; None if it shows no chart of the project."""
    tiles = in_servers_order(objects(normal.get("tiles")))
    slugs = tile_slugs([shown_on(tile, names) for tile in tiles])
    return {str(tile.get("uuid")): slug for tile, slug in zip(tiles, slugs, strict=True)}


def in_servers_order(tiles: list[JsonObject]) -> list[JsonObject]:
    """Return tiles in the order of current servers, which decides the slugs of tiles with the same chart."""
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
    """Return the chart of a tile in the server's form; None for a tile of another kind."""
    if not is_chart_tile(tile):
        return None
    field, kind = CHART_TILES[str(tile["type"])]
    uuid = get_str(tile, "properties", field)
    item = (kind, names.identity.key(kind, uuid))
    if item in names.contents.there:
        return Shown(names.slug(item), names.name(item))
    return Shown(None, None, elsewhere=bool(uuid))


def tile_slugs(shown: list[Shown | None]) -> list[str | None]:
    """Return the slugs of tiles: the slug of the chart, with a number if several tiles show it."""
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
    """Return one tile in the form of its document."""
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
    """Return a virtual view with the content of its document; fields that documents lack are kept.

    Args:
        body: body of the document.
        existing: the view that the project has, or None.
    """
    result = (existing or {}) | {"name": body["slug"], "label": body["name"], "sql": body["sql"]}
    result["columns"] = body["columns"]
    result.pop("parameterValues", None)
    if values := body.get("parameters"):
        result["parameterValues"] = values
    return result


# Dialects: how documents differ between versions, in form and in how they express unset fields.

_OVERRIDES = ("metricOverrides", "dimensionOverrides")


@dataclass(frozen=True)
class Dialect:
    """The form of the documents of a version.

    Attributes:
        newer: whether tabs go by slug, and documents of spaces contain access.
        unset: field of a chart's query -> the value for an unset one; other unset fields are left out.
    """

    newer: bool = False
    unset: JsonObject = field(default_factory=dict)


def dialect_of(can: Callable[[str], bool]) -> Dialect:
    """Return the dialect of a server.

    Args:
        can: returns whether the server has a capability.
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
