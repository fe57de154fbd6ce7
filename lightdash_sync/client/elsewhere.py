"""What Lightdash has besides what a snapshot holds: lists that are only counted, by name.

Each has an endpoint of its own. Those of the Enterprise edition answer 422 `MissingConfigError` without its
licence (1.219.0), 403 or 404; so an answer like these means that the server has nothing of the kind.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lightdash_sync.client.answers import unexpected
from lightdash_sync.errors import ApiError

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeVar

    from lightdash_sync.client.capabilities import Server
    from lightdash_sync.client.session import Session
    from lightdash_sync.model.canonical import Json

    T = TypeVar("T")

_UNLICENSED = "MissingConfigError"
_NOT_FOUND, _FORBIDDEN = 404, 403


@dataclass(frozen=True)
class Elsewhere:
    """A list of something that no snapshot holds.

    Attributes:
        what: it holds.
        path: of its endpoint, with `{p}` for the project and `{o}` for the organisation.
        inside: the field of the answer that holds the rows; "" if the answer is the list.
        named: the field of a row that names it.
        own: field and value of rows that people made, where the server lists its own, too; None if not.
    """

    what: str
    path: str
    inside: str = ""
    named: str = "name"
    own: tuple[str, str] | None = None


_PROJECT = "/api/v1/projects/{p}"
ELSEWHERE = (
    Elsewhere("AI agents", f"{_PROJECT}/aiAgents"),
    Elsewhere("external connections", "/api/v1/ee/projects/{p}/external-connections"),
    Elsewhere("homepages", f"{_PROJECT}/homepage/list"),
    Elsewhere("metrics trees", f"{_PROJECT}/dataCatalog/metrics/trees", "data"),
    Elsewhere(
        "settings of Spotlight's table", f"{_PROJECT}/spotlight/table/config", "columnConfig", "column"
    ),
    Elsewhere("custom roles of the organisation", "/api/v2/orgs/{o}/roles", own=("ownerType", "user")),
    Elsewhere("user attributes of the organisation", "/api/v1/org/attributes"),
)


def lists_elsewhere(server: Server) -> tuple[Elsewhere, ...]:
    """Return the lists that a server may have: none, where an answer does not tell that it has not one."""
    return ELSEWHERE if server.can("json_for_unknown_endpoints") else ()


def is_not_here(error: ApiError) -> bool:
    """Whether a refusal means that the server has nothing of the kind, or nothing for this token."""
    return error.status in (_NOT_FOUND, _FORBIDDEN) or error.name == _UNLICENSED


def if_here(read: Callable[[], T]) -> T | None:
    """Read something, or return None if the server has nothing of the kind."""
    try:
        return read()
    except ApiError as error:
        if is_not_here(error):
            return None
        raise


def names_elsewhere(session: Session, one: Elsewhere, project: str, organisation: str) -> list[str]:
    """Return the names of what is in a list; none if the server has nothing of the kind.

    Args:
        session: sends the request.
        one: the list.
        project: uuid of the project.
        organisation: its uuid.

    Raises:
        ApiError: the list cannot be read.
    """
    path = one.path.format(p=project, o=organisation)
    results = if_here(lambda: session.get(path, bare=True))
    rows = results.get(one.inside) if one.inside and isinstance(results, dict) else results
    if rows is None:
        return []
    if not isinstance(rows, list):
        raise unexpected(path, "a list was expected")
    return [_name(row, one.named) for row in rows if one.own is None or _has(row, *one.own)]


def _name(row: Json, named: str) -> str:
    name = row.get(named) if isinstance(row, dict) else None
    return name if isinstance(name, str) else ""


def _has(row: Json, field: str, value: str) -> bool:
    return isinstance(row, dict) and row.get(field) == value
