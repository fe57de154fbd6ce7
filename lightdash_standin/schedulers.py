"""Scheduled deliveries and alerts: create, change, delete; `scheduler_lists` lists them.

A new one is always enabled and is owned by its creator. A change replaces everything, including the targets.
Nothing is ever sent. In 0.1372.1 an unknown time zone is stored, but answered with a 500; newer versions
require a valid one, and targets, and support more kinds of targets. Nobody here has a Google account, so
newer versions refuse Google Sheets.
"""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from lightdash_standin.access import can_in_project, can_in_space
from lightdash_standin.bodies import check_current_delivery, check_sql_scheduler, check_timezone
from lightdash_standin.calls import (
    OK,
    Call,
    Route,
    chart_of,
    dashboard_named,
    dashboard_of,
    need,
    project_of,
    space_of_chart,
)
from lightdash_standin.clock import printed
from lightdash_standin.cron import BadSchedule, limited_to_hourly, runs_today
from lightdash_standin.jobs import start_scheduler_job
from lightdash_standin.refusals import Refusal, bad_parameter, forbidden, not_found, went_wrong
from lightdash_standin.scheduler_rows import (
    WEBHOOKS,
    create_app_scheduler,
    create_scheduler,
    project_of_scheduler,
    read_scheduler,
    stored_fields,
    stored_targets,
)
from lightdash_standin.sql_charts import sql_chart_of
from lightdash_standin.state import DataApp, Json, Project, Scheduler, Space, World

TOO_OFTEN = "Frequency not allowed, custom input is limited to hourly"
NO_SUCH_ZONE = "Timezone string is not valid"
NO_TARGETS = "Targets is required and must be an array"
NO_GOOGLE = "Unable to validate Google Sheets file. Please ensure you have connected your Google account."
NO_PDF_THERE = "PDF format is not supported with MS Teams or Google Chat destinations"
NO_SPACE = "You don't have access to the space this {kind} belongs to"


def _check(world: World, body: Any) -> None:
    """Refuse what the server checks before it stores a scheduler; newer versions check more."""
    if not limited_to_hourly(need(body, "cron", str)):
        raise bad_parameter(TOO_OFTEN)
    if world.can("checked_timezones") and "timezone" in body and not _is_zone(body["timezone"]):
        raise bad_parameter(NO_SUCH_ZONE)
    if world.can("checked_targets") and not isinstance(body.get("targets"), list):
        raise bad_parameter(NO_TARGETS)
    if world.can("checked_targets") and body.get("format") == "gsheets" and not world.has_google:
        raise Refusal(422, "MissingConfigError", NO_GOOGLE)


def _is_zone(name: Any) -> bool:
    try:
        return isinstance(name, str) and ZoneInfo(name) is not None
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False


def _queue(world: World, scheduler: Scheduler) -> list[str]:
    """The times at which the scheduler will still run today; an invalid schedule is a 500."""
    zone = scheduler.fields["timezone"] or project_of_scheduler(world, scheduler).scheduler_timezone
    try:
        return [printed(moment) for moment in runs_today(scheduler.fields["cron"], zone, world.clock.moment)]
    except BadSchedule:
        raise went_wrong() from None


def require_deliveries(call: Call, kind: str, space: Space) -> None:
    """Refuse with 403 unless the caller may create deliveries of items in this space."""
    project = call.world.project_rows[space.project_uuid]
    if not can_in_project(call.world, call.person, "create", "ScheduledDeliveries", project):
        raise forbidden()
    if not can_in_space(call.world, call.person, "view", "Space", space):
        raise forbidden(NO_SPACE.format(kind=kind))


def post_of_chart(call: Call) -> Json:
    """`POST /saved/{u}/schedulers`."""
    _check(call.world, call.body)
    chart = chart_of(call.world, call.params["u"])
    require_deliveries(call, "chart", space_of_chart(call.world, chart))
    return _created(call, create_scheduler(call.world, call.body, call.person.uuid, chart.uuid, None))


def post_of_dashboard(call: Call) -> Json:
    """`POST /dashboards/{u}/schedulers`."""
    _check(call.world, call.body)
    dashboard = dashboard_named(call, anywhere=True)
    require_deliveries(call, "dashboard", call.world.spaces[dashboard.space_uuid])
    return _created(call, create_scheduler(call.world, call.body, call.person.uuid, None, dashboard.uuid))


