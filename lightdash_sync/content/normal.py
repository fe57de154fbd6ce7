"""The server's answers in a normal form: volatile fields out, unordered lists in order.

Same server state, same normal form: whatever order rows came in, whoever read them, and however often
the item was looked at. The normal form still speaks the server's language (uuids); `portable` puts keys
in their place. What is dropped here is dropped for good; the lists are in `kinds`, and every field that
is not on one of them stays, known to us or not.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lightdash_sync.content.json import Json, JsonObject, canonical, objects
from lightdash_sync.content.kinds import (
    COMMENT_VOLATILE,
    COMMENTER_VOLATILE,
    KINDS,
    METRIC_REGENERATED,
    SECRET,
    SECRET_TARGETS,
    TARGET_REGENERATED,
    TILE_DERIVED,
    UNVERSIONED,
    Kind,
)
from lightdash_sync.content.known_fields import is_known_field

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping


# What is not set in an item: versions of Lightdash say that by null, an empty value, a word, or not at all.
#
# Content says it by leaving the field out, whichever server it is from. So an upgrade of a server changes
# nothing, and nothing that an older server does not know is sent to it. All functions may be applied again,
# to content and to what a server answers alike.

# The zone of a chart's query that is none of its own: current servers say so in words.
PROJECT_ZONE = "project_timezone"

_OVERRIDES = ("metricOverrides", "dimensionOverrides")
_UNSET_IF_FALSE = frozenset({"plainTextEmail"})  # of a delivery: what older servers do not know


def without_unset(kind: Kind, content: JsonObject) -> JsonObject:
    """Return an item without what is not set in it.

    Args:
        kind: of the item.
        content: of the item, or of an earlier version of it; also in the server's form.
    """
    if kind is Kind.SCHEDULER:
        return {name: value for name, value in content.items() if not _is_unset(name, value)}
    return _chart_without_unset(content) if kind is Kind.CHART else content


def _is_unset(name: str, value: Json) -> bool:
    """Whether a field of a delivery is not set; what null means in an unknown field is unknown."""
    if value is None:
        return is_known_field(Kind.SCHEDULER, name)
    return name in _UNSET_IF_FALSE and value is False


def _chart_without_unset(chart: JsonObject) -> JsonObject:
    """Return a chart without the merge that it has not, and its query without what is as it always is."""
    kept = {name: value for name, value in chart.items() if name != "merge" or value is not None}
    if isinstance(query := chart.get("metricQuery"), dict):
        kept["metricQuery"] = {
            name: value
            for name, value in query.items()
            if not (name == "timezone" and value in (None, PROJECT_ZONE))
            and not (name in _OVERRIDES and value == {})
        }
    return kept


@dataclass(frozen=True, slots=True)
class Normal:
    """One item in normal form.

    Attributes:
        content: what the item is, with uuids for references.
        facts: its identity and volatile facts, as the server names them.
    """

    content: JsonObject
    facts: JsonObject


def normalise(kind: Kind, raw: JsonObject) -> Normal:
    """Split an answer into content and facts, drop the volatile, put unordered lists in order.

    Args:
        kind: space, virtual view, chart, SQL chart, dashboard, scheduler or tag.
        raw: the server's object, untouched by this call. For a space it is the detail merged over the
            row of the list (`access` as `{"users": [{userUuid, role}], "groups": [{groupUuid, role}]}`,
            see `lightdash.reading`), for a tag the row with its `metrics`.
    """
    spec = KINDS[kind]
    content = {
        name: value for name, value in raw.items() if name not in spec.volatile and name not in spec.facts
    }
    facts = {name: value for name, value in raw.items() if name in spec.facts}
    if special := _SPECIAL.get(kind):
        content = special(content, raw)
    return Normal(content, facts)


def earlier_version(content: JsonObject) -> JsonObject:
    """Return what of an item belongs to a version: an old version comes with today's name and place."""
    return {name: value for name, value in content.items() if name not in UNVERSIONED}


def space_access(
    granted: Iterable[str],
    shares: Iterable[JsonObject],
    groups: Iterable[JsonObject],
    by_other_ways: Mapping[str, int] | None = None,
) -> tuple[JsonObject, list[str]]:
    """Separate the grants of a space from the access that people have by other ways.

    Only the list of spaces tells exactly who holds a grant, and only the space itself tells the role
    (observed on 0.1372.1: members of a granted group look as if they had a grant of their own). On 0.2904.5
    the list names somebody once for each way in: a grant of their own, each group, and the role that all
    members of the project have in the space. The role that is told is the highest of all these.

    Args:
        granted: the uuids of `access` in the list of spaces.
        shares: `access` of the space itself.
        groups: `groupsAccess` of the space itself.
        by_other_ways: how often the list names somebody for another reason than a grant.

    Returns:
        `{"users": [...], "groups": [...]}`, and the uuids of those whose role the API does not show.
    """
    roles = {str(share.get("userUuid")): share.get("role") for share in shares}
    holders = sorted(Counter(granted) - Counter(by_other_ways or {}))
    users: list[Json] = [{"userUuid": uuid, "role": roles.get(uuid)} for uuid in holders]
    teams: list[Json] = [
        {"groupUuid": group.get("groupUuid"), "role": group.get("spaceRole")}
        for group in sorted(groups, key=lambda group: str(group.get("groupUuid")))
    ]
    return {"users": users, "groups": teams}, [uuid for uuid in holders if uuid not in roles]


