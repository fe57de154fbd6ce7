"""Who is who: what the lists of members and groups tell of those whom a snapshot names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lightdash_sync.client import views
from lightdash_sync.model.naming import named_apart

if TYPE_CHECKING:
    from lightdash_sync.export.inventory import Inventory
    from lightdash_sync.model.identity import Identity


def called_otherwise(known: Identity, inventory: Inventory) -> frozenset[str]:
    """Return the people and groups of an older snapshot that have another name now, as tokens name them.

    Files that were made before name them as they were called then. Of who is not in the lists nothing is
    told, so they keep their name; a group that is gone has none any more.

    Args:
        known: the map of the older snapshot.
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
    """Whether a group could have a grant that the list of spaces does not show: it names members alone.

    Args:
        inventory: the lists.
        reader: uuid of whose token it is; what others have, the list shows.
    """
    if inventory.groups is None:
        return True
    return any(
        not isinstance(row, views.Team) or set(row.memberUuids) <= {reader} for row in inventory.groups
    )
