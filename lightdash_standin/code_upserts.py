"""Writes content as code: `POST .../{slug}/code` creates an item, or updates that of the slug (0.1386.0).

Everything that loses information on the real server does so here: a space is found by its path, where `-` is
`_` and `/` is `.`; a missing space is created, and restricted by default; tiles that show charts, and filters
on dimensions, get new ids; a tile whose chart does not exist becomes empty; for a chart inside a missing
dashboard an empty dashboard is created; a chart that is neither newer nor renamed is not changed, unless
forced. The explore is not checked.
"""

from __future__ import annotations

from typing import Any

from lightdash_standin.access import can_in_project, can_in_space
from lightdash_standin.accounts import Person
from lightdash_standin.calls import Call, Route, project_of, space_of_chart
from lightdash_standin.charts import add_version, create_chart, move_chart, read_chart
from lightdash_standin.code_bodies import CHECKS
from lightdash_standin.code_pages import tab_slugs
from lightdash_standin.code_spaces import NO_UPLOAD, home_of, to_code
from lightdash_standin.dashboards import (
    add_dashboard_version,
    charts_on_dashboard,
    create_dashboard,
    delete_orphans,
    move_dashboard,
    read_dashboard,
)
from lightdash_standin.jsonb import jsonb
from lightdash_standin.refusals import bad_parameter, forbidden, not_found, went_wrong
from lightdash_standin.spaces import apps_in, space_basics
from lightdash_standin.sql_charts import move_sql_chart
from lightdash_standin.state import Chart, Dashboard, Json, Project, Space, SqlChart, Verification, World

CREATE, UPDATE, SAME = "create", "update", "no changes"
_QUERY = frozenset(
    {"exploreName", "dimensions", "metrics", "filters", "sorts", "limit", "tableCalculations", "timezone"}
    | {"additionalMetrics", "customDimensions", "metricOverrides", "dimensionOverrides", "metadata"}
)


def _project(call: Call) -> Project:
    project = project_of(call, may=None)
    if not can_in_project(call.world, call.person, "create", "ContentAsCode", project):
        told = f'{NO_UPLOAD} (content slug "{call.params["slug"]}")'
        raise forbidden(told) if call.world.can("current") else forbidden()
    return project


def charts_with(world: World, project: Project, slugs: set[str]) -> list[Chart]:
    """The charts of a project with one of some slugs, including those inside dashboards and on no tile."""
    return [
        one
        for one in world.charts.values()
        if ({one.slug, *one.aliases} & slugs) and space_of_chart(world, one).project_uuid == project.uuid
    ]


def dashboard_with(world: World, project: Project, slug: str) -> Dashboard | None:
    """The dashboard of a project with a slug."""
    rows = (one for one in world.dashboards.values() if one.slug == slug)
    return next((one for one in rows if world.spaces[one.space_uuid].project_uuid == project.uuid), None)


def _sql_charts_with(world: World, project: Project, slugs: set[str]) -> list[SqlChart]:
    return [
        one for one in world.sql_charts.values() if one.slug in slugs and one.project_uuid == project.uuid
    ]


# --- charts


def _as_sent(body: Json) -> Json:
    """A chart after validation: unknown fields of the query are removed, and filters have ids."""
    query = {name: value for name, value in body["metricQuery"].items() if name in _QUERY}
    overrides = {
        name: {
            field: {key: value for key, value in one.items() if key == "formatOptions"}
            for field, one in query[name].items()
        }
        for name in ("metricOverrides", "dimensionOverrides")
        if query.get(name)
    }
    order = body.get("tableConfig") or {"columnOrder": []}
    return {**body, "tableConfig": order, "metricQuery": {**query, **overrides}}


def upsert_chart(call: Call) -> Json:
    """`POST /projects/{p}/charts/{slug}/code`."""
    world, body, project = call.world, _as_sent(call.body), _project(call)
    found = charts_with(world, project, {call.params["slug"]})
    if not found:
        return _new_chart(call, project, body)
    chart = found[0]
    home, _ = home_of(call, project, body["spaceSlug"])
    now = read_chart(world, chart)
    sent_at = body.get("updatedAt") or world.clock.now()
    differs = sent_at > chart.last_updated_at or (body["name"], body.get("description")) != (
        chart.name,
        chart.description or None,
    )
    differs = differs or body.get("description") is None  # null differs from any stored description
    there = {"action": SAME, "data": _summary(world, home)}
    old = {"oldUuid": chart.uuid, "spaceSlug": body["spaceSlug"], "spacePath": home.path}
    if not (differs or body.get("force")):
        told = {**now, **body, "projectUuid": project.uuid, "organizationUuid": project.org_uuid}
        return {
            "spaces": [there],
            "dashboards": [],
            "charts": [{"action": SAME, "data": {**told, **old, "spaceUuid": home.uuid}}],
        }
    _update_chart(world, chart, {**now, **body}, home, call.person)
    told = {**read_chart(world, chart), **old}
    _verify(call, project, chart)
    return {"spaces": [there], "dashboards": [], "charts": [{"action": UPDATE, "data": told}]}


