"""Whether a target is still as it was read a moment ago, in all that a plan changes, by its lists alone.

This is what is looked at between a plan and its apply when nobody was asked in between. The lists are the
proof by which a reading takes over what did not change, too. They prove nothing of spaces and virtual views,
nor of charts that no list names, and a plan that deletes is worth another look: there the target is read
again. What a plan creates needs no proof here: right before the first item of a kind is made, its list is
looked at for what somebody else made (`sync.apply.created`).
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from lightdash_sync.content.kinds import Kind
from lightdash_sync.content.normal import normalise
from lightdash_sync.export.inventory import Lists, marked_pins, read_inventory
from lightdash_sync.export.reuse import fingerprints
from lightdash_sync.sync.plan.values import Action
from lightdash_sync.workers import Workers

if TYPE_CHECKING:
    from lightdash_sync.export.inventory import Inventory
    from lightdash_sync.sync.plan.values import Plan, Step
    from lightdash_sync.sync.target import Existing, TargetEnvironment

_MOMENT = 60.0  # seconds
_TOLD_BY_LISTS = frozenset(
    {Kind.CHART, Kind.SQL_CHART, Kind.DASHBOARD, Kind.SCHEDULER, Kind.TAG, Kind.METRIC_ICONS, Kind.PINS}
)
_LISTS = (Kind.METRIC_ICONS, Kind.PINS)  # of the whole project, without a uuid


def is_unchanged(place: TargetEnvironment, plan: Plan, existing: Existing) -> bool:
    """Whether all that a plan changes is proven to be as it was read; False also if that cannot be told.

    Args:
        place: the target.
        plan: for it.
        existing: the target, as it was read for the plan.

    Raises:
        ApiError: a list cannot be read.
    """
    before = existing.lists
    if before is None or time.monotonic() - existing.read_at > _MOMENT:
        return False
    changed = [step for step in plan.steps if step.before is not None]
    if not changed:
        return True
    named = {row.uuid for row in (*before.summaries, *before.charts, *before.dashboards)}
    named |= {row.schedulerUuid for row, _ in before.schedulers or ()}
    named |= {row.tagUuid for row, _ in before.tags}
    if not all(_can_be_proven(step) and (step.kind in _LISTS or step.uuid in named) for step in changed):
        return False
    session = place.lightdash.session
    workers = Workers(session.connection.concurrency, session.pacer.stopped, place.progress)
    try:
        now = read_inventory(place.lightdash, place.project, workers, Lists(virtual_views=False))
    finally:
        workers.close()
    return _told(before) == _told(now)


def _can_be_proven(step: Step) -> bool:
    return step.action is Action.UPDATE and step.kind in _TOLD_BY_LISTS


def _told(lists: Inventory) -> tuple[object, ...]:
    """Return what the lists tell of content, without what changes by being looked at."""
    return (
        fingerprints(lists),
        {row.uuid: normalise(Kind.SPACE, raw) for row, raw in lists.spaces},
        {row.schedulerUuid: normalise(Kind.SCHEDULER, raw) for row, raw in lists.schedulers or ()},
        {row.tagUuid: (row, raw) for row, raw in lists.tags},
        {(row.tableName, row.name): row for row in lists.metrics},
        marked_pins(lists),
    )
