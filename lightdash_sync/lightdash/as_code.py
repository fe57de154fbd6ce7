"""Content as code: a hundred charts in one answer (`GET .../code/charts`, `.../code/sqlCharts`).

Only what is read of these endpoints is here. They need the permission to manage content as code
(developers and up), count no view, and tell no uuid: a row names its chart by slug, its dashboard and
space too. Pages by offset have no stable order, so charts are asked for by slug, at most a hundred at a
time: such an answer is whole. Whoever asks compares what came with the lists; see `export.bulk`.
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


# Where a server has its content as code: `code/KIND` since 0.3406.1, `KIND/code` before.
#
# The older form is announced to go away, and a server may have been built with either. So the form of the
# server's version is asked first, and the other one where the first is not found. What is answered with 404
# wrote nothing, so this goes for writes, too. Which form a kind was found at is remembered for the session.

T = TypeVar("T")


def ask_either(
    session: Session, server: Server, project: str, what: str, ask: Callable[[str], T]
) -> tuple[str, T]:
    """Ask a list of content as code; return its path and what it answers.

    Args:
        session: remembers which form was found.
        server: where.
        project: uuid of the project.
        what: `charts`, `dashboards`, `sqlCharts` or `virtualViews`.
        ask: sends the request to a path.

    Raises:
        NotFound: neither form is there, or the project is not.
    """
    return _either(session, server, project, what, (f"code/{what}", f"{what}/code"), ask)


def write_either(
    session: Session, server: Server, project: str, what: str, slug: str, write: Callable[[str], T]
) -> tuple[str, T]:
    """Write an item of content as code; return the path and what it answers.

    Args and errors as of `ask_either`; `slug` of the item, as it stands in a path.
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
    """Send to the form that was found before, or that of the server's version, then to the other.

    The first refusal is the one that is raised.
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
_QUERY = 6_000  # characters of slugs in a query; proxies take 8,000 in all
_BEYOND = 1_000_000_000  # an offset that no project reaches: the answer has no rows, and the number of all
_MAX_PAGES = 10_000  # pages that go on longer never end
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


class CodeSlug(View):
    """Anything as code: it has a slug."""

    slug: str


class CodeSqlChart(CodeSlug):
    """A SQL chart as code."""

    name: str
    description: str | None = None
    updatedAt: str
    spaceSlug: str


class CodeChart(CodeSqlChart):
    """An explore chart as code; `dashboardSlug` if it lives in a dashboard."""

    dashboardSlug: str | None = None


V = TypeVar("V", bound=CodeSqlChart)


class CodePages:
    """The charts of a project as code.

    Args:
        session: sends the requests.
        server: what it can do.
        project: uuid of the project.
    """

    def __init__(self, session: Session, server: Server, project: str) -> None:
        self._session, self._server, self._project = session, server, project

    def _page(self, what: str, query: Query) -> tuple[str, Json]:
        session = self._session
        return ask_either(session, self._server, self._project, what, lambda path: session.get(path, query))

    def count_charts(self) -> int:
        """Return how many explore charts there are, those included that no tile of their dashboard shows.

        Raises:
            NotAuthorised: the token may not read content as code.
        """
        path, results = self._page("charts", {"offset": _BEYOND})
        total = results.get("total") if isinstance(results, dict) else None
        if not isinstance(total, int):
            raise unexpected(path, "it does not say how many charts there are")
        return total

    def charts(self, slugs: Sequence[str]) -> list[tuple[CodeChart, JsonObject]]:
        """Return the explore charts with some slugs; those that are missing are missing in the answer.

        Args:
            slugs: at most as many as `portions` gives at once.
        """
        return [*self._rows(CodeChart, "charts", slugs)]

    def sql_charts(self, slugs: Sequence[str]) -> list[tuple[CodeSqlChart, JsonObject]]:
        """Return the SQL charts with some slugs; as `charts`."""
        return [*self._rows(CodeSqlChart, "sqlCharts", slugs)]

    def all_charts(self) -> Iterator[CodeChart]:
        """Yield the explore charts page by page; while people work, one may come twice, or never."""
        return (row for row, _ in self._rows(CodeChart, "charts"))

    def holders(self, what: str, slugs: Iterable[str]) -> dict[str, str]:
        """Return slug -> the current slug of what has it, or had it before it was renamed; counts no view.

        An item is found by each slug that it ever had (1.166.0), and its row tells its current one. A slug
        that nothing has, or had, is missing in what is returned.

        Args:
            what: `charts`, `sqlCharts` or `dashboards`.
            slugs: any number.
        """
        found: dict[str, str] = {}
        for portion in portions(slug for slug in slugs if can_be_asked(slug)):
            found |= self._holders(what, portion)
        return found

    def _holders(self, what: str, slugs: Sequence[str]) -> dict[str, str]:
        """Return the holders of a portion of slugs; of several former ones each is asked for by itself."""
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
        """Return what a portion of slugs names, and those that name nothing, by the server's own word."""
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
        """Yield rows of all pages; a server may be set to give fewer than a hundred at once."""
        for path, results in self._answers(what, slugs):
            yield from rows_of(view, results, path, what)

    def _answers(self, what: str, slugs: Sequence[str]) -> Iterator[tuple[str, JsonObject]]:
        """Yield the path and what it answers, page by page, to the end."""
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
    """Whether a slug names a chart in a query: the server takes a uuid for that of a chart."""
    return bool(slug) and _UUID.fullmatch(slug) is None