def other_ways(
    space: JsonObject, teams: Mapping[str, Collection[str]], outside: Collection[str] = ()
) -> Counter[str]:
    """Return how often a current server's list of spaces names people for other reasons than a grant.

    Args:
        space: its own answer.
        teams: uuid of a group -> uuids of its members.
        outside: uuids of those in the list who are no members of the organisation. Service accounts are
            such: the role of all members brings them into the list, but the space itself does not tell them.
    """
    groups = {str(group.get("groupUuid")) for group in objects(space.get("groupsAccess"))}
    found = Counter(member for group in sorted(groups) for member in set(teams.get(group, ())))
    if space.get("projectMemberAccessRole") is not None:
        found.update({*outside, *(str(share.get("userUuid")) for share in objects(space.get("access")))})
    return found


def _space(content: JsonObject, raw: JsonObject) -> JsonObject:
    """0.1372.1 says isPrivate, current versions inheritParentPermissions: one word for both."""
    inherits = raw.get("inheritParentPermissions")
    private = raw.get("isPrivate")
    content = {
        name: value
        for name, value in content.items()
        if name not in ("inheritParentPermissions", "isPrivate")
    }
    content.pop("groupsAccess", None)
    content["inheritsAccess"] = inherits if inherits is not None else not private
    content["parentSpaceUuid"] = raw.get("parentSpaceUuid")
    content["access"] = raw.get("access")
    return content


def _chart(content: JsonObject, raw: JsonObject) -> JsonObject:
    content.pop(
        "spaceUuid" if raw.get("dashboardUuid") else "dashboardUuid", None
    )  # the place it is really in
    content = without_unset(Kind.CHART, content)
    query = content.get("metricQuery")
    if isinstance(query, dict):
        query = dict(query)
        if isinstance(metrics := query.get("additionalMetrics"), list):
            query["additionalMetrics"] = [_without(metric, METRIC_REGENERATED) for metric in metrics]
        _sort(query, "tableCalculations", "name")
        _sort(query, "customDimensions", "id")
        _sort(query, "additionalMetrics", "table", "name")
        content["metricQuery"] = query
    return content


def _sql_chart(content: JsonObject, raw: JsonObject) -> JsonObject:
    """Say the place as charts do."""
    for place, field in (("space", "spaceUuid"), ("dashboard", "dashboardUuid")):
        where = raw.get(place)
        if place in raw:
            del content[place]
        if isinstance(where, dict) and isinstance(where.get("uuid"), str):
            content[field] = where["uuid"]
    if content.get("dashboardUuid"):
        content.pop("spaceUuid", None)
    return content


def _dashboard(content: JsonObject, raw: JsonObject) -> JsonObject:
    order = {str(tab.get("uuid")): _number(tab.get("order")) for tab in objects(raw.get("tabs"))}

    def position(tile: JsonObject) -> tuple[float, float, float, str]:
        tab = order.get(str(tile.get("tabUuid")), -1.0)
        return (tab, _number(tile.get("y")), _number(tile.get("x")), str(tile.get("uuid")))

    if tabs := objects(raw.get("tabs")):
        content["tabs"] = [*sorted(tabs, key=lambda tab: (_number(tab.get("order")), str(tab.get("uuid"))))]
    if tiles := objects(raw.get("tiles")):
        content["tiles"] = [_tile(tile) for tile in sorted(tiles, key=position)]
    return content


def _tile(tile: JsonObject) -> Json:
    properties = tile.get("properties")
    if isinstance(properties, dict):
        return tile | {"properties": _without(properties, TILE_DERIVED)}
    return tile


def _virtual_view(content: JsonObject, raw: JsonObject) -> JsonObject:
    """Of an explore, what people wrote: name, label, SQL (it stands in brackets in its table) and columns.

    Since 1.x the server makes dimensions for days, months and so on of a column that is a date.
    """
    tables = raw.get("tables")
    table = tables.get(str(raw.get("baseTable"))) if isinstance(tables, dict) else None
    sql, dimensions = _get(table, "sqlTable"), _get(table, "dimensions")
    if isinstance(sql, str) and sql.startswith("(") and sql.endswith(")"):
        sql = sql[1:-1]
    columns: list[Json] = [
        {"reference": name, "type": _get(dimension, "type")}
        for name, dimension in sorted(dimensions.items() if isinstance(dimensions, dict) else ())
        if _get(dimension, "timeInterval") is None
    ]
    content |= {"sql": sql, "columns": columns}
    if values := raw.get("savedParameterValues"):
        content["parameterValues"] = values
    return content


def _scheduler(content: JsonObject, raw: JsonObject) -> JsonObject:
    content = without_unset(Kind.SCHEDULER, content)
    if isinstance(targets := raw.get("targets"), list):
        content["targets"] = sorted((_target(target) for target in targets), key=canonical)
    return content


