"""Scheduled deliveries and alerts, on charts and dashboards.

A new one is always enabled and belongs to who made it. Changing one replaces everything, its targets
included. A time zone that does not exist is stored all the same, and answered with a 500. Nothing is ever
sent.
"""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from lightdash_sync.demo.access import can_in_project, can_in_space
from lightdash_sync.demo.bodies import check_timezone
from lightdash_sync.demo.calls import (
    OK,
    Call,
    Route,
    chart_of,
    dashboard_of,
    need,
    project_of,
    space_of_chart,
)
from lightdash_sync.demo.clock import printed
from lightdash_sync.demo.cron import BadSchedule, limited_to_hourly, runs_today
from lightdash_sync.demo.jobs import start_scheduler_job
from lightdash_sync.demo.jsonb import jsonb, truthy
from lightdash_sync.demo.lists import page_and_size, paging
from lightdash_sync.demo.refusals import bad_parameter, forbidden, not_found, went_wrong
from lightdash_sync.demo.state import Json, Project, Scheduler, Space, World

TOO_OFTEN = "Frequency not allowed, custom input is limited to hourly"
NO_SPACE = "You don't have access to the space this {kind} belongs to"


def _space_of(world: World, scheduler: Scheduler) -> Space:
    if scheduler.chart_uuid:
        return space_of_chart(world, world.charts[scheduler.chart_uuid])
    return world.spaces[world.dashboards[scheduler.dashboard_uuid or ""].space_uuid]


def _project_of(world: World, scheduler: Scheduler) -> Project:
    return world.project_rows[_space_of(world, scheduler).project_uuid]


def read_scheduler(scheduler: Scheduler) -> Json:
    """The scheduler as it is read."""
    fields = scheduler.fields
    optional = {key: fields[key] for key in ("timezone", "thresholds") if fields[key] is not None}
    return {
        "schedulerUuid": scheduler.uuid,
        "name": fields["name"],
        "message": fields["message"],
        "createdAt": scheduler.created_at,
        "updatedAt": scheduler.updated_at,
        "createdBy": scheduler.created_by,
        "cron": fields["cron"],
        **optional,
        "savedChartUuid": scheduler.chart_uuid,
        "dashboardUuid": scheduler.dashboard_uuid,
        **{key: fields[key] for key in ("format", "options", "filters", "customViewportWidth")},
        "enabled": scheduler.enabled,
        **{key: fields[key] for key in ("notificationFrequency", "selectedTabs", "includeLinks")},
        "targets": scheduler.targets,
    }


def stored_fields(body: Json, *, on_dashboard: bool) -> Json:
    """What is stored of a body; filters, tabs and viewport count for dashboards only."""
    special = body if on_dashboard else {}
    return {
        "name": need(body, "name", str),
        "message": body.get("message"),
        "format": need(body, "format", str),
        "cron": body["cron"],
        "timezone": body.get("timezone"),
        "options": jsonb(need(body, "options", dict)),
        "filters": jsonb(special.get("filters")) if truthy(special.get("filters")) else None,
        "customViewportWidth": special.get("customViewportWidth") or None,
        "thresholds": jsonb(body["thresholds"]) if truthy(body.get("thresholds")) else None,
        "notificationFrequency": body.get("notificationFrequency") or None,
        "selectedTabs": special["selectedTabs"] if truthy(special.get("selectedTabs")) else None,
        "includeLinks": body.get("includeLinks") is not False,
    }


def stored_targets(world: World, scheduler_uuid: str, sent: list[Any], old: list[Json]) -> list[Json]:
    """The targets, Slack before e-mail; one that is named by its uuid is kept, any other is new."""
    moment, targets = world.clock.now(), []
    for kind, key, value in (
        ("Slack", "schedulerSlackTargetUuid", "channel"),
        ("Email", "schedulerEmailTargetUuid", "recipient"),
    ):
        for target in sent:
            if not isinstance(target, dict):
                raise went_wrong()
            if ("channel" in target) != (kind == "Slack"):
                continue
            kept = next((one for one in old if target.get(key) and one.get(key) == target[key]), None)
            if target.get(key) and kept is None:
                continue
            uuid, created = (kept[key], kept["createdAt"]) if kept else (world.new_uuid(), moment)
            targets.append(
                {
                    key: uuid, "createdAt": created, "updatedAt": moment,
                    "schedulerUuid": scheduler_uuid, value: need(target, value, str),
                }
            )  # fmt: skip
    return targets


def _check_cron(body: Any) -> None:
    if not limited_to_hourly(need(body, "cron", str)):
        raise bad_parameter(TOO_OFTEN)


def _queue(world: World, scheduler: Scheduler) -> list[str]:
    """The moments at which the scheduler will still run today; what cannot be understood is a 500."""
    zone = scheduler.fields["timezone"] or _project_of(world, scheduler).scheduler_timezone
    try:
        return [printed(moment) for moment in runs_today(scheduler.fields["cron"], zone, world.clock.moment)]
    except BadSchedule:
        raise went_wrong() from None


