"""A plan as JSON. Fields and codes stay the same from version to version; words may not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lightdash_sync.plan.document import digest
from lightdash_sync.plan.outlook import nothing

if TYPE_CHECKING:
    from lightdash_sync.model.canonical import JsonObject
    from lightdash_sync.plan.outlook import Look
    from lightdash_sync.plan.values import Plan


def plan_json(plan: Plan, *, look: Look = nothing, every: bool = False) -> JsonObject:
    """Return a plan without the contents that it writes; those are in the file of `plan -o`."""
    return {"digest": digest(plan), "refusals": [*plan.refusals()]}
