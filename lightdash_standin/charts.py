"""Saved charts: how they are read, created, moved and deleted."""

from __future__ import annotations

from typing import Any

from lightdash_standin.accounts import DEFAULT_COLORS, Person
from lightdash_standin.calls import need, space_of_chart
from lightdash_standin.chart_versions import stored_version
from lightdash_standin.jsonb import truthy
from lightdash_standin.palettes import resolved_palette
from lightdash_standin.refusals import went_wrong
from lightdash_standin.state import Chart, ChartVersion, Json, Space, Verification, World


def _insert(world: World, chart: Chart, version: ChartVersion) -> Chart:
    chart.versions[version.uuid] = version
    chart.current = version
    world.charts[chart.uuid] = chart
    home = (
        world.dashboards[chart.dashboard_uuid]
        if chart.dashboard_uuid
        else world.spaces[chart.space_uuid or ""]
    )
    home.charts[chart.uuid] = None
    return chart


def create_chart(
    world: World,
    body: Any,
    person: Person,
    slug_from: str,
    space_uuid: str | None,
    dashboard_uuid: str | None,
    *,
    force_slug: bool = False,
) -> Chart:
    """Store a new chart in a space, or inside a dashboard (which wins if both are given).

    Args:
        world: the instance.
        body: the chart as sent, or as read from another one.
        person: the author.
        slug_from: the text for the slug (the name, unless the chart is duplicated or promoted).
        space_uuid: the space, if it is in one.
        dashboard_uuid: the dashboard, if it is inside one.
        force_slug: use the slug unchanged, although it may be in use.

    Raises:
        Refusal: 500 if a field is missing that the server relies on; nothing is stored then.
    """
    name = need(body, "name", str)
    home = world.spaces[world.dashboards[dashboard_uuid].space_uuid if dashboard_uuid else space_uuid or ""]
    moment = world.clock.tick()
    version = stored_version(world, body, person, moment)
    chart = Chart(
        uuid=world.new_uuid(),
        slug=world.slugs.take("charts", slug_from, home.project_uuid, force=force_slug),
        name=name,
        description=body.get("description"),
        space_uuid=None if dashboard_uuid else space_uuid,
        dashboard_uuid=dashboard_uuid,
        created_at=moment,
        last_updated_at=moment,
        last_updated_by=person.uuid,
    )
    return _insert(world, chart, version)


def add_version(world: World, chart: Chart, body: Any, person: Person) -> ChartVersion:
    """Append a version; the time in lists is slightly later than that of the version itself."""
    version = stored_version(world, body, person, world.clock.tick())
    chart.versions[version.uuid] = version
    chart.current = version
    chart.last_updated_at = world.clock.tick()
    chart.last_updated_by = person.uuid
    return version


def delete_chart(world: World, chart: Chart) -> None:
    """Delete a chart with its versions, schedulers and comments; tiles stay, and are empty."""
    if chart.dashboard_uuid:
        world.dashboards[chart.dashboard_uuid].charts.pop(chart.uuid, None)
    if chart.space_uuid:
        world.spaces[chart.space_uuid].charts.pop(chart.uuid, None)
    world.delete_schedulers_of(chart.uuid)
    for tile, comments in world.comments.items():
        world.comments[tile] = [comment for comment in comments if comment.chart_uuid != chart.uuid]
    for slug in (chart.slug, *chart.aliases):
        world.slugs.release("charts", slug, space_of_chart(world, chart).project_uuid)
    del world.charts[chart.uuid]


def move_chart(world: World, chart: Chart, space_uuid: str, *, leave_dashboard: bool = True) -> None:
    """Put the chart into a space of any project; it leaves its dashboard, except in a bulk move.

    Raises:
        Refusal: 500 if there is no such space.
    """
    if space_uuid not in world.spaces:
        raise went_wrong()
    if chart.dashboard_uuid and leave_dashboard:
        world.dashboards[chart.dashboard_uuid].charts.pop(chart.uuid, None)
        chart.dashboard_uuid = None
    if chart.space_uuid:
        world.spaces[chart.space_uuid].charts.pop(chart.uuid, None)
    chart.space_uuid = space_uuid
    if not chart.dashboard_uuid:
        world.spaces[space_uuid].charts[chart.uuid] = None


