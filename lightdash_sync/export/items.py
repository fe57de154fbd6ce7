"""Reads many items in parallel, and records which could not be read.

What cannot be read is recorded by name. An item that a list names but that no longer exists is not recorded
as unread: it shows that the project changed during the reading. Such changes are recorded, too, so that what
was read in the meantime is kept; `Moved` is raised only where the rest of the reading would be useless.

In order: the collection of readings, reading single items, and reading dashboards by their versions.
"""

from __future__ import annotations

import logging
import zlib
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Literal, TypeVar

from lightdash_sync.content.json import JsonObject, canonical, objects, parse
from lightdash_sync.content.kinds import KINDS, Kind
from lightdash_sync.content.normal import Normal, normalise
from lightdash_sync.errors import NotAuthorised, NotFound, SyncError, Unconvertible
from lightdash_sync.snapshot.layout import version_name
from lightdash_sync.workers import Unread

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from lightdash_sync.content.identity import Identity
    from lightdash_sync.content.json import Json
    from lightdash_sync.export.previous import EarlierVersions
    from lightdash_sync.lightdash import schemas
    from lightdash_sync.lightdash.reading import Lightdash
    from lightdash_sync.workers import Workers

R = TypeVar("R")

log = logging.getLogger(__name__)

_OPEN_IT = (
    "Open the item in Lightdash and save it with less in it; if there is nothing odd, report this as a bug."
)


class Moved(Exception):
    """The project changed while it was read, so that the reading is useless.

    Args:
        what: description of the change.
    """


@dataclass
class Readings:
    """Reads items with all workers, and records which could not be read.

    Attributes:
        workers: the threads.
        unread: what could not be read so far.
        moved: descriptions of changes during the reading; if there are any, it is not a snapshot yet.
        doubts: descriptions of what may be a change or a permanent state; if the next reading has the same
            ones, they are permanent.
    """

    workers: Workers
    unread: list[Unread] = field(default_factory=list)
    moved: list[str] = field(default_factory=list)
    doubts: set[str] = field(default_factory=set)

    def of(
        self,
        kind: Kind | Literal["metric", "explore"],
        uuids: Collection[str],
        read: Callable[[str], R],
        names: Mapping[str, str],
        which: str = "",
        noun: tuple[str, str] | None = None,
    ) -> dict[str, R]:
        """Read some items of a kind.

        Args:
            kind: kind of the items, for the progress and for the names of unread items.
            uuids: the items; for metrics and explores, their names.
            read: reads one item.
            names: uuid -> key or slug, where known.
            which: more words for the progress, such as "that no list names".
            noun: of what is counted, one and several, if these are not the items themselves.

        Returns:
            uuid -> what was read; without items that could not be read or no longer exist.
        """
        nouns = noun or (KINDS[kind].noun if isinstance(kind, Kind) else (kind, f"{kind}s"))
        counted = nouns[0 if len(uuids) == 1 else 1]
        pairs, unread = self.workers.run(
            f"{counted} {which}".strip(),
            uuids,
            lambda uuid: (uuid, _converted(partial(read, uuid))),
            lambda uuid: f"{kind}:{names.get(uuid) or uuid}",
        )
        self.moved += [f"{item.what} is gone" for item in unread if isinstance(item.error, NotFound)]
        self.unread += [
            replace(item, kind=str(kind)) for item in unread if not isinstance(item.error, NotFound)
        ]
        return dict(pairs)

    def convert(self, what: str, work: Callable[[], R], uuid: str = "") -> R | None:
        """Convert one item, or record it as unread if it cannot be converted.

        Args:
            what: `kind:key` of the item.
            work: the conversion.
            uuid: uuid of the item, if an export can go on without it.

        Returns:
            The result of `work`; None if it failed.
        """
        try:
            return _converted(work)
        except Unconvertible as error:
            self.unread.append(Unread(what, error, what.partition(":")[0], uuid))
            return None


