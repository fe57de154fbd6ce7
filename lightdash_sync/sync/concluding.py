"""The end of a run: read back, compared, remembered, stored. Runs that died before it get it later.

A run that was killed, or lost its server, had no time to remember what it did. The next command that plans
or writes does it first (`conclude_open_runs`): it looks for what was in doubt, reads what the run touched,
and remembers what it did as the run itself would have done. From then on nobody takes the run's own writes
for somebody else's, whatever the command is that goes on.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from lightdash_sync.apply.journal import Journal
from lightdash_sync.apply.looking import ReadOnlyTarget, find_made
from lightdash_sync.apply.people import with_people
from lightdash_sync.client.writes import Writer
from lightdash_sync.model.canonical import canonical, parse
from lightdash_sync.model.changes.look import text
from lightdash_sync.model.identity import Identity
from lightdash_sync.model.rekey import file_of
from lightdash_sync.model.tree import Tree
from lightdash_sync.plan.drafts import CREATES
from lightdash_sync.plan.keys import with_former
from lightdash_sync.plan.managed import same_content
from lightdash_sync.plan.operations import operations
from lightdash_sync.plan.scope import Contents
from lightdash_sync.plan.twins import likenesses
from lightdash_sync.plan.values import PROMOTE, Action
from lightdash_sync.sync.learning import learned
from lightdash_sync.sync.memory import read_memory, write_memory
from lightdash_sync.sync.partial import blended, taken
from lightdash_sync.sync.readback import differences, options_of
from lightdash_sync.sync.reading import read_back, read_for, with_deleted
from lightdash_sync.sync.runs import open_runs

if TYPE_CHECKING:
    from lightdash_sync.model.canonical import JsonObject
    from lightdash_sync.plan.operations import Operation
    from lightdash_sync.plan.options import Item
    from lightdash_sync.plan.values import Plan, Step
    from lightdash_sync.sync.memory import Memory
    from lightdash_sync.sync.partial import Taken
    from lightdash_sync.sync.readback import Mismatch
    from lightdash_sync.sync.runs import Run
    from lightdash_sync.sync.target import Existing, Place

# Seconds after its last line in the journal during which the server may still be at work on a write.
_AT_WORK = 60.0


def conclude(
    place: Place, run: Run, plan: Plan, memory: Memory, after: Existing, *, is_cut_short: bool = False
) -> tuple[Mismatch, ...]:
    """Remember what a run did, and store what it made of the items that it touched.

    Args:
        place: the target.
        run: the run; its journal tells how far it came.
        plan: of the run.
        memory: what was remembered before.
        after: the target, read back.
        is_cut_short: whether the run had no end of its own, so that others may have been there since.

    Returns:
        What is not as it was written.
    """
    steps = taken(plan, run.journalled(), is_cut_short=is_cut_short)
    found = tuple(differences(plan, steps.done, after.tree))
    update = learned(place, plan, memory, steps, run.created(), after, found)
    write_memory(place.folders.memory, memory, update, after.source)
    left = _left(plan, steps, after.tree) if is_cut_short else after.tree
    touched = [path for step in plan.steps if (path := file_of(step.kind, step.key)) in left]
    run.keep_after(left, touched, after.source)
    return found


def _left(plan: Plan, steps: Taken, now: Tree) -> Tree:
    """Return the target as a run left it, as far as that can be told: without what others did since."""
    files = {path: now[path] for path in now}
    as_before = with_deleted(now, plan)
    for step in plan.steps:
        path = file_of(step.kind, step.key)
        if path not in now:
            continue
        there = parse(now[path])
        if step in steps.untouched:
            is_untouched = step.before is not None and as_before[path] == canonical(step.before)
            left = there if is_untouched else step.before
        elif step.action is Action.DELETE:
            left = step.before
        else:
            left = blended(step, there, there, step.before, options_of(plan), is_done=step in steps.done)
        if left is None:
            files.pop(path)
        elif left != there:
            files[path] = canonical(left)
    return Tree.of(files, with_former(now.identity, Identity(items=plan.items)))


def conclude_open_runs(place: Place) -> None:
    """Do for runs that were cut short what they had no time to do. Nothing is written to the server.

    Args:
        place: the target; its lock must be held.

    Raises:
        Incomplete: the target could not be read.
        ApiError: the server failed.
    """
    for run in reversed(open_runs(place.folders.runs)):
        plan = run.plan()
        if plan.target.project != place.project:
            continue
        is_new = run.result() is None
        journalled = run.journalled()
        memory = read_memory(place.folders.memory, place.project)
        if journalled.is_begun and (_look_for_doubtful(place, run, plan, memory) or is_new):
            after = read_back(place, plan, memory, run.created())
            conclude(place, run, plan, memory, after, is_cut_short=True)
        if is_new:
            run.cut_short()


def _look_for_doubtful(place: Place, run: Run, plan: Plan, memory: Memory) -> bool:
    """Look for what the creates of a run made that have no known end; note it in the journal.

    Returns:
        Whether something was found.
    """
    journalled = run.journalled()
    doubtful = [one for one in operations(plan) if one.number in journalled.doubtful]
    if plan.purpose != PROMOTE:
        doubtful = [one for one in doubtful if one.what in CREATES]
    doubtful = [one for one in doubtful if not journalled.made(one.number)]
    if not doubtful:
        return False
    existing = read_for(place, plan, memory, run.created())
    if plan.purpose == PROMOTE:
        found = _placed(run, plan, doubtful, existing)
    else:
        found = _created(place, run, plan, doubtful, existing)
        left = [one for one in doubtful if one not in {operation for operation, _ in found}]
        inside = [one for one in left if text(plan.steps[one.step].after, "dashboard")]
        found += [
            (operation, facts)
            for operation, facts in _placed(run, plan, inside, existing)
            if _is_as_sent(plan, plan.steps[operation.step], str(facts["uuid"]), existing)
        ]
    with Journal(run.journal) as journal:
        for operation, facts in found:
            journal.found(operation, facts)
    return bool(found)


def _created(
    place: Place, run: Run, plan: Plan, doubtful: list[Operation], existing: Existing
) -> list[tuple[Operation, JsonObject]]:
    """Return what a run made, looked for as the creates themselves look for a lost answer."""
    lightdash = place.lightdash
    identity = with_people(existing.linked.identity, plan, lightdash)
    writer = Writer(lightdash.session, lightdash.server)
    target = ReadOnlyTarget(plan, identity, lightdash, writer, run.journalled().known, run.began.date())
    target.patient = time.time() - run.journal.stat().st_mtime < _AT_WORK
    for kind, entries in run.created().items():
        for key, facts in entries.items():
            target.learn(kind, key, facts)
    found: list[tuple[Operation, JsonObject]] = []
    for operation in doubtful:
        step = plan.steps[operation.step]
        if (made := find_made(target, operation)) is not None:
            found.append((operation, made))
            target.learn(step.kind, step.key, made)
    return found


def _is_as_sent(plan: Plan, step: Step, uuid: str, existing: Existing) -> bool:
    """Whether a new chart inside a dashboard, which no list tells of, has the content that was sent."""
    path = file_of(step.kind, existing.linked.identity.key(step.kind, uuid))
    there = existing.tree.get(path)
    return there is not None and same_content(step.kind, step.after, parse(there), options_of(plan))


def _placed(
    run: Run, plan: Plan, doubtful: list[Operation], existing: Existing
) -> list[tuple[Operation, JsonObject]]:
    """Return what creates have made, where just one new item has the name and the place of a step."""
    known, tree = run.journalled().known, existing.tree
    creates = {
        (step.kind, step.key): operation
        for operation in doubtful
        if (step := plan.steps[operation.step]).action is Action.CREATE
    }
    made = {(kind, key) for kind, entries in run.created().items() for key in entries}
    old: set[Item] = {
        (kind, key)
        for kind, entries in tree.identity.items.items()
        for key, facts in entries.items()
        if facts["uuid"] in known.get(kind, frozenset()) or (kind, key) in made
    }
    wanted = {file_of(*item): canonical(plan.steps[one.step].after) for item, one in creates.items()}
    same = likenesses(
        Contents(Tree.of(wanted)), Contents(tree), frozenset(old), creates.keys(), adopt=True
    ).same
    return [
        (operation, {"uuid": uuid, **plan.steps[operation.step].layout})
        for item, operation in creates.items()
        if item in same and (uuid := tree.identity.uuid(*same[item]))
    ]
