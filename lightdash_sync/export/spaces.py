"""Reads spaces and the grants in them, with as few requests per space as possible.

The list of spaces and spaces as code together contain what a space's own answer contains, except its palette
and any fields that newer servers add. Where spaces need not be read one by one, a single space is read as a
sample to check that; if its own answer contains more than the lists do, every space is read.

In order: recognising personal spaces, reading spaces, and combining answers into grants.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from lightdash_sync.content.json import objects
from lightdash_sync.content.kinds import PERSONAL, PERSONAL_ROOT, Kind
from lightdash_sync.content.normal import normalise, other_ways, space_access
from lightdash_sync.export.inventory import space_contradictions
from lightdash_sync.lightdash.schemas import Team

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from lightdash_sync.content.identity import Identity
    from lightdash_sync.content.json import Json, JsonObject
    from lightdash_sync.export.inventory import Inventory
    from lightdash_sync.export.items import Readings
    from lightdash_sync.lightdash import schemas
    from lightdash_sync.lightdash.reading import AccessEntry, CodeAccess, Lightdash
    from lightdash_sync.lightdash.versions import Server


# Personal spaces: Lightdash makes one for each person, below a space called "Default User Spaces".
#
# No answer marks a space as personal. Spaces as code leave out personal spaces and everything inside them,
# but include the space above; where that answer exists, it decides. Otherwise a space counts as personal if
# it is private and has the name of somebody who holds a grant in it.


def code_slug(path: Json) -> str | None:
    """Return the slug of a space in code for its path, which is written differently; None without a path."""
    return path.replace("_", "-").replace(".", "/") if isinstance(path, str) else None


def personal_spaces(inventory: Inventory) -> frozenset[str]:
    """Return the uuids of personal spaces and of all spaces inside them."""
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


def _is_personal(row: schemas.SpaceRow, raw: JsonObject, above: JsonObject, inventory: Inventory) -> bool:
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


_PALETTE = "colorPaletteUuid"
_NO_PALETTE: JsonObject = {_PALETTE: None}


@dataclass(frozen=True, slots=True)
class SpaceRead:
    """A space as it was read.

    Attributes:
        raw: its row in the list, updated with its own answer; grants in the form that `normalise` expects.
        granted: the grants in it.
        view: its own answer; None if it was not requested.
        entries: its list of access; empty if it was not requested.
    """

    raw: JsonObject
    granted: Granted
    view: schemas.Space | None = None
    entries: tuple[AccessEntry, ...] = ()


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
    """Read some spaces, and compare the content that each reports with the lists.

    Args:
        lightdash: the server.
        inventory: the lists.
        grants: the grants known from spaces as code; those of the other spaces are added.
        wanted: uuids of the spaces to read.
        keys: uuid -> key of every space.
        readings: reads items, and records what could not be read.
        singly: whether to read each space by itself, even where the lists suffice.

    Returns:
        The spaces by uuid; and for each space whose answer contradicts the lists, the items concerned with a
        description.
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
        """Return a space in the form that `normalise` expects."""
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
        if uuid in spaces and uuid in grants.told:  # otherwise it is recorded as unread
            read = SpaceRead(whole(uuid, raw), grants.told[uuid], view, tuple(entries.get(uuid, ())))
            found[uuid] = read
    said = {
        uuid: space_contradictions(listed[uuid][0], view, inventory) for uuid, (view, _) in spaces.items()
    }
    return found, {uuid: disputed for uuid, disputed in said.items() if disputed}


def leaves_out_palettes(inventory: Inventory, server: Server, *, singly: bool) -> bool:
    """Whether palettes of spaces are left out: the project has palettes, and spaces are not read one by one.

    They are left out of the sampled spaces, too, because which spaces are sampled has no meaning.
    """
    return inventory.has_palettes and server.can("own_access_only") and not singly


def _spaces_above(inventory: Inventory, spaces: Collection[str], grants: Grants) -> list[str]:
    """Return the spaces above that are inherited from, and whose grants are needed but not yet known."""
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
) -> dict[str, list[AccessEntry]]:
    """Read the lists of access of some spaces, on servers where a space reports only the caller's access."""
    if not lightdash.server.can("own_access_only"):
        return {}
    read = partial(lightdash.space_access, project)
    return readings.of(Kind.SPACE, wanted, read, keys, "for who may see them")