def _converted(work: Callable[[], R]) -> R:
    """Do some work on one item, and turn any unexpected error into one about this item.

    Raises:
        Unconvertible: the work failed. Errors of this tool and of the disk are passed on unchanged.
    """
    try:
        return work()
    except (SyncError, Moved, OSError):
        raise
    except Exception as error:
        log.info("an item cannot be converted", exc_info=True)
        why = "nested too deeply" if isinstance(error, RecursionError) else str(error) or type(error).__name__
        raise Unconvertible(f"its content cannot be stored: {why}", hint=_OPEN_IT) from error


# Reading single items, each in the way that leaves the least trace.
#
# A chart is read through its current version, which the server does not count as a view. So is a dashboard if
# the server keeps a history of dashboards and the history is exported (`read_saved_dashboard`). `GET
# /dashboards/{u}`, which is the only way on 0.1372.1 and takes half the requests elsewhere, counts one view
# for each export.

_FAST = 1  # level of zlib; it shrinks the JSON of dashboards to a tenth


@dataclass(frozen=True, slots=True)
class ChartRead:
    """A chart as it is now.

    Attributes:
        versions: the server's list of its versions, newest first; the first is the current one.
        view: the fields of the chart that the export relies on.
        raw: the chart as the server returns it.
    """

    versions: list[schemas.VersionRow]
    view: schemas.Chart
    raw: JsonObject

    @property
    def current(self) -> schemas.VersionRow:
        """The current version."""
        return self.versions[0]

    def authors(self) -> set[str]:
        """Return the uuids of the authors of its versions."""
        return {version.author for version in self.versions if version.author}


@dataclass(frozen=True, slots=True)
class SavedVersion:
    """An earlier version of a dashboard.

    Attributes:
        uuid: uuid of the version.
        created_at: when it was saved, in the server's form.
        author: who saved it; None if the server does not report it.
        packed: the dashboard in this version, compressed.
    """

    uuid: str
    created_at: str
    author: JsonObject | None
    packed: bytes

    @classmethod
    def of(cls, version: schemas.VersionRow, raw: JsonObject) -> SavedVersion:
        """Compress a version."""
        author = None if version.createdBy is None else version.createdBy.model_dump()
        return cls(version.versionUuid, version.createdAt, author, zlib.compress(canonical(raw), _FAST))

    def normal(self) -> Normal:
        """Return the dashboard as it was then, in normal form."""
        raw = parse(zlib.decompress(self.packed))
        return normalise(Kind.DASHBOARD, raw if isinstance(raw, dict) else {})


@dataclass(frozen=True, slots=True)
class DashboardRead:
    """A dashboard as it is now.

    Attributes:
        view: the fields of the dashboard that the export relies on.
        normal: its normal form.
        comments: by tile uuid, as the server returns them; None if they were not read.
        versions: the server's list of its versions, newest first; empty if that was not read.
        earlier: earlier versions that were read, by name.
        formerly: the uuids of explore charts on the tiles of these earlier versions.
    """

    view: schemas.Dashboard
    normal: Normal
    comments: JsonObject | None
    versions: tuple[schemas.VersionRow, ...] = ()
    earlier: Mapping[str, SavedVersion] = field(default_factory=dict)
    formerly: frozenset[str] = frozenset()

    @property
    def current(self) -> str:
        """The name of its current version."""
        facts = self.normal.facts
        return version_name(str(facts.get("updatedAt")), str(facts.get("versionUuid")))

    def charts(self) -> set[str]:
        """Return the uuids of explore charts on its tiles."""
        return charts_on(self.normal.content)

    def sql_charts(self) -> set[str]:
        """Return the uuids of SQL charts on its tiles."""
        return _shown_by(self.normal.content, "savedSqlUuid")


def charts_on(dashboard: JsonObject) -> set[str]:
    """Return the uuids of explore charts on the tiles of a dashboard in the server's form."""
    return _shown_by(dashboard, "savedChartUuid")


