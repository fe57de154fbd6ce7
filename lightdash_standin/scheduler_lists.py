"""Lists of schedulers: those of a chart, dashboard or SQL chart, of a project, of a person, and the log.

In 0.1372.1 the log is the only list of a project; nothing has ever run in it here. Newer versions return the
log in pages, with only the schedulers that have run.
"""

from __future__ import annotations

from collections.abc import Iterable

from lightdash_standin.access import can_in_project
from lightdash_standin.bodies import union
from lightdash_standin.calls import Call, Route, chart_of, dashboard_named, project_of, space_of_chart
from lightdash_standin.lists import in_pages, page_and_size, paging
from lightdash_standin.refusals import forbidden, invalid
from lightdash_standin.scheduler_rows import TARGETS, project_of_scheduler, read_scheduler
from lightdash_standin.schedulers import require_deliveries
from lightdash_standin.sql_charts import sql_chart_of
from lightdash_standin.state import Json, Scheduler, Space, World

DESTINATIONS = {"slack": "channel", "email": "recipient", "msteams": "webhook"} | {
    "googlechat": "googleChatWebhook"
}


def _ordered(world: World, found: Iterable[Scheduler]) -> list[Scheduler]:
    """By name, then by age; the order of names depends on the database, and is as recorded."""
    by_bytes = world.can("scheduler_list")
    return sorted(
        found,
        key=lambda one: (one.fields["name"] if by_bytes else one.fields["name"].lower(), one.created_at),
    )


def _listed(world: World, scheduler: Scheduler) -> Json:
    """A row of a list, which in newer versions includes the project."""
    row = read_scheduler(world, scheduler)
    if not world.can("sql_chart_schedulers"):
        return row
    project = project_of_scheduler(world, scheduler)
    told = {
        "projectSchedulerTimezone": project.scheduler_timezone,
        "projectUuid": project.uuid,
        "projectName": project.name,
    }
    return row | told


def _of(world: World, uuid: str) -> list[Scheduler]:
    return _ordered(world, (world.schedulers[one] for one in world.schedulers_of.get(uuid, {})))


def _shown(call: Call, space: Space, uuid: str) -> list[Scheduler]:
    """The deliveries of an item; in current versions only the caller's own, unless they manage deliveries."""
    world, found = call.world, _of(call.world, uuid)
    project = world.project_rows[space.project_uuid]
    if not world.can("current") or can_in_project(
        world, call.person, "manage", "ScheduledDeliveries", project
    ):
        return found
    return [one for one in found if one.created_by == call.person.uuid]


def _of_chart(call: Call) -> list[Scheduler]:
    chart = chart_of(call.world, call.params["u"])
    space = space_of_chart(call.world, chart)
    require_deliveries(call, "chart", space)
    return _shown(call, space, chart.uuid)


def _of_dashboard(call: Call) -> list[Scheduler]:
    dashboard = dashboard_named(call)
    space = call.world.spaces[dashboard.space_uuid]
    require_deliveries(call, "dashboard", space)
    return _shown(call, space, dashboard.uuid)


def get_of_chart(call: Call) -> list[Json]:
    """`GET /saved/{u}/schedulers`."""
    return [_listed(call.world, one) for one in _of_chart(call)]


def get_of_dashboard(call: Call) -> list[Json]:
    """`GET /dashboards/{u}/schedulers`."""
    return [_listed(call.world, one) for one in _of_dashboard(call)]


def get_of_sql_chart(call: Call) -> list[Json]:
    """`GET .../sqlRunner/saved/{u}/schedulers`: without the project."""
    chart = sql_chart_of(call)
    require_deliveries(call, "chart", call.world.spaces[chart.space_uuid])
    return [read_scheduler(call.world, one) for one in _of(call.world, chart.uuid)]


def get_pages_of_chart(call: Call) -> Json:
    """`GET /api/v2/saved/{u}/schedulers`."""
    return _page(call, _of_chart(call))


def get_pages_of_dashboard(call: Call) -> Json:
    """`GET /api/v2/dashboards/{u}/schedulers`."""
    return _page(call, _of_dashboard(call))


def get_of_project(call: Call) -> Json:
    """`GET /schedulers/{p}/list`: all of a project, for people who may change settings; since 0.1836.0."""
    world = call.world
    project = project_of(call, may=("update", "Project"))
    rows = [one for one in world.schedulers.values() if project_of_scheduler(world, one) is project]
    return _page(call, (one for one in rows if not _is_of_deleted_app(world, one)))


