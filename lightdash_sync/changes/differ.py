"""What differs between two contents of one item."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from lightdash_sync.changes.change import QUIET, Change
from lightdash_sync.changes.charts import SCHEDULER_FILTERS, chart, parameter, sql_chart, tables
from lightdash_sync.changes.dashboards import dashboard
from lightdash_sync.changes.walk import (
    Codes,
    Elements,
    Node,
    Walk,
    anything,
    by,
    described,
    each,
    fields,
    flip,
    nouns,
    value,
)
from lightdash_sync.content.json import (
    ABSENT,
    canonical,
    different,
    get_field,
    get_path,
    get_str,
    itself,
    same,
)
from lightdash_sync.content.kinds import KINDS, Kind

if TYPE_CHECKING:
    from collections.abc import Hashable

    from lightdash_sync.changes.change import Path
    from lightdash_sync.content.json import Json, Value


# Spaces, virtual views, schedulers, tags, pins, icons, comments and settings.

# --- spaces ---


def _holder(_walk: Walk, grant: Value) -> str:
    return get_str(grant, "email") or f"group {get_str(grant, 'group')}"


def _role(walk: Walk, old: Value, new: Value, path: Path) -> None:
    """Say a role alone by its name."""
    if different(old, new) == {"role"}:
        walk.say(
            "access_changed",
            (*path, "role"),
            get_field(old, "role"),
            get_field(new, "role"),
            _holder(walk, new),
        )
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
    return get_str(column, "reference")


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
    if channel := get_str(target, "channel"):
        return f"Slack channel {channel}"
    hooks = (name for field, name in _CHANNELS.items() if get_path(target, field) is not None)
    return get_str(target, "recipient") or next(hooks, "unknown kind of recipient")


def _threshold(_walk: Walk, threshold: Value) -> str:
    return " ".join(part for part in (get_str(threshold, "fieldId"), get_str(threshold, "operator")) if part)


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
    return ".".join(part for part in (get_str(metric, "table"), get_str(metric, "metric")) if part)


def _pin(_walk: Walk, pin: Value) -> str:
    return " ".join(part for part in (get_str(pin, "kind"), get_str(pin, "key")) if part)


def _order(pin: Value) -> float:
    order = get_path(pin, "order")
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
    return canonical([get_path(comment, "createdAt"), get_path(comment, "user")])


def _said(comment: Value) -> Hashable:
    """The same words of the same person, on another server."""
    return canonical([get_path(comment, "text"), get_path(comment, "user")])


def _comments_on(tile: str) -> Node:
    def name(_walk: Walk, comment: Value) -> str:
        return f"{get_str(comment, 'user', 'name') or 'somebody'} on {tile}"

    def comment(walk: Walk, old: Value, new: Value, path: Path) -> None:
        if different(old, new) - {"replies"}:
            walk.say("comment_changed", path, old, new, name(walk, new))
        walk.at(found, get_field(old, "replies"), get_field(new, "replies"), (*path, "replies"))

    found = Elements(Codes("comment_added", "comment_removed"), (_written, _said), name, inner=comment)
    return found


COMMENTS = fields({"tiles": each(_comments_on)})

_NODES: Mapping[Kind, Node] = {
    Kind.SPACE: SPACE,
    Kind.VIRTUAL_VIEW: VIRTUAL_VIEW,
    Kind.CHART: chart,
    Kind.SQL_CHART: sql_chart,
    Kind.DASHBOARD: dashboard,
    Kind.SCHEDULER: SCHEDULER,
    Kind.TAG: TAG,
    Kind.COMMENTS: COMMENTS,
    Kind.PINS: PINS,
    Kind.METRIC_ICONS: METRIC_ICONS,
    Kind.PROJECT: PROJECT,
}

# Of these there is one change, however many places it has.
_GATHERED = ("ids_changed", "renumbered")


def changes(kind: Kind, old: Json | None, new: Json | None) -> list[Change]:
    """Return what differs between two contents, in the order in which people would tell it.

    No changes mean the same canonical bytes, and the other way round. Every value that differs lies at
    or below one of the `places` of a change. Swapping the contents swaps what is added and removed.

    Args:
        kind: of the item.
        old: what its content file held, or None if there was none.
        new: what it holds, or None if there is none.
    """
    if old is None or new is None:
        before: Value = ABSENT if old is None else old
        after: Value = ABSENT if new is None else new
        return [] if old is new else _one_sided(kind, before, after)
    if same(old, new):
        return []
    walk = Walk(tables(old) | tables(new) if kind is Kind.CHART else ())
    walk.at(_NODES[kind], old, new, ())
    return _gathered(walk.found)


def _one_sided(kind: Kind, old: Value, new: Value) -> list[Change]:
    content = old if new is ABSENT else new
    name = get_str(content, "name") or KINDS[kind].noun[0]
    return [Change("deleted" if new is ABSENT else "created", (), old, new, name)]


def _gathered(found: list[Change]) -> list[Change]:
    """Make one change of all that say the same quiet thing, less what louder ones explain."""
    loud = [change for change in found if change.what not in QUIET]
    explained = {change.where for change in loud if change.after is not ABSENT}
    result = [change for change in found if change.what not in _GATHERED]
    for what in _GATHERED:
        several = [change for change in found if change.what == what]
        several = [change for change in several if not _all_below(change, explained)] or (
            several if not result else []
        )
        if several:
            places = [place for change in several for place in change.places]
            first = several[0]
            if len(several) > 1:
                before = [change.before for change in several if change.before is not ABSENT]
                after = [change.after for change in several if change.after is not ABSENT]
                first = replace(first, before=before, after=after, name="")
            result.append(replace(first, where=places[0], also=tuple(places[1:])))
    return result


def _all_below(change: Change, explained: set[Path]) -> bool:
    return all(
        any(place[:length] in explained for length in range(len(place) + 1)) for place in change.places
    )