def post_of_sql_chart(call: Call) -> Json:
    """`POST .../sqlRunner/saved/{u}/schedulers` (201): with other checks; nothing is queued."""
    world, body = call.world, call.body
    chart = sql_chart_of(call)
    require_deliveries(call, "chart", world.spaces[chart.space_uuid])
    if not limited_to_hourly(body["cron"]):
        raise bad_parameter(TOO_OFTEN)
    if "timezone" in body and not _is_zone(body["timezone"]):
        raise bad_parameter(NO_SUCH_ZONE)
    made = create_scheduler(world, body, call.person.uuid, None, None, chart.uuid)
    made.updated_at = world.clock.tick()
    return read_scheduler(world, made)


def post_of_app(call: Call) -> Json:
    """`POST /ee/projects/{p}/apps/{a}/schedulers`: needs no licence, but an app."""
    return read_scheduler(
        call.world, create_app_scheduler(call.world, call.body, call.person.uuid, _app(call))
    )


def get_of_app(call: Call) -> list[Json]:
    """`GET /ee/projects/{p}/apps/{a}/schedulers`."""
    world, app = call.world, _app(call)
    return [read_scheduler(world, world.schedulers[one]) for one in world.schedulers_of.get(app.uuid, {})]


def _app(call: Call) -> DataApp:
    app = call.world.apps.get(call.params["a"])
    if app is None or app.project_uuid != project_of(call).uuid:
        raise not_found("App not found")
    return app


def _created(call: Call, scheduler: Scheduler) -> Json:
    _queue(call.world, scheduler)
    return read_scheduler(call.world, scheduler)


def _scheduler(call: Call) -> Scheduler:
    scheduler = call.world.schedulers.get(call.params["s"])
    if scheduler is None:
        raise not_found("Scheduler not found")
    return scheduler


def _may_change(world: World, call: Call, scheduler: Scheduler, project: Project) -> bool:
    """Whether the caller may change the scheduler: its owner, or somebody who manages deliveries."""
    may = [
        can_in_project(world, call.person, how, "ScheduledDeliveries", project)
        for how in ("manage", "create")
    ]
    return may[0] or (may[1] and scheduler.created_by == call.person.uuid)


def _own(call: Call) -> Scheduler:
    """The scheduler in the path, if the caller may change it."""
    scheduler = _scheduler(call)
    if not _may_change(call.world, call, scheduler, project_of_scheduler(call.world, scheduler)):
        raise forbidden()
    return scheduler


def get_scheduler(call: Call) -> Json:
    """`GET /schedulers/{s}`: for everybody who knows the uuid."""
    return read_scheduler(call.world, _scheduler(call))


def patch_scheduler(call: Call) -> Json:
    """`PATCH /schedulers/{s}`: replace everything except owner and enabled."""
    world, body = call.world, call.body
    _check(world, body)
    sent = body.get("targets")
    as_pdf = body.get("format") == "pdf" and world.can("pdf_deliveries")
    if as_pdf and any(isinstance(target, dict) and WEBHOOKS & target.keys() for target in sent or []):
        raise bad_parameter(NO_PDF_THERE)
    scheduler = _own(call)
    fields = stored_fields(world, body, on_dashboard=True)
    targets = stored_targets(world, scheduler.uuid, need(body, "targets", list), scheduler.targets)
    if "message" not in body:
        fields["message"] = scheduler.fields["message"]
    scheduler.fields, scheduler.targets = fields, targets
    scheduler.updated_at = world.clock.tick()
    if scheduler.enabled:
        _queue(world, scheduler)
    return read_scheduler(call.world, scheduler)


def patch_enabled(call: Call) -> Json:
    """`PATCH /schedulers/{s}/enabled`."""
    scheduler = _own(call)
    scheduler.enabled = bool(need(call.body, "enabled", bool))
    scheduler.updated_at = call.world.clock.tick()
    if scheduler.enabled:
        _queue(call.world, scheduler)
    return read_scheduler(call.world, scheduler)


def remove_scheduler(call: Call) -> Any:
    """`DELETE /schedulers/{s}`."""
    scheduler = _own(call)
    call.world.delete_scheduler(scheduler.uuid)
    return OK


def get_jobs(call: Call) -> list[Json]:
    """`GET /schedulers/{s}/jobs`: the remaining runs of today."""
    scheduler = _own(call)
    if not scheduler.enabled:
        return []
    runs = _queue(call.world, scheduler)
    return [{"date": moment, "id": f"{scheduler.uuid}-{number}"} for number, moment in enumerate(runs)]