# Grants: who holds which role in which space.
#
# Only the list of spaces names everybody who holds a grant, and it has no roles. Roles come from another
# answer, which is compared with the list; a holder whose role no answer contains is recorded.
#
#     until 1.103   the space itself contains everybody's role
#     since 1.104   spaces as code contain all grants of all spaces as they were given, in one answer. For
#                   what they leave out (personal spaces, holders without a name in code), the list of access
#                   of the space is used, unless something else gives the same person as high a role there

_RANK = {"viewer": 0, "editor": 1, "admin": 2}


@dataclass(frozen=True, slots=True)
class Granted:
    """The grants of a space.

    Attributes:
        access: `{"users": [{userUuid, role}], "groups": [{groupUuid, role}]}`; an unknown role is null.
        untold: uuids of holders whose role this version of Lightdash is known not to report.
        unread: uuids of holders whose role should have been reported, but was not.
    """

    access: JsonObject
    untold: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()


@dataclass
class Grants:
    """The grants of a project's spaces; filled in while spaces are read.

    Attributes:
        inventory: the lists, including spaces as code.
        server: its version and capabilities.
        known: the identity map of the previous snapshot, for the e-mail addresses of people.
        told: uuid of a space -> its own grants, exactly as they were given.
    """

    inventory: Inventory
    server: Server
    known: Identity
    told: dict[str, Granted] = field(default_factory=dict)

    @classmethod
    def by_code(cls, inventory: Inventory, server: Server, known: Identity) -> Grants:
        """Return the grants in spaces as code that the list of spaces confirms."""
        grants = cls(inventory, server, known)
        for row, raw in inventory.spaces:
            access = code_access(inventory, raw)
            people = {one.userUuid: one.email for one in inventory.members or ()} or grants._known_people()
            groups = {one.name: one.uuid for one in inventory.groups or ()}
            granted = None if access is None else grants._from_code(row, access, people, groups)
            if granted is not None:
                grants.told[row.uuid] = granted
        return grants

    def by_space(self, row: schemas.SpaceRow, raw: JsonObject) -> Granted:
        """Return the grants from a space's own answer, which has everybody's before 1.104.0."""
        teams = self._teams if self.server.can("space_member_role") else None
        others = None if teams is None else other_ways(raw, teams, self._outside(row))
        access, hidden = space_access(
            row.access, objects(raw.get("access")), objects(raw.get("groupsAccess")), others
        )
        untold = [uuid for uuid in hidden if self._has_no_role(uuid)]
        return Granted(access, tuple(untold), tuple(uuid for uuid in hidden if uuid not in untold))

    def by_list(self, row: schemas.SpaceRow, raw: JsonObject, entries: Sequence[AccessEntry]) -> Granted:
        """Return the grants of a space that are not known for all spaces at once, by its list of access.

        The list of access names the e-mail addresses that spaces as code use, so code is tried again first.

        Args:
            row: the space in the list.
            raw: its own answer.
            entries: its list of access.
        """
        if (said := code_access(self.inventory, raw)) is not None:
            people = self._known_people() | {one.userUuid: one.email for one in entries if one.email}
            shared = objects(raw.get("groupsAccess"))
            groups = {str(one.get("groupName")): str(one.get("groupUuid")) for one in shared}
            if (granted := self._from_code(row, said, people, groups)) is not None:
                return granted
        shares: list[JsonObject] = [{"userUuid": one.userUuid, "role": one.role} for one in entries]
        others = other_ways({**raw, "access": [*shares]}, self._teams, self._outside(row))
        access, hidden = space_access(row.access, shares, objects(raw.get("groupsAccess")), others)
        ceilings = self._ceilings(row, raw)
        outside = self._outside(row)
        users: list[JsonObject] = []
        unread = [uuid for uuid in hidden if uuid not in outside]
        for grant in objects(access["users"]):
            uuid, role = str(grant["userUuid"]), grant["role"]
            if isinstance(role, str) and _RANK.get(role, 99) <= ceilings.get(uuid, ceilings.get("", -1)):
                unread.append(uuid)
                grant = grant | {"role": None}
            users.append(grant)
        untold = tuple(uuid for uuid in hidden if uuid in outside)
        return Granted({**access, "users": [*users]}, untold, tuple(sorted(unread)))

    def _from_code(
        self,
        row: schemas.SpaceRow,
        access: CodeAccess,
        people: Mapping[str, str],
        groups: Mapping[str, str],
    ) -> Granted | None:
        """Return the grants in spaces as code; None if the list of spaces contradicts them.

        Args:
            row: the space in the list.
            access: its access in code.
            people: uuid -> e-mail of people whom code may name; the list of spaces confirms their uuids.
            groups: name -> uuid of groups that code may name.
        """
        times = Counter(email.casefold() for email in people.values())
        uuids = {email.casefold(): uuid for uuid, email in people.items()}
        names = [one.email.casefold() for one in access.users]
        if any(times[name] != 1 for name in names) or any(one.name not in groups for one in access.groups):
            return None
        users = {uuids[one.email.casefold()]: one.role for one in access.users}
        shared = {groups[one.name]: one.role for one in access.groups}
        left = Counter(row.access)
        left.subtract([*users])
        for uuid in shared:
            left.subtract(set(self._teams.get(uuid, ())))
        most = 0 if access.projectMemberAccessRole is None else 1
        most += len(shared.keys() - self._teams.keys())
        if any(not 0 <= number <= most for number in left.values()):
            return None
        return Granted(
            {
                "users": [{"userUuid": uuid, "role": users[uuid]} for uuid in sorted(users)],
                "groups": [{"groupUuid": uuid, "role": shared[uuid]} for uuid in sorted(shared)],
            }
        )

    def _known_people(self) -> dict[str, str]:
        """Return uuid -> e-mail of the people in the previous snapshot."""
        return {str(facts.get("uuid")): email for email, facts in self.known.people.items()}

    def _outside(self, row: schemas.SpaceRow) -> set[str]:
        """Return the uuids in the list of access that are no members of the organisation."""
        members = {one.userUuid for one in self.inventory.members or ()}
        return set(row.access) - members if members else set()

    def _has_no_role(self, uuid: str) -> bool:
        """Whether somebody is not known to have a role in the project from the organisation.

        A space's own answer, which has everybody's access, leaves these people out.
        """
        roles = {one.userUuid: one.role for one in self.inventory.members or ()}
        return roles.get(uuid, "member") == "member"

    @property
    def _teams(self) -> dict[str, list[str]]:
        """Uuid of a group -> uuids of its members, for groups that were listed with members."""
        return {one.uuid: one.memberUuids for one in self.inventory.groups or () if isinstance(one, Team)}

    def _ceilings(self, row: schemas.SpaceRow, raw: JsonObject) -> dict[str, int]:
        """Return the highest rank that people have in a space by anything but their own grant in it.

        The rank under "" applies to people who are not in the result.
        """
        found: dict[str, int] = {}
        teams = self._teams

        def raise_to(uuid: str, role: object) -> None:
            found[uuid] = max(found.get(uuid, -1), _RANK.get(str(role), 99))

        def by_groups(groups: Iterable[JsonObject]) -> None:
            for group in groups:
                role = group.get("spaceRole", group.get("role"))
                members = teams.get(str(group.get("groupUuid")))
                for uuid in members if members is not None else ("",):
                    raise_to(uuid, role)

        by_groups(objects(raw.get("groupsAccess")))
        everybody = raw.get("projectMemberAccessRole")
        rows = {one.uuid: (one, listed) for one, listed in self.inventory.spaces}
        here: JsonObject = raw
        while here.get("inheritParentPermissions") is True and row.parentSpaceUuid in rows:
            row, here = rows[row.parentSpaceUuid]
            above = self.told.get(row.uuid)
            if above is None or above.unread:
                return {"": 99}  # the roles in the space above are unknown
            for grant in objects(above.access["users"]):
                raise_to(str(grant["userUuid"]), grant["role"])
            by_groups(objects(above.access["groups"]))
            member = here.get("projectMemberAccessRole")
            everybody = max(everybody, member, key=lambda role: _RANK.get(str(role), -1))
        if everybody is not None:
            raise_to("", everybody)
        for uuid in found:
            found[uuid] = max(found[uuid], found.get("", -1))
        return found


def code_access(inventory: Inventory, raw: JsonObject) -> CodeAccess | None:
    """Return the access of a space from spaces as code; None if it is not there or is of another space."""
    slug = code_slug(raw.get("path"))
    spaces = inventory.code_spaces.spaces if inventory.code_spaces else []
    rows = [one for one in spaces if one.slug == slug]
    if len(rows) != 1 or rows[0].spaceName != raw.get("name"):
        return None
    access = rows[0].access
    privacy = (raw.get("inheritParentPermissions"), raw.get("projectMemberAccessRole"))
    if access is None or (access.inheritParentPermissions, access.projectMemberAccessRole) != privacy:
        return None
    return access
