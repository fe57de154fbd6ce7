"""Dashboards: how a version is stored and read, and how dashboards and the charts inside them are changed.

A version replaces everything: tiles, tabs and filters. Tile and tab uuids are kept as sent; names of charts,
and whether a chart is inside the dashboard, are looked up when it is read.
"""

from __future__ import annotations

from typing import Any

from lightdash_standin.accounts import Person
from lightdash_standin.calls import need
from lightdash_standin.charts import author, delete_chart, told_verification, verification_told
from lightdash_standin.jsonb import jsonb, truthy
from lightdash_standin.refusals import not_found, went_wrong
from lightdash_standin.sanitize import sanitized
from lightdash_standin.state import Chart, Dashboard, DashboardVersion, Json, World

FILTER_GROUPS = ("dimensions", "metrics", "tableCalculations")
TILE_TYPES = ("saved_chart", "sql_chart", "semantic_viewer_chart", "markdown", "loom")
CURRENT_TILE_TYPES = ("saved_chart", "sql_chart", "markdown", "loom", "heading", "data_app")
NEWER_TILE_TYPES = ("saved_chart", "sql_chart", "markdown", "loom", "heading")


def _stored_properties(world: World, kind: str, sent: Json) -> Json:
    """The stored form of a tile's properties.

    Raises:
        Refusal: 404 for a chart that does not exist, 500 for such a SQL chart or an unknown tile type.
    """
    stored: Json = {"title": sent.get("title"), "hideTitle": sent.get("hideTitle")}
    if kind == "saved_chart":
        uuid = sent.get("savedChartUuid") or None
        if uuid is not None and uuid not in world.charts:
            raise not_found("Saved chart not found")
        return {**stored, "savedChartUuid": uuid}
    if kind == "sql_chart":
        uuid = sent.get("savedSqlUuid")
        if uuid is not None and uuid not in world.sql_charts:
            raise went_wrong()
        return {**stored, "savedSqlUuid": uuid}
    if kind == "markdown":
        content = sent.get("content")
        stored = {"title": sent.get("title"), "content": sanitized(content) if content else ""}
        frame = {"hideFrame": bool(sent.get("hideFrame"))} if world.can("frameless_markdown") else {}
        return {**stored, **frame}
    if kind == "loom":
        return {**stored, "url": sent.get("url")}
    if kind == "data_app" and world.can("current"):
        if sent.get("appUuid") not in world.apps:
            raise went_wrong()
        return {**stored, "appUuid": sent["appUuid"]}
    if kind == "heading" and world.can("heading_tiles"):
        return {"text": need(sent, "text", str), "showDivider": bool(sent.get("showDivider"))}
    raise went_wrong()


def _stored_tile(world: World, sent: Any, tabs: set[str]) -> Json:
    kind = need(sent, "type", str)
    tab = sent.get("tabUuid")
    if tab is not None and tab not in tabs:
        raise went_wrong()
    return {
        "uuid": sent.get("uuid") or world.new_uuid(),
        **{key: need(sent, key, (int, float)) for key in ("x", "y", "h", "w")},
        "tabUuid": tab,
        "type": kind,
        "properties": _stored_properties(world, kind, need(sent, "properties", dict)),
    }


def _stored_filters(world: World, sent: Any, tiles: set[str]) -> Json:
    """The filters, without targets on tiles that are not in this version."""
    if not truthy(sent):
        return {"metrics": [], "dimensions": [], "tableCalculations": []}
    stored: Json = {}
    for group in FILTER_GROUPS:
        rules = []
        missing = world.can("tells_what_is_invalid") and group != "dimensions" and sent.get(group) is None
        for rule in [] if missing else need(sent, group, list):
            targets = rule.get("tileTargets")
            kept = {key: value for key, value in rule.items() if key != "tileTargets"}
            if targets is not None:
                kept["tileTargets"] = {tile: target for tile, target in targets.items() if tile in tiles}
            rules.append(kept)
        stored[group] = rules
    return dict(jsonb(stored))


def _stored_config(world: World, sent: Any, tiles: set[str]) -> Any:
    """The configuration as sent; unknown tiles are removed from date zoom."""
    if not world.can("dashboard_config") or not isinstance(sent, dict):
        return None
    zoom = sent.get("dateZoomConfig")
    if not world.can("date_zoom_by_tile") or not isinstance(zoom, dict) or "tileTargets" not in zoom:
        return sent
    targets = {tile: target for tile, target in (zoom["tileTargets"] or {}).items() if tile in tiles}
    return {**sent, "dateZoomConfig": {**zoom, "tileTargets": targets}}