def reassign(call: Call) -> list[Json]:
    """`PATCH /schedulers/{p}/reassign-owner`: give schedulers of a project another owner."""
    world, body = call.world, call.body
    project = project_of(call, may=None)
    wanted = need(body, "schedulerUuids", list)
    if not wanted:
        raise bad_parameter("At least one scheduler UUID is required")
    found = [world.schedulers[one] for one in wanted if one in world.schedulers]
    found = [one for one in found if project_of_scheduler(world, one) is project]
    if missing := [one for one in wanted if one not in {scheduler.uuid for scheduler in found}]:
        raise not_found(f"Schedulers not found or not in project: {', '.join(missing)}")
    for scheduler in found:
        if not _may_change(world, call, scheduler, project):
            raise forbidden()
    owner = world.people.get(need(body, "newOwnerUserUuid", str))
    if owner is None or owner.org_uuid != project.org_uuid:
        raise not_found("New owner not found or not a member of the organization")
    if not can_in_project(world, owner, "create", "ScheduledDeliveries", project):
        raise forbidden("New owner does not have permission to create scheduled deliveries")
    for scheduler in found:
        scheduler.created_by = owner.uuid
    return [read_scheduler(world, one) for one in found]


def send(call: Call) -> Json:
    """`POST /schedulers/send`: a job that is finished at once; nothing is sent."""
    body = call.body if isinstance(call.body, dict) else {}
    if body.get("savedChartUuid"):
        chart_of(call.world, body["savedChartUuid"])
    elif body.get("dashboardUuid"):
        dashboard_of(call.world, body["dashboardUuid"])
    else:
        raise bad_parameter("Missing savedChartUuid and dashboardUuid on scheduler")
    return {"jobId": start_scheduler_job(call.world, None)}


def patch_timezone(call: Call) -> Any:
    """`PATCH /projects/{p}/schedulerSettings`: the time zone; schedulers without one keep their time.

    Newer versions, too, answer 500 to an unknown zone after storing it.
    """
    world = call.world
    project = project_of(call, may=("update", "Project"))
    zone, before = call.body["schedulerTimezone"], project.scheduler_timezone
    if world.can("checked_timezones"):
        project.scheduler_timezone = zone
    following = [
        one
        for one in world.schedulers.values()
        if one.fields["timezone"] is None and project_of_scheduler(world, one) is project
    ]
    try:
        new = _offset(world, zone)
        old = _offset(world, before) if following or not world.can("checked_timezones") else new
    except BadSchedule:
        raise went_wrong() from None
    project.scheduler_timezone = zone
    for scheduler in following:
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
    """The expression shifted by some minutes, if minute and hour are plain numbers."""
    minute, hour, *rest = cron.split(" ")
    if not (minute.isdigit() and hour.isdigit()):
        return cron
    total = (int(hour) * 60 + int(minute) + minutes) % (24 * 60)
    return " ".join([str(total % 60), str(total // 60), *rest])


_BASE = "/api/v1/schedulers"
_OF_APP = "/api/v1/ee/projects/{p}/apps/{a}/schedulers"
_OF_SQL_CHART = "/api/v1/projects/{p}/sqlRunner/saved/{u}/schedulers"
ROUTES = (
    Route(
        "POST", "/api/v1/saved/{u}/schedulers", post_of_chart,
        newer_check=("app_deliveries", check_current_delivery),
    ),
    Route(
        "POST", "/api/v1/dashboards/{u}/schedulers", post_of_dashboard, slugs=True, slugs_since="current"
    ),
    Route(
        "POST", _OF_SQL_CHART, post_of_sql_chart, check_sql_scheduler, status=201,
        needs="sql_chart_schedulers", newer_check=("app_deliveries", check_current_delivery),
    ),
    Route(
        "POST", _OF_APP, post_of_app, needs="app_deliveries",
    ),
    Route("GET", _OF_APP, get_of_app, needs="app_deliveries"),
    Route("POST", _BASE + "/send", send),
    Route("GET", _BASE + "/{s}", get_scheduler),
    Route("PATCH", _BASE + "/{s}", patch_scheduler),
    Route("DELETE", _BASE + "/{s}", remove_scheduler),
    Route("PATCH", _BASE + "/{s}/enabled", patch_enabled),
    Route("GET", _BASE + "/{s}/jobs", get_jobs),
    Route("PATCH", _BASE + "/{p}/reassign-owner", reassign, needs="checked_targets"),
    Route("PATCH", "/api/v1/projects/{p}/schedulerSettings", patch_timezone, check_timezone),
)  # fmt: skip
