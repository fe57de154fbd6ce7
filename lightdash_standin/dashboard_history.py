"""The history of dashboards since 0.2450.0: its list, one version, and rolling back to one.

All versions are kept, and any can be read by its uuid; the list has those of the last days. A version is
returned with today's name, and with the number and uuid of the *current* version inside. Rolling back
includes the charts inside the dashboard, each to its version at the time of the dashboard's.
"""

from __future__ import annotations

from typing import Any

from lightdash_standin.calls import OK, Call, Route, dashboard_named, require_in_space
from lightdash_standin.chart_routes import version_summary, with_access
from lightdash_standin.charts import add_version, read_chart
from lightdash_standin.dashboards import add_dashboard_version, read_dashboard
from lightdash_standin.refusals import not_found
from lightdash_standin.state import Chart, ChartVersion, Dashboard, DashboardVersion, Json, World

NO_HISTORY = "You don't have access to view the version history of this dashboard"
NO_VERSION = "You don't have access to view this dashboard version"
NO_ROLLBACK = "You don't have access to rollback this dashboard"


def _summary(world: World, dashboard: Dashboard, version: DashboardVersion) -> Json:
    person = world.people.get(version.created_by)
    return {
        "dashboardUuid": dashboard.uuid,
        "versionUuid": world.dashboard_version_uuid(version),
        "createdAt": version.created_at,
        "createdBy": person.card if person else None,
    }


def get_history(call: Call) -> Json:
    """`GET /dashboards/{u}/history`: the versions of the last days, newest first; at least two."""
    world, dashboard = call.world, dashboard_named(call)
    require_in_space(call, "manage", "Dashboard", world.spaces[dashboard.space_uuid], NO_HISTORY)
    newest_first = dashboard.versions[::-1]
    opens = "" if world.can("whole_history") else world.clock.midnight_before(world.dashboard_history_days)
    shown = [one for one in newest_first if one.created_at >= opens or one is dashboard.version]
    if len(shown) == 1:
        shown = newest_first[:2]
    return {"history": [_summary(world, dashboard, version) for version in shown]}


def _version(world: World, dashboard: Dashboard, uuid: str) -> DashboardVersion:
    for version in dashboard.versions:
        if world.dashboard_version_uuid(version) == uuid:
            return version
    raise not_found("Dashboard version not found")


def get_version(call: Call) -> Json:
    """`GET /dashboards/{u}/version/{v}`: an old version under today's name and space; counts no view."""
    world, dashboard = call.world, dashboard_named(call)
    space = world.spaces[dashboard.space_uuid]
    require_in_space(call, "view", "Dashboard", space, NO_VERSION)
    version = _version(world, dashboard, call.params["v"])
    read = with_access(call, read_dashboard(world, dashboard, version), space)
    return {
        **_summary(world, dashboard, version),
        "dashboard": read,
        "chartVersionDifferences": [] if version is dashboard.version else _differences(call, read, version),
    }


def _differences(call: Call, read: Json, then: DashboardVersion) -> list[Json]:
    """What rolling back would change of the charts inside a dashboard: each now, and at that time."""
    rows = []
    for tile, chart in _inside(call.world, read):
        was = _at(chart, then.created_at)
        rows.append(
            {
                "tileUuid": tile["uuid"],
                "chartUuid": chart.uuid,
                "chartName": chart.name,
                "currentVersion": version_summary(call, chart, chart.version),
                "selectedVersion": version_summary(call, chart, was) if was else None,
            }
        )
    return rows


def _inside(world: World, read: Json) -> list[tuple[Json, Chart]]:
    """The tiles of a dashboard, in the form of answers, with charts inside it."""
    shown = [tile for tile in read["tiles"] if tile["properties"].get("belongsToDashboard")]
    return [(tile, world.charts[tile["properties"]["savedChartUuid"]]) for tile in shown]


def _at(chart: Chart, moment: str) -> ChartVersion | None:
    """The version of a chart at a time; none if it was created later."""
    return next((one for one in reversed(chart.versions.values()) if one.created_at <= moment), None)


def rollback(call: Call) -> Any:
    """`POST /dashboards/{u}/rollback/{v}`: append a copy of an old version; nothing for the current one."""
    world, dashboard = call.world, dashboard_named(call)
    if call.params["v"] == world.dashboard_version_uuid(dashboard.version):
        return OK  # before any permission is checked
    require_in_space(call, "manage", "Dashboard", world.spaces[dashboard.space_uuid], NO_ROLLBACK)
    then = _version(world, dashboard, call.params["v"])
    read = read_dashboard(world, dashboard, then)
    add_dashboard_version(world, dashboard, read, call.person)
    for chart in {chart.uuid: chart for _, chart in _inside(world, read)}.values():
        if (was := _at(chart, then.created_at)) is not None:
            add_version(world, chart, read_chart(world, chart, was), call.person)
    return OK


_BASE = "/api/v1/dashboards/{u}"
_BY_SLUG: dict[str, Any] = {"slugs": True, "slugs_since": "current"}
ROUTES = (
    Route("GET", f"{_BASE}/history", get_history, needs="dashboard_history", **_BY_SLUG),
    Route("GET", f"{_BASE}/version/{{v}}", get_version, needs="dashboard_history", **_BY_SLUG),
    Route("POST", f"{_BASE}/rollback/{{v}}", rollback, needs="dashboard_history", **_BY_SLUG),
)
