"""What a project holds, as the rows of the served world say it: for what must not change behind a plan.

Nothing is exported for it, so it takes no time, and a fault of the export cannot hide one of an apply.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from lightdash_standin.dashboards import read_tiles
from lightdash_standin.state import Json, World
from lightdash_sync.content.kinds import Kind

Rows = dict[tuple[Kind, str], str]
Contents = dict[tuple[Kind, str], Any]

# What a tile tells of its chart besides which it is.
_OF_THE_CHART = frozenset({"chartName", "chartSlug", "belongsToDashboard", "lastVersionChartKind"})
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def rows_of(world: World, project: str) -> Rows:
    """Return what people see of each item of a project, and its version, but for pins and icons."""
    rows = {item: repr(content) for item, content in _items(world, project).items()}
    for kind, uuid in rows:
        if kind is Kind.CHART:
            rows[kind, uuid] += world.charts[uuid].version.uuid
    return rows


def contents_of(world: World, project: str) -> Contents:
    """Return what people see of each item of a project, with pins and icons, whatever version it is in.

    Nobody sees a chart inside a dashboard that is on no tile, and none can be made.
    """
    row = world.project_rows[project]
    found: Contents = {
        item: content for item, content in _items(world, project).items() if not _is_hidden(world, *item)
    }
    for (kind, uuid), content in found.items():
        if kind is Kind.DASHBOARD:
            content["tiles"] = _seen_tiles(world, uuid)
    pinned: list[tuple[int, str]] = []
    for table in (world.spaces, world.charts, world.dashboards):
        pinned += [
            (one.pin_order, uuid)
            for uuid, one in table.items()
            if one.pin_order is not None and any(item[1] == uuid for item in found)
        ]
    found[Kind.PINS, ""] = [uuid for _, uuid in sorted(pinned)]
    found[Kind.METRIC_ICONS, ""] = sorted(
        (metric.explore, str(metric.definition.get("name")), str(metric.icon))
        for metric in row.catalog.values()
        if metric.icon
    )
    return found


def hidden_charts(world: World, project: str) -> set[tuple[Kind, str]]:
    """Return the charts inside dashboards that are on no tile: the next save deletes them."""
    return {item for item in _items(world, project) if item[0] is Kind.CHART and _is_hidden(world, *item)}


def differences(before: Contents, after: Contents, lost: frozenset[str]) -> list[str]:
    """Return what differs between two contents of a project, less the uuids of what was made anew.

    What is there both times must be the same in all, with the uuids of tiles and tabs. Of what went, there
    must be an equal, under whatever uuid.

    Args:
        before: the one content.
        after: the other.
        lost: fields that no new item gets back.
    """
    stay = before.keys() & after.keys()
    anew = {uuid for _, uuid in before.keys() ^ after.keys()}
    then, now = _coloured(before, anew, lost), _coloured(after, anew, lost)
    found = [
        f"{kind}:{uuid}\n  was {then[kind, uuid]}\n  is  {now[kind, uuid]}"
        for kind, uuid in sorted(stay)
        if then[kind, uuid] != now[kind, uuid]
    ]
    went = sorted(then[item] for item in before.keys() - stay)
    came = sorted(now[item] for item in after.keys() - stay)
    found += [f"lost: {row}" for row in went if went.count(row) > came.count(row)]
    return found + [f"made: {row}" for row in came if came.count(row) > went.count(row)]


def _coloured(contents: Contents, anew: set[str], lost: frozenset[str]) -> dict[tuple[Kind, str], str]:
    """Say each item with what it refers to in the place of some uuids: the same wherever that is the same."""
    rows = {
        item: repr(_without(content, lost) if item[1] in anew else content)
        for item, content in contents.items()
    }
    colours = {uuid: str(kind) for kind, uuid in contents if uuid in anew}
    said = rows
    for _ in range(4):  # a delivery, its dashboard, a chart on it, what that links to
        said = {item: _replaced(row, colours) for item, row in rows.items()}
        colours = {uuid: f"<{hash(said[kind, uuid])}>" for kind, uuid in said if uuid in anew}
    return said


def _is_hidden(world: World, kind: Kind, uuid: str) -> bool:
    """Whether it is a chart that no tile of its dashboard shows, or delivers one."""
    if kind is Kind.SCHEDULER:
        uuid = world.schedulers[uuid].chart_uuid or ""
    if uuid not in world.charts or (dashboard := world.charts[uuid].dashboard_uuid) is None:
        return False
    tiles = world.dashboards[dashboard].version.tiles
    return all(tile["properties"].get("savedChartUuid") != uuid for tile in tiles)


def _replaced(row: str, colours: Mapping[str, str]) -> str:
    return _UUID.sub(lambda found: colours.get(found[0], found[0]), row)


def _without(content: Json, names: frozenset[str]) -> Json:
    return {name: value for name, value in content.items() if name not in names}


def _seen_tiles(world: World, dashboard: str) -> list[Json]:
    """Return the tiles as the server tells them: one whose chart was deleted shows none."""
    tiles = sorted(read_tiles(world, world.dashboards[dashboard].version), key=lambda tile: str(tile["uuid"]))
    return [tile | {"properties": _without(tile["properties"], _OF_THE_CHART)} for tile in tiles]


def _items(world: World, project: str) -> dict[tuple[Kind, str], Json]:
    """Return the content of each item that has a uuid."""
    row = world.project_rows[project]
    spaces = {uuid: world.spaces[uuid] for uuid in row.spaces}
    boards = {uuid: one for uuid, one in world.dashboards.items() if one.space_uuid in spaces}
    charts = {
        uuid: one
        for uuid, one in world.charts.items()
        if one.space_uuid in spaces or one.dashboard_uuid in boards
    }
    found: dict[tuple[Kind, str], Json] = {}
    for uuid, space in spaces.items():
        found[Kind.SPACE, uuid] = {
            "name": space.name, "private": space.is_private, "parent": space.parent_uuid,
            "access": dict(sorted(space.access.items())), "groups": dict(sorted(space.group_access.items())),
        }  # fmt: skip
    for uuid, board in boards.items():
        version = board.version
        found[Kind.DASHBOARD, uuid] = {
            "name": board.name, "description": board.description or "", "slug": board.slug,
            "space": board.space_uuid, "tiles": sorted(version.tiles, key=lambda tile: str(tile["uuid"])),
            "tabs": version.tabs, "filters": version.filters, "config": version.config,
        }  # fmt: skip
    for uuid, chart in charts.items():
        current = chart.version
        found[Kind.CHART, uuid] = {
            "name": chart.name, "description": chart.description or "", "slug": chart.slug,
            "space": chart.space_uuid, "dashboard": chart.dashboard_uuid, "table": current.table_name,
            "query": current.metric_query, "config": current.chart_config, "columns": current.column_order,
            "pivot": current.pivot_columns, "parameters": current.parameters,
        }  # fmt: skip
    for uuid, sql in world.sql_charts.items():
        if sql.space_uuid in spaces:
            found[Kind.SQL_CHART, uuid] = {
                "name": sql.name, "description": sql.description or "", "slug": sql.slug,
                "space": sql.space_uuid, "sql": sql.sql, "limit": sql.limit, "config": sql.config,
            }  # fmt: skip
    for uuid in row.tags:
        metrics = sorted(
            (one.explore, str(one.definition.get("name")))
            for one in row.catalog.values()
            if uuid in one.categories
        )
        tag = world.tags[uuid]
        found[Kind.TAG, uuid] = {"name": tag.name, "color": tag.color, "metrics": metrics}
    for uuid, one in world.schedulers.items():
        if one.chart_uuid in charts or one.dashboard_uuid in boards:
            targets = [
                {name: value for name, value in said.items() if not name.endswith(("Uuid", "At"))}
                for said in one.targets
            ]
            found[Kind.SCHEDULER, uuid] = {
                "of": one.delivers, "fields": one.fields, "enabled": one.enabled, "targets": targets,
            }  # fmt: skip
    return found
