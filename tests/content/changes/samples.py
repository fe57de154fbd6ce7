"""Content to compare: small items of each kind, and all items of the demo snapshot."""

from __future__ import annotations

import copy
from functools import cache
from pathlib import Path
from typing import Any

from lightdash_sync.content.json import Json, parse
from lightdash_sync.content.kinds import KINDS, Kind

_DEMO = Path(__file__).parents[3] / "snapshots" / "demo"


@cache
def demo() -> tuple[tuple[Kind, Json], ...]:
    """Every content file of the demo snapshot with its kind."""
    found: list[tuple[Kind, Json]] = []
    for kind, spec in KINDS.items():
        paths = sorted((_DEMO / spec.folder).glob("*.json")) if spec.folder else [_DEMO / f"{kind}.json"]
        found += [(kind, parse(path.read_bytes())) for path in paths]
    return tuple(found)


def tree() -> dict[str, bytes]:
    """The demo snapshot as path -> bytes, with the files that are no content too."""
    return {
        path.relative_to(_DEMO).as_posix(): path.read_bytes() for path in _DEMO.rglob("*") if path.is_file()
    }


def rule(field: str, *values: Json, operator: str = "equals", **more: Json) -> dict[str, Any]:
    """A rule of a filter on a field of `orders`."""
    return {
        "id": "r",
        "target": {"fieldId": f"orders_{field}"},
        "operator": operator,
        "values": list(values),
        **more,
    }


def series(field: str, kind: str = "bar", **more: Json) -> dict[str, Any]:
    """A series of a chart."""
    return {
        "encode": {"xRef": {"field": "orders_week"}, "yRef": {"field": f"orders_{field}"}},
        "type": kind,
        **more,
    }


_CHART: dict[str, Any] = {
    "name": "Weekly revenue",
    "description": "Per week.",
    "space": "marketing",
    "tableName": "orders",
    "metricQuery": {
        "exploreName": "orders",
        "dimensions": ["orders_week", "orders_status"],
        "metrics": ["orders_revenue"],
        "filters": {"dimensions": {"id": "g", "and": [rule("status", "cancelled", operator="notEquals")]}},
        "sorts": [{"fieldId": "orders_week", "descending": False}],
        "limit": 500,
        "tableCalculations": [{"name": "margin", "displayName": "Margin", "sql": "1\n- ${orders.costs}"}],
        "additionalMetrics": [],
        "customDimensions": [],
    },
    "chartConfig": {
        "type": "cartesian",
        "config": {
            "layout": {"xField": "orders_week", "yField": ["orders_revenue"], "flipAxes": False},
            "eChartsConfig": {"legend": {"show": True}, "series": [series("revenue"), series("costs")]},
        },
    },
    "tableConfig": {"columnOrder": ["orders_week", "orders_status", "orders_revenue", "margin"]},
}


def _tile(name: str, x: int, y: int, tab: str = "first", **properties: Json) -> dict[str, Any]:
    shown = properties or {"chart": name, "title": ""}
    kind = "saved_chart" if "chart" in shown else "markdown"
    return {"id": name, "type": kind, "x": x, "y": y, "w": 12, "h": 9, "tab": tab, "properties": shown}


_DASHBOARD: dict[str, Any] = {
    "name": "KPIs",
    "description": None,
    "space": "marketing",
    "tabs": [{"id": "first", "name": "First", "order": 0}, {"id": "second", "name": "Second", "order": 1}],
    "tiles": [
        _tile("weekly-revenue", 0, 0),
        _tile("costs", 12, 0),
        _tile("markdown-notes", 0, 9, title="Notes", content="# Read me"),
    ],
    "filters": {
        "dimensions": [
            {
                "id": "f-status",
                "label": "Status",
                "operator": "equals",
                "target": {"fieldId": "orders_status", "tableName": "orders"},
                "tileTargets": {"costs": False},
                "values": ["open"],
            }
        ],
        "metrics": [],
        "tableCalculations": [],
    },
}

_SCHEDULER: dict[str, Any] = {
    "name": "Monday numbers",
    "dashboard": "kpis",
    "cron": "0 9 * * 1",
    "timezone": "UTC",
    "enabled": True,
    "format": "csv",
    "message": None,
    "owner": "ada@example.com",
    "filters": [rule("status", "open")],
    "options": {"formatted": True},
    "selectedTabs": ["first"],
    "targets": [{"channel": "C0SALES"}, {"recipient": "board@example.com"}],
    "thresholds": [{"fieldId": "orders_revenue", "operator": "lessThan", "value": 5000}],
}

_SPACE: dict[str, Any] = {
    "name": "Finance",
    "parent": None,
    "inheritsAccess": True,
    "access": {
        "users": [{"email": "ada@example.com", "role": "admin"}],
        "groups": [{"group": "Finance", "role": "viewer"}],
    },
}

_COMMENTS: dict[str, Any] = {
    "tiles": {
        "costs": [
            {
                "createdAt": "2026-01-01",
                "text": "Why?",
                "user": {"name": "Ann"},
                "replies": [{"createdAt": "2026-01-02", "text": "Because", "user": {"name": "Bo"}}],
            }
        ]
    }
}

_SAMPLES: dict[Kind, Any] = {
    Kind.CHART: _CHART,
    Kind.DASHBOARD: _DASHBOARD,
    Kind.SCHEDULER: _SCHEDULER,
    Kind.SPACE: _SPACE,
    Kind.COMMENTS: _COMMENTS,
    Kind.VIRTUAL_VIEW: {
        "name": "paid_orders",
        "label": "Paid orders",
        "sql": "select 1 as a",
        "columns": [{"reference": "a", "type": "number"}, {"reference": "b", "type": "string"}],
        "parameterValues": {"region": "emea"},
    },
    Kind.SQL_CHART: {
        "name": "Raw",
        "space": "marketing",
        "sql": "select 1\nfrom a\nwhere b",
        "limit": 500,
        "chartKind": "table",
        "config": {"type": "table", "display": {}},
    },
    Kind.TAG: {
        "name": "core",
        "color": "#ffffff",
        "metrics": [
            {"metric": "costs", "table": "orders"},
            {"metric": "revenue", "table": "orders"},
        ],
    },
    Kind.PINS: [
        {"kind": "chart", "key": "weekly-revenue", "order": 1},
        {"kind": "space", "key": "finance", "order": 2},
    ],
    Kind.METRIC_ICONS: [{"icon": {"unicode": "1f600"}, "metric": "revenue", "table": "orders"}],
    Kind.PROJECT: {"name": "Shop", "type": "DEFAULT", "schedulerTimezone": "UTC"},
}


def sample(kind: Kind) -> Any:
    """A small item of a kind, to be changed at will."""
    return copy.deepcopy(_SAMPLES[kind])
