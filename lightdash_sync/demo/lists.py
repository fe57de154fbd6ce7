"""Lists over a whole project: charts, chart summaries, content (v2) and search.

None of them is complete. `/charts` and content omit charts inside dashboards; summaries omit SQL charts,
repeat a chart that is on two tiles, and omit one that is on none; search stops at ten.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from lightdash_sync.demo.access import can_in_space
from lightdash_sync.demo.calls import Call, Route, project_of, space_of_chart
from lightdash_sync.demo.charts import author
from lightdash_sync.demo.dashboards import charts_on_dashboard
from lightdash_sync.demo.kinds import chart_type
from lightdash_sync.demo.refusals import Refusal
from lightdash_sync.demo.state import Chart, Dashboard, Json, Project, Space, SqlChart, World

SEARCH_LIMIT = 10


def errors_by(validations: list[Json], source: str) -> dict[str, list[Json]]:
    """The validation errors that lists show, by the uuid of the chart or dashboard.

    Their times come out of the database's own JSON: with microseconds, and without a time zone.
    """
    found: dict[str, list[Json]] = {}
    for one in validations:
        if one["source"] == source:
            row = {"validationId": one["validationId"], "error": one["error"]}
            row["createdAt"] = one["createdAt"].removesuffix("Z") + "000"
            found.setdefault(one[f"{source}Uuid"], []).append(row)
    return found


def chart_row(world: World, chart: Chart, errors: list[Json]) -> Json:
    """An explore chart in `/charts` and in a space: `updatedAt` is later than the version's."""
    space = space_of_chart(world, chart)
    project = world.project_rows[space.project_uuid]
    dashboard = world.dashboards.get(chart.dashboard_uuid or "")
    kind = chart.version.kind or "vertical_bar"
    return {
        "uuid": chart.uuid,
        "name": chart.name,
        "spaceName": space.name,
        "dashboardName": dashboard.name if dashboard else None,
        "organizationUuid": project.org_uuid,
        "projectUuid": project.uuid,
        "dashboardUuid": chart.dashboard_uuid,
        "description": chart.description,
        "updatedAt": chart.last_updated_at,
        "updatedByUser": author(world, chart.last_updated_by),
        "spaceUuid": space.uuid,
        "views": chart.views,
        "firstViewedAt": chart.first_viewed_at,
        "chartType": chart_type(kind),
        "chartKind": kind,
        "pinnedListUuid": project.pinned_list_uuid if chart.pin_order is not None else None,
        "pinnedListOrder": chart.pin_order,
        "validationErrors": errors,
        "slug": chart.slug,
        "source": "dbt_explore",
    }


def _sql_row(world: World, chart: SqlChart) -> Json:
    """A SQL chart in `/charts`: with placeholders for what SQL charts do not have."""
    project = world.project_rows[chart.project_uuid]
    return {
        "uuid": chart.uuid,
        "name": chart.name,
        "spaceName": world.spaces[chart.space_uuid].name,
        "dashboardName": None,
        "organizationUuid": project.org_uuid,
        "projectUuid": project.uuid,
        "dashboardUuid": None,
        "description": chart.description,
        "updatedAt": chart.last_updated_at,
        "updatedByUser": author(world, chart.last_updated_by),
        "spaceUuid": chart.space_uuid,
        "views": 0,
        "firstViewedAt": None,
        "chartType": "cartesian",
        "chartKind": chart.config.get("type"),
        "pinnedListUuid": "",
        "pinnedListOrder": 0,
        "validationErrors": [],
        "slug": chart.slug,
        "source": "sql",
    }


def _visible(call: Call, project: Project, subject: str) -> Iterator[Space]:
    for uuid in project.spaces:
        space = call.world.spaces[uuid]
        if can_in_space(call.world, call.person, "view", subject, space):
            yield space


def get_charts(call: Call) -> list[Json]:
    """`GET /projects/{p}/charts`: charts in spaces, newest version first, then SQL charts."""
    world = call.world
    project = project_of(call)
    spaces = list(_visible(call, project, "Space"))
    charts = [world.charts[uuid] for space in spaces for uuid in space.charts]
    charts.sort(key=lambda chart: chart.last_updated_at, reverse=True)
    sql = [world.sql_charts[uuid] for space in spaces for uuid in space.sql_charts]
    sql.sort(key=lambda chart: chart.last_updated_at, reverse=True)
    errors = errors_by(project.validations, "chart")
    return [
        *(chart_row(world, chart, errors.get(chart.uuid, [])) for chart in charts),
        *(_sql_row(world, chart) for chart in sql),
    ]


def _summary(world: World, chart: Chart, space: Space, project: Project) -> Json:
    dashboard = world.dashboards.get(chart.dashboard_uuid or "")
    kind = chart.version.kind or "vertical_bar"
    return {
        "uuid": chart.uuid,
        "name": chart.name,
        "description": chart.description,
        "spaceUuid": space.uuid,
        "spaceName": space.name,
        "projectUuid": project.uuid,
        "organizationUuid": project.org_uuid,
        "pinnedListUuid": project.pinned_list_uuid if chart.pin_order is not None else None,
        "chartKind": kind,
        "dashboardUuid": chart.dashboard_uuid,
        "dashboardName": dashboard.name if dashboard else None,
        "updatedAt": chart.last_updated_at,
        "slug": chart.slug,
        "chartType": chart_type(kind),
    }


