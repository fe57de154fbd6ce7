"""Lists that come in pages, read to their end, and whole or not at all."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from pydantic import BaseModel

from lightdash_sync.client.answers import unexpected, viewed

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

    from lightdash_sync.client.session import Session
    from lightdash_sync.model.canonical import Json, JsonObject

V = TypeVar("V", bound=BaseModel)

_PAGE = 50_000  # rows a page; 0.1372.1 has no upper limit, and cuts lists without paging at 50
_MAX_PAGES = 1000  # a list that goes on longer never ends
_READINGS = 5  # of a list whose pages do not fit together
_PAUSE = 0.2  # seconds more before each of them
_AT_REST = "Somebody may be working in the project: run again, if it stays so at a quiet time."


def read_pages(
    session: Session, view: type[V], path: str, query: dict[str, str], key: Callable[[V], Hashable]
) -> list[tuple[V, JsonObject]]:
    """Read all pages of a list.

    Pages have no stable order: when something changes meanwhile, a row may move to a page that was
    read before, and another comes twice. Even of one page the server counts the rows by another query than
    it reads them. So all pages must announce the same number of rows, as many must come, and no page may
    repeat a row of another; else the list is read again.

    Args:
        session: sends the requests.
        view: of a row.
        path: of the list.
        query: what is asked for besides the page.
        key: what names a row.

    Raises:
        UnexpectedAnswer: pages without end, or rows missing, however often they are read.
    """
    problem = ""
    for number in range(_READINGS):
        session.pacer.sleep(_PAUSE * number)
        try:
            return _read_once(session, view, path, query, key)
        except _Drifted as drifted:
            problem = str(drifted)
    raise unexpected(path, problem, _AT_REST)


class _Drifted(Exception):
    """Pages do not fit together: something was made or deleted between two of them."""


def _read_once(
    session: Session, view: type[V], path: str, query: dict[str, str], key: Callable[[V], Hashable]
) -> list[tuple[V, JsonObject]]:
    rows: dict[Hashable, tuple[V, JsonObject]] = {}
    announced: int | None = None
    came = 0
    for page in range(1, _MAX_PAGES + 1):
        results = session.get(path, {**query, "page": page, "pageSize": _PAGE})
        data, pages, total = _page(results, path)
        if announced not in (None, total):
            raise _Drifted(f"the number of rows went from {announced} to {total}")
        announced = total
        found = {key(one): (one, row) for one, row in viewed(view, data, path)}
        if twice := len(rows.keys() & found.keys()):
            raise _Drifted(f"{twice} rows came twice, so others did not come")
        rows |= found
        came += len(data)
        if page >= pages:
            if came != total:
                raise _Drifted(f"{total} rows were announced, {came} came")
            return list(rows.values())
    raise unexpected(path, f"the list does not end after {_MAX_PAGES} pages")


def _page(results: Json, path: str) -> tuple[list[Json], int, int]:
    """Return the rows of a page, and how many pages and rows it says there are."""
    data = results.get("data") if isinstance(results, dict) else None
    pagination = results.get("pagination") if isinstance(results, dict) else None
    if not isinstance(data, list) or not isinstance(pagination, dict):
        raise unexpected(path, "a page of rows was expected")
    pages, total = pagination.get("totalPageCount"), pagination.get("totalResults")
    if not isinstance(pages, int) or not isinstance(total, int):
        raise unexpected(path, "the page does not say how many there are")
    return data, pages, total
