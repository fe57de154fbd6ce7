"""Inherited access, as in newer versions (since 0.2619.1).

Everybody with access to the space above has access to a space, and everybody with access to the project to a
root space, unless it does not inherit. The highest role on the way up counts.
"""

from __future__ import annotations

from collections.abc import Iterator

from lightdash_standin.accounts import Person
from lightdash_standin.roles import SPACE_RANK, SPACE_ROLE, highest, org_role
from lightdash_standin.state import Json, Project, Space, World


def chain(world: World, space: Space) -> list[Space]:
    """The space, and those above it that it inherits from, in this order."""
    found = [space]
    while not found[-1].is_private and found[-1].parent_uuid is not None:
        found.append(world.spaces[found[-1].parent_uuid])
    return found


def inherits_from_project(world: World, space: Space) -> bool:
    """Whether everybody in the project has access (`inheritsFromOrgOrProject`)."""
    return not chain(world, space)[-1].is_private


def _member_roles(space: Space, project: Project, person: Person) -> Iterator[str]:
    """The role that the space gives to all members of the project, if the person is one."""
    if space.member_role and (person.uuid in project.access or org_role(person) is not None):
        yield space.member_role


def _by_groups(world: World, space: Space, project: Project, person: Person) -> list[str]:
    """The roles in the space that the person has by groups or as a member of the project."""
    groups = [
        role
        for uuid, role in space.group_access.items()
        if uuid in world.groups and person.uuid in world.groups[uuid].members
    ]
    return [*groups, *_member_roles(space, project, person)]


def resolved(world: World, space: Space, person: Person) -> Json | None:
    """The person's access to the space with its origin, or none."""
    project = world.project_rows[space.project_uuid]
    if person.org_uuid != project.org_uuid:
        return None
    levels = chain(world, space)
    in_groups = {level.uuid: _by_groups(world, level, project, person) for level in levels}
    granted = [
        (level, role)
        for level in levels
        for role in (
            *([level.access[person.uuid]] if person.uuid in level.access else []),
            *in_groups[level.uuid],
        )
    ]
    base = [("organization", org_role(person)), ("project", project.access.get(person.uuid))]
    groups = [
        ("group", role)
        for uuid, role in project.group_access.items()
        if person.uuid in world.groups[uuid].members
    ]
    by_space_groups = [("space_group", role) for roles in in_groups.values() for role in roles]
    best = highest([*base, *groups, *by_space_groups])
    if best is None or (not granted and levels[-1].is_private):
        return None
    role = max((one for _, one in granted), key=SPACE_RANK.__getitem__, default=SPACE_ROLE[best[1]])
    above = bool(granted) and next(level for level, one in granted if one == role) is not space
    share = {
        "userUuid": person.uuid,
        "role": role,
        "hasDirectAccess": any(level is space for level, _ in granted),
        "inheritedRole": best[1],
        "inheritedFrom": "parent_space" if above else best[0],
    }
    in_project = highest(base)
    return share if in_project is None else {**share, "projectRole": in_project[1]}
