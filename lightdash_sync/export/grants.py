"""Who holds which grant in which space, and how that is known.

Only the list of spaces names everybody who holds a grant, and no role with it, so what another answer tells
is compared with it: a holder whose role no answer tells is named.

    until 1.103   the space itself tells everybody's role
    since 1.104   spaces as code tell all grants of all spaces as they were given, in one answer; what they
                  leave out (personal spaces, holders without a name in code) the list of access of a space
                  tells, as far as nothing else gives the same person as high a role there
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from lightdash_sync.client.views import Team
from lightdash_sync.export.personal import code_slug
from lightdash_sync.model.canonical import objects
from lightdash_sync.model.normal import other_ways, space_access

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from lightdash_sync.client import views
    from lightdash_sync.client.capabilities import Server
    from lightdash_sync.client.space_access import CodeAccess, Entry
    from lightdash_sync.export.inventory import Inventory
    from lightdash_sync.model.canonical import JsonObject
    from lightdash_sync.model.identity import Identity

_RANK = {"viewer": 0, "editor": 1, "admin": 2}


@dataclass(frozen=True, slots=True)
class Granted:
    """The grants of a space.

    Attributes:
        access: `{"users": [{userUuid, role}], "groups": [{groupUuid, role}]}`; an unknown role is null.
        untold: uuids of holders whose role no answer of this Lightdash tells, which is known of it.
        unread: uuids of holders whose role should have been told, and was not.
    """

    access: JsonObject
    untold: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()


@dataclass
class Grants:
    """The grants of a project's spaces, as they become known.

    Attributes:
        inventory: the lists, spaces as code among them.
        server: what it can tell.
        known: whom an older snapshot knows.
        told: uuid of a space -> its grants, exactly as they were given.
    """

    inventory: Inventory
    server: Server
    known: Identity
    told: dict[str, Granted] = field(default_factory=dict)

    @classmethod
    def by_code(cls, inventory: Inventory, server: Server, known: Identity) -> Grants:
        """Return what spaces as code tell and the list of spaces confirms."""
        grants = cls(inventory, server, known)
        for row, raw in inventory.spaces:
            access = code_access(inventory, raw)
            people = {one.userUuid: one.email for one in inventory.members or ()} or grants._known_people()
            groups = {one.name: one.uuid for one in inventory.groups or ()}
            granted = None if access is None else grants._from_code(row, access, people, groups)
            if granted is not None:
                grants.told[row.uuid] = granted
        return grants

    def by_space(self, row: views.SpaceRow, raw: JsonObject) -> Granted:
        """Return the grants that a space tells itself, as spaces do before 1.104.0."""
        teams = self._teams if self.server.can("space_member_role") else None
        others = None if teams is None else other_ways(raw, teams, self._outside(row))
        access, hidden = space_access(
            row.access, objects(raw.get("access")), objects(raw.get("groupsAccess")), others
        )
        untold = [uuid for uuid in hidden if self._has_no_role(uuid)]
        return Granted(access, tuple(untold), tuple(uuid for uuid in hidden if uuid not in untold))

    def by_list(self, row: views.SpaceRow, raw: JsonObject, entries: Sequence[Entry]) -> Granted:
        """Return the grants of a space that no answer for all spaces tells, by its list of access.

        Code may tell them even so, where the lists of people and groups do not say whom it names.

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
        row: views.SpaceRow,
        access: CodeAccess,
        people: Mapping[str, str],
        groups: Mapping[str, str],
    ) -> Granted | None:
        """Return the grants that code tells; None if the list of spaces says otherwise.

        Args:
            row: the space in the list.
            access: its access in code.
            people: uuid -> e-mail of those whom it may name; who it is, the list of spaces confirms.
            groups: name -> uuid of the groups that it may name.
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
        """Return uuid -> e-mail as an older snapshot has them."""
        return {str(facts.get("uuid")): email for email, facts in self.known.people.items()}

    def _outside(self, row: views.SpaceRow) -> set[str]:
        """Return who has a grant, or looks like it, and is no member of the organisation."""
        members = {one.userUuid for one in self.inventory.members or ()}
        return set(row.access) - members if members else set()

    def _has_no_role(self, uuid: str) -> bool:
        """Whether nobody knows that the organisation gives somebody a role in the project.

        Of those without one a space that tells everybody's access tells nothing.
        """
        roles = {one.userUuid: one.role for one in self.inventory.members or ()}
        return roles.get(uuid, "member") == "member"

    @property
    def _teams(self) -> dict[str, list[str]]:
        """Uuid of a group -> uuids of its members, of the groups that are listed with them."""
        return {one.uuid: one.memberUuids for one in self.inventory.groups or () if isinstance(one, Team)}

    def _ceilings(self, row: views.SpaceRow, raw: JsonObject) -> dict[str, int]:
        """Return the highest rank that anything but a grant of their own in a space gives people there.

        The rank under "" is that of those who are not named.
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
                return {"": 99}  # what the space above gives is not known
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
    """Return the access of a space as code; None if code does not tell it, or tells another space."""
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