def _shown_by(dashboard: JsonObject, field: str) -> set[str]:
    shown = (tile.get("properties") for tile in objects(dashboard.get("tiles")))
    return {uuid for shows in shown if isinstance(shows, dict) and isinstance(uuid := shows.get(field), str)}


def read_chart(
    lightdash: Lightdash, uuid: str, versions: list[schemas.VersionRow] | None = None
) -> ChartRead:
    """Read a chart without counting as a view: its history, unless that is given, and its current version."""
    versions = versions or lightdash.chart_history(uuid)
    version, chart = read_version(lightdash, uuid, versions[0].versionUuid)
    return ChartRead(versions, version.chart, chart)


def known_author(known: Identity, uuid: str, chart: JsonObject) -> Json | None:
    """Return who saved a chart, if the previous snapshot has it in the same version; None if unknown.

    Args:
        known: identity map of the previous snapshot.
        uuid: uuid of the chart.
        chart: the chart as it is now; the author of a version never changes.
    """
    facts = known.facts(Kind.CHART, known.key(Kind.CHART, uuid))
    person = facts.get("updatedBy")
    if facts.get("updatedAt") != chart.get("updatedAt") or not isinstance(person, str):
        return None
    about = known.people.get(person, {})
    return {
        "userUuid": known.person_uuid(person),
        **{name: about.get(name) for name in ("firstName", "lastName")},
    }


def read_author(lightdash: Lightdash, uuid: str, saved: str) -> Json | None:
    """Return who saved the current version of a chart, by its history; None if it was saved again since.

    Args:
        lightdash: the server.
        uuid: uuid of the chart.
        saved: time of the expected current version.
    """
    current = lightdash.chart_history(uuid)[0]
    if current.createdAt != saved:
        return None
    author = current.createdBy
    return {"userUuid": None} if author is None else author.model_dump()


def read_version(lightdash: Lightdash, uuid: str, version: str) -> tuple[schemas.ChartVersion, JsonObject]:
    """Read one version of a chart; the second value is the chart inside it."""
    view, raw = lightdash.chart_version(uuid, version)
    chart = raw.get("chart")
    return view, chart if isinstance(chart, dict) else {}


def read_dashboard(lightdash: Lightdash, uuid: str, *, comments: bool) -> DashboardRead:
    """Read a dashboard, and the comments on it if `comments` is true."""
    view, raw = lightdash.dashboard(uuid)
    said = lightdash.comments(uuid) if comments else None
    return DashboardRead(view, normalise(Kind.DASHBOARD, raw), said)


def find_hidden(lightdash: Lightdash, project: str, uuid: str, *, may_be_deleted: bool) -> ChartRead | None:
    """Read a chart that something refers to but that no list names.

    0.1372.1 lists a chart that is saved in a dashboard only while the latest version of the dashboard shows
    it.

    Args:
        lightdash: the server.
        project: uuid of the project.
        uuid: uuid of the chart.
        may_be_deleted: whether the chart may have been deleted, because only an earlier version of a
            dashboard refers to it.

    Returns:
        The chart, or None if it was deleted, belongs to another project, or cannot be seen.

    Raises:
        NotFound: the chart does not exist although the server itself refers to it.
    """
    try:
        chart = read_chart(lightdash, uuid)
    except NotFound:
        if may_be_deleted:
            return None
        raise
    except NotAuthorised as error:
        if error.status == 403:
            return None
        raise
    return chart if chart.raw.get("projectUuid") == project else None


# Reading dashboards through their versions, where the server keeps a history of them.
#
# The current version contains all that the dashboard itself does, counts no view, and its history has to be
# requested anyway. There is one difference: it still names charts that were deleted but can be restored,
# where the dashboard shows an empty tile. Such tiles are emptied here, so that both ways give the same bytes.
#
# Earlier versions are read along with it, because their tiles name charts that are in no list any more. They
# are kept compressed: a project may have thousands.

