"""The kind of a chart, which the server derives from its configuration and shows in lists."""

from __future__ import annotations

from typing import Any

from lightdash_standin.jsonb import truthy

_BY_TYPE = {
    "pie": "pie",
    "funnel": "funnel",
    "big_number": "big_number",
    "table": "table",
    "custom": "custom",
    "treemap": "treemap",
    "gauge": "gauge",
    "map": "map",
    "sankey": "sankey",
    "data_app_viz": "data_app_viz",
}
_TYPE_OF_KIND = {kind: kind for kind in _BY_TYPE if kind not in ("custom", "map")}


def _series_kind(series: dict[str, Any]) -> str:
    return "area" if truthy(series.get("areaStyle")) else str(series.get("type"))


def chart_kind(chart_type: str, config: Any) -> str | None:
    """The kind of a chart of this type and configuration; none for a cartesian chart without series."""
    if chart_type != "cartesian":
        return _BY_TYPE.get(chart_type)
    if not isinstance(config, dict) or not isinstance(config.get("eChartsConfig"), dict):
        return None
    series = config["eChartsConfig"].get("series") or []
    if (
        len({(one.get("type"), one.get("type") == "line" and truthy(one.get("areaStyle"))) for one in series})
        > 1
    ):
        return "mixed"
    if not series or not series[0].get("type"):
        return None
    if series[0]["type"] == "bar":
        return "horizontal_bar" if (config.get("layout") or {}).get("flipAxes") else "vertical_bar"
    return _series_kind(series[0])


def chart_type(kind: str | None) -> str:
    """The chart type that lists derive from the kind: everything else is cartesian, even custom."""
    return _TYPE_OF_KIND.get(kind or "", "cartesian")
