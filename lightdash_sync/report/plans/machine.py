"""A plan as JSON. Fields and codes stay the same from version to version; words may not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lightdash_sync.model.changes import QUIET
from lightdash_sync.plan.document import digest
from lightdash_sync.plan.outlook import nothing
from lightdash_sync.report.changes import changes_json
from lightdash_sync.report.parts.objections import objection_json
from lightdash_sync.report.parts.phrases import VERBS
from lightdash_sync.report.plans.against import drift_code, objections, ours, outcome, theirs
from lightdash_sync.report.plans.told import Told, access_verb

if TYPE_CHECKING:
    from lightdash_sync.model.canonical import Json, JsonObject
    from lightdash_sync.plan.outlook import Look
    from lightdash_sync.plan.values import AccessChange, Drift, Plan
    from lightdash_sync.report.plans.told import StepItem


def plan_json(plan: Plan, *, look: Look = nothing, every: bool = False) -> JsonObject:
    """Return a plan without the contents that it writes; those are in the file of `plan -o`.

    Args:
        plan: what to tell.
        look: content of the target that the plan leaves alone, for the spaces of items.
        every: tell changes that mean nothing to users, too.
    """
    told = Told(plan, look, every)
    refusals = [objection_json(group.code, one) for group in objections(plan) for one in group.found]
    return {
        "digest": digest(plan),
        "purpose": plan.purpose,
        "undoes": plan.undoes or None,
        "source": plan.source,
        "target": {
            "environment": plan.target.environment,
            "url": plan.target.url,
            "project": plan.target.project,
            "project_name": plan.target.project_name,
        },
        "enable_schedulers": plan.enable_schedulers,
        "empty": plan.is_empty,
        "refused": bool(refusals),
        "refusals": [*refusals],
        "counts": _counts(told),
        "steps": [_step(item, every=every) for item in told.items],
        "drift": [_drift(one) for one in plan.drift],
        "problems": [
            {"item": one.item, "code": one.code, "what": one.what, "gravity": one.gravity.value}
            for one in plan.problems
        ],
        "twins": [
            {"item": one.item, "name": one.name, "candidates": [*one.candidates], "allowed": one.allowed}
            for one in plan.twins
        ],
        "access": [_access(one) for one in plan.access],
        "limits": [*plan.limits],
        "left_out": [{"item": one.item, "why": one.why} for one in plan.left_out],
        "adopted": [{"kind": kind.value, "key": key, "uuid": uuid} for kind, key, uuid in told.adopted],
        "warnings": [*told.warnings],
    }


def _counts(told: Told) -> JsonObject:
    steps = told.plan.steps
    words = {verb: sum(step.action.value == verb for step in steps) for verb in VERBS}
    words |= {verb: sum(step.verb == verb for step in steps) for verb in ("rename", "move")}
    kinds: JsonObject = {kind.value: dict(numbers) for kind, numbers in told.counts.items()}
    return {**words, "unchanged": len(told.plan.unchanged), "kinds": kinds}


def _step(item: StepItem, *, every: bool) -> Json:
    step = item.step
    return {
        "action": step.action.value,
        "verb": step.verb,
        "kind": step.kind.value,
        "key": step.key,
        "name": step.name,
        "space": item.space or None,
        "uuid": step.uuid,
        "selected": step.selected,
        **changes_json([one for one in step.changes if every or one.what not in QUIET]),
    }


def _drift(drift: Drift) -> Json:
    return {
        "item": drift.item,
        "name": drift.name,
        "how": drift_code(drift),
        "allowed": drift.allowed,
        "conflicts": [[*path] for path in drift.conflicts],
        "target": changes_json(theirs(drift)),
        "source": changes_json(ours(drift)),
        "outcome": changes_json(outcome(drift)),
        "saved": saved_json(drift),
    }


def saved_json(drift: Drift) -> JsonObject:
    """Return who saved either side of a drift last, and when; null for what Lightdash does not tell."""
    sides = (("target", drift.saved_there), ("source", drift.saved_here))
    return {
        side: None if saved is None else {"at": saved.at, "by": saved.by or None} for side, saved in sides
    }


def _access(change: AccessChange) -> Json:
    return {
        "what": access_verb(change),
        "who": change.who or None,
        "everybody": not change.who and not change.is_group,
        "is_group": change.is_group,
        "space": change.space,
        "item": change.item or None,
        "before": change.before,
        "after": change.after,
    }