def add_dashboard_version(world: World, dashboard: Dashboard, body: Any, person: Person) -> DashboardVersion:
    """Append a version with the body's `tiles`, `tabs`, `filters`, `config` and `parameters`.

    Missing fields become empty. Old versions have no configuration and parameters.

    Raises:
        Refusal: 404 for a tile with an unknown chart, 500 for anything that breaks a constraint of the
            database.
    """
    hidden = world.can("hidden_tabs")
    tabs = [
        {
            "name": tab.get("name"), "uuid": need(tab, "uuid"), "order": tab.get("order"),
            **({"hidden": bool(tab.get("hidden"))} if hidden else {}),
        }
        for tab in body.get("tabs") or []
    ]  # fmt: skip
    tab_uuids = {tab["uuid"] for tab in tabs}
    tiles = [_stored_tile(world, tile, tab_uuids) for tile in body["tiles"]]
    tile_uuids = {tile["uuid"] for tile in tiles}
    if len(tile_uuids) != len(tiles) or len(tab_uuids) != len(tabs):
        raise went_wrong()
    filters = _stored_filters(world, body.get("filters"), tile_uuids)
    world.last_dashboard_version += 1
    config = _stored_config(world, body.get("config"), tile_uuids)
    parameters = body.get("parameters") if world.can("parameters") else None
    version = DashboardVersion(
        world.last_dashboard_version, world.clock.tick(), person.uuid, tiles, tabs, filters,
        config=jsonb(config), parameters=jsonb(parameters or None),
    )  # fmt: skip
    dashboard.versions.append(version)
    dashboard.placed.update(_charts_on(tiles))
    return version


def _charts_on(tiles: list[Json]) -> list[str]:
    return [
        tile["properties"]["savedChartUuid"]
        for tile in tiles
        if tile["type"] == "saved_chart" and tile["properties"]["savedChartUuid"]
    ]


def create_dashboard(
    world: World, body: Any, person: Person, slug_from: str, space_uuid: str, *, force_slug: bool = False
) -> Dashboard:
    """Store a new dashboard with its first version."""
    if space_uuid not in world.spaces:
        raise not_found("Space not found")
    dashboard = Dashboard(
        uuid=world.new_uuid(),
        slug="",
        name=body["name"],
        description=body.get("description"),
        space_uuid=space_uuid,
        created_at="",
        created_by=person.uuid,
    )
    version = add_dashboard_version(world, dashboard, body, person)
    dashboard.created_at = version.created_at
    dashboard.slug = world.slugs.take(
        "dashboards", slug_from, world.spaces[space_uuid].project_uuid, force=force_slug
    )
    world.dashboards[dashboard.uuid] = dashboard
    world.spaces[space_uuid].dashboards[dashboard.uuid] = None
    return dashboard


def delete_dashboard(world: World, dashboard: Dashboard) -> None:
    """Delete a dashboard, the charts inside it and its schedulers; comments on other charts' tiles stay."""
    for uuid in list(dashboard.charts):
        delete_chart(world, world.charts[uuid])
    world.delete_schedulers_of(dashboard.uuid)
    world.spaces[dashboard.space_uuid].dashboards.pop(dashboard.uuid)
    world.slugs.release("dashboards", dashboard.slug, world.spaces[dashboard.space_uuid].project_uuid)
    del world.dashboards[dashboard.uuid]


def move_dashboard(world: World, dashboard: Dashboard, space_uuid: str) -> None:
    """Put the dashboard, and the charts inside it, into another space.

    Raises:
        Refusal: 500 if there is no such space.
    """
    if space_uuid not in world.spaces:
        raise went_wrong()
    world.spaces[dashboard.space_uuid].dashboards.pop(dashboard.uuid)
    world.spaces[space_uuid].dashboards[dashboard.uuid] = None
    dashboard.space_uuid = space_uuid


def delete_orphans(world: World, dashboard: Dashboard) -> None:
    """Delete the charts inside the dashboard that no version of it has ever had on a tile."""
    for uuid in [uuid for uuid in dashboard.charts if uuid not in dashboard.placed]:
        delete_chart(world, world.charts[uuid])


def charts_on_dashboard(world: World, dashboard: Dashboard) -> list[Chart]:
    """The charts on the tiles of the current version, once per tile."""
    uuids = _charts_on(dashboard.version.tiles)
    return [world.charts[uuid] for uuid in uuids if uuid in world.charts]


