"""Upgrades a world: the stored content is converted to the form of a newer version, as migrations do.

Unchanged content stays the same; a newer version only returns more of it. If two items of a project have the
same slug, one gets a number (1.4.0 and before).
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from lightdash_standin.chart_versions import PROJECT_ZONE
from lightdash_standin.slugs import KINDS, free_slug

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lightdash_standin.state import ChartVersion, DashboardVersion, World


def upgrade_world(world: World, version: str) -> None:
    """Upgrade a world to a newer version.

    Args:
        world: the instance.
        version: the new version.
    """
    world.version = version
    _count_slugs(world)
    for chart in world.charts.values():
        for one in chart.versions.values():
            _upgrade_chart(world, one)
    for dashboard in world.dashboards.values():
        for saved in dashboard.versions:
            _upgrade_dashboard(world, saved)


def _upgrade_chart(world: World, version: ChartVersion) -> None:
    query = dict(version.metric_query)
    if world.can("field_overrides"):
        query = {"metricOverrides": {}, "dimensionOverrides": {}, **query}
        if not query.get("timezone"):
            query.pop("timezone", None)
    if world.can("zone_of_charts"):
        query["timezone"] = query.get("timezone") or PROJECT_ZONE
    if world.can("current") and not query["dimensionOverrides"]:
        del query["dimensionOverrides"]
    if world.can("columns_without_custom_sql"):
        sql = {one["name"] for one in query["customDimensions"] if one["type"] == "sql"}
        version.column_order = [name for name in version.column_order if name not in sql]
    version.metric_query = query


def _upgrade_dashboard(world: World, version: DashboardVersion) -> None:
    if world.can("hidden_tabs"):
        version.tabs = [{"hidden": False, **tab} for tab in version.tabs]


def _count_slugs(world: World) -> None:
    """Make slugs unique where the version requires it, and count them again by its rules."""
    world.__post_init__()
    rows: dict[str, Mapping[str, Any]] = {
        "charts": world.charts,
        "sql_charts": world.sql_charts,
        "dashboards": world.dashboards,
        "spaces": world.spaces,
        "schedulers": world.schedulers,
    }
    world.slugs.taken = {kind: Counter() for kind in KINDS}
    for kind, items in rows.items():
        taken: dict[str, set[str]] = {}
        for item in items.values():
            project = _project(world, item)
            known = taken.setdefault(project, set())
            if world.can("unique_slugs"):
                item.slug = free_slug(item.slug, known)
            known.add(item.slug)
            world.slugs.force(kind, item.slug, project)


def _project(world: World, item: Any) -> str:
    """The project that an item is in."""
    project = getattr(item, "project_uuid", None)
    if isinstance(project, str):
        return project
    if (dashboard := getattr(item, "dashboard_uuid", None)) is not None:
        item = world.dashboards[dashboard]
    return str(world.spaces[item.space_uuid].project_uuid)