def _update_chart(world: World, chart: Chart, body: Json, home: Space, person: Person) -> None:
    chart.name = body["name"]
    if body.get("description") is not None:  # a description cannot be removed
        chart.description = body["description"]
    if chart.dashboard_uuid is None:
        move_chart(world, chart, home.uuid)
    add_version(world, chart, body, person)


def _new_chart(call: Call, project: Project, body: Json) -> Json:
    world = call.world
    home, made = home_of(call, project, body["spaceSlug"])
    inside = None
    if body.get("dashboardSlug"):
        dashboard = dashboard_with(world, project, body["dashboardSlug"])
        if dashboard is None:
            words = body["dashboardSlug"].replace("-", " ").replace("_", " ").strip()
            empty = {"name": words[:1].upper() + words[1:], "tiles": [], "tabs": []}
            dashboard = create_dashboard(
                world, empty, call.person, body["dashboardSlug"], home.uuid, force_slug=True
            )
        inside = dashboard.uuid
    space = None if inside else home.uuid
    chart = create_chart(world, body, call.person, body["slug"], space, inside, force_slug=True)
    place = {"spaceSlug": body["spaceSlug"], "spacePath": to_code(body["spaceSlug"])}
    told = {**read_chart(world, chart), **place, "oldUuid": chart.uuid}
    _verify(call, project, chart)
    return {"charts": [{"action": CREATE, "data": told}], "spaces": made, "dashboards": []}


def _verify(call: Call, project: Project, chart: Chart) -> None:
    """Verify a chart that is sent as verified, if the caller may."""
    world, verified = call.world, call.body.get("verified") is True and call.world.can("current")
    if verified and can_in_project(world, call.person, "manage", "ContentVerification", project):
        chart.verification = Verification(world.new_uuid(), call.person.uuid, world.clock.tick())


def _summary(world: World, space: Space) -> Json:
    """A space in the answer to an update."""
    counts = {"chartCount": len(space.charts), "dashboardCount": len(space.dashboards)}
    counts |= {"childSpaceCount": len(space.children), "appCount": apps_in(world, space)}
    return {**space_basics(world, space), **{name: str(count) for name, count in counts.items()}}


# --- dashboards


def _shown(world: World, project: Project, tiles: list[Json]) -> list[Json]:
    """The tiles of a body, with the charts that their slugs name and new uuids for tiles with charts."""
    slugs = {tile["properties"].get("chartSlug") for tile in tiles if tile["type"] in _CHART_TILES}
    known: dict[Any, tuple[str, str]] = {
        slug: ("saved_chart", one.uuid)
        for one in charts_with(world, project, slugs)
        for slug in (one.slug, *one.aliases)
    }
    known |= {one.slug: ("sql_chart", one.uuid) for one in _sql_charts_with(world, project, slugs)}
    shown = []
    for tile in tiles:
        if tile["type"] not in _CHART_TILES:
            shown.append({**tile, "uuid": tile.get("uuid") or world.new_uuid()})
            continue
        kind, uuid = known.get(tile["properties"].get("chartSlug"), (tile["type"], None))
        field = _CHART_TILES[kind]
        properties = {**tile["properties"], field: uuid}
        shown.append({**tile, "uuid": world.new_uuid(), "type": kind, "properties": properties})
    return shown


_CHART_TILES = {"saved_chart": "savedChartUuid", "sql_chart": "savedSqlUuid"}


def _uuids_by_slug(tiles: list[Json]) -> dict[str, str]:
    """The uuids of tiles that show charts, by their slugs and by those of the charts."""
    by_slug: dict[str, str] = {}
    for tile in reversed(tiles):
        if tile["type"] in _CHART_TILES:
            for slug in (tile["properties"].get("chartSlug"), tile.get("tileSlug")):
                if slug:
                    by_slug[slug] = tile["uuid"]
    return by_slug


