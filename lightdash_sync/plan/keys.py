"""Which item of the target is which item of the desired side: the target's content in the plan's keys.

An item of the target is *linked* if it is known to be the same as a desired one: this tool made it, or a
person adopted it. It then has the desired key. Every other item of the target keeps a key of its own,
which no desired item has: an equal slug or name proves nothing. In the project that the desired content
was taken from, every item is its own link.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from lightdash_sync.model.keys import Candidate, assign_keys
from lightdash_sync.model.kinds import KINDS, Kind
from lightdash_sync.model.parts import PARTS, parts_in, with_names

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lightdash_sync.model.canonical import JsonObject
    from lightdash_sync.model.identity import Identity

# Kinds whose items are linked one by one; the others are lists of the whole project.
LINKED = tuple(kind for kind in Kind if KINDS[kind].folder and kind is not Kind.COMMENTS)


@dataclass(frozen=True)
class Linked:
    """The target's items in the keys of the plan.

    Attributes:
        identity: the target's map; a linked item has the desired key.
        keys: kind -> keys that are linked with an item that exists.
        gone: kind -> keys that are linked with an item that the target no longer has.
    """

    identity: Identity
    keys: Mapping[Kind, frozenset[str]]
    gone: Mapping[Kind, frozenset[str]]

    def has(self, kind: Kind, key: str) -> bool:
        """Whether the target has an item that is linked under a key."""
        return key in self.keys.get(kind, frozenset())


def linked(existing: Identity, links: Mapping[Kind, Mapping[str, JsonObject]], desired: Identity) -> Linked:
    """Say the target's items in the keys of the plan.

    Args:
        existing: the target's map, in whatever keys it was read.
        links: kind -> key -> facts, at least `uuid`; of dashboards the names of their parts too.
        desired: the map of the desired side, whose keys no item may have that is not linked.
    """
    items: dict[Kind, dict[str, JsonObject]] = {}
    keys: dict[Kind, frozenset[str]] = {}
    gone: dict[Kind, frozenset[str]] = {}
    for kind in existing.items.keys() | set(LINKED):
        found = {str(facts["uuid"]): (key, facts) for key, facts in existing.items.get(kind, {}).items()}
        if kind not in LINKED:
            items[kind] = dict(existing.items.get(kind, {}))
            continue
        known = {str(facts["uuid"]): key for key, facts in links.get(kind, {}).items()}
        mine = {uuid: known[uuid] for uuid in found if uuid in known}
        own = assign_keys(
            (Candidate(uuid, key, uuid) for uuid, (key, _) in found.items()),
            mine,
            {*desired.items.get(kind, {}), *known.values()} - set(mine.values()),
        )
        items[kind] = {
            own[uuid]: _with_layout(facts, links.get(kind, {}).get(mine.get(uuid, ""), {}))
            for uuid, (_, facts) in found.items()
        }
        keys[kind] = frozenset(mine.values())
        gone[kind] = frozenset(known.values()) - keys[kind]
    return Linked(replace(existing, items=items), keys, gone)


def with_former(now: Identity, former: Identity) -> Identity:
    """Return a map with what of an earlier one is gone, items and parts of dashboards, under its old names.

    What was said in the keys of the earlier map can then be said in those of the present one.

    Args:
        now: the present map.
        former: the map of the same project at an earlier time.
    """
    items = {kind: dict(entries) for kind, entries in now.items.items()}
    for kind in LINKED:
        there = now.known_keys(kind)
        gone = {str(facts["uuid"]): (key, facts) for key, facts in former.items.get(kind, {}).items()}
        for uuid in gone.keys() & there.keys():
            items[kind][there[uuid]] = _with_lost_names(items[kind][there[uuid]], gone[uuid][1])
        lost = {uuid: entry for uuid, entry in gone.items() if uuid not in there}
        keys = assign_keys(
            (Candidate(uuid, key, uuid) for uuid, (key, _) in lost.items()), {}, there.values()
        )
        items.setdefault(kind, {}).update({keys[uuid]: facts for uuid, (_, facts) in lost.items()})
    return replace(
        now,
        items=items,
        people={**former.people, **now.people},
        groups={**former.groups, **now.groups},
        palettes={**former.palettes, **now.palettes},
        external={**former.external, **now.external},
    )


def own_links(desired: Identity, project: str) -> dict[Kind, dict[str, JsonObject]]:
    """Return links of the project that the desired content was taken from: each item is itself."""
    if desired.project.get("uuid") != project:
        return {}
    return {kind: dict(desired.items.get(kind, {})) for kind in LINKED}


def named_items(identity: Identity) -> dict[Kind, dict[str, JsonObject]]:
    """Return kind -> key -> uuid, and of dashboards the names of parts, of all items of a map."""
    return {
        kind: {key: parts_in(facts, ("uuid",)) for key, facts in entries.items()}
        for kind in LINKED
        if (entries := identity.items.get(kind))
    }


def _with_lost_names(facts: JsonObject, former: JsonObject) -> JsonObject:
    """Add elements that are no longer there to the parts that the facts name."""
    return with_names(facts, {part: former[part] for part in parts_in(facts) if part in former})


def _with_layout(facts: JsonObject, link: JsonObject) -> JsonObject:
    """Call the elements of parts as the link does, if they are still there; the rest keep their names."""
    result = dict(facts)
    for part in PARTS:
        named, there = link.get(part), facts.get(part)
        if not isinstance(named, dict) or not isinstance(there, dict):
            continue
        uuids = set(map(str, there.values()))
        kept = {name: uuid for name, uuid in named.items() if uuid in uuids}
        rest = {str(uuid): name for name, uuid in there.items() if uuid not in kept.values()}
        names = assign_keys(
            (Candidate(uuid, name, uuid) for uuid, name in rest.items()), {}, reserved=kept.keys()
        )
        result[part] = {**kept, **{name: uuid for uuid, name in names.items()}}
    return result
