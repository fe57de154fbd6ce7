"""Saved charts: how a version is stored and read, and how charts come and go.

What is sent is not what is read: columns are reordered, custom metrics get a new uuid with each version,
unknown keys vanish. The effects are those of the real server's tables; its rows are not imitated.
"""

from __future__ import annotations

from typing import Any

from lightdash_sync.demo.calls import need, space_of_chart
from lightdash_sync.demo.jsonb import jsonb, truthy
from lightdash_sync.demo.kinds import chart_kind
from lightdash_sync.demo.refusals import went_wrong
from lightdash_sync.demo.state import DEFAULT_COLORS, Chart, ChartVersion, Json, Person, World

METRIC_FORMATS = frozenset({"km", "mi", "usd", "gbp", "eur", "id", "percent"})
METRIC_KEYS = (
    "name",
    "label",
    "description",
    "hidden",
    "round",
    "compact",
    "percentile",
    "sql",
    "table",
    "type",
)


def _position(order: list[str], name: str) -> int:
    return order.index(name) if name in order else -1


def _custom_metric(world: World, sent: Json) -> Json:
    """A custom metric as it is read back: known keys only, none of them null, with a uuid of its own."""
    metric = {key: sent[key] for key in METRIC_KEYS if sent.get(key) is not None}
    metric["uuid"] = world.new_uuid()
    if sent.get("format") in METRIC_FORMATS:
        metric["format"] = sent["format"]
    if sent.get("baseDimensionName"):
        metric["baseDimensionName"] = sent["baseDimensionName"]
    if sent.get("filters"):
        metric["filters"] = jsonb(sent["filters"])
    if truthy(sent.get("formatOptions")):
        metric["formatOptions"] = jsonb(sent["formatOptions"])
    return metric


def _custom_dimension(sent: Json) -> Json:
    """A custom dimension as it is read back, of the bin or the sql kind."""
    common = {
        "id": sent.get("id"),
        "name": sent.get("name"),
        "type": sent["type"],
        "table": sent.get("table"),
    }
    if sent["type"] == "sql":
        return {**common, "sql": sent.get("sql"), "dimensionType": sent.get("dimensionType")}
    kept = {key: sent[key] for key in ("binNumber", "binWidth", "customRange") if sent.get(key)}
    return {**common, "dimensionId": sent.get("dimensionId"), "binType": sent.get("binType"), **jsonb(kept)}


def _table_calculation(sent: Json) -> Json:
    calculation: Json = {key: sent.get(key) for key in ("name", "displayName", "sql")}
    if truthy(sent.get("format")):
        calculation["format"] = jsonb(sent["format"])
    if sent.get("type"):
        calculation["type"] = sent["type"]
    return calculation


def _column_order(order: list[str], query: Json) -> list[str]:
    """The column order as it is read: only known columns, those that were not in it first."""
    fields = [(_position(order, name), name) for name in (*query["dimensions"], *query["metrics"])]
    placed = sorted(fields, key=lambda pair: pair[0])
    placed += [(_position(order, one["name"]), one["name"]) for one in query["tableCalculations"]]
    placed += [(_position(order, one["id"]), one["name"]) for one in query["customDimensions"]]
    return [name for _, name in sorted(placed, key=lambda pair: pair[0])]


def _stored_query(world: World, table: str, query: Json, order: list[str]) -> Json:
    """The metric query as it is read back: its fields in the order of the columns, known keys only."""
    dimensions, metrics = (list(need(query, key, list)) for key in ("dimensions", "metrics"))
    sorts = need(query, "sorts", list)
    sent = [one for one in query.get("customDimensions") or [] if one.get("type") in ("bin", "sql")]
    custom = sorted(map(_custom_dimension, sent), key=lambda one: one["type"] == "sql")
    return {
        "exploreName": table,
        "dimensions": sorted(dimensions, key=lambda name: _position(order, name)),
        "metrics": sorted(metrics, key=lambda name: _position(order, name)),
        "filters": jsonb(query.get("filters") or {}),
        "sorts": [{"fieldId": one.get("fieldId"), "descending": one.get("descending")} for one in sorts],
        "limit": need(query, "limit", (int, float)),
        "tableCalculations": [_table_calculation(one) for one in need(query, "tableCalculations", list)],
        "additionalMetrics": [_custom_metric(world, one) for one in query.get("additionalMetrics") or []],
        "customDimensions": custom,
        "timezone": query.get("timezone"),
    }


def stored_version(world: World, body: Any, person: Person, moment: str) -> ChartVersion:
    """A new version made of the body of a create or version request.

    Raises:
        Refusal: 500 when something is missing that the server takes for granted.
    """
    table = need(body, "tableName", str)
    config = need(body, "chartConfig", dict)
    kind = need(config, "type", str)
    order = need(need(body, "tableConfig", dict), "columnOrder", list)
    query = _stored_query(world, table, need(body, "metricQuery", dict), order)
    pivot = body.get("pivotConfig")
    return ChartVersion(
        uuid=world.new_uuid(),
        created_at=moment,
        created_by=person.uuid,
        table_name=table,
        metric_query=query,
        chart_config={"type": kind, "config": jsonb(config.get("config"))},
        column_order=_column_order(order, query),
        pivot_columns=list(pivot["columns"]) if pivot else None,
        kind=chart_kind(kind, config.get("config")),
    )


