"""Writes content into the staging directory, kind by kind, while it is read.

Each method writes files and keeps nothing of them in memory. Earlier versions that the previous snapshot has
are copied from it and never requested again: they do not change, and older servers stop listing them after
some days.

In order: content that the project's lists contain completely, and items that are read one by one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, cast

from lightdash_sync.content.json import canonical
from lightdash_sync.content.keys import external_key, virtual_view_uuid
from lightdash_sync.content.kinds import CHART_APART, PERSONAL, PROJECT_SETTINGS, Kind
from lightdash_sync.content.naming import layouts_of, names_like
from lightdash_sync.content.normal import has_secret, normalise, normalise_comments
from lightdash_sync.content.schedulers import why_not_replayed
from lightdash_sync.content.versions import time_in_name, with_places
from lightdash_sync.export.convert import metrics_of, names_in
from lightdash_sync.export.items import known_author, read_author, read_chart
from lightdash_sync.export.previous import (
    Earlier,
    earlier_versions,
    known_versions,
    old_facts,
    version_when_deleted,
)
from lightdash_sync.export.reuse import SEEN
from lightdash_sync.snapshot.layout import item_path, moment_in_name, version_name, version_path
from lightdash_sync.snapshot.manifest import NotExported

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lightdash_sync.content.json import Json, JsonObject
    from lightdash_sync.export.convert import Converter
    from lightdash_sync.export.inventory import Inventory
    from lightdash_sync.export.items import ChartRead, DashboardRead
    from lightdash_sync.export.previous import EarlierVersions, Old
    from lightdash_sync.export.reuse import Kept
    from lightdash_sync.export.spaces import SpaceRead
    from lightdash_sync.lightdash import schemas
    from lightdash_sync.lightdash.reading import Lightdash
    from lightdash_sync.snapshot.write import Staging


# Content that the lists of a project contain completely: schedulers, virtual views, tags, icons, pins,
# settings.

_PINNED = {"space": Kind.SPACE, "chart": Kind.CHART, "dashboard": Kind.DASHBOARD}
_DEFAULT_ORDER = 100  # the order of new pins; several may have it


class ListWriter:
    """Writes the content of lists for one export.

    Args:
        converter: converts answers to files.
        staging: receives the files.
    """

    def __init__(self, converter: Converter, staging: Staging) -> None:
        self._converter = converter
        self._identity = converter.identity
        self._staging = staging

    def scheduler(self, row: schemas.Scheduler, raw: JsonObject) -> list[NotExported]:
        """Write a scheduler.

        Returns:
            The parts that the snapshot lacks to create it again, with reasons: a secret address, or the
            delivered item.
        """
        key = self._identity.key(Kind.SCHEDULER, row.schedulerUuid)
        self._put(Kind.SCHEDULER, key, raw)
        reasons = [why] if (why := why_not_replayed(raw)) else []
        reasons += ["its webhook address is a secret; keep it elsewhere"] if has_secret(raw) else []
        return [NotExported(what=f"scheduler:{key}", why=why) for why in reasons]

    def virtual_view(self, project: str, name: str, raw: JsonObject) -> None:
        """Write a virtual view, given as an explore."""
        key = self._identity.key(Kind.VIRTUAL_VIEW, virtual_view_uuid(project, name))
        self._put(Kind.VIRTUAL_VIEW, key, raw)

    def tags(self, inventory: Inventory) -> int:
        """Write tags with the metrics that have them.

        Returns:
            The number of tags; the list of tags may have fewer, because those of deleted authors are missing.
        """
        rows = {tag.tagUuid: _category(tag) for metric in inventory.metrics for tag in metric.categories}
        rows |= {row.tagUuid: raw for row, raw in inventory.tags}
        for uuid, raw in rows.items():
            metrics: list[Json] = [
                {"table": table, "metric": name}
                for table, name in sorted(
                    (metric.tableName, metric.name)
                    for metric in inventory.metrics
                    if uuid in {tag.tagUuid for tag in metric.categories}
                )
            ]
            self._put(Kind.TAG, self._identity.key(Kind.TAG, uuid), {**raw, "metrics": metrics})
        return len(rows)

    def metric_icons(self, inventory: Inventory) -> int:
        """Write the icons of metrics, if there are any."""
        icons: list[Json] = [
            {"table": metric.tableName, "metric": metric.name, "icon": {**metric.icon}}
            for metric in sorted(inventory.metrics, key=lambda metric: (metric.tableName, metric.name))
            if metric.icon
        ]
        if icons:
            self._staging.put(item_path(Kind.METRIC_ICONS), self._converter.with_tokens(icons))
        return len(icons)

    def pins(self, inventory: Inventory) -> int:
        """Write the pinned items in their order, if there are any."""
        pins: list[tuple[int, str, str]] = []
        for pin in inventory.pins:
            if (kind := _PINNED.get(pin.type)) is not None:
                order = _DEFAULT_ORDER if pin.data.pinnedListOrder is None else pin.data.pinnedListOrder
                pins.append((order, kind.value, self._identity.key(kind, pin.data.uuid)))
        if pins:
            rows: list[Json] = [
                {"kind": kind, "key": key, "order": order} for order, kind, key in sorted(pins)
            ]
            self._staging.put(item_path(Kind.PINS), canonical(rows))
        return len(pins)

    def project(self, settings: Mapping[str, Json]) -> None:
        """Write the settings of the project that may leave the server; no details of its connection."""
        allowed: JsonObject = {name: settings[name] for name in PROJECT_SETTINGS if name in settings}
        self._staging.put(item_path(Kind.PROJECT), self._converter.with_tokens(allowed))

    def _put(self, kind: Kind, key: str, raw: JsonObject) -> None:
        self._staging.put(item_path(kind, key), self._converter.item(kind, key, normalise(kind, raw)))


def unsupported(inventory: Inventory) -> list[NotExported]:
    """Return what the lists contain but this tool cannot read."""
    left_out = [
        NotExported(
            what=f"{row.source} chart {row.name!r}", why="charts of this source cannot be read with this API"
        )
        for row in inventory.other_charts
    ]
    left_out += [
        NotExported(what=f"pinned {pin.type}", why="items of this type cannot be read with this API")
        for pin in inventory.pins
        if pin.type not in _PINNED
    ]
    return sorted(left_out, key=lambda item: item.what)


def _category(tag: schemas.Category) -> JsonObject:
    return {"tagUuid": tag.tagUuid, "name": tag.name, "color": tag.color}


_UNTOLD = "the API does not show the role of"
_UNREAD = "this Lightdash did not tell the role of"


class WrittenItem(NamedTuple):
    """What was written of an item.

    Attributes:
        versions: number of its earlier versions in the snapshot.
        metrics: ids of the metrics that its current version uses; empty if it was not read.
    """

    versions: int = 0
    metrics: tuple[str, ...] = ()


class ContentWriter:
    """Writes the items of one export.

    Args:
        converter: converts answers to files.
        staging: receives the files.
        old: the snapshot that is being replaced, or None.
        seen: uuid -> fingerprint of the items that lists name.
        past: reads earlier versions; None for none.
        signs: whether to find out who saved a chart inside a dashboard; if not, this is written only where
            the previous snapshot has it for the same version.

    Attributes:
        lists: writes the content of the project's lists.
    """

    def __init__(
        self,
        converter: Converter,
        staging: Staging,
        old: Old | None,
        seen: Mapping[str, str],
        past: EarlierVersions | None,
        *,
        signs: bool,
    ) -> None:
        self._seen = seen
        self._signs = signs
        self._converter = converter
        self._identity = converter.identity
        self._staging = staging
        self._old = old
        self._past = past
        self.lists = ListWriter(converter, staging)

    def names(self, kind: Kind) -> dict[str, str]:
        """Return uuid -> key of all items of a kind."""
        return self._identity.known_keys(kind)

    def key(self, kind: Kind, uuid: str) -> str:
        """Return the key of an item."""
        return self._identity.key(kind, uuid)

    def keep(self, kind: Kind, uuid: str, kept: Kept) -> WrittenItem:
        """Copy an item from the previous snapshot, with its earlier versions.

        Args:
            kind: chart, SQL chart or dashboard.
            uuid: uuid of the item.
            kept: names mentioned in its file, which is known to be intact.
        """
        old, key = cast("Old", self._old), self._identity.key(kind, uuid)
        self._staging.take(item_path(kind, key), old.root / item_path(kind, key), old.manifest.files)
        held = known_versions(old, kind, uuid)
        for name, version in held.items():
            self._keep_version(version_path(kind, key, name), version)
        self._converter.taken_over(kind, key, kept)
        return WrittenItem(len(held))

    def _keep_version(self, path: str, facts: JsonObject) -> None:
        """Copy an earlier version, and record the names mentioned in it."""
        old = cast("Old", self._old)
        data = self._staging.keep(path, old.root / path, old.manifest.files.get(path, "no file"))
        self._converter.author_of(facts)
        self._converter.named(names_in(data))

    def keep_comments(self, uuid: str, kept: Kept) -> int:
        """Copy the comments on a dashboard; return 1 if there are any, else 0."""
        if kept.comments is None:
            return 0
        old = cast("Old", self._old)
        path = item_path(Kind.COMMENTS, self._identity.key(Kind.DASHBOARD, uuid))
        self._staging.take(path, old.root / path, old.manifest.files)
        self._converter.named(kept.comments)
        return 1

    def space(self, uuid: str, read: SpaceRead) -> tuple[list[NotExported], list[NotExported]]:
        """Write a space.

        Returns:
            The grants whose role the API does not report, and those whose role could not be read.
        """
        key, granted = self._identity.key(Kind.SPACE, uuid), read.granted
        personal: JsonObject = {PERSONAL: True} if read.raw.get(PERSONAL) else {}
        self._put(Kind.SPACE, key, read.raw, self._seen_as(uuid) | personal)
        untold, unread = (
            [NotExported(what=f"space:{key}", why=f"{why} {self._identity.person(one)}") for one in people]
            for why, people in ((_UNTOLD, granted.untold), (_UNREAD, granted.unread))
        )
        return untold, unread

    def chart(
        self,
        lightdash: Lightdash,
        uuid: str,
        read: ChartRead | None = None,
        page: JsonObject | None = None,
        *,
        apart: bool,
    ) -> WrittenItem:
        """Write a chart with its earlier versions: from a page, as read before, or by reading it now.

        Args:
            lightdash: the server.
            uuid: uuid of the chart.
            read: the chart, if it was read before.
            page: the chart from a page of charts as code, if there is one.
            apart: whether to write the fields that no page contains.
        """
        if page is not None and (signed := self._signed(lightdash, uuid, page)) is not None:
            return self._current(uuid, signed)
        listed = self._past.history(Kind.CHART, uuid) if self._past is not None and read is None else None
        chart = read or read_chart(lightdash, uuid, listed)
        if self._past is None:
            kept = {name: value for name, value in chart.raw.items() if apart or name not in CHART_APART}
            return self._current(uuid, self._signed(lightdash, uuid, kept) or kept)
        key = self._identity.key(Kind.CHART, uuid)
        versions = self._chart_versions(self._past, key, uuid, chart)
        return self._put_chart(uuid, chart.raw, {"version": chart.current.versionUuid}, versions)

    def _signed(self, lightdash: Lightdash, uuid: str, raw: JsonObject) -> JsonObject | None:
        """Return a chart with the person who saved it; None if it was saved again since.

        For a chart inside a dashboard only its own answer has that. If it need not be known, it is written
        only where the previous snapshot has it for the same version, no matter how the chart was read.
        """
        if not raw.get("dashboardUuid") or (self._signs and "updatedByUser" in raw):
            return raw
        author = known_author(self._converter.known, uuid, raw)
        if self._signs and author is None:
            author = read_author(lightdash, uuid, str(raw.get("updatedAt")))
            if author is None:
                return None
        unsigned = {name: value for name, value in raw.items() if name != "updatedByUser"}
        return unsigned if author is None else unsigned | {"updatedByUser": author}

    def _current(self, uuid: str, raw: JsonObject) -> WrittenItem:
        """Write the current version of a chart, with the earlier ones that the previous snapshot has."""
        earlier = earlier_versions(self._old, Kind.CHART, uuid, "", ())
        held, now = {**earlier.held}, str(raw.get("updatedAt"))
        last = next(reversed([*earlier.names]), "")
        is_another = now != old_facts(self._old, Kind.CHART, uuid).get("updatedAt")
        if is_another and time_in_name(last) == moment_in_name(now):  # it is current again: a server set back
            held.pop(last, None)
        versions = self._held(
            Kind.CHART, self._identity.key(Kind.CHART, uuid), uuid, Earlier(earlier.names, held)
        )
        return self._put_chart(uuid, raw, {}, with_places(versions, earlier.names))

    def _put_chart(self, uuid: str, raw: JsonObject, facts: JsonObject, versions: JsonObject) -> WrittenItem:
        more: JsonObject = {**facts, **self._seen_as(uuid), **({"versions": versions} if versions else {})}
        self._put(Kind.CHART, self._identity.key(Kind.CHART, uuid), raw, more)
        return WrittenItem(len(versions), metrics_of(raw))

    def _chart_versions(self, past: EarlierVersions, key: str, uuid: str, chart: ChartRead) -> JsonObject:
        """Write the earlier versions that the server lists or the previous snapshot has: name -> facts."""
        current = version_name(chart.current.createdAt, chart.current.versionUuid)
        earlier = past.earlier(Kind.CHART, uuid, current, chart.versions)
        written = self._held(Kind.CHART, key, uuid, earlier)
        for name, version in earlier.missing().items():
            view, raw = past.version(Kind.CHART, uuid, version)
            normal = normalise(Kind.CHART, raw)
            author = None if view.createdBy is None else self._converter.person(view.createdBy.model_dump())
            data = self._converter.version(Kind.CHART, key, normal, view.createdAt, author)
            self._staging.put(version_path(Kind.CHART, key, name), data)
            written[name] = {"uuid": version, "createdBy": author}
        return with_places(written, earlier.names)

    def _held(self, kind: Kind, key: str, uuid: str, earlier: Earlier) -> dict[str, JsonObject]:
        """Copy the earlier versions of an item that the previous snapshot has; return name -> facts."""
        for name, facts in earlier.held.items():
            self._keep_version(version_path(kind, key, name), facts)
        versions = {**earlier.held}
        if (last := version_when_deleted(self._old, kind, uuid)) is not None:
            name, facts, data = last
            self._staging.put(version_path(kind, key, name), data)
            self._converter.author_of(facts)
            self._converter.named(names_in(data))
            versions[name] = facts
        return versions

    def sql_chart(
        self, lightdash: Lightdash, project: str, uuid: str, page: JsonObject | None = None
    ) -> WrittenItem:
        """Write a SQL chart from a page, or else by reading it; no server lists earlier versions."""
        raw = lightdash.sql_chart(project, uuid)[1] if page is None else page
        self._put(Kind.SQL_CHART, self._identity.key(Kind.SQL_CHART, uuid), raw, self._seen_as(uuid))
        return WrittenItem()

    def dashboard(self, uuid: str, read: DashboardRead) -> WrittenItem:
        """Write a dashboard, with its earlier versions."""
        key, more = self._identity.key(Kind.DASHBOARD, uuid), self._seen_as(uuid)
        versions = self._dashboard_versions(key, uuid, read)
        if versions:
            more |= {"versions": versions}
        self._staging.put(
            item_path(Kind.DASHBOARD, key),
            self._converter.item(Kind.DASHBOARD, key, read.normal, more),
        )
        return WrittenItem(len(versions))

    def _dashboard_versions(self, key: str, uuid: str, read: DashboardRead) -> JsonObject:
        """Write the earlier versions that were read, or that the previous snapshot has: name -> facts."""
        earlier = earlier_versions(self._old, Kind.DASHBOARD, uuid, read.current, read.versions)
        written = self._held(Kind.DASHBOARD, key, uuid, earlier)
        layouts = layouts_of(self._identity.facts(Kind.DASHBOARD, key) | {"versions": {**written}})
        for name in earlier.missing():
            if (saved := read.earlier.get(name)) is None:
                continue
            normal = saved.normal()
            layout = names_like(normal.content, self._identity, layouts)
            author = None if saved.author is None else self._converter.person(saved.author)
            data = self._converter.version(Kind.DASHBOARD, key, normal, saved.created_at, author, layout)
            self._staging.put(version_path(Kind.DASHBOARD, key, name), data)
            written[name] = {"uuid": saved.uuid, "createdBy": author, **layout}
            layouts.append(layout)
        return with_places(written, earlier.names)

    def comments(self, uuid: str, comments: JsonObject) -> int:
        """Write the comments on a dashboard's tiles.

        Returns:
            1 if there are any, else 0.
        """
        key = self._identity.key(Kind.DASHBOARD, uuid)
        tiles = self._identity.facts(Kind.DASHBOARD, key).get("tiles")
        names = {str(tile): name for name, tile in tiles.items()} if isinstance(tiles, dict) else {}
        said = normalise_comments(comments)
        if not said:
            return 0
        self._converter.findings.add_names(
            external={external_key(tile): tile for tile in said if tile not in names}
        )
        content: JsonObject = {
            names.get(tile) or external_key(tile): comments for tile, comments in said.items()
        }
        self._staging.put(item_path(Kind.COMMENTS, key), self._converter.with_tokens({"tiles": content}))
        return 1

    def _seen_as(self, uuid: str) -> JsonObject:
        """Return the fact with an item's fingerprint; a hidden chart has none."""
        return {SEEN: self._seen[uuid]} if uuid in self._seen else {}

    def _put(self, kind: Kind, key: str, raw: JsonObject, more: JsonObject | None = None) -> None:
        self._staging.put(item_path(kind, key), self._converter.item(kind, key, normalise(kind, raw), more))
