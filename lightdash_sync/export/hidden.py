"""Charts that no list names, found by whatever refers to them.

0.1372.1 lists a chart saved in a dashboard only while the latest version of that dashboard shows it. The
others are still there, and people may want them back.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from lightdash_sync.export.reader import find_hidden
from lightdash_sync.model.kinds import Kind

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from lightdash_sync.client.lightdash import Lightdash
    from lightdash_sync.export.inventory import Inventory
    from lightdash_sync.export.reader import ChartRead, DashboardRead
    from lightdash_sync.export.readings import Readings
    from lightdash_sync.model.identity import Identity


def remembered_charts(
    lightdash: Lightdash, inventory: Inventory, known: Identity, readings: Readings
) -> dict[str, ChartRead]:
    """Find charts that no list names, by the schedulers and by the old snapshot."""
    listed = {row.uuid for row in inventory.summaries}
    delivered = {row.savedChartUuid for row, _ in inventory.schedulers or [] if row.savedChartUuid}
    remembered = set(known.known_keys(Kind.CHART)) - delivered
    found = _find(lightdash, inventory, delivered - listed, readings)
    return found | _find(lightdash, inventory, remembered - listed, readings, may_be_gone=True)


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
    return found | _find(lightdash, inventory, formerly, readings, may_be_gone=True)


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


def _find(
    lightdash: Lightdash,
    inventory: Inventory,
    uuids: Collection[str],
    readings: Readings,
    *,
    may_be_gone: bool = False,
) -> dict[str, ChartRead]:
    """Read charts that no list names; without those that are gone, or of another project."""
    find = partial(find_hidden, lightdash, inventory.project.projectUuid, may_be_gone=may_be_gone)
    found = readings.of(Kind.CHART, sorted(uuids), find, {}, "that no list names")
    return {uuid: chart for uuid, chart in found.items() if chart is not None}
