"""What every write has in common: uuids are checked before they go into a path, answers after they came.

A write is sent once. If nobody can tell whether it was carried out, the error says so (`ApiError.unclear`):
then look before it is sent again. Endpoints are in `writes` and `deliveries`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from pydantic import BaseModel, TypeAdapter, ValidationError

from lightdash_sync.client.views import Uuid
from lightdash_sync.errors import ApiError, SyncError, UnexpectedAnswer
from lightdash_sync.model.problems import first_problem

if TYPE_CHECKING:
    from collections.abc import Collection

    from lightdash_sync.client.capabilities import Server
    from lightdash_sync.client.session import Session
    from lightdash_sync.model.canonical import Json, JsonObject

V = TypeVar("V", bound=BaseModel)

_UUID: TypeAdapter[str] = TypeAdapter(Uuid)


class Sender:
    """Writes to one server, with one token.

    Args:
        session: sends the requests.
        server: what the server can do; bodies differ between versions.
    """

    def __init__(self, session: Session, server: Server) -> None:
        self.session = session
        self.server = server

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
