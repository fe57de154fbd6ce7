"""Finds charts that no list names, by whatever refers to them.

0.1372.1 lists a chart saved in a dashboard only while the latest version of that dashboard shows it. The
other charts still exist, and people may want to restore them.
"""

from __future__ import annotations

from collections import Counter
from functools import partial
from typing import TYPE_CHECKING

from lightdash_sync.content.kinds import Kind
from lightdash_sync.export.items import find_hidden
from lightdash_sync.lightdash.as_code import CodePages
from lightdash_sync.snapshot.manifest import NotExported

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from lightdash_sync.export.inventory import Inventory
    from lightdash_sync.export.items import ChartRead, DashboardRead, Readings
    from lightdash_sync.lightdash.reading import Lightdash

_COUNTS = 4  # how often the charts are counted if some are created or deleted meanwhile
NAMELESS = "nothing refers to it, and another chart has the same slug, so its uuid cannot be learnt"


def delivered_charts(
    lightdash: Lightdash, inventory: Inventory, known: Collection[str], readings: Readings
) -> dict[str, ChartRead]:
    """Find charts that no list names by their schedulers; known ones are requested elsewhere."""
    listed = {row.uuid for row in inventory.summaries}
    delivered = {row.savedChartUuid for row, _ in inventory.schedulers or [] if row.savedChartUuid}
    return _find(lightdash, inventory, delivered - listed - set(known), readings)


def charts_that_are_seen(
    lightdash: Lightdash, inventory: Inventory, uuids: Collection[str], readings: Readings
) -> dict[str, ChartRead]:
    """Read charts that no list names, without those that were deleted or that the token may not see."""
    return _find(lightdash, inventory, uuids, readings, may_be_deleted=True)


def shown_charts(
    lightdash: Lightdash,
    inventory: Inventory,
    dashboards: Mapping[str, DashboardRead],
    hidden: Collection[str],
    readings: Readings,
) -> dict[str, ChartRead]:
    """Find charts that no list names by the tiles that show them, or did in an earlier version."""
    known = {row.uuid for row in inventory.summaries} | set(hidden)
    shown = {uuid for dashboard in dashboards.values() for uuid in dashboard.charts()} - known
    formerly = {uuid for dashboard in dashboards.values() for uuid in dashboard.formerly} - known - shown
    found = _find(lightdash, inventory, shown, readings)
    return found | charts_that_are_seen(lightdash, inventory, formerly, readings)


def find_by_usage(
    lightdash: Lightdash,
    inventory: Inventory,
    hidden: Collection[str],
    used: Mapping[str, int],
    readings: Readings,
) -> dict[str, ChartRead]:
    """Find charts that nothing refers to any more, by the metrics that they use.

    The catalogue counts the charts that use a metric, including hidden ones. If it counts more charts than
    were read, the charts of the metric are requested. The counts are not exact, so this finds some charts but
    does not prove that there are no others.

    Args:
        lightdash: the server.
        inventory: the project's lists.
        hidden: charts that were found otherwise.
        used: id of a metric -> number of charts that were read and use it.
        readings: reads items, and records what could not be read.
    """
    suspects = {
        metric.field_id: metric
        for metric in inventory.metrics
        if (metric.chartUsage or 0) > used.get(metric.field_id, 0)
    }
    project = inventory.project.projectUuid
    lists = readings.of(
        "metric", suspects, lambda field: lightdash.charts_using(project, suspects[field]), {}
    )
    seen = {row.uuid for row in inventory.summaries} | set(hidden)
    unlisted = {chart.uuid for charts in lists.values() for chart in charts} - seen
    return _find(lightdash, inventory, unlisted, readings)


def are_missing(
    lightdash: Lightdash, inventory: Inventory, hidden: Collection[str], nameless: int = 0
) -> bool:
    """Whether there may be charts that are neither listed nor among the hidden ones found so far.

    The list and the number of all charts are requested one after the other. So if the number is higher, both
    are requested again, until nothing was created or deleted in between.

    Args:
        lightdash: the server.
        inventory: the project's lists.
        hidden: charts that were found otherwise.
        nameless: number of further charts whose uuid cannot be found out.
    """
    total, listed = inventory.chart_total, {row.uuid for row in inventory.summaries}
    if total is None:
        return True
    project = inventory.project.projectUuid
    for _ in range(_COUNTS):
        if total <= len(listed.union(hidden)) + nameless:
            return False
        before = (listed, total)
        listed = {row.uuid for row in lightdash.chart_summaries(project)}
        total = CodePages(lightdash.session, lightdash.server, project).count_charts()
        if before == (listed, total):
            break
    return total > len(listed.union(hidden)) + nameless


def find_by_pages(
    lightdash: Lightdash, inventory: Inventory, hidden: Mapping[str, ChartRead], readings: Readings
) -> tuple[dict[str, ChartRead], list[NotExported]]:
    """Find the charts that nothing refers to, in pages of all charts of the project.

    A page has no uuid. It is requested by the slug, which is the only reading that counts a view of a chart;
    the next export knows the uuid.

    Args:
        lightdash: the server.
        inventory: the project's lists.
        hidden: charts that were found otherwise.
        readings: reads items, and records what could not be read.

    Returns:
        The charts, and those whose uuid cannot be found out, because another chart has the same slug.
    """
    project = inventory.project.projectUuid
    known = Counter(row.slug for row in inventory.summaries)
    known.update(chart.view.slug for chart in hidden.values())
    rows = list(dict.fromkeys(CodePages(lightdash.session, lightdash.server, project).all_charts()))
    times = Counter(row.slug for row in rows)
    lost = [row for row in rows if row.dashboardSlug is not None and times[row.slug] > known[row.slug]]
    alone = [row.slug for row in lost if times[row.slug] == 1]
    uuids = readings.of(Kind.CHART, alone, partial(lightdash.chart_uuid, project), {}, "that no list names")
    found = _find(lightdash, inventory, set(uuids.values()) - set(hidden), readings)
    named = {f"chart {row.slug!r} in dashboard {row.dashboardSlug!r}" for row in lost if times[row.slug] > 1}
    left_out = [
        NotExported(what=what, why=NAMELESS, unseenKinds=[Kind.CHART.value]) for what in sorted(named)
    ]
    short = inventory.chart_total and inventory.chart_total > known.total() + len(lost)
    if short and are_missing(lightdash, inventory, {**hidden, **found}, len(left_out)):
        readings.moved.append(f"of {inventory.chart_total} charts some came in no page")
    return found, left_out


def _find(
    lightdash: Lightdash,
    inventory: Inventory,
    uuids: Collection[str],
    readings: Readings,
    *,
    may_be_deleted: bool = False,
) -> dict[str, ChartRead]:
    """Read charts that no list names, without those that were deleted or belong to another project."""
    find = partial(find_hidden, lightdash, inventory.project.projectUuid, may_be_deleted=may_be_deleted)
    found = readings.of(Kind.CHART, sorted(uuids), find, {}, "that no list names")
    return {uuid: chart for uuid, chart in found.items() if chart is not None}
