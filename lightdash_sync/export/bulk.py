"""Reads charts a hundred at a time from pages of content as code, and checks them against the lists.

A page has all fields of a chart's own answer, except those that are in the lists (uuid, place, author) and
those that only the chart's own answer has (`content.kinds.CHART_APART`). The result has the same normal form
as that answer without the latter. A chart that is not in the pages exactly once, or that differs from the
lists, is left out and read by itself; so a page that comes back short cannot lose anything.

Since 1.145.0 a chart may merge rows of other queries, and pages (of 1.219.0 at least) leave merges out. On
such a server pages are used only if they contain merges, as those of newer servers do, or if the server's
settings let nobody create one. In the latter case somebody may still have created one by the API, so
`Bulk.guesses` is set.

    lists -> expected charts -> pages, started beside all other reading -> charts that fit, by uuid
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from enum import Enum
from functools import partial
from typing import TYPE_CHECKING

from lightdash_sync.content.json import Json, JsonObject
from lightdash_sync.content.kinds import Kind
from lightdash_sync.errors import ApiError
from lightdash_sync.lightdash.as_code import CodePages, can_be_asked, portions

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from concurrent.futures import Future

    from lightdash_sync.export.inventory import Inventory
    from lightdash_sync.lightdash import schemas
    from lightdash_sync.lightdash.as_code import CodeSqlChart
    from lightdash_sync.lightdash.reading import Lightdash
    from lightdash_sync.workers import Workers

    Page = Sequence[tuple[CodeSqlChart, JsonObject]]

_FLAG = "merge-queries"  # whether people can create merges, by the server's settings

# Fields of a chart that are in a page but not in its own answer.
_ONLY_IN_PAGES = {
    Kind.CHART: frozenset(
        {"dashboardSlug", "spaceSlug", "version", "contentType", "downloadedAt", "verified"}
    ),
    Kind.SQL_CHART: frozenset({"spaceSlug", "version", "contentType", "downloadedAt", "updatedAt"}),
}


@dataclass(frozen=True, slots=True)
class Expected:
    """A chart according to the lists.

    Attributes:
        uuid: uuid of the chart.
        name: its name.
        description: its description.
        saved: when its version was saved, according to the lists: up to some milliseconds after the version's
            own time, and before that of any later version.
        place: slugs of its space (None if the lists do not have it) and of its dashboard (None if in none).
        fields: fields that the page lacks, in the form of its own answer.
    """

    uuid: str
    name: str
    description: str | None
    saved: str
    place: tuple[str | None, str | None]
    fields: JsonObject

    def fits(self, row: CodeSqlChart) -> bool:
        """Whether a row of a page is this chart, in the state of the lists."""
        space, dashboard = self.place
        return (
            (row.name, row.description) == (self.name, self.description)
            and row.updatedAt <= self.saved
            and space in (None, row.spaceSlug)
            and dashboard == getattr(row, "dashboardSlug", None)
        )


class Merges(Enum):
    """What is known about merges of charts before any page is read.

    Attributes:
        NONE: the server does not support merges.
        UNLIKELY: the server's settings let nobody create merges; its API accepts them all the same.
        POSSIBLE: people can create merges, or it is unknown whether they can, or each chart must be checked.
    """

    NONE = "none"
    UNLIKELY = "unlikely"
    POSSIBLE = "possible"


def _merges(lightdash: Lightdash, *, must_be_known: bool) -> Merges:
    """Return what is known about merges; sends a request only if the answer matters."""
    if not lightdash.server.can("merged_charts"):
        return Merges.NONE
    may_be_made = must_be_known or lightdash.flag(_FLAG) is not False
    return Merges.POSSIBLE if may_be_made else Merges.UNLIKELY


@dataclass
class Bulk:
    """Pages that were requested, and the charts in them that fit the lists.

    Attributes:
        pages: kind -> the requested pages, each with its expected charts by slug.
        merges: what is known about merges before.
        guesses: whether charts were returned although no page shows whether they merge anything.
    """

    pages: dict[Kind, list[tuple[Future[Page], Mapping[str, Expected]]]] = field(default_factory=dict)
    merges: Merges = Merges.NONE
    guesses: bool = False

    def found(self, kind: Kind) -> dict[str, JsonObject]:
        """Wait for the pages of a kind, and return uuid -> the chart in the form of its own answer.

        Raises:
            NotAuthorised: the token is not accepted any more.
        """
        found: dict[str, JsonObject] = {}
        extra = _ONLY_IN_PAGES[kind]
        tells_merges = False
        for future, expected in self.pages.get(kind, ()):
            try:
                rows = future.result()
            except ApiError as error:
                if error.status == 401:
                    raise
                continue  # perhaps because of a single chart; reading each one by itself shows which
            tells_merges |= any("merge" in raw for _, raw in rows)
            times = Counter(row.slug for row, _ in rows)
            for row, raw in rows:
                chart = expected.get(row.slug)
                if raw.get("merge") is not None:
                    continue  # the page may have it in another form than the chart's own answer
                if chart is not None and times[row.slug] == 1 and chart.fits(row):
                    kept = {name: value for name, value in raw.items() if name not in extra}
                    found[chart.uuid] = kept | chart.fields
        if kind is Kind.CHART and self.merges is not Merges.NONE and not tells_merges:
            if self.merges is Merges.POSSIBLE:
                return {}
            self.guesses = bool(found)
        return found


def begin_bulk(
    lightdash: Lightdash,
    inventory: Inventory,
    wanted: Mapping[Kind, Iterable[str]],
    workers: Workers,
    *,
    merges: bool = False,
) -> Bulk:
    """Request pages with some charts.

    Args:
        lightdash: the server.
        inventory: the project's lists.
        wanted: kind -> uuids of charts that the lists name.
        workers: start the requests, and continue them while others read.
        merges: whether it must be known of each chart whether it merges anything.
    """
    bulk = Bulk()
    if inventory.chart_total is None:
        return bulk
    pages = CodePages(lightdash.session, lightdash.server, inventory.project.projectUuid)
    ways: dict[Kind, tuple[Callable[[Inventory], list[tuple[str, Expected]]], Callable[..., Page]]] = {
        Kind.CHART: (_charts, pages.charts),
        Kind.SQL_CHART: (_sql_charts, pages.sql_charts),
    }
    for kind, (listed, read) in ways.items():
        uuids = frozenset(wanted.get(kind, ()))
        if kind is Kind.CHART and uuids:
            bulk.merges = _merges(lightdash, must_be_known=merges)
            if bulk.merges is Merges.POSSIBLE and not lightdash.server.is_newer_than_known():
                continue  # its pages leave merges out
        expected = _by_slug(listed(inventory), uuids) if uuids else {}
        chosen = [*portions(expected)]
        futures = workers.begin(partial(read, slugs) for slugs in chosen)
        bulk.pages[kind] = [
            (future, {slug: expected[slug] for slug in slugs})
            for future, slugs in zip(futures, chosen, strict=True)
        ]
    return bulk


def _by_slug(listed: list[tuple[str, Expected]], uuids: frozenset[str]) -> dict[str, Expected]:
    """Return the charts that can be requested; a slug that two charts have identifies neither."""
    times = Counter(slug for slug, _ in listed)
    return {
        slug: chart
        for slug, chart in listed
        if chart.uuid in uuids and times[slug] == 1 and can_be_asked(slug)
    }


def _charts(inventory: Inventory) -> list[tuple[str, Expected]]:
    """Return the explore charts; no list has the author of one inside a dashboard, so that is left out."""
    spaces, slugs = _space_slugs(inventory), {row.uuid: row.slug for row in inventory.content}
    authors = {row.uuid: _author(row) for row in inventory.charts}
    charts = []
    for row in inventory.summaries:
        fields: JsonObject = {
            "uuid": row.uuid,
            "spaceUuid": row.spaceUuid,
            "dashboardUuid": row.dashboardUuid,
        }
        if row.dashboardUuid is None:
            fields["updatedByUser"] = authors.get(row.uuid)
        place = (
            spaces.get(row.spaceUuid),
            slugs.get(row.dashboardUuid, "") if row.dashboardUuid else None,
        )
        described = (row.name, _text(row, "description"), row.updatedAt)
        charts.append((row.slug, Expected(row.uuid, *described, place, fields)))
    return charts


def _sql_charts(inventory: Inventory) -> list[tuple[str, Expected]]:
    """Return the SQL charts, with author and time from the list of content."""
    spaces, told = _space_slugs(inventory), {row.uuid: row for row in inventory.content}
    charts = []
    for row in inventory.sql_charts:
        item, saved, dashboard = told.get(row.uuid), _text(row, "updatedAt"), _text(row, "dashboardUuid")
        if item is None or saved is None or item.createdAt is None or item.lastUpdatedAt != saved:
            continue
        fields: JsonObject = {
            "savedSqlUuid": row.uuid,
            "space": {"uuid": row.spaceUuid},
            "dashboard": {"uuid": dashboard} if dashboard else None,
            "createdAt": item.createdAt,
            "createdBy": _person(item.createdBy),
            "lastUpdatedAt": item.lastUpdatedAt,
            "lastUpdatedBy": _person(item.lastUpdatedBy),
        }
        place = (spaces.get(row.spaceUuid), None)
        charts.append(
            (row.slug, Expected(row.uuid, row.name, _text(row, "description"), saved, place, fields))
        )
    return charts


def _space_slugs(inventory: Inventory) -> dict[str, str]:
    """Return uuid of a space -> its path of slugs in pages, from the path in the list."""
    paths = {row.uuid: raw.get("path") for row, raw in inventory.spaces}
    return {
        uuid: path.replace("_", "-").replace(".", "/")
        for uuid, path in paths.items()
        if isinstance(path, str)
    }


def _text(row: schemas.Row, name: str) -> str | None:
    value = (row.model_extra or {}).get(name)
    return value if isinstance(value, str) else None


def _author(row: schemas.ChartRow) -> Json:
    return (row.model_extra or {}).get("updatedByUser")


def _person(person: schemas.Creator | None) -> Json:
    if person is None:
        return None
    return {"userUuid": person.uuid, "firstName": person.firstName, "lastName": person.lastName}
