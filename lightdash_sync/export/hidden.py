"""Charts that no list names, found by whatever refers to them.

0.1372.1 lists a chart saved in a dashboard only while the latest version of that dashboard shows it. The
others are still there, and people may want them back.
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

_COUNTS = 4  # times that the charts are counted, if some are made or deleted meanwhile
NAMELESS = "nothing refers to it, and another chart has the same slug, so its uuid cannot be learnt"


def delivered_charts(
    lightdash: Lightdash, inventory: Inventory, known: Collection[str], readings: Readings
) -> dict[str, ChartRead]:
    """Find charts that no list names, by their schedulers; those that are known are asked for otherwise."""
    listed = {row.uuid for row in inventory.summaries}
    delivered = {row.savedChartUuid for row, _ in inventory.schedulers or [] if row.savedChartUuid}
    return _find(lightdash, inventory, delivered - listed - set(known), readings)


def charts_that_are_seen(
    lightdash: Lightdash, inventory: Inventory, uuids: Collection[str], readings: Readings
) -> dict[str, ChartRead]:
    """Read charts that no list names; without those that are deleted or that the token may not see."""
    return _find(lightdash, inventory, uuids, readings, may_be_deleted=True)


def shown_charts(
    lightdash: Lightdash,
    inventory: Inventory,
    dashboards: Mapping[str, DashboardRead],
    hidden: Collection[str],
    readings: Readings,
) -> dict[str, ChartRead]:
    """Find charts that no list names, by the tiles that show them, or did in an earlier version."""
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
    """Find charts that nothing refers to any more, by the metrics they use.

    The catalogue counts the charts that use a metric, hidden ones too. Where it counts more than were
    read, it is asked which. Its counts are not exact, so this is a help and no proof.

    Args:
        lightdash: the server.
        inventory: the project's lists.
        hidden: charts that were found otherwise.
        used: id of a metric -> charts that were read and use it.
        readings: reads, and remembers what could not be read.
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
    """Whether there are, or may be, charts that are neither listed nor among the hidden ones found so far.

    The list and the number of all charts come one after the other. So where the number is higher, both are
    asked for again, until nothing was made or deleted in between.

    Args:
        lightdash: the server.
        inventory: the project's lists.
        hidden: charts that were found otherwise.
        nameless: how many more there are that nothing can be learnt of.
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

    A page tells no uuid. It is asked for by the slug, which is the one reading that counts a view of a chart;
    the next export knows the uuid.

    Args:
        lightdash: the server.
        inventory: the project's lists.
        hidden: charts that were found otherwise.
        readings: reads, and remembers what could not be read.

    Returns:
        The charts, and those whose uuid nothing tells, because another chart has the same slug.
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
    """Read charts that no list names; without those that are gone, or of another project."""
    find = partial(find_hidden, lightdash, inventory.project.projectUuid, may_be_deleted=may_be_deleted)
    found = readings.of(Kind.CHART, sorted(uuids), find, {}, "that no list names")
    return {uuid: chart for uuid, chart in found.items() if chart is not None}
