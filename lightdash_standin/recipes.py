"""Bodies of charts as the web application would send them: one function for each kind of chart."""

from __future__ import annotations

from typing import Any

from lightdash_standin.state import Json


def query(explore: str, dimensions: str, metrics: str, **more: Any) -> Json:
    """A metric query; a field without a table belongs to the explore's own."""
    of_table = [name if "." in name else f"{explore}.{name}" for name in dimensions.split()]
    measured = [name if "." in name else f"{explore}.{name}" for name in metrics.split()]
    fields = [name.replace(".", "_") for name in of_table], [name.replace(".", "_") for name in measured]
    first = [*fields[1], *fields[0]][:1]
    return {
        "exploreName": explore,
        "dimensions": fields[0],
        "metrics": fields[1],
        "filters": {},
        "sorts": [{"fieldId": name, "descending": True} for name in first],
        "limit": 500,
        "tableCalculations": [],
        "additionalMetrics": [],
        "customDimensions": [],
        **more,
    }


def _series(x: str, y: str, kind: str, index: int, pivot: str | None) -> Json:
    values = {"pivotValues": [{"field": pivot, "value": "web"}]} if pivot else {}
    series: Json = {"type": "line" if kind == "area" else kind, "yAxisIndex": index}
    series["encode"] = {"xRef": {"field": x}, "yRef": {"field": y, **values}}
    return {**series, "areaStyle": {}} if kind == "area" else series


def cartesian(sent: Json, kinds: str, *, flip: bool = False, pivot: str | None = None) -> Json:
    """A cartesian configuration: the kinds of the series, in the order of the metrics."""
    names = [one["name"] for one in sent["tableCalculations"]]
    fields = [*sent["metrics"], *names]
    series = [
        _series(sent["dimensions"][0], field, kind, min(index, 1), pivot)
        for index, (kind, field) in enumerate(zip(kinds.split(), fields, strict=False))
    ]
    axis = [{"name": field.split("_", 1)[-1].replace("_", " ").capitalize()} for field in fields[:2]]
    config = {
        "layout": {"xField": sent["dimensions"][0], "yField": fields[: len(series)], "flipAxes": flip},
        "eChartsConfig": {
            "series": series,
            "xAxis": [{"name": ""}],
            "yAxis": axis,
            "legend": {"show": len(series) > 1},
        },
    }
    return {"type": "cartesian", "config": config}


def chart(
    name: str, sent: Json, config: Json, description: str | None = None, pivot: str | None = None
) -> Json:
    """The body of `POST /projects/{p}/saved`, without space or dashboard."""
    order = [*sent["dimensions"], *sent["metrics"], *(one["name"] for one in sent["tableCalculations"])]
    body = {
        "name": name,
        "tableName": sent["exploreName"],
        "metricQuery": sent,
        "chartConfig": config,
        "tableConfig": {"columnOrder": order},
    }
    if description is not None:
        body["description"] = description
    return {**body, "pivotConfig": {"columns": [pivot]}} if pivot else body


def big_number(field: str, label: str, **more: Any) -> Json:
    """The configuration of a big number."""
    return {"type": "big_number", "config": {"label": label, "selectedField": field, **more}}


def table(columns: Json | None = None, **more: Any) -> Json:
    """The configuration of a table."""
    return {
        "type": "table",
        "config": {"columns": columns or {}, "showTableNames": False, "hideRowNumbers": False, **more},
    }


def pie(group: str, metric: str, *, donut: bool = False) -> Json:
    """The configuration of a pie."""
    config = {
        "groupFieldIds": [group],
        "metricId": metric,
        "isDonut": donut,
        "valueLabel": "outside",
        "showLegend": True,
    }
    return {"type": "pie", "config": config}


def rule(rule_id: str, field: str, operator: str, *values: Any, **settings: Any) -> Json:
    """A filter rule."""
    sent: Json = {"id": rule_id, "target": {"fieldId": field}, "operator": operator, "values": list(values)}
    return {**sent, "settings": settings} if settings else sent


def calculation(name: str, label: str, sql: str, kind: str = "number", **formatting: Any) -> Json:
    """A table calculation."""
    return {
        "name": name,
        "displayName": label,
        "sql": sql,
        "type": kind,
        "format": {"type": "default", **formatting},
    }