def _filters(world: World, sent: Json, tiles: list[Json]) -> Json:
    """The filters of a body; those on dimensions with new ids, and with tiles by their uuids."""
    by_slug = _uuids_by_slug(tiles)
    dimensions = [
        {
            **rule,
            "id": world.new_uuid(),
            "tileTargets": {
                by_slug[slug]: target
                for slug, target in (rule.get("tileTargets") or {}).items()
                if slug in by_slug
            },
        }
        for rule in sent.get("dimensions") or []
    ]
    return {
        "metrics": sent.get("metrics") or [],
        "dimensions": dimensions,
        "tableCalculations": sent.get("tableCalculations") or [],
    }


def upsert_dashboard(call: Call) -> Json:
    """`POST /projects/{p}/dashboards/{slug}/code`."""
    world, body, project = call.world, call.body, _project(call)
    dashboard = dashboard_with(world, project, call.params["slug"])
    warnings: list[str] = []
    if world.can("tab_slugs"):
        body = _on_tabs(world, dashboard, body)
        body = {**body, "tiles": _with_apps(world, project, body["tiles"], warnings)}
    tiles = _shown(world, project, body["tiles"])
    content = {**body, "tiles": tiles, "filters": _filters(world, body.get("filters") or {}, tiles)}
    if world.can("tab_slugs"):
        content["config"] = _config(content.get("config"), _uuids_by_slug(tiles))
    if dashboard is not None:
        return _updated_dashboard(call, project, dashboard, content)
    home, made = home_of(call, project, body["spaceSlug"])
    dashboard = create_dashboard(world, content, call.person, body["slug"], home.uuid, force_slug=True)
    place = {"spaceSlug": body["spaceSlug"], "spacePath": to_code(body["spaceSlug"])}
    told = {**read_dashboard(world, dashboard), **place}
    warned = {"warnings": warnings} if warnings else {}
    return {"dashboards": [{"action": CREATE, "data": told}], "charts": [], "spaces": made, **warned}


def _on_tabs(world: World, dashboard: Dashboard | None, body: Json) -> Json:
    """A body with the uuids of its tabs, where tabs of the dashboard keep theirs, and the tabs of its tiles.

    Raises:
        Refusal: 400 for two tabs with the same slug, 404 for a tile on a tab that does not exist.
    """
    known = {slug: uuid for uuid, slug in tab_slugs(dashboard.version.tabs).items()} if dashboard else {}
    uuids: dict[str, str] = {}
    tabs = []
    for tab in body["tabs"]:
        slug, uuid = tab.get("slug"), tab.get("uuid")
        if slug is not None:
            if slug in uuids:
                raise bad_parameter(f'Dashboard tab slug "{slug}" is duplicated')
            uuid = uuids[slug] = known.get(slug) or uuid or world.new_uuid()
        tabs.append({**tab, "uuid": uuid})
    tiles = []
    for tile in body["tiles"]:
        slug = tile.get("tabSlug")
        if slug is not None and slug not in uuids:
            raise not_found(f'Dashboard tab "{slug}" referenced by tile was not found')
        tiles.append({**tile, "tabUuid": uuids[slug]} if slug is not None else tile)
    return {**body, "tabs": tabs, "tiles": tiles}


def _with_apps(world: World, project: Project, tiles: list[Json], warnings: list[str]) -> list[Json]:
    """The tiles with the uuids of their data apps; tiles whose app does not exist are left out."""
    apps = {one.slug: one.uuid for one in world.apps.values() if one.project_uuid == project.uuid}
    kept = []
    for tile in tiles:
        if tile["type"] == "data_app":
            slug = tile["properties"].get("appSlug")
            if slug not in apps:
                warnings.append(
                    f'Data app "{slug}" was not found in this project \u2014 tile skipped. '
                    "Upload the app first, then re-upload the dashboard."
                )
                continue
            tile = {**tile, "properties": {**tile["properties"], "appUuid": apps[slug]}}
        kept.append(tile)
    return kept


def _config(config: Any, by_slug: dict[str, str]) -> Any:
    """The configuration, with the tiles of date zoom by their uuids."""
    zoom = config.get("dateZoomConfig") if isinstance(config, dict) else None
    if not isinstance(zoom, dict) or "tileTargets" not in zoom:
        return config
    targets = {by_slug[slug]: to for slug, to in (zoom["tileTargets"] or {}).items() if slug in by_slug}
    return {**config, "dateZoomConfig": {**zoom, "tileTargets": targets}}


