"""Reads what must be known before keys are assigned: the lists, spaces, dashboards and hidden charts.

Dashboards are read before charts, because a tile may show a chart that no list names. Items that the lists
prove unchanged since the previous snapshot are not read at all.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from lightdash_sync.content.identity import Identity
from lightdash_sync.content.json import canonical
from lightdash_sync.content.keys import assign_keys, virtual_view_uuid
from lightdash_sync.content.kinds import Kind
from lightdash_sync.content.naming import slug_candidate
from lightdash_sync.content.normal import normalise
from lightdash_sync.errors import Refused
from lightdash_sync.export.bulk import Bulk, begin_bulk
from lightdash_sync.export.deletions import (
    confirm_deleted,
    confirm_metrics,
    is_there,
    require_listed,
    require_tags,
    unlisted_items,
)
from lightdash_sync.export.deliveries import deliverable, require_all_listed, with_schedulers
from lightdash_sync.export.hidden import charts_that_are_seen, delivered_charts, shown_charts
from lightdash_sync.export.inventory import (
    Lists,
    marked_pins,
    palettes_by_name,
    pin_contradictions,
    read_settled,
    unexplained,
)
from lightdash_sync.export.items import DashboardRead, Moved, read_dashboard, read_saved_dashboard
from lightdash_sync.export.last_run import comments_due
from lightdash_sync.export.membership import called_otherwise
from lightdash_sync.export.not_exported import GROUPS
from lightdash_sync.export.reuse import Reuse, fingerprints, space_fingerprints, without_renamed
from lightdash_sync.export.spaces import Grants, read_spaces
from lightdash_sync.export.spared import ask_spared, had_palettes, may_be_spared, with_all_groups
from lightdash_sync.export.written import written_charts, written_dashboards
from lightdash_sync.lightdash import schemas

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

    from lightdash_sync.content.json import JsonObject
    from lightdash_sync.export.deletions import Unlisted
    from lightdash_sync.export.inventory import Inventory
    from lightdash_sync.export.items import ChartRead, Readings
    from lightdash_sync.export.previous import EarlierVersions, Old
    from lightdash_sync.export.reuse import Kept
    from lightdash_sync.export.selection import ExportSelection
    from lightdash_sync.export.spaces import SpaceRead
    from lightdash_sync.export.unreadable import Skipped
    from lightdash_sync.lightdash.reading import Lightdash

_NAMED = 10  # maximum number of items in an error message
_CONTENT = (Kind.CHART, Kind.SQL_CHART, Kind.DASHBOARD)
_USE_ADMIN = "Use the token of an admin; --accept-shrink takes what this one sees for all there is."


@dataclass(frozen=True)
class Structure:
    """A project without the content of its charts.

    Attributes:
        inventory: its lists.
        space_keys: uuid -> key of every space.
        spaces: uuid -> the selected spaces that were read.
        dashboards: uuid -> the selected dashboards that were read.
        hidden: uuid -> charts that no list names.
        seen: uuid -> fingerprint of charts and dashboards in lists, and of spaces fully described there.
        kept: kind -> uuid -> items that are reused from the previous snapshot.
        comments: uuid -> comments on reused dashboards that were read all the same.
        virtual_views: name -> the explore, as the server returns it.
        bulk: pages of charts that were requested.
        grants: who has a grant in which space, as far as it is known.
        written: uuid -> charts as the server returned them when they were written.
    """

    inventory: Inventory
    space_keys: Mapping[str, str]
    spaces: Mapping[str, SpaceRead]
    dashboards: Mapping[str, DashboardRead]
    hidden: Mapping[str, ChartRead]
    seen: Mapping[str, str]
    kept: Mapping[Kind, Mapping[str, Kept]]
    comments: Mapping[str, JsonObject]
    virtual_views: Mapping[str, JsonObject]
    bulk: Bulk
    grants: Grants
    written: Mapping[str, JsonObject]

    def space_key(self, space: str) -> str:
        """Return the key of a space, "" for one that is not visible."""
        return self.space_keys.get(space, "")

    def schedulers(self, chosen: ExportSelection) -> list[tuple[schemas.Scheduler, JsonObject]]:
        """Return the schedulers of items in the selected spaces."""
        inventory = self.inventory
        places = {uuid: chart.view.spaceUuid for uuid, chart in self.hidden.items()}
        rows: list[schemas.SummaryRow | schemas.ChartRow | schemas.DashboardRow] = [*inventory.summaries]
        rows += [*inventory.charts, *inventory.dashboards]
        places |= {row.uuid: row.spaceUuid for row in rows}
        return [
            (row, raw)
            for row, raw in inventory.schedulers or []
            if chosen.wants_in(Kind.SCHEDULER, self.space_key(places.get(row.delivers, "")))
        ]


def read_structure(
    lightdash: Lightdash,
    project: str,
    chosen: ExportSelection,
    old: Old | None,
    remembered: Identity,
    readings: Readings,
    past: EarlierVersions,
    skipped: Skipped,
) -> Structure:
    """Read the structure of a project.

    Args:
        lightdash: the server.
        project: uuid of the project.
        chosen: what to export.
        old: the previous snapshot, or None.
        remembered: items that existed at some time, by the previous snapshot and by what syncs created.
        readings: reads items, and records what could not be read.
        past: reads histories and earlier versions.
        skipped: items that the server does not give.

    Raises:
        Moved: the project changed while it was read, or its lists contradict each other.
        ApiError: a list cannot be read.
        ConfigError: a selected space does not exist.
    """
    known = old.identity if old else Identity()
    with_views = chosen.wants(Kind.VIRTUAL_VIEW)
    spare = may_be_spared(old, lightdash.server, chosen)
    lists = Lists(virtual_views=with_views, groups=bool(known.groups), spare=spare)
    inventory = skipped.without_left(read_settled(lightdash, project, readings.workers, lists))
    if spare and old is not None:
        inventory = replace(inventory, had_palettes=had_palettes(old))
    spaces_seen = [slug_candidate(row.uuid, row.slug, row.name) for row, _ in inventory.spaces]
    keys = assign_keys(spaces_seen, known.known_keys(Kind.SPACE))
    chosen.require_spaces(keys.values())
    hidden = _known_charts(lightdash, inventory, remembered, chosen, old, readings)
    if old is not None and not old.accept_shrink:
        require_listed(hidden)
        require_tags(inventory, known)
        confirm_metrics(lightdash, inventory, old, readings)
    one_by_one = inventory.schedulers is None and chosen.wants(Kind.SCHEDULER)
    if one_by_one:
        delivered = deliverable(inventory, hidden, lightdash.server)
        inventory = with_schedulers(lightdash, inventory, delivered, readings)
    present = _present(inventory, hidden)
    seen, grants = fingerprints(inventory), Grants.by_code(inventory, lightdash.server, known)
    counted = old.manifest.names_left_out(GROUPS) if old and chosen.counts_the_rest else None
    if inventory is not (listed := with_all_groups(lightdash, inventory, grants, known, counted)):
        inventory, grants = listed, Grants.by_code(listed, lightdash.server, known)
    if lightdash.server.can("space_member_role"):
        seen |= space_fingerprints(inventory, grants)
    palettes = known.palettes if inventory.is_spared else palettes_by_name(inventory.palettes)
    otherwise = called_otherwise(known, inventory)
    reuse = Reuse(old, lightdash.server, seen, present, chosen, palettes, otherwise, skipped)
    kept: dict[Kind, dict[str, Kept]] = {}
    if inventory.is_spared:
        kept = _kept(inventory, reuse, (Kind.SPACE, *_CONTENT))
        if not reuse.is_settled or _is_anything_read(inventory, chosen, keys, kept):
            inventory = ask_spared(lightdash, inventory, readings.workers)
            kept = without_renamed(kept, known, palettes_by_name(inventory.palettes))
    told = old.told if old is not None else {}
    charts_written = {
        uuid: raw
        for uuid, raw in written_charts(told, inventory, lightdash.server).items()
        if not chosen.history and not chosen.by_itself(uuid)
    }
    begun = readings.workers.begin(
        [partial(_begin_content, lightdash, inventory, chosen, keys, reuse, kept, readings, charts_written)]
    )
    kept = kept or _kept(inventory, reuse, (Kind.SPACE,))
    wanted = [
        row.uuid
        for row, _ in inventory.spaces
        if row.uuid not in kept[Kind.SPACE] and chosen.wants_in(Kind.SPACE, keys[row.uuid])
    ]
    spaces, disputed = read_spaces(
        lightdash, inventory, grants, wanted, keys, readings, singly=chosen.whole_spaces
    )
    unsettled = len(readings.moved)
    _explain(
        lightdash,
        inventory,
        {item: words for one in disputed.values() for item, words in one.items()},
        readings,
    )
    if len(readings.moved) > unsettled:  # the next reading must not reuse these spaces
        seen = {uuid: fingerprint for uuid, fingerprint in seen.items() if uuid not in disputed}
    kept_content, bulk = begun[0].result()
    kept |= kept_content
    inventory = _with_pins(lightdash, inventory, reuse, readings)
    past.begin(_with_history(lightdash, inventory, chosen, keys, kept))
    dashboards_written = {} if chosen.history else written_dashboards(told, inventory)
    dashboards = _dashboards(
        lightdash, chosen, inventory, keys, kept[Kind.DASHBOARD], past, readings, dashboards_written, known
    )
    given = {
        uuid: item for uuid, item in kept[Kind.DASHBOARD].items() if not skipped.keeps(Kind.DASHBOARD, uuid)
    }
    comments = _comments(lightdash, chosen, inventory, keys, given, old, readings)
    if chosen.wants(Kind.CHART):
        shown = shown_charts(lightdash, inventory, dashboards, hidden, readings)
        if one_by_one:
            inventory = with_schedulers(lightdash, inventory, {"saved": [*shown]}, readings)
        hidden |= shown
    if old is None and not one_by_one and chosen.reads_all:
        inventory = require_all_listed(
            lightdash, inventory, deliverable(inventory, hidden, lightdash.server), readings
        )
    if old is not None and one_by_one and not old.accept_shrink:
        _require_schedulers_shown(lightdash, inventory, known, readings)
    inventory = _storable_schedulers(inventory, readings)
    kept[Kind.VIRTUAL_VIEW] = _kept_views(inventory, reuse)
    explores = _virtual_views(lightdash, inventory, kept[Kind.VIRTUAL_VIEW], readings)
    return Structure(
        inventory, keys, spaces, dashboards, hidden, seen, kept, comments, explores, bulk, grants,
        charts_written,
    )  # fmt: skip


def _known_charts(
    lightdash: Lightdash,
    inventory: Inventory,
    remembered: Identity,
    chosen: ExportSelection,
    old: Old | None,
    readings: Readings,
) -> dict[str, ChartRead]:
    """Find charts that no list names, and check that all other items without a list entry were deleted.

    Raises:
        Moved: an item is in no list, but exists.
        Refused: the token may no longer see something that it saw before.
    """
    present, known = _present(inventory, ()), old.identity if old else Identity()
    charts = [one for one in unlisted_items(inventory, remembered, present) if one.kind is Kind.CHART]
    charts = charts if chosen.wants(Kind.CHART) else []
    found: dict[str, ChartRead] = {}
    if old is None or old.accept_shrink:  # nothing is compared with what an earlier token saw
        found = charts_that_are_seen(lightdash, inventory, [one.uuid for one in charts], readings)
    else:
        others = [one for one in unlisted_items(inventory, known, present) if one.kind is not Kind.CHART]
        project = inventory.project.projectUuid
        there = confirm_deleted(
            lightdash, project, [*charts, *others], readings, seen="at the last export", hint=_USE_ADMIN
        )
        if there.others:
            raise Moved(f"{there.others[0].item} is in no list, but it is there")
        found = there.charts
        _require_no_deliveries(inventory, [one for one in charts if one.uuid not in found])
    if not chosen.wants(Kind.CHART):
        return found
    return found | delivered_charts(lightdash, inventory, [one.uuid for one in charts], readings)


def _require_no_deliveries(inventory: Inventory, deleted: Iterable[Unlisted]) -> None:
    """Check that no scheduler delivers a deleted chart, because it would have been deleted with it."""
    delivered = {row.savedChartUuid for row, _ in inventory.schedulers or []}
    for one in deleted:
        if one.uuid in delivered:
            raise Moved(f"{one.item} is gone")


def _require_schedulers_shown(
    lightdash: Lightdash, inventory: Inventory, known: Identity, readings: Readings
) -> None:
    """Check that deliveries of the previous snapshot which no chart or dashboard lists were deleted.

    Raises:
        Refused: one exists, so the token sees fewer than the one that made the snapshot.
    """
    present = _present(inventory, ())
    unlisted = [one for one in unlisted_items(inventory, known, present) if one.kind is Kind.SCHEDULER]
    there = confirm_deleted(
        lightdash,
        inventory.project.projectUuid,
        unlisted,
        readings,
        seen="at the last export",
        hint=_USE_ADMIN,
    )
    if there.others:
        items = ", ".join(one.item for one in there.others[:_NAMED])
        more = f" and {len(there.others) - _NAMED} more" if len(there.others) > _NAMED else ""
        raise Refused(
            f"the token was shown more at the last export than it is now: {items}{more} "
            f"{'are' if len(there.others) > 1 else 'is'} there, and not in any list that it gets",
            hint=_USE_ADMIN,
        )


def _present(inventory: Inventory, hidden: Collection[str]) -> set[str]:
    """Return the uuids of everything that is in the project."""
    rows = {row.uuid for row, _ in inventory.spaces} | {row.tagUuid for row, _ in inventory.tags}
    rows |= {row.uuid for row in inventory.summaries} | {row.uuid for row in inventory.charts}
    rows |= {row.uuid for row in inventory.dashboards} | set(hidden)
    rows |= {row.schedulerUuid for row, _ in inventory.schedulers or []}
    rows |= {virtual_view_uuid(inventory.project.projectUuid, name) for name in inventory.virtual_views}
    return rows | {tag.tagUuid for metric in inventory.metrics for tag in metric.categories}


def _begin_content(
    lightdash: Lightdash,
    inventory: Inventory,
    chosen: ExportSelection,
    keys: Mapping[str, str],
    reuse: Reuse,
    known: Mapping[Kind, dict[str, Kept]],
    readings: Readings,
    written: Collection[str],
) -> tuple[dict[Kind, dict[str, Kept]], Bulk]:
    """Find out which charts and dashboards need not be read, unless known, and request pages of the others.

    Charts in `written` are known from the answers to their writes. This runs while spaces are read, because
    it takes time to look through the files of the previous snapshot.
    """
    kept = {kind: known[kind] for kind in _CONTENT} if known else _kept(inventory, reuse, _CONTENT)
    wanted = _in_bulk(inventory, chosen, keys, kept)
    wanted[Kind.CHART] = [
        uuid for uuid in wanted[Kind.CHART] if not reuse.merges(uuid) and uuid not in written
    ]
    return kept, begin_bulk(lightdash, inventory, wanted, readings.workers, merges=chosen.merges)


def _kept(inventory: Inventory, reuse: Reuse, kinds: Iterable[Kind]) -> dict[Kind, dict[str, Kept]]:
    """Return the items of some kinds that need not be read."""
    listed = {
        Kind.SPACE: [row.uuid for row, _ in inventory.spaces],
        Kind.CHART: [row.uuid for row in inventory.summaries],
        Kind.SQL_CHART: [row.uuid for row in inventory.sql_charts],
        Kind.DASHBOARD: [row.uuid for row in inventory.dashboards],
    }
    return {
        kind: {uuid: kept for uuid in listed[kind] if (kept := reuse.kept(kind, uuid)) is not None}
        for kind in kinds
    }


def _is_anything_read(
    inventory: Inventory,
    chosen: ExportSelection,
    keys: Mapping[str, str],
    kept: Mapping[Kind, Collection[str]],
) -> bool:
    """Whether any selected space, chart or dashboard has to be read."""
    rows: dict[Kind, Sequence[schemas.Row]] = {
        Kind.CHART: inventory.summaries,
        Kind.SQL_CHART: inventory.sql_charts,
        Kind.DASHBOARD: inventory.dashboards,
    }
    spaces = (row.uuid for row, _ in inventory.spaces if chosen.wants_in(Kind.SPACE, keys[row.uuid]))
    return any(_to_read(rows, chosen, keys, kept).values()) or any(
        uuid not in kept[Kind.SPACE] for uuid in spaces
    )


def _in_bulk(
    inventory: Inventory,
    chosen: ExportSelection,
    keys: Mapping[str, str],
    kept: Mapping[Kind, Collection[str]],
) -> dict[Kind, list[str]]:
    """Return the charts whose content may come in pages."""
    rows: dict[Kind, Sequence[schemas.Row]] = {
        Kind.CHART: [row for row in inventory.summaries if not chosen.by_itself(row.uuid)],
        Kind.SQL_CHART: inventory.sql_charts,
    }
    return _to_read(rows, chosen, keys, kept)


def _with_history(
    lightdash: Lightdash,
    inventory: Inventory,
    chosen: ExportSelection,
    keys: Mapping[str, str],
    kept: Mapping[Kind, Collection[str]],
) -> dict[Kind, list[str]]:
    """Return the listed items that are read with their history."""
    rows: dict[Kind, Sequence[schemas.Row]] = {
        Kind.DASHBOARD: inventory.dashboards,
        Kind.CHART: inventory.summaries,
    }
    listed = {kind: found for kind, found in rows.items() if chosen.wants_history(kind, lightdash.server)}
    return _to_read(listed, chosen, keys, kept)


def _to_read(
    rows: Mapping[Kind, Sequence[schemas.Row]],
    chosen: ExportSelection,
    keys: Mapping[str, str],
    kept: Mapping[Kind, Collection[str]],
) -> dict[Kind, list[str]]:
    """Return kind -> uuids of the rows that are selected, and not reused."""
    return {
        kind: [
            row.uuid
            for row in listed
            if row.uuid not in kept[kind] and chosen.wants_in(kind, keys.get(row.spaceUuid, ""))
        ]
        for kind, listed in rows.items()
    }


def _explain(
    lightdash: Lightdash, inventory: Inventory, disputed: Mapping[str, str], readings: Readings
) -> None:
    """Read the lists again, and record the disputes about items that have not changed meanwhile.

    Args:
        lightdash: the server.
        inventory: the lists.
        disputed: uuid of an item -> description of how another answer contradicts the lists.
        readings: receives the unexplained disputes.
    """
    if not disputed:
        return
    project = inventory.project.projectUuid
    now = read_settled(lightdash, project, readings.workers, Lists(virtual_views=False))
    readings.moved += sorted(disputed[uuid] for uuid in unexplained(disputed, inventory, now))


def _kept_views(inventory: Inventory, reuse: Reuse) -> dict[str, Kept]:
    """Return the virtual views that need not be read, because their files have the content of their code."""
    project = inventory.project.projectUuid
    uuids = {name: virtual_view_uuid(project, name) for name in inventory.code_views}
    kept = {uuid: reuse.kept_view(uuid, inventory.code_views[name]) for name, uuid in uuids.items()}
    return {uuid: item for uuid, item in kept.items() if item is not None}


def _virtual_views(
    lightdash: Lightdash, inventory: Inventory, kept: Collection[str], readings: Readings
) -> dict[str, JsonObject]:
    """Read the virtual views that are not reused; no list shows when one was changed."""
    project = inventory.project.projectUuid
    names = [name for name in inventory.virtual_views if virtual_view_uuid(project, name) not in kept]
    found = readings.of(Kind.VIRTUAL_VIEW, names, partial(lightdash.virtual_view, project), {})
    return {name: raw for name, (_, raw) in found.items()}


def _with_pins(lightdash: Lightdash, inventory: Inventory, reuse: Reuse, readings: Readings) -> Inventory:
    """Read the pinned list, unless the lists mark the same items as pinned as before."""
    pinned_list = inventory.project.pinnedListUuid
    marked = marked_pins(inventory)
    if pinned_list is None:
        return inventory
    if reuse.pins(marked):
        pins = [
            schemas.Pin.model_validate({"type": kind, "data": {"uuid": uuid, "pinnedListOrder": order}})
            for kind, uuid, order in sorted(marked, key=str)
        ]
        return replace(inventory, pins=pins)
    inventory = replace(inventory, pins=lightdash.pins(inventory.project.projectUuid, pinned_list))
    disputed = pin_contradictions(inventory)
    _explain(lightdash, inventory, disputed, readings)
    return replace(inventory, pins=[pin for pin in inventory.pins if pin.data.uuid not in disputed])


def _dashboards(
    lightdash: Lightdash,
    chosen: ExportSelection,
    inventory: Inventory,
    keys: Mapping[str, str],
    kept: Collection[str],
    past: EarlierVersions,
    readings: Readings,
    written: Mapping[str, tuple[schemas.Dashboard, JsonObject]],
    known: Identity,
) -> dict[str, DashboardRead]:
    """Read the dashboards; their list has no slugs, so these come from the list of content, and must agree.

    Dashboards in `written` are known from the answers to their writes; one that is not in `known` is new and
    has no comments.
    """
    slugs = {row.uuid: row.slug for row in inventory.content}
    wanted = [
        row.uuid
        for row in inventory.dashboards
        if row.uuid not in kept
        and any(chosen.wants_in(kind, keys[row.spaceUuid]) for kind in (Kind.DASHBOARD, Kind.COMMENTS))
    ]
    comments = chosen.wants(Kind.COMMENTS)
    read = partial(read_dashboard, lightdash, comments=comments)
    history = chosen.wants_history(Kind.DASHBOARD, lightdash.server)
    if history or (chosen.uncounted and lightdash.server.tells_history(Kind.DASHBOARD)):
        listed = {row.uuid for row in inventory.summaries}
        read = partial(
            read_saved_dashboard,
            lightdash,
            comments=comments,
            past=past if history else None,
            listed=listed,
        )
    made = [uuid for uuid in wanted if uuid in written]
    wanted = [uuid for uuid in wanted if uuid not in written]
    before = known.known_keys(Kind.DASHBOARD)

    def as_written(uuid: str) -> DashboardRead:
        view, raw = written[uuid]
        said = lightdash.comments(uuid) if comments and uuid in before else None
        return DashboardRead(view, normalise(Kind.DASHBOARD, raw), said)

    dashboards = readings.of(Kind.DASHBOARD, wanted, partial(_storable, read), slugs)
    dashboards |= readings.of(Kind.DASHBOARD, made, partial(_storable, as_written), slugs, "as written")
    readings.moved += [
        f"dashboard {slugs[uuid]} has another slug now"
        for uuid, dashboard in dashboards.items()
        if dashboard.view.slug != slugs[uuid]
    ]
    _find_new_sql_charts(lightdash, inventory, dashboards, readings)
    return dashboards


def _storable(read: Callable[[str], DashboardRead], uuid: str) -> DashboardRead:
    """Read a dashboard, and check that it can be stored before its parts get names."""
    dashboard = read(uuid)
    canonical(dashboard.normal.content)
    return dashboard


def _storable_schedulers(inventory: Inventory, readings: Readings) -> Inventory:
    """Leave out the schedulers that cannot be stored; they are recorded as unread."""
    kept = [
        (row, raw)
        for row, raw in inventory.schedulers or []
        if readings.convert(f"{Kind.SCHEDULER}:{row.name!r}", partial(canonical, raw)) is not None
    ]
    return inventory if inventory.schedulers is None else replace(inventory, schedulers=kept)


def _find_new_sql_charts(
    lightdash: Lightdash, inventory: Inventory, dashboards: Mapping[str, DashboardRead], readings: Readings
) -> None:
    """Record existing SQL charts that tiles show but no list names: they are new."""
    listed = {row.uuid for row in inventory.sql_charts}
    shown = {uuid for dashboard in dashboards.values() for uuid in dashboard.sql_charts()} - listed
    known = partial(is_there, lightdash.sql_chart, inventory.project.projectUuid)
    found = readings.of(Kind.SQL_CHART, sorted(shown), known, {}, "that no list names")
    readings.moved += sorted(
        f"{Kind.SQL_CHART}:{uuid} is in no list, but it is there" for uuid in found if found[uuid]
    )


def _comments(
    lightdash: Lightdash,
    chosen: ExportSelection,
    inventory: Inventory,
    keys: Mapping[str, str],
    kept: Mapping[str, Kept],
    old: Old | None,
    readings: Readings,
) -> dict[str, JsonObject]:
    """Read the comments on reused dashboards, because no list shows a new one."""
    if old is None:
        return {}
    silent = {
        row.uuid: kept[row.uuid].comments is not None
        for row in inventory.dashboards
        if row.uuid in kept and chosen.wants_in(Kind.COMMENTS, keys[row.spaceUuid])
    }
    due = comments_due(old.comments, silent, len(inventory.dashboards), lightdash.today)
    slugs = {row.uuid: row.slug for row in inventory.content}
    return readings.of(Kind.DASHBOARD, due, lightdash.comments, slugs, "for their comments")
