"""Spaces, read one by one or taken from the lists, with the grants in them.

The list of spaces and spaces as code tell of a space what its own answer tells, but for its palette, and for
whatever newer servers say there. So for what need not be read singly one space is read to see whether that
is so; if it is not, each is read.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from lightdash_sync.export.inventory import space_contradictions
from lightdash_sync.export.personal import personal_spaces
from lightdash_sync.model.kinds import PERSONAL, Kind
from lightdash_sync.model.normal import normalise

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from lightdash_sync.client import views
    from lightdash_sync.client.capabilities import Server
    from lightdash_sync.client.lightdash import Lightdash
    from lightdash_sync.client.space_access import Entry
    from lightdash_sync.export.grants import Granted, Grants
    from lightdash_sync.export.inventory import Inventory
    from lightdash_sync.export.readings import Readings
    from lightdash_sync.model.canonical import JsonObject

_PALETTE = "colorPaletteUuid"
_NO_PALETTE: JsonObject = {_PALETTE: None}


@dataclass(frozen=True, slots=True)
class SpaceRead:
    """A space as it was read.

    Attributes:
        raw: its row in the list with its own answer over it; the grants in it as `normalise` takes them.
        granted: the grants in it.
        view: its own answer; None if it was not asked for.
        entries: its list of access, if that was asked for.
    """

    raw: JsonObject
    granted: Granted
    view: views.Space | None = None
    entries: tuple[Entry, ...] = ()


def read_spaces(
    lightdash: Lightdash,
    inventory: Inventory,
    grants: Grants,
    wanted: Collection[str],
    keys: Mapping[str, str],
    readings: Readings,
    *,
    singly: bool,
) -> tuple[dict[str, SpaceRead], dict[str, dict[str, str]]]:
    """Read some spaces, and compare what each says of its content with the lists.

    Args:
        lightdash: the server.
        inventory: the lists.
        grants: what spaces as code tell; the grants of the others are added.
        wanted: uuids of the spaces.
        keys: uuid -> key of every space.
        readings: reads, and remembers what could not be read.
        singly: whether each is read by itself, also where the lists tell of it.

    Returns:
        The spaces by uuid, and by uuid of a space the items of which it says otherwise than the lists, with
        words.
    """
    listed = {row.uuid: (row, raw) for row, raw in inventory.spaces}
    personal = personal_spaces(inventory)
    project = inventory.project.projectUuid
    told = [uuid for uuid in wanted if uuid in grants.told]
    sample, rest = (told, []) if singly else (told[:1], told[1:])
    leaves_palettes = leaves_out_palettes(inventory, lightdash.server, singly=singly)
    spaces = readings.of(
        Kind.SPACE,
        [*sample, *(uuid for uuid in wanted if uuid not in grants.told)],
        partial(lightdash.space, project),
        keys,
    )
    found: dict[str, SpaceRead] = {}

    def whole(uuid: str, raw: JsonObject) -> JsonObject:
        """Return a space as `normalise` takes it."""
        content = {**listed[uuid][1], **raw, "access": grants.told[uuid].access}
        if leaves_palettes:
            content.pop(_PALETTE, None)
        return content | ({PERSONAL: True} if uuid in personal else {})

    def is_whole_in_lists(uuid: str) -> bool:
        raw = spaces[uuid][1]
        return normalise(Kind.SPACE, whole(uuid, raw)) == normalise(Kind.SPACE, whole(uuid, _NO_PALETTE))

    if rest and not all(is_whole_in_lists(uuid) for uuid in sample if uuid in spaces):
        spaces |= readings.of(Kind.SPACE, rest, partial(lightdash.space, project), keys, "more")
        rest = []
    for uuid in rest:
        found[uuid] = SpaceRead(whole(uuid, _NO_PALETTE), grants.told[uuid])
    above = _spaces_above(inventory, spaces, grants)
    if above:
        spaces_above = readings.of(Kind.SPACE, above, partial(lightdash.space, project), keys, "above them")
    else:
        spaces_above = {}
    untold = [uuid for uuid in (*spaces, *spaces_above) if uuid not in grants.told]
    entries = _entries(lightdash, project, untold, keys, readings)
    both = spaces | spaces_above
    for uuid in sorted(both, key=lambda one: str(listed[one][1].get("path")).count(".")):
        row, (view, raw) = listed[uuid][0], both[uuid]
        if uuid in grants.told:
            pass
        elif uuid in entries:
            grants.told[uuid] = grants.by_list(row, raw, entries[uuid])
        elif not lightdash.server.can("own_access_only"):
            grants.told[uuid] = grants.by_space(row, raw)
        if uuid in spaces and uuid in grants.told:  # else it is remembered as unread
            read = SpaceRead(whole(uuid, raw), grants.told[uuid], view, tuple(entries.get(uuid, ())))
            found[uuid] = read
    said = {
        uuid: space_contradictions(listed[uuid][0], view, inventory) for uuid, (view, _) in spaces.items()
    }
    return found, {uuid: disputed for uuid, disputed in said.items() if disputed}


def leaves_out_palettes(inventory: Inventory, server: Server, *, singly: bool) -> bool:
    """Whether no palettes of spaces are told: there are some, and spaces are not read by themselves.

    Then they are left out of those, too, that are read all the same: which these are is of no meaning.
    """
    return inventory.has_palettes and server.can("own_access_only") and not singly


def _spaces_above(inventory: Inventory, spaces: Collection[str], grants: Grants) -> list[str]:
    """Return the spaces from which others inherit, of whose grants nothing is known, though it is needed."""
    if not grants.server.can("own_access_only"):
        return []
    rows = {row.uuid: (row, raw) for row, raw in inventory.spaces}
    found: set[str] = set()
    for uuid in spaces:
        row, raw = rows[uuid]
        while uuid not in grants.told and raw.get("inheritParentPermissions") is True:
            if row.parentSpaceUuid not in rows:
                break
            row, raw = rows[row.parentSpaceUuid]
            found.add(row.uuid)
    return sorted(uuid for uuid in found if uuid not in grants.told and uuid not in spaces)


def _entries(
    lightdash: Lightdash, project: str, wanted: Collection[str], keys: Mapping[str, str], readings: Readings
) -> dict[str, list[Entry]]:
    """Read who can see some spaces, where a space tells the caller's access alone."""
    if not lightdash.server.can("own_access_only"):
        return {}
    read = partial(lightdash.space_access, project)
    return readings.of(Kind.SPACE, wanted, read, keys, "for who may see them")
