"""A small project with something of everything, so that each write of it can be lost in turn."""

from __future__ import annotations

from lightdash_standin.catalog import create_tag
from lightdash_standin.demo_charts import simple_chart, sql_charts
from lightdash_standin.organisation import found_company
from lightdash_standin.scheduler_rows import create_scheduler
from lightdash_standin.state import Chart, Json, Space, SqlChart, World
from lightdash_standin.studio import Studio
from tests.worlds import SERVED

FILTER: Json = {
    "id": "f-status",
    "target": {"fieldId": "orders_status", "tableName": "orders"},
    "operator": "equals",
    "values": ["shipped"],
    "label": None,
}


def small_world(version: str = SERVED) -> World:
    """Production: two spaces, charts that name each other, a dashboard with a chart inside, the rest."""
    world = World(seed="small", version=version)
    company = found_company(world)
    studio = Studio(world, company.production, company.people)
    private = studio.space("Board", private=True, owner="second_admin", editor="editor")
    studio.grant_group(private, "Finance", "viewer")
    public = studio.space("Sales", owner="admin")
    first = studio.chart(simple_chart("Orders") | {"description": "Seen from above"}, public)
    second = studio.chart(simple_chart("Orders, again"), private)
    first.description = f"See /saved/{second.uuid}"
    second.description = f"See /saved/{first.uuid}"
    studio.chart(simple_chart("Orders"), public)  # of the same name and place, with other content
    list(world.charts.values())[-1].version.metric_query["limit"] = 7
    sql = studio.sql_chart(sql_charts()[0], public)
    _dashboard(studio, public, first, sql)
    return world


def _dashboard(studio: Studio, space: Space, first: Chart, sql: SqlChart) -> None:
    """What shows charts, and what hangs on it and on them."""
    world, project = studio.world, studio.project
    dashboard = studio.dashboard("Overview", space, "What counts")
    inside = studio.chart(simple_chart("Inside"), dashboard)
    tabs = studio.tabs("Now", "Then")
    tiles = [
        studio.chart_tile(first, (0, 0, 18, 9), tabs[0]),
        studio.chart_tile(inside, (18, 0, 18, 9), tabs[0]),
        studio.tile("sql_chart", (0, 0, 18, 9), {"savedSqlUuid": sql.uuid, "title": "SQL"}, tabs[1]),
        studio.tile("markdown", (18, 0, 18, 9), {"title": "", "content": f"/saved/{inside.uuid}"}, tabs[1]),
    ]
    rule = FILTER | {"tileTargets": {tiles[0]["uuid"]: False}}
    studio.arrange(dashboard, tiles, tabs, {"dimensions": [rule], "metrics": [], "tableCalculations": []})
    tag = create_tag(world, project, "core", "#2f4858", studio.people["editor"].uuid)
    metric = next(one for one in project.catalog.values() if one.definition["fieldType"] == "metric")
    metric.categories[tag.uuid] = None
    metric.icon = {"unicode": "1f4b6"}
    project.pinned_list_uuid = world.new_uuid()
    first.pin_order, dashboard.pin_order = 1, 0
    body: Json = {
        "name": "Each hour",
        "format": "csv",
        "cron": "0 * * * *",
        "options": {"formatted": True, "limit": "table"},
        "targets": [{"recipient": "someone@kettle.example"}],
        "selectedTabs": [tabs[0]["uuid"]],
    }
    create_scheduler(world, body, studio.people["admin"].uuid, None, dashboard.uuid)