def _updated_dashboard(call: Call, project: Project, dashboard: Dashboard, content: Json) -> Json:
    world = call.world
    if not can_in_space(world, call.person, "update", "Dashboard", world.spaces[dashboard.space_uuid]):
        raise forbidden()
    home, _ = home_of(call, project, content["spaceSlug"])
    dashboard.name = content["name"]
    if content.get("description") is not None:
        dashboard.description = content["description"]
    move_dashboard(world, dashboard, home.uuid)
    add_dashboard_version(world, dashboard, content, call.person)
    charts = {one.uuid: one for one in charts_on_dashboard(world, dashboard)}
    told_charts = []
    for chart in charts.values():
        if content.get("force"):
            add_version(world, chart, read_chart(world, chart), call.person)
        space = space_of_chart(world, chart)
        place = {"spaceSlug": space.slug, "spacePath": space.path, "oldUuid": chart.uuid}
        action = UPDATE if content.get("force") else SAME
        told_charts.append({"action": action, "data": {**read_chart(world, chart), **place}})
    delete_orphans(world, dashboard)
    place = {"spaceSlug": home.slug, "spacePath": home.path}
    told = {**read_dashboard(world, dashboard), **place}
    return {
        "spaces": [{"action": SAME, "data": _summary(world, home)}],
        "dashboards": [{"action": UPDATE, "data": told}],
        "charts": told_charts,
    }


# --- SQL charts


def upsert_sql_chart(call: Call) -> Json:
    """`POST /projects/{p}/sqlCharts/{slug}/code`: looks up the slug in the path, stores that in the body."""
    world, body, project = call.world, call.body, _project(call)
    found = _sql_charts_with(world, project, {call.params["slug"]})
    home, made = home_of(call, project, body["spaceSlug"])
    if found:
        chart, action = found[0], UPDATE
        move_sql_chart(world, chart, home.uuid)
    else:
        if _sql_charts_with(world, project, {body["slug"]}):
            raise went_wrong()
        chart, action = _new_sql_chart(world, project, home, body, call.person), CREATE
    chart.name, chart.description = body["name"], body.get("description")
    chart.sql, chart.limit, chart.config = body["sql"], int(body["limit"]), jsonb(body["config"])
    chart.last_updated_at, chart.last_updated_by = world.clock.tick(), call.person.uuid
    told = {
        "uuid": chart.uuid, "name": body["name"], "slug": body["slug"], "spaceSlug": body["spaceSlug"],
    }  # fmt: skip
    return {"charts": [{"action": action, "data": told}], "spaces": made, "dashboards": []}


def _new_sql_chart(world: World, project: Project, home: Space, body: Json, person: Person) -> SqlChart:
    moment = world.clock.tick()
    world.slugs.force("sql_charts", body["slug"], project.uuid)
    chart = SqlChart(
        uuid=world.new_uuid(), slug=body["slug"], name="", description=None, project_uuid=project.uuid,
        space_uuid=home.uuid, sql="", limit=0, config={}, created_at=moment, created_by=person.uuid,
        last_updated_at=moment, last_updated_by=person.uuid,
    )  # fmt: skip
    world.sql_charts[chart.uuid] = chart
    home.sql_charts[chart.uuid] = None
    return chart


_BASE = "/api/v1/projects/{p}"
_OLD, _NEW = "content_as_code", "code_paths"


def _check_by(kind: str) -> dict[str, Any]:
    older, current = CHECKS[kind]
    return {"check": older, "current_check": ("tab_slugs", current), "creates": True}


ROUTES = (
    Route("POST", _BASE + "/charts/{slug}/code", upsert_chart, needs=_OLD, **_check_by("chart")),
    Route("POST", _BASE + "/dashboards/{slug}/code", upsert_dashboard, needs=_OLD, **_check_by("dashboard")),
    Route(
        "POST", _BASE + "/sqlCharts/{slug}/code", upsert_sql_chart, needs="sql_chart_slugs",
        **_check_by("sqlChart"),
    ),
    Route("POST", _BASE + "/code/charts/{slug}", upsert_chart, needs=_NEW, **_check_by("chart")),
    Route("POST", _BASE + "/code/dashboards/{slug}", upsert_dashboard, needs=_NEW, **_check_by("dashboard")),
    Route("POST", _BASE + "/code/sqlCharts/{slug}", upsert_sql_chart, needs=_NEW, **_check_by("sqlChart")),
)  # fmt: skip
