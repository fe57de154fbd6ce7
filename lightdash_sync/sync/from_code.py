"""A plan for a tree of the official tool's documents.

Such a tree knows an item by its slug and by nothing else, so the target's item with that slug is linked by
this plan, and it is told how many are. A document is known to have been taken from what the target has if
nobody has saved that since; of others nobody knows what they had in common with it. What documents have no
word for (access, deliveries, tags, pins …) is neither changed nor deleted; a delivery goes with the chart or
dashboard that it is of.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from lightdash_sync.ascode.desired import Desired, desired_of
from lightdash_sync.ascode.names import Names
from lightdash_sync.client.by_slug import find_aliases
from lightdash_sync.model.authorship import version_stamp
from lightdash_sync.model.identity import Identity
from lightdash_sync.model.kinds import Kind
from lightdash_sync.plan.keys import LINKED
from lightdash_sync.sync.planning import Request, plan_for
from lightdash_sync.sync.recall import recall
from lightdash_sync.sync.target import read_target

if TYPE_CHECKING:
    from collections.abc import Callable

    from lightdash_sync.ascode.tree import CodeTree
    from lightdash_sync.model.tree import Tree
    from lightdash_sync.plan.options import Item, Options
    from lightdash_sync.sync.memory import LinkTable
    from lightdash_sync.sync.planning import Planned
    from lightdash_sync.sync.target import Place


def plan_from_code(
    place: Place,
    source: str,
    code: CodeTree,
    options: Callable[[Callable[[CodeTree], Tree]], Options],
    *,
    full: bool = False,
) -> Planned:
    """Make a plan; only reads.

    Args:
        place: the target; its lock must be held.
        source: what the tree is, in words.
        code: the documents.
        options: returns what is allowed; given a function that says documents in the keys of the plan.
        full: read the target whole.

    Raises:
        Incomplete: something could not be read.
        SnapshotError: a document cannot be understood.
    """
    memory = recall(place)
    existing = read_target(place, memory.hints, memory.links, Identity(), full=full)
    synced = frozenset((kind, key) for kind in LINKED for key in existing.linked.keys.get(kind, ()))

    aliases = _aliases(place, code, existing.tree)

    def onto(documents: CodeTree) -> Desired:
        return desired_of(documents, existing.tree, kept=synced, synced=synced, aliases=aliases)

    wanted = onto(code)
    adopt = {
        kind: {key: facts for key, facts in entries.items() if (kind, key) not in synced}
        for kind, entries in wanted.links.items()
    }
    allowed = options(lambda documents: onto(documents).tree)
    request = Request(
        source=source,
        desired=wanted.tree,
        options=allowed,
        adopt=adopt,
        read=existing,
        known_origin=_taken_from(existing.linked.identity, wanted.tree.identity, adopt),
    )
    planned = plan_for(place, request)
    notes = (*code.notes, *wanted.notes, *_linked(sum(map(len, adopt.values()))))
    warnings = (*planned.existing.warnings, *notes)
    return replace(planned, existing=replace(planned.existing, warnings=warnings))


def _aliases(place: Place, code: CodeTree, existing: Tree) -> dict[Kind, dict[str, str]]:
    """Return kind -> slug -> current slug of what had the slug of a document before it was renamed there."""
    there = Names(existing).by_slug
    missing: dict[Kind, set[str]] = {}
    for kind, slug in code.documents:
        if slug not in there[kind]:
            missing.setdefault(kind, set()).add(slug)
    return find_aliases(place.lightdash, place.project, missing)


def _taken_from(target: Identity, documents: Identity, adopted: LinkTable) -> frozenset[Item]:
    """Return the items that nobody has saved on the target since their documents were downloaded."""
    found: set[Item] = set()
    for kind, entries in adopted.items():
        for key, facts in entries.items():
            here = version_stamp(kind, documents.facts(kind, key))
            there = version_stamp(kind, target.facts(kind, target.key(kind, str(facts["uuid"]))))
            if kind in (Kind.SPACE, Kind.VIRTUAL_VIEW) or (
                here is not None and there is not None and there.time <= here.time
            ):
                found.add((kind, key))
    return frozenset(found)


def _linked(number: int) -> list[str]:
    if not number:
        return []
    items = "1 item is" if number == 1 else f"{number} items are"
    return [
        f"{items} linked with what has the same slug in the target: a tree of documents has no other names"
    ]
