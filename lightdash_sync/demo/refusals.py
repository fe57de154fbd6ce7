"""The ways in which the server refuses: one exception for all, and a constructor for each kind.

Names, status codes and texts are those of the real server (0.1372.1); `tests/demo/test_recordings.py`
compares them.
"""

from __future__ import annotations

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
    """404 NotExistsError, the other name that 0.1372.1 gives to a missing project or explore."""
    return Refusal(404, "NotExistsError", message)


def bad_parameter(message: str) -> Refusal:
    """400 ParameterError."""
    return Refusal(400, "ParameterError", message)


def already_exists(message: str) -> Refusal:
    """409 AlreadyExistsError."""
    return Refusal(409, "AlreadyExistsError", message)


def invalid(data: dict[str, Any]) -> Refusal:
    """422 ValidateError: the message of this version is empty, the reasons are in `data`."""
    return Refusal(422, "ValidateError", "", data)


def went_wrong() -> Refusal:
    """500 UnexpectedServerError: what the server says to every exception that it did not foresee."""
    return Refusal(500, "UnexpectedServerError", "Something went wrong.")
