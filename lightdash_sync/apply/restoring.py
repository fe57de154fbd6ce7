"""What was deleted and can be restored: it comes back as the very item that it was.

With its uuid, views, versions, comments and deliveries. Only into a space that is still there (the server
would restore it into nowhere), and never a space: with it would come whatever its owner ever deleted in it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lightdash_sync.errors import NotFound
from lightdash_sync.model.kinds import Kind

if TYPE_CHECKING:
    from lightdash_sync.apply.target import Target
    from lightdash_sync.model.canonical import JsonObject
    from lightdash_sync.plan.values import Step


def restored(target: Target, step: Step) -> JsonObject | None:
    """Restore what a step is to create, if it is what was deleted; None if it has to be made anew.

    Args:
        target: the project.
        step: creates a chart, SQL chart or dashboard, or a scheduler, which comes with what it delivers.

    Returns:
        Its facts, as of what was created.
    """
    if not step.former or target.plan.keeps_deleted is None:
        return None
    if _is_there(target, step):  # with its dashboard, or by a run that was cut short
        return {"uuid": step.former}
    if step.kind is Kind.SCHEDULER:
        return None
    row = target.deleted().get(step.former)
    spaces = {space.uuid for space, _ in target.lightdash.spaces(target.project)}
    if row is None or row.spaceUuid not in spaces:
        return None

    def write() -> bool:
        target.writer.restore(target.project, step.kind, step.former)
        return True

    try:
        target.once(write, lambda: _is_there(target, step) or None, doubtful=False)
    except NotFound:
        return None
    return {"uuid": step.former} if _is_there(target, step) else None


def _is_there(target: Target, step: Step) -> bool:
    lightdash = target.lightdash
    try:
        match step.kind:
            case Kind.CHART:
                lightdash.chart_history(step.former)
            case Kind.SQL_CHART:
                lightdash.sql_chart(target.project, step.former)
            case Kind.SCHEDULER:
                lightdash.scheduler(step.former)
            case _:
                lightdash.dashboard(step.former)
    except NotFound:
        return False
    return True