def portions(slugs: Iterable[str]) -> Iterator[list[str]]:
    """Divide slugs into as many as one request can name."""
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


# Creation with a chosen slug, by the endpoints of Lightdash's own "content as code".
#
# Each of them creates or *updates*, whichever the slug calls for, and an update is not what is wanted here:
# its answer says what it did, and whoever calls looks before and at the answer after. A space that does not
# exist is refused, never made (`skipSpaceCreate`). Unlike the ordinary endpoints they look for no explore,
# so no 404 comes late. What the body cannot say (unknown keys of a query, palettes) is compared afterwards.
# Facts: docs/lightdash-api.md#content-as-code.

_VERSION = 1  # of the form of the body
# What this endpoint says of a chart, and its own answer does not.
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
    """What the server did.

    Attributes:
        action: `create`, `update` or `no changes`.
        uuid: of the item.
        space: uuid of the space that it is in.
        dashboard: uuid of the dashboard that it is inside, or None.
        raw: the item as it is now.
    """

    action: Action
    uuid: str
    space: str | None
    dashboard: str | None
    raw: JsonObject = field(default_factory=dict)


class CodeWrites(Sender):
    """Charts and dashboards with a slug of our choosing."""

    def upsert_chart(
        self, project: str, slug: str, chart: JsonObject, space_path: str, dashboard_slug: str = ""
    ) -> Upserted:
        """`POST /projects/{p}/code/charts/{slug}`.

        Args:
            project: its uuid.
            slug: that of the chart.
            chart: normal form.
            space_path: path of the space (`a_b.c`, as the list of spaces tells it); for a chart inside a
                dashboard that of the dashboard's space.
            dashboard_slug: of the dashboard that it is to be inside; "" for none. If there is no such
                dashboard, the server makes an empty one.

        Raises:
            NotFound: there is no space of that path; nothing was written.
            ApiError: 422 if the body does not pass the server's checks; nothing was written.
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
        """`POST /projects/{p}/code/dashboards/{slug}`: of the dashboard only the name; no tiles.

        Args and errors as of `upsert_chart`.
        """
        body = taken(dashboard, ("name",), "POST", "code/dashboards") | {"tiles": [], "tabs": []}
        path, results = self._upsert(project, "dashboards", slug, body | _place(slug, space_path))
        return _upserted(told(_Dashboards, results, "POST", path).dashboards[0], results, "dashboards")

    def _upsert(self, project: str, what: str, slug: str, body: JsonObject) -> tuple[str, Json]:
        place = (checked(project), what, _segment(slug))
        return write_either(self.session, self.server, *place, lambda path: self._post(path, body))

    def roll_back_dashboard(self, dashboard: str, version: str) -> None:
        """`POST /dashboards/{u}/rollback/{v}`: charts inside it go back to that moment, too."""
        self._post(f"/api/v1/dashboards/{checked(dashboard)}/rollback/{checked(version)}")


def code_path(path: str) -> str:
    """Return the path of a space in the words of these endpoints: `a-b/c` for `a_b.c`.

    The server turns each `-` into `_` and each `/` into `.` again, so it is the same path for it.
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
    """Return some fields, those that are not null."""
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


# What has a slug in a project, for servers that create with a chosen one.
#
# Newer servers find an item by the slugs that it had before it was renamed, too: such a slug is an
# *alias* of the item, and taken like any other. Reading a chart or dashboard by its slug counts a view;
# there is nothing to count where nothing has it, and pages of content as code count none.

_ITEMS = {Kind.CHART: "saved", Kind.DASHBOARD: "dashboards"}
_AS_CODE = {Kind.CHART: "charts", Kind.DASHBOARD: "dashboards", Kind.SQL_CHART: "sqlCharts"}


def find_aliases(
    lightdash: Lightdash, project: str, slugs: Mapping[Kind, Collection[str]]
) -> dict[Kind, dict[str, str]]:
    """Return kind -> slug -> the current slug of the item that had it before; only of aliases.

    Asks only where the server may know aliases, a hundred slugs at once. Returns nothing for a token that may
    not read content as code.

    Args:
        lightdash: the server.
        project: uuid of the project.
        slugs: kind -> slugs that no list of the project names.
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
    """Return slug -> current slug of what has some slugs, or had them; None if that cannot be asked at once.

    Args:
        lightdash: the server.
        project: uuid of the project.
        kind: of the items.
        slugs: as many as are looked at together.
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
    """Whether an item of a kind has a slug, or had it; hidden charts count, the trash does not.

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
        if error.status == 403:  # somebody's whom this token does not see
            return True
        raise


def read_by_slug(lightdash: Lightdash, kind: Kind, project: str, slug: str) -> JsonObject | None:
    """Return a chart or dashboard by its slug, or by one that it had: `GET /saved/{slug}?projectUuid=`.

    None if there is none. What was found by an alias says another slug of itself. Counts a view.
    Without the project the server would look in all of them (docs/lightdash-api.md#uuids-and-slugs).
    """
    path = f"/api/v1/{_ITEMS[kind]}/{quote(slug, safe='')}"
    try:
        results = lightdash.session.get(path, {"projectUuid": project})
    except NotFound:
        return None
    if not isinstance(results, dict) or results.get("projectUuid") != project:
        raise UnexpectedAnswer("an item of the project was expected", method="GET", path=path, status=200)
    return results
