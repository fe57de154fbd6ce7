"""Validation of the bodies of dashboards.

The real text for a tile that matches no type is a page of nested alternatives; only the outermost part is
imitated.
"""

from __future__ import annotations

from typing import Any

from lightdash_standin.bodies import (
    Errors,
    Rule,
    anything,
    errors_in,
    flag,
    listing,
    nullable,
    number,
    one_of,
    text,
    union,
)
from lightdash_standin.dashboards import CURRENT_TILE_TYPES, NEWER_TILE_TYPES, TILE_TYPES
from lightdash_standin.refusals import invalid

_PROPERTIES: dict[str, tuple[dict[str, Rule], dict[str, Rule]]] = {
    "saved_chart": ({"savedChartUuid": nullable(text)}, {"title": text, "hideTitle": anything}),
    "sql_chart": ({"savedSqlUuid": nullable(text)}, {"title": text, "hideTitle": anything}),
    "semantic_viewer_chart": ({"savedSemanticViewerChartUuid": anything}, {"title": text}),
    "markdown": ({"title": text, "content": text}, {}),
    "loom": ({"title": text, "url": text}, {"hideTitle": anything}),
    "data_app": ({"title": text, "appUuid": text}, {"hideTitle": anything}),
    "heading": ({"text": text}, {"showDivider": flag}),
}  # fmt: skip


def _tile_errors(tile: Any, at: str, *, newer: bool, current: bool = False) -> Errors:
    """The errors of a tile; newer versions accept one without a tab, and have other types."""
    rules: dict[str, Rule] = dict.fromkeys(("x", "y", "h", "w"), number)
    known: tuple[str, ...] = NEWER_TILE_TYPES if newer else TILE_TYPES
    types, tab = CURRENT_TILE_TYPES if current else known, nullable(text) if newer else text
    errors = errors_in(tile, {**rules, "type": one_of(*types)}, {"tabUuid": tab, "uuid": text}, at=at)
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


def _object(value: Any) -> str | None:
    return None if isinstance(value, dict) else "invalid object"


def _content_errors(sent: Any, required: dict[str, Rule], *, newer: bool, current: bool = False) -> Errors:
    """The errors of a dashboard: its `required` fields, and their content."""
    optional: dict[str, Rule] = {"description": text, "spaceUuid": text}
    tab_rules: dict[str, Rule] = {"order": number, "name": text, "uuid": text}
    tab_options: dict[str, Rule] = {}
    if newer:
        optional |= {"config": _object, "parameters": _object}
        if current:
            tab_options = {"hidden": flag}
        else:
            tab_rules = {"hidden": flag, **tab_rules}
    errors = errors_in(sent, required, optional)
    if current and isinstance(sent.get("config"), dict):
        errors |= errors_in(sent["config"], {"isDateZoomDisabled": flag}, at="body.config")
    if isinstance(sent.get("tiles"), list):
        for position, tile in enumerate(sent["tiles"]):
            errors |= _tile_errors(tile, f"tiles.${position}", newer=newer, current=current)
    if isinstance(sent.get("tabs"), list):
        for position, tab in enumerate(sent["tabs"]):
            errors |= errors_in(tab, tab_rules, tab_options, at=f"tabs.${position}")
    if "filters" in sent:
        errors |= _filter_errors(sent["filters"])
    return errors


def _check_created(body: Any, *, newer: bool, current: bool = False) -> None:
    as_duplicate = errors_in(body, {"dashboardDesc": text, "dashboardName": text})
    if not as_duplicate:
        return
    sent = body if isinstance(body, dict) else {}
    required: dict[str, Rule] = {"tabs": listing, "tiles": listing, "name": text}
    errors = _content_errors(sent, required, newer=newer, current=current)
    if errors:
        raise invalid({"body": {"message": union([as_duplicate, errors]), "value": sent}})


def check_dashboard(body: Any) -> None:
    """Check the body of `POST /projects/{p}/dashboards`: a dashboard, or name and description of a duplicate.

    Nulls that answers contain (`tabUuid`, `description`, a filter's `label`, a tile's `title`) are refused
    here.
    """
    _check_created(body, newer=False)


def check_newer_dashboard(body: Any) -> None:
    """The same in newer versions: a tile may have no tab, and each tab has `hidden`."""
    _check_created(body, newer=True)


def check_current_dashboard(body: Any) -> None:
    """The same in current versions: `hidden` is optional again."""
    _check_created(body, newer=True, current=True)


def check_dashboard_patch(body: Any) -> None:
    """Check the body of the v2 `PATCH`: metadata with a name and any other fields, or tiles and tabs."""
    sent = body if isinstance(body, dict) else {}
    metadata = errors_in(sent, {"name": text}, {"description": text, "spaceUuid": text})
    content = _content_errors(sent, {"tiles": listing, "tabs": listing}, newer=True, current=True)
    if metadata and content:
        raise invalid({"body": {"message": union([metadata, content]), "value": sent}})
