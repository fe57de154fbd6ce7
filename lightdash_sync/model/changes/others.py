"""Spaces, virtual views, schedulers, tags, pins, icons, comments and settings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lightdash_sync.model.canonical import canonical
from lightdash_sync.model.changes.charts import parameter
from lightdash_sync.model.changes.elements import Codes, Elements, by, nouns
from lightdash_sync.model.changes.filters import SCHEDULER_FILTERS
from lightdash_sync.model.changes.look import different, get, inside, itself, text
from lightdash_sync.model.changes.places import described
from lightdash_sync.model.changes.walk import Walk, anything, each, fields, flip, value

if TYPE_CHECKING:
    from collections.abc import Hashable

    from lightdash_sync.model.changes.change import Path, Value
    from lightdash_sync.model.changes.walk import Node


# --- spaces ---


def _holder(_walk: Walk, grant: Value) -> str:
    return text(grant, "email") or f"group {text(grant, 'group')}"


def _role(walk: Walk, old: Value, new: Value, path: Path) -> None:
    """Say a role alone by its name."""
    if different(old, new) == {"role"}:
        walk.say("access_changed", (*path, "role"), get(old, "role"), get(new, "role"), _holder(walk, new))
    else:
        anything()(walk, old, new, path)


def _grants(holder: str) -> Node:
    return Elements(Codes("access_given", "access_taken"), (by(holder),), _holder, inner=_role)


SPACE = described(
    {
        "inheritsAccess": flip("access_inherited", "made_private"),
        "access": fields({"users": _grants("email"), "groups": _grants("group")}),
    },
    ("parent",),
)


# --- virtual views ---


def _reference(_walk: Walk, column: Value) -> str:
    return text(column, "reference")


VIRTUAL_VIEW = described(
    {
        "label": value("label_changed"),
        "sql": value("sql_changed"),
        "columns": Elements(nouns("column"), (by("reference"),), _reference),
        "parameterValues": each(lambda name: parameter(name)),
    },
    (),
)


# --- schedulers ---

_CHANNELS = {"webhook": "MS Teams", "googleChatWebhook": "Google Chat"}


def _recipient(_walk: Walk, target: Value) -> str:
    if channel := text(target, "channel"):
        return f"Slack channel {channel}"
    hooks = (name for field, name in _CHANNELS.items() if inside(target, field) is not None)
    return text(target, "recipient") or next(hooks, "unknown kind of recipient")


def _threshold(_walk: Walk, threshold: Value) -> str:
    return " ".join(part for part in (text(threshold, "fieldId"), text(threshold, "operator")) if part)


SCHEDULER = described(
    {
        "enabled": flip("resumed", "paused"),
        "cron": value("schedule_changed"),
        "timezone": value("timezone_changed"),
        "owner": value("owner_changed"),
        "format": value("format_changed"),
        "message": value("message_changed"),
        "targets": Elements(Codes("recipient_added", "recipient_removed"), (itself,), _recipient),
        "thresholds": Elements(nouns("threshold"), (by("fieldId", "operator"), by("fieldId")), _threshold),
        "filters": SCHEDULER_FILTERS,
        "parameters": each(lambda name: parameter(name)),
        "selectedTabs": value("delivered_tabs_changed"),
    },
    ("chart", "sqlChart", "dashboard"),
)


# --- tags, pins, icons, settings ---

_METRIC = (by("table", "metric"),)


def _metric(_walk: Walk, metric: Value) -> str:
    return ".".join(part for part in (text(metric, "table"), text(metric, "metric")) if part)


def _pin(_walk: Walk, pin: Value) -> str:
    return " ".join(part for part in (text(pin, "kind"), text(pin, "key")) if part)


def _order(pin: Value) -> float:
    order = inside(pin, "order")
    return float(order) if isinstance(order, int | float) else -1.0


TAG = described(
    {
        "color": value("tag_colour_changed"),
        "metrics": Elements(Codes("metric_tagged", "metric_untagged"), _METRIC, _metric),
    },
    (),
)
PINS = Elements(
    Codes("pinned", "unpinned", reordered="pins_reordered"),
    (by("kind", "key"),),
    _pin,
    unsaid=frozenset({"order"}),
    quietly="renumbered",
    rank=_order,
)
METRIC_ICONS = Elements(nouns("icon"), _METRIC, _metric)
PROJECT = described({}, ())


# --- comments ---


def _written(comment: Value) -> Hashable:
    """Comments have no id that lasts: who wrote when is as near as it gets."""
    return canonical([inside(comment, "createdAt"), inside(comment, "user")])


def _said(comment: Value) -> Hashable:
    """The same words of the same person, on another server."""
    return canonical([inside(comment, "text"), inside(comment, "user")])


def _comments_on(tile: str) -> Node:
    def name(_walk: Walk, comment: Value) -> str:
        return f"{text(comment, 'user', 'name') or 'somebody'} on {tile}"

    def comment(walk: Walk, old: Value, new: Value, path: Path) -> None:
        if different(old, new) - {"replies"}:
            walk.say("comment_changed", path, old, new, name(walk, new))
        walk.at(found, get(old, "replies"), get(new, "replies"), (*path, "replies"))

    found = Elements(Codes("comment_added", "comment_removed"), (_written, _said), name, inner=comment)
    return found


COMMENTS = fields({"tiles": each(_comments_on)})
