"""The target, read in the keys that a plan has for its items: before it is applied, and after."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from lightdash_sync.model.canonical import canonical, parse
from lightdash_sync.model.identity import Identity
from lightdash_sync.model.kinds import Kind
from lightdash_sync.model.parts import with_names
from lightdash_sync.model.rekey import file_of, in_other_keys
from lightdash_sync.model.tree import Tree
from lightdash_sync.plan.keys import LINKED, with_former
from lightdash_sync.sync.target import apart_from_pages, joined, read_target

if TYPE_CHECKING:
    from lightdash_sync.plan.values import Plan
    from lightdash_sync.sync.memory import LinkTable, Memory
    from lightdash_sync.sync.target import Existing, Place


def read_for(
    place: Place, plan: Plan, memory: Memory, created: LinkTable, again: frozenset[str] = frozenset()
) -> Existing:
    """Read the target in the keys that a plan has for its items.

    Args:
        place: the target.
        plan: for it.
        memory: what is remembered of the target.
        created: kind -> key -> facts of what was created by the plan so far.
        again: uuids of items that are read whatever the lists prove.

    Raises:
        Incomplete: something could not be read.
    """
    keys = joined(plan.items, created)
    mine: LinkTable = {kind: {step.key: {} for step in plan.steps if step.kind is kind} for kind in LINKED}
    written = {
        file_of(step.kind, step.key): canonical(side)
        for step in plan.steps
        for side in (step.before, step.after)
        if step.kind is Kind.CHART and isinstance(side, dict)
    }
    palettes = apart_from_pages(written, keys)
    return read_target(
        place, _hints(memory, keys), keys, Identity(items=mine), again=again, palettes=palettes
    )


def read_back(place: Place, plan: Plan, memory: Memory, created: LinkTable) -> Existing:
    """Read the target after a plan, or a part of it, was applied.

    What was written is read whatever the lists prove.

    Args:
        place: the target.
        plan: for it.
        memory: what is remembered of the target.
        created: kind -> key -> facts of what was created by the plan.

    Raises:
        Incomplete: something could not be read.
    """
    written = frozenset(step.uuid for step in plan.steps if step.uuid is not None)
    return read_for(place, laid_out(plan), memory, created, again=written)


def laid_out(plan: Plan) -> Plan:
    """Return a plan that calls the parts of dashboards as they are written: an update may add some.

    Args:
        plan: that was applied, or a part of it.
    """
    items: LinkTable = {kind: dict(entries) for kind, entries in plan.items.items()}
    for step in plan.steps:
        if step.uuid is not None and step.layout:
            before = items.get(step.kind, {}).get(step.key, {})
            facts = with_names({"uuid": step.uuid, **step.layout}, before)
            items.setdefault(step.kind, {})[step.key] = facts
    return replace(plan, items=items)


def _hints(memory: Memory, keys: LinkTable) -> Identity:
    """Return keys for items that a reading does not know yet: those of a plan, then those remembered."""
    return Identity(items=joined(memory.hints.items, keys))


def with_deleted(existing: Tree, plan: Plan) -> Tree:
    """Return the target with the items of a plan said as they were when what it deletes was still there.

    What names a deleted item names a bare uuid afterwards, and nobody has changed it.

    Args:
        existing: the target, in the keys of the plan.
        plan: of which a part was done.
    """
    identity = with_former(existing.identity, Identity(items=plan.items))
    files = {path: existing[path] for path in existing}
    for step in plan.steps:
        path = file_of(step.kind, step.key)
        if path in files:
            now = in_other_keys(step.kind, step.key, parse(files[path]), existing.identity, identity)
            files[path] = canonical(now)
    return Tree.of(files, existing.identity)
