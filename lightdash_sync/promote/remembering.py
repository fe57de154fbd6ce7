"""What a promotion changes in what is remembered of its target: links, and the base of the next plan.

Lightdash takes items for the same by their slugs. What a sync or a person said of them before counts more:
a link whose item is still there stays as it is, and what it stands against is not linked.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lightdash_sync.model.canonical import canonical, parse
from lightdash_sync.model.parts import parts_in
from lightdash_sync.model.references import UnresolvedReference
from lightdash_sync.model.rekey import file_of, in_other_keys
from lightdash_sync.plan.keys import LINKED
from lightdash_sync.plan.managed import same_content, settled_form
from lightdash_sync.plan.options import Options
from lightdash_sync.plan.values import Action
from lightdash_sync.promote.as_plan import key_there
from lightdash_sync.sync.memory import Update, settle
from lightdash_sync.sync.target import joined

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from lightdash_sync.model.canonical import JsonObject
    from lightdash_sync.model.identity import Identity
    from lightdash_sync.model.tree import Tree
    from lightdash_sync.plan.options import Item
    from lightdash_sync.plan.values import Step
    from lightdash_sync.promote.values import Review
    from lightdash_sync.sync.memory import LinkTable, Memory
    from lightdash_sync.sync.readback import Mismatch
    from lightdash_sync.sync.target import Existing


def remembered(
    review: Review,
    source: Tree,
    memory: Memory,
    done: Iterable[Step],
    after: Existing,
    found: Iterable[Mismatch],
    failed: Collection[str] = (),
) -> Update:
    """Return what a promotion changes in what is remembered.

    Args:
        review: what was promoted.
        source: its content.
        memory: what was remembered before.
        done: the steps that were taken.
        after: the upstream project afterwards, in the source's keys.
        found: what is not as the review said.
        failed: `kind:key` of the items that were not promoted.
    """
    upstream = after.linked.identity
    gone = [step for step in done if step.action is Action.DELETE and not _is_there(step, after.tree)]
    linked, forgotten = _without(memory, [step.uuid for step in gone if step.uuid])
    fresh = _links(review, linked, upstream, failed)
    links = joined(linked, fresh)
    mine = {(kind, key) for kind, entries in links.items() for key in entries}
    base: dict[str, bytes | None] = {file_of(*item): None for item in forgotten}
    base |= _alike(fresh, source, after.tree)
    settled: dict[str, tuple[str, str]] = {}
    harmless = {mismatch.item for mismatch in found if mismatch.is_harmless}
    for step in done:
        path = file_of(step.kind, step.key)
        if step.action is Action.DELETE or (step.kind, step.key) not in mine:
            continue
        if upstream.uuid(step.kind, step.key) != links[step.kind][step.key]["uuid"]:
            continue  # the key is linked with another item
        base[path] = canonical(step.after) if _can_be_said(step, upstream) else None
        if step.item in harmless and path in after.tree:
            settled[path] = settle(settled_form(step.kind, step.after), after.tree[path])
    return Update(after.tree, links, base=base, settled=settled)


def _can_be_said(step: Step, upstream: Identity) -> bool:
    """Whether the upstream project has all that an item was to refer to."""
    try:
        in_other_keys(step.kind, step.key, step.after, upstream, upstream)
    except UnresolvedReference:
        return False
    return True


def _is_there(step: Step, tree: Tree) -> bool:
    return file_of(step.kind, step.key) in tree


def _without(memory: Memory, uuids: Collection[str]) -> tuple[LinkTable, list[Item]]:
    """Return the links without those of items that were deleted, and the keys that these had."""
    links: LinkTable = {}
    lost: list[Item] = []
    for kind, entries in memory.links.items():
        links[kind] = {key: facts for key, facts in entries.items() if facts["uuid"] not in uuids}
        lost += [(kind, key) for key in entries if key not in links[kind]]
    return links, lost


def _links(review: Review, known: LinkTable, upstream: Identity, failed: Collection[str]) -> LinkTable:
    """Return links of what was promoted, as far as no living item is linked otherwise."""
    found: LinkTable = {}
    for item in review.items:
        facts = upstream.facts(item.kind, item.key)
        if not facts or not item.uuid or item.item in failed or item.kind not in LINKED:
            continue
        if key_there(item, upstream) != item.key:
            continue  # another of the source's items is the same upstream
        there = upstream.known_keys(item.kind)
        stands = known.get(item.kind, {})
        living = {key: str(one["uuid"]) for key, one in stands.items() if one["uuid"] in there}
        if living.get(item.key, facts["uuid"]) != facts["uuid"]:
            continue
        if any(uuid == facts["uuid"] and key != item.key for key, uuid in living.items()):
            continue
        names: JsonObject = parts_in(facts, ("uuid",))
        found.setdefault(item.kind, {})[item.key] = names
    return found


def _alike(links: LinkTable, source: Tree, upstream: Tree) -> Iterator[tuple[str, bytes]]:
    """Yield what both sides have alike, of what is linked: if one of them changes, the next plan knows which.

    What differs though it was promoted has no base by this: it was not written, and may be anybody's work.
    """
    for kind, entries in links.items():
        for key in entries:
            path = file_of(kind, key)
            if path in source and path in upstream:
                here, there = parse(source[path]), parse(upstream[path])
                if same_content(kind, here, there, Options()):
                    yield path, upstream[path]
