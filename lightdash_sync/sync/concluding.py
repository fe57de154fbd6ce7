"""The end of a run: read back, compared, remembered, stored. Runs that died before it get it later.

A run that was killed, or lost its server, had no time to remember what it did. The next command that plans
or writes does it first (`conclude_open_runs`): it looks for what was in doubt, reads what the run touched,
and remembers what it did as the run itself would have done. From then on nobody takes the run's own writes
for somebody else's, whatever the command is that goes on.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from lightdash_sync.content.contents import Contents
from lightdash_sync.content.identity import Identity
from lightdash_sync.content.json import canonical, get_str, parse
from lightdash_sync.content.kinds import KINDS
from lightdash_sync.content.tree import Tree, file_of, place_of
from lightdash_sync.lightdash.writing import Writer
from lightdash_sync.sync.apply.created import ReadOnlyTarget, find_made
from lightdash_sync.sync.apply.engine import with_people
from lightdash_sync.sync.apply.journal import Journal
from lightdash_sync.sync.plan.managed import same_content, settled_form
from lightdash_sync.sync.plan.matching import find_unlinked_matches, with_former
from lightdash_sync.sync.plan.operations import CREATES, operations
from lightdash_sync.sync.plan.values import PROMOTE, Action
from lightdash_sync.sync.readback import blended, differences, options_of, taken
from lightdash_sync.sync.runs import find_run, open_runs
from lightdash_sync.sync.state import StateUpdate, joined, read_state, save_state, settle
from lightdash_sync.sync.target import read_back, read_for, with_deleted

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lightdash_sync.content.json import Json, JsonObject
    from lightdash_sync.content.kinds import ItemKey, Kind
    from lightdash_sync.sync.plan.operations import Operation
    from lightdash_sync.sync.plan.values import Plan, Step
    from lightdash_sync.sync.readback import Mismatch, Taken
    from lightdash_sync.sync.runs import Run
    from lightdash_sync.sync.state import LinkTable, State
    from lightdash_sync.sync.target import Existing, TargetEnvironment


# What a run, or a look, changes in what is remembered of a target.
#
# What a sync creates is linked; what it found or made alike on both sides is the base of the next plan.
# What is put back is linked again if the item that it was before was. Undoing a run brings its own base
# back.


def state_after_run(
    place: TargetEnvironment,
    plan: Plan,
    memory: State,
    steps: Taken,
    created: LinkTable,
    after: Existing,
    differences: tuple[Mismatch, ...],
) -> StateUpdate:
    """Return what a run changes in what is remembered, whether it came to its end or not.

    Args:
        place: the target.
        plan: that was applied.
        memory: what was remembered before.
        steps: how far it was carried out.
        created: kind -> key -> facts of what it created.
        after: the target afterwards.
        differences: what is not as it was written, of the steps that are done.
    """
    undone = _undone(place, plan)
    links = joined(memory.links, plan.adopted if plan.purpose == "sync" else {})
    if plan.purpose == PROMOTE:
        created = unknown(memory, created)
    links, restored = _linked(plan, joined(links, undone.links if undone else {}), links, created)
    gone = {
        (step.kind, step.key)
        for step in plan.steps
        if step.action is Action.DELETE and file_of(step.kind, step.key) not in after.tree
    }
    gone |= {item for item in _taken_back(place, plan) if file_of(*item) not in after.tree}
    links = {
        kind: {key: facts for key, facts in entries.items() if (kind, key) not in gone}
        for kind, entries in links.items()
    }
    harmless = {found.item for found in differences if found.is_harmless}
    settled = {
        path: settle(settled_form(step.kind, step.after), after.tree[path])
        for step in steps.done
        if step.item in harmless and (path := file_of(step.kind, step.key)) in after.tree
    }
    base = _base(place, plan, memory, steps, gone, after, differences)
    merged: dict[str, tuple[str, str] | None] = {file_of(step.kind, step.key): None for step in steps.written}
    if plan.purpose == "sync":
        wrong = {found.item for found in differences} - harmless
        base |= base_of_merges(plan, after.tree)
        merged |= merges(plan, [step for step in steps.done if step.item not in wrong], after.tree)
    return StateUpdate(
        after.tree,
        links,
        restored,
        base,
        settled,
        merged,
        _former(plan, created),
        unfinished=_unfinished(plan, steps, after),
        finished=_finished(plan, steps),
    )


def _base(
    place: TargetEnvironment,
    plan: Plan,
    memory: State,
    steps: Taken,
    gone: set[ItemKey],
    after: Existing,
    differences: tuple[Mismatch, ...],
) -> dict[str, bytes | None]:
    """Return the base that a run leaves, of the items that it wrote or found alike."""
    base: dict[str, bytes | None] = {file_of(*item): None for item in gone}
    undone = _undone(place, plan)
    before: Mapping[str, bytes] = {}
    if plan.purpose == "sync":
        base |= still_alike(plan, after.tree)
    elif undone is not None:
        before = _base_then(place, plan, undone, after)
    elif plan.purpose != PROMOTE:
        return base
    there = memory.base_in(after.linked.identity)
    harmless = {found.item for found in differences if found.is_harmless}
    # Perhaps somebody's work, so not the base; after a run that did a part, more likely what is missing.
    is_whole = len(steps.done) == len(plan.steps)
    wrong = {found.item for found in differences} - harmless if is_whole else set()
    for step in steps.written:
        path = file_of(step.kind, step.key)
        is_done = step in steps.done
        if is_done and not steps.is_cut_short:
            found = _found_or_made(step, wrong, after.tree) if plan.purpose == "sync" else before.get(path)
            base[path] = found
        elif step.action is not Action.DELETE and (path in after.tree or KINDS[step.kind].is_list):
            now = parse(after.tree[path]) if path in after.tree else []
            arrived = step.source or now if undone is None else _parsed(before, path)
            options = options_of(plan)
            known = _parsed(there, path)
            left = blended(
                step, now, arrived, step.before if known is None else known, options, is_done=is_done
            )
            base[path] = None if left is None else canonical(left)
    return base


def _parsed(files: Mapping[str, bytes], path: str) -> Json:
    return parse(files[path]) if path in files else None


def _unfinished(plan: Plan, steps: Taken, after: Existing) -> frozenset[ItemKey]:
    """Return the items that are there, and that a later plan of the same choice would leave as they are.

    What comes along only if it is missing is not missing any more once it is created.
    """
    if plan.purpose != "sync":
        return frozenset()
    return frozenset(
        (step.kind, step.key)
        for step in (*steps.begun, *steps.untouched)
        if step.action is not Action.DELETE
        and (step.action is Action.CREATE or not step.selected)
        and file_of(step.kind, step.key) in after.tree
    )


def _finished(plan: Plan, steps: Taken) -> frozenset[ItemKey]:
    """Return the items of which nothing is left to do."""
    alike = {place for path in plan.unchanged if (place := place_of(path)) is not None}
    return frozenset({(step.kind, step.key) for step in steps.done} | alike)


def still_alike(plan: Plan, now: Tree) -> dict[str, bytes]:
    """Return what a plan found alike on both sides, less what somebody has changed since.

    Args:
        plan: the plan.
        now: the target, in the plan's keys.
    """
    return {path: now[path] for path, seen in plan.unchanged.items() if now.digests.get(path) == seen}


def left_by_merge(plan: Plan, now: Tree) -> dict[str, Json]:
    """Return path -> what the source wants, of items that a merge leaves as the target has them.

    Args:
        plan: the plan.
        now: the target, in the plan's keys; what somebody has changed since is left out.
    """
    written = {step.item for step in plan.steps}
    found: dict[str, Json] = {}
    for one in plan.drift:
        path = file_of(one.kind, one.key)
        seen = None if one.existing is None else canonical(one.existing)
        if one.allowed and not one.conflicts and one.item not in written and now.get(path) == seen:
            found[path] = one.desired
    return found


def base_of_merges(plan: Plan, now: Tree) -> dict[str, bytes]:
    """Return the base that a merge gives the items that it leaves alone: what the source wants of them."""
    left = left_by_merge(plan, now)
    return {path: canonical(source) for path, source in left.items() if source is not None}


def merges(plan: Plan, done: list[Step], now: Tree) -> dict[str, tuple[str, str]]:
    """Return what is to be remembered of merges: while both sides stay so, there is nothing to do.

    Args:
        plan: the plan.
        done: its steps that were taken, and made what they should.
        now: the target, in the plan's keys.
    """
    left = left_by_merge(plan, now)
    kinds = {file_of(one.kind, one.key): one.kind for one in plan.drift}
    wanted = [(kinds[path], path, source) for path, source in left.items()]
    wanted += [(step.kind, file_of(step.kind, step.key), step.source) for step in done if step.source]
    return {path: settle(settled_form(kind, source), now.get(path)) for kind, path, source in wanted}


def _undone(place: TargetEnvironment, plan: Plan) -> State | None:
    """Return what was remembered before the run that a plan takes back."""
    if not plan.undoes:
        return None
    return read_state(find_run(place.folders.runs, plan.undoes).memory(), place.project)


def _base_then(place: TargetEnvironment, plan: Plan, undone: State, after: Existing) -> Mapping[str, bytes]:
    """Return the base that there was before the run that a plan takes back, in the keys of that run.

    A sync goes by the keys that are remembered; a promotion by those of its source, which may be others.
    """
    if find_run(place.folders.runs, plan.undoes).plan().purpose != PROMOTE:
        return undone.base
    return undone.base_in(after.linked.identity)


def _taken_back(place: TargetEnvironment, plan: Plan) -> set[ItemKey]:
    """Return what the run created that a plan takes back; somebody may have deleted it before."""
    if not plan.undoes:
        return set()
    created = find_run(place.folders.runs, plan.undoes).created()
    return {(kind, key) for kind, entries in created.items() for key in entries}


def unknown(memory: State, links: Mapping[Kind, Mapping[str, JsonObject]]) -> LinkTable:
    """Return those of some links whose key and whose item no other link has.

    Lightdash takes items for the same by their slugs; what a sync or a person said of them counts more.

    Args:
        memory: what is remembered of the target.
        links: kind -> key -> facts.
    """
    found: LinkTable = {}
    for kind, entries in links.items():
        known = memory.links.get(kind, {})
        uuids = {facts["uuid"] for facts in known.values()}
        found[kind] = {
            key: facts for key, facts in entries.items() if key not in known and facts["uuid"] not in uuids
        }
    return found


def _linked(
    plan: Plan, known: LinkTable, links: LinkTable, created: LinkTable
) -> tuple[LinkTable, LinkTable]:
    """Return the links with what a plan created, and what it put back without its being linked.

    What a sync creates is linked. What is put back is linked again if the item that it was before was.
    """
    if plan.purpose in ("sync", PROMOTE):
        return joined(links, created), {}
    former = {(step.kind, step.key): step.former for step in plan.steps}
    keys = {
        (kind, str(facts["uuid"])): key for kind, entries in known.items() for key, facts in entries.items()
    }
    again: LinkTable = {}
    restored: LinkTable = {}
    for kind, entries in created.items():
        for key, facts in entries.items():
            before = keys.get((kind, former.get((kind, key), "")))
            (restored if before is None else again).setdefault(kind, {})[before or key] = facts
    return joined(links, again), restored


def _found_or_made(step: Step, wrong: set[str], now: Tree) -> bytes | None:
    """Return the base that a step of a sync leaves: what the source has, or what the target made of it."""
    mine = step.after if step.item in wrong else step.source
    return now.get(file_of(step.kind, step.key)) if mine is None else canonical(mine)


def _former(plan: Plan, created: LinkTable) -> dict[str, str]:
    """Return new uuid -> the one that an item had before it was deleted, of what was put back."""
    return {
        str(created[step.kind][step.key]["uuid"]): step.former
        for step in plan.steps
        if step.former and step.key in created.get(step.kind, {})
    }


# Seconds after its last line in the journal during which the server may still be at work on a write.
_AT_WORK = 60.0


def conclude(
    place: TargetEnvironment,
    run: Run,
    plan: Plan,
    memory: State,
    after: Existing,
    *,
    is_cut_short: bool = False,
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
    update = state_after_run(place, plan, memory, steps, run.created(), after, found)
    save_state(place.folders.memory, memory, update, after.source)
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


def conclude_open_runs(place: TargetEnvironment) -> None:
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
        memory = read_state(place.folders.memory, place.project)
        if journalled.is_begun and (_look_for_doubtful(place, run, plan, memory) or is_new):
            after = read_back(place, plan, memory, run.created())
            conclude(place, run, plan, memory, after, is_cut_short=True)
        if is_new:
            run.cut_short()


def _look_for_doubtful(place: TargetEnvironment, run: Run, plan: Plan, memory: State) -> bool:
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
        inside = [one for one in left if get_str(plan.steps[one.step].after, "dashboard")]
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
    place: TargetEnvironment, run: Run, plan: Plan, doubtful: list[Operation], existing: Existing
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
    old: set[ItemKey] = {
        (kind, key)
        for kind, entries in tree.identity.items.items()
        for key, facts in entries.items()
        if facts["uuid"] in known.get(kind, frozenset()) or (kind, key) in made
    }
    wanted = {file_of(*item): canonical(plan.steps[one.step].after) for item, one in creates.items()}
    same = find_unlinked_matches(
        Contents(Tree.of(wanted)), Contents(tree), frozenset(old), creates.keys(), adopt=True
    ).same
    return [
        (operation, {"uuid": uuid, **plan.steps[operation.step].layout})
        for item, operation in creates.items()
        if item in same and (uuid := tree.identity.uuid(*same[item]))
    ]


# What is known of a target from all earlier runs, those that were cut short included.


def load_state(place: TargetEnvironment) -> State:
    """Return what is remembered of a target; runs that were cut short are remembered first.

    Raises:
        Refused: it is of another project.
        SnapshotError: it is damaged.
        Incomplete: the target could not be read.
    """
    conclude_open_runs(place)
    return read_state(place.folders.memory, place.project)
