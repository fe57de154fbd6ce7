"""Reading content as code: `GET /projects/{p}/{charts|dashboards|sqlCharts}/code`, a hundred items a page.

Charts inside dashboards are included, whether or not a tile shows them. Pages have no stable order. Tiles and
filters have no ids, and filter targets on missing tiles are left out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from lightdash_standin.access import can_in_project, can_in_space
from lightdash_standin.bodies import number
from lightdash_standin.calls import Call, Route, is_uuid, project_of, space_of_chart
from lightdash_standin.charts import read_chart
from lightdash_standin.dashboards import read_dashboard
from lightdash_standin.refusals import bad_parameter, forbidden, invalid
from lightdash_standin.slugs import slug_of
from lightdash_standin.state import Chart, Dashboard, Json, Project, Space, SqlChart, World

PAGE = 100
_MOST_IDS = 100  # the server's query parser makes an object of a longer list
_CHART_TILES = ("saved_chart", "sql_chart")
_CHART = (
    "name", "description", "tableName", "updatedAt", "metricQuery", "chartConfig", "pivotConfig", "slug",
    "tableConfig", "parameters",
)  # fmt: skip
_DASHBOARD = ("name", "description", "updatedAt", "tabs", "slug", "config", "parameters")


def code_path(space: Space) -> str:
    """The path of a space in pages: `-` and `_` of slugs are both `-`."""
    return space.path.replace("_", "-").replace(".", "/")


def chart_as_code(world: World, chart: Chart) -> Json:
    """A chart in the form of pages."""
    read = read_chart(world, chart)
    if world.can("current"):
        metrics = read["metricQuery"]["additionalMetrics"]
        unnamed = [{name: value for name, value in one.items() if name != "uuid"} for one in metrics]
        read["metricQuery"] = {**read["metricQuery"], "additionalMetrics": unnamed}
    dashboard = world.dashboards.get(chart.dashboard_uuid or "")
    return {
        **{name: read[name] for name in _CHART if name in read},
        **({"dashboardSlug": dashboard.slug} if dashboard else {}),
        **_of_page(world, "chart", space_of_chart(world, chart)),
        **_verified(read["verification"]),
    }


def sql_chart_as_code(world: World, chart: SqlChart) -> Json:
    """A SQL chart in the form of pages."""
    return {
        "name": chart.name,
        "description": chart.description,
        "slug": chart.slug,
        "sql": chart.sql,
        "limit": chart.limit,
        "config": chart.config,
        "chartKind": chart.config.get("type"),
        "updatedAt": chart.last_updated_at,
        **_of_page(world, "sql_chart", world.spaces[chart.space_uuid]),
    }


def dashboard_as_code(world: World, dashboard: Dashboard) -> Json:
    """A dashboard in the form of pages: tiles by the slug of their chart."""
    read = read_dashboard(world, dashboard)
    tiles = read["tiles"]
    shown = [_tile(tile, tiles) for tile in tiles]
    if world.can("tab_slugs"):
        slugs = tab_slugs(read["tabs"])
        shown = sorted((_with_tab(tile, slugs) for tile in shown), key=_order)
        read["tabs"] = [
            {"slug": slugs[tab["uuid"]], **{name: value for name, value in tab.items() if name != "uuid"}}
            for tab in read["tabs"]
        ]
        read["config"] = _config(read["config"], tiles)
    return {
        **{name: read[name] for name in _DASHBOARD if read.get(name) is not None or name == "description"},
        "tiles": shown,
        "filters": {
            **read["filters"],
            "dimensions": [filter_as_code(one, tiles) for one in read["filters"]["dimensions"]],
        },
        **_of_page(world, "dashboard", world.spaces[dashboard.space_uuid]),
        **_verified(read["verification"]),
    }


def tab_slugs(tabs: list[Json]) -> dict[str, str]:
    """The slug of each tab, by its uuid; equal ones get numbers, which may collide with other slugs."""
    named = [slug_of(tab["name"] or "") or f"tab-{place + 1}" for place, tab in enumerate(tabs)]
    found: dict[str, str] = {}
    for place, tab in enumerate(tabs):
        slug = named[place]
        several = named.count(slug) > 1
        found[tab["uuid"]] = f"{slug}-{named[: place + 1].count(slug)}" if several else slug
    return found


def _order(tile: Json) -> tuple[Any, ...]:
    """The order of a tile, by nothing that differs between projects."""
    return tile["y"], tile["x"], tile["tabSlug"] or "", tile.get("tileSlug") or "", tile["type"]


def _with_tab(tile: Json, slugs: dict[str, str]) -> Json:
    """A tile with the slug of its tab; a Markdown tile does not have whether its title is hidden.

    A tile whose chart was deleted has no `tileSlug`, and the tile of an explore chart then no `chartName`
    either.
    """
    kept = {name: value for name, value in tile.items() if name != "tabUuid"}
    left_out = {"markdown": "hideTitle", "saved_chart": "chartName"}.get(tile["type"])
    if left_out == "hideTitle" or tile["properties"].get("chartName") is None:
        kept["properties"] = {name: value for name, value in tile["properties"].items() if name != left_out}
    if kept.get("tileSlug") is None:
        kept.pop("tileSlug", None)
    return {**kept, "tabSlug": slugs.get(tile["tabUuid"])}


def _config(config: Any, tiles: list[Json]) -> Any:
    """The configuration, with the tiles of date zoom by their slugs."""
    zoom = config.get("dateZoomConfig") if isinstance(config, dict) else None
    if not isinstance(zoom, dict) or "tileTargets" not in zoom:
        return config
    return {**config, "dateZoomConfig": {**zoom, "tileTargets": _by_slug(zoom["tileTargets"], tiles)}}


def _by_slug(targets: Json | None, tiles: list[Json]) -> Json:
    slugs = {tile["uuid"]: tile_slug(tile, tiles) for tile in tiles if tile["type"] in _CHART_TILES}
    return {slug: to for uuid, to in (targets or {}).items() if (slug := slugs.get(uuid))}


def _tile(tile: Json, tiles: list[Json]) -> Json:
    kept = {name: value for name, value in tile.items() if name != "uuid"}
    if tile["type"] == "data_app":
        shown = {name: tile["properties"][name] for name in ("title", "hideTitle", "appSlug")}
        return {**kept, "properties": shown, "tileSlug": tile["properties"]["appSlug"]}
    if tile["type"] not in _CHART_TILES:
        return kept
    properties = tile["properties"]
    shown = {name: properties.get(name) for name in ("title", "hideTitle", "chartSlug", "chartName")}
    shown = {name: value for name, value in shown.items() if name in properties}
    return {**kept, "properties": shown, "tileSlug": tile_slug(tile, tiles)}


def tile_slug(tile: Json, tiles: list[Json]) -> str | None:
    """The slug of the chart on a tile, with a number if several tiles show it."""
    slug = tile["properties"].get("chartSlug")
    same = [
        one["uuid"]
        for one in tiles
        if one["type"] in _CHART_TILES and one["properties"].get("chartSlug") == slug
    ]
    return f"{slug}-{same.index(tile['uuid']) + 1}" if len(same) > 1 and slug is not None else slug


def filter_as_code(one: Json, tiles: list[Json]) -> Json:
    """A filter on a dimension without its id, and with its tiles by their slugs."""
    targets = _by_slug(one.get("tileTargets"), tiles)
    return {**{name: value for name, value in one.items() if name != "id"}, "tileTargets": targets}


def _of_page(world: World, kind: str, space: Space) -> Json:
    return {
        "spaceSlug": code_path(space),
        "version": 1,
        "contentType": kind,
        "downloadedAt": world.clock.now(),
    }


def _verified(verification: Json | None) -> Json:
    return {**({"verified": True} if verification else {}), "verification": verification}


def get_charts_code(call: Call) -> Json:
    """`GET /projects/{p}/charts/code`."""
    project = _project(call, "charts")
    ids = _ids(call)
    slugs = {call.world.charts[one].slug for one in ids or () if one in call.world.charts}
    slugs |= {one for one in ids or () if not is_uuid(one)}
    if call.world.can("slug_aliases"):
        slugs |= {one.slug for one in call.world.charts.values() if slugs & set(one.aliases)}
    charts = [
        chart
        for chart in call.world.charts.values()
        if space_of_chart(call.world, chart).project_uuid == project.uuid
        and chart.uuid in _home(call.world, chart).charts
        and (ids is None or chart.slug in slugs)
    ]
    seen = [chart for chart in charts if _sees(call, project, space_of_chart(call.world, chart))]
    return _page(call, "charts", seen, ids, chart_as_code, lambda one: space_of_chart(call.world, one))


def get_dashboards_code(call: Call) -> Json:
    """`GET /projects/{p}/dashboards/code`."""
    project = _project(call, "dashboards")
    ids = _ids(call)
    slugs = {call.world.dashboards[one].slug for one in ids or () if one in call.world.dashboards}
    slugs |= {one for one in ids or () if not is_uuid(one)}
    spaces = call.world.spaces
    dashboards = [
        one
        for one in call.world.dashboards.values()
        if spaces[one.space_uuid].project_uuid == project.uuid and (ids is None or one.slug in slugs)
    ]
    seen = [one for one in dashboards if _sees(call, project, spaces[one.space_uuid])]
    return _page(call, "dashboards", seen, ids, dashboard_as_code, lambda one: spaces[one.space_uuid])


def get_sql_charts_code(call: Call) -> Json:
    """`GET /projects/{p}/sqlCharts/code`: by slugs only."""
    project = _project(call, "SQL charts")
    ids = _ids(call)
    charts = [
        one
        for one in call.world.sql_charts.values()
        if one.project_uuid == project.uuid and (ids is None or one.slug in ids)
    ]
    spaces = call.world.spaces
    seen = [one for one in charts if _sees(call, project, spaces[one.space_uuid])]
    return _page(call, "sqlCharts", seen, ids, sql_chart_as_code, lambda one: spaces[one.space_uuid])


def _home(world: World, chart: Chart) -> Space | Dashboard:
    return world.dashboards[chart.dashboard_uuid] if chart.dashboard_uuid else space_of_chart(world, chart)


def _project(call: Call, what: str) -> Project:
    """The project in the path.

    Raises:
        Refusal: 403 if the caller may not manage content as code.
    """
    project = project_of(call, may=None)
    if not can_in_project(call.world, call.person, "view", "ContentAsCode", project):
        raise forbidden(f"You are not allowed to download {what}")
    return project


def _ids(call: Call) -> list[str] | None:
    """The requested slugs or uuids; none for all."""
    ids = call.all("ids")
    if len(ids) > _MOST_IDS:
        value = {str(place): one for place, one in enumerate(ids)}
        raise invalid({"ids.$0": {"message": "invalid string value", "value": value}})
    return ids or None


def _sees(call: Call, project: Project, space: Space) -> bool:
    world, person = call.world, call.person
    admin = can_in_project(world, person, "manage", "Project", project)
    return admin or can_in_space(world, person, "view", "Space", space)


def _page(
    call: Call,
    what: str,
    items: Iterable[Any],
    ids: list[str] | None,
    as_code: Callable[[World, Any], Json],
    space_of: Callable[[Any], Space],
) -> Json:
    """A page of items, with the offset of the next one."""
    offset = call.one("offset") or 0
    if wrong := number(offset):
        raise invalid({"offset": {"message": wrong, "value": offset}})
    asked = int(float(offset))
    if asked < 0:
        raise bad_parameter(f"offset must be >= 0, received {asked}")
    ordered = call.world.jumbled(list(items))
    after = min(asked + PAGE, len(ordered))
    page = ordered[asked:after]
    spaces = {space.uuid: space for space in map(space_of, page)}
    named = {name for item in page for name in (item.slug, item.uuid, *getattr(item, "aliases", ()))}
    return {
        what: [as_code(call.world, item) for item in page],
        "missingIds": [one for one in ids or () if one not in named],
        "spaces": [
            {"contentType": "space", "spaceName": space.name, "slug": code_path(space)}
            for space in call.world.jumbled(list(spaces.values()))
        ],
        "total": len(ordered),
        "offset": after,
    }


ROUTES = (
    Route("GET", "/api/v1/projects/{p}/charts/code", get_charts_code, needs="content_as_code"),
    Route("GET", "/api/v1/projects/{p}/dashboards/code", get_dashboards_code, needs="content_as_code"),
    Route("GET", "/api/v1/projects/{p}/sqlCharts/code", get_sql_charts_code, needs="content_as_code"),
    Route("GET", "/api/v1/projects/{p}/code/charts", get_charts_code, needs="code_paths"),
    Route("GET", "/api/v1/projects/{p}/code/dashboards", get_dashboards_code, needs="code_paths"),
    Route("GET", "/api/v1/projects/{p}/code/sqlCharts", get_sql_charts_code, needs="code_paths"),
)
