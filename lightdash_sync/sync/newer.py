"""Work on the target that is younger than the source's, where no sync remembers what the two had in common.

Items that a plan links because their slugs are equal have no base. If the target's one was saved after the
source's one, somebody has worked there, and it counts as drift.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from lightdash_sync.model.authorship import version_stamp
from lightdash_sync.plan.options import allows
from lightdash_sync.plan.values import Action, Drift, DriftKind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lightdash_sync.model.tree import Tree
    from lightdash_sync.plan.options import Options
    from lightdash_sync.plan.values import Step
    from lightdash_sync.sync.planning import Planned


def with_newer(planned: Planned, source: Tree, options: Options) -> Planned:
    """Return a plan that counts younger work on the target as drift.

    Args:
        planned: the plan.
        source: the desired side; its map says when its items were saved.
        options: of the user.
    """
    found = tuple(_newer(planned, source, options))
    return replace(planned, plan=replace(planned.plan, drift=(*planned.plan.drift, *found)))


def _newer(planned: Planned, source: Tree, options: Options) -> Iterator[Drift]:
    """Yield the items linked by this plan that the target's people saved after the source's."""
    plan = planned.plan
    told = {drift.item for drift in plan.drift}
    for step in plan.steps:
        is_new = step.key in plan.adopted.get(step.kind, {}) and step.item not in told
        if step.action is Action.UPDATE and is_new and _is_newer(step, planned, source):
            yield Drift(
                DriftKind.CHANGED, step.kind, step.key, step.name, None, step.before, step.after,
                None, ((),), allowed=allows(options.allow_drift, step.item),
            )  # fmt: skip


def _is_newer(step: Step, planned: Planned, source: Tree) -> bool:
    here = version_stamp(step.kind, source.identity.facts(step.kind, step.key))
    there = version_stamp(step.kind, planned.existing.linked.identity.facts(step.kind, step.key))
    return here is not None and there is not None and there.time > here.time
