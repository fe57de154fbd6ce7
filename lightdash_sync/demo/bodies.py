"""What the validating endpoints accept: types of the fields of a body, and the texts of their 422.

Other endpoints validate nothing. The texts are those of the real server; for the tiles of a dashboard, whose
real text is a page of nested alternatives, only the outermost part is given.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from lightdash_sync.demo.dashboards import TILE_TYPES
from lightdash_sync.demo.refusals import invalid

Errors = dict[str, Any]
Rule = Callable[[Any], str | None]
FORMATS = ("csv", "xlsx", "image", "gsheets", "pdf")
SPACE_ROLES = ("viewer", "editor", "admin")


def text(value: Any) -> str | None:
    """Accept a string."""
    return None if isinstance(value, str) else "invalid string value"


def flag(value: Any) -> str | None:
    """Accept a boolean, also written as text."""
    return None if isinstance(value, bool) or value in ("true", "false") else "invalid boolean value"


def number(value: Any) -> str | None:
    """Accept a number, also written as text."""
    try:
        float(value)
    except (TypeError, ValueError):
        return "invalid float number"
    return None


def anything(_value: Any) -> str | None:
    """Accept everything."""
    return None


def listing(value: Any) -> str | None:
    """Accept a list."""
    return None if isinstance(value, list) else "invalid array"


def one_of(*choices: str) -> Rule:
    """Accept one of these strings."""
    listed = ",".join(f"'{choice}'" for choice in choices)
    return lambda value: None if value in choices else f"should be one of the following; [{listed}]"


def nullable_text(value: Any, where: str) -> Errors:
    """Accept a string or null; the text names both alternatives."""
    if value is None or isinstance(value, str):
        return {}
    issues = [
        {where: {"message": "invalid string value", "value": value}},
        {where: {"message": "should be one of the following; [null]", "value": value}},
    ]
    return {where: {"message": union(issues), "value": value}}


def union(issues: list[Errors]) -> str:
    """The text for a value that fits none of several alternatives."""
    listed = json.dumps(issues, separators=(",", ":"), ensure_ascii=False)
    return f"Could not match the union against any of the items. Issues: {listed}"


def errors_in(
    body: Any, required: dict[str, Rule], optional: dict[str, Rule] | None = None, at: str = "body"
) -> Errors:
    """What is wrong with an object."""
    sent = body if isinstance(body, dict) else {}
    errors: Errors = {}
    for name, rule in {**required, **(optional or {})}.items():
        if name not in sent:
            if name in required:
                errors[f"{at}.{name}"] = {"message": f"'{name}' is required"}
            continue
        message = rule(sent[name])
        if message:
            errors[f"{at}.{name}"] = {"message": message, "value": sent[name]}
    return errors


def body_of(required: dict[str, Rule], optional: dict[str, Rule] | None = None) -> Callable[[Any], None]:
    """A check for a body with these required and optional fields; it refuses with 422."""

    def check(body: Any) -> None:
        errors = errors_in(body, required, optional)
        if errors:
            raise invalid(errors)

    return check


def check_metadata(body: Any) -> None:
    """The body of `PATCH /projects/{p}/metadata`."""
    sent = body if isinstance(body, dict) else {}
    errors = (
        nullable_text(sent["upstreamProjectUuid"], "body.upstreamProjectUuid")
        if "upstreamProjectUuid" in sent
        else {}
    )
    if errors:
        raise invalid(errors)


def check_sql_chart(body: Any) -> None:
    """The body of `POST /projects/{p}/sqlRunner/saved`; description may be null."""
    rules: dict[str, Rule] = {
        "spaceUuid": text, "config": anything, "limit": number, "sql": text,
        "description": lambda value: None if value is None else text(value), "name": text,
    }  # fmt: skip
    errors = errors_in(body, rules)
    if isinstance(body, dict) and "config" in body:
        errors |= sql_config_errors(body["config"], "body.config")
    if errors:
        raise invalid(errors)


def sql_config_errors(config: Any, at: str) -> Errors:
    """What is wrong with the configuration of a SQL chart."""
    types = ("vertical_bar", "line", "pie", "table")
    issues = errors_in(config, {"type": one_of(*types), "metadata": anything}, at=at)
    if not issues and config["type"] == "table":
        issues = errors_in(config, {"columns": anything}, at=at)
    return {at: {"message": union([issues]), "value": config}} if issues else {}


def _nullable(value: Any) -> str | None:
    return None if value is None else text(value)


_PROPERTIES: dict[str, tuple[dict[str, Rule], dict[str, Rule]]] = {
    "saved_chart": ({"savedChartUuid": _nullable}, {"title": text, "hideTitle": anything}),
    "sql_chart": ({"savedSqlUuid": _nullable}, {"title": text, "hideTitle": anything}),
    "semantic_viewer_chart": ({"savedSemanticViewerChartUuid": anything}, {"title": text}),
    "markdown": ({"title": text, "content": text}, {}),
    "loom": ({"title": text, "url": text}, {"hideTitle": anything}),
}  # fmt: skip


def _tile_errors(tile: Any, at: str) -> Errors:
    rules: dict[str, Rule] = dict.fromkeys(("x", "y", "h", "w"), number)
    errors = errors_in(tile, {**rules, "type": one_of(*TILE_TYPES)}, {"tabUuid": text, "uuid": text}, at=at)
    if not errors:
        required, optional = _PROPERTIES[tile["type"]]
        errors = errors_in(tile.get("properties"), required, optional, at=f"{at}.properties")
        if "properties" not in tile:
            errors = {f"{at}.properties": {"message": "'properties' is required"}}
    return {at: {"message": union([errors]), "value": tile}} if errors else {}


def _filter_errors(filters: Any) -> Errors:
    rules: dict[str, Rule] = {"dimensions": listing, "metrics": listing, "tableCalculations": listing}
    errors = errors_in(filters, rules, at="body.filters")
    if errors:
        return errors
    for group in rules:
        for position, rule in enumerate(filters[group]):
            required: dict[str, Rule] = {"id": text, "target": anything, "operator": text}
            at = f"body.filters.{group}.${position}"
            errors |= errors_in(rule, required, {"label": text, "values": listing}, at=at)
    return errors


def check_dashboard(body: Any) -> None:
    """The body of `POST /projects/{p}/dashboards`: a dashboard, or name and description of a duplicate.

    Nulls that a read gives (`tabUuid`, `description`, a filter's `label`, a tile's `title`) are refused here.
    """
    as_duplicate = errors_in(body, {"dashboardDesc": text, "dashboardName": text})
    if not as_duplicate:
        return
    required: dict[str, Rule] = {"tabs": listing, "tiles": listing, "name": text}
    errors = errors_in(body, required, {"description": text, "spaceUuid": text})
    sent = body if isinstance(body, dict) else {}
    if isinstance(sent.get("tiles"), list):
        for position, tile in enumerate(sent["tiles"]):
            errors |= _tile_errors(tile, f"tiles.${position}")
    if isinstance(sent.get("tabs"), list):
        for position, tab in enumerate(sent["tabs"]):
            errors |= errors_in(tab, {"order": number, "name": text, "uuid": text}, at=f"tabs.${position}")
    if "filters" in sent:
        errors |= _filter_errors(sent["filters"])
    if errors:
        raise invalid({"body": {"message": union([as_duplicate, errors]), "value": sent}})


check_space_create = body_of({"name": text}, {"isPrivate": flag, "access": listing})
check_space_patch = body_of({"name": text, "isPrivate": flag})
check_share = body_of({"userUuid": text, "spaceRole": one_of(*SPACE_ROLES)})
check_group_share = body_of({"groupUuid": text, "spaceRole": one_of(*SPACE_ROLES)})
check_tag = body_of({"name": text, "color": text})
check_tag_patch = body_of({}, {"name": text, "color": text})
check_category = body_of({"tagUuid": text})
check_comment = body_of({"text": text, "textHtml": text, "mentions": listing}, {"replyTo": text})
check_timezone = body_of({"schedulerTimezone": text})
check_preview = body_of({"name": text, "copyContent": flag})
check_sql_scheduler = body_of(
    {"name": text, "cron": text, "format": one_of(*FORMATS), "options": anything, "targets": listing},
    {"message": text, "timezone": text},
)
