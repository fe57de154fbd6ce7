"""Whether the target is still what a plan was made for, in all that the plan touches.

A plan that was shown is applied as it is, or not at all: nothing of it is worked out anew. Pure.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from lightdash_sync.model.canonical import canonical, parse
from lightdash_sync.model.links import links
from lightdash_sync.model.rekey import file_of
from lightdash_sync.model.tree import Tree
from lightdash_sync.plan.deletes import delete_problems, unshown_charts
from lightdash_sync.plan.keys import LINKED
from lightdash_sync.plan.scope import Contents
from lightdash_sync.plan.twins import likenesses
from lightdash_sync.plan.values import Action

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from lightdash_sync.plan.values import Plan, Step


def staleness(plan: Plan, existing: Tree, doubtful: Sequence[Step] = ()) -> Iterator[str]:
    """Yield what of the things that a plan touches is not as it was, in words.

    Args:
        plan: the plan.
        existing: the target now, in the plan's keys.
        doubtful: creates of the same run that may have happened: what they made is nobody else's.
    """
    contents = Contents(existing)
    for step in plan.steps:
        path = file_of(step.kind, step.key)
        now = parse(existing[path]) if path in existing else None
        if now is None and step.before is not None:
            yield f"{step.item} is gone"
        elif now is not None and step.before is None:
            yield f"{step.item} is there now"
        elif now is not None and canonical(now) != canonical(step.before):
            yield f"{step.item} was changed"
        elif step.uuid is not None and existing.identity.uuid(step.kind, step.key) != step.uuid:
            yield f"{step.item} is another one now"
    yield from _lost(plan, existing)
    yield from _new_twins(plan, contents, doubtful)
    known = {(problem.item, problem.what) for problem in plan.problems}
    for problem in (*delete_problems(plan.steps, contents), *unshown_charts(plan.steps, contents)):
        if (problem.item, problem.what) not in known:
            yield f"{problem.item} {problem.what}"


def _lost(plan: Plan, existing: Tree) -> Iterator[str]:
    """Yield what a step refers to, and was there when the plan was made, and is not any more."""
    own = {(step.kind, step.key) for step in plan.steps}
    gone = {
        (str(kind), key)
        for kind, entries in plan.items.items()
        for key in entries
        if (kind, key) not in own and file_of(kind, key) not in existing
    }
    for step in plan.steps:
        for to, key in sorted(gone.intersection(links(step.kind, step.after))):
            yield f"{step.item} refers to {to}:{key}, which is gone"


def _new_twins(plan: Plan, existing: Contents, doubtful: Sequence[Step]) -> Iterator[str]:
    """Yield items that look like one that the plan creates, and were not there when it was made."""
    steps = {(step.kind, step.key): step for step in plan.steps}
    created = {item: step for item, step in steps.items() if _is_create(step)}
    there = {(kind, key) for kind, entries in plan.items.items() for key in entries}
    if not created or not existing.there - there - set(steps):
        return
    maybe = {(step.kind, step.key): step for step in doubtful if _is_create(step)}
    wanted = Tree.of({file_of(*item): canonical(step.after) for item, step in {**maybe, **created}.items()})
    found = likenesses(
        Contents(wanted), existing, frozenset(there), created.keys() | maybe.keys(), adopt=False
    )
    ours = Counter(found.candidates[item] for item in maybe if item in found.candidates)
    for item, candidates in found.candidates.items():
        fresh = [candidate for candidate in candidates if candidate not in there]
        if item in created and len(fresh) > ours[candidates]:
            yield f"{item[0]}:{item[1]} has a twin now that somebody made meanwhile"


def _is_create(step: Step) -> bool:
    return step.action is Action.CREATE and step.kind in LINKED
