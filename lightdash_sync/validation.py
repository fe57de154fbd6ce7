"""The server's own validation of a project: started, waited for, and read for the items that were touched.

It replaces the results that Lightdash shows on its validation page, as pressing the button there does.
Only what the token sees has a name in the results; what lies in other spaces is passed over.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lightdash_sync.errors import Incomplete

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from lightdash_sync.client.lightdash import Lightdash
    from lightdash_sync.client.writes import Writer

DEADLINE = 600.0  # seconds
_SHORTEST, _LONGEST = 0.5, 5.0  # seconds between two questions

_HINT = "The content is written; Lightdash shows the results under Project settings, Validation."


@dataclass(frozen=True, order=True)
class Invalid:
    """Something that the server finds wrong with an item.

    Attributes:
        item: `kind:key`.
        error: in the server's words.
        kind: of the error, in the server's words, such as `dimension`.
        field: that it is about, or "".
    """

    item: str
    error: str
    kind: str = ""
    field: str = ""


def validate(
    lightdash: Lightdash,
    writer: Writer,
    project: str,
    touched: Mapping[str, str],
    *,
    wait: Callable[[float], None],
    deadline: float = DEADLINE,
) -> tuple[Invalid, ...]:
    """Validate a project and return what is wrong with some of its items.

    Args:
        lightdash: the server.
        writer: starts the validation; the token needs the role of a developer.
        project: uuid.
        touched: uuid of a chart or dashboard -> `kind:key`.
        wait: waits for some seconds.
        deadline: seconds of waiting after which it is given up.

    Raises:
        Incomplete: the job failed, or did not end in time.
        NotAuthorised: the token may not validate.
        ApiError: the server failed.
    """
    _await(lightdash, writer.start_validation(project), wait, deadline)
    found = set()
    for row in lightdash.validation(project):  # not under the job's number: api-facts 11
        item = touched.get(row.chartUuid or "") or touched.get(row.dashboardUuid or "")
        if item is not None:
            found.add(Invalid(item, row.error, row.errorType or "", row.fieldName or ""))
    return tuple(sorted(found))


def _await(lightdash: Lightdash, job: str, wait: Callable[[float], None], deadline: float) -> None:
    """Ask for a job until it is over, less and less often."""
    waited, pause = 0.0, _SHORTEST
    while not (status := lightdash.job_status(job)).over:
        if waited >= deadline:
            raise Incomplete(f"the validation did not end within {deadline:.0f} seconds", hint=_HINT)
        wait(pause)
        waited, pause = waited + pause, min(2 * pause, _LONGEST)
    if status.status == "error":
        raise Incomplete("the server could not finish the validation", hint=_HINT)
