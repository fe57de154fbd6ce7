"""Personal spaces: those that Lightdash makes for each person, below a space "Default User Spaces".

No answer of a server says of a space that it is one. Spaces as code leave them out, and all that is inside,
though they have the space above: where there is such an answer it decides. Else it is what such a space
looks like: private, and named as one of those who hold a grant in it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lightdash_sync.model.kinds import PERSONAL_ROOT

if TYPE_CHECKING:
    from lightdash_sync.client import views
    from lightdash_sync.export.inventory import Inventory
    from lightdash_sync.model.canonical import Json, JsonObject


def code_slug(path: Json) -> str | None:
    """Return the name that a space has in code: its path, written otherwise."""
    return path.replace("_", "-").replace(".", "/") if isinstance(path, str) else None


def personal_spaces(inventory: Inventory) -> frozenset[str]:
    """Return the uuids of the spaces that Lightdash made for single people, and of all spaces inside them."""
    rows = {row.uuid: (row, raw) for row, raw in inventory.spaces}
    roots = {
        uuid for uuid, (row, _) in rows.items() if row.parentSpaceUuid is None and row.name == PERSONAL_ROOT
    }
    found = {
        uuid
        for uuid, (row, raw) in rows.items()
        if row.parentSpaceUuid in roots and _is_personal(row, raw, rows[row.parentSpaceUuid][1], inventory)
    }
    while more := {uuid for uuid, (row, _) in rows.items() if row.parentSpaceUuid in found} - found:
        found |= more
    return frozenset(found)


def _is_personal(row: views.SpaceRow, raw: JsonObject, above: JsonObject, inventory: Inventory) -> bool:
    slugs = inventory.code_spaces.slugs if inventory.code_spaces else frozenset()
    if code_slug(above.get("path")) in slugs:
        return code_slug(raw.get("path")) not in slugs
    if raw.get("inheritParentPermissions") is not False:
        return False
    names = {
        f"{one.firstName} {one.lastName}".strip()
        for one in inventory.members or ()
        if one.userUuid in row.access
    }
    return row.name in names