_TRIES = 10  # somebody may save between two requests


def read_saved_dashboard(
    lightdash: Lightdash,
    uuid: str,
    *,
    comments: bool,
    past: EarlierVersions | None,
    listed: Collection[str],
) -> DashboardRead:
    """Read a dashboard through its current version, and its earlier versions if `past` is given.

    Args:
        lightdash: the server.
        uuid: uuid of the dashboard.
        comments: whether to read the comments on it.
        past: reads the earlier versions that the previous snapshot does not have; None for none.
        listed: the uuids of all charts that a list names.

    Returns:
        The dashboard; without versions, and counted as a view, if the token may not read its history.

    Raises:
        Moved: the dashboard is saved again each time.
    """
    try:
        listing = past.history(Kind.DASHBOARD, uuid) if past else lightdash.dashboard_history(uuid)
        versions, view, raw = _current(lightdash, uuid, listing)
    except NotAuthorised as error:
        if error.status != 403:
            raise
        return read_dashboard(lightdash, uuid, comments=comments)
    raw = _emptied(lightdash, raw, charts_on(raw) - set(listed))
    said = lightdash.comments(uuid) if comments else None
    read = DashboardRead(view, normalise(Kind.DASHBOARD, raw), said, tuple(versions))
    return _with_earlier(past, uuid, read) if past else read


def _with_earlier(past: EarlierVersions, uuid: str, read: DashboardRead) -> DashboardRead:
    """Add the earlier versions that the previous snapshot does not have."""
    earlier: dict[str, SavedVersion] = {}
    shown: set[str] = set()
    missing = past.earlier(Kind.DASHBOARD, uuid, read.current, read.versions).missing()
    for name, version in missing.items():
        found, then = past.version(Kind.DASHBOARD, uuid, version)
        shown |= charts_on(then)
        earlier[name] = SavedVersion.of(found, then)
    return replace(read, earlier=earlier, formerly=frozenset(shown))


def _current(
    lightdash: Lightdash, uuid: str, versions: list[schemas.VersionRow]
) -> tuple[list[schemas.VersionRow], schemas.Dashboard, JsonObject]:
    """Read the current version, and return it with the history.

    The dashboard in a version names the current version. If that is another one, somebody saved since the
    history was read, and that version is read instead. Versions in between are added by the next export.
    """
    current = versions[0].versionUuid
    for _ in range(_TRIES):
        version, raw = _version(lightdash, uuid, current)
        if current != versions[0].versionUuid:
            versions = [version, *versions]
        if version.dashboard.versionUuid in (None, current):
            return versions, version.dashboard, raw
        current = version.dashboard.versionUuid
    raise Moved(f"dashboard {uuid} is being saved")


def _version(lightdash: Lightdash, uuid: str, version: str) -> tuple[schemas.DashboardVersion, JsonObject]:
    view, raw = lightdash.dashboard_version(uuid, version)
    dashboard = raw.get("dashboard")
    return view, dashboard if isinstance(dashboard, dict) else {}


def _emptied(lightdash: Lightdash, raw: JsonObject, unlisted: Collection[str]) -> JsonObject:
    """Empty the tiles whose charts were deleted; the version does not show that."""
    gone = {chart for chart in sorted(unlisted) if _is_gone(lightdash, chart)}
    if not gone:
        return raw
    return raw | {"tiles": [_without(tile, gone) for tile in objects(raw.get("tiles"))]}


def _is_gone(lightdash: Lightdash, chart: str) -> bool:
    try:
        lightdash.chart_history(chart)
    except NotFound:
        return True
    except NotAuthorised as error:
        if error.status != 403:
            raise
    return False


def _without(tile: JsonObject, gone: Collection[str]) -> JsonObject:
    shows = tile.get("properties")
    if isinstance(shows, dict) and shows.get("savedChartUuid") in gone:
        return tile | {"properties": shows | {"savedChartUuid": None}}
    return tile
