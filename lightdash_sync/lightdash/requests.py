"""The shape of the answers to GETs, checked before anybody relies on it.

A view looks at each row, and the row itself stays as it came. What is not as its endpoint promises is an
`UnexpectedAnswer` that names the path, and says nothing of the content.
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
    """Look at each row of a list inside an answer; the row itself stays as it came.

    Raises:
        UnexpectedAnswer: there is no such list, or a row is of another shape.
    """
    return viewed(view, results.get(inside) if isinstance(results, dict) else None, path)


def viewed(view: type[V], rows: Json, path: str) -> list[tuple[V, JsonObject]]:
    """Look at each row; the row itself stays as it came.

    Raises:
        UnexpectedAnswer: this is no list, or a row is of another shape.
    """
    if not isinstance(rows, list):
        raise unexpected(path, "a list was expected")
    try:
        seen = TypeAdapter(list[view]).validate_python(rows)  # type: ignore[valid-type]
    except ValidationError as error:
        raise unexpected(path, first_problem(error)) from None
    return [(one, row) for one, row in zip(seen, rows, strict=True) if isinstance(row, dict)]


def unexpected(path: str, problem: str, hint: str = _NEWER) -> UnexpectedAnswer:
    """Return the error for an answer to a GET that is not what its endpoint promises."""
    message = f"the answer is not as expected: {problem}"
    return UnexpectedAnswer(message, method="GET", path=path, status=200, hint=hint)


def segment(name: str, path: str) -> str:
    """Return a name as one segment of a path; dots alone would lead out of it, quoted or not.

    Raises:
        UnexpectedAnswer: the name is none that a segment may have.
    """
    if name in ("", ".", ".."):
        raise unexpected(path, f"{name!r} was not expected as a name")
    return quote(name, safe="")


# What every write has in common: uuids are checked before they go into a path, answers after they came.
#
# A write is sent once. If nobody can tell whether it was carried out, the error says so
# (`ApiError.unclear`): then look before it is sent again. Endpoints are in `writing`.

_UUID: TypeAdapter[str] = TypeAdapter(Uuid)


class Sender:
    """Writes to one server, with one token.

    Args:
        session: sends the requests.
        server: what the server can do; bodies differ between versions.

    Attributes:
        answers: uuid of a chart or dashboard -> what the server said of it when it was written last. The
            answers to these writes are the item as the server reads it afterwards (compared with its own
            answer on a real 0.1372.1 and 1.219.0). Without those whose last answer was lost.
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
    """Return a uuid that may go into a path; any other text would be a 500, or lead to another path.

    Raises:
        SyncError: it is no uuid.
    """
    try:
        return _UUID.validate_python(uuid)
    except ValidationError:
        raise SyncError(
            f"{uuid!r} is not a uuid, so nothing was sent",
            hint="Some file that keeps uuids was edited by hand: look for this text in it.",
        ) from None


def told(view: type[V], results: Json, method: str, path: str) -> V:
    """Look at the answer to a write.

    Raises:
        UnexpectedAnswer: of another shape; `unclear`, because the write was carried out nevertheless.
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
    """Return content less some fields."""
    return {name: value for name, value in content.items() if name not in names}


def only(content: JsonObject, names: Collection[str]) -> JsonObject:
    """Return some fields of content, as far as it has them."""
    return {name: value for name, value in content.items() if name in names}


# Lists that come in pages, read to their end, and whole or not at all.

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
