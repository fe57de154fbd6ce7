"""The shape of the answers to GETs, checked before anybody relies on it.

A view looks at each row, and the row itself stays as it came. What is not as its endpoint promises is an
`UnexpectedAnswer` that names the path, and says nothing of the content.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar
from urllib.parse import quote

from pydantic import BaseModel, TypeAdapter, ValidationError

from lightdash_sync.errors import UnexpectedAnswer
from lightdash_sync.model.problems import first_problem

if TYPE_CHECKING:
    from lightdash_sync.model.canonical import Json, JsonObject

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
