"""Merges of the target's charts that no page told, found before a version is written that lacks them.

A chart of a current server may merge rows of other queries, and is read by a page that does not tell it
(`export.bulk`). A version that is written without a merge takes it away. So whatever chart a plan gives a
version is asked for by itself, unless that was done: when the plan is made, and before it is applied.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lightdash_sync.export.reader import read_chart
from lightdash_sync.export.readings import Readings
from lightdash_sync.export.workers import Workers
from lightdash_sync.model.authorship import of_version
from lightdash_sync.model.kinds import Kind
from lightdash_sync.plan.values import Action

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lightdash_sync.plan.values import Step
    from lightdash_sync.sync.target import Existing, Place


def untold_merges(place: Place, existing: Existing, steps: Iterable[Step]) -> dict[str, Step]:
    """Return uuid -> step of the charts that some steps would take a merge from, and nobody knew.

    Args:
        place: the target.
        existing: as it was read.
        steps: of a plan for it.

    Raises:
        SyncError: one could not be read.
    """
    if not existing.guesses_merges:
        return {}
    written = {step.uuid: step for step in steps if step.uuid is not None and _writes_without(step)}
    session = place.lightdash.session
    workers = Workers(session.connection.concurrency, session.pacer.stopped, place.progress)
    readings, names = Readings(workers), {uuid: step.key for uuid, step in written.items()}
    try:
        found = readings.of(
            Kind.CHART, written, lambda uuid: read_chart(place.lightdash, uuid).raw, names, "by themselves"
        )
    finally:
        workers.close()
    for unread in readings.unread:
        raise unread.error
    return {uuid: written[uuid] for uuid, raw in found.items() if raw.get("merge") is not None}


def _writes_without(step: Step) -> bool:
    """Whether a step gives a chart a version, and nothing is known of a merge."""
    if step.kind is not Kind.CHART or step.action is not Action.UPDATE:
        return False
    sides = (of_version(step.kind, step.before), of_version(step.kind, step.after))
    return sides[0] != sides[1] and not any(
        isinstance(side, dict) and side.get("merge") is not None for side in sides
    )