def create_scheduler(
    world: World, body: Any, person_uuid: str, chart: str | None, dashboard: str | None
) -> Scheduler:
    """Store a new scheduler on a chart or a dashboard."""
    fields = stored_fields(body, on_dashboard=dashboard is not None)
    sent = need(body, "targets", list)
    created = world.clock.tick()
    scheduler = Scheduler(world.new_uuid(), chart, dashboard, person_uuid, created, created, fields)
    scheduler.targets = stored_targets(world, scheduler.uuid, sent, [])
    world.schedulers[scheduler.uuid] = scheduler
    world.schedulers_of.setdefault(chart or dashboard or "", {})[scheduler.uuid] = None
    return scheduler


def _resource(call: Call) -> tuple[str, str, Space]:
    """Kind, uuid and space of the chart or dashboard in the path."""
    if call.request.url.path.startswith("/api/v1/saved/"):
        chart = chart_of(call.world, call.params["u"])
        return "chart", chart.uuid, space_of_chart(call.world, chart)
    dashboard = dashboard_of(call.world, call.params["u"])
    return "dashboard", dashboard.uuid, call.world.spaces[dashboard.space_uuid]


def _require_deliveries(call: Call, kind: str, space: Space) -> None:
    project = call.world.project_rows[space.project_uuid]
    if not can_in_project(call.world, call.person, "create", "ScheduledDeliveries", project):
        raise forbidden()
    if not can_in_space(call.world, call.person, "view", "Space", space):
        raise forbidden(NO_SPACE.format(kind=kind))


def get_of_resource(call: Call) -> list[Json]:
    """`GET /saved/{u}/schedulers`, `GET /dashboards/{u}/schedulers`: by name, then by age."""
    kind, uuid, space = _resource(call)
    _require_deliveries(call, kind, space)
    found = [call.world.schedulers[one] for one in call.world.schedulers_of.get(uuid, {})]
    found.sort(key=lambda one: (one.fields["name"].lower(), one.created_at))
    return [read_scheduler(one) for one in found]


def post_scheduler(call: Call) -> Json:
    """`POST /saved/{u}/schedulers`, `POST /dashboards/{u}/schedulers`."""
    _check_cron(call.body)
    kind, uuid, space = _resource(call)
    _require_deliveries(call, kind, space)
    pair = (uuid, None) if kind == "chart" else (None, uuid)
    scheduler = create_scheduler(call.world, call.body, call.person.uuid, *pair)
    _queue(call.world, scheduler)
    return read_scheduler(scheduler)


def _scheduler(call: Call) -> Scheduler:
    scheduler = call.world.schedulers.get(call.params["s"])
    if scheduler is None:
        raise not_found("Scheduler not found")
    return scheduler


def _own(call: Call) -> Scheduler:
    """The scheduler in the path, if the asker may change it: its owner, or who manages deliveries."""
    scheduler = _scheduler(call)
    project = _project_of(call.world, scheduler)
    may = [
        can_in_project(call.world, call.person, how, "ScheduledDeliveries", project)
        for how in ("manage", "create")
    ]
    if not may[0] and not (may[1] and scheduler.created_by == call.person.uuid):
        raise forbidden()
    return scheduler


def get_scheduler(call: Call) -> Json:
    """`GET /schedulers/{s}`: for everybody who knows the uuid."""
    return read_scheduler(_scheduler(call))


def patch_scheduler(call: Call) -> Json:
    """`PATCH /schedulers/{s}`: replace everything but owner and enabled."""
    world, body = call.world, call.body
    _check_cron(body)
    scheduler = _own(call)
    fields = stored_fields(body, on_dashboard=True)
    targets = stored_targets(world, scheduler.uuid, need(body, "targets", list), scheduler.targets)
    if "message" not in body:
        fields["message"] = scheduler.fields["message"]
    scheduler.fields, scheduler.targets = fields, targets
    scheduler.updated_at = world.clock.tick()
    if scheduler.enabled:
        _queue(world, scheduler)
    return read_scheduler(scheduler)


def patch_enabled(call: Call) -> Json:
    """`PATCH /schedulers/{s}/enabled`."""
    scheduler = _own(call)
    scheduler.enabled = bool(need(call.body, "enabled", bool))
    scheduler.updated_at = call.world.clock.tick()
    if scheduler.enabled:
        _queue(call.world, scheduler)
    return read_scheduler(scheduler)


def remove_scheduler(call: Call) -> Any:
    """`DELETE /schedulers/{s}`."""
    scheduler = _own(call)
    del call.world.schedulers[scheduler.uuid]
    del call.world.schedulers_of[scheduler.chart_uuid or scheduler.dashboard_uuid or ""][scheduler.uuid]
    return OK


