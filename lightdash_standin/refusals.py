"""Errors of the server: one exception for all, and a constructor for each kind.

Names, status codes and texts are those of 0.1372.1; `as_told` converts them to those of a newer version.
`tests/standin/test_recordings.py` and its neighbour compare them with recordings.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

NO_ACCESS = "You don't have access to this resource or action"


class Refusal(Exception):
    """An error answer: status code, error name, message and data, as in the server's error envelope."""

    def __init__(self, status: int, name: str, message: str, data: dict[str, Any] | None = None) -> None:
        super().__init__(f"{status} {name}: {message}")
        self.status = status
        self.name = name
        self.message = message
        self.data = data or {}


def forbidden(message: str = NO_ACCESS) -> Refusal:
    """403 ForbiddenError."""
    return Refusal(403, "ForbiddenError", message)


def unauthorized(message: str) -> Refusal:
    """401 AuthorizationError, as JSON (a missing header gives plain text instead)."""
    return Refusal(401, "AuthorizationError", message)


def not_found(message: str) -> Refusal:
    """404 NotFoundError."""
    return Refusal(404, "NotFoundError", message)


def not_existing(message: str) -> Refusal:
    """404 NotExistsError, the other name that 0.1372.1 uses for a missing project or explore."""
    return Refusal(404, "NotExistsError", message)


def bad_parameter(message: str) -> Refusal:
    """400 ParameterError."""
    return Refusal(400, "ParameterError", message)


def already_exists(message: str) -> Refusal:
    """409 AlreadyExistsError."""
    return Refusal(409, "AlreadyExistsError", message)


def invalid(data: dict[str, Any]) -> Refusal:
    """422 ValidateError: the reasons are in `data`; newer versions also put them into the message."""
    return Refusal(422, "ValidateError", "", data)


def went_wrong() -> Refusal:
    """500 UnexpectedServerError: the server's answer to every unexpected exception."""
    return Refusal(500, "UnexpectedServerError", "Something went wrong.")


def too_large() -> Refusal:
    """413 PayloadTooLargeError; older versions answer 500."""
    return Refusal(413, "PayloadTooLargeError", "Request payload exceeds the maximum allowed size")


def no_endpoint() -> Refusal:
    """404 for an unknown path, in versions that answer it in JSON."""
    return not_found("API endpoint not found")


def as_told(refusal: Refusal, can: Callable[[str], bool], incident: Callable[[], str]) -> dict[str, Any]:
    """The error envelope in the form of a version.

    Args:
        refusal: the error.
        can: returns whether the version has a capability.
        incident: makes the id under which a 500 is recorded.
    """
    name, message = refusal.name, refusal.message
    if name == "NotExistsError" and can("one_name_for_not_found"):
        name = "NotFoundError"
    if name == "KnexPaginationError" and can("one_name_for_not_found"):
        name = "PaginationError"
    if name == "ValidateError" and can("tells_what_is_invalid"):
        message = ", ".join(f"{field}: {one['message']}" for field, one in refusal.data.items())
    error = {"statusCode": refusal.status, "name": name, "message": message, "data": refusal.data}
    if refusal.status == 500:
        error["sentryEventId" if can("tells_what_is_invalid") else "id"] = incident()
    return {"status": "error", "error": error}
