"""Reading many items, and remembering which could not be read.

What cannot be read is collected by name. An item that a list names and that is gone is no such item: the
project changed under the reading. What shows that is collected, too, so that what was read meanwhile is kept;
`Moved` is only for what makes the rest of a reading useless.
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
    """The project changed while it was read, so that nothing can be made of this reading.

    Args:
        what: what was seen, in words.
    """


@dataclass
class Readings:
    """Reads items with all workers, and remembers which could not be read.

    Attributes:
        workers: the threads.
        unread: what could not be read so far.
        moved: what showed that the project changed meanwhile, in words: the reading is no snapshot yet.
        doubts: what may show it, or may always be so, in words; if the next reading has the same, it is so.
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
    ) -> dict[str, R]:
        """Read some items of a kind.

        Args:
            kind: for the progress, and to name what cannot be read.
            uuids: the items; for metrics and explores, their names.
            read: reads one.
            names: uuid -> key or slug, where there is one.
            which: more words for the progress, such as "that no list names".

        Returns:
            uuid -> what was read; without those that could not be, and those that are gone.
        """
        nouns = KINDS[kind].noun if isinstance(kind, Kind) else (kind, f"{kind}s")
        noun = nouns[0 if len(uuids) == 1 else 1]
        pairs, unread = self.workers.run(
            f"{noun} {which}".strip(),
            uuids,
            lambda uuid: (uuid, _converted(partial(read, uuid))),
            lambda uuid: f"{kind}:{names.get(uuid) or uuid}",
        )
        self.moved += [f"{item.what} is gone" for item in unread if isinstance(item.error, NotFound)]
        self.unread += [item for item in unread if not isinstance(item.error, NotFound)]
        return dict(pairs)

    def convert(self, what: str, work: Callable[[], R]) -> R | None:
        """Do something with one item, and remember it as unread, by name, if it cannot be converted.

        Args:
            what: `kind:key`.
            work: what to do.

        Returns:
            What came of it; None if nothing did.
        """
        try:
            return _converted(work)
        except Unconvertible as error:
            self.unread.append(Unread(what, error))
            return None


def _converted(work: Callable[[], R]) -> R:
    """Do something with one item; whatever is odd about it is said of this item, and ends nothing else.

    Raises:
        Unconvertible: it cannot be done. Anything of our own passes, and so does what the disk says.
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
# A chart is read through its current version, which the server does not count as a view. A dashboard is
# too where the server keeps a history of dashboards, and that is read (`read_saved_dashboard`). `GET
# /dashboards/{u}`, which is the only way on 0.1372.1 and half the requests elsewhere, counts one view
# (once an export).

_FAST = 1  # of zlib; JSON of dashboards becomes a tenth


@dataclass(frozen=True, slots=True)
class ChartRead:
    """A chart as it is now.

    Attributes:
        versions: what the server lists of its history, newest first; the first is the current one.
        view: the chart.
        raw: the chart as the server gives it.
    """

    versions: list[schemas.VersionRow]
    view: schemas.Chart
    raw: JsonObject

    @property
    def current(self) -> schemas.VersionRow:
        """The current version."""
        return self.versions[0]

    def authors(self) -> set[str]:
        """Return the uuids of those who made its versions."""
        return {version.author for version in self.versions if version.author}


@dataclass(frozen=True, slots=True)
class SavedVersion:
    """An earlier version of a dashboard.

    Attributes:
        uuid: of the version.
        created_at: when it was saved, as the server says it.
        author: who saved it; None if the server does not say.
        packed: the dashboard as it was then.
    """

    uuid: str
    created_at: str
    author: JsonObject | None
    packed: bytes

    @classmethod
    def of(cls, version: schemas.VersionRow, raw: JsonObject) -> SavedVersion:
        """Pack a version."""
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
        view: what we rely on of it.
        normal: its normal form.
        comments: by tile uuid, as the server gives them; None if they were not read.
        versions: what the server lists of its history, newest first; empty if that was not read.
        earlier: those of its earlier versions that were read, by name.
        formerly: the uuids of explore charts on their tiles.
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
    """Return the uuids of explore charts on the tiles of a dashboard, as the server has it."""
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
    """Return who saved a chart, if an older snapshot has it in the same version; None if it does not say.

    Args:
        known: identity map of the older snapshot.
        uuid: of the chart.
        chart: as it is now; the author of a version never changes.
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
    """Return who saved the current version of a chart, as the chart says it; None if it is a later one.

    Args:
        lightdash: the server.
        uuid: of the chart.
        saved: time of the version.
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
    """Read a dashboard, and the comments on it if wanted."""
    view, raw = lightdash.dashboard(uuid)
    said = lightdash.comments(uuid) if comments else None
    return DashboardRead(view, normalise(Kind.DASHBOARD, raw), said)


def find_hidden(lightdash: Lightdash, project: str, uuid: str, *, may_be_deleted: bool) -> ChartRead | None:
    """Read a chart that something refers to but no list names.

    0.1372.1 lists a chart saved in a dashboard only while the latest version of that dashboard shows it.

    Args:
        lightdash: the server.
        project: uuid of the project.
        uuid: of the chart.
        may_be_deleted: whether nothing says that it is there now, as of an earlier version of a dashboard.

    Returns:
        The chart, or None if it is gone, of another project, or not to be seen.

    Raises:
        NotFound: it is gone though the server itself refers to it.
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
# The current version says all that the dashboard itself does, counts no view, and has to be asked for a
# history anyway. It differs in one thing: it still names charts that were deleted but can be restored,
# where the dashboard shows an empty tile. Such a tile is emptied here too, so that both ways give the
# same bytes.
#
# Earlier versions are read with it, because their tiles name charts that no list has any more. They are
# kept packed: a project may have thousands.

_TRIES = 10  # somebody may save between two requests


def read_saved_dashboard(
    lightdash: Lightdash,
    uuid: str,
    *,
    comments: bool,
    past: EarlierVersions | None,
    listed: Collection[str],
) -> DashboardRead:
    """Read a dashboard through its current version, and its earlier versions if wanted.

    Args:
        lightdash: the server.
        uuid: of the dashboard.
        comments: whether to read the comments on it.
        past: reads the earlier versions that the older snapshot does not hold; None for none.
        listed: the uuids of all charts that a list names.

    Returns:
        The dashboard; without versions, and counted as a view, if the token may not read its history.

    Raises:
        Moved: it is being saved all the time.
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
    """Add the earlier versions that the older snapshot does not hold."""
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

    The dashboard in a version names the current one. If that is another, somebody saved since the history was
    read, and it is the one to read. Versions between them are in no list until the next export.
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
    """Empty the tiles of charts that are gone; the version does not say that they are."""
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
