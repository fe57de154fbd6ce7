"""Validation of bodies: types of their fields, and the texts of the 422.

Only some endpoints validate. The texts are those of the real server.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from lightdash_standin.refusals import invalid

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
    """Accept anything."""
    return None


def listing(value: Any) -> str | None:
    """Accept a list."""
    return None if isinstance(value, list) else "invalid array"


def one_of(*choices: str) -> Rule:
    """Accept one of these strings."""
    listed = ",".join(f"'{choice}'" for choice in choices)
    return lambda value: None if value in choices else f"should be one of the following; [{listed}]"


def nullable(rule: Rule) -> Rule:
    """Accept null, and whatever the rule accepts."""
    return lambda value: None if value is None else rule(value)


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
    """The text for a value that matches none of several alternatives."""
    listed = json.dumps(issues, separators=(",", ":"), ensure_ascii=False)
    return f"Could not match the union against any of the items. Issues: {listed}"


def errors_in(
    body: Any, required: dict[str, Rule], optional: dict[str, Rule] | None = None, at: str = "body"
) -> Errors:
    """The errors of an object."""
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
    """Return a check for a body with these required and optional fields; it refuses with 422."""

    def check(body: Any) -> None:
        errors = errors_in(body, required, optional)
        if errors:
            raise invalid(errors)

    return check


def listing_of(required: dict[str, Rule]) -> Callable[[Any], None]:
    """Return a check for a list of objects with these fields; it refuses with 422."""

    def check(body: Any) -> None:
        errors = {} if isinstance(body, list) else {"body": {"message": "invalid array"}}
        for position, row in enumerate(body if isinstance(body, list) else ()):
            errors |= errors_in(row, required, at=f"body.${position}")
        if errors:
            raise invalid(errors)

    return check


def check_metadata(body: Any) -> None:
    """Check the body of `PATCH /projects/{p}/metadata`."""
    sent = body if isinstance(body, dict) else {}
    errors = (
        nullable_text(sent["upstreamProjectUuid"], "body.upstreamProjectUuid")
        if "upstreamProjectUuid" in sent
        else {}
    )
    if errors:
        raise invalid(errors)


def check_sql_chart(body: Any) -> None:
    """Check the body of `POST /projects/{p}/sqlRunner/saved`; description may be null."""
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
    """The errors of the configuration of a SQL chart."""
    types = ("vertical_bar", "line", "pie", "table")
    issues = errors_in(config, {"type": one_of(*types), "metadata": anything}, at=at)
    if not issues and config["type"] == "table":
        issues = errors_in(config, {"columns": anything}, at=at)
    return {at: {"message": union([issues]), "value": config}} if issues else {}


check_space_create = body_of({"name": text}, {"isPrivate": flag, "access": listing})
check_space_patch = body_of({"name": text, "isPrivate": flag})
check_nested_space_create = body_of(
    {"name": text}, {"inheritParentPermissions": flag, "access": listing, "parentSpaceUuid": text}
)
check_nested_space_patch = body_of(
    {"name": text},
    {
        "inheritParentPermissions": flag,
        "projectMemberAccessRole": nullable(one_of(*SPACE_ROLES)),
        "colorPaletteUuid": nullable(text),
    },
)
check_share = body_of({"userUuid": text, "spaceRole": one_of(*SPACE_ROLES)})
check_group_share = body_of({"groupUuid": text, "spaceRole": one_of(*SPACE_ROLES)})
check_tag = body_of({"name": text, "color": text})
check_tag_patch = body_of({}, {"name": text, "color": text})
check_category = body_of({"tagUuid": text})
check_comment = body_of({"text": text, "textHtml": text, "mentions": listing}, {"replyTo": text})
check_timezone = body_of({"schedulerTimezone": text})
check_preview = body_of({"name": text, "copyContent": flag})
check_palette = body_of({"name": text, "colors": listing}, {"darkColors": listing})
check_palette_patch = body_of({}, {"name": text, "colors": listing, "darkColors": listing})
check_yaml_tags = listing_of({"yamlReference": text, "name": text, "color": text})
check_favorite = body_of(
    {"contentType": one_of("chart", "dashboard", "space", "data_app"), "contentUuid": text}
)


def check_current_delivery(body: Any) -> None:
    """Check the body of a delivery of a chart, SQL chart or app in current versions."""
    rules: dict[str, Rule] = {
        "name": text, "cron": text, "enabled": flag, "format": one_of(*FORMATS), "appUuid": nullable(text),
        "appName": nullable(text), "options": anything, "includeLinks": flag, "targets": listing,
    }  # fmt: skip
    errors = errors_in(body, rules)
    zone = body.get("timezone", "") if isinstance(body, dict) else ""
    if not isinstance(zone, str):
        at = "body.timezone"
        issues = [
            {at: {"message": f"invalid {kind} value", "value": zone}} for kind in ("string", "undefined")
        ]
        errors[at] = {"message": union(issues), "value": zone}
    if errors:
        raise invalid(errors)


check_sql_scheduler = body_of(
    {"name": text, "cron": text, "format": one_of(*FORMATS), "options": anything, "targets": listing},
    {"message": text, "timezone": text},
)
