"""Which function does which operation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lightdash_sync.apply import (
    write_charts,
    write_dashboards,
    write_deliveries,
    write_metrics,
    write_spaces,
    write_verification,
    write_views,
)
from lightdash_sync.apply.write_deletes import delete
from lightdash_sync.model.kinds import Kind
from lightdash_sync.plan.drafts import What

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeAlias

    from lightdash_sync.apply.target import Target, Task
    from lightdash_sync.model.canonical import JsonObject

    Create: TypeAlias = Callable[[Target, Task], JsonObject]
    Write: TypeAlias = Callable[[Target, Task], None]

_CREATES: dict[What, Create] = {
    What.SPACE_CREATE: write_spaces.create,
    What.VIEW_CREATE: write_views.create,
    What.CHART_CREATE: write_charts.create,
    What.SQL_CREATE: write_charts.create_sql,
    What.DASHBOARD_CREATE: write_dashboards.create,
    What.TAG_CREATE: write_metrics.create_tag,
    What.SCHEDULER_CREATE: write_deliveries.create,
}
_WRITES: dict[What, Write] = {
    What.SPACE_UPDATE: write_spaces.update,
    What.SPACE_MOVE: write_spaces.move,
    What.SPACE_REVOKE: write_spaces.revoke,
    What.SPACE_GRANT: write_spaces.grant,
    What.SPACE_LEAVE: write_spaces.leave,
    What.VIEW_UPDATE: write_views.update,
    What.CHART_PATCH: write_charts.patch,
    What.CHART_VERSION: write_charts.add_version,
    What.CHART_ROLLBACK: write_charts.roll_back,
    What.SQL_UPDATE: write_charts.update_sql,
    What.DASHBOARD_UPDATE: write_dashboards.update,
    What.TAG_UPDATE: write_metrics.update_tag,
    What.TAG_METRICS: write_metrics.tag_metrics,
    What.ICONS: write_metrics.icons,
    What.PINS: write_deliveries.pins,
    What.SCHEDULER_PAUSE: write_deliveries.pause,
    What.SCHEDULER_BODY: write_deliveries.body,
    What.SCHEDULER_ENABLE: write_deliveries.enable,
    What.VERIFY: write_verification.verify,
    What.DELETE: delete,
}
_FINISHES: dict[Kind, Write] = {
    Kind.SPACE: write_spaces.update,
    Kind.VIRTUAL_VIEW: write_views.update,
    Kind.CHART: write_charts.finish,
    Kind.SQL_CHART: write_charts.update_sql,
    Kind.DASHBOARD: write_dashboards.update,
    Kind.TAG: write_metrics.update_tag,
    Kind.SCHEDULER: write_deliveries.body,
    Kind.PINS: write_deliveries.pins,
}


def perform(target: Target, task: Task) -> JsonObject:
    """Do one operation.

    Returns:
        The facts of what was created; {} if nothing was.

    Raises:
        SyncError: it failed.
    """
    what = task.operation.what
    if (create := _CREATES.get(what)) is not None:
        return create(target, task)
    write = _FINISHES[task.step.kind] if what is What.FINISH else _WRITES[what]
    write(target, task)
    return {}