def get_jobs(call: Call) -> list[Json]:
    """`GET /schedulers/{s}/jobs`: the runs of today that are still to come."""
    scheduler = _own(call)
    if not scheduler.enabled:
        return []
    runs = _queue(call.world, scheduler)
    return [{"date": moment, "id": f"{scheduler.uuid}-{number}"} for number, moment in enumerate(runs)]


def get_logs(call: Call) -> Json:
    """`GET /schedulers/{p}/logs`: every scheduler of the project; nothing has ever run."""
    world = call.world
    project = world.project_rows.get(call.params["p"])
    if project is None or not can_in_project(world, call.person, "update", "Project", project):
        raise forbidden()
    found = [one for one in world.schedulers.values() if _project_of(world, one) is project]
    charts = {one.chart_uuid for one in found if one.chart_uuid}
    dashboards = {one.dashboard_uuid for one in found if one.dashboard_uuid}
    owners = {one.created_by for one in found}
    return {
        "schedulers": world.jumbled([read_scheduler(one) for one in found]),
        "users": [person.card for person in world.people.values() if person.uuid in owners],
        "charts": [{"name": world.charts[uuid].name, "savedChartUuid": uuid} for uuid in sorted(charts)],
        "dashboards": [
            {"name": world.dashboards[uuid].name, "dashboardUuid": uuid} for uuid in sorted(dashboards)
        ],
        "logs": [],
    }


def get_list(call: Call) -> Json:
    """`GET /schedulers/{p}/list`: all of a project, in pages; since 0.1836.0."""
    project = project_of(call)
    found = [one for one in call.world.schedulers.values() if _project_of(call.world, one) is project]
    page, size = page_and_size(call, 1, 10)
    rows = [read_scheduler(one) for one in found[(page - 1) * size : page * size]]
    return {"data": rows, "pagination": paging(page, size, len(found))}


def send(call: Call) -> Json:
    """`POST /schedulers/send`: a job that is done at once; nothing is sent."""
    body = call.body if isinstance(call.body, dict) else {}
    if body.get("savedChartUuid"):
        chart_of(call.world, body["savedChartUuid"])
    elif body.get("dashboardUuid"):
        dashboard_of(call.world, body["dashboardUuid"])
    else:
        raise bad_parameter("Missing savedChartUuid and dashboardUuid on scheduler")
    return {"jobId": start_scheduler_job(call.world, None)}


def patch_timezone(call: Call) -> Any:
    """`PATCH /projects/{p}/schedulerSettings`: the time zone; schedulers without one keep their moment."""
    world = call.world
    project = project_of(call, may=("update", "Project"))
    zone = call.body["schedulerTimezone"]
    try:
        old, new = (_offset(world, name) for name in (project.scheduler_timezone, zone))
    except BadSchedule:
        raise went_wrong() from None
    project.scheduler_timezone = zone
    for scheduler in world.schedulers.values():
        if scheduler.fields["timezone"] is None and _project_of(world, scheduler) is project:
            scheduler.fields["cron"] = _shifted(scheduler.fields["cron"], new - old)
    return OK


def _offset(world: World, zone: str) -> int:
    """Minutes between a time zone and UTC, now (the size of the shift depends on the season)."""
    try:
        offset = world.clock.moment.astimezone(ZoneInfo(zone)).utcoffset()
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise BadSchedule(zone) from None
    return int(offset.total_seconds() // 60) if offset else 0


def _shifted(cron: str, minutes: int) -> str:
    """The expression moved by some minutes, if minute and hour are plain numbers."""
    minute, hour, *rest = cron.split(" ")
    if not (minute.isdigit() and hour.isdigit()):
        return cron
    total = (int(hour) * 60 + int(minute) + minutes) % (24 * 60)
    return " ".join([str(total % 60), str(total // 60), *rest])


_BASE = "/api/v1/schedulers"
ROUTES = (
    Route("GET", "/api/v1/saved/{u}/schedulers", get_of_resource),
    Route("POST", "/api/v1/saved/{u}/schedulers", post_scheduler),
    Route("GET", "/api/v1/dashboards/{u}/schedulers", get_of_resource),
    Route("POST", "/api/v1/dashboards/{u}/schedulers", post_scheduler),
    Route("POST", _BASE + "/send", send),
    Route("GET", _BASE + "/{s}", get_scheduler),
    Route("PATCH", _BASE + "/{s}", patch_scheduler),
    Route("DELETE", _BASE + "/{s}", remove_scheduler),
    Route("PATCH", _BASE + "/{s}/enabled", patch_enabled),
    Route("GET", _BASE + "/{s}/jobs", get_jobs),
    Route("GET", _BASE + "/{p}/logs", get_logs),
    Route("GET", _BASE + "/{p}/list", get_list, needs="scheduler_list"),
    Route("PATCH", "/api/v1/projects/{p}/schedulerSettings", patch_timezone, check_timezone),
)
