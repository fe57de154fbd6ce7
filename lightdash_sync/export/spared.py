"""Skips lists that an export without changes does not need, and requests them once they are needed.

An export over a previous snapshot reuses whatever the lists prove unchanged. If that is all charts, SQL
charts, dashboards and spaces, some lists cannot change what is written:

    colour palettes    no item that mentions one is written. A renamed palette is found when they are read
                       again, and until then palettes are named as older (see `not_exported`)
    number of charts   it only shows whether there is a chart that no list names. A chart that was listed, or
                       known, is requested by itself; one that is saved in a dashboard, and was never on any
                       version of it that this tool saw, is named as older
    groups             if spaces as code have the grants: the list of people has the groups with members. All
                       groups are requested if one without members may matter: a space is shared with it, a
                       file mentions it, or the grants of a space are unknown
    virtual views      all of them come as code in one answer; one whose file has the same content is not read

As soon as anything has to be read, palettes and number are requested, before anything is written.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from lightdash_sync.export.hidden import NAMELESS
from lightdash_sync.export.inventory import spared_lists
from lightdash_sync.export.not_exported import PALETTES
from lightdash_sync.export.reuse import is_like
from lightdash_sync.export.spaces import personal_spaces
from lightdash_sync.lightdash.reading import if_here
from lightdash_sync.snapshot.manifest import PALETTES_OF_CHARTS, PALETTES_OF_SPACES

if TYPE_CHECKING:
    from collections.abc import Collection

    from lightdash_sync.content.identity import Identity
    from lightdash_sync.export.inventory import Inventory
    from lightdash_sync.export.previous import Old
    from lightdash_sync.export.selection import ExportSelection
    from lightdash_sync.export.spaces import Grants
    from lightdash_sync.lightdash.reading import Lightdash
    from lightdash_sync.lightdash.versions import Server
    from lightdash_sync.workers import Workers


def may_be_spared(old: Old | None, server: Server, chosen: ExportSelection) -> bool:
    """Whether an export may skip some lists: it replaces a snapshot that was made in the same way.

    A snapshot with charts whose uuid cannot be found out is excluded, because only pages of all charts show
    them. Readings of a target are excluded, because a plan has no place for the day of the last full read.
    """
    return (
        old is not None
        and chosen.is_kept
        and old.is_replaced
        and old.freshness is None
        and is_like(old, server.version, chosen.in_manifest())
        and not any(left.why == NAMELESS for left in old.manifest.leftOut)
    )


def had_palettes(old: Old) -> bool:
    """Whether there were colour palettes when they were last requested, as far as that is known."""
    told = (PALETTES, PALETTES_OF_CHARTS, PALETTES_OF_SPACES)
    return bool(old.identity.palettes) or any(old.manifest.leaves_out(what) for what in told)


def ask_spared(lightdash: Lightdash, inventory: Inventory, workers: Workers) -> Inventory:
    """Return the lists including those that were skipped.

    Raises:
        ApiError: one of them cannot be read.
    """
    reads = spared_lists(lightdash, inventory.project.projectUuid)
    found, unread = workers.run(
        "more lists", reads.items(), lambda item: (item[0], item[1]()), lambda item: item[0]
    )
    if unread:
        raise unread[0].error
    return replace(inventory, is_spared=False, **dict(found))


def with_all_groups(
    lightdash: Lightdash,
    inventory: Inventory,
    grants: Grants,
    known: Identity,
    counted: Collection[str] | None,
) -> Inventory:
    """Return the lists with all groups of the organisation, if groups with members may not be enough.

    Args:
        lightdash: the server.
        inventory: the lists.
        grants: the grants known from spaces as code, with the known groups.
        known: the identity map of the previous snapshot.
        counted: names of the groups in its manifest; None if they are not counted.
    """
    if not inventory.has_groups_of_members or not _may_lack_groups(inventory, grants, known, counted):
        return inventory
    return replace(inventory, groups=if_here(lightdash.teams), has_groups_of_members=False)


def _may_lack_groups(
    inventory: Inventory, grants: Grants, known: Identity, counted: Collection[str] | None
) -> bool:
    """Whether a group without members may have a grant, be mentioned in a file, or be new."""
    if inventory.groups is None or inventory.code_spaces is None:
        return True
    names = {group.name for group in inventory.groups}
    granted = {
        group.name for space in inventory.code_spaces.spaces if space.access for group in space.access.groups
    }
    named = {str(facts.get("uuid")) for facts in known.groups.values()}
    untold = {row.uuid for row, _ in inventory.spaces} - set(grants.told) - personal_spaces(inventory)
    is_enough = granted <= names and named <= {group.uuid for group in inventory.groups}
    is_new = counted is not None and not names <= set(counted)
    return bool(untold) or is_new or not is_enough
