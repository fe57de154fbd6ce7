"""Converts scheduled deliveries, alerts and Google Sheets syncs to documents and back (since 0.3368.0).

Such a document names the delivered item and its tabs by slug, and the tiles of a filter by the slugs of
tiles; filters have no ids. The owner of a delivery is left out. Deliveries of SQL charts, deliveries to
targets other than e-mail and Slack, and alerts that are not sent as an image of a chart have no document.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from lightdash_sync.ascode.names import dimension_rule, made_up, rules_taken_over, with_ids, without_ids
from lightdash_sync.content.json import Json, JsonObject, get_path, get_str, objects

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lightdash_sync.ascode.tree import Document

DELIVERY, ALERT, SHEET = "scheduled_delivery", "alert", "google_sheets_sync"
FOLDERS = {DELIVERY: "scheduled-deliveries", ALERT: "alerts", SHEET: "google-sheets"}
RESOURCES = {"chart": "savedChartUuid", "dashboard": "dashboardUuid"}
SAID = (
    "name", "message", "cron", "timezone", "enabled", "includeLinks", "plainTextEmail", "parameters",
)  # fmt: skip
OF_DASHBOARDS = ("customViewportWidth", "selectedTabs")
_DELIVERED = (*RESOURCES.values(), "savedSqlUuid")
_TARGETS = {"recipient": "email", "channel": "slack"}
_DESTINATION = {
    "spreadsheetId": "gdriveId", "spreadsheetName": "gdriveName", "url": "url",
    "organizationName": "gdriveOrganizationName", "tabName": "tabName",
}  # fmt: skip
_OPTION_OF = {"csv": "limit", "xlsx": "limit", "image": "withPdf", "pdf": ""}  # required option
_ALWAYS = "always"  # the notification frequency of an alert that has none


@dataclass(frozen=True)
class Board:
    """The parts of a dashboard that a delivery may refer to.

    Attributes:
        tiles: uuid of a tile -> its slug; None if it has none.
        tabs: uuid of a tab -> its slug.
        rules: its filters on dimensions.
    """

    tiles: Mapping[str, str | None] = field(default_factory=dict)
    tabs: Mapping[str, str] = field(default_factory=dict)
    rules: tuple[JsonObject, ...] = ()


def delivery_document(normal: JsonObject, slug: str, resource: JsonObject, board: Board) -> JsonObject | None:
    """Return the document of a delivery; None if it cannot be expressed as one.

    Args:
        normal: the delivery in the server's form.
        slug: its slug; "" if it has none.
        resource: the delivered item, in the form of documents.
        board: parts of its dashboard.
    """
    targets = [_target(one) for one in objects(normal.get("targets"))]
    kind = _kind(normal)
    if not slug or None in targets or not _has_a_form(kind, normal, resource):
        return None
    said: JsonObject = {name: normal.get(name) for name in SAID} | {
        "plainTextEmail": normal.get("plainTextEmail", False),
        "slug": slug,
        "version": 1,
        "contentType": kind,
        "resource": resource,
        "filters": _filters_said(normal.get("filters"), board),
    }
    if kind == ALERT:
        often = normal.get("notificationFrequency") or _ALWAYS
        return said | {
            "targets": [*targets], "thresholds": normal.get("thresholds"), "notificationFrequency": often,
        }  # fmt: skip
    said |= {name: normal.get(name) for name in OF_DASHBOARDS}
    if isinstance(tabs := normal.get("selectedTabs"), list):
        said["selectedTabs"] = [board.tabs.get(str(tab), tab) for tab in tabs]
    if kind == SHEET:
        return said | {
            "destination": {
                ours: get_path(normal, "options", theirs) for ours, theirs in _DESTINATION.items()
            }
        }
    options = {} if normal.get("format") == "pdf" else normal.get("options")
    return said | {"targets": [*targets], "format": normal.get("format"), "options": options}


def taken_over_delivery(
    document: Document, existing: JsonObject | None, uuid: str, board: Board
) -> tuple[JsonObject, int]:
    """Return a delivery in the server's form, and the number of unknown tiles and tabs that it refers to.

    Args:
        document: the desired document.
        existing: the delivery in the server's form; None if the project does not have it.
        uuid: uuid of the delivered item.
        board: parts of its dashboard in the desired content.
    """
    body, had = document.body, existing or {}
    result: JsonObject = {name: value for name, value in had.items() if name not in _DELIVERED}
    result |= {name: body[name] for name in SAID if name in body}
    result[RESOURCES[get_str(body, "resource", "type")]] = uuid
    kind = get_str(body, "contentType")
    if kind == SHEET:
        result |= {"format": "gsheets", "options": _sheet(body, had)}
        result.setdefault("targets", [])
    else:
        result["targets"] = [_address(one) for one in objects(body.get("targets"))]
    if kind == DELIVERY:
        keeps = body.get("format") == "pdf" == had.get("format")
        options = had.get("options") if keeps else body.get("options")
        result |= {"format": body.get("format"), "options": {} if options is None else options}
    if kind == ALERT:
        result["thresholds"] = body.get("thresholds")
        if body.get("notificationFrequency") != _ALWAYS or "notificationFrequency" in had:
            result["notificationFrequency"] = body.get("notificationFrequency")
        if had.get("format") != "image":
            result |= {"format": "image", "options": {"withPdf": False}}
    else:
        for name in ("thresholds", "notificationFrequency"):
            result.pop(name, None)
    lost = _take_parts(result, body, had, board, document.slug)
    return result, lost


def _take_parts(result: JsonObject, body: JsonObject, had: JsonObject, board: Board, slug: str) -> int:
    """Take over filters and tabs; return the number of unknown tiles and tabs."""
    if "filters" in body:
        said, lost = body["filters"], 0
        if isinstance(said, list):
            own = objects(had.get("filters"))
            overridden = {get_str(rule, "id") for rule in own}
            others = [  # a filter of the dashboard that is overridden here keeps its id, but not its tiles
                rule | {"tileTargets": {}} for rule in board.rules if get_str(rule, "id") not in overridden
            ]
            called = {slug: tile for tile, slug in board.tiles.items() if slug}
            rules, missing = rules_taken_over(objects(said), [*own, *others], board.tiles, called, slug)
            result["filters"], lost = [*rules], len(missing)
        elif isinstance(said, dict):
            same = without_ids(had.get("filters")) == without_ids(said)
            result["filters"] = had["filters"] if same else _with_ids(said, slug)
        else:
            result["filters"] = None
    else:
        lost = 0
    if "customViewportWidth" in body:
        result["customViewportWidth"] = body["customViewportWidth"]
    if "selectedTabs" in body:
        tabs = body["selectedTabs"]
        uuids = {slug: tab for tab, slug in board.tabs.items()} | {tab: tab for tab in board.tabs}
        known = {str(tab) for tab in tabs if isinstance(tab, str)} if isinstance(tabs, list) else set()
        before = had.get("selectedTabs")
        kept = {str(tab): str(tab) for tab in (before if isinstance(before, list) else [])}
        uuids = kept | uuids
        lost += len(known - uuids.keys())
        result["selectedTabs"] = (
            [uuids[str(tab)] for tab in tabs if str(tab) in uuids] if isinstance(tabs, list) else None
        )
    return lost


def _kind(normal: JsonObject) -> str:
    if normal.get("thresholds"):
        return ALERT
    return SHEET if normal.get("format") == "gsheets" else DELIVERY


def _has_a_form(kind: str, normal: JsonObject, resource: JsonObject) -> bool:
    """Whether a server returns it as code: options must be complete, and an alert be an image of a chart."""
    if kind == ALERT:
        return resource["type"] == "chart" and normal.get("format") == "image"
    needed = "gdriveId" if kind == SHEET else _OPTION_OF.get(get_str(normal, "format"))
    options = normal.get("options")
    return needed == "" or (needed is not None and isinstance(options, dict) and needed in options)


def _target(target: JsonObject) -> JsonObject | None:
    """Return a target in the form of documents; None if it cannot be expressed."""
    name = next((one for one in _TARGETS if one in target), None)
    return None if name is None or target.keys() != {name} else {"type": _TARGETS[name], name: target[name]}


def _address(target: JsonObject) -> JsonObject:
    return {name: target[name] for name in _TARGETS if name in target}


def _sheet(body: JsonObject, had: JsonObject) -> JsonObject:
    options = had.get("options") if had.get("format") == "gsheets" else None
    result = dict(options) if isinstance(options, dict) else {}
    for ours, theirs in _DESTINATION.items():
        value = get_path(body, "destination", ours)
        if value is not None or theirs in result:
            result[theirs] = value
    return result


def _filters_said(filters: Json, board: Board) -> Json:
    if not isinstance(filters, list):
        return without_ids(filters)
    return [dimension_rule(rule, board.tiles) for rule in objects(filters)]


def _with_ids(filters: JsonObject, slug: str) -> JsonObject:
    return {name: with_ids(group, f"{made_up('delivery', slug)}/{name}") for name, group in filters.items()}
