"""Versions of charts: what the server stores of a body.

A version is read back differently than it was sent: columns are reordered, custom metrics get a new uuid with
each version, unknown keys are lost. The effects are those of the real server's tables; its rows are not
imitated.
"""

from __future__ import annotations

from typing import Any

from lightdash_standin.accounts import Person
from lightdash_standin.calls import need
from lightdash_standin.jsonb import jsonb, truthy
from lightdash_standin.kinds import chart_kind
from lightdash_standin.refusals import went_wrong
from lightdash_standin.state import ChartVersion, Json, World

PROJECT_ZONE = "project_timezone"
# The time zones that a chart may have since 0.3138.0; any other becomes that of the project.
CHART_ZONES = frozenset(
    {
        PROJECT_ZONE, "user_timezone",
        "UTC", "Pacific/Pago_Pago", "Pacific/Honolulu", "Pacific/Marquesas", "America/Anchorage",
        "America/Los_Angeles", "America/Denver", "America/Chicago", "America/New_York",
        "America/Santo_Domingo", "America/St_Johns", "America/Buenos_Aires", "America/Noronha",
        "Atlantic/Cape_Verde", "Europe/Paris", "Europe/Athens", "Europe/Moscow", "Europe/London",
        "Asia/Dubai", "Asia/Karachi", "Asia/Kolkata", "Asia/Kathmandu", "Asia/Dhaka", "Asia/Bangkok",
        "Asia/Shanghai", "Australia/Eucla", "Asia/Tokyo", "Australia/Brisbane", "Australia/Sydney",
        "Pacific/Noumea", "Pacific/Auckland", "Pacific/Apia", "Pacific/Kiritimati",
    }
)  # fmt: skip
CHART_TYPES = frozenset(
    {"cartesian", "table", "pie", "big_number", "funnel", "custom", "treemap", "gauge", "map", "sankey"}
    | {"data_app_viz"}
)
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


NEWER_METRIC_KEYS = (
    "distinctKeys",
    "generationType",
    "baseMetricId",
    "timeDimensionId",
    "granularity",
    "periodOffset",
)
# In newer versions: the fields that a kind of binning needs, with their defaults.
BINS: dict[str, tuple[str, Any]] = {
    "fixed_number": ("binNumber", 1),
    "fixed_width": ("binWidth", 1),
    "custom_range": ("customRange", []),
    "custom_group": ("customGroups", []),
}


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
    if world.can("parameters"):
        metric |= {key: jsonb(sent[key]) for key in NEWER_METRIC_KEYS if sent.get(key) is not None}
    return metric


def _custom_dimension(sent: Json, *, groups: bool) -> Json:
    """A custom dimension as it is read back, with bins or SQL; with `groups`, as in newer versions."""
    common = {
        "id": sent.get("id"),
        "name": sent.get("name"),
        "type": sent["type"],
        "table": sent.get("table"),
    }
    if sent["type"] == "sql":
        return {**common, "sql": sent.get("sql"), "dimensionType": sent.get("dimensionType")}
    kept = {key: sent[key] for key in ("binNumber", "binWidth", "customRange") if sent.get(key)}
    if groups:
        key, default = BINS.get(sent.get("binType", ""), ("", None))
        if not key:
            raise went_wrong()
        kept = {key: sent.get(key) or default}
    return {**common, "dimensionId": sent.get("dimensionId"), "binType": sent.get("binType"), **jsonb(kept)}


def _table_calculation(world: World, sent: Json) -> Json:
    calculation: Json = {key: sent.get(key) for key in ("name", "displayName", "sql")}
    if truthy(sent.get("format")):
        calculation["format"] = jsonb(sent["format"])
    if sent.get("type"):
        calculation["type"] = sent["type"]
    if world.can("parameters"):
        calculation |= {key: jsonb(sent[key]) for key in ("template", "formula") if truthy(sent.get(key))}
        if not calculation["sql"]:
            del calculation["sql"]
    return calculation


