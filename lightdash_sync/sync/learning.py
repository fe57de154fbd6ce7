"""What a run, or a look, changes in what is remembered of a target.

What a sync creates is linked; what it found or made alike on both sides is the base of the next plan.
What is put back is linked again if the item that it was before was. Undoing a run brings its own base back.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lightdash_sync.model.canonical import canonical, parse
from lightdash_sync.model.kinds import KINDS
from lightdash_sync.model.rekey import file_of
from lightdash_sync.model.tree import place_of
from lightdash_sync.plan.managed import settled_form
from lightdash_sync.plan.values import PROMOTE, Action
from lightdash_sync.sync.memory import Update, read_memory, settle
from lightdash_sync.sync.partial import blended
from lightdash_sync.sync.readback import options_of
from lightdash_sync.sync.runs import find_run
from lightdash_sync.sync.target import joined

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lightdash_sync.model.canonical import Json, JsonObject
    from lightdash_sync.model.kinds import Kind
    from lightdash_sync.model.tree import Tree
    from lightdash_sync.plan.options import Item
    from lightdash_sync.plan.values import Plan, Step
    from lightdash_sync.sync.memory import LinkTable, Memory
    from lightdash_sync.sync.partial import Taken
    from lightdash_sync.sync.readback import Mismatch
    from lightdash_sync.sync.target import Existing, Place


def learned(
    place: Place,
    plan: Plan,
    memory: Memory,
    steps: Taken,
    created: LinkTable,
    after: Existing,
    differences: tuple[Mismatch, ...],
) -> Update:
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
    return Update(
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
    place: Place,
    plan: Plan,
    memory: Memory,
    steps: Taken,
    gone: set[Item],
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


def _unfinished(plan: Plan, steps: Taken, after: Existing) -> frozenset[Item]:
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


def _finished(plan: Plan, steps: Taken) -> frozenset[Item]:
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


def _undone(place: Place, plan: Plan) -> Memory | None:
    """Return what was remembered before the run that a plan takes back."""
    if not plan.undoes:
        return None
    return read_memory(find_run(place.folders.runs, plan.undoes).memory(), place.project)


def _base_then(place: Place, plan: Plan, undone: Memory, after: Existing) -> Mapping[str, bytes]:
    """Return the base that there was before the run that a plan takes back, in the keys of that run.

    A sync goes by the keys that are remembered; a promotion by those of its source, which may be others.
    """
    if find_run(place.folders.runs, plan.undoes).plan().purpose != PROMOTE:
        return undone.base
    return undone.base_in(after.linked.identity)


def _taken_back(place: Place, plan: Plan) -> set[Item]:
    """Return what the run created that a plan takes back; somebody may have deleted it before."""
    if not plan.undoes:
        return set()
    created = find_run(place.folders.runs, plan.undoes).created()
    return {(kind, key) for kind, entries in created.items() for key in entries}


def unknown(memory: Memory, links: Mapping[Kind, Mapping[str, JsonObject]]) -> LinkTable:
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
