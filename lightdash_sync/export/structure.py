"""What must be known before anything has a key: the lists, the spaces, the dashboards, hidden charts.

Dashboards come before charts, because a tile may show a chart that no list names. What cannot be read is
collected by name; an item that a list names and that is gone means that the project changed under the
reading, and `Moved` says so.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Literal, TypeVar

from lightdash_sync.errors import NotAuthorised, NotFound
from lightdash_sync.export.inventory import contradictions, read_inventory, space_contradictions
from lightdash_sync.export.reader import find_hidden, read_dashboard
from lightdash_sync.model.keys import assign_keys
from lightdash_sync.model.kinds import KINDS, Kind
from lightdash_sync.model.naming import slug_candidate

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from lightdash_sync.client import views
    from lightdash_sync.client.lightdash import Lightdash
    from lightdash_sync.export.inventory import Inventory
    from lightdash_sync.export.reader import ChartRead, DashboardRead
    from lightdash_sync.export.selection import Chosen
    from lightdash_sync.export.workers import Unread, Workers
    from lightdash_sync.model.canonical import JsonObject
    from lightdash_sync.model.identity import Identity

R = TypeVar("R")


class Moved(Exception):
    """The project changed while it was read.

    Args:
        what: what was seen, in words.
    """


@dataclass
class Readings:
    """Reads items with all workers, and remembers which could not be read.

    Attributes:
        workers: the threads.
        unread: what could not be read so far.
    """

    workers: Workers
    unread: list[Unread] = field(default_factory=list)

    def of(
        self,
        kind: Kind | Literal["metric"],
        uuids: Collection[str],
        read: Callable[[str], R],
        names: Mapping[str, str],
        which: str = "",
    ) -> dict[str, R]:
        """Read some items of a kind.

        Args:
            kind: for the progress, and to name what cannot be read.
            uuids: the items; for metrics, their ids.
            read: reads one.
            names: uuid -> key or slug, where there is one.
            which: more words for the progress, such as "that no list names".

        Returns:
            uuid -> what was read; without those that could not be.

        Raises:
            Moved: one of them is gone.
        """
        nouns = ("metric", "metrics") if kind == "metric" else KINDS[kind].noun
        noun = nouns[0 if len(uuids) == 1 else 1]
        pairs, unread = self.workers.run(
            f"{noun} {which}".strip(),
            uuids,
            lambda uuid: (uuid, read(uuid)),
            lambda uuid: f"{kind}:{names.get(uuid) or uuid}",
        )
        for item in unread:
            if isinstance(item.error, NotFound):
                raise Moved(f"{item.what} is gone")
        self.unread += unread
        return dict(pairs)


@dataclass(frozen=True)
class Structure:
    """A project, but for the content of its charts.

    Attributes:
        inventory: its lists.
        space_keys: uuid -> key of every space.
        spaces: uuid -> the chosen spaces.
        dashboards: uuid -> the chosen dashboards.
        hidden: uuid -> charts that no list names.
    """

    inventory: Inventory
    space_keys: Mapping[str, str]
    spaces: Mapping[str, tuple[views.Space, JsonObject]]
    dashboards: Mapping[str, DashboardRead]
    hidden: Mapping[str, ChartRead]

    def space_key(self, space: str) -> str:
        """Return the key of a space, "" for one that is not visible."""
        return self.space_keys.get(space, "")

    def schedulers(self, chosen: Chosen) -> list[tuple[views.Scheduler, JsonObject]]:
        """Return the schedulers of what is in the chosen spaces."""
        inventory = self.inventory
        places = {uuid: chart.view.spaceUuid for uuid, chart in self.hidden.items()}
        rows: list[views.SummaryRow | views.ChartRow | views.DashboardRow] = [*inventory.summaries]
        rows += [*inventory.charts, *inventory.dashboards]
        places |= {row.uuid: row.spaceUuid for row in rows}
        return [
            (row, raw)
            for row, raw in inventory.schedulers or []
            if chosen.wants_in(Kind.SCHEDULER, self.space_key(places.get(row.delivers, "")))
        ]


def read_structure(
    lightdash: Lightdash, project: str, chosen: Chosen, known: Identity, readings: Readings
) -> Structure:
    """Read the structure of a project.

    Args:
        lightdash: the server.
        project: uuid of the project.
        chosen: what to export.
        known: identity map of the snapshot that is being replaced.
        readings: reads, and remembers what could not be read.

    Raises:
        Moved: the project changed while it was read, or its lists contradict each other.
        ApiError: a list cannot be read.
        ConfigError: a chosen space does not exist.
    """
    inventory = read_inventory(lightdash, project, readings.workers)
    if found := contradictions(inventory):
        more = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
        raise Moved(f"the lists of Lightdash contradict each other: {found[0]}{more}")
    spaces_seen = [slug_candidate(row.uuid, row.slug, row.name) for row, _ in inventory.spaces]
    keys = assign_keys(spaces_seen, known.known_keys(Kind.SPACE))
    chosen.require_spaces(keys.values())
    spaces = _spaces(lightdash, chosen, inventory, keys, readings)
    dashboards = _dashboards(lightdash, chosen, inventory, keys, readings)
    hidden: dict[str, ChartRead] = {}
    if chosen.wants(Kind.CHART):
        hidden = _hidden(lightdash, inventory, dashboards, known, readings)
    if inventory.schedulers is None and chosen.wants(Kind.SCHEDULER):
        inventory = _with_schedulers(lightdash, inventory, hidden, readings)
    return Structure(inventory, keys, spaces, dashboards, hidden)


def _spaces(
    lightdash: Lightdash, chosen: Chosen, inventory: Inventory, keys: Mapping[str, str], readings: Readings
) -> dict[str, tuple[views.Space, JsonObject]]:
    """Read the spaces, and hold what each says of its content against the lists."""
    rows = {row.uuid: row for row, _ in inventory.spaces if chosen.wants_in(Kind.SPACE, keys[row.uuid])}
    project = inventory.project.projectUuid
    spaces = readings.of(Kind.SPACE, rows, partial(lightdash.space, project), keys)
    for uuid, (space, _) in spaces.items():
        if found := space_contradictions(rows[uuid], space, inventory):
            raise Moved(found[0])
    return spaces


def _dashboards(
    lightdash: Lightdash, chosen: Chosen, inventory: Inventory, keys: Mapping[str, str], readings: Readings
) -> dict[str, DashboardRead]:
    """Read the dashboards; the list has no slugs, so they come from the content list and must agree."""
    slugs = {row.uuid: row.slug for row in inventory.content}
    wanted = [
        row.uuid
        for row in inventory.dashboards
        if any(chosen.wants_in(kind, keys[row.spaceUuid]) for kind in (Kind.DASHBOARD, Kind.COMMENTS))
    ]
    read = partial(read_dashboard, lightdash, comments=chosen.wants(Kind.COMMENTS))
    dashboards = readings.of(Kind.DASHBOARD, wanted, read, slugs)
    for uuid, dashboard in dashboards.items():
        if dashboard.view.slug != slugs[uuid]:
            raise Moved(f"dashboard {slugs[uuid]} has another slug now")
    return dashboards


def _hidden(
    lightdash: Lightdash,
    inventory: Inventory,
    dashboards: Mapping[str, DashboardRead],
    known: Identity,
    readings: Readings,
) -> dict[str, ChartRead]:
    """Find charts that no list names, by what refers to them now or knew of them before."""
    referred = {uuid for dashboard in dashboards.values() for uuid in dashboard.charts()}
    referred |= {row.savedChartUuid for row, _ in inventory.schedulers or [] if row.savedChartUuid}
    remembered = set(known.known_keys(Kind.CHART)) - referred
    listed = {row.uuid for row in inventory.summaries}
    found = _find(lightdash, inventory, referred - listed, readings)
    return found | _find(lightdash, inventory, remembered - listed, readings, may_be_gone=True)


def find_by_usage(
    lightdash: Lightdash, structure: Structure, used: Mapping[str, int], readings: Readings
) -> dict[str, ChartRead]:
    """Find charts that nothing refers to any more, by the metrics they use.

    The catalogue counts the charts that use a metric, hidden ones too. Where it counts more than were
    read, it is asked which. Its counts are not exact, so this is a help and no proof.

    Args:
        lightdash: the server.
        structure: what is known of the project.
        used: id of a metric -> charts that were read and use it.
        readings: reads, and remembers what could not be read.
    """
    inventory = structure.inventory
    suspects = {
        metric.field_id: metric
        for metric in inventory.metrics
        if (metric.chartUsage or 0) > used.get(metric.field_id, 0)
    }
    project = inventory.project.projectUuid
    lists = readings.of(
        "metric", suspects, lambda field: lightdash.charts_using(project, suspects[field]), {}
    )
    seen = {row.uuid for row in inventory.summaries} | set(structure.hidden)
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


def _with_schedulers(
    lightdash: Lightdash, inventory: Inventory, hidden: Collection[str], readings: Readings
) -> Inventory:
    """Read the schedulers item by item: the token may not list them.

    Raises:
        NotAuthorised: it may not read them at all.
    """
    charts = [*(row.uuid for row in inventory.summaries), *hidden]
    dashboards = [row.uuid for row in inventory.dashboards]
    try:
        by_chart = readings.of(Kind.SCHEDULER, charts, partial(lightdash.schedulers_of, "saved"), {})
        by_dashboard = readings.of(
            Kind.SCHEDULER, dashboards, partial(lightdash.schedulers_of, "dashboards"), {}
        )
    except NotAuthorised as error:
        if error.status == 403:
            error.hint = (
                "The token's owner may not read schedulers: use an admin's token, or leave them out (--only)."
            )
        raise
    rows = [row for found in (*by_chart.values(), *by_dashboard.values()) for row in found]
    return replace(inventory, schedulers=rows)
