"""Groups and current names of people, from the lists of members and groups."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from lightdash_sync.content.naming import named_apart
from lightdash_sync.lightdash import schemas

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lightdash_sync.content.identity import Identity
    from lightdash_sync.export.inventory import Inventory


def groups_of_members(members: Sequence[schemas.MemberOfGroups]) -> list[schemas.Team] | None:
    """Return the groups that have members; None if the name of one of them is ambiguous.

    For a member of one group its name is known. A member of several groups has a set of names, so the last
    name is known once the others are known from other members.
    """
    in_groups: dict[str, list[str]] = defaultdict(list)
    told: list[tuple[frozenset[str], frozenset[str]]] = []
    for member in members:
        uuids = frozenset(group.uuid for group in member.groups)
        called = frozenset(group.name for group in member.groups if group.name is not None)
        if len(uuids) != len(called):
            return None
        told.append((uuids, called))
        for uuid in uuids:
            in_groups[uuid].append(member.userUuid)
    names: dict[str, str] = {}
    while found := {
        uuid: name
        for uuids, called in told
        if len(uuids - names.keys()) == 1
        for uuid in uuids - names.keys()
        for name in called - {names[one] for one in uuids & names.keys()}
    }:
        names |= found
    if any({names.get(uuid) for uuid in uuids} != called for uuids, called in told):
        return None
    return [
        schemas.Team(uuid=uuid, name=names[uuid], memberUuids=people)
        for uuid, people in sorted(in_groups.items())
    ]


def called_otherwise(known: Identity, inventory: Inventory) -> frozenset[str]:
    """Return the people and groups of the previous snapshot whose name changed since, as tokens.

    Files that were written before mention the earlier names. People who are not in the list are unknown now,
    so they keep their name; a deleted group counts as renamed.

    Args:
        known: the identity map of the previous snapshot.
        inventory: the lists, as they are now.
    """
    emails = {row.userUuid: row.email for row in inventory.members or []}
    people = {
        f"user:{name}"
        for name, facts in known.people.items()
        if emails.get(str(facts.get("uuid")), name) != name
    }
    if inventory.groups is None:
        return frozenset(people)
    names = {row.uuid: row.name for row in inventory.groups}
    before = {str(facts.get("uuid")): name for name, facts in known.groups.items()}
    now = named_apart({uuid: names[uuid] for uuid in before if uuid in names})
    called = {str(facts.get("uuid")): name for name, facts in now.items()}
    groups = {f"group:{name}" for uuid, name in before.items() if called.get(uuid) != name}
    return frozenset(people | groups)


def may_hold_unseen(inventory: Inventory, reader: str) -> bool:
    """Whether a group could have a grant that the list of spaces, which names members only, does not show.

    Args:
        inventory: the lists.
        reader: uuid of the token's owner; the list shows the grants of everybody else.
    """
    if inventory.groups is None:
        return True
    return any(
        not isinstance(row, schemas.Team) or set(row.memberUuids) <= {reader} for row in inventory.groups
    )
