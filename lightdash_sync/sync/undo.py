"""Taking a run back: what it created is deleted, what it changed is put back, as a plan like any other.

The desired side is what the run stored before its first write; the base is what it left behind, so that
whatever somebody did to these items since is drift, and refused like any drift. What the server cannot
give back is told: a deleted item comes back under another uuid, without its earlier versions and views.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from lightdash_sync.content.json import canonical
from lightdash_sync.content.kinds import KINDS, Kind
from lightdash_sync.content.tree import Tree, file_of
from lightdash_sync.errors import Refused
from lightdash_sync.sync.plan.operations import operations
from lightdash_sync.sync.plan.options import ItemSelection, PlanOptions
from lightdash_sync.sync.plan.values import PROMOTE, Action
from lightdash_sync.sync.planning import PlanRequest
from lightdash_sync.sync.readback import taken

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lightdash_sync.sync.plan.values import Plan
    from lightdash_sync.sync.runs import Run

_LISTS = frozenset({Kind.PINS, Kind.METRIC_ICONS})

# What Lightdash may keep for some days when it is deleted.
RESTORABLE = frozenset({Kind.CHART, Kind.SQL_CHART, Kind.DASHBOARD})

# What Lightdash keeps with an item, and gives back to no other: of one item, of several.
_LOST = {
    Kind.CHART: ("its earlier versions and views", "their earlier versions and views"),
    Kind.SQL_CHART: ("its views", "their views"),
    Kind.DASHBOARD: ("its earlier versions and views", "their earlier versions and views"),
    Kind.SCHEDULER: ("its owner", "their owners"),
}
_COME_BACK = RESTORABLE | {Kind.SCHEDULER}  # the last with what it delivers


def undo_request(run: Run, undos: Sequence[Run], options: PlanOptions) -> PlanRequest:
    """Return what a plan has to reach to take a run back.

    Args:
        run: the run.
        undos: the runs that began to take it back and did not end, oldest first.
        options: of the user; what they say of deletes and choice is not used.

    Raises:
        Refused: the run was taken back already, or did nothing.
        SnapshotError: what the run stored is damaged.
    """
    result = run.result()
    if result is not None and result.get("state") == "undone":
        raise Refused(f"the run {run.id} was undone already", hint="`lightdash-sync runs` tells by which.")
    plan, before, after = run.plan(), run.before(), run.after()
    written = _written_items(run, plan)
    if not written:
        raise Refused(f"the run {run.id} wrote nothing", hint="There is nothing to undo.")
    base: dict[str, bytes] = {}
    for step in plan.steps:
        path = file_of(step.kind, step.key)
        if (step.kind, step.key) not in written:
            continue
        if after is not None and path in after:
            base[path] = after[path]
        elif result is not None and step.after is not None:
            base[path] = canonical(step.after)
    for undo in undos:
        base = _as_left(base, undo)
    return PlanRequest(
        source=f"what the run {run.id} found",
        desired=_with_empty_lists(before, plan),
        options=replace(
            options,
            choice=ItemSelection(items=written, dependencies=False),
            delete=True,
            enable_schedulers=True,
            verification=plan.verification,
            allow_twins=frozenset({"all"}),
        ),
        links=run.created(),
        purpose="undo",
        undoes=run.id,
        base=base,
    )


def _written_items(run: Run, plan: Plan) -> frozenset[tuple[Kind, str]]:
    """Return the items that a run wrote, as far as its journal knows.

    An item that it was to create, and did not, is not its own: somebody else's may have that key by now.
    """
    created = run.created()
    return frozenset(
        (step.kind, step.key)
        for step in taken(plan, run.journalled()).written
        if step.action is not Action.CREATE or step.kind in _LISTS or step.key in created.get(step.kind, {})
    )


def _as_left(base: dict[str, bytes], undo: Run) -> dict[str, bytes]:
    """Return a base with what an undo that did not end has put back, or deleted: that is nobody's change."""
    plan, after = undo.plan(), undo.after()
    if after is None:
        return base
    result = dict(base)
    for step in plan.steps:
        path = file_of(step.kind, step.key)
        if path in after:
            result[path] = after[path]
        else:
            result.pop(path, None)
    return result


def _with_empty_lists(before: Tree, plan: Plan) -> Tree:
    """Return what a run found, with an empty list where it wrote one and there was none.

    A list of the whole project has no uuid: it is not deleted, it becomes empty again.
    """
    absent = [file_of(step.kind, step.key) for step in plan.steps if step.kind in _LISTS and not step.before]
    files = {path: before[path] for path in before}
    return Tree.of({path: canonical([]) for path in absent} | files, before.identity)


def in_doubt(run: Run) -> list[str]:
    """Return what a run may have created, or not, in words: undoing it leaves that alone.

    Args:
        run: that is to be taken back.
    """
    plan, journalled = run.plan(), run.journalled()
    doubtful = journalled.doubtful - journalled.found.keys()
    items = {one.item for one in operations(plan) if one.number in doubtful}
    created = [step.item for step in plan.steps if step.action is Action.CREATE and step.item in items]
    more = "" if plan.purpose == PROMOTE else f" (`apply --resume {run.id}` would look for it first)"
    return [
        f"nobody knows whether {item} was made, because its answer was lost: undo leaves it, if it is "
        f"there{more}"
        for item in created
    ]


def not_undone(plan: Plan) -> list[str]:
    """Return what a plan cannot give back, in words.

    Args:
        plan: that takes a run back, or restores something.
    """
    found: list[str] = []
    days = plan.keeps_deleted
    for kind, lost in _LOST.items():
        made = [step for step in plan.steps if step.kind is kind and step.action is Action.CREATE]
        if not made:
            continue
        several = len(made) != 1
        items = f"{len(made)} {KINDS[kind].noun[several]}"
        anew = f"made anew, with {'other uuids' if several else 'another uuid'} and without {lost[several]}"
        if days is not None and kind in _COME_BACK and any(step.former for step in made):
            found.append(
                f"{items} will be restored as far as Lightdash still has what was deleted "
                f"(for {days} days) and the space is there; else {anew}"
            )
        else:
            found.append(f"{items} will be {anew}")
    charts = any(step.kind is Kind.CHART and step.action is Action.CREATE for step in plan.steps)
    if charts and plan.undoes:  # a run does not store comments, so nobody can say how many there were
        unless = "" if days is None else " that Lightdash does not restore"
        found.append(f"comments on charts{unless} do not come back: Lightdash deleted them with the charts")
    return found


def restorable(plan: Plan) -> list[str]:
    """Return what of the deletes of a plan Lightdash can take back, in words."""
    count = sum(step.action is Action.DELETE and step.kind in RESTORABLE for step in plan.steps)
    if not count or plan.keeps_deleted is None:
        return []
    what = "deleted chart or dashboard" if count == 1 else "deleted charts and dashboards"
    return [f"{count} {what} can be restored for {plan.keeps_deleted} days: in Lightdash, or by `undo`"]
