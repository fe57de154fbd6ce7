"""A last look before something is made: whether somebody made the same since the run looked at the target.

The lists of a kind are read once more right before its first item is created. What is new in them, and has
the name and the place of what is to be made, was made by somebody else, perhaps by this tool on another
machine. A second one is not made beside it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lightdash_sync.apply.write_deliveries import schedulers_beside
from lightdash_sync.errors import Refused
from lightdash_sync.model.changes.look import text
from lightdash_sync.model.kinds import KINDS, Kind
from lightdash_sync.model.shown import shown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lightdash_sync.apply.target import Target, Task

_PLACES = ("dashboardUuid", "spaceUuid", "parentSpaceUuid")


class Newcomers:
    """What was made on a target since a run looked at it.

    Args:
        target: the project.
    """

    def __init__(self, target: Target) -> None:
        self._target = target
        self._rows: dict[Kind, list[tuple[str, str, str]]] = {}

    def require_none(self, task: Task) -> None:
        """Require that nobody else has made what an operation creates.

        Args:
            task: creates something that no earlier run may have created.

        Raises:
            Refused: somebody has.
        """
        step = task.step
        if step.kind is Kind.SCHEDULER:  # of which each item has a list of its own
            self._rows.pop(step.kind, None)
        if step.kind not in self._rows:
            rows = _rows(self._target, task)
            self._rows[step.kind] = [row for row in rows if self._target.is_new(step.kind, row[0])]
        if not self._rows[step.kind]:
            return
        form = self._target.form(task)
        name = text(form, "name")
        place = next((found for field in _PLACES if (found := text(form, field))), "")
        place = "" if step.kind is Kind.SCHEDULER else place
        there = [
            uuid
            for uuid, called, where in self._rows[step.kind]
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


def _rows(target: Target, task: Task) -> Iterator[tuple[str, str, str]]:
    """Yield uuid, name and place of the items of a kind; virtual views are looked for apart."""
    lightdash, project = target.lightdash, target.project
    match task.step.kind:
        case Kind.SPACE:
            spaces = lightdash.spaces(project)
            yield from ((row.uuid, row.name, row.parentSpaceUuid or "") for row, _ in spaces)
        case Kind.DASHBOARD:
            yield from ((row.uuid, row.name, row.spaceUuid) for row in lightdash.dashboards(project))
        case Kind.CHART:
            charts = lightdash.chart_summaries(project)
            yield from ((row.uuid, row.name, row.dashboardUuid or row.spaceUuid) for row in charts)
        case Kind.SQL_CHART:
            saved = [row for row in lightdash.charts(project) if row.source == "sql"]
            yield from ((row.uuid, row.name, row.spaceUuid) for row in saved)
        case Kind.TAG:
            yield from ((row.tagUuid, row.name, "") for row, _ in lightdash.tags(project))
        case Kind.SCHEDULER:
            beside = schedulers_beside(target, target.form(task))
            yield from ((row.schedulerUuid, row.name, "") for row, _ in beside)
        case _:
            return