def _jumbled_query(world: World, query: Json) -> Json:
    """The query, with lists from unordered rows in an order of the server's choosing."""
    if world.shuffle is None:
        return query
    unordered = ("tableCalculations", "additionalMetrics", "customDimensions")
    return {**query, **{key: world.jumbled(query[key]) for key in unordered}}


def author(world: World, uuid: str | None) -> Json:
    """The `updatedByUser` of a chart: without an author, an object of nulls."""
    person = world.people.get(uuid) if uuid else None
    return person.card if person else {"userUuid": None, "firstName": None, "lastName": None}


def read_chart(world: World, chart: Chart, version: ChartVersion | None = None) -> Json:
    """The chart as returned, in its current or another version, without privacy and access."""
    version = version or chart.version
    space = space_of_chart(world, chart)
    project = world.project_rows[space.project_uuid]
    dashboard = world.dashboards.get(chart.dashboard_uuid) if chart.dashboard_uuid else None
    pivot: Json = {}
    if version.pivot_columns is not None:
        rows = {} if version.pivot_rows is None else {"rows": version.pivot_rows}
        pivot = {"pivotConfig": {"columns": version.pivot_columns, **rows}}
    return {
        "uuid": chart.uuid,
        "projectUuid": project.uuid,
        "name": chart.name,
        "description": chart.description,
        "tableName": version.table_name,
        "updatedAt": version.created_at,
        "updatedByUser": author(world, version.created_by),
        "metricQuery": _jumbled_query(world, version.metric_query),
        "chartConfig": version.chart_config,
        "tableConfig": {"columnOrder": version.column_order},
        "organizationUuid": project.org_uuid,
        **pivot,
        "spaceUuid": space.uuid,
        "spaceName": space.name,
        "pinnedListUuid": project.pinned_list_uuid if chart.pin_order is not None else None,
        "pinnedListOrder": None,
        "dashboardUuid": chart.dashboard_uuid,
        "dashboardName": dashboard.name if dashboard else None,
        "colorPalette": DEFAULT_COLORS,
        "slug": chart.slug,
        **dashboard_slug(world, chart),
        **({"merge": version.merge} if world.can("merged_charts") else {}),
        **(_newer_parts(world, chart, version, space) if world.can("verification") else {}),
    }


def dashboard_slug(world: World, chart: Chart) -> Json:
    """The slug of the dashboard that a chart is inside, in versions that return it."""
    if not world.can("current"):
        return {}
    dashboard = world.dashboards.get(chart.dashboard_uuid or "")
    return {"dashboardSlug": dashboard.slug if dashboard else None}


def _newer_parts(world: World, chart: Chart, version: ChartVersion, space: Space) -> Json:
    """The additional fields of a chart in newer versions."""
    palette = resolved_palette(world, chart, space)
    return {
        **({"parameters": version.parameters} if truthy(version.parameters) else {}),
        "colorPalette": palette["colors"],
        "colorPaletteUuid": chart.color_palette_uuid,
        "resolvedColorPalette": palette,
        "verification": told_verification(world, chart.verification),
    }


def verification_told(world: World, verification: Verification | None) -> Json:
    """The fields for a verification in rows of lists; none in versions without verification."""
    return {"verification": told_verification(world, verification)} if world.can("verification") else {}


def told_verification(world: World, verification: Verification | None) -> Json | None:
    """Who verified a chart or dashboard, and when; none if nobody did."""
    if verification is None:
        return None
    return {"verifiedBy": world.people[verification.person_uuid].card, "verifiedAt": verification.verified_at}
