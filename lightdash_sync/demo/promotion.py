"""Promotion: what it would change, and the change itself.

Content is matched by slug in the upstream project. A chart counts as changed if its version is newer than
that of its match, or name or description differ; a dashboard always. In this version what promotion creates
gets a slug of its own, so that the next promotion does not find it; and SQL charts are left behind. Worlds of
newer versions keep slugs (0.1505.2), find a chart inside a dashboard once although two tiles show it
(0.2213.3), promote a chart on two tiles once, and SQL charts (`sql_promotion`; both 0.2462.0).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from lightdash_sync.demo.access import shares, shares_of
from lightdash_sync.demo.calls import space_of_chart
from lightdash_sync.demo.charts import add_version, create_chart, move_chart, read_chart
from lightdash_sync.demo.dashboards import (
    add_dashboard_version,
    charts_on_dashboard,
    create_dashboard,
    delete_orphans,
    move_dashboard,
    read_dashboard,
)
from lightdash_sync.demo.refusals import Refusal, already_exists
from lightdash_sync.demo.spaces import create_space, space_summary
from lightdash_sync.demo.state import Chart, Dashboard, Json, Person, Space, World

SAME, CREATE, UPDATE = "no changes", "create", "update"


@dataclass(frozen=True)
class Pair:
    """Something to promote, and its match upstream, with both spaces and the asker's access to them."""

    source: Chart | Dashboard
    match: Chart | Dashboard | None
    space: Space
    upstream_space: Space | None
    access: list[Json]
    upstream_access: list[Json]
    upstream_uuid: str


@dataclass
class Changes:
    """What a promotion consists of, as the diff shows it: lists of `{action, data}`."""

    spaces: list[Json] = field(default_factory=list)
    dashboards: list[Json] = field(default_factory=list)
    charts: list[Json] = field(default_factory=list)

    @property
    def read(self) -> Json:
        """The answer of the diff."""
        return {"spaces": self.spaces, "dashboards": self.dashboards, "charts": self.charts}


def _only(found: list[Any], kind: str, slug: str) -> Any:
    if len(found) > 1:
        raise already_exists(f"There are multiple {kind} with the same identifier {slug}")
    return found[0] if found else None


def _charts_upstream(world: World, project_uuid: str, slug: str) -> list[Chart]:
    """The charts of a project with this slug; one inside a dashboard, once per tile that shows it."""
    found = []
    for space in (world.spaces[uuid] for uuid in world.project_rows[project_uuid].spaces):
        found += [world.charts[uuid] for uuid in space.charts if world.charts[uuid].slug == slug]
        for dashboard in (world.dashboards[uuid] for uuid in space.dashboards):
            placed = charts_on_dashboard(world, dashboard)
            found += [one for one in placed if one.dashboard_uuid == dashboard.uuid and one.slug == slug]
    if world.can("finds_inside_charts_once"):
        found = list({chart.uuid: chart for chart in found}.values())
    return found


def _space_upstream(world: World, project_uuid: str, slug: str) -> Space | None:
    rows = [world.spaces[uuid] for uuid in world.project_rows[project_uuid].spaces]
    space: Space | None = _only([one for one in rows if one.slug == slug], "spaces", slug)
    return space


def _pair(
    world: World, person: Person, source: Chart | Dashboard, match: Any, space: Space, upstream: str
) -> Pair:
    upstream_space = _space_upstream(world, upstream, space.slug)
    theirs = shares_of(world, upstream_space, person) if upstream_space else []
    return Pair(source, match, space, upstream_space, shares_of(world, space, person), theirs, upstream)


def chart_pair(world: World, person: Person, chart: Chart, upstream: str) -> Pair:
    """The chart and its match upstream.

    Raises:
        Refusal: 409 if several charts, or several spaces, upstream have the slug.
    """
    match = _only(_charts_upstream(world, upstream, chart.slug), "charts", chart.slug)
    return _pair(world, person, chart, match, space_of_chart(world, chart), upstream)


def dashboard_pair(world: World, person: Person, dashboard: Dashboard, upstream: str) -> Pair:
    """The dashboard and its match upstream.

    Raises:
        Refusal: 409 if several dashboards, or several spaces, upstream have the slug.
    """
    spaces = (world.spaces[uuid] for uuid in world.project_rows[upstream].spaces)
    rows = [world.dashboards[uuid] for space in spaces for uuid in space.dashboards]
    match = _only([one for one in rows if one.slug == dashboard.slug], "dashboards", dashboard.slug)
    return _pair(world, person, dashboard, match, world.spaces[dashboard.space_uuid], upstream)


def _space_change(world: World, pair: Pair) -> Json:
    if pair.upstream_space is None:
        data = {**space_summary(world, pair.space), "projectUuid": pair.upstream_uuid}
        return {"action": CREATE, "data": data}
    summary = space_summary(world, pair.upstream_space)
    if pair.space.name == pair.upstream_space.name:
        return {"action": SAME, "data": summary}
    return {"action": UPDATE, "data": {**summary, "name": pair.space.name}}


