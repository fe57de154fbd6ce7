"""Checks the shape of answers and the parts of paths, and reads lists in pages; for reading and writing.

A view checks each row, and the row itself is returned unchanged. An answer that does not have the shape of
its endpoint is an `UnexpectedAnswer` that names the path, and nothing of the content.

In order: rows of answers, what writes have in common, and lists in pages.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar
from urllib.parse import quote

from pydantic import BaseModel, TypeAdapter, ValidationError

from lightdash_sync.content.documents import first_problem
from lightdash_sync.errors import ApiError, SyncError, UnexpectedAnswer
from lightdash_sync.lightdash.schemas import Uuid

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Hashable

    from lightdash_sync.content.json import Json, JsonObject
    from lightdash_sync.lightdash.session import Session
    from lightdash_sync.lightdash.versions import Server

V = TypeVar("V", bound=BaseModel)

_NEWER = "If this Lightdash is newer than this tool, look for a newer lightdash-sync."


def rows_of(view: type[V], results: Json, path: str, inside: str) -> list[tuple[V, JsonObject]]:
    """Check each row of a list inside an answer; the rows are returned unchanged.

    Raises:
        UnexpectedAnswer: there is no such list, or a row has another shape.
    """
    return viewed(view, results.get(inside) if isinstance(results, dict) else None, path)


def viewed(view: type[V], rows: Json, path: str) -> list[tuple[V, JsonObject]]:
    """Check each row; the rows are returned unchanged.

    Raises:
        UnexpectedAnswer: it is no list, or a row has another shape.
    """
    if not isinstance(rows, list):
        raise unexpected(path, "a list was expected")
    try:
        seen = TypeAdapter(list[view]).validate_python(rows)  # type: ignore[valid-type]
    except ValidationError as error:
        raise unexpected(path, first_problem(error)) from None
    return [(one, row) for one, row in zip(seen, rows, strict=True) if isinstance(row, dict)]


def unexpected(path: str, problem: str, hint: str = _NEWER) -> UnexpectedAnswer:
    """Return the error for an answer to a GET that does not have the shape of its endpoint."""
    message = f"the answer is not as expected: {problem}"
    return UnexpectedAnswer(message, method="GET", path=path, status=200, hint=hint)


def segment(name: str, path: str) -> str:
    """Return a name as one segment of a path; only dots would lead to another path, even if quoted.

    Raises:
        UnexpectedAnswer: the name cannot be a segment.
    """
    if name in ("", ".", ".."):
        raise unexpected(path, f"{name!r} was not expected as a name")
    return quote(name, safe="")


# What all writes have in common: uuids are checked before they become part of a path, and answers are
# checked.
#
# A write is sent once. If it is unknown whether it was carried out, the error says so (`ApiError.unclear`):
# check before sending it again. The endpoints are in `writing`.

_UUID: TypeAdapter[str] = TypeAdapter(Uuid)


class Sender:
    """Writes to one server, with one token.

    Args:
        session: sends the requests.
        server: its version and capabilities; bodies differ between versions.

    Attributes:
        answers: uuid of a chart or dashboard -> the answer to its last write, which is the item as the server
            reads it afterwards (compared with its own answer on a real 0.1372.1 and 1.219.0). Items whose
            last answer was lost are missing.
    """

    def __init__(self, session: Session, server: Server) -> None:
        self.session = session
        self.server = server
        self.answers: dict[str, JsonObject] = {}

    def _post(self, path: str, body: Json = None) -> Json:
        return self.session.write("POST", path, body)

    def _patch(self, path: str, body: Json = None) -> Json:
        return self.session.write("PATCH", path, body)

    def _put(self, path: str, body: Json = None) -> Json:
        return self.session.write("PUT", path, body)

    def _delete(self, path: str) -> None:
        self.session.write("DELETE", path)


def checked(uuid: str) -> str:
    """Return a uuid that may be part of a path; other text would be a 500, or lead to another path.

    Raises:
        SyncError: it is not a uuid.
    """
    try:
        return _UUID.validate_python(uuid)
    except ValidationError:
        raise SyncError(
            f"{uuid!r} is not a uuid, so nothing was sent",
            hint="Some file that keeps uuids was edited by hand: look for this text in it.",
        ) from None


def told(view: type[V], results: Json, method: str, path: str) -> V:
    """Check the answer to a write.

    Raises:
        UnexpectedAnswer: it has another shape; `unclear`, because the write was carried out nevertheless.
    """
    try:
        return view.model_validate(results)
    except ValidationError as error:
        message = f"the answer is not as expected: {first_problem(error)}"
        hint = "If this Lightdash is newer than this tool, look for a newer lightdash-sync."
        unexpected = UnexpectedAnswer(message, method=method, path=path, status=200, hint=hint)
        unexpected.unclear = True
        raise unexpected from None


def taken(content: JsonObject, required: Collection[str], method: str, path: str) -> JsonObject:
    """Return the fields of a body that the server needs.

    Raises:
        ApiError: one is missing; most endpoints would answer 500, some only after half of the work.
    """
    if missing := [name for name in required if name not in content]:
        message = f"not sent, because the content lacks {', '.join(missing)}"
        raise ApiError(message, method=method, path=path, hint="Restore the file from an earlier version.")
    return {name: content[name] for name in required}


def without(content: JsonObject, names: Collection[str]) -> JsonObject:
    """Return content without some fields."""
    return {name: value for name, value in content.items() if name not in names}


def only(content: JsonObject, names: Collection[str]) -> JsonObject:
    """Return some fields of content, if it has them."""
    return {name: value for name, value in content.items() if name in names}


# Lists in pages, read completely or not at all.

_PAGE = 50_000  # rows a page; 0.1372.1 has no upper limit, and cuts lists without paging at 50
_MAX_PAGES = 1000  # a list with more pages is taken to be endless
_READINGS = 5  # maximum number of readings of a list whose pages are not consistent
_PAUSE = 0.2  # seconds; each reading waits that much longer
_AT_REST = "Somebody may be working in the project: run again, if it stays so at a quiet time."


def read_pages(
    session: Session, view: type[V], path: str, query: dict[str, str], key: Callable[[V], Hashable]
) -> list[tuple[V, JsonObject]]:
    """Read all pages of a list.

    Pages have no stable order: when something changes meanwhile, a row may move to a page that was read
    before, and another is repeated. Even for a single page the server counts the rows by another query than
    it reads them. So all pages must announce the same number of rows, that number must arrive, and no page
    may repeat a row of another; otherwise the list is read again.

    Args:
        session: sends the requests.
        view: view of a row.
        path: path of the list.
        query: parameters besides the page.
        key: returns the identity of a row.

    Raises:
        UnexpectedAnswer: the pages do not end, or rows are missing however often they are read.
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
    """The pages are not consistent: something was created or deleted between two of them."""


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
    """Return the rows of a page, and the numbers of pages and rows that it announces."""
    data = results.get("data") if isinstance(results, dict) else None
    pagination = results.get("pagination") if isinstance(results, dict) else None
    if not isinstance(data, list) or not isinstance(pagination, dict):
        raise unexpected(path, "a page of rows was expected")
    pages, total = pagination.get("totalPageCount"), pagination.get("totalResults")
    if not isinstance(pages, int) or not isinstance(total, int):
        raise unexpected(path, "the page does not say how many there are")
    return data, pages, total
