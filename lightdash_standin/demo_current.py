"""Additional content of the demo's production project on a current Lightdash.

A chart that merges rows of another query, one that uses the viewer's time zone and has rows in its pivot, one
whose slug was renamed; a dashboard with a filter that is locked on a tab, and with date zoom by tile; and a
delivery in plain text. Apps and personal spaces are added by tests that need them, because other projects
cannot have the former.
"""

from __future__ import annotations

from lightdash_standin import demo_charts
from lightdash_standin.scheduler_rows import create_scheduler
from lightdash_standin.slug_renames import rename_chart
from lightdash_standin.state import Chart, DataApp, Json, Space, World
from lightdash_standin.studio import Studio


def add_app(world: World, space: Space, name: str, author: str) -> DataApp:
    """Add a data app to a space, which nobody can do by the API without a licence.

    Args:
        world: the instance.
        space: its space.
        name: its name.
        author: the uuid of its author.
    """
    slug = name.lower().replace(" ", "-")
    app = DataApp(world.new_uuid(), slug, name, space.project_uuid, space_uuid=space.uuid)
    app.created_at, app.created_by = world.clock.tick(), author
    world.apps[app.uuid] = app
    return app


def _merged(studio: Studio, space: Space) -> Chart:
    """A chart that merges its own rows with those of another query, by the channel."""
    body = demo_charts.simple_chart("Channels, merged", dimension="channel", metric="total_revenue")
    other = demo_charts.simple_chart("", dimension="channel", metric="order_count")
    sources: list[Json] = [
        {"id": "primary", "kind": "chart"},
        {"id": "second", "kind": "query", "metricQuery": other["metricQuery"]},
    ]
    key = {"name": "channel", "fieldIdBySourceId": {"primary": "orders_channel", "second": "orders_channel"}}
    merge = {
        "primarySourceId": "primary", "sources": sources, "joinKey": [key], "joinType": "full",
        "tableCalculations": [],
    }  # fmt: skip
    return studio.chart({**body, "merge": merge}, space)


def fill_current(studio: Studio, sales: Space) -> None:
    """Add content that only current versions support.

    Args:
        studio: the studio of the production project.
        sales: a space that everybody sees.
    """
    merged = _merged(studio, sales)
    body = demo_charts.simple_chart("Channels by status", dimension="channel", metric="order_count")
    query = {**body["metricQuery"], "timezone": "user_timezone"}
    pivot = {"columns": [], "rows": list(query["dimensions"])}
    pivoted = studio.chart({**body, "metricQuery": query, "pivotConfig": pivot}, sales)
    rename_chart(studio.world, pivoted, "channels-of-old")
    _zoomed(studio, sales, merged, pivoted)
    delivery: Json = {
        "name": "Channels in plain text", "message": "", "format": "csv", "cron": "0 7 * * 1",
        "options": {"formatted": True, "limit": "table"}, "targets": [{"recipient": "sales@example.com"}],
        "plainTextEmail": True,
    }  # fmt: skip
    create_scheduler(studio.world, delivery, studio.people["editor"].uuid, merged.uuid, None)


def _zoomed(studio: Studio, space: Space, *charts: Chart) -> None:
    dashboard = studio.dashboard("Channels", space, "By tab.")
    tabs = studio.tabs("First", "Second")
    tiles = [studio.chart_tile(chart, (0, 0, 18, 9), tab) for chart, tab in zip(charts, tabs, strict=True)]
    field = {"fieldId": "orders_channel", "tableName": "orders"}
    locked: Json = {
        "id": studio.world.new_uuid(), "target": field, "operator": "equals", "values": ["web"],
        "tileTargets": {}, "lockedTabUuids": [tabs[0]["uuid"]],
    }  # fmt: skip
    filters = {"dimensions": [locked], "metrics": [], "tableCalculations": []}
    control = {"name": "Zoom", "uuid": studio.world.new_uuid(), "granularity": "Month"}
    target = {"fieldId": "orders_ordered_date", "tableName": "orders", "controlUuid": control["uuid"]}
    zoom = {"controls": [control], "tileTargets": {tiles[0]["uuid"]: target}}
    config = {"isDateZoomDisabled": False, "dateZoomConfig": zoom}
    studio.arrange(dashboard, tiles, tabs, filters, config=config)
