"""Writing content into the staging directory, kind by kind, as it is read.

Each method leaves the files of one kind; none keeps what it has written. Earlier versions that an older
snapshot holds are taken over from there and never asked for again: they do not change, and older
servers stop listing them after some days.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, cast

from lightdash_sync.export.lists import ListWriter
from lightdash_sync.export.names import metrics_of, names_in
from lightdash_sync.export.reader import known_author, read_author, read_chart
from lightdash_sync.export.reuse import SEEN
from lightdash_sync.export.versions import (
    Earlier,
    earlier_versions,
    known_versions,
    version_when_deleted,
)
from lightdash_sync.model.keys import external_key
from lightdash_sync.model.kinds import CHART_APART, PERSONAL, Kind
from lightdash_sync.model.naming import layouts_of, names_like
from lightdash_sync.model.normal import normalise, normalise_comments
from lightdash_sync.snapshot.layout import item_path, moment_in_name, version_name, version_path
from lightdash_sync.snapshot.manifest import LeftOut

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lightdash_sync.client.lightdash import Lightdash
    from lightdash_sync.export.convert import Converter
    from lightdash_sync.export.old import Old
    from lightdash_sync.export.past import Past
    from lightdash_sync.export.reader import ChartRead, DashboardRead
    from lightdash_sync.export.reuse import Kept
    from lightdash_sync.export.spaces import SpaceRead
    from lightdash_sync.model.canonical import JsonObject
    from lightdash_sync.snapshot.write import Staging

_UNTOLD = "the API does not show the role of"
_UNREAD = "this Lightdash did not tell the role of"


class Written(NamedTuple):
    """What was written of an item.

    Attributes:
        versions: how many earlier versions the snapshot has.
        metrics: ids of the metrics that its current version uses; none if it was not read.
    """

    versions: int = 0
    metrics: tuple[str, ...] = ()


class ContentWriter:
    """Writes items of one export.

    Args:
        converter: makes files of answers.
        staging: takes the files.
        old: the snapshot being replaced, or None.
        seen: uuid -> fingerprint of what the lists name.
        past: reads earlier versions; None for none.
        signs: whether it is told who saved a chart inside a dashboard; if not, only where the old snapshot
            tells it of the same version.

    Attributes:
        lists: writes what the lists of the project hold.
    """

    def __init__(
        self,
        converter: Converter,
        staging: Staging,
        old: Old | None,
        seen: Mapping[str, str],
        past: Past | None,
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

    def keep(self, kind: Kind, uuid: str, kept: Kept) -> Written:
        """Take an item over from the old snapshot, with its earlier versions.

        Args:
            kind: chart, SQL chart or dashboard.
            uuid: of the item.
            kept: what its file was seen to name; the file was seen to be whole.
        """
        old, key = cast("Old", self._old), self._identity.key(kind, uuid)
        self._staging.take(item_path(kind, key), old.root / item_path(kind, key), old.manifest.files)
        held = known_versions(old, kind, uuid)
        for name, version in held.items():
            self._keep_version(version_path(kind, key, name), version)
        self._converter.taken_over(kind, key, kept)
        return Written(len(held))

    def _keep_version(self, path: str, facts: JsonObject) -> None:
        """Take an earlier version over, and note whom it names."""
        old = cast("Old", self._old)
        data = self._staging.keep(path, old.root / path, old.manifest.files.get(path, "no file"))
        self._converter.author_of(facts)
        self._converter.named(names_in(data))

    def keep_comments(self, uuid: str, kept: Kept) -> int:
        """Take the comments of a dashboard over; return 1 if there are any, else 0."""
        if kept.comments is None:
            return 0
        old = cast("Old", self._old)
        path = item_path(Kind.COMMENTS, self._identity.key(Kind.DASHBOARD, uuid))
        self._staging.take(path, old.root / path, old.manifest.files)
        self._converter.named(kept.comments)
        return 1

    def space(self, uuid: str, read: SpaceRead) -> tuple[list[LeftOut], list[LeftOut]]:
        """Write a space.

        Returns:
            The grants whose role the API does not show, and those whose role could not be read.
        """
        key, granted = self._identity.key(Kind.SPACE, uuid), read.granted
        personal: JsonObject = {PERSONAL: True} if read.raw.get(PERSONAL) else {}
        self._put(Kind.SPACE, key, read.raw, self._seen_as(uuid) | personal)
        untold, unread = (
            [LeftOut(what=f"space:{key}", why=f"{why} {self._identity.person(one)}") for one in people]
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
    ) -> Written:
        """Write a chart, with its earlier versions: as a page tells it, as it was read, or as it is read now.

        Args:
            lightdash: the server.
            uuid: of the chart.
            read: the chart, if it was read before.
            page: the chart as a page tells it, if one does.
            apart: whether what no page tells of it is written.
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
        """Return a chart with who saved it; None if it was saved again since.

        Of a chart inside a dashboard only its own answer tells that. If it need not be known, it is told only
        where the old snapshot tells it of the same version, however the chart was read.
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

    def _current(self, uuid: str, raw: JsonObject) -> Written:
        """Write the current version of a chart, with the earlier ones that the old snapshot holds."""
        now = moment_in_name(str(raw.get("updatedAt")))
        known = earlier_versions(self._old, Kind.CHART, uuid, "", ()).held
        held = {name: facts for name, facts in known.items() if name.partition("-")[0] != now}
        versions = self._held(Kind.CHART, self._identity.key(Kind.CHART, uuid), uuid, Earlier(held=held))
        return self._put_chart(uuid, raw, {}, versions)

    def _put_chart(self, uuid: str, raw: JsonObject, facts: JsonObject, versions: JsonObject) -> Written:
        more: JsonObject = {**facts, **self._seen_as(uuid), **({"versions": versions} if versions else {})}
        self._put(Kind.CHART, self._identity.key(Kind.CHART, uuid), raw, more)
        return Written(len(versions), metrics_of(raw))

    def _chart_versions(self, past: Past, key: str, uuid: str, chart: ChartRead) -> JsonObject:
        """Write the earlier versions that the server lists or the old snapshot knows: name -> facts."""
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
        return written

    def _held(self, kind: Kind, key: str, uuid: str, earlier: Earlier) -> JsonObject:
        """Take over what the old snapshot holds of an item's earlier versions; return name -> facts."""
        for name, facts in earlier.held.items():
            self._keep_version(version_path(kind, key, name), facts)
        versions: JsonObject = {**earlier.held}
        if (last := version_when_deleted(self._old, kind, uuid)) is not None:
            name, facts, data = last
            self._staging.put(version_path(kind, key, name), data)
            self._converter.author_of(facts)
            self._converter.named(names_in(data))
            versions[name] = facts
        return versions

    def sql_chart(
        self, lightdash: Lightdash, project: str, uuid: str, page: JsonObject | None = None
    ) -> Written:
        """Write a SQL chart as a page tells it, else as it is read; no server tells earlier versions."""
        raw = lightdash.sql_chart(project, uuid)[1] if page is None else page
        self._put(Kind.SQL_CHART, self._identity.key(Kind.SQL_CHART, uuid), raw, self._seen_as(uuid))
        return Written()

    def dashboard(self, uuid: str, read: DashboardRead) -> Written:
        """Write a dashboard, with its earlier versions."""
        key, more = self._identity.key(Kind.DASHBOARD, uuid), self._seen_as(uuid)
        versions = self._dashboard_versions(key, uuid, read)
        if versions:
            more |= {"versions": versions}
        self._staging.put(
            item_path(Kind.DASHBOARD, key),
            self._converter.item(Kind.DASHBOARD, key, read.normal, more),
        )
        return Written(len(versions))

    def _dashboard_versions(self, key: str, uuid: str, read: DashboardRead) -> JsonObject:
        """Write the earlier versions that were read, or that the old snapshot holds: name -> facts."""
        earlier = earlier_versions(self._old, Kind.DASHBOARD, uuid, read.current, read.versions)
        written = self._held(Kind.DASHBOARD, key, uuid, earlier)
        layouts = layouts_of(self._identity.facts(Kind.DASHBOARD, key) | {"versions": {**written}})
        for name in sorted(earlier.missing().keys() & read.earlier.keys()):
            saved = read.earlier[name]
            normal = saved.normal()
            layout = names_like(normal.content, self._identity, layouts)
            author = None if saved.author is None else self._converter.person(saved.author)
            data = self._converter.version(Kind.DASHBOARD, key, normal, saved.created_at, author, layout)
            self._staging.put(version_path(Kind.DASHBOARD, key, name), data)
            written[name] = {"uuid": saved.uuid, "createdBy": author, **layout}
            layouts.append(layout)
        return written

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
        """Return the fact that holds an item's fingerprint; a hidden chart has none."""
        return {SEEN: self._seen[uuid]} if uuid in self._seen else {}

    def _put(self, kind: Kind, key: str, raw: JsonObject, more: JsonObject | None = None) -> None:
        self._staging.put(item_path(kind, key), self._converter.item(kind, key, normalise(kind, raw), more))
