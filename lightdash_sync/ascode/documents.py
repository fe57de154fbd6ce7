"""An item as the official tool's document says it.

Documents name charts and dashboards by slugs and spaces by paths. What a document has no word for is not in
it: who may see a space, deliveries, tags, pins, comments, palettes, earlier versions, uuids of tiles.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lightdash_sync.ascode.deliveries import Board
from lightdash_sync.ascode.rules import dimension_rule
from lightdash_sync.ascode.tabs import in_newer_form, tab_slugs
from lightdash_sync.model.canonical import Json, JsonObject, objects
from lightdash_sync.model.changes.look import text
from lightdash_sync.model.kinds import Kind
from lightdash_sync.model.portable import to_server

if TYPE_CHECKING:
    from lightdash_sync.ascode.dialect import Dialect
    from lightdash_sync.ascode.names import Names
    from lightdash_sync.plan.options import Item

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


def document_of(item: Item, names: Names, dialect: Dialect) -> JsonObject:
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
    if kind is Kind.CHART and (dashboard := text(names.contents.of(item), "dashboard")):
        document["dashboardSlug"] = names.slug((Kind.DASHBOARD, dashboard))
    document["verification"] = verification = normal.get("verification")
    if verification:
        document["verified"] = True
    return document


def layout_of(normal: JsonObject, names: Names) -> JsonObject:
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


def board_of(item: Item, names: Names) -> Board:
    """Return what documents call the parts of a dashboard.

    Args:
        item: kind and key of the dashboard.
        names: the tree that it is in.
    """
    normal = to_server(*item, names.contents.of(item), names.identity)
    filters = normal.get("filters")
    rules = objects(filters.get("dimensions")) if isinstance(filters, dict) else []
    return Board(slugs_of_tiles(normal, names), tab_slugs(objects(normal.get("tabs"))), tuple(rules))


def slugs_of_tiles(normal: JsonObject, names: Names) -> dict[str, str | None]:
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


def shown_on(tile: JsonObject, names: Names) -> Shown | None:
    """Return which chart a tile in the server's form shows; None for a tile of another kind."""
    if not is_chart_tile(tile):
        return None
    field, kind = CHART_TILES[str(tile["type"])]
    uuid = text(tile, "properties", field)
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


def tile_document(tile: JsonObject, names: Names, slug: str | None) -> JsonObject:
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