def _read_properties(world: World, kind: str, stored: Json) -> Json:
    if kind == "heading":
        return dict(stored)
    slugs = world.can("content_as_code")
    common = {"title": stored.get("title") or "", "hideTitle": bool(stored.get("hideTitle"))}
    if kind == "saved_chart":
        chart = world.charts.get(stored["savedChartUuid"] or "")
        return {
            **common,
            **({"chartSlug": chart.slug if chart else None} if slugs else {}),
            "savedChartUuid": chart.uuid if chart else None,
            "belongsToDashboard": bool(chart and chart.dashboard_uuid),
            "chartName": chart.name if chart else None,
            "lastVersionChartKind": (chart.version.kind or "vertical_bar") if chart else None,
        }
    if kind == "data_app":
        app = world.apps.get(stored["appUuid"])
        told = {"appSlug": app.slug if app else None, "appDeletedAt": app.deleted_at if app else None}
        return {**common, "appUuid": stored["appUuid"], **told}
    if kind == "sql_chart":
        sql = world.sql_charts.get(stored["savedSqlUuid"] or "")
        if sql is None:  # the row of the tile is deleted with the chart, and the title with it
            gone = {"title": "", "hideTitle": False, "chartName": None, "savedSqlUuid": None}
            return {**gone, **({"chartSlug": None} if slugs else {})}
        slug = {"chartSlug": sql.slug} if slugs else {}
        return {**common, **slug, "chartName": sql.name, "savedSqlUuid": sql.uuid}
    if kind == "markdown":
        return {
            **common,
            "content": stored["content"] or "",
            **({"hideFrame": bool(stored.get("hideFrame"))} if world.can("frameless_markdown") else {}),
        }
    return {**common, "url": stored["url"] or ""}


def read_tiles(world: World, version: DashboardVersion) -> list[Json]:
    """The tiles as returned: in no guaranteed order, or in newer versions by position."""
    tiles = [
        {**tile, "properties": _read_properties(world, tile["type"], tile["properties"])}
        for tile in version.tiles
    ]
    if world.can("orders_tiles"):
        return sorted(tiles, key=_place)
    return world.jumbled(tiles)


def _place(tile: Json) -> tuple[Any, ...]:
    """The order of a tile; PostgreSQL puts tiles without a tab last."""
    return tile["y"], tile["x"], tile["tabUuid"] is None, tile["tabUuid"] or "", tile["uuid"]


def _newer_parts(world: World, dashboard: Dashboard, version: DashboardVersion) -> Json:
    """The additional fields of a dashboard in newer versions."""
    return {
        "verification": told_verification(world, dashboard.verification),
        "config": version.config,
        **({"parameters": version.parameters} if version.parameters else {}),
        "colorPaletteUuid": dashboard.color_palette_uuid,
    }


def read_dashboard(world: World, dashboard: Dashboard, version: DashboardVersion | None = None) -> Json:
    """The dashboard as returned, in its current or another version, without privacy and access.

    Tabs come in no guaranteed order; number and uuid are those of the current version in any case.
    """
    version = version or dashboard.version
    named = world.dashboard_version_uuid(dashboard.version)
    space = world.spaces[dashboard.space_uuid]
    project = world.project_rows[space.project_uuid]
    return {
        "organizationUuid": project.org_uuid,
        "projectUuid": project.uuid,
        "dashboardVersionId": dashboard.version.id,
        **({"versionUuid": named} if world.can("dashboard_history") else {}),
        "uuid": dashboard.uuid,
        "name": dashboard.name,
        "description": dashboard.description,
        "updatedAt": version.created_at,
        "pinnedListUuid": project.pinned_list_uuid if dashboard.pin_order is not None else None,
        "pinnedListOrder": dashboard.pin_order,
        "tiles": read_tiles(world, version),
        "tabs": world.jumbled(version.tabs),
        "filters": version.filters,
        "spaceUuid": space.uuid,
        "spaceName": space.name,
        "views": dashboard.views,
        "firstViewedAt": dashboard.first_viewed_at,
        "updatedByUser": author(world, version.created_by),
        "slug": dashboard.slug,
        **(_newer_parts(world, dashboard, version) if world.can("verification") else {}),
    }


def dashboard_row(world: World, dashboard: Dashboard, errors: list[Json]) -> Json:
    """The dashboard in lists: without slug and tabs."""
    version = dashboard.version
    project = world.project_rows[world.spaces[dashboard.space_uuid].project_uuid]
    return {
        "organizationUuid": project.org_uuid,
        "name": dashboard.name,
        "description": dashboard.description,
        "uuid": dashboard.uuid,
        **({"slug": dashboard.slug} if world.can("current") else {}),
        "updatedAt": version.created_at,
        "projectUuid": project.uuid,
        "updatedByUser": author(world, version.created_by),
        "spaceUuid": dashboard.space_uuid,
        "pinnedListUuid": project.pinned_list_uuid if dashboard.pin_order is not None else None,
        "pinnedListOrder": dashboard.pin_order,
        "views": dashboard.views,
        "firstViewedAt": dashboard.first_viewed_at,
        "validationErrors": errors,
        "tileTypes": sorted({tile["type"] for tile in version.tiles}),
        **verification_told(world, dashboard.verification),
    }
