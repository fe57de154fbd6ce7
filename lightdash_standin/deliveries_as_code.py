"""Deliveries, alerts and Google Sheets as code (`GET` and `POST /projects/{p}/code/...`, since 0.3368.0).

They refer to the delivered item by its slug. Those of SQL charts and apps are skipped and listed, and so are
alerts that are not sent as an image, and deliveries that lack an option of their format. A delivery with
filters of a dashboard is written at each upload, because the server compares the ids, which it left out, with
none.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from lightdash_standin.access import can_in_project
from lightdash_standin.bodies import anything, body_of, flag, text
from lightdash_standin.calls import Call, Route, project_of
from lightdash_standin.code_pages import filter_as_code, tab_slugs, tile_slug
from lightdash_standin.code_upserts import charts_with, dashboard_with
from lightdash_standin.dashboards import read_dashboard
from lightdash_standin.refusals import bad_parameter, forbidden, not_found
from lightdash_standin.scheduler_rows import (
    create_scheduler,
    project_of_scheduler,
    stored_fields,
    stored_targets,
)
from lightdash_standin.state import Chart, Dashboard, Json, Project, Scheduler, World

check_slug = body_of({"slug": text, "resource": anything, "enabled": flag})
_TARGETS = {"recipient": "email", "channel": "slack"}
_COMMON = ("name", "message", "cron", "timezone", "includeLinks", "plainTextEmail")
_SPECIAL = ("filters", "parameters", "customViewportWidth")


def _kind(scheduler: Scheduler) -> str:
    if scheduler.fields["format"] == "gsheets":
        return "google_sheets_sync"
    return "alert" if scheduler.fields["thresholds"] else "scheduled_delivery"


def _is_told(scheduler: Scheduler) -> bool:
    """Whether code can express it: not of a SQL chart or app, no webhooks, alerts only as images."""
    if not (scheduler.chart_uuid or scheduler.dashboard_uuid):
        return False
    kind, form, options = _kind(scheduler), scheduler.fields["format"], scheduler.fields["options"] or {}
    if kind == "alert" and (form != "image" or not scheduler.chart_uuid):
        return False
    if kind == "scheduled_delivery" and _OPTION_OF[form] not in (*options, ""):
        return False
    return all(any(name in target for name in _TARGETS) for target in scheduler.targets)


def _target(target: Json) -> Json:
    name = next(one for one in _TARGETS if one in target)
    return {"type": _TARGETS[name], name: target[name]}


def delivery_as_code(world: World, scheduler: Scheduler) -> Json:
    """A delivery, alert or sync as code."""
    fields, kind = scheduler.fields, _kind(scheduler)
    chart = world.charts.get(scheduler.chart_uuid or "")
    dashboard = world.dashboards.get(scheduler.dashboard_uuid or "")
    shown = chart or dashboard
    told = {
        "contentType": kind,
        "version": 1,
        "slug": scheduler.slug,
        **{name: fields[name] for name in _COMMON},
        "enabled": scheduler.enabled,
        "downloadedAt": world.clock.now(),
        "resource": {"type": "chart" if chart else "dashboard", "slug": shown.slug if shown else None},
        "filters": _filters(world, fields["filters"], dashboard),
        "parameters": fields["parameters"],
    }
    if kind == "alert":
        more = {
            "thresholds": fields["thresholds"],
            "notificationFrequency": fields["notificationFrequency"] or "always",
        }
        return {**told, **more, "targets": [_target(one) for one in scheduler.targets]}
    slugs = tab_slugs(dashboard.version.tabs) if dashboard else {}
    tabs = [slugs.get(one, one) for one in fields["selectedTabs"] or []] or None
    told |= {"customViewportWidth": fields["customViewportWidth"], "selectedTabs": tabs}
    if kind == "google_sheets_sync":
        options = fields["options"]
        names = ("spreadsheetId", "spreadsheetName", "organizationName", "url", "tabName")
        stored = {"spreadsheetId": "gdriveId", "spreadsheetName": "gdriveName"}
        stored["organizationName"] = "gdriveOrganizationName"
        destination = {name: options.get(stored.get(name, name)) for name in names}
        return {**told, "destination": destination}
    targets = [_target(one) for one in scheduler.targets]
    return {**told, "targets": targets, "format": fields["format"], "options": fields["options"]}


def _filters(world: World, filters: Any, dashboard: Dashboard | None) -> Any:
    """Filters without ids; those of a dashboard with tiles by their slugs."""
    if dashboard is None or not isinstance(filters, list):
        return _without_ids(filters)
    tiles = read_dashboard(world, dashboard)["tiles"]
    return [filter_as_code(one, tiles) for one in filters]


def _without_ids(filters: Any) -> Any:
    if isinstance(filters, list):
        return [_without_ids(one) for one in filters]
    if isinstance(filters, dict):
        return {name: _without_ids(value) for name, value in filters.items() if name != "id"}
    return filters


def _reader(kind: str, key: str, words: str) -> Callable[[Call], Json]:
    """Return the handler that reads one kind."""

    def read(call: Call) -> Json:
        world, project = call.world, project_of(call, may=None)
        if not can_in_project(world, call.person, "manage", "Project", project):
            raise forbidden(f"You are not allowed to download {words}")
        slugs = call.all("slugs")
        rows = [one for one in world.schedulers.values() if project_of_scheduler(world, one) is project]
        rows = [one for one in rows if _kind(one) == kind and (not slugs or one.slug in slugs)]
        reason = f"{_NAMES[kind]} as code supports chart and dashboard resources"
        return {
            key: [delivery_as_code(world, one) for one in rows if _is_told(one)],
            "skipped": [{"name": one.fields["name"], "reason": reason} for one in rows if not _is_told(one)],
        }

    return read


def _writer(kind: str, words: str) -> Callable[[Call], Json]:
    """Return the handler that writes one kind: it creates an item, or updates the one with the slug."""
    name = _NAMES[kind]

    def write(call: Call) -> Json:
        world, project, body = call.world, project_of(call, may=None), call.body
        if not can_in_project(world, call.person, "manage", "Project", project):
            raise forbidden(f"You are not allowed to upload {words}")
        slug = call.params["slug"]
        if body["slug"] != slug:
            raise bad_parameter(f"{name} slug '{body['slug']}' does not match path slug '{slug}'")
        item = _resource(world, project, body["resource"])
        rows = (one for one in world.schedulers.values() if one.slug == slug)
        there = next((one for one in rows if project_of_scheduler(world, one) is project), None)
        if there is not None and (there.delivers != item.uuid or _kind(there) != kind):
            raise bad_parameter(f"{name} slug '{slug}' is already used by another resource in this project")
        sent = _body(world, kind, item, body)
        if there is None:
            chart, dashboard = (item.uuid, None) if isinstance(item, Chart) else (None, item.uuid)
            made = create_scheduler(world, sent, call.person.uuid, chart, dashboard)
            made.enabled = bool(body["enabled"])
            return {"action": "create"}
        before = delivery_as_code(world, there)
        if call.one("force") != "true" and _is_told(there) and _is_equal(before, body):
            return {"action": "no changes"}
        there.fields = stored_fields(world, sent, on_dashboard=isinstance(item, Dashboard))
        there.targets = stored_targets(world, there.uuid, sent["targets"], there.targets)
        there.enabled, there.updated_at = bool(body["enabled"]), world.clock.tick()
        return {"action": "update"}

    return write


def _is_equal(before: Json, body: Json) -> bool:
    """Whether the server considers two documents equal."""
    if before["resource"]["type"] == "dashboard" and before["filters"]:
        return False
    same = all(body.get(key) == value for key, value in before.items() if key not in _COMPARED_APART)
    return same and _addresses(before) == _addresses(body)


def _addresses(told: Json) -> list[tuple[str, str]]:
    return sorted((one["type"], one.get("recipient") or one["channel"]) for one in told.get("targets") or [])


def _resource(world: World, project: Project, told: Json) -> Chart | Dashboard:
    """The item to deliver.

    Raises:
        Refusal: 404 if the project has no such item.
    """
    slug = told["slug"]
    if told["type"] == "dashboard":
        dashboard = dashboard_with(world, project, slug)
        if dashboard is None:
            raise not_found(f"Dashboard '{slug}' was not found")
        return dashboard
    found = charts_with(world, project, {slug})
    if not found:
        raise not_found(f"Chart '{slug}' was not found")
    return found[0]


def _body(world: World, kind: str, item: Chart | Dashboard, body: Json) -> Json:
    """The body in the form of the endpoint that does not take code."""
    sent = {**body, "format": body.get("format", "image"), "options": body.get("options") or {}}
    if kind == "alert":
        sent["options"] = {"withPdf": False}
    sent["targets"] = [
        {name: one[name] for name in _TARGETS if name in one} for one in body.get("targets") or []
    ]
    if kind == "google_sheets_sync":
        told = body["destination"]
        names = {"gdriveId": "spreadsheetId", "gdriveName": "spreadsheetName", "url": "url"}
        names |= {"gdriveOrganizationName": "organizationName", "tabName": "tabName"}
        options = {new: told[old] for new, old in names.items() if told.get(old) is not None}
        sent |= {"format": "gsheets", "options": options}
    if isinstance(item, Dashboard):
        uuids = {slug: uuid for uuid, slug in tab_slugs(item.version.tabs).items()}
        for slug in body.get("selectedTabs") or []:
            if slug not in uuids:
                raise not_found(f"Dashboard tab '{slug}' referenced by scheduled delivery was not found")
        sent["selectedTabs"] = [uuids[slug] for slug in body.get("selectedTabs") or []] or None
        if isinstance(body.get("filters"), list):
            tiles = read_dashboard(world, item)["tiles"]
            sent["filters"] = [_on_tiles(world, rule, tiles) for rule in body["filters"]]
    return sent


def _on_tiles(world: World, rule: Json, tiles: list[Json]) -> Json:
    """A filter of a dashboard with a new id, and its tiles by their uuids.

    Raises:
        Refusal: 404 for a tile that does not exist.
    """
    uuids = {slug: tile["uuid"] for tile in reversed(tiles) if (slug := tile_slug(tile, tiles))}
    targets = rule.get("tileTargets") or {}
    for slug in targets:
        if slug not in uuids:
            raise not_found(f"Dashboard tile '{slug}' referenced by scheduled delivery was not found")
    named = {uuids[slug]: target for slug, target in targets.items()}
    return {**rule, "id": world.new_uuid(), "tileTargets": named}


_COMPARED_APART = ("downloadedAt", "targets")
_OPTION_OF = {"csv": "limit", "xlsx": "limit", "image": "withPdf", "pdf": ""}
_NAMES = {
    "scheduled_delivery": "Scheduled delivery",
    "alert": "Alert",
    "google_sheets_sync": "Google Sheets sync",
}
_KINDS = (
    ("scheduled_delivery", "scheduledDeliveries", "scheduledDeliveries", "scheduled deliveries"),
    ("alert", "alerts", "alerts", "alerts"),
    ("google_sheets_sync", "googleSheets", "googleSheetsSyncs", "Google Sheets syncs"),
)
_NEEDS: dict[str, Any] = {"needs": "deliveries_as_code"}
_BASE = "/api/v1/projects/{p}"
ROUTES = tuple(
    route
    for kind, name, key, words in _KINDS
    for route in (
        Route("GET", f"{_BASE}/code/{name}", _reader(kind, key, words), **_NEEDS),
        Route("GET", f"{_BASE}/{name}/code", _reader(kind, key, words), **_NEEDS),
        Route("POST", f"{_BASE}/code/{name}/{{slug}}", _writer(kind, words), check_slug, **_NEEDS),
        Route("POST", f"{_BASE}/{name}/{{slug}}/code", _writer(kind, words), check_slug, **_NEEDS),
    )
)