def _insert(world: World, chart: Chart, version: ChartVersion) -> Chart:
    chart.versions[version.uuid] = version
    chart.current = version
    world.charts[chart.uuid] = chart
    home = (
        world.dashboards[chart.dashboard_uuid]
        if chart.dashboard_uuid
        else world.spaces[chart.space_uuid or ""]
    )
    home.charts[chart.uuid] = None
    return chart


def create_chart(
    world: World,
    body: Any,
    person: Person,
    slug_from: str,
    space_uuid: str | None,
    dashboard_uuid: str | None,
    *,
    force_slug: bool = False,
) -> Chart:
    """Store a new chart in a space, or inside a dashboard (which wins when both are given).

    Args:
        world: the instance.
        body: the chart as sent, or as read from another one.
        person: the author.
        slug_from: what the slug is made of (the name, unless the chart is duplicated or promoted).
        space_uuid: the space, if it is to lie in one.
        dashboard_uuid: the dashboard, if it is to live inside one.
        force_slug: take the slug as it is, although it may be in use.

    Raises:
        Refusal: 500 when something is missing that the server takes for granted; nothing is stored then.
    """
    name = need(body, "name", str)
    moment = world.clock.tick()
    version = stored_version(world, body, person, moment)
    chart = Chart(
        uuid=world.new_uuid(),
        slug=world.slugs.take("charts", slug_from, force=force_slug),
        name=name,
        description=body.get("description"),
        space_uuid=None if dashboard_uuid else space_uuid,
        dashboard_uuid=dashboard_uuid,
        created_at=moment,
        last_updated_at=moment,
        last_updated_by=person.uuid,
    )
    return _insert(world, chart, version)


def add_version(world: World, chart: Chart, body: Any, person: Person) -> ChartVersion:
    """Append a version; the time shown in lists is stored a moment later than that of the version itself."""
    version = stored_version(world, body, person, world.clock.tick())
    chart.versions[version.uuid] = version
    chart.current = version
    chart.last_updated_at = world.clock.tick()
    chart.last_updated_by = person.uuid
    return version


def delete_chart(world: World, chart: Chart) -> None:
    """Delete a chart with its versions, schedulers and comments; tiles stay, and show nothing."""
    if chart.dashboard_uuid:
        world.dashboards[chart.dashboard_uuid].charts.pop(chart.uuid, None)
    if chart.space_uuid:
        world.spaces[chart.space_uuid].charts.pop(chart.uuid, None)
    for scheduler in world.schedulers_of.pop(chart.uuid, {}):
        del world.schedulers[scheduler]
    for tile, comments in world.comments.items():
        world.comments[tile] = [comment for comment in comments if comment.chart_uuid != chart.uuid]
    world.slugs.release("charts", chart.slug)
    del world.charts[chart.uuid]


def move_chart(world: World, chart: Chart, space_uuid: str, *, leave_dashboard: bool = True) -> None:
    """Put the chart into a space, of any project; it leaves its dashboard (a bulk move forgets that part).

    Raises:
        Refusal: 500 if there is no such space.
    """
    if space_uuid not in world.spaces:
        raise went_wrong()
    if chart.dashboard_uuid and leave_dashboard:
        world.dashboards[chart.dashboard_uuid].charts.pop(chart.uuid, None)
        chart.dashboard_uuid = None
    if chart.space_uuid:
        world.spaces[chart.space_uuid].charts.pop(chart.uuid, None)
    chart.space_uuid = space_uuid
    if not chart.dashboard_uuid:
        world.spaces[space_uuid].charts[chart.uuid] = None


def _jumbled_query(world: World, query: Json) -> Json:
    """The query with the lists that come from unordered rows in an order of the server's choosing."""
    if world.shuffle is None:
        return query
    unordered = ("tableCalculations", "additionalMetrics", "customDimensions")
    return {**query, **{key: world.jumbled(query[key]) for key in unordered}}


def author(world: World, uuid: str | None) -> Json:
    """The `updatedByUser` of a chart: without an author, an object of nulls."""
    person = world.people.get(uuid) if uuid else None
    return person.card if person else {"userUuid": None, "firstName": None, "lastName": None}


def read_chart(world: World, chart: Chart, version: ChartVersion | None = None) -> Json:
    """The chart as it is read, in its current or another version, without privacy and access."""
    version = version or chart.version
    space = space_of_chart(world, chart)
    project = world.project_rows[space.project_uuid]
    dashboard = world.dashboards.get(chart.dashboard_uuid) if chart.dashboard_uuid else None
    pivot = {} if version.pivot_columns is None else {"pivotConfig": {"columns": version.pivot_columns}}
    return {
        "uuid": chart.uuid,
        "projectUuid": project.uuid,
        "name": chart.name,
        "description": chart.description,
        "tableName": version.table_name,
        "updatedAt": version.created_at,
        "updatedByUser": author(world, version.created_by),
        "metricQuery": _jumbled_query(world, version.metric_query),
        "chartConfig": version.chart_config,
        "tableConfig": {"columnOrder": version.column_order},
        "organizationUuid": project.org_uuid,
        **pivot,
        "spaceUuid": space.uuid,
        "spaceName": space.name,
        "pinnedListUuid": project.pinned_list_uuid if chart.pin_order is not None else None,
        "pinnedListOrder": None,
        "dashboardUuid": chart.dashboard_uuid,
        "dashboardName": dashboard.name if dashboard else None,
        "colorPalette": DEFAULT_COLORS,
        "slug": chart.slug,
    }
