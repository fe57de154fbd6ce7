"""Lightdash's "content as code": reading charts a hundred at a time, and creating items with a chosen slug.

Reading needs the permission to manage content as code (developers and up), counts no view, and returns no
uuids: a row names its chart, dashboard and space by slug. Pages by offset have no stable order, so charts are
requested by slug, at most a hundred at a time: such an answer is complete. The caller compares it with the
lists; see `export.bulk`.

In order: the two forms of paths, reading, creating with a chosen slug, and finding the holder of a slug.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import quote

from pydantic import Field

from lightdash_sync.content.json import objects
from lightdash_sync.content.kinds import Kind
from lightdash_sync.errors import NotAuthorised, NotFound, SyncError, UnexpectedAnswer
from lightdash_sync.lightdash.promotion import Action
from lightdash_sync.lightdash.requests import Sender, checked, only, rows_of, taken, told, unexpected, without
from lightdash_sync.lightdash.schemas import Uuid, View

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

    from lightdash_sync.content.json import Json, JsonObject
    from lightdash_sync.lightdash.reading import Lightdash
    from lightdash_sync.lightdash.session import Query, Session
    from lightdash_sync.lightdash.versions import Server


# The paths of content as code: `code/KIND` since 0.3406.1, `KIND/code` before.
#
# Lightdash has announced to remove the older form, and a server may have been built with either. So the form
# of the server's version is tried first, and the other one if the first is not found. A write that is
# answered with 404 wrote nothing, so this is safe for writes, too. The form that worked is remembered for the
# session, by kind.

T = TypeVar("T")


def ask_either(
    session: Session, server: Server, project: str, what: str, ask: Callable[[str], T]
) -> tuple[str, T]:
    """Request a list of content as code; return the path that worked, and the result.

    Args:
        session: remembers which form worked.
        server: its version and capabilities.
        project: uuid of the project.
        what: `charts`, `dashboards`, `sqlCharts` or `virtualViews`.
        ask: sends the request to a path.

    Raises:
        NotFound: neither form exists, or the project does not.
    """
    return _either(session, server, project, what, (f"code/{what}", f"{what}/code"), ask)


def write_either(
    session: Session, server: Server, project: str, what: str, slug: str, write: Callable[[str], T]
) -> tuple[str, T]:
    """Write an item of content as code; return the path that worked, and the result.

    Args:
        session: remembers which form worked.
        server: its version and capabilities.
        project: uuid of the project.
        what: as in `ask_either`.
        slug: slug of the item, quoted for a path.
        write: sends the request to a path.

    Raises:
        NotFound: neither form exists, or the project or something that the item needs does not.
    """
    return _either(session, server, project, what, (f"code/{what}/{slug}", f"{what}/{slug}/code"), write)


def _either(
    session: Session,
    server: Server,
    project: str,
    what: str,
    forms: tuple[str, str],
    send: Callable[[str], T],
) -> tuple[str, T]:
    """Send to the form that worked before, or that of the server's version, then to the other.

    If both fail, the error of the first is raised.
    """
    newer = session.newer_code_paths.get(what, server.can("code_paths"))
    first, second = (f"/api/v1/projects/{project}/{end}" for end in (forms if newer else forms[::-1]))
    try:
        return first, send(first)
    except NotFound as error:
        try:
            answer = send(second)
        except NotFound:
            raise error from None
        session.newer_code_paths[what] = not newer
        return second, answer


SLUGS_AT_ONCE = 100  # observed on 0.2904.5: with one more the server cannot read the query
_QUERY = 6_000  # maximum length of the slugs in a query; proxies accept 8,000 characters in all
_BEYOND = 1_000_000_000  # an offset beyond every project: the answer has no rows, but the total number
_MAX_PAGES = 10_000  # a list with more pages is taken to be endless
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


class CodeSlug(View):
    """Any item as code; it has a slug."""

    slug: str


class CodeSqlChart(CodeSlug):
    """A SQL chart as code."""

    name: str
    description: str | None = None
    updatedAt: str
    spaceSlug: str


class CodeChart(CodeSqlChart):
    """An explore chart as code; has `dashboardSlug` if it is inside a dashboard."""

    dashboardSlug: str | None = None


V = TypeVar("V", bound=CodeSqlChart)


class CodePages:
    """The charts of a project as code.

    Args:
        session: sends the requests.
        server: its version and capabilities.
        project: uuid of the project.
    """

    def __init__(self, session: Session, server: Server, project: str) -> None:
        self._session, self._server, self._project = session, server, project

    def _page(self, what: str, query: Query) -> tuple[str, Json]:
        session = self._session
        return ask_either(session, self._server, self._project, what, lambda path: session.get(path, query))

    def count_charts(self) -> int:
        """Return the number of explore charts, including those that no tile of their dashboard shows.

        Raises:
            NotAuthorised: the token may not read content as code.
        """
        path, results = self._page("charts", {"offset": _BEYOND})
        total = results.get("total") if isinstance(results, dict) else None
        if not isinstance(total, int):
            raise unexpected(path, "it does not say how many charts there are")
        return total

    def charts(self, slugs: Sequence[str]) -> list[tuple[CodeChart, JsonObject]]:
        """Return the explore charts with some slugs; slugs without a chart are ignored.

        Args:
            slugs: at most as many as one part of `portions`.
        """
        return [*self._rows(CodeChart, "charts", slugs)]

    def sql_charts(self, slugs: Sequence[str]) -> list[tuple[CodeSqlChart, JsonObject]]:
        """Return the SQL charts with some slugs; see `charts`."""
        return [*self._rows(CodeSqlChart, "sqlCharts", slugs)]

    def all_charts(self) -> Iterator[CodeChart]:
        """Yield the explore charts page by page; while people work, one may be repeated or missing."""
        return (row for row, _ in self._rows(CodeChart, "charts"))

    def holders(self, what: str, slugs: Iterable[str]) -> dict[str, str]:
        """Return slug -> the current slug of the item that has it, or had it before; counts no view.

        An item is found by each slug that it ever had (1.166.0), and its row has the current one. Slugs that
        no item has or had are left out.

        Args:
            what: `charts`, `sqlCharts` or `dashboards`.
            slugs: any number.
        """
        found: dict[str, str] = {}
        for portion in portions(slug for slug in slugs if can_be_asked(slug)):
            found |= self._holders(what, portion)
        return found

    def _holders(self, what: str, slugs: Sequence[str]) -> dict[str, str]:
        """Return the holders of a portion of slugs; several former slugs are requested one by one."""
        rows, missing = self._named(what, slugs)
        there = {row.slug for row in rows}
        found = {slug: slug for slug in slugs if slug in there}
        former = [slug for slug in slugs if slug not in there and slug not in missing]
        if len(slugs) == 1:
            return {slugs[0]: rows[0].slug} if rows else {}
        for slug in former:
            found |= self._holders(what, [slug])
        return found

    def _named(self, what: str, slugs: Sequence[str]) -> tuple[list[CodeSlug], set[str]]:
        """Return the rows for a portion of slugs, and the slugs that the server reports as missing."""
        found: list[CodeSlug] = []
        missing: set[str] = set()
        for path, results in self._answers(what, slugs):
            found += [row for row, _ in rows_of(CodeSlug, results, path, what)]
            lacking = results.get("missingIds")
            missing |= (
                {one for one in lacking if isinstance(one, str)} if isinstance(lacking, list) else set()
            )
        return found, missing

    def _rows(self, view: type[V], what: str, slugs: Sequence[str] = ()) -> Iterator[tuple[V, JsonObject]]:
        """Yield rows of all pages; a server may be configured for fewer than a hundred a page."""
        for path, results in self._answers(what, slugs):
            yield from rows_of(view, results, path, what)

    def _answers(self, what: str, slugs: Sequence[str]) -> Iterator[tuple[str, JsonObject]]:
        """Yield path and result, page by page, to the end."""
        path, offset = what, 0
        for _ in range(_MAX_PAGES):
            query: dict[str, int | Sequence[str]] = {"offset": offset}
            path, results = self._page(what, query | {"ids": [*slugs]} if slugs else query)
            said = results if isinstance(results, dict) else {}
            rows = said.get(what)
            yield path, said
            after, total = said.get("offset"), said.get("total")
            if not isinstance(after, int) or not isinstance(total, int):
                raise unexpected(path, "the page does not say how many there are")
            if not rows or after >= total:
                return
            offset = after
        raise unexpected(path, f"the list does not end after {_MAX_PAGES} pages")


def can_be_asked(slug: str) -> bool:
    """Whether a chart can be requested by a slug; one in the form of a uuid would be taken for a uuid."""
    return bool(slug) and _UUID.fullmatch(slug) is None


def portions(slugs: Iterable[str]) -> Iterator[list[str]]:
    """Split slugs into parts that fit into one request."""
    portion: list[str] = []
    length = 0
    for slug in slugs:
        more = len(quote(slug, safe="")) + len("&ids=")
        if portion and (len(portion) == SLUGS_AT_ONCE or length + more > _QUERY):
            yield portion
            portion, length = [], 0
        portion.append(slug)
        length += more
    if portion:
        yield portion


# Creating items with a chosen slug, by the endpoints of Lightdash's own "content as code".
#
# Each of them creates or *updates*, depending on whether the slug exists, and an update is not intended here:
# the result has the action, and the caller checks before the request and afterwards. A missing space is
# refused, never created (`skipSpaceCreate`). Unlike the ordinary endpoints these do not look for the explore,
# so no 404 comes after the effect. What the body cannot express (unknown keys of a query, palettes) is
# compared afterwards. Facts: docs/lightdash-api.md#content-as-code.

_VERSION = 1  # version of the form of the body
# Fields of a chart in this endpoint's answer that are not in its own answer.
_ONLY_HERE = frozenset({"oldUuid", "spaceSlug", "spacePath"})
_CHART = ("tableName", "metricQuery", "chartConfig", "tableConfig")


class _Item(View):
    uuid: Uuid
    slug: str
    spaceUuid: Uuid | None = None
    dashboardUuid: Uuid | None = None


class _Done(View):
    action: Action
    data: _Item


class _Charts(View):
    charts: list[_Done] = Field(min_length=1, max_length=1)


class _Dashboards(View):
    dashboards: list[_Done] = Field(min_length=1)


@dataclass(frozen=True)
class Upserted:
    """The result of a write.

    Attributes:
        action: `create`, `update` or `no changes`.
        uuid: uuid of the item.
        space: uuid of the space that it is in.
        dashboard: uuid of the dashboard that it is inside, or None.
        raw: the item after the write.
    """

    action: Action
    uuid: str
    space: str | None
    dashboard: str | None
    raw: JsonObject = field(default_factory=dict)


class CodeWrites(Sender):
    """Writes charts and dashboards with a chosen slug."""

    def upsert_chart(
        self, project: str, slug: str, chart: JsonObject, space_path: str, dashboard_slug: str = ""
    ) -> Upserted:
        """`POST /projects/{p}/code/charts/{slug}`.

        Args:
            project: uuid of the project.
            slug: slug of the chart.
            chart: normal form.
            space_path: path of the space (`a_b.c`, as in the list of spaces); for a chart inside a dashboard
                that of the dashboard's space.
            dashboard_slug: slug of the dashboard that it will be inside; "" for none. If there is no such
                dashboard, the server creates an empty one.

        Raises:
            NotFound: there is no space with this path; nothing was written.
            ApiError: 422 if the server rejects the body; nothing was written.
        """
        body = only(chart, ("name", "pivotConfig", "parameters")) | taken(
            chart, _CHART, "POST", "code/charts"
        )
        body |= _place(slug, space_path) | _told(chart, ("description",))
        if dashboard_slug:
            body["dashboardSlug"] = dashboard_slug
        path, results = self._upsert(project, "charts", slug, body)
        done = _upserted(told(_Charts, results, "POST", path).charts[0], results, "charts")
        if done.action == "create":
            self.answers[done.uuid] = without(done.raw, _ONLY_HERE)
        return done

    def upsert_empty_dashboard(
        self, project: str, slug: str, dashboard: JsonObject, space_path: str
    ) -> Upserted:
        """`POST /projects/{p}/code/dashboards/{slug}`: a dashboard with its name, and without tiles.

        Args:
            project: uuid of the project.
            slug: slug of the dashboard.
            dashboard: normal form; only its name is used.
            space_path: as in `upsert_chart`.

        Raises:
            NotFound: as in `upsert_chart`.
            ApiError: as in `upsert_chart`.
        """
        body = taken(dashboard, ("name",), "POST", "code/dashboards") | {"tiles": [], "tabs": []}
        path, results = self._upsert(project, "dashboards", slug, body | _place(slug, space_path))
        return _upserted(told(_Dashboards, results, "POST", path).dashboards[0], results, "dashboards")

    def _upsert(self, project: str, what: str, slug: str, body: JsonObject) -> tuple[str, Json]:
        place = (checked(project), what, _segment(slug))
        return write_either(self.session, self.server, *place, lambda path: self._post(path, body))

    def roll_back_dashboard(self, dashboard: str, version: str) -> None:
        """`POST /dashboards/{u}/rollback/{v}`: charts inside it are rolled back to that time, too."""
        self._post(f"/api/v1/dashboards/{checked(dashboard)}/rollback/{checked(version)}")


def code_path(path: str) -> str:
    """Return the path of a space in the form of these endpoints: `a-b/c` for `a_b.c`.

    The server turns each `-` into `_` and each `/` into `.` again, so both are the same path for it.
    """
    return path.replace("_", "-").replace(".", "/")


def _place(slug: str, space_path: str) -> JsonObject:
    return {
        "slug": slug,
        "spaceSlug": code_path(space_path),
        "version": _VERSION,
        "skipSpaceCreate": True,
    }


def _told(content: JsonObject, names: Collection[str]) -> JsonObject:
    """Return some fields, without null values."""
    return {name: value for name, value in only(content, names).items() if value is not None}


def _segment(slug: str) -> str:
    if slug in ("", ".", ".."):
        raise SyncError(f"{slug!r} is no slug, so nothing was sent")
    return quote(slug, safe="")


def _upserted(done: _Done, results: Json, name: str) -> Upserted:
    rows = objects(results.get(name)) if isinstance(results, dict) else []
    raw = rows[0].get("data")
    item = done.data
    return Upserted(
        done.action, item.uuid, item.spaceUuid, item.dashboardUuid, raw if isinstance(raw, dict) else {}
    )


# Finding the item that has a slug, on servers that create items with a chosen one.
#
# Newer servers also find an item by slugs that it had before it was renamed: such a slug is an *alias* of the
# item, and is not free. Reading a chart or dashboard by its slug counts a view, but not if no item has it,
# and pages of content as code count none.

_ITEMS = {Kind.CHART: "saved", Kind.DASHBOARD: "dashboards"}
_AS_CODE = {Kind.CHART: "charts", Kind.DASHBOARD: "dashboards", Kind.SQL_CHART: "sqlCharts"}


def find_aliases(
    lightdash: Lightdash, project: str, slugs: Mapping[Kind, Collection[str]]
) -> dict[Kind, dict[str, str]]:
    """Return kind -> slug -> the current slug of the item that had it before; aliases only.

    Requests are sent only if the server may have aliases, with a hundred slugs each. The result is empty for
    a token that may not read content as code.

    Args:
        lightdash: the server.
        project: uuid of the project.
        slugs: kind -> slugs that no list of the project has.
    """
    pages, found = CodePages(lightdash.session, lightdash.server, project), dict[Kind, dict[str, str]]()
    for kind, wanted in slugs.items():
        if not wanted or kind not in _AS_CODE or not lightdash.server.may_have_aliases(kind):
            continue
        try:
            holders = pages.holders(_AS_CODE[kind], sorted(wanted))
        except NotAuthorised as error:
            if error.status != 403:
                raise
            continue
        found[kind] = {slug: now for slug, now in holders.items() if now != slug}
    return found


def find_holders(
    lightdash: Lightdash, project: str, kind: Kind, slugs: Collection[str]
) -> dict[str, str] | None:
    """Return slug -> current slug of the items that have or had some slugs; None if not possible at once.

    Args:
        lightdash: the server.
        project: uuid of the project.
        kind: kind of the items.
        slugs: any number.
    """
    if kind not in _AS_CODE or not lightdash.server.can("charts_in_bulk"):
        return None
    if not all(map(can_be_asked, slugs)):
        return None
    try:
        return CodePages(lightdash.session, lightdash.server, project).holders(_AS_CODE[kind], slugs)
    except NotAuthorised as error:
        if error.status != 403:
            raise
        return None


def is_taken(lightdash: Lightdash, kind: Kind, project: str, slug: str) -> bool:
    """Whether an item of a kind has a slug, or had it; hidden charts count, deleted ones do not.

    `GET /saved/{slug}?projectUuid=`, the same of dashboards, or `GET .../sqlRunner/saved/slug/{slug}`.
    """
    try:
        if kind is Kind.SQL_CHART:
            lightdash.session.get(f"/api/v1/projects/{project}/sqlRunner/saved/slug/{quote(slug, safe='')}")
            return True
        return read_by_slug(lightdash, kind, project, slug) is not None
    except NotFound:
        return False
    except NotAuthorised as error:
        if error.status == 403:  # an item that this token cannot see
            return True
        raise


def read_by_slug(lightdash: Lightdash, kind: Kind, project: str, slug: str) -> JsonObject | None:
    """Return a chart or dashboard by its slug or an alias: `GET /saved/{slug}?projectUuid=`.

    The result is None if there is none; an item that was found by an alias has another slug in it. Counts a
    view. Without the project the server would search all projects (docs/lightdash-api.md#uuids-and-slugs).
    """
    path = f"/api/v1/{_ITEMS[kind]}/{quote(slug, safe='')}"
    try:
        results = lightdash.session.get(path, {"projectUuid": project})
    except NotFound:
        return None
    if not isinstance(results, dict) or results.get("projectUuid") != project:
        raise UnexpectedAnswer("an item of the project was expected", method="GET", path=path, status=200)
    return results
