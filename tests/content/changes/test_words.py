"""What people read: an edit of each kind, and the line that tells it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from lightdash_sync.changes.change import CODES
from lightdash_sync.changes.differ import changes
from lightdash_sync.changes.wording import words
from lightdash_sync.content.kinds import Kind
from tests.content.changes.samples import rule, sample, series

if TYPE_CHECKING:
    from collections.abc import Callable

_C, _D, _S, _P = Kind.CHART, Kind.DASHBOARD, Kind.SCHEDULER, Kind.SPACE


def _query(chart: Any) -> Any:
    return chart["metricQuery"]


def _series(chart: Any) -> Any:
    return chart["chartConfig"]["config"]["eChartsConfig"]["series"]


def _set(*path: Any) -> Callable[[Any], Any]:
    """An edit that sets the value at a path; the last part is the value."""

    def edit(content: Any) -> None:
        for part in path[:-2]:
            content = content[part]
        content[path[-2]] = path[-1]

    return edit


def _chart_filter(*members: Any, joined: str = "and") -> Callable[[Any], Any]:
    return _set("metricQuery", "filters", "dimensions", {"id": "g", joined: list(members)})


def _not_cancelled() -> Any:
    return rule("status", "cancelled", operator="notEquals")


def _all(*edits: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def edit(content: Any) -> None:
        for one in edits:
            one(content)

    return edit


_CUSTOM = {
    "table": "orders",
    "name": "top",
    "type": "max",
    "sql": "x",
    "filters": [{"id": "1", "operator": "isNull"}],
}
_BIN = {"id": "bins", "name": "Bins", "table": "orders", "type": "bin", "dimensionId": "orders_amount"}
_VERIFIED = {"verifiedBy": {"firstName": "Ada", "lastName": "Admin"}}

EDITS: list[tuple[Kind, Callable[[Any], Any], list[str]]] = [
    # any item
    (_C, _set("name", "Revenue, by week"), ["renamed: 'Weekly revenue' → 'Revenue, by week'"]),
    (_C, _set("space", "finance"), ["moved from space marketing to finance"]),
    (
        _C,
        lambda c: c.update(dashboard=c.pop("space")),
        ["moved from space marketing to dashboard marketing"],
    ),
    (_C, _set("description", "Each week."), ["description: 'Per week.' → 'Each week.'"]),
    (_C, _set("description", None), ["description: 'Per week.' → none"]),
    (_C, _set("description", "a\nb"), ["description: +2 −1 lines"]),
    (_C, _set("verification", _VERIFIED), ["verified by Ada Admin"]),
    (_C, _set("verification", {}), ["verified by somebody"]),
    (_C, _set("verification", 5), ["field verification: not set → 5"]),
    (_C, _set("unknown", {"a": [1]}), ['field unknown: not set → {"a":[1]}']),
    (_C, _set("unknown", None), ["field unknown: not set → null (which says the same)"]),
    # the query
    (
        _C,
        _all(_set("tableName", "shop"), _set("metricQuery", "exploreName", "shop")),
        ["explore: orders → shop"],
    ),
    (_C, _set("metricQuery", "exploreName", "shop"), ["explore: orders → shop"]),
    (
        _C,
        _all(
            lambda c: _query(c)["metrics"].append("orders_total_revenue"),
            lambda c: c["tableConfig"]["columnOrder"].append("orders_total_revenue"),
        ),
        ["metric added: orders.total_revenue", "columns follow the fields"],
    ),
    (_C, lambda c: _query(c)["metrics"].append("shops_count"), ["metric added: shops_count"]),
    (_C, lambda c: _query(c)["dimensions"].remove("orders_status"), ["dimension removed: orders.status"]),
    (
        _C,
        lambda c: _query(c)["dimensions"].reverse(),
        ["dimensions reordered: orders.week, orders.status → orders.status, orders.week"],
    ),
    (
        _C,
        lambda c: (_query(c)["additionalMetrics"].append(_CUSTOM), _query(c)["metrics"].append("orders_top")),
        ["custom metric added: orders.top"],
    ),
    (
        _C,
        lambda c: (_query(c)["customDimensions"].append(_BIN), _query(c)["dimensions"].append("bins")),
        ["custom dimension added: Bins"],
    ),
    (_C, lambda c: _query(c).pop("limit"), ["limit: 500 → not set"]),
    (_C, _set("metricQuery", "limit", 1000), ["limit: 500 → 1000"]),
    (_C, _set("metricQuery", "timezone", "Europe/Berlin"), ["time zone: not set → Europe/Berlin"]),
    (_C, _set("metricQuery", "sorts", []), ["sort: orders.week ascending → none"]),
    (
        _C,
        _set("metricQuery", "sorts", 0, {"fieldId": "orders_week", "descending": True, "nullsFirst": True}),
        ["sort: orders.week ascending → orders.week descending (nulls first)"],
    ),
    (
        _C,
        _set("metricQuery", "sorts", 0, "unknown", 1),
        [
            'sort: [{"descending":false,"fieldId":"orders_week"}] → '
            '[{"descending":false,"fieldId":"orders_week","unknown":1}]'
        ],
    ),
    (
        _C,
        _set("metricQuery", "tableCalculations", 0, "sql", "2\n- ${orders.costs}"),
        ["table calculation changed: margin (SQL +1 −1)"],
    ),
    (
        _C,
        _set("metricQuery", "tableCalculations", 0, "format", {"a": 1, "b": 2, "c": 3, "d": 4}),
        ['table calculation changed: margin (format: not set → {"a":1,"b":2,"c":3,"d":4})'],
    ),
    (_C, lambda c: _query(c)["tableCalculations"].clear(), ["table calculation removed: margin"]),
    (_C, _set("pivotConfig", {"columns": ["orders_status"]}), ["pivot: none → orders.status"]),
    (
        _C,
        lambda c: c["tableConfig"]["columnOrder"].reverse(),
        [
            "columns reordered: orders.week, orders.status, orders.revenue, margin → "
            "margin, orders.revenue, orders.status, orders.week"
        ],
    ),
    (
        _C,
        _set("tableConfig", "columnOrder", 0, "gone"),
        [
            "columns: orders.week, orders.status, orders.revenue, margin → "
            "gone, orders.status, orders.revenue, margin"
        ],
    ),
    (
        _C,
        _set("tableConfig", "columnOrder", "x"),
        ["columns: orders.week, orders.status, orders.revenue, margin → 'x'"],
    ),
    (_C, _set("parameters", {"currency": "eur"}), ["parameter currency: not set → 'eur'"]),
    # filters of charts
    (_C, _set("metricQuery", "filters", {}), ["filter on orders.status: is not 'cancelled' → any value"]),
    (_C, _chart_filter(), ["filter on orders.status: is not 'cancelled' → any value"]),
    (
        _C,
        _chart_filter(rule("status", "open")),
        ["filter on orders.status: is not 'cancelled' → is 'open'"],
    ),
    (
        _C,
        _chart_filter(rule("status", "cancelled", operator="notEquals", disabled=True)),
        ["filter on orders.status: is not 'cancelled' → is not 'cancelled' (off)"],
    ),
    (
        _C,
        _set("metricQuery", "filters", "dimensions", "id", "other"),
        ["ids made anew (nothing that users see)"],
    ),
    (
        _C,
        _chart_filter(_not_cancelled() | {"id": "other"}),
        ["ids made anew (nothing that users see)"],
    ),
    (
        _C,
        _chart_filter(_not_cancelled() | {"required": True}),
        ["filter on orders.status: is not 'cancelled' (required: not set → true)"],
    ),
    (_C, _chart_filter(_not_cancelled(), joined="or"), ["filters combined: all of them → any of them"]),
    (
        _C,
        _chart_filter(_not_cancelled(), {"id": "h", "or": [rule("amount", 1), rule("week", 2)]}),
        ["filters added: any of (orders.amount is 1, orders.week is 2)"],
    ),
    (
        _C,
        _chart_filter({"operator": "isNull"}),
        [
            "filter on no field: any value → is null",
            "filter on orders.status: is not 'cancelled' → any value",
        ],
    ),
    (
        _C,
        _set("metricQuery", "filters", "dimensions", "odd"),
        [
            'field metricQuery.filters.dimensions: {"and":[{"id":"r","operator":"notEquals",'
            '"target":{"fieldId"… (112 characters) → \'odd\''
        ],
    ),
    # the picture
    (_C, _set("chartConfig", {"type": "big_number", "config": {}}), ["chart type: bar → big number"]),
    (_C, lambda c: [one.update(type="line") for one in _series(c)], ["chart type: bar → line"]),
    (
        _C,
        lambda c: [one.update(type="line", areaStyle={}) for one in _series(c)],
        ["chart type: bar → area"],
    ),
    (_C, _set("chartConfig", "config", "layout", "flipAxes", True), ["chart type: bar → horizontal bar"]),
    (
        _C,
        lambda c: _series(c)[0].update(type="line", yAxisIndex=1),
        [
            "series changed: orders.revenue (type: 'bar' → 'line', yAxisIndex: not set → 1)",
            "chart type: bar → mixed",
        ],
    ),
    (_C, lambda c: _series(c)[0].update(color="#f00"), ["colour of series orders.revenue: not set → #f00"]),
    (_C, lambda c: _series(c).append(series("top")), ["series added: orders.top"]),
    (
        _C,
        lambda c: _series(c).reverse(),
        ["series reordered: orders.revenue, orders.costs → orders.costs, orders.revenue"],
    ),
    (
        _C,
        _set("chartConfig", "config", "eChartsConfig", "legend", "show", False),
        ["chart configuration: eChartsConfig.legend.show: true → false"],
    ),
    (
        _C,
        _set("chartConfig", "config", "layout", "yField", ["orders_costs"]),
        ['chart configuration: layout.yField: ["orders_revenue"] → ["orders_costs"]'],
    ),
    (_C, _set("chartConfig", "config", "a.b", 1), ['chart configuration: ["a.b"]: not set → 1']),
    (
        _C,
        lambda c: c.pop("chartConfig"),
        [
            "series removed: orders.revenue",
            "series removed: orders.costs",
            'chart configuration: eChartsConfig.legend: {"show":true} → not set',
            'chart configuration: layout: {"flipAxes":false,"xField":"orders_week",'
            '"yField":["orders_r… (69 characters) → not set',
            "chart configuration: chartConfig.type: 'cartesian' → not set",
        ],
    ),
    # SQL charts
    (Kind.SQL_CHART, _set("sql", "select 2\nfrom a"), ["SQL: +1 −2 lines"]),
    (Kind.SQL_CHART, _set("sql", "from a\nselect 1\nwhere b"), ["SQL: +1 −1 lines"]),
    (
        Kind.SQL_CHART,
        lambda c: (c.update(chartKind="line"), c["config"].update(type="line")),
        ["chart type: table → line"],
    ),
    (Kind.SQL_CHART, _set("chartKind", "line"), ["chart type: table → line"]),
    (Kind.SQL_CHART, _set("config", "type", "line"), ["chart configuration: type: 'table' → 'line'"]),
    (Kind.SQL_CHART, lambda c: c.pop("sql"), ["SQL: +0 −3 lines"]),
    (Kind.SQL_CHART, _set("sql", 5), ["SQL: +0 −3 lines"]),
    (
        Kind.SQL_CHART,
        _set("sql", "\n".join(["select 1", "from a", "where b", *map(str, range(500)), "from a"])),
        ["SQL: +501 −0 lines"],
    ),
    # dashboards
    (_D, _set("tiles", 0, "x", 12), ["tile moved: weekly-revenue (0,0) → (12,0)"]),
    (
        _D,
        _set("tiles", 0, "tab", "second"),
        ["tile moved: weekly-revenue tab first (0,0) → tab second (0,0)"],
    ),
    (_D, _set("tiles", 0, "w", 36), ["tile resized: weekly-revenue 12×9 → 36×9"]),
    (
        _D,
        _set("tiles", 0, "properties", "title", "Revenue"),
        ["tile changed: weekly-revenue (title: '' → 'Revenue')"],
    ),
    (
        _D,
        _set("tiles", 0, "properties", "chart", None),
        ["tile changed: weekly-revenue (chart: 'weekly-revenue' → null)"],
    ),
    (
        _D,
        _set("tiles", 2, "properties", "content", "# Read\nthis"),
        ["tile changed: markdown-notes (content: +2 −1 lines)"],
    ),
    (
        _D,
        lambda d: d["tiles"][2].update(x=3, h=2, properties={}),
        [
            "tile moved: markdown-notes (0,9) → (3,9)",
            "tile resized: markdown-notes 12×9 → 12×2",
            "tile changed: markdown-notes (content: '# Read me' → not set, title: 'Notes' → not set)",
        ],
    ),
    (_D, lambda d: d["tiles"].pop(), ["tile removed: markdown-notes"]),
    (
        _D,
        lambda d: d["tiles"].append({"id": "new", "type": "loom", "x": 1, "y": 2}),
        ["tile added: new at (1,2)"],
    ),
    (_D, lambda d: d["tiles"].reverse(), ["order of tiles, which means nothing"]),
    (_D, lambda d: d["tabs"].append({"id": "t", "name": "Third", "order": 2}), ["tab added: Third"]),
    (_D, lambda d: d["tabs"].pop(), ["tab removed: Second"]),
    (_D, _set("tabs", 0, "name", "Now"), ["tab renamed: 'First' → 'Now'"]),
    (_D, _set("tabs", 0, "order", 2), ["tabs reordered: First, Second → Second, First"]),
    (_D, _set("tabs", 0, "order", 0.5), ["places numbered anew (the order is the same)"]),
    (_D, _set("tabs", 0, "hidden", True), ["tab changed: First (hidden: not set → true)"]),
    (_D, _set("tabs", 0, "colour", "red"), ["tab changed: First (colour: not set → 'red')"]),
    (
        _D,
        _set("config", {"isDateZoomDisabled": True}),
        ['field config: not set → {"isDateZoomDisabled":true}'],
    ),
    (
        _D,
        _set("parameters", {"c": {"parameterName": "c", "value": 1}}),
        ['parameter c: not set → {"parameterName":"c","value":1}'],
    ),
    (
        _D,
        _set("filters", "dimensions", 0, "values", ["paid"]),
        ["filter on orders.status: is 'open' → is 'paid'"],
    ),
    (_D, _set("filters", "dimensions", 0, "values", []), ["filter on orders.status: is 'open' → any value"]),
    (
        _D,
        lambda d: d["filters"]["dimensions"][0].update(label="State", values=["paid"]),
        ["filter on orders.status: is 'open' → is 'paid' (label: 'Status' → 'State')"],
    ),
    (
        _D,
        _set(
            "filters",
            "dimensions",
            0,
            "tileTargets",
            {"costs": {"fieldId": "orders_state", "tableName": "orders"}, "new": 5},
        ),
        [
            "filter on orders.status: is 'open' ("
            "on tile costs: no → orders.state, on tile new: by default → 5)"
        ],
    ),
    (_D, _set("filters", "dimensions", 0, "id", "other"), ["ids made anew (nothing that users see)"]),
    (_D, lambda d: d["filters"]["dimensions"].clear(), ["filter on orders.status: is 'open' → any value"]),
    (
        _D,
        lambda d: d["filters"]["metrics"].append(rule("revenue", 1, operator="greaterThan")),
        ["filter on orders_revenue: any value → is greater than 1"],
    ),
    # spaces
    (_P, _set("parent", "board"), ["moved from the top level to space board"]),
    (_P, lambda s: s.pop("parent"), ["field parent: null → not set (which says the same)"]),
    (_P, _set("inheritsAccess", False), ["made private"]),
    (_P, _set("inheritsAccess", "maybe"), ["field inheritsAccess: true → 'maybe'"]),
    (
        _P,
        lambda s: s["access"]["users"].append({"email": "x@example.com", "role": "editor"}),
        ["access given: x@example.com as editor"],
    ),
    (
        _P,
        lambda s: s["access"]["users"].append({"email": "x@example.com", "role": None}),
        ["access given: x@example.com as unknown role"],
    ),
    (_P, lambda s: s["access"]["groups"].clear(), ["access taken: group Finance (was viewer)"]),
    (_P, _set("access", "groups", None), ["access taken: group Finance (was viewer)"]),
    (
        _P,
        _set("access", "groups", "all"),
        ['field access.groups: [{"group":"Finance","role":"viewer"}] → \'all\''],
    ),
    (_P, _set("access", "users", 0, "role", "viewer"), ["access of ada@example.com: admin → viewer"]),
    (_P, _set("access", "users", 0, "since", 2020), ["field access.users[0].since: not set → 2020"]),
    # schedulers
    (_S, lambda s: s.update(chart=s.pop("dashboard")), ["moved from dashboard kpis to chart kpis"]),
    (_S, lambda s: s.pop("dashboard"), ["moved from dashboard kpis to nowhere"]),
    (_S, _set("dashboard", 5), ["moved from dashboard kpis to nowhere"]),
    (_S, _set("enabled", False), ["paused"]),
    (_S, _set("cron", "0 9 * * *"), ["schedule: Mondays 9:00 → daily 9:00"]),
    (_S, _set("timezone", None), ["time zone: UTC → none"]),
    (_S, _set("owner", "bo@example.com"), ["owner: ada@example.com → bo@example.com"]),
    (_S, _set("format", "xlsx"), ["format: csv → xlsx"]),
    (_S, _set("message", "Good morning"), ["message: none → 'Good morning'"]),
    (_S, lambda s: s["targets"].append({"recipient": "x@example.com"}), ["recipient added: x@example.com"]),
    (_S, lambda s: s["targets"].pop(0), ["recipient removed: Slack channel C0SALES"]),
    (
        _S,
        lambda s: s["targets"].extend(
            [{"webhook": "(secret)"}, {"googleChatWebhook": "(secret)"}, {"pigeon": 1}]
        ),
        [
            "recipient added: MS Teams",
            "recipient added: Google Chat",
            "recipient added: unknown kind of recipient",
        ],
    ),
    (
        _S,
        _set("thresholds", 0, "value", 6000),
        ["threshold changed: orders_revenue lessThan (value: 5000 → 6000)"],
    ),
    (
        _S,
        _set("thresholds", 0, "operator", "greaterThan"),
        ["threshold changed: orders_revenue greaterThan (operator: 'lessThan' → 'greaterThan')"],
    ),
    (_S, _set("filters", None), ["filter on orders_status (instead of r): is 'open' → any value"]),
    (
        _S,
        _set("filters", 0, "values", ["paid"]),
        ["filter on orders_status (instead of r): is 'open' → is 'paid'"],
    ),
    (
        _S,
        lambda s: s["filters"].insert(0, rule("status", "open") | {"id": "orders-status"}),
        ["filter on orders_status: any value → is 'open'"],
    ),
    # of a snapshot in which rules had no names yet
    (
        _S,
        _set("filters", 0, "id", "e64bee24-6b7f-4cb4-a95a-d3a7d2c8e9a1"),
        ["ids made anew (nothing that users see)"],
    ),
    (_S, _set("filters", 0, "id", "r2"), ["filter on orders_status: is 'open' (id: 'r' → 'r2')"]),
    (_S, _set("selectedTabs", None), ["tabs delivered: first → all"]),
    (_S, _set("parameters", {"c": 1}), ["parameter c: not set → 1"]),
    (_S, _set("options", "formatted", False), ["field options.formatted: true → false"]),
    # tags, pins, icons, settings
    (Kind.CHART, _set("palette", "Autumn"), ["colour palette: not set → 'Autumn'"]),
    (Kind.VIRTUAL_VIEW, _set("label", "Paid"), ["label: 'Paid orders' → 'Paid'"]),
    (Kind.VIRTUAL_VIEW, _set("sql", "select 2 as a"), ["SQL: +1 −1 lines"]),
    (Kind.VIRTUAL_VIEW, lambda v: v["columns"].pop(), ["column removed: b"]),
    (Kind.VIRTUAL_VIEW, _set("columns", 0, "type", "date"), ["column changed: a (type: 'number' → 'date')"]),
    (Kind.VIRTUAL_VIEW, _set("parameterValues", "region", "apac"), ["parameter region: 'emea' → 'apac'"]),
    (Kind.TAG, _set("color", "#000000"), ["tag colour: #ffffff → #000000"]),
    (Kind.TAG, lambda t: t["metrics"].pop(), ["metric untagged: orders.revenue"]),
    (
        Kind.TAG,
        lambda t: t["metrics"].append({"table": "shops", "metric": "count"}),
        ["metric tagged: shops.count"],
    ),
    (Kind.TAG, _set("metrics", 0, "since", 1), ["field metrics[0].since: not set → 1"]),
    (Kind.PINS, lambda p: p.pop(), ["unpinned: space finance"]),
    (
        Kind.PINS,
        lambda p: p.append({"kind": "dashboard", "key": "kpis", "order": 100}),
        ["pinned: dashboard kpis"],
    ),
    (
        Kind.PINS,
        _set(0, "order", 3),
        ["pinned items reordered: chart weekly-revenue, space finance → space finance, chart weekly-revenue"],
    ),
    (
        Kind.PINS,
        lambda p: [pin.update(order=7) for pin in p],
        ["places numbered anew (the order is the same)"],
    ),
    (Kind.METRIC_ICONS, _set(0, "icon", {"url": "https://x"}), ["icon of orders.revenue: 1f600 → https://x"]),
    (Kind.METRIC_ICONS, lambda i: i.clear(), ["icon of orders.revenue: 1f600 → not set"]),
    (
        Kind.PROJECT,
        _set("schedulerTimezone", "Europe/Berlin"),
        ["field schedulerTimezone: 'UTC' → 'Europe/Berlin'"],
    ),
    (
        Kind.METRIC_ICONS,
        lambda i: i.append(i[0] | {"metric": "costs"}),
        ["icon of orders.costs: not set → 1f600"],
    ),
    # comments
    (
        Kind.COMMENTS,
        lambda c: c["tiles"].update(new=[{"text": "Hm", "user": {"name": "Cy"}}]),
        ["comment added by Cy on new: 'Hm'"],
    ),
    (
        Kind.COMMENTS,
        lambda c: c["tiles"].clear(),
        ["comment resolved or deleted, by Ann on costs: 'Why?'"],
    ),
    (
        Kind.COMMENTS,
        lambda c: c["tiles"]["costs"][0]["replies"].clear(),
        ["comment resolved or deleted, by Bo on costs: 'Because'"],
    ),
    (
        Kind.COMMENTS,
        _set("tiles", "costs", 0, "text", "Why so?"),
        ["comment changed, by Ann on costs (text: 'Why?' → 'Why so?')"],
    ),
    (
        Kind.COMMENTS,
        _set("tiles", "costs", 0, "createdAt", "2026-02-01"),
        ["comment changed, by Ann on costs (createdAt: '2026-01-01' → '2026-02-01')"],
    ),
]


@pytest.mark.parametrize(("kind", "edit", "said"), EDITS)
def test_an_edit_is_told(kind: Kind, edit: Callable[[Any], Any], said: list[str]) -> None:
    """Each edit that people make is told in the words that they use."""
    new = sample(kind)
    edit(new)
    assert [words(change) for change in changes(kind, sample(kind), new)] == said


# What is told of two contents that no single edit of a sample makes.
_PRIMARY: Any = {"id": "a", "kind": "chart"}
_MERGE: Any = {"primarySourceId": "a", "sources": [_PRIMARY], "joinType": "full"}
_EVENTS: Any = {"id": "b", "kind": "query", "metricQuery": {"exploreName": "events"}}

CONTENTS: list[tuple[Kind, Any, Any, list[str]]] = [
    (_S, {"thresholds": []}, {"thresholds": [{"fieldId": "a"}]}, ["threshold added: a"]),
    (
        _C,
        {"metricQuery": {"additionalMetrics": [_CUSTOM], "customDimensions": [_BIN]}},
        {
            "metricQuery": {
                "additionalMetrics": [_CUSTOM | {"type": "min"}],
                "customDimensions": [_BIN | {"name": "B"}],
            }
        },
        [
            "custom dimension changed: B (name: 'Bins' → 'B')",
            "custom metric changed: orders.top (type: 'max' → 'min')",
        ],
    ),
    (_C, {"verification": _VERIFIED}, {}, ["verification removed (it was by Ada Admin)"]),
    (_C, None, {"name": "Revenue"}, ["created: Revenue"]),
    (Kind.PINS, [{"kind": "chart"}], None, ["deleted: pinned item"]),
    (_C, 5, [], ["field content: 5 → []"]),
    (
        _C,
        {"metricQuery": {"metrics": ["a", "b"]}},
        {"metricQuery": {"metrics": ["b", "a"]}},
        ["metrics reordered: a, b → b, a"],
    ),
    (_C, {"parameters": {"a": 1}}, {"parameters": {"a": "1"}}, ["parameter a: 1 → '1'"]),
    (_P, {"inheritsAccess": False}, {"inheritsAccess": True}, ["inherits access"]),
    (_S, {"enabled": False}, {"enabled": True}, ["resumed"]),
    (
        _D,
        {"tabs": [{"id": "a", "hidden": False}]},
        {"tabs": [{"id": "a", "hidden": True}]},
        ["tab hidden: a"],
    ),
    (_D, {"tabs": [{"id": "a", "hidden": True}]}, {"tabs": [{"id": "a", "hidden": False}]}, ["tab shown: a"]),
    (
        _D,
        {"tabs": [{"id": "a", "hidden": True}]},
        {"tabs": [{"id": "a", "hidden": False, "x": 1}]},
        ["tab shown: a", "tab changed: a (x: not set → 1)"],
    ),
    (
        _D,
        {"tabs": [{"hidden": True}]},
        {"tabs": [{"hidden": None}]},
        ["tab added: without a name", "tab removed: without a name"],
    ),
    (
        _D,
        {"tiles": ["odd", {"id": "a", "y": 5}]},
        {"tiles": [5, {"id": "a", "x": 5}]},
        [
            "tile moved: a (none,5) → (5,none)",
            "tile added: without a name at 5",
            "tile removed: without a name",
        ],
    ),
    (
        _C,
        {},
        {"merge": _MERGE | {"sources": [_PRIMARY, _EVENTS]}},
        ["merged with a query of events"],
    ),
    (_C, {"merge": _MERGE}, {}, ["merge removed (it was with nothing)"]),
    (
        _C,
        {"merge": _MERGE},
        {"merge": _MERGE | {"joinType": "left"}},
        ["merge: joinType: 'full' → 'left'"],
    ),
    (
        _D,
        {"filters": {"dimensions": [rule("a", 1), rule("b", 2)]}},
        {"filters": {"dimensions": [rule("b", 2), rule("a", 1)]}},
        ["filters reordered: orders_a, orders_b → orders_b, orders_a"],
    ),
    (
        _D,
        {"filters": {"metrics": [{"operator": "equals"}]}},
        {"filters": {"metrics": [{"operator": "notEquals"}]}},
        ['filter on no field: {"operator":"equals"} → {"operator":"notEquals"}'],
    ),
    (
        _C,
        {"metricQuery": {"filters": {"metrics": {"and": [rule("a", 1), rule("b", 2)]}}}},
        {"metricQuery": {"filters": {"metrics": {"and": [rule("b", 2), rule("a", 1)]}}}},
        ["order of filters, which means nothing"],
    ),
]


@pytest.mark.parametrize(("kind", "old", "new", "said"), CONTENTS)
def test_a_difference_is_told(kind: Kind, old: Any, new: Any, said: list[str]) -> None:
    """What is only on one side, switched back, or no content at all, is told as well."""
    assert [words(change) for change in changes(kind, old, new)] == said


def test_every_code_is_told() -> None:
    """There is no code that nothing leads to, and none that is not on the list."""
    found = set()
    for kind, edit, _ in EDITS:
        new = sample(kind)
        edit(new)
        for old, now in ((sample(kind), new), (new, sample(kind))):
            found |= {change.what for change in changes(kind, old, now)}
    for kind, old, now, _ in CONTENTS:
        found |= {change.what for change in (*changes(kind, old, now), *changes(kind, now, old))}
    assert found == set(CODES)
