"""Carries out a promotion: spaces, then the dashboard if it is new, its charts, and its tiles.

`promotion` determines the changes. A failure in the middle is not rolled back.
"""

from __future__ import annotations

from lightdash_standin.access import shares
from lightdash_standin.accounts import Person
from lightdash_standin.charts import add_version, create_chart, move_chart, read_chart
from lightdash_standin.dashboards import (
    add_dashboard_version,
    create_dashboard,
    delete_orphans,
    move_dashboard,
    read_dashboard,
)
from lightdash_standin.promotion import (
    CREATE,
    SAME,
    UPDATE,
    Changes,
    Pair,
    chart_changes,
    dashboard_changes,
    place_of,
    spaces_upstream,
    sql_changes,
)
from lightdash_standin.refusals import Refusal
from lightdash_standin.spaces import create_space, promoted_space
from lightdash_standin.sql_charts import move_sql_chart
from lightdash_standin.state import Json, Space, SqlChart, World


def _create_space(world: World, person: Person, data: Json) -> Json:
    """Create a space upstream; a private one gets its grants, with those of groups turned into direct ones.

    It has the slug of the source or, where paths count, the path of the source and a slug made from its name.
    """
    source = world.spaces[data["uuid"]]
    by_path = world.can("promotes_by_path")
    space = create_space(
        world,
        data["projectUuid"],
        data["name"],
        None if by_path else data["slug"],
        is_private=source.is_private,
        above=_parent_upstream(world, data["projectUuid"], source) if by_path else None,
        path=source.path if by_path else None,
        creator=person,
    )
    if source.is_private:
        people = [one for one in shares(world, source) if one["hasDirectAccess"]]
        space.access.update((one["userUuid"], one["role"]) for one in people)
        space.group_access.update(source.group_access)
    return promoted_space(world, space)


def _parent_upstream(world: World, upstream_uuid: str, source: Space) -> Space | None:
    """The upstream space that a new one is created in.

    Raises:
        Refusal: 500 if the upstream project has no space with the path of the source's parent, or several.
    """
    if source.parent_uuid is None:
        return None
    parent = world.spaces[source.parent_uuid]
    found = spaces_upstream(world, upstream_uuid, parent)
    if len(found) != 1:
        text = f"Expected 1 parent space for {parent.path}, got {len(found)}"
        raise Refusal(500, "UnexpectedServerError", text)
    return found[0]


def _apply_spaces(world: World, person: Person, changes: Changes) -> None:
    """Rename and create spaces, parents first, and set the target space of each item."""
    for change in changes.parents_first().spaces:
        if change["action"] == UPDATE:
            world.spaces[change["data"]["uuid"]].name = change["data"]["name"]
        elif change["action"] == CREATE:
            change["data"] = _create_space(world, person, change["data"])
    name, told = place_of(world), "spacePath" if world.can("promotes_by_path") else "spaceSlug"
    places = {change["data"][name]: change["data"]["uuid"] for change in changes.spaces}
    for change in (*changes.charts, *changes.dashboards, *(changes.sql_charts or [])):
        change["data"]["spaceUuid"] = places[change["data"][told]]


def _apply_chart(world: World, person: Person, change: Json, dashboard_uuid: str | None) -> None:
    """Write one chart; afterwards `data` is its part of the answer."""
    data = change["data"]
    if change["action"] == SAME:
        return
    inside = dashboard_uuid if data["dashboardUuid"] is not None else None
    if change["action"] == UPDATE:
        chart = world.charts[data["uuid"]]
        chart.name, chart.description = data["name"], data["description"]
        if data["dashboardUuid"] is None:
            move_chart(world, chart, data["spaceUuid"])
        add_version(world, chart, data, person)
    else:
        keep = world.can("promotion_keeps_slugs")
        chart = create_chart(
            world, data, person, data["slug"], None if inside else data["spaceUuid"], inside, force_slug=keep
        )
    kept = {name: data[name] for name in ("oldUuid", "spaceSlug", "spacePath") if name in data}
    change["data"] = {**read_chart(world, chart), **kept}


def _apply_charts(world: World, person: Person, changes: Changes, dashboard_uuid: str | None) -> None:
    for action in (UPDATE, CREATE):
        for change in changes.charts:
            if change["action"] == action:
                _apply_chart(world, person, change, dashboard_uuid)
    rank = {SAME: 0, UPDATE: 1, CREATE: 2}
    changes.charts.sort(key=lambda change: rank[change["action"]])


def promote_chart(world: World, person: Person, pair: Pair) -> Json:
    """Promote a chart, and return it as it is upstream (or, if nothing changed, as it is in the source)."""
    changes = chart_changes(world, pair)
    _apply_spaces(world, person, changes)
    _apply_charts(world, person, changes, None)
    promoted: Json = changes.charts[0]["data"]
    return promoted


