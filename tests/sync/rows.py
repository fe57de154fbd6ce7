"""What a project holds, as the rows of the served world say it: for what must not change behind a plan."""

from __future__ import annotations

from lightdash_sync.demo.state import Json, World
from lightdash_sync.model.kinds import Kind

Rows = dict[tuple[Kind, str], str]


def rows_of(world: World, project: str) -> Rows:
    """Return what people see of each item of a project, but for pins, icons and times."""
    spaces = {uuid: world.spaces[uuid] for uuid in world.project_rows[project].spaces}
    boards = {uuid: one for uuid, one in world.dashboards.items() if one.space_uuid in spaces}
    charts = {
        uuid: one
        for uuid, one in world.charts.items()
        if one.space_uuid in spaces or one.dashboard_uuid in boards
    }
    found: dict[tuple[Kind, str], Json | tuple[object, ...]] = {}
    for uuid, space in spaces.items():
        found[Kind.SPACE, uuid] = (space.name, space.is_private, space.access, space.group_access)
    for uuid, board in boards.items():
        version = board.version
        found[Kind.DASHBOARD, uuid] = (
            board.name, board.description, board.space_uuid, version.tiles, version.tabs, version.filters,
        )  # fmt: skip
    for uuid, chart in charts.items():
        place = chart.space_uuid, chart.dashboard_uuid
        found[Kind.CHART, uuid] = (chart.name, chart.description, place, chart.version)
    for uuid, sql in world.sql_charts.items():
        if sql.space_uuid in spaces:
            found[Kind.SQL_CHART, uuid] = (sql.name, sql.description, sql.space_uuid, sql.sql, sql.config)
    for uuid in world.project_rows[project].tags:
        found[Kind.TAG, uuid] = (world.tags[uuid].name, world.tags[uuid].color)
    for uuid, one in world.schedulers.items():
        if one.chart_uuid in charts or one.dashboard_uuid in boards:
            targets = [
                {name: value for name, value in said.items() if "Uuid" not in name} for said in one.targets
            ]
            found[Kind.SCHEDULER, uuid] = (one.fields, one.enabled, targets)
    return {item: repr(row) for item, row in found.items()}
