"""All errors of lightdash-sync, each with its exit code.

    SyncError                   1   the root: one `except` in the CLI catches all of them
    ├─ ConfigError              2   wrong usage: an option, a setting, lightdash-sync.toml
    ├─ ApiError                 1   the server's answer to one request
    │  ├─ NotAuthorised        12   401 or 403
    │  ├─ NotFound              1   404
    │  ├─ Unavailable           1   could not be reached, or retries are used up
    │  └─ UnexpectedAnswer      1   not an answer of Lightdash: HTML, a redirect, another shape
    ├─ Unconvertible            3   an item whose content cannot be stored
    ├─ Incomplete               3   part of the work was not done; files on disk were not changed
    ├─ Unsure                   3   a write may have been carried out, and the target does not show it
    ├─ Refused                  4   a limit or a guard prevents it
    ├─ Stale                    5   the target changed since the plan was made
    ├─ SnapshotError           10   the snapshot is damaged, or not safe to read
    ├─ GitError                 1   git is missing, or failed
    │  └─ NoRepository          1   there is no git repository around a folder
    ├─ Locked                  11   another run holds the snapshot's lock
    └─ Interrupted            130   Ctrl-C or SIGTERM

A message states the fact and names the item; `hint` says what to do next. Any other exit code than 0 means a
failure, too.
"""

from __future__ import annotations

import errno
import shutil
from contextlib import contextmanager
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from collections.abc import Iterator

_FULL = {errno.ENOSPC, errno.EDQUOT}

PENDING = 6  # not an error: there are differences, and `--exit-code` was given
WHAT_STANDS = "A snapshot is the old one or the new one, never a mixture: `lightdash-sync verify` checks it."


class SyncError(Exception):
    """Root of all errors that a user can cause or resolve.

    Args:
        message: what happened, with the name of the item.
        hint: the next step, or "" if there is none.
    """

    exit_code: ClassVar[int] = 1

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def as_json(self) -> dict[str, str | int]:
        """Return the error for machine-readable output."""
        return {"message": self.message, "hint": self.hint, "exit_code": self.exit_code}


class ConfigError(SyncError):
    """An invalid command line, environment variable or settings file."""

    exit_code = 2


class ApiError(SyncError):
    """One request to Lightdash that failed.

    Args:
        message: the server's own message, or one of this tool for an answer without one.
        method: HTTP method.
        path: path below the base URL; never contains a secret.
        status: HTTP status, or None if there was no answer.
        hint: the next step.

    Attributes:
        name: the server's own name of the error, such as `MissingConfigError`; "" if it gave none.
        unclear: whether a write may have been carried out: check before sending it again. False for a read,
            and for a write that the server certainly did not carry out.
    """

    name: str = ""
    unclear: bool = False

    def __init__(
        self, message: str, *, method: str, path: str, status: int | None = None, hint: str = ""
    ) -> None:
        answer = f"{status} " if status is not None else ""
        super().__init__(f"{method} {path}: {answer}{message}", hint)
        self.method = method
        self.path = path
        self.status = status
        self.reason = message


class NotAuthorised(ApiError):
    """401 or 403: the token is missing, unknown, or its owner lacks the role."""

    exit_code = 12


class NotFound(ApiError):
    """404: no such item, or none that this token may see."""


class Unavailable(ApiError):
    """No usable answer within the allowed retries and time."""


class UnexpectedAnswer(ApiError):
    """An answer that is not Lightdash's: wrong content type, envelope, shape or size."""


class Unconvertible(SyncError):
    """An item whose content cannot be stored: nested too deeply, or of an unexpected shape."""

    exit_code = 3


class Incomplete(SyncError):
    """Part of the work could not be done, for a reason the user did not choose."""

    exit_code = 3


class Unsure(SyncError):
    """A write whose answer was lost, and the target does not show whether it was carried out."""

    exit_code = 3


class Refused(SyncError):
    """A guard protects existing content; the message has the numbers."""

    exit_code = 4


class Stale(SyncError):
    """The target has changed since the plan was made."""

    exit_code = 5


class SnapshotError(SyncError):
    """A snapshot that is damaged, unsafe to read, or of a format this version does not know."""

    exit_code = 10


class GitError(SyncError):
    """Git is missing, the repository is not in a state to commit to, or git failed."""


class NoRepository(GitError):
    """A folder that is in no git repository."""


class Locked(SyncError):
    """Another run holds the lock of the snapshot."""

    exit_code = 11


class Interrupted(SyncError):
    """The user, or the system, asked the run to stop."""

    exit_code = 130


@contextmanager
def naming(path: object) -> Iterator[None]:
    """Add the name of a file to errors of the system, which lack it for a file that is already open.

    Args:
        path: the file that is written.
    """
    try:
        yield
    except OSError as error:
        if error.filename is None:
            error.filename = str(path)
        raise


def as_sync_error(error: SyncError | OSError) -> SyncError:
    """Return an error as a `SyncError`; errors of the system (a full disk, a permission) get a message."""
    if isinstance(error, SyncError):
        return error
    if isinstance(error, shutil.Error) and isinstance(error.args[0], list) and error.args[0]:
        return SyncError("{1}: {2}".format(*error.args[0][0]), hint=WHAT_STANDS)  # of many files, the first
    where = f"{error.filename}: " if error.filename else ""
    hint = WHAT_STANDS
    if error.errno in _FULL and error.filename:
        folder = str(error.filename).rpartition("/")[0] or "."
        hint = f"Make room on the disk of {folder}, and run again. {hint}"
    return SyncError(f"{where}{error.strerror or error}", hint=hint)
