"""The content of the demo's production project: spaces, charts, dashboards, deliveries, tags, pins.

It is built with the same functions that serve requests, by several people over several days.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from lightdash_standin import demo_charts
from lightdash_standin.catalog import create_tag
from lightdash_standin.charts import delete_chart
from lightdash_standin.comments import create_comment
from lightdash_standin.demo_current import fill_current
from lightdash_standin.demo_newer import fill_newer
from lightdash_standin.organisation import Company
from lightdash_standin.recipes import rule
from lightdash_standin.scheduler_rows import create_scheduler
from lightdash_standin.state import Chart, Dashboard, Json, Space, SqlChart, World
from lightdash_standin.studio import NO_FILTERS, Studio

NOTES = "## How to read this\n\nRevenue > 1000 & no returns. See [margins]({link}/view).\n\n<b>Ask Ines</b>"
TOUR = "https://www.loom.com/share/0123456789abcdef"


def _filter(rule_id: str, field: str, operator: str, *values: object, **more: Any) -> Json:
    """A filter of a dashboard on a field of the orders."""
    return {
        **rule(rule_id, field, operator, *values),
        "target": {"fieldId": field, "tableName": "orders"},
        **more,
    }


def fill_spaces(studio: Studio) -> tuple[dict[str, Space], dict[str, Chart]]:
    """Create spaces and the charts in them, over some days; return both by name."""
    clock = studio.world.clock
    spaces = {
        "Sales": studio.space("Sales", second_editor="editor"),
        "Customers": studio.space("Customers", owner="editor"),
        "Roastery floor": studio.space("Roastery floor", private=True, owner="editor", member="viewer"),
        "Board & finance": studio.space(
            "Board & finance", private=True, owner="second_admin", viewer="viewer"
        ),
        "Odds and ends": studio.space("Odds & ends ☕", owner="second_editor"),
        "Sales archive": studio.space("Sales", private=True, owner="second_editor"),
    }
    studio.grant_group(spaces["Board & finance"], "Finance", "editor")
    studio.grant_group(spaces["Roastery floor"], "Roastery", "admin")
    charts: dict[str, Chart] = {}
    groups: Iterable[tuple[str, list[Json], str]] = (
        ("Sales", demo_charts.sales_charts(), "editor"),
        ("Customers", demo_charts.customer_charts(), "second_editor"),
        ("Roastery floor", demo_charts.roastery_charts(), "editor"),
        ("Board & finance", demo_charts.finance_charts(), "second_admin"),
    )
    for place, bodies, author in groups:
        clock.advance(hours=5, minutes=11)
        for body in bodies:
            clock.advance(minutes=7, seconds=13)
            charts[body["name"]] = studio.chart(body, spaces[place], author)
    charts["funnel"] = studio.chart(
        demo_charts.subscription_funnel("From trial to regular"), spaces["Customers"]
    )
    for name in demo_charts.UGLY_NAMES:
        studio.chart(demo_charts.simple_chart(name), spaces["Odds and ends"], "second_editor")
    studio.chart(demo_charts.simple_chart("Weekly revenue"), spaces["Sales archive"], "second_editor")
    return spaces, charts


def rewrite_history(studio: Studio, charts: dict[str, Chart]) -> None:
    """Add later versions of some charts, by different people; the oldest are outside the history window."""
    clock = studio.world.clock
    clock.advance(days=6)
    studio.edit(charts["Weekly revenue"], "second_editor", limit=104)
    clock.advance(days=4, hours=2)
    studio.edit(charts["Weekly revenue"], "developer", limit=52)
    studio.edit(charts["Margin by category"], "second_admin", limit=25)
    clock.advance(hours=20)
    studio.edit(
        charts["Weekly revenue"], "editor", sorts=[{"fieldId": "orders_ordered_week", "descending": False}]
    )
    studio.edit(charts["Value per segment"], "editor", limit=20)
    charts["Customers"].name = "Number of customers"


def fill_dashboards(
    studio: Studio, spaces: dict[str, Space], charts: dict[str, Chart], sql: list[SqlChart]
) -> dict[str, Dashboard]:
    """Create the dashboards, with charts inside them; return them by name."""
    found = {
        "Sales overview": _sales_overview(studio, spaces, charts, sql),
        "Subscriptions": _subscriptions(studio, spaces, charts),
    }
    studio.world.clock.advance(hours=3)
    roastery = studio.dashboard(
        "Roastery floor", spaces["Roastery floor"], "For the screen next to the drum."
    )
    tiles = [studio.chart_tile(charts["Score heat map"], (0, 0, 36, 12))]
    tiles.append(studio.chart_tile(charts["Cupping scores by origin"], (0, 12, 18, 9)))
    studio.arrange(roastery, tiles, [], NO_FILTERS)
    found["Roastery floor"] = roastery
    board = studio.dashboard("Board pack", spaces["Board & finance"], None, "second_admin")
    tiles = [
        studio.chart_tile(charts["Margin by category"], (0, 0, 36, 9)),
        studio.chart_tile(charts["Revenue to date"], (0, 9, 9, 4)),
    ]
    studio.arrange(board, tiles, [], NO_FILTERS, "second_admin")
    found["Board pack"] = board
    found["Empty"] = studio.dashboard("Ideas for 2027", spaces["Odds and ends"], "")
    twin = studio.dashboard("Sales overview", spaces["Sales archive"], "The old one.", "second_editor")
    studio.arrange(twin, [studio.chart_tile(charts["Revenue to date"], (0, 0, 9, 4))], [], NO_FILTERS)
    found["old overview"] = twin
    return found


def _sales_overview(
    studio: Studio, spaces: dict[str, Space], charts: dict[str, Chart], sql: list[SqlChart]
) -> Dashboard:
    """A dashboard with tabs, filters with targets, a chart on two tiles, a video, and a deleted chart."""
    dashboard = studio.dashboard("Sales overview", spaces["Sales"], "What the Monday meeting looks at.")
    inside = studio.chart(demo_charts.simple_chart("Orders by status"), dashboard)
    gone = studio.chart(
        demo_charts.simple_chart("Orders by hour (retired)", dimension="ordered_at"), spaces["Sales"]
    )
    tabs = studio.tabs("This week", "Background")
    link = f"/projects/{studio.project.uuid}/saved/{charts['Margin by category'].uuid}"
    notes = NOTES.format(link=link)
    tiles = [
        studio.chart_tile(charts["Weekly revenue"], (0, 0, 24, 9), tabs[0], "Revenue, week by week"),
        studio.chart_tile(charts["Revenue to date"], (24, 0, 12, 9), tabs[0]),
        studio.chart_tile(inside, (0, 9, 18, 9), tabs[0]),
        studio.chart_tile(inside, (0, 0, 18, 9), tabs[1], "Orders by status, again"),
        studio.tile("sql_chart", (18, 9, 18, 9), {"savedSqlUuid": sql[0].uuid, "title": "Per shop"}, tabs[0]),
        studio.tile("markdown", (18, 0, 18, 5), {"title": "Notes", "content": notes}, tabs[1]),
        studio.tile("loom", (18, 5, 18, 4), {"title": "Tour", "url": TOUR}, tabs[1]),
        studio.chart_tile(gone, (0, 18, 18, 6), tabs[0]),
    ]
    studio.arrange(dashboard, tiles, tabs, _overview_filters([tile["uuid"] for tile in tiles]))
    delete_chart(studio.world, gone)
    return dashboard


def _overview_filters(tiles: list[str]) -> Json:
    """Filters that apply to one tile by another field, and not to some others."""
    targets = {
        tiles[0]: {"fieldId": "orders_channel", "tableName": "orders"},
        tiles[1]: False,
        tiles[7]: False,
    }
    channel = {"label": "Channel", "tileTargets": targets, "required": False}
    lately: Json = {"settings": {"unitOfTime": "months"}, "disabled": False}
    return {
        "dimensions": [
            _filter("f-channel", "orders_channel", "equals", "web", **channel),
            _filter("f-when", "orders_ordered_date", "inThePast", 3, **lately),
        ],
        "metrics": [_filter("f-large", "orders_total_revenue", "greaterThan", 100, tileTargets={})],
        "tableCalculations": [],
    }


def _subscriptions(studio: Studio, spaces: dict[str, Space], charts: dict[str, Chart]) -> Dashboard:
    """Charts inside a dashboard: one on a tile, and one on a tile of an earlier version only."""
    dashboard = studio.dashboard("Subscriptions", spaces["Customers"])
    plan = studio.chart(
        demo_charts.simple_chart("Subscriptions by plan", "subscriptions", "plan", "subscription_count"),
        dashboard,
    )
    reason = studio.chart(
        demo_charts.simple_chart("Why people leave", "subscriptions", "cancel_reason", "cancelled_count"),
        dashboard,
    )
    both = [studio.chart_tile(plan, (0, 0, 18, 9)), studio.chart_tile(reason, (18, 0, 18, 9))]
    studio.arrange(dashboard, both, [], NO_FILTERS)
    studio.world.clock.advance(days=1)
    funnel = studio.chart_tile(charts["funnel"], (18, 0, 18, 9))
    studio.arrange(dashboard, [both[0], funnel], [], NO_FILTERS, "second_editor")
    return dashboard


def fill_deliveries(studio: Studio, charts: dict[str, Chart], dashboards: dict[str, Dashboard]) -> None:
    """Create deliveries and alerts of all kinds."""
    email = [{"recipient": "monday@kettle.example"}, {"recipient": "board@kettle.example"}]
    slack = [{"channel": "C0SALES"}]
    csv = {"formatted": True, "limit": "table"}
    overview, admin = dashboards["Sales overview"], studio.people["admin"].uuid
    inside = next(iter(dashboards["Subscriptions"].charts))
    override = [_filter("f-channel", "orders_channel", "equals", "shop")]
    alert = [{"operator": "lessThan", "fieldId": "orders_total_revenue", "value": 5000}]
    sheet = {
        "gdriveId": "sheet-1",
        "gdriveName": "Orders",
        "gdriveOrganizationName": "Kettle",
        "url": "https://docs.example/sheet-1",
    }
    rows: list[tuple[Json, str | None, str | None]] = [
        ({"name": "Monday numbers", "format": "image", "cron": "0 8 * * 1", "timezone": "Europe/Stockholm",
          "options": {"withPdf": True}, "targets": email, "filters": override, "customViewportWidth": 1400,
          "selectedTabs": [overview.version.tabs[0]["uuid"]], "message": "Good *morning*"},
         None, overview.uuid),
        ({"name": "Sales to Slack", "format": "csv", "cron": "30 7 * * 1-5", "targets": slack,
          "options": {"formatted": False, "limit": "all"}}, None, overview.uuid),
        ({"name": "Revenue is low", "format": "image", "cron": "0 9 * * *", "options": {},
          "targets": [*slack, *email[:1]], "thresholds": alert, "notificationFrequency": "once"},
         charts["Weekly revenue"].uuid, None),
        ({"name": "Sheet for finance", "format": "gsheets", "cron": "0 6 1 * *", "options": sheet,
          "targets": []},
         charts["Margin by category"].uuid, None),
        ({"name": "Plans by post", "format": "csv", "cron": "0 10 * * 2", "options": csv,
          "targets": email[:1], "includeLinks": False}, inside, None),
        ({"name": "Paused since June", "format": "csv", "cron": "0 10 * * 3", "timezone": "UTC",
          "options": csv, "targets": email[1:]}, charts["Value per segment"].uuid, None),
    ]  # fmt: skip
    for body, chart, dashboard in rows:
        create_scheduler(studio.world, body, admin, chart, dashboard)
    last = list(studio.world.schedulers.values())[-1]
    last.enabled, last.updated_at = False, studio.world.clock.tick()


def decorate(
    studio: Studio, spaces: dict[str, Space], charts: dict[str, Chart], dashboards: dict[str, Dashboard]
) -> None:
    """Add tags and icons of metrics, pins with an order, comments with a reply, and some views."""
    world, project = studio.world, studio.project
    wanted = {
        "core": ("#2f4858", ("total_revenue", "order_count", "customer_count")),
        "finance": ("#f6ae2d", ("total_revenue", "line_revenue", "monthly_recurring_revenue")),
        "to be retired": ("#86bbd8", ()),
    }
    for name, (color, metrics) in wanted.items():
        tag = create_tag(world, project, name, color, studio.people["editor"].uuid)
        for item in project.catalog.values():
            if item.definition["name"] in metrics and item.definition["fieldType"] == "metric":
                item.categories[tag.uuid] = None
                item.icon = {"unicode": "1f4b6"} if name == "finance" else item.icon
    project.pinned_list_uuid = world.new_uuid()
    pinned = (
        spaces["Sales"],
        charts["Weekly revenue"],
        charts["Revenue to date"],
        dashboards["Sales overview"],
    )
    for order, pin in enumerate(pinned):
        pin.pin_order = order or 100  # type: ignore[attr-defined]
    overview = dashboards["Sales overview"]
    tile = overview.version.tiles[0]["uuid"]
    said = {"text": "Why the dip in week 7?", "textHtml": "<p>Why the dip in week 7?</p>", "mentions": []}
    first = create_comment(world, overview, tile, said, studio.people["viewer"].uuid)
    answer = {
        "text": "The drum was down.",
        "textHtml": "<p>The drum was down.</p>",
        "mentions": [],
        "replyTo": first.uuid,
    }
    create_comment(world, overview, tile, answer, studio.people["editor"].uuid)
    for number, chart in enumerate(charts.values()):
        chart.views = number * 7 % 23
        chart.first_viewed_at = chart.created_at if chart.views else None
    overview.views, overview.first_viewed_at = 148, overview.created_at


def fill_production(world: World, company: Company) -> Studio:
    """Create all content of production."""
    studio = Studio(world, company.production, company.people)
    spaces, charts = fill_spaces(studio)
    sql = [studio.sql_chart(body, spaces["Sales"]) for body in demo_charts.sql_charts()]
    dashboards = fill_dashboards(studio, spaces, charts, sql)
    rewrite_history(studio, charts)
    fill_deliveries(studio, charts, dashboards)
    decorate(studio, spaces, charts, dashboards)
    if world.can("hidden_tabs"):
        fill_newer(studio, spaces["Sales"], charts["Weekly revenue"])
    if world.can("current"):
        fill_current(studio, spaces["Sales"])
    world.clock.advance(hours=9)
    return studio


def fill_staging(world: World, company: Company) -> None:
    """Create the work in progress in staging: a space of the same name, a changed chart, a new one."""
    studio = Studio(world, company.staging, company.people)
    sales = studio.space("Sales", owner="editor")
    bodies = demo_charts.sales_charts()
    charts = [studio.chart(body, sales) for body in bodies[:3]]
    studio.edit(charts[0], "editor", limit=26)
    studio.chart(
        demo_charts.simple_chart("Refunds by channel", dimension="channel", metric="total_discount"), sales
    )
    dashboard = studio.dashboard("Sales overview", sales, "Next version of the Monday meeting.")
    inside = studio.chart(demo_charts.simple_chart("Orders by status"), dashboard)
    tiles = [studio.chart_tile(charts[0], (0, 0, 24, 9)), studio.chart_tile(inside, (0, 9, 18, 9))]
    studio.arrange(dashboard, tiles, [], NO_FILTERS)
