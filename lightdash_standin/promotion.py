"""Determines what a promotion changes; `promoting` carries it out.

Content is matched by slug in the upstream project. A chart counts as changed if its version is newer than
that of its match, or name or description differ; a dashboard always. In 0.1372.1 promoted items that are
created get a slug of their own, so that the next promotion does not find them, and SQL charts are not
promoted. Newer versions keep slugs (0.1505.2), match spaces by path and promote those above them as well
(0.1610.1), find a chart inside a dashboard once although two tiles show it (0.2213.3), promote a chart on two
tiles once, and SQL charts, too (0.2462.0).
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from lightdash_standin.access import shares_of
from lightdash_standin.accounts import Person
from lightdash_standin.calls import space_of_chart
from lightdash_standin.charts import read_chart
from lightdash_standin.dashboards import charts_on_dashboard, read_dashboard
from lightdash_standin.refusals import Refusal, already_exists
from lightdash_standin.spaces import ancestry, promoted_space
from lightdash_standin.state import Chart, Dashboard, Json, Space, SqlChart, World

SAME, CREATE, UPDATE = "no changes", "create", "update"


@dataclass(frozen=True)
class Pair:
    """An item to promote, and its match upstream, with both spaces and the caller's access to them.

    Attributes:
        above: the spaces above the source's space, from the root down; none if they are not promoted.
    """

    source: Chart | SqlChart | Dashboard
    match: Chart | SqlChart | Dashboard | None
    space: Space
    upstream_space: Space | None
    access: list[Json]
    upstream_access: list[Json]
    upstream_uuid: str
    above: tuple[Space, ...] = ()


@dataclass
class Changes:
    """The changes of a promotion in the form of the diff: lists of `{action, data}`."""

    spaces: list[Json] = field(default_factory=list)
    dashboards: list[Json] = field(default_factory=list)
    charts: list[Json] = field(default_factory=list)
    sql_charts: list[Json] | None = None
    tells_apps: bool = False

    @property
    def read(self) -> Json:
        """The answer with the diff; without SQL charts in versions that do not promote them."""
        sql = {} if self.sql_charts is None else {"sqlCharts": self.sql_charts}
        apps: Json = {"dataApps": []} if self.tells_apps else {}
        return {"spaces": self.spaces, "dashboards": self.dashboards, "charts": self.charts, **sql, **apps}

    def add_spaces(self, world: World, *pairs: Pair) -> None:
        """Add the spaces of some pairs, each slug (or path) once."""
        name = place_of(world)
        for pair in pairs:
            for space in (pair.space, *pair.above):
                if all(known["data"][name] != getattr(space, name) for known in self.spaces):
                    self.spaces.append(_space_change(world, space, pair.upstream_uuid))

    def parents_first(self) -> Changes:
        """The changes with the spaces from the root down, as in the diff of newer versions."""
        self.spaces.sort(key=lambda change: change["data"].get("path", "").count("."))
        return self


def place_of(world: World) -> str:
    """The field that identifies spaces: their slug, or their path."""
    return "path" if world.can("promotes_by_path") else "slug"


def _only(found: list[Any], kind: str, slug: str) -> Any:
    if len(found) > 1:
        raise already_exists(f"There are multiple {kind} with the same identifier {slug}")
    return found[0] if found else None


def _charts_upstream(world: World, project_uuid: str, slug: str) -> list[Chart]:
    """The charts of a project with this slug; one inside a dashboard is repeated for each tile with it."""
    found = []
    for space in (world.spaces[uuid] for uuid in world.project_rows[project_uuid].spaces):
        found += [world.charts[uuid] for uuid in space.charts if world.charts[uuid].slug == slug]
        for dashboard in (world.dashboards[uuid] for uuid in space.dashboards):
            placed = charts_on_dashboard(world, dashboard)
            found += [one for one in placed if one.dashboard_uuid == dashboard.uuid and one.slug == slug]
    if world.can("finds_inside_charts_once"):
        found = list({chart.uuid: chart for chart in found}.values())
    return found


def spaces_upstream(world: World, project_uuid: str, space: Space) -> list[Space]:
    """The spaces of a project that promotion matches with this one."""
    name = place_of(world)
    rows = [world.spaces[uuid] for uuid in world.project_rows[project_uuid].spaces]
    return [one for one in rows if getattr(one, name) == getattr(space, name)]


def _pair(
    world: World,
    person: Person,
    source: Chart | SqlChart | Dashboard,
    match: Any,
    space: Space,
    upstream: str,
) -> Pair:
    upstream_space = _only(spaces_upstream(world, upstream, space), "spaces", space.slug)
    above = ancestry(world, space)[:-1] if world.can("promotes_by_path") else []
    theirs = shares_of(world, upstream_space, person) if upstream_space else []
    mine = shares_of(world, space, person)
    return Pair(source, match, space, upstream_space, mine, theirs, upstream, tuple(above))


def chart_pair(world: World, person: Person, chart: Chart, upstream: str) -> Pair:
    """The chart and its match upstream.

    Raises:
        Refusal: 409 if several charts, or several spaces, upstream have the slug.
    """
    match = _only(_charts_upstream(world, upstream, chart.slug), "charts", chart.slug)
    return _pair(world, person, chart, match, space_of_chart(world, chart), upstream)


def sql_pair(world: World, person: Person, chart: SqlChart, upstream: str) -> Pair:
    """The SQL chart and its match upstream.

    Raises:
        Refusal: 409 if several SQL charts, or several spaces, upstream have the slug.
    """
    rows = [
        one for one in world.sql_charts.values() if (one.project_uuid, one.slug) == (upstream, chart.slug)
    ]
    match = _only(rows, "SQL charts", chart.slug)
    return _pair(world, person, chart, match, world.spaces[chart.space_uuid], upstream)


def dashboard_pair(world: World, person: Person, dashboard: Dashboard, upstream: str) -> Pair:
    """The dashboard and its match upstream.

    Raises:
        Refusal: 409 if several dashboards, or several spaces, upstream have the slug.
    """
    spaces = (world.spaces[uuid] for uuid in world.project_rows[upstream].spaces)
    rows = [world.dashboards[uuid] for space in spaces for uuid in space.dashboards]
    match = _only([one for one in rows if one.slug == dashboard.slug], "dashboards", dashboard.slug)
    return _pair(world, person, dashboard, match, world.spaces[dashboard.space_uuid], upstream)


def _space_change(world: World, space: Space, upstream_uuid: str) -> Json:
    found = spaces_upstream(world, upstream_uuid, space)
    if not found:
        return {"action": CREATE, "data": {**promoted_space(world, space), "projectUuid": upstream_uuid}}
    if len(found) > 1:
        text = f"Expected 0 or 1 upstream space for {space.path}, got {len(found)}"
        raise Refusal(500, "UnexpectedServerError", text)
    summary = promoted_space(world, found[0])
    if space.name == found[0].name:
        return {"action": SAME, "data": summary}
    return {"action": UPDATE, "data": {**summary, "name": space.name}}


def place_fields(world: World, space: Space) -> Json:
    """The target space of promoted content, in the form of the diff."""
    path = {"spacePath": space.path} if world.can("promotes_by_path") else {}
    return {"spaceSlug": space.slug, **path}


def _chart_change(world: World, pair: Pair) -> Json:
    source, match = pair.source, pair.match
    if not isinstance(source, Chart):
        raise TypeError("not a chart")
    promoted = {
        **read_chart(world, source),
        "projectUuid": pair.upstream_uuid,
        **place_fields(world, pair.space),
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


def _sql_change(pair: Pair) -> Json:
    source, match = pair.source, pair.match
    if not isinstance(source, SqlChart):
        raise TypeError("not a SQL chart")
    data = {
        "uuid": source.uuid if match is None else match.uuid,
        "oldUuid": source.uuid,
        "slug": source.slug,
        "projectUuid": pair.upstream_uuid,
        "name": source.name,
        "description": source.description,
        "spaceSlug": pair.space.slug,
        "spacePath": pair.space.path,
    }
    if not isinstance(match, SqlChart):
        return {"action": CREATE, "data": data}
    newer = source.last_updated_at > match.last_updated_at
    renamed = (source.name, source.description) != (match.name, match.description)
    return {"action": UPDATE if newer or renamed else SAME, "data": data}


def chart_changes(world: World, pair: Pair) -> Changes:
    """The changes for promoting one chart."""
    changes = Changes(charts=[_chart_change(world, pair)])
    return _with_spaces(world, changes, pair, changes.charts[0])


def sql_changes(world: World, pair: Pair) -> Changes:
    """The changes for promoting one SQL chart."""
    change = _sql_change(pair)
    return _with_spaces(world, Changes(sql_charts=[change]), pair, change)


def _with_spaces(world: World, changes: Changes, pair: Pair, change: Json) -> Changes:
    """Add the space of a chart that is promoted by itself; those above only if the chart is written."""
    if change["action"] == SAME:
        pair = replace(pair, above=())
    changes.add_spaces(world, pair)
    return changes


def charts_of(world: World, dashboard: Dashboard) -> tuple[list[Chart], list[SqlChart]]:
    """The charts and the SQL charts that are promoted with a dashboard."""
    charts = charts_on_dashboard(world, dashboard)
    if not world.can("promotes_sql_charts"):
        return charts, []
    shown = {tile["properties"].get("savedSqlUuid"): None for tile in dashboard.version.tiles}
    sql = [world.sql_charts[uuid] for uuid in shown if uuid in world.sql_charts]
    return list({chart.uuid: chart for chart in charts}.values()), sql


def dashboard_changes(world: World, pair: Pair, charts: list[Pair], sql_charts: list[Pair]) -> Changes:
    """The changes for promoting a dashboard and the charts on it."""
    source, match = pair.source, pair.match
    if not isinstance(source, Dashboard):
        raise TypeError("not a dashboard")
    changes = Changes(charts=[_chart_change(world, one) for one in charts], tells_apps=world.can("current"))
    if world.can("promotes_sql_charts"):
        changes.sql_charts = [_sql_change(one) for one in sql_charts]
    changes.add_spaces(world, pair, *charts, *sql_charts)
    place = place_fields(world, pair.space)
    data = {**read_dashboard(world, source), "projectUuid": pair.upstream_uuid, **place}
    if isinstance(match, Dashboard):
        data |= {"uuid": match.uuid, "spaceUuid": match.space_uuid}
        changes.dashboards = [{"action": UPDATE, "data": data}]
    else:
        data["spaceUuid"] = (pair.upstream_space or pair.space).uuid
        changes.dashboards = [{"action": CREATE, "data": data}]
    return changes
