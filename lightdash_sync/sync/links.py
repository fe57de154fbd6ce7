"""Which item of a target is which item of a source, by hand: shown, added, removed, adopted all at once.

A link says that two items are the same; it changes nothing on a server, and says nothing of which side is
right. So a link has no base: what differs is shown by the next plan, and overwritten only if that is allowed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lightdash_sync.content.identity import Identity
from lightdash_sync.content.json import get_str, parse
from lightdash_sync.content.tree import file_of
from lightdash_sync.errors import Refused
from lightdash_sync.sync.concluding import load_state
from lightdash_sync.sync.plan.matching import LINKED
from lightdash_sync.sync.planning import plan_for
from lightdash_sync.sync.state import RESTORED, StateUpdate, joined, save_state
from lightdash_sync.sync.target import read_target

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from lightdash_sync.content.json import JsonObject
    from lightdash_sync.content.kinds import ItemKey, Kind
    from lightdash_sync.sync.plan.values import Drift
    from lightdash_sync.sync.planning import PlanRequest
    from lightdash_sync.sync.state import LinkTable
    from lightdash_sync.sync.target import TargetEnvironment


@dataclass(frozen=True, order=True)
class Link:
    """An item of the target, and how it is known.

    Attributes:
        kind: of the item.
        key: by which the plans know it.
        name: on the target; "" if that is not known.
        uuid: on the target.
        slug: on the target; "" if it has none.
        how: `linked`, `restored`, or `own` for an item that no sync knows.
        exists: whether the target has it.
    """

    kind: Kind
    key: str
    name: str
    uuid: str
    slug: str
    how: str
    exists: bool

    @property
    def item(self) -> str:
        """The item as the command line says it."""
        return f"{self.kind}:{self.key}"


def links_of(place: TargetEnvironment) -> list[Link]:
    """Return all items of a target, with how each is known. Reads the target.

    Raises:
        Incomplete: something could not be read.
    """
    memory = load_state(place)
    existing = read_target(place, memory.hints, memory.links, Identity())
    known = {"linked": memory.links, RESTORED: memory.known(RESTORED)}
    found = [
        _link(kind, key, facts, existing.tree, known)
        for kind in LINKED
        for key, facts in existing.linked.identity.items.get(kind, {}).items()
    ]
    found += [
        Link(kind, key, "", str(facts["uuid"]), str(facts.get("slug", "")), "linked", exists=False)
        for kind, entries in memory.links.items()
        for key, facts in entries.items()
        if key in existing.linked.gone.get(kind, frozenset())
    ]
    return sorted(found)


@dataclass(frozen=True)
class Adoptable:
    """Items that can be linked, because both sides have exactly one of the same name or slug.

    Attributes:
        links: kind -> key -> facts of the target's items.
        differing: of those that are not alike on both sides, how the target's differs.
    """

    links: Mapping[Kind, Mapping[str, JsonObject]]
    differing: tuple[Drift, ...]


def adoptable(place: TargetEnvironment, request: PlanRequest) -> Adoptable:
    """Return what a plan would link by name or slug, and what of it is not alike; only reads.

    Args:
        place: the target; its lock must be held.
        request: for a plan of everything, with `adopt_by`.

    Raises:
        Incomplete: something could not be read.
    """
    plan = plan_for(place, request).plan
    differing = (one for one in plan.drift if one.key in plan.adopted.get(one.kind, {}))
    return Adoptable(plan.adopted, tuple(differing))


def add_links(place: TargetEnvironment, more: Mapping[Kind, Mapping[str, JsonObject]]) -> list[ItemKey]:
    """Link items of the target, and return those that were not linked before.

    Raises:
        Refused: the target does not have one of them, or a key is linked with another already.
    """
    memory = load_state(place)
    for kind, entries in more.items():
        for key, facts in entries.items():
            there = memory.links.get(kind, {}).get(key)
            if there is not None and there["uuid"] != facts["uuid"]:
                raise Refused(
                    f"{kind}:{key} is linked with {there['uuid']} already",
                    hint=f"`lightdash-sync link remove {kind}:{key} --to {place.environment}` undoes it.",
                )
    links = joined(memory.links, more)
    existing = read_target(place, memory.hints, links, Identity())
    for kind, entries in more.items():
        if lost := sorted(existing.linked.gone.get(kind, frozenset()) & entries.keys()):
            raise Refused(f"the target has no {kind} {entries[lost[0]]['uuid']} (for {kind}:{lost[0]})")
    fresh = [
        (kind, key)
        for kind, entries in more.items()
        for key in entries
        if key not in memory.links.get(kind, {})
    ]
    base: dict[str, bytes | None] = {file_of(*item): None for item in fresh}
    save_state(place.folders.memory, memory, StateUpdate(existing.tree, links, base=base), existing.source)
    return sorted(fresh)


def remove_links(place: TargetEnvironment, items: Iterable[ItemKey]) -> None:
    """Forget links; nothing is changed on the target.

    Raises:
        Refused: one of them is not linked.
    """
    memory = load_state(place)
    links: LinkTable = {kind: dict(entries) for kind, entries in memory.links.items()}
    base: dict[str, bytes | None] = {}
    for kind, key in items:
        if links.get(kind, {}).pop(key, None) is None:
            raise Refused(f"{kind}:{key} is not linked", hint="`lightdash-sync link show` lists what is.")
        base[file_of(kind, key)] = None
    existing = read_target(place, memory.hints, memory.links, Identity())
    save_state(place.folders.memory, memory, StateUpdate(existing.tree, links, base=base), existing.source)


def _link(
    kind: Kind, key: str, facts: JsonObject, tree: Mapping[str, bytes], known: Mapping[str, LinkTable]
) -> Link:
    path = file_of(kind, key)
    name = get_str(parse(tree[path]), "name") if path in tree else ""
    ways = (
        how
        for how, table in known.items()
        if any(entry["uuid"] == facts["uuid"] for entry in table.get(kind, {}).values())
    )
    return Link(
        kind, key, name, str(facts["uuid"]), str(facts.get("slug", "")), next(ways, "own"), exists=True
    )
