"""Lists over a whole project: charts, chart summaries.

Neither is complete. `/charts` omits charts inside dashboards; summaries omit SQL charts, repeat a chart that
is on two tiles (in old versions), and omit one that is on none.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from lightdash_standin.access import can_in_space
from lightdash_standin.calls import Call, Route, project_of, space_of_chart
from lightdash_standin.charts import author, dashboard_slug, verification_told
from lightdash_standin.dashboards import charts_on_dashboard
from lightdash_standin.kinds import chart_type
from lightdash_standin.refusals import Refusal
from lightdash_standin.state import Chart, Json, Project, Space, SqlChart, World

SEARCH_LIMIT = 10


def errors_by(validations: list[Json], source: str) -> dict[str, list[Json]]:
    """The validation errors in lists, by the uuid of the chart or dashboard.

    Their times have the form of the database's JSON: with microseconds, and without a time zone.
    """
    found: dict[str, list[Json]] = {}
    for one in validations:
        if one["source"] == source:
            names = ("validationUuid", "validationId", "error")
            row = {name: one[name] for name in names if name in one}
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
        "chartType": chart.version.chart_config["type"] if world.can("verification") else chart_type(kind),
        "chartKind": kind,
        "pinnedListUuid": project.pinned_list_uuid if chart.pin_order is not None else None,
        "pinnedListOrder": chart.pin_order,
        "validationErrors": errors,
        "slug": chart.slug,
        "source": "dbt_explore",
        **verification_told(world, chart.verification),
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
        **verification_told(world, None),
    }


def visible_spaces(call: Call, project: Project, subject: str) -> Iterator[Space]:
    """The spaces of a project in which the caller may see such items."""
    for uuid in project.spaces:
        space = call.world.spaces[uuid]
        if can_in_space(call.world, call.person, "view", subject, space):
            yield space


def get_charts(call: Call) -> list[Json]:
    """`GET /projects/{p}/charts`: charts in spaces, newest version first, then SQL charts."""
    world = call.world
    project = project_of(call)
    spaces = list(visible_spaces(call, project, "Space"))
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
        **dashboard_slug(world, chart),
        "chartType": chart_type(kind),
        **({"viewsCount": chart.views} if world.can("verification") else {}),
    }


def get_summaries(call: Call) -> list[Json]:
    """`GET /projects/{p}/chart-summaries`: charts in spaces, and those inside dashboards once per tile.

    Newer versions return each once, by uuid.
    """
    world = call.world
    project = project_of(call)
    inside = call.one("excludeChartsSavedInDashboard") != "true"
    rows = []
    for space in visible_spaces(call, project, "SavedChart"):
        rows += [_summary(world, world.charts[uuid], space, project) for uuid in space.charts]
        for uuid in space.dashboards if inside else ():
            dashboard = world.dashboards[uuid]
            placed = (
                chart for chart in charts_on_dashboard(world, dashboard) if chart.dashboard_uuid == uuid
            )
            rows += [_summary(world, chart, space, project) for chart in placed]
    if world.can("finds_inside_charts_once"):
        return sorted({row["uuid"]: row for row in rows}.values(), key=lambda row: str(row["uuid"]))
    return world.jumbled(rows)


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
    """A page of the rows; all of them, unless both page and size are requested."""
    if not call.one("page") or not call.one("pageSize"):
        return {"data": rows}
    page, size = page_and_size(call, 1, 10)
    return {"pagination": paging(page, size, len(rows)), "data": rows[(page - 1) * size : page * size]}


ROUTES = (
    Route("GET", "/api/v1/projects/{p}/charts", get_charts),
    Route("GET", "/api/v1/projects/{p}/chart-summaries", get_summaries),
)
