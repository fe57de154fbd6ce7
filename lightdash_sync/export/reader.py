"""Reading single items, each in the way that leaves the least trace.

A chart is read through its current version, which the server does not count as a view. A dashboard is too
where the server keeps a history of dashboards, and that is read (`saved`). `GET /dashboards/{u}`, which is
the only way on 0.1372.1 and half the requests elsewhere, counts one view (once an export).
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from lightdash_sync.errors import NotAuthorised, NotFound
from lightdash_sync.model.canonical import JsonObject, canonical, objects, parse
from lightdash_sync.model.kinds import Kind
from lightdash_sync.model.normal import Normal, normalise
from lightdash_sync.snapshot.layout import version_name

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lightdash_sync.client import views
    from lightdash_sync.client.lightdash import Lightdash
    from lightdash_sync.model.canonical import Json
    from lightdash_sync.model.identity import Identity

_FAST = 1  # of zlib; JSON of dashboards becomes a tenth


@dataclass(frozen=True, slots=True)
class ChartRead:
    """A chart as it is now.

    Attributes:
        versions: what the server lists of its history, newest first; the first is the current one.
        view: the chart.
        raw: the chart as the server gives it.
    """

    versions: list[views.Version]
    view: views.Chart
    raw: JsonObject

    @property
    def current(self) -> views.Version:
        """The current version."""
        return self.versions[0]

    def authors(self) -> set[str]:
        """Return the uuids of those who made its versions."""
        return {version.author for version in self.versions if version.author}


@dataclass(frozen=True, slots=True)
class Saved:
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
    def of(cls, version: views.Version, raw: JsonObject) -> Saved:
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

    view: views.Dashboard
    normal: Normal
    comments: JsonObject | None
    versions: tuple[views.Version, ...] = ()
    earlier: Mapping[str, Saved] = field(default_factory=dict)
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


def read_chart(lightdash: Lightdash, uuid: str, versions: list[views.Version] | None = None) -> ChartRead:
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


def read_version(lightdash: Lightdash, uuid: str, version: str) -> tuple[views.ChartVersion, JsonObject]:
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