def _column_order(world: World, order: list[str], query: Json) -> list[str]:
    """The column order as it is read back: known columns only, those that were not in it first."""
    custom = query["customDimensions"]
    if world.can("columns_without_custom_sql"):
        custom = [one for one in custom if one["type"] == "bin"]
    fields = [(_position(order, name), name) for name in (*query["dimensions"], *query["metrics"])]
    placed = sorted(fields, key=lambda pair: pair[0])
    placed += [(_position(order, one["name"]), one["name"]) for one in query["tableCalculations"]]
    placed += [(_position(order, one["id"]), one["name"]) for one in custom]
    return [name for _, name in sorted(placed, key=lambda pair: pair[0])]


def _stored_query(world: World, table: str, query: Json, order: list[str]) -> Json:
    """The metric query as it is read back: its fields in the order of the columns, known keys only."""
    dimensions, metrics = (list(need(query, key, list)) for key in ("dimensions", "metrics"))
    sorts, calculations = (need(query, key, list) for key in ("sorts", "tableCalculations"))
    sent = [one for one in query.get("customDimensions") or [] if one.get("type") in ("bin", "sql")]
    groups = world.can("parameters")
    read = [_custom_dimension(one, groups=groups) for one in sent]
    custom = sorted(read, key=lambda one: one["type"] == "sql")
    newer = world.can("field_overrides")
    timezone = query.get("timezone")
    if world.can("zone_of_charts"):
        timezone = timezone if timezone in CHART_ZONES else PROJECT_ZONE
    return {
        "exploreName": table,
        "dimensions": sorted(dimensions, key=lambda name: _position(order, name)),
        "metrics": sorted(metrics, key=lambda name: _position(order, name)),
        "filters": jsonb(query.get("filters") or {}),
        "sorts": [_sort(one, nulls_first=newer) for one in sorts],
        "limit": need(query, "limit", (int, float)),
        "tableCalculations": [_table_calculation(world, one) for one in calculations],
        "additionalMetrics": [_custom_metric(world, one) for one in query.get("additionalMetrics") or []],
        "customDimensions": custom,
        **({} if newer and not timezone else {"timezone": timezone}),
        **(_overrides(world, query, dimensions, metrics) if newer else {}),
    }


def _sort(sent: Json, *, nulls_first: bool) -> Json:
    read = {"fieldId": sent.get("fieldId"), "descending": sent.get("descending")}
    if nulls_first and sent.get("nullsFirst") is not None:
        read["nullsFirst"] = sent["nullsFirst"]
    return read


def _overrides(world: World, query: Json, dimensions: list[str], metrics: list[str]) -> Json:
    """The overrides of fields that are in the query.

    Current versions leave out those of dimensions if there are none, but not those of metrics.
    """
    found = {
        name: jsonb({key: value for key, value in (query.get(name) or {}).items() if key in fields})
        for name, fields in (("metricOverrides", metrics), ("dimensionOverrides", dimensions))
    }
    if world.can("current") and not found["dimensionOverrides"]:
        del found["dimensionOverrides"]
    return found


def _merge(sent: Any) -> Json | None:
    """How a chart merges the rows of several queries, if it is in the one known form."""
    if not isinstance(sent, dict) or not isinstance(sent.get("sources"), list):
        return None
    kinds = {"chart": None, "query": "metricQuery"}
    for source in sent["sources"]:
        if not isinstance(source, dict) or source.get("kind") not in kinds or "id" not in source:
            return None
        if (part := kinds[source["kind"]]) and part not in source:
            return None
    known = ("primarySourceId", "joinKey", "joinType", "tableCalculations")
    if any(name not in sent for name in known):
        return None
    return dict(jsonb(sent))


def stored_version(world: World, body: Any, person: Person, moment: str) -> ChartVersion:
    """A new version from the body of a create or version request.

    Raises:
        Refusal: 500 if a field is missing that the server relies on.
    """
    table = need(body, "tableName", str)
    config = need(body, "chartConfig", dict)
    kind = need(config, "type", str)
    if world.can("current") and kind not in CHART_TYPES:
        raise went_wrong()
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
        column_order=_column_order(world, order, query),
        pivot_columns=list(pivot["columns"]) if pivot else None,
        kind=chart_kind(kind, config.get("config")),
        parameters=jsonb(body.get("parameters")) if world.can("parameters") else None,
        merge=_merge(body.get("merge")) if world.can("merged_charts") else None,
        pivot_rows=list(pivot["rows"]) if pivot and pivot.get("rows") and world.can("current") else None,
    )
