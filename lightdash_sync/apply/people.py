"""Who the people, groups and palettes of a plan are on the target: the project's own map knows only some."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from lightdash_sync.export.inventory import if_allowed, palettes_by_name
from lightdash_sync.model.links import GROUP, PALETTE, PERSON, is_known, links

if TYPE_CHECKING:
    from lightdash_sync.client.lightdash import Lightdash
    from lightdash_sync.model.canonical import JsonObject
    from lightdash_sync.model.identity import Identity
    from lightdash_sync.plan.values import Plan


def with_people(identity: Identity, plan: Plan, lightdash: Lightdash) -> Identity:
    """Return an identity map with everybody in the organisation whom a plan names, as far as it lists them.

    Args:
        identity: the target's map.
        plan: names people by e-mail, and groups by name.
        lightdash: the target's server; asked only if somebody is named who is not in the map.

    Raises:
        ApiError: the server failed. A token that may not list them is no error here: what names somebody
            who is not known fails by itself.
    """
    named = {
        link
        for step in plan.steps
        for content in (step.before, step.after)
        for link in links(step.kind, content)
        if link.to in (PERSON, GROUP, PALETTE) and not is_known(link, identity)
    }
    people, groups = dict(identity.people), dict(identity.groups)
    if any(link.to == PERSON for link in named):
        listed: dict[str, JsonObject] = {
            row.email: {"uuid": row.userUuid, "firstName": row.firstName, "lastName": row.lastName}
            for row in if_allowed(lightdash.members) or []
        }
        people = listed | people
    if any(link.to == GROUP for link in named):
        found: dict[str, JsonObject] = {
            row.name: {"uuid": row.uuid} for row in if_allowed(lightdash.groups) or []
        }
        groups = found | groups
    palettes = dict(identity.palettes)
    if any(link.to == PALETTE for link in named):
        rows = if_allowed(lightdash.color_palettes) or []
        palettes = palettes_by_name(rows) | palettes
    return replace(identity, people=people, groups=groups, palettes=palettes)
