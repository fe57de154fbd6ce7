"""Content as code: a hundred charts in one answer (`GET .../code/charts`, `.../code/sqlCharts`).

Only what is read of these endpoints is here. They need the permission to manage content as code
(developers and up), count no view, and tell no uuid: a row names its chart by slug, its dashboard and
space too. Pages by offset have no stable order, so charts are asked for by slug, at most a hundred at a
time: such an answer is whole. Whoever asks compares what came with the lists; see `export.bulk`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import quote

from lightdash_sync.client.answers import rows_of, unexpected
from lightdash_sync.client.code_paths import ask_either
from lightdash_sync.client.views import View

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from lightdash_sync.client.capabilities import Server
    from lightdash_sync.client.session import Query, Session
    from lightdash_sync.model.canonical import Json, JsonObject

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
