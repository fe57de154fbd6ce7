"""Deletes. What is gone already is deleted; a space goes only when nothing is in it any more."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from lightdash_sync.apply import write_views
from lightdash_sync.errors import NotAuthorised, NotFound, Refused, SyncError
from lightdash_sync.model.kinds import Kind

if TYPE_CHECKING:
    from collections.abc import Callable

    from lightdash_sync.apply.target import Target, Task
    from lightdash_sync.plan.values import Step


def delete(target: Target, task: Task) -> None:
    """Delete an item.

    Raises:
        Refused: a space that still holds something: the server would delete that, too.
    """
    if task.step.kind is Kind.VIRTUAL_VIEW:
        write_views.delete(target, task.step)
        return
    uuid = task.step.uuid or target.uuid(task.step.kind, task.step.key)
    if task.step.kind is Kind.SPACE:
        _require_empty(target, task.step, uuid)
    try:
        target.again(_deletion(target, task.step, uuid))
    except NotFound:
        return
    except NotAuthorised as error:
        # Newer servers say so of a space that is gone, too; reading it tells.
        if error.status != 403 or task.step.kind is not Kind.SPACE or _is_there(target, uuid):
            raise


def _is_there(target: Target, space: str) -> bool:
    try:
        target.lightdash.space(target.project, space)
    except NotFound:
        return False
    return True


def _deletion(target: Target, step: Step, uuid: str) -> Callable[[], None]:
    writer = target.writer
    match step.kind:
        case Kind.SCHEDULER:
            return partial(writer.delete_scheduler, uuid)
        case Kind.DASHBOARD:
            return partial(writer.delete_dashboard, uuid)
        case Kind.CHART:
            return partial(writer.delete_chart, uuid)
        case Kind.SQL_CHART:
            return partial(writer.delete_sql_chart, target.project, uuid)
        case Kind.TAG:
            return partial(writer.delete_tag, target.project, uuid)
        case Kind.SPACE:
            return partial(writer.delete_space, target.project, uuid)
        case _:
            raise SyncError(f"{step.item} cannot be deleted by itself")


def _require_empty(target: Target, step: Step, uuid: str) -> None:
    """Look what a space still holds: charts of all sources, dashboards, spaces."""
    lightdash, project = target.lightdash, target.project
    spaces = [row for row, _ in lightdash.spaces(project)]
    held = sum(row.parentSpaceUuid == uuid for row in spaces)
    held += sum(row.spaceUuid == uuid for row in lightdash.charts(project))
    held += sum(row.spaceUuid == uuid for row in lightdash.dashboards(project))
    if held:
        raise Refused(
            f"{step.item} is not deleted: it still holds {held} {'item' if held == 1 else 'items'}, and "
            "deleting it deletes them",
            hint="Make a new plan: it shows what was added to the space since, or failed to be deleted.",
        )
