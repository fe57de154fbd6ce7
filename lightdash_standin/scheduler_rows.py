"""Schedulers as rows: stored from a body, and read with their targets in the form of the server's version."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

from lightdash_standin.calls import need, space_of_chart
from lightdash_standin.jsonb import jsonb, truthy
from lightdash_standin.refusals import bad_parameter, went_wrong
from lightdash_standin.state import DataApp, Json, Project, Scheduler, Space, World

# Kinds of targets: the field with the target's uuid, the field with the address, the needed capability.
TARGETS = (
    ("schedulerSlackTargetUuid", "channel", ""),
    ("schedulerEmailTargetUuid", "recipient", ""),
    ("schedulerMsTeamsTargetUuid", "webhook", "teams_targets"),
    ("schedulerGoogleChatTargetUuid", "googleChatWebhook", "google_chat_targets"),
)
NOT_PUBLIC = (
    "Webhook destinations must use a public URL. Localhost and private network addresses are not supported."
)
NO_SERVER = "We couldn't find a server at that webhook URL. Check the hostname and try again."
_MAX_SLUG = 240
_SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
WEBHOOKS = frozenset({"webhook", "googleChatWebhook"})


def space_of(world: World, scheduler: Scheduler) -> Space:
    """The space of the delivered item."""
    if scheduler.chart_uuid:
        return space_of_chart(world, world.charts[scheduler.chart_uuid])
    if scheduler.sql_chart_uuid:
        return world.spaces[world.sql_charts[scheduler.sql_chart_uuid].space_uuid]
    return world.spaces[world.dashboards[scheduler.dashboard_uuid or ""].space_uuid]


def project_of_scheduler(world: World, scheduler: Scheduler) -> Project:
    """The project of the delivered item."""
    if scheduler.app_uuid:
        return world.project_rows[world.apps[scheduler.app_uuid].project_uuid]
    return world.project_rows[space_of(world, scheduler).project_uuid]


def _newer_fields(world: World, scheduler: Scheduler) -> Json:
    """What newer versions return beside the scheduler: names, and fields of newer kinds."""
    if not world.can("sql_chart_schedulers"):
        return {}
    owner = world.people.get(scheduler.created_by)
    chart = world.charts.get(scheduler.chart_uuid or "")
    dashboard = world.dashboards.get(scheduler.dashboard_uuid or "")
    sql_chart = world.sql_charts.get(scheduler.sql_chart_uuid or "")
    return {
        "createdByName": f"{owner.first_name} {owner.last_name}" if owner else None,
        "savedChartName": chart.name if chart else None,
        "dashboardName": dashboard.name if dashboard else None,
        "savedSqlUuid": scheduler.sql_chart_uuid,
        "savedSqlName": sql_chart.name if sql_chart else None,
        "parameters": scheduler.fields["parameters"],
    }


def read_scheduler(world: World, scheduler: Scheduler) -> Json:
    """The scheduler in the form of its own endpoint."""
    fields = scheduler.fields
    if world.can("app_deliveries"):
        return _read_current(world, scheduler)
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
        **_newer_fields(world, scheduler),
        "targets": scheduler.targets,
    }


def _read_current(world: World, scheduler: Scheduler) -> Json:
    """The scheduler in current versions: unset fields are left out, except the tabs of a dashboard."""
    fields = scheduler.fields
    app = world.apps.get(scheduler.app_uuid or "")
    told = {
        "schedulerUuid": scheduler.uuid,
        "slug": scheduler.slug,
        **{key: fields[key] for key in ("name", "message", "cron", "format", "options", "includeLinks")},
        "createdAt": scheduler.created_at,
        "updatedAt": scheduler.updated_at,
        "createdBy": scheduler.created_by,
        "savedChartUuid": scheduler.chart_uuid,
        "dashboardUuid": scheduler.dashboard_uuid,
        "appUuid": scheduler.app_uuid,
        "appName": app.name if app else None,
        "enabled": scheduler.enabled,
        "plainTextEmail": fields["plainTextEmail"],
        "projectUuid": project_of_scheduler(world, scheduler).uuid,
        **{key: fields[key] for key in _LEFT_OUT if fields[key] is not None},
        **{key: value for key, value in _newer_fields(world, scheduler).items() if key != "parameters"},
        "targets": scheduler.targets,
    }
    if scheduler.dashboard_uuid:
        told["selectedTabs"] = fields["selectedTabs"]
    return told


_LEFT_OUT = (
    "timezone", "thresholds", "filters", "parameters", "customViewportWidth", "notificationFrequency",
)  # fmt: skip


def stored_fields(world: World, body: Json, *, on_dashboard: bool) -> Json:
    """The stored fields of a body; old versions store filters, tabs and the like for dashboards only."""
    special = body if on_dashboard or world.can("app_deliveries") else {}
    return {
        "name": need(body, "name", str),
        "message": body.get("message"),
        "format": need(body, "format", str),
        "cron": body["cron"],
        "timezone": body.get("timezone"),
        "options": jsonb(need(body, "options", dict)),
        "filters": jsonb(special.get("filters")) if truthy(special.get("filters")) else None,
        "parameters": jsonb(special.get("parameters")) if truthy(special.get("parameters")) else None,
        "customViewportWidth": special.get("customViewportWidth") or None,
        "thresholds": jsonb(body["thresholds"]) if truthy(body.get("thresholds")) else None,
        "notificationFrequency": body.get("notificationFrequency") or None,
        "selectedTabs": special["selectedTabs"] if truthy(special.get("selectedTabs")) else None,
        "includeLinks": body.get("includeLinks") is not False,
        "plainTextEmail": body.get("plainTextEmail") is True,
    }


def _field_of(world: World, target: Json) -> str:
    """The field that determines the kind of a target; without any of the others it is an e-mail."""
    known = [field for _, field, needs in TARGETS if not needs or world.can(needs)]
    return next((field for field in known if field != "recipient" and field in target), "recipient")


def _check_webhook(target: Json) -> None:
    """Refuse a webhook without a public address; hosts that end with `.invalid` count as not found."""
    for name in WEBHOOKS & target.keys():
        url = urlsplit(str(target[name]))
        if url.scheme != "https":
            raise bad_parameter("Webhook URLs must start with https://.")
        if url.hostname == "localhost":
            raise bad_parameter(NOT_PUBLIC)
        if not url.hostname or url.hostname.endswith(".invalid"):
            raise bad_parameter(NO_SERVER)


def stored_targets(world: World, scheduler_uuid: str, sent: list[Any], old: list[Json]) -> list[Json]:
    """The targets by kind, Slack first; one with a known uuid is kept, any other is new."""
    moment, targets = world.clock.now(), []
    if not all(isinstance(target, dict) for target in sent):
        raise went_wrong()
    if world.can("app_deliveries"):
        for target in sent:
            _check_webhook(target)
    for key, value, _ in TARGETS:
        for target in sent:
            if _field_of(world, target) != value:
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


def create_scheduler(
    world: World,
    body: Any,
    person_uuid: str,
    chart: str | None,
    dashboard: str | None,
    sql_chart: str | None = None,
) -> Scheduler:
    """Store a new scheduler on a chart, a dashboard or a SQL chart."""
    fields = stored_fields(world, body, on_dashboard=dashboard is not None)
    created = world.clock.tick()
    scheduler = Scheduler(world.new_uuid(), chart, dashboard, person_uuid, created, created, fields)
    scheduler.sql_chart_uuid = sql_chart
    return _insert(world, scheduler, body)


def create_app_scheduler(world: World, body: Any, person_uuid: str, app: DataApp) -> Scheduler:
    """Store a new scheduler on a data app."""
    created = world.clock.tick()
    fields = stored_fields(world, body, on_dashboard=False)
    scheduler = Scheduler(world.new_uuid(), None, None, person_uuid, created, created, fields)
    scheduler.app_uuid = app.uuid
    return _insert(world, scheduler, body)


def _slug(world: World, project_uuid: str, body: Any) -> str:
    """The requested slug, unchanged (500 if it is in use), or a free one made from the name."""
    wanted = body.get("slug") if world.can("app_deliveries") else None
    if not wanted:
        return world.slugs.claim("schedulers", body["name"], project_uuid)
    if not _SLUG.fullmatch(wanted[:_MAX_SLUG]):
        raise bad_parameter(f"Invalid scheduled delivery slug: {wanted[:_MAX_SLUG]}")
    if world.slugs.is_taken("schedulers", wanted[:_MAX_SLUG], project_uuid):
        raise went_wrong()
    return world.slugs.take("schedulers", wanted[:_MAX_SLUG], project_uuid, force=True)


def _insert(world: World, scheduler: Scheduler, body: Any) -> Scheduler:
    sent = need(body, "targets", list)
    scheduler.project_uuid = project_of_scheduler(world, scheduler).uuid
    scheduler.slug = _slug(world, scheduler.project_uuid, body)
    scheduler.targets = stored_targets(world, scheduler.uuid, sent, [])
    world.schedulers[scheduler.uuid] = scheduler
    world.schedulers_of.setdefault(scheduler.delivers, {})[scheduler.uuid] = None
    return scheduler