def get_summaries(call: Call) -> list[Json]:
    """`GET /projects/{p}/chart-summaries`: charts in spaces, and those inside dashboards once per tile."""
    world = call.world
    project = project_of(call)
    inside = call.one("excludeChartsSavedInDashboard") != "true"
    rows = []
    for space in _visible(call, project, "SavedChart"):
        rows += [_summary(world, world.charts[uuid], space, project) for uuid in space.charts]
        for uuid in space.dashboards if inside else ():
            dashboard = world.dashboards[uuid]
            placed = (
                chart for chart in charts_on_dashboard(world, dashboard) if chart.dashboard_uuid == uuid
            )
            rows += [_summary(world, chart, space, project) for chart in placed]
    return world.jumbled(rows)


def _content_user(world: World, uuid: str | None) -> Json | None:
    person = world.people.get(uuid) if uuid else None
    return (
        {"uuid": person.uuid, "firstName": person.first_name, "lastName": person.last_name}
        if person
        else None
    )


def _content_row(world: World, item: Chart | SqlChart | Dashboard, space: Space) -> Json:
    """One row of `/api/v2/content`; the author of an explore chart is never known here."""
    project = world.project_rows[space.project_uuid]
    is_dashboard = isinstance(item, Dashboard)
    updated_at = item.version.created_at if isinstance(item, Dashboard) else item.last_updated_at
    updated_by = item.version.created_by if isinstance(item, Dashboard) else item.last_updated_by
    pinned = not isinstance(item, SqlChart) and item.pin_order is not None
    extra: Json = {}
    if isinstance(item, Chart):
        extra = {"source": "dbt_explore", "chartKind": item.version.kind or "vertical_bar", "dashboard": None}
    elif isinstance(item, SqlChart):
        extra = {"source": "sql", "chartKind": item.config.get("type"), "dashboard": None}
    return {
        "contentType": "dashboard" if is_dashboard else "chart",
        "uuid": item.uuid,
        "slug": item.slug,
        "name": item.name,
        "description": item.description,
        "createdAt": item.created_at,
        "createdBy": None if isinstance(item, Chart) else _content_user(world, item.created_by),
        "lastUpdatedAt": updated_at,
        "lastUpdatedBy": _content_user(world, updated_by),
        "project": {"uuid": project.uuid, "name": project.name},
        "organization": {"uuid": project.org_uuid, "name": world.orgs[project.org_uuid].name},
        "space": {"uuid": space.uuid, "name": space.name},
        **extra,
        "pinnedList": {"uuid": project.pinned_list_uuid} if pinned else None,
        "views": 0 if isinstance(item, SqlChart) else item.views,
        "firstViewedAt": None if isinstance(item, SqlChart) else item.first_viewed_at,
    }


def paging(page: int, size: int, total: int) -> Json:
    """The pagination object of an answer."""
    return {"page": page, "pageSize": size, "totalPageCount": -(-total // size), "totalResults": total}


def page_and_size(call: Call, default_page: int, default_size: int) -> tuple[int, int]:
    """Page and page size of a request.

    Raises:
        Refusal: 422 KnexPaginationError for a number below 1.
    """
    page = int(call.one("page") or default_page)
    size = int(call.one("pageSize") or default_size)
    if page < 1:
        raise Refusal(422, "KnexPaginationError", "page should be greater than 0")
    if size < 1:
        raise Refusal(422, "KnexPaginationError", "pageSize should be greater than 0")
    return page, size


def in_pages(call: Call, rows: list[Any]) -> Json:
    """A page of the rows; all of them, unless both page and size are asked for."""
    if not call.one("page") or not call.one("pageSize"):
        return {"data": rows}
    page, size = page_and_size(call, 1, 10)
    return {"pagination": paging(page, size, len(rows)), "data": rows[(page - 1) * size : page * size]}


def get_content(call: Call) -> Json:
    """`GET /api/v2/content`: charts and dashboards of visible spaces, last updated first, in pages."""
    world = call.world
    page, size = page_and_size(call, 1, 10)
    types = call.all("contentTypes") or ["chart", "dashboard"]
    projects, spaces = call.all("projectUuids"), call.all("spaceUuids")
    found: list[tuple[str, Any, Space]] = []
    for project in world.project_rows.values():
        if project.org_uuid != call.person.org_uuid or (projects and project.uuid not in projects):
            continue
        for space in _visible(call, project, "Space"):
            if spaces and space.uuid not in spaces:
                continue
            if "chart" in types:
                found += [
                    (world.charts[one].last_updated_at, world.charts[one], space) for one in space.charts
                ]
                found += [
                    (world.sql_charts[one].last_updated_at, world.sql_charts[one], space)
                    for one in space.sql_charts
                ]
            if "dashboard" in types:
                rows = [world.dashboards[one] for one in space.dashboards]
                found += [(one.version.created_at, one, space) for one in rows]
    found = sorted(world.jumbled(found), key=lambda row: row[0], reverse=True)
    shown = found[(page - 1) * size : page * size]
    return {
        "pagination": paging(page, size, len(found)),
        "data": [_content_row(world, item, space) for _, item, space in shown],
    }


ROUTES = (
    Route("GET", "/api/v1/projects/{p}/charts", get_charts),
    Route("GET", "/api/v1/projects/{p}/chart-summaries", get_summaries),
    Route("GET", "/api/v2/content", get_content),
)
