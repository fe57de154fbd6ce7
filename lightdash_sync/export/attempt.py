"""One reading of a project, from its lists to a complete staging directory.

First the structure is read, so that every item has its key; then charts are read and written one after the
other, so that memory does not grow with history. If anything could not be read, the snapshot is not replaced,
and the error names the items. If the project changed so that the result is not consistent, it is set aside,
and the next reading reuses what the lists then prove unchanged.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, cast

from lightdash_sync.content.kinds import CHART_APART, Kind
from lightdash_sync.export.convert import Converter, Findings, metrics_of, unknown_things, unknown_warnings
from lightdash_sync.export.deletions import require_no_shrink
from lightdash_sync.export.hidden import are_missing, find_by_pages, find_by_usage
from lightdash_sync.export.identify import identify, pruned, with_charts, with_former_uuids
from lightdash_sync.export.items import Readings
from lightdash_sync.export.not_exported import (
    GROUPS,
    PALETTES,
    Freshness,
    TakenOver,
    ask_elsewhere,
    known_elsewhere,
    listed_elsewhere,
    what_is_older,
    with_freshness,
    with_unasked,
)
from lightdash_sync.export.spaces import leaves_out_palettes
from lightdash_sync.export.structure import Structure, read_structure
from lightdash_sync.export.unreadable import Skipped, Unreadable
from lightdash_sync.export.writer import ContentWriter, unsupported
from lightdash_sync.lightdash.reading import lists_elsewhere
from lightdash_sync.snapshot.layout import IDENTITY, item_path, versions_of
from lightdash_sync.snapshot.manifest import (
    CONVERSION,
    FORMAT,
    MERGES_OF_CHARTS,
    PALETTES_OF_CHARTS,
    PALETTES_OF_SPACES,
    Manifest,
    NotExported,
    SnapshotSource,
)
from lightdash_sync.snapshot.write import Staging

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from lightdash_sync.content.identity import Identity
    from lightdash_sync.content.json import JsonObject
    from lightdash_sync.export.inventory import Inventory
    from lightdash_sync.export.items import ChartRead, DashboardRead
    from lightdash_sync.export.previous import EarlierVersions, Old
    from lightdash_sync.export.reuse import Kept
    from lightdash_sync.export.selection import ExportSelection
    from lightdash_sync.export.writer import WrittenItem
    from lightdash_sync.lightdash.reading import Lightdash

_NO_PALETTES = "only a chart's own answer tells which it has, and only exports with history read that"
_NO_SPACE_PALETTES = "only a space's own answer tells which it has, and only exports with history read each"
_CUT = "they were not asked for (--history-since); versions that an older snapshot held are kept"
_NO_MERGES = (
    "pages of charts do not tell them; the server lets nobody make any, but who uses its API can, and only "
    "exports with history look"
)
OTHERS_SCHEDULERS = NotExported(
    what="deliveries of other people",
    why="this token may not list the project's, and charts and dashboards tell it its owner's alone",
    count=None,
    unseenKinds=[Kind.SCHEDULER.value],
)
_PRIVATE_SPACES = NotExported(
    what="private spaces that the token's owner has no access to, and what is in them",
    why="the token is not an admin's",
    count=None,
    unseenKinds=[
        kind.value for kind in (Kind.SPACE, Kind.CHART, Kind.SQL_CHART, Kind.DASHBOARD, Kind.SCHEDULER)
    ],
)
_NAMED = 10  # maximum number of items in an error message


def what_stands(old: Old | None) -> str:
    """Return what is left after a failed export, for an error message."""
    return "no snapshot was written" if old is None else "the old snapshot stands as it was"


@dataclass(frozen=True, slots=True)
class Read:
    """The result of one reading of a project.

    Attributes:
        manifest: manifest of what was written.
        identity: its identity map; if the reading is not settled, it has keys of items without a file.
        warnings: warnings for the user.
        freshness: freshness of what was read; the manifest may keep that of an earlier one.
        lists: the project's lists.
        unread: what no answer contained although one should have; it is left out, and the export is
            incomplete.
    """

    manifest: Manifest
    identity: Identity
    warnings: list[str]
    freshness: Freshness
    lists: Inventory
    unread: tuple[NotExported, ...] = ()


@dataclass
class Attempt:
    """One reading of a project; the methods are in the order in which `run` calls them.

    Attributes:
        lightdash: the server.
        project: uuid of the project.
        chosen: what to export.
        replaced: the snapshot that will be replaced, or is only read; None if there is none.
        old: the source of keys, earlier versions and unchanged items: that snapshot, or what an earlier
            reading of this run has set aside; None if there is neither.
        known: keys of `old`, and for items that it does not have.
        staging: receives the files.
        readings: reads items, and records what could not be read and what changed meanwhile.
        past: reads histories and earlier versions.
        skipped: items that the server does not give.
        former: uuid -> the uuids that an item had before it was deleted and restored.
        used: id of a metric -> number of charts that were read and use it.
        nameless: charts whose uuid cannot be found out.
        unread: what no answer contained although one should have.
    """

    lightdash: Lightdash
    project: str
    chosen: ExportSelection
    replaced: Old | None
    old: Old | None
    known: Identity
    staging: Staging
    readings: Readings
    past: EarlierVersions
    former: Mapping[str, list[str]] = field(default_factory=dict)
    skipped: Skipped = field(default_factory=Skipped)
    used: Counter[str] = field(default_factory=Counter)
    nameless: list[NotExported] = field(default_factory=list)
    unread: list[NotExported] = field(default_factory=list)

    def run(self) -> Read:
        """Read and write everything to the staging directory; the snapshot is not replaced."""
        with self.past.survey():
            return self._run()

    def _run(self) -> Read:
        structure = read_structure(
            self.lightdash,
            self.project,
            self.chosen,
            self.old,
            self.known,
            self.readings,
            self.past,
            self.skipped,
        )
        identity = identify(structure, self.known)
        findings = Findings()
        counts: Counter[str] = Counter()
        self._charts(self._writer(identity, findings, structure), structure, counts)
        identity = self._unlisted_charts(identity, findings, structure, counts)
        writer = self._writer(identity, findings, structure)
        left_out = [*self.nameless, *self._spaces_and_dashboards(writer, structure, counts)]
        left_out += self._lists(writer, structure, counts)
        left_out += self._elsewhere(structure.inventory)
        self._require_complete()
        identity = with_former_uuids(pruned(identity, findings), self.former)
        self.readings.doubts |= findings.homeless
        replaced = self.replaced
        left_out += self._not_given(identity)
        if replaced is not None and replaced.is_replaced and not replaced.accept_shrink and self._is_settled:
            require_no_shrink(replaced.manifest, replaced.identity, counts, identity)
        self.staging.put(IDENTITY, identity.to_bytes())
        manifest = Manifest(
            format=FORMAT,
            source=SnapshotSource(
                url=self.lightdash.session.connection.origin.name,
                lightdash=self.lightdash.server.version,
                project=structure.inventory.project.name,
            ),
            selection=self.chosen.in_manifest(),
            counts=dict(sorted(counts.items())),
            leftOut=left_out,
            unknown=unknown_things(identity),
            files=dict(sorted(self.staging.files.items())),
        )
        freshness = self._freshness(structure)
        before = replaced.manifest if replaced is not None and replaced.is_replaced else None
        renews = replaced is not None and replaced.renews
        manifest = with_freshness(manifest, before, freshness, renews=renews)
        warnings = self._warnings(structure, identity, manifest)
        return Read(manifest, identity, warnings, freshness, structure.inventory, tuple(self.unread))

    def _not_given(self, identity: Identity) -> list[NotExported]:
        """Return the items that the export goes on without, as the manifest names them."""
        before = self.replaced.manifest if self.replaced is not None else None
        found = self.skipped.not_exported(identity, before, self.lightdash.today)
        self.unread += found
        return found

    @property
    def _is_settled(self) -> bool:
        """Whether no change of the project was noticed during the reading."""
        return not self.readings.moved

    def _freshness(self, structure: Structure) -> Freshness:
        """Return how fresh the result is; items from an earlier reading of this run count as read."""
        if self.old is None:
            return Freshness(self.lightdash.today)
        if self.old.freshness is not None:
            return self.old.freshness
        kept = self._kept(structure)
        counted = (
            self.chosen.counts_the_rest
            and self._counted_before is not None
            and lists_elsewhere(self.lightdash.server) != ()
        )
        if not any(kept.values()) and not counted and not structure.inventory.is_spared:
            return Freshness(self.lightdash.today)
        taken = TakenOver(kept, structure.comments, numbers=counted)
        older = what_is_older(taken, structure.inventory, self.lightdash.server, self.chosen)
        return Freshness(self.old.whole, older)

    def _kept(self, structure: Structure) -> dict[Kind, dict[str, Kept]]:
        """Return the reused items among the selected ones: kind -> uuid -> item."""
        inventory = structure.inventory
        places = {
            Kind.SPACE: {row.uuid: row.uuid for row, _ in inventory.spaces},
            Kind.CHART: {row.uuid: row.spaceUuid for row in inventory.summaries},
            Kind.SQL_CHART: {row.uuid: row.spaceUuid for row in inventory.sql_charts},
            Kind.DASHBOARD: {row.uuid: row.spaceUuid for row in inventory.dashboards},
        }
        return {
            kind: {
                uuid: item
                for uuid, item in structure.kept[kind].items()
                if self._wants(kind, spaces[uuid], structure)
            }
            for kind, spaces in places.items()
        }

    def _writer(self, identity: Identity, findings: Findings, structure: Structure) -> ContentWriter:
        converter = Converter(identity, self.known, findings)
        history, signs = self.chosen.history, self.chosen.signs(self.lightdash.server)
        past = self.past if history else None
        return ContentWriter(converter, self.staging, self.old, structure.seen, past, signs=signs)

    def _charts(self, writer: ContentWriter, structure: Structure, counts: Counter[str]) -> None:
        """Write charts and SQL charts, which is most of the work."""
        places = {row.uuid: row.spaceUuid for row in structure.inventory.summaries}
        places |= {uuid: chart.view.spaceUuid for uuid, chart in structure.hidden.items()}
        sql_places = {row.uuid: row.spaceUuid for row in structure.inventory.sql_charts}
        told = {
            uuid: {name: value for name, value in raw.items() if name not in CHART_APART}
            for uuid, raw in structure.written.items()
        }
        pages = told | structure.bulk.found(Kind.CHART)
        charts = self._written(
            Kind.CHART,
            places,
            lambda uuid: writer.chart(
                self.lightdash,
                uuid,
                structure.hidden.get(uuid),
                pages.get(uuid),
                apart=self.chosen.by_itself(uuid),
            ),
            writer,
            structure,
        )
        self._count(charts, counts)
        sql_pages = structure.bulk.found(Kind.SQL_CHART)
        sql_charts = self._written(
            Kind.SQL_CHART,
            sql_places,
            lambda uuid: writer.sql_chart(self.lightdash, self.project, uuid, sql_pages.get(uuid)),
            writer,
            structure,
        )
        counts[Kind.SQL_CHART] += len(sql_charts)

    def _written(
        self,
        kind: Kind,
        places: Mapping[str, str],
        read: Callable[[str], WrittenItem],
        writer: ContentWriter,
        structure: Structure,
    ) -> list[WrittenItem]:
        """Write the selected items among some, given with their spaces; read those that are not reused."""
        wanted = [uuid for uuid, space in places.items() if self._wants(kind, space, structure)]
        kept = structure.kept[kind]
        taken = [writer.keep(kind, uuid, kept[uuid]) for uuid in wanted if uuid in kept]
        unread = [uuid for uuid in wanted if uuid not in kept]
        return [*taken, *self.readings.of(kind, unread, read, writer.names(kind)).values()]

    def _unlisted_charts(
        self,
        identity: Identity,
        findings: Findings,
        structure: Structure,
        counts: Counter[str],
    ) -> Identity:
        """Write charts that nothing refers to any more, and return the identity map with their keys.

        A current server returns the number of charts, which shows whether one is missing. On an older one a
        chart leaves the lists when its dashboard changes, so nothing is searched if no dashboard changed. In
        a partial export nothing is searched, because the number of its charts that use a metric is not known.
        """
        if self.chosen.in_manifest().is_partial:
            return identity
        inventory, known = structure.inventory, structure.hidden
        if inventory.chart_total is None and self.old and not structure.dashboards:
            return identity
        found: dict[str, ChartRead] = {}
        if are_missing(self.lightdash, inventory, known):
            self.used.update(self._used_by_kept(structure))
            found = find_by_usage(self.lightdash, inventory, known, self.used, self.readings)
        counted = inventory.chart_total is not None
        if counted and are_missing(self.lightdash, inventory, {**known, **found}):
            more, self.nameless = find_by_pages(self.lightdash, inventory, {**known, **found}, self.readings)
            found |= more
        identity = with_charts(identity, [chart.view for chart in found.values()], self.known)
        writer = self._writer(identity, findings, structure)
        written = self.readings.of(
            Kind.CHART,
            found,
            lambda uuid: writer.chart(self.lightdash, uuid, found[uuid], apart=self.chosen.by_itself(uuid)),
            writer.names(Kind.CHART),
            "that no list names",
        )
        self._count([*written.values()], counts)
        return identity

    def _used_by_kept(self, structure: Structure) -> Iterator[str]:
        """Yield the ids of the metrics of each reused chart, whose file is known to be intact."""
        old = cast("Old", self.old)  # without it nothing is reused
        for uuid in structure.kept[Kind.CHART]:
            yield from metrics_of(old.read(item_path(Kind.CHART, self.known.key(Kind.CHART, uuid))))

    def _count(self, charts: list[WrittenItem], counts: Counter[str]) -> None:
        counts[Kind.CHART] += len(charts)
        for chart in charts:
            counts[versions_of(Kind.CHART)] += chart.versions
            self.used.update(chart.metrics)

    def _spaces_and_dashboards(
        self, writer: ContentWriter, structure: Structure, counts: Counter[str]
    ) -> list[NotExported]:
        """Write spaces and dashboards, which the structure has already."""
        left_out: list[NotExported] = []
        for uuid, read in structure.spaces.items():
            write = partial(writer.space, uuid, read)
            named = self.readings.convert(f"{Kind.SPACE}:{structure.space_key(uuid)}", write)
            if named is not None:
                left_out += [*named[0], *named[1]]
                self.unread += named[1]
        for uuid, item in structure.kept[Kind.SPACE].items():
            if self.chosen.wants_in(Kind.SPACE, structure.space_key(uuid)):
                writer.keep(Kind.SPACE, uuid, item)
                counts[Kind.SPACE] += 1
        counts[Kind.SPACE] += len(structure.spaces)
        for uuid, dashboard in structure.dashboards.items():
            self._dashboard(writer, uuid, dashboard, counts)
        places = {row.uuid: row.spaceUuid for row in structure.inventory.dashboards}
        for uuid, item in structure.kept[Kind.DASHBOARD].items():
            if self._wants(Kind.DASHBOARD, places[uuid], structure):
                self._count_dashboard(writer.keep(Kind.DASHBOARD, uuid, item), counts)
            if not self._wants(Kind.COMMENTS, places[uuid], structure):
                continue
            comments = structure.comments.get(uuid)
            if comments is None:
                counts[Kind.COMMENTS] += writer.keep_comments(uuid, item)
            else:
                counts[Kind.COMMENTS] += self._comments(writer, uuid, comments)
        return sorted(left_out, key=lambda item: (item.what, item.why))

    def _dashboard(
        self, writer: ContentWriter, uuid: str, dashboard: DashboardRead, counts: Counter[str]
    ) -> None:
        """Write a dashboard and the comments on it."""
        key = writer.key(Kind.DASHBOARD, uuid)
        if self.chosen.wants(Kind.DASHBOARD):
            write = partial(writer.dashboard, uuid, dashboard)
            if (written := self.readings.convert(f"{Kind.DASHBOARD}:{key}", write, uuid)) is not None:
                self._count_dashboard(written, counts)
        if dashboard.comments is not None:
            counts[Kind.COMMENTS] += self._comments(writer, uuid, dashboard.comments)

    def _comments(self, writer: ContentWriter, uuid: str, comments: JsonObject) -> int:
        """Write the comments on a dashboard; return 1 if there are any, else 0."""
        write, key = partial(writer.comments, uuid, comments), writer.key(Kind.DASHBOARD, uuid)
        return self.readings.convert(f"{Kind.COMMENTS}:{key}", write) or 0

    def _count_dashboard(self, written: WrittenItem, counts: Counter[str]) -> None:
        counts[Kind.DASHBOARD] += 1
        if written.versions:  # older servers have none, and their snapshots no such count
            counts[versions_of(Kind.DASHBOARD)] += written.versions

    def _lists(self, writer: ContentWriter, structure: Structure, counts: Counter[str]) -> list[NotExported]:
        """Write the content of the lists themselves."""
        inventory = structure.inventory
        left_out: list[NotExported] = []
        if self.chosen.wants(Kind.SCHEDULER):
            rows = structure.schedulers(self.chosen)
            for row, raw in rows:
                key = writer.key(Kind.SCHEDULER, row.schedulerUuid)
                write = partial(writer.lists.scheduler, row, raw)
                left_out += self.readings.convert(f"{Kind.SCHEDULER}:{key}", write) or []
            left_out.sort(key=lambda one: one.what)
            counts[Kind.SCHEDULER] += len(rows)
            if inventory.has_own_schedulers:
                left_out.append(OTHERS_SCHEDULERS)
                self.unread.append(OTHERS_SCHEDULERS)
        if self.chosen.wants(Kind.VIRTUAL_VIEW):
            for name, raw in structure.virtual_views.items():
                put = partial(writer.lists.virtual_view, self.project, name, raw)
                self.readings.convert(f"{Kind.VIRTUAL_VIEW}:{name}", put)
            kept = structure.kept[Kind.VIRTUAL_VIEW]
            for uuid, item in kept.items():
                writer.keep(Kind.VIRTUAL_VIEW, uuid, item)
            counts[Kind.VIRTUAL_VIEW] += len(structure.virtual_views) + len(kept)
        if self.chosen.wants(Kind.TAG):
            counts[Kind.TAG] += writer.lists.tags(inventory)
        if self.chosen.wants(Kind.METRIC_ICONS):
            counts[Kind.METRIC_ICONS] += writer.lists.metric_icons(inventory)
        if self.chosen.wants(Kind.PINS):
            counts[Kind.PINS] += writer.lists.pins(inventory)
        if self.chosen.wants(Kind.PROJECT):
            writer.lists.project(inventory.settings)
            counts[Kind.PROJECT] += 1
        palettes = inventory.has_palettes and inventory.summaries and self.chosen.wants(Kind.CHART)
        if palettes and not self.chosen.singly:
            left_out.append(
                NotExported(what=PALETTES_OF_CHARTS, why=_NO_PALETTES, count=len(inventory.summaries))
            )
        singly, server = self.chosen.whole_spaces, self.lightdash.server
        if self.chosen.wants(Kind.SPACE) and leaves_out_palettes(inventory, server, singly=singly):
            left_out.append(
                NotExported(what=PALETTES_OF_SPACES, why=_NO_SPACE_PALETTES, count=len(inventory.spaces))
            )
        if self._guesses_merges(structure):
            left_out.append(NotExported(what=MERGES_OF_CHARTS, why=_NO_MERGES, count=None))
        if not _sees_all_spaces(self.lightdash, inventory):
            left_out.append(_PRIVATE_SPACES)
        if since := self.chosen.in_manifest().historySince:
            left_out.append(NotExported(what=f"earlier versions from before {since}", why=_CUT))
        return left_out + unsupported(inventory)

    def _guesses_merges(self, structure: Structure) -> bool:
        """Whether any chart was read or reused although it is unknown whether it merges anything."""
        if structure.bulk.guesses:
            return True
        old = self.old.manifest if self.old is not None else None
        return bool(structure.kept[Kind.CHART]) and old is not None and old.leaves_out(MERGES_OF_CHARTS)

    def _elsewhere(self, inventory: Inventory) -> list[NotExported]:
        """Count what snapshots do not contain, if this result is kept."""
        if not self.chosen.counts_the_rest:
            return []
        server = self.lightdash.server
        unasked = [PALETTES] if inventory.is_spared else []
        unasked += [GROUPS] if inventory.has_groups_of_members else []
        groups = inventory.groups if server.can("space_member_role") else ()  # otherwise not always read
        groups = () if inventory.has_groups_of_members else groups
        listed = listed_elsewhere(inventory.content, groups, inventory.palettes, server)
        if (before := self._counted_before) is not None:
            return [*with_unasked(listed, unasked, before), *known_elsewhere(before)]
        return [*listed, *ask_elsewhere(self.lightdash, inventory.project, self.readings.workers)]

    @property
    def _counted_before(self) -> Manifest | None:
        """The manifest from which the numbers of other lists are copied; None if these are requested.

        The manifest of a partial snapshot has no such numbers.
        """
        replaced = self.replaced
        if replaced is None or replaced.full or not replaced.is_replaced:
            return None
        manifest = replaced.manifest
        if manifest.selection.is_partial:
            return None
        same = (manifest.conversion, manifest.source.lightdash) == (CONVERSION, self.lightdash.server.version)
        return manifest if same else None

    def _wants(self, kind: Kind, space: str, structure: Structure) -> bool:
        return self.chosen.wants_in(kind, structure.space_key(space))

    def _require_complete(self) -> None:
        """Check that everything could be read.

        Raises:
            Unreadable: something could not be read; the message names it.
        """
        unread = self.readings.unread
        if not unread:
            return
        named = "; ".join(f"{item.what}: {item.error.message}" for item in unread[:_NAMED])
        more = f"; and {len(unread) - _NAMED} more" if len(unread) > _NAMED else ""
        count = f"{len(unread)} {'item' if len(unread) == 1 else 'items'}"
        raise Unreadable(
            f"{count} could not be read ({named}{more}); {what_stands(self.replaced)}",
            unread[0].error.hint or "Export again; if it stays so, open the named items in Lightdash.",
            unread,
        )

    def _warnings(self, structure: Structure, identity: Identity, manifest: Manifest) -> list[str]:
        """Return warnings for the user, including what may be missing without a trace."""
        warnings: list[str] = []
        server, inventory = self.lightdash.server, structure.inventory
        if server.is_newer_than_known():
            warnings.append(f"Lightdash {server.version} is newer than any version this tool was tried on.")
        warnings += unknown_warnings(unknown_things(identity))
        if Kind.SPACE in manifest.unseen():
            warnings.append(
                "The token is not an admin's: private spaces, and what is in them, may be missing."
            )
        if inventory.members is None:
            warnings.append(
                "The token may not list the organisation's members: people without a grant have no e-mail."
            )
        if self.chosen.wants_history(Kind.DASHBOARD, server):
            closed = sum(not dashboard.versions for dashboard in structure.dashboards.values())
            if closed:
                dashboards = "1 dashboard" if closed == 1 else f"{closed} dashboards"
                warnings.append(
                    f"The token may not read the history of {dashboards}: new versions are missing."
                )
        if identity.external:
            warnings.append(
                f"References outside the project, to what is not in this snapshot: {len(identity.external)} "
                "(`external` in identity.json)."
            )
        return warnings


def _sees_all_spaces(lightdash: Lightdash, inventory: Inventory) -> bool:
    """Whether private spaces are visible, too; the list of spaces shows that, unless it is empty."""
    if inventory.spaces:  # a personal space of somebody else does not show the reader's role
        return any(row.reader_is_admin for row, _ in inventory.spaces)
    return lightdash.user().sees_all_spaces(inventory.project.projectUuid)
