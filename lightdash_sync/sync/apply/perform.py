"""Which function does which operation."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from lightdash_sync.content.kinds import Kind
from lightdash_sync.errors import NotAuthorised, NotFound, Refused, SyncError
from lightdash_sync.sync.apply import charts, dashboards, metrics, schedulers, spaces, virtual_views
from lightdash_sync.sync.plan.operations import OperationKind

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeAlias

    from lightdash_sync.content.json import JsonObject
    from lightdash_sync.sync.apply.project import TargetProject, Task
    from lightdash_sync.sync.plan.values import Step

    Create: TypeAlias = Callable[[TargetProject, Task], JsonObject]
    Write: TypeAlias = Callable[[TargetProject, Task], None]


# Deletes. What is gone already is deleted; a space goes only when nothing is in it any more.


def delete(target: TargetProject, task: Task) -> None:
    """Delete an item.

    Raises:
        Refused: a space that still holds something: the server would delete that, too.
    """
    if task.step.kind is Kind.VIRTUAL_VIEW:
        virtual_views.delete(target, task.step)
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


def _is_there(target: TargetProject, space: str) -> bool:
    try:
        target.lightdash.space(target.project, space)
    except NotFound:
        return False
    return True


def _deletion(target: TargetProject, step: Step, uuid: str) -> Callable[[], None]:
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


def _require_empty(target: TargetProject, step: Step, uuid: str) -> None:
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


_CREATES: dict[OperationKind, Create] = {
    OperationKind.SPACE_CREATE: spaces.create,
    OperationKind.VIEW_CREATE: virtual_views.create,
    OperationKind.CHART_CREATE: charts.create,
    OperationKind.SQL_CREATE: charts.create_sql,
    OperationKind.DASHBOARD_CREATE: dashboards.create,
    OperationKind.TAG_CREATE: metrics.create_tag,
    OperationKind.SCHEDULER_CREATE: schedulers.create,
}
_WRITES: dict[OperationKind, Write] = {
    OperationKind.SPACE_UPDATE: spaces.update,
    OperationKind.SPACE_MOVE: spaces.move,
    OperationKind.SPACE_REVOKE: spaces.revoke,
    OperationKind.SPACE_GRANT: spaces.grant,
    OperationKind.SPACE_LEAVE: spaces.leave,
    OperationKind.VIEW_UPDATE: virtual_views.update,
    OperationKind.CHART_PATCH: charts.patch,
    OperationKind.CHART_VERSION: charts.add_version,
    OperationKind.CHART_ROLLBACK: charts.roll_back,
    OperationKind.SQL_UPDATE: charts.update_sql,
    OperationKind.DASHBOARD_UPDATE: dashboards.update,
    OperationKind.TAG_UPDATE: metrics.update_tag,
    OperationKind.TAG_METRICS: metrics.tag_metrics,
    OperationKind.ICONS: metrics.icons,
    OperationKind.PINS: schedulers.pins,
    OperationKind.SCHEDULER_PAUSE: schedulers.pause,
    OperationKind.SCHEDULER_BODY: schedulers.body,
    OperationKind.SCHEDULER_ENABLE: schedulers.enable,
    OperationKind.VERIFY: dashboards.verify,
    OperationKind.DELETE: delete,
}
_FINISHES: dict[Kind, Write] = {
    Kind.SPACE: spaces.update,
    Kind.VIRTUAL_VIEW: virtual_views.update,
    Kind.CHART: charts.finish,
    Kind.SQL_CHART: charts.update_sql,
    Kind.DASHBOARD: dashboards.update,
    Kind.TAG: metrics.update_tag,
    Kind.SCHEDULER: schedulers.body,
    Kind.PINS: schedulers.pins,
}


def perform(target: TargetProject, task: Task) -> JsonObject:
    """Do one operation.

    Returns:
        The facts of what was created; {} if nothing was.

    Raises:
        SyncError: it failed.
    """
    what = task.operation.what
    if (create := _CREATES.get(what)) is not None:
        return create(target, task)
    write = _FINISHES[task.step.kind] if what is OperationKind.FINISH else _WRITES[what]
    write(target, task)
    return {}