def _apply_sql_chart(world: World, person: Person, change: Json) -> str:
    """Write one SQL chart; return its uuid upstream."""
    data, source = change["data"], world.sql_charts[change["data"]["oldUuid"]]
    if change["action"] == SAME:
        return str(data["uuid"])
    if change["action"] == UPDATE:
        chart = world.sql_charts[data["uuid"]]
        move_sql_chart(world, chart, data["spaceUuid"])
        chart.name, chart.description = source.name, source.description
        chart.sql, chart.limit, chart.config = source.sql, source.limit, source.config
        chart.last_updated_at, chart.last_updated_by = world.clock.tick(), person.uuid
        return chart.uuid
    world.slugs.force("sql_charts", source.slug, data["projectUuid"])
    moment = world.clock.tick()
    chart = SqlChart(
        uuid=world.new_uuid(), slug=source.slug, name=source.name, description=source.description,
        project_uuid=data["projectUuid"], space_uuid=data["spaceUuid"], sql=source.sql, limit=source.limit,
        config=source.config, created_at=moment, created_by=person.uuid, last_updated_at=world.clock.tick(),
        last_updated_by=person.uuid,
    )  # fmt: skip
    world.sql_charts[chart.uuid] = chart
    world.spaces[chart.space_uuid].sql_charts[chart.uuid] = None
    return chart.uuid


def _apply_sql_charts(world: World, person: Person, changes: Changes) -> dict[str, str] | None:
    """Write the SQL charts; return their upstream uuids by those of the source, None if not promoted."""
    if changes.sql_charts is None:
        return None
    return {one["data"]["oldUuid"]: _apply_sql_chart(world, person, one) for one in changes.sql_charts}


def promote_sql_chart(world: World, person: Person, pair: Pair) -> SqlChart:
    """Promote a SQL chart, and return it as it is upstream."""
    changes = sql_changes(world, pair)
    _apply_spaces(world, person, changes)
    (change,) = changes.sql_charts or []
    return world.sql_charts[_apply_sql_chart(world, person, change)]


def _promoted_tiles(changes: Changes, sql_charts: dict[str, str] | None, tiles: list[Json]) -> list[Json]:
    """The tiles, with the charts upstream.

    Args:
        changes: the changes, with the charts as they are upstream.
        sql_charts: uuid of a SQL chart -> upstream; None in versions that leave them unchanged.
        tiles: tiles of the source.
    """
    charts = {change["data"]["oldUuid"]: change["data"]["uuid"] for change in reversed(changes.charts)}
    shown = [("saved_chart", "savedChartUuid", charts, "chart")]
    if sql_charts is not None:
        shown.append(("sql_chart", "savedSqlUuid", sql_charts, "SQL chart"))
    promoted = []
    for tile in tiles:
        for kind, name, uuids, words in shown:
            old = tile["properties"].get(name)
            if tile["type"] == kind and old:
                if old not in uuids:
                    text = f'Missing {words} with old uuid "{old}" to promote'
                    raise Refusal(500, "UnexpectedServerError", text)
                tile = {**tile, "properties": {**tile["properties"], name: uuids[old]}}
        promoted.append(tile)
    return promoted


def promote_dashboard(
    world: World, person: Person, pair: Pair, charts: list[Pair], sql_charts: list[Pair]
) -> Json:
    """Promote a dashboard with the charts on it, and return it as it is upstream.

    A new one is created with the tiles of the source, with the source's charts; its second version has its
    own charts. In an existing one, charts inside it that were never on a tile are deleted.
    """
    changes = dashboard_changes(world, pair, charts, sql_charts)
    _apply_spaces(world, person, changes)
    data = changes.dashboards[0]["data"]
    if changes.dashboards[0]["action"] == CREATE:
        dashboard = create_dashboard(
            world,
            data,
            person,
            data["slug"],
            data["spaceUuid"],
            force_slug=world.can("promotion_keeps_slugs"),
        )
    else:
        dashboard = world.dashboards[data["uuid"]]
        dashboard.name, dashboard.description = data["name"], data["description"]
        move_dashboard(world, dashboard, data["spaceUuid"])
    _apply_charts(world, person, changes, dashboard.uuid)
    sql = changes.sql_charts
    made = (
        None if sql is None else {one["data"]["oldUuid"]: _apply_sql_chart(world, person, one) for one in sql}
    )
    tiles = _promoted_tiles(changes, made, data["tiles"])
    add_dashboard_version(world, dashboard, {**data, "tiles": tiles}, person)
    if pair.match is not None:
        delete_orphans(world, dashboard)
    kept = {name: data[name] for name in ("spaceSlug", "spacePath") if name in data}
    return {**read_dashboard(world, dashboard), **kept}