def _target(target: Json) -> Json:
    if not isinstance(target, dict):
        return target
    kept = {name: value for name, value in target.items() if name not in TARGET_REGENERATED}
    return {name: SECRET if name in SECRET_TARGETS and value else value for name, value in kept.items()}


def has_secret(raw: JsonObject) -> bool:
    """Whether a scheduler has an address that is a secret and hence not in the snapshot."""
    return any(target.get(name) for target in objects(raw.get("targets")) for name in SECRET_TARGETS)


def normalise_comments(raw: JsonObject) -> JsonObject:
    """Return the comments of a dashboard, by tile uuid, oldest first, with their replies."""
    return {tile: _comments(comments) for tile, comments in raw.items() if comments}


def _comments(comments: Json) -> Json:
    ordered = sorted(
        objects(comments), key=lambda comment: (str(comment.get("createdAt")), canonical(comment))
    )
    return [
        {name: _in_comment(name, value) for name, value in comment.items() if name not in COMMENT_VOLATILE}
        for comment in ordered
    ]


def _in_comment(name: str, value: Json) -> Json:
    if name == "replies":
        return _comments(value)
    return _without(value, COMMENTER_VOLATILE) if name == "user" else value


_SPECIAL: dict[Kind, Callable[[JsonObject, JsonObject], JsonObject]] = {
    Kind.SPACE: _space,
    Kind.VIRTUAL_VIEW: _virtual_view,
    Kind.CHART: _chart,
    Kind.SQL_CHART: _sql_chart,
    Kind.DASHBOARD: _dashboard,
    Kind.SCHEDULER: _scheduler,
}


def _sort(query: JsonObject, name: str, *by: str) -> None:
    rows = query.get(name)
    if isinstance(rows, list):
        query[name] = sorted(rows, key=lambda row: ([str(_get(row, field)) for field in by], canonical(row)))


def _get(row: Json, name: str) -> Json:
    return row.get(name) if isinstance(row, dict) else None


def _without(value: Json, names: frozenset[str]) -> Json:
    if not isinstance(value, dict):
        return value
    return {name: item for name, item in value.items() if name not in names}


def _number(value: Json) -> float:
    return float(value) if isinstance(value, (int, float)) else -1.0


# Lists that have no order of their own, in the order in which content files have them.
#
# The server returns such rows in any order, and people who edit a file by hand put them anywhere; the same
# content has the same bytes all the same. `normal` does this to answers, where things still have uuids;
# here they have the names that content files give them.

_QUERY_LISTS = {
    "tableCalculations": ("name",),
    "customDimensions": ("id",),
    "additionalMetrics": ("table", "name"),
}


def in_order(kind: Kind, content: JsonObject) -> JsonObject:
    """Return a content with its unordered lists in order."""
    match kind:
        case Kind.DASHBOARD:
            return layout_in_order(content)
        case Kind.CHART if isinstance(query := content.get("metricQuery"), dict):
            lists = {name: fields for name, fields in _QUERY_LISTS.items() if name in query}
            for name, fields in lists.items():
                query = query | {name: _sorted(query[name], fields)}
            return content | {"metricQuery": query}
        case Kind.VIRTUAL_VIEW if "columns" in content:
            return content | {"columns": _sorted(content["columns"], ("reference",))}
        case Kind.SCHEDULER if "targets" in content:
            return content | {"targets": _sorted(content["targets"], ())}
        case Kind.TAG if "metrics" in content:
            return content | {"metrics": _sorted(content["metrics"], ("table", "metric"))}
        case Kind.SPACE if isinstance(access := content.get("access"), dict):
            for name, field in (("users", "email"), ("groups", "group")):
                if name in access:
                    access = access | {name: _sorted(access[name], (field,))}
            return content | {"access": access}
        case _:
            return content


def layout_in_order(content: JsonObject) -> JsonObject:
    """Return a dashboard with its tabs in their order, and its tiles by tab, row, column and name."""
    order = {str(tab.get("id")): _position(tab.get("order")) for tab in objects(content.get("tabs"))}

    def position(tile: JsonObject) -> tuple[float, float, float, str]:
        tab = order.get(str(tile.get("tab")), -1.0)
        return (tab, _position(tile.get("y")), _position(tile.get("x")), str(tile.get("id")))

    if tabs := objects(content.get("tabs")):
        content = content | {
            "tabs": [*sorted(tabs, key=lambda tab: (_position(tab.get("order")), str(tab.get("id"))))]
        }
    if tiles := objects(content.get("tiles")):
        content = content | {"tiles": [*sorted(tiles, key=position)]}
    return content


def _sorted(rows: Json, fields: tuple[str, ...]) -> Json:
    if not isinstance(rows, list):
        return rows
    return sorted(rows, key=lambda row: ([str(_field_at(row, field)) for field in fields], canonical(row)))


def _field_at(row: Json, name: str) -> Json:
    return row.get(name) if isinstance(row, dict) else None


def _position(value: Json) -> float:
    return float(value) if isinstance(value, (int, float)) else -1.0