def _is_of_deleted_app(world: World, scheduler: Scheduler) -> bool:
    app = world.apps.get(scheduler.app_uuid or "")
    return app is not None and app.deleted_at is not None


def get_of_person(call: Call) -> Json:
    """`GET /schedulers/user-schedulers`: the caller's own, in all projects."""
    me = call.person.uuid
    return _page(call, (one for one in call.world.schedulers.values() if one.created_by == me))


def _page(call: Call, found: Iterable[Scheduler]) -> Json:
    """A page of the schedulers that match the query."""
    if call.world.can("current"):
        _check_type(call.one("resourceType"))
    words = (call.one("searchQuery") or "").strip().lower()
    fitting = [one for one in found if words in one.fields["name"].lower() and _fits(call, one)]
    ordered = _ordered(call.world, fitting)
    if call.one("sortBy") == "createdAt":
        ordered.sort(key=lambda one: one.created_at)
    if call.one("sortDirection") == "desc":
        ordered.reverse()
    page = in_pages(call, ordered)
    return page | {"data": [_listed(call.world, one) for one in page["data"]]}


def _check_type(told: str | None) -> None:
    if told not in (None, *_TYPES):
        issues = [
            {"resourceType": {"message": f"should be one of the following; ['{one}']", "value": told}}
            for one in _TYPES
        ]
        raise invalid({"resourceType": {"message": union(issues), "value": told}})


_TYPES = ("chart", "dashboard")


def _fits(call: Call, scheduler: Scheduler) -> bool:
    """Whether it has one of the requested owners, formats, contents and destinations."""
    type_ = "chart" if scheduler.chart_uuid else "dashboard" if scheduler.dashboard_uuid else "sqlChart"
    fields = {field for target in scheduler.targets for _, field, _ in TARGETS if field in target}
    for name, has in (
        ("createdByUserUuids", {scheduler.created_by}),
        ("formats", {scheduler.fields["format"]}),
        ("resourceType", {type_}),
        ("resourceUuids", {scheduler.delivers}),
        ("destinations", {name for name, field in DESTINATIONS.items() if field in fields}),
    ):
        asked = [one for text in call.all(name) for one in text.split(",") if one]
        if asked and not has & set(asked):
            return False
    return True


def get_logs(call: Call) -> Json:
    """`GET /schedulers/{p}/logs`: all schedulers of the project; in newer versions those that have run."""
    world = call.world
    project = world.project_rows.get(call.params["p"])
    if project is None or not can_in_project(world, call.person, "update", "Project", project):
        raise forbidden()
    if world.can("scheduler_list"):
        page, size = page_and_size(call, 1, 10)
        empty: Json = {"schedulers": [], "users": [], "charts": [], "dashboards": [], "logs": []}
        return {"pagination": paging(page, size, 0), "data": empty}
    found = [one for one in world.schedulers.values() if project_of_scheduler(world, one) is project]
    charts = {one.chart_uuid for one in found if one.chart_uuid}
    dashboards = {one.dashboard_uuid for one in found if one.dashboard_uuid}
    owners = {one.created_by for one in found}
    return {
        "schedulers": world.jumbled([read_scheduler(world, one) for one in found]),
        "users": [person.card for person in world.people.values() if person.uuid in owners],
        "charts": [{"name": world.charts[uuid].name, "savedChartUuid": uuid} for uuid in sorted(charts)],
        "dashboards": [
            {"name": world.dashboards[uuid].name, "dashboardUuid": uuid} for uuid in sorted(dashboards)
        ],
        "logs": [],
    }


_V1, _V2 = "/api/v1", "/api/v2"
_BASE = _V1 + "/schedulers"
ROUTES = (
    Route("GET", _V1 + "/saved/{u}/schedulers", get_of_chart),
    Route("GET", _V1 + "/dashboards/{u}/schedulers", get_of_dashboard, slugs=True, slugs_since="current"),
    Route(
        "GET", _V1 + "/projects/{p}/sqlRunner/saved/{u}/schedulers", get_of_sql_chart,
        needs="sql_chart_schedulers",
    ),
    Route("GET", _V2 + "/saved/{u}/schedulers", get_pages_of_chart, needs="scheduler_pages"),
    Route(
        "GET", _V2 + "/dashboards/{u}/schedulers", get_pages_of_dashboard, needs="scheduler_pages",
        slugs=True, slugs_since="current",
    ),
    Route("GET", _BASE + "/user-schedulers", get_of_person, needs="scheduler_list"),
    Route("GET", _BASE + "/{p}/list", get_of_project, needs="scheduler_list"),
    Route("GET", _BASE + "/{p}/logs", get_logs),
)  # fmt: skip
