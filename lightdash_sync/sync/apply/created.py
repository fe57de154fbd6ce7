"""Whether a create whose end nobody heard has happened: looked for just as the create itself looks.

Nothing is sent: the create is gone through with a target that only reads, up to the place where it would
write.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, TypeVar

from lightdash_sync.content.display import shown
from lightdash_sync.content.json import get_str
from lightdash_sync.content.kinds import KINDS, Kind
from lightdash_sync.content.references import UnresolvedReference
from lightdash_sync.errors import Refused, SyncError, Unsure
from lightdash_sync.export.inventory import if_allowed
from lightdash_sync.sync.apply.perform import perform
from lightdash_sync.sync.apply.project import TargetProject, Task
from lightdash_sync.sync.apply.schedulers import schedulers_beside

if TYPE_CHECKING:
    from collections.abc import Callable

    from lightdash_sync.content.json import JsonObject
    from lightdash_sync.sync.plan.operations import Operation

T = TypeVar("T")


class WouldWriteError(SyncError):
    """An operation came to a place where it would write."""


class ReadOnlyTarget(TargetProject):
    """A target that is looked at.

    Attributes:
        found: uuid of what the operation that is gone through has made; "" if nothing was found.
        patient: whether to look for some seconds, because the server may still be at work.
    """

    found: str = ""
    patient: bool = False

    def once(self, write: Callable[[], T], look: Callable[[], T | None], *, doubtful: bool) -> T:
        """Look whether a write has happened.

        Raises:
            WouldWriteError: it has not.
        """
        del write, doubtful
        found = self.look_for(look) if self.patient else look()
        if found is None:
            raise WouldWriteError("it was not found")
        if isinstance(found, dict):
            self.found = str(found.get("uuid", ""))
        return found

    def send(self, write: Callable[[], T]) -> T:
        """Send nothing.

        Raises:
            WouldWriteError: always.
        """
        del write
        raise WouldWriteError("nothing is written while looking")


def find_made(target: ReadOnlyTarget, operation: Operation) -> JsonObject | None:
    """Return the facts of what a create has made, or None: it was not found, or nobody can tell.

    Args:
        target: the project.
        operation: creates something, and has no known end.
    """
    step = target.plan.steps[operation.step]
    target.found = ""
    try:
        return perform(target, Task(operation, step, doubtful=True))
    except WouldWriteError:  # what is left to be written of it is no matter here
        return {"uuid": target.found, **step.layout} if target.found else None
    except (Unsure, UnresolvedReference):
        return None


# A last look before something is made: whether somebody made the same since the run looked at the target.
#
# The lists of a kind are read once more right before its first item is created. What is new in them, and
# has the name and the place of what is to be made, was made by somebody else, perhaps by this tool on
# another machine. A second one is not made beside it.

_PLACES = ("dashboardUuid", "savedChartUuid", "savedSqlUuid", "spaceUuid", "parentSpaceUuid")


class Newcomers:
    """What was made on a target since a run looked at it.

    Args:
        target: the project.
    """

    def __init__(self, target: TargetProject) -> None:
        self._target = target
        self._rows: dict[Kind, list[tuple[str, str, str]]] = {}
        self._lock = threading.Lock()

    def require_none(self, task: Task) -> None:
        """Require that nobody else has made what an operation creates.

        Args:
            task: creates something that no earlier run may have created.

        Raises:
            Refused: somebody has.
        """
        step = task.step
        if not (rows := self._new_rows(task)):
            return
        form = self._target.form(task)
        name = get_str(form, "name")
        place = next((found for field in _PLACES if (found := get_str(form, field))), "")
        there = [
            uuid
            for uuid, called, where in rows
            if (called, where) == (name, place)
            and uuid != step.former  # the very item, which Lightdash restored with what holds it
            and self._target.is_new(step.kind, uuid)
        ]
        if there:
            noun = KINDS[step.kind].noun[0]
            raise Refused(
                f"{step.item} was not created: since this run began, somebody made a {noun} called "
                f"{shown(name)} in the same place ({there[0]})",
                hint="If it was another run of this tool, let that one end, and bring its files of "
                "snapshots/ENV.sync here; then make a new plan.",
            )

    def _new_rows(self, task: Task) -> list[tuple[str, str, str]]:
        """Return what a kind has that was not there before the run; its list is read for its first item."""
        kind = task.step.kind
        with self._lock:
            if kind not in self._rows:
                rows = _rows(self._target, task)
                if rows is None:  # each item tells its own alone
                    beside = schedulers_beside(self._target, self._target.form(task))
                    return [
                        (row.schedulerUuid, row.name, row.delivers)
                        for row, _ in beside
                        if self._target.is_new(kind, row.schedulerUuid)
                    ]
                self._rows[kind] = [row for row in rows if self._target.is_new(kind, row[0])]
            return self._rows[kind]


def _rows(target: TargetProject, task: Task) -> list[tuple[str, str, str]] | None:
    """Return uuid, name and place of the items of a kind; None if there is no list for this token.

    Virtual views are looked for apart.
    """
    lightdash, project = target.lightdash, target.project
    match task.step.kind:
        case Kind.SPACE:
            spaces = lightdash.spaces(project)
            return [(row.uuid, row.name, row.parentSpaceUuid or "") for row, _ in spaces]
        case Kind.DASHBOARD:
            return [(row.uuid, row.name, row.spaceUuid) for row in lightdash.dashboards(project)]
        case Kind.CHART:
            charts = lightdash.chart_summaries(project)
            return [(row.uuid, row.name, row.dashboardUuid or row.spaceUuid) for row in charts]
        case Kind.SQL_CHART:
            saved = [row for row in lightdash.charts(project) if row.source == "sql"]
            return [(row.uuid, row.name, row.spaceUuid) for row in saved]
        case Kind.TAG:
            return [(row.tagUuid, row.name, "") for row, _ in lightdash.tags(project)]
        case Kind.SCHEDULER:
            schedulers = if_allowed(lambda: lightdash.schedulers(project))
            if schedulers is None:
                return None
            return [(row.schedulerUuid, row.name, row.delivers) for row, _ in schedulers]
        case _:
            return []