def _chart_change(world: World, pair: Pair) -> Json:
    source, match = pair.source, pair.match
    if not isinstance(source, Chart):
        raise TypeError("not a chart")
    promoted = {
        **read_chart(world, source),
        "projectUuid": pair.upstream_uuid,
        "spaceSlug": pair.space.slug,
        "oldUuid": source.uuid,
    }
    if isinstance(match, Chart):
        newer = source.version.created_at > match.last_updated_at
        renamed = (source.name, source.description) != (match.name, match.description)
        home = space_of_chart(world, match)
        data = {**promoted, "uuid": match.uuid, "spaceUuid": home.uuid}
        return {"action": UPDATE if newer or renamed else SAME, "data": data}
    target = pair.upstream_space or pair.space
    return {"action": CREATE, "data": {**promoted, "spaceUuid": target.uuid}}


def chart_changes(world: World, pair: Pair) -> Changes:
    """The changes that promoting one chart consists of."""
    return Changes([_space_change(world, pair)], [], [_chart_change(world, pair)])


def dashboard_changes(world: World, pair: Pair, charts: list[Pair]) -> Changes:
    """The changes that promoting a dashboard and the charts on it consists of."""
    source, match = pair.source, pair.match
    if not isinstance(source, Dashboard):
        raise TypeError("not a dashboard")
    changes = Changes(charts=[_chart_change(world, one) for one in charts])
    for one in (pair, *charts):
        if all(known["data"]["slug"] != one.space.slug for known in changes.spaces):
            changes.spaces.append(_space_change(world, one))
    data = {**read_dashboard(world, source), "projectUuid": pair.upstream_uuid, "spaceSlug": pair.space.slug}
    if isinstance(match, Dashboard):
        data |= {"uuid": match.uuid, "spaceUuid": match.space_uuid}
        changes.dashboards = [{"action": UPDATE, "data": data}]
    else:
        data["spaceUuid"] = (pair.upstream_space or pair.space).uuid
        changes.dashboards = [{"action": CREATE, "data": data}]
    return changes


def _create_space(world: World, data: Json) -> Json:
    """Create a space upstream with the same slug; a private one gets its grants, by group made direct."""
    source = world.spaces[data["uuid"]]
    space = create_space(world, data["projectUuid"], data["name"], data["slug"], is_private=data["isPrivate"])
    if data["isPrivate"]:
        people = [one for one in shares(world, source) if one["hasDirectAccess"]]
        space.access.update((one["userUuid"], one["role"]) for one in people)
        space.group_access.update(source.group_access)
    return space_summary(world, space)


def _apply_spaces(world: World, changes: Changes) -> None:
    for change in changes.spaces:
        if change["action"] == UPDATE:
            world.spaces[change["data"]["uuid"]].name = change["data"]["name"]
        elif change["action"] == CREATE:
            change["data"] = _create_space(world, change["data"])
    by_slug = {change["data"]["slug"]: change["data"]["uuid"] for change in changes.spaces}
    for change in (*changes.charts, *changes.dashboards):
        change["data"]["spaceUuid"] = by_slug[change["data"]["spaceSlug"]]


def _apply_chart(world: World, person: Person, change: Json, dashboard_uuid: str | None) -> None:
    """Write one chart; afterwards `data` is what promotion answers for it."""
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
    change["data"] = {**read_chart(world, chart), "oldUuid": data["oldUuid"], "spaceSlug": data["spaceSlug"]}


def _apply_charts(world: World, person: Person, changes: Changes, dashboard_uuid: str | None) -> None:
    for action in (UPDATE, CREATE):
        for change in changes.charts:
            if change["action"] == action:
                _apply_chart(world, person, change, dashboard_uuid)
    rank = {SAME: 0, UPDATE: 1, CREATE: 2}
    changes.charts.sort(key=lambda change: rank[change["action"]])


def promote_chart(world: World, person: Person, pair: Pair) -> Json:
    """Promote a chart, and return it as it is upstream (or, if nothing changed, as it is here)."""
    changes = chart_changes(world, pair)
    _apply_spaces(world, changes)
    _apply_charts(world, person, changes, None)
    promoted: Json = changes.charts[0]["data"]
    return promoted


def _promoted_tiles(changes: Changes, tiles: list[Json]) -> list[Json]:
    by_old = {change["data"]["oldUuid"]: change["data"]["uuid"] for change in reversed(changes.charts)}
    promoted = []
    for tile in tiles:
        old = tile["properties"].get("savedChartUuid")
        if tile["type"] == "saved_chart" and old:
            if old not in by_old:
                raise Refusal(500, "UnexpectedServerError", f'Missing chart with old uuid "{old}" to promote')
            tile = {**tile, "properties": {**tile["properties"], "savedChartUuid": by_old[old]}}
        promoted.append(tile)
    return promoted


def promote_dashboard(world: World, person: Person, pair: Pair, charts: list[Pair]) -> Json:
    """Promote a dashboard with the charts on it, and return it as it is upstream.

    A new one is created with the tiles of the source, which show the source's charts, and gets its own ones
    with its second version. In one that was there, charts inside it that never were on a tile are deleted.
    """
    changes = dashboard_changes(world, pair, charts)
    _apply_spaces(world, changes)
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
    tiles = _promoted_tiles(changes, data["tiles"])
    add_dashboard_version(world, dashboard, {**data, "tiles": tiles}, person)
    if pair.match is not None:
        delete_orphans(world, dashboard)
    return {**read_dashboard(world, dashboard), "spaceSlug": data["spaceSlug"]}
