"""Permissions: roles in the organisation and in projects, grants on spaces, and what follows from them.

`shares` is the server's answer to "who can see this space, and why", with its oddities: people in several
groups appear once per group, and a grant to somebody without any role in the project is not listed. `can`
decides about an action by the roles; a role in the organisation counts in all its projects.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from lightdash_standin import inheritance
from lightdash_standin.accounts import Person
from lightdash_standin.roles import RANK, SPACE_ROLE, highest, org_role
from lightdash_standin.state import Json, Project, Space, World

_PLAIN_RULES: dict[tuple[str, str], str] = {
    ("view", "Project"): "viewer",
    ("view", "PinnedItems"): "viewer",
    ("view", "DashboardComments"): "viewer",
    ("view", "Tags"): "viewer",
    ("create", "ScheduledDeliveries"): "interactive_viewer",
    ("create", "DashboardComments"): "interactive_viewer",
    ("manage", "Explore"): "interactive_viewer",
    ("create", "Space"): "editor",
    ("manage", "PinnedItems"): "editor",
    ("update", "Project"): "editor",
    ("manage", "ScheduledDeliveries"): "editor",
    ("manage", "DashboardComments"): "editor",
    ("manage", "Tags"): "editor",
    ("manage", "CustomSql"): "developer",
    ("manage", "SqlRunner"): "developer",
    ("manage", "VirtualView"): "developer",
    ("manage", "ContentAsCode"): "developer",
    ("manage", "Validation"): "developer",
    ("manage", "CompileProject"): "developer",
    ("manage", "Project"): "admin",
    ("manage", "Space"): "admin",
    ("manage", "Dashboard"): "admin",
    ("manage", "SavedChart"): "admin",
}
_IN_SPACE = ("Dashboard", "SavedChart", "Space")
# Newer versions: editors change only their own schedulers, and no project settings any more.
_NEWER_RULES: dict[tuple[str, str], str] = _PLAIN_RULES | {
    ("update", "Project"): "developer",
    ("manage", "ScheduledDeliveries"): "admin",
    ("manage", "ContentAsCode"): "developer",
    ("manage", "DeletedContent"): "admin",
    ("manage", "ContentVerification"): "admin",
    ("manage", "Organization"): "admin",
}

# Editors read and write content as code, and developers verify.
_CURRENT_RULES: dict[tuple[str, str], str] = _NEWER_RULES | {
    ("view", "ContentAsCode"): "editor",
    ("create", "ContentAsCode"): "editor",
    ("view", "ContentVerification"): "interactive_viewer",
    ("manage", "ContentVerification"): "developer",
}


def _rules(world: World) -> dict[tuple[str, str], str]:
    if world.can("editors_write_code"):
        return _CURRENT_RULES
    return _NEWER_RULES if world.can("inherited_access") else _PLAIN_RULES


def _rows(world: World, space: Space, person: Person) -> Iterator[tuple[str | None, list[str]]]:
    """The groups of the person: one row per group with a grant on the space, one for all others together."""
    groups = [group.uuid for group in world.groups.values() if person.uuid in group.members]
    if not groups:
        yield None, []
        return
    without = [group for group in groups if group not in space.group_access]
    if without:
        yield None, without
    for group in groups:
        if group in space.group_access:
            yield group, [group]


def _share(
    space: Space, project: Project, person: Person, granted: str | None, groups: list[str]
) -> Json | None:
    """One entry of the access list, or none if this row gives this person no access."""
    group_role = space.group_access[granted] if granted else None
    project_roles = [project.group_access.get(group) for group in groups]
    own = project.access.get(person.uuid)
    direct = person.uuid in space.access or granted is not None
    if space.is_private and not direct and "admin" not in (own, person.role, *project_roles):
        return None
    base = [("organization", org_role(person)), ("project", own)]
    best = highest([*base, *(("group", role) for role in project_roles), ("space_group", group_role)])
    if best is None:
        return None
    source, role = best
    if role == "admin":
        space_role: str | None = "admin"
    elif direct:
        space_role = space.access.get(person.uuid) or group_role
    elif not space.is_private:
        space_role = SPACE_ROLE[role]
    else:
        return None
    in_project = highest(base)
    share = {
        "userUuid": person.uuid,
        "firstName": person.first_name,
        "lastName": person.last_name,
        "email": person.email,
        "role": space_role,
        "hasDirectAccess": direct,
        "inheritedRole": role,
        "inheritedFrom": source,
    }
    return share if in_project is None else {**share, "projectRole": in_project[1]}


def is_closed(world: World, space: Space) -> bool:
    """Whether a role in the project is not enough for access: the space is private, or inherits from one."""
    if world.can("inherited_access"):
        return not inheritance.inherits_from_project(world, space)
    return space.is_private


def inherits_or_private(world: World, space: Space) -> Json:
    """The one field about access that charts and dashboards in the space have, by version."""
    if world.can("inherited_access"):
        return {"inheritsFromOrgOrProject": not is_closed(world, space)}
    return {"isPrivate": space.is_private}


def shares_of(world: World, space: Space, person: Person) -> list[Json]:
    """The person's own entries in the access list of a space; empty without access."""
    if world.can("inherited_access"):
        share = inheritance.resolved(world, space, person)
        return [] if share is None else [share]
    project = world.project_rows[space.project_uuid]
    if person.org_uuid != project.org_uuid:
        return []
    rows = (
        _share(space, project, person, granted, groups) for granted, groups in _rows(world, space, person)
    )
    return [share for share in rows if share is not None]


def shares(world: World, space: Space) -> list[Json]:
    """Everybody who can see the space, with role and origin (`access` of GET .../spaces/{uuid})."""
    people = [person for person in world.people.values() if not person.is_service]
    return [share for person in people for share in named_shares(world, space, person)]


def named_shares(world: World, space: Space, person: Person) -> list[Json]:
    """The person's own entries, with name and e-mail; current versions say whether it is a real person."""
    named: Json = {"firstName": person.first_name, "lastName": person.last_name, "email": person.email}
    if world.can("own_access_only"):
        named |= {"isInternal": person.is_service, **pictured(world)}
    return [{**share, **named} for share in shares_of(world, space, person)]


def own_access(world: World, space: Space, person: Person) -> list[Json]:
    """The person's own entries in the form of spaces; admins have one in each space."""
    found = named_shares(world, space, person)
    project = world.project_rows[space.project_uuid]
    if found or not can_in_project(world, person, "manage", "Project", project):
        return found
    role = {"role": "admin", "inheritedRole": person.role, "projectRole": person.role}
    named = {"firstName": person.first_name, "lastName": person.last_name, "email": person.email}
    source = {"hasDirectAccess": False, "inheritedFrom": "organization", "isInternal": person.is_service}
    return [{"userUuid": person.uuid, **role, **named, **source, **pictured(world)}]


def pictured(world: World) -> Json:
    """The avatar fields of current versions; empty here."""
    return {"avatarUrl": None, "avatarGradient": None} if world.can("current") else {}


def _roles(world: World, person: Person, org_uuid: str | None, project_uuid: str | None) -> list[str]:
    """The roles that count: in the organisation if it is the person's, and in the project."""
    roles = [person.role] if person.role != "member" and person.org_uuid == org_uuid else []
    project = world.project_rows.get(project_uuid) if project_uuid else None
    if project is None:
        return roles
    if person.uuid in project.access:
        roles.append(project.access[person.uuid])
    for group_uuid, role in project.group_access.items():
        if person.uuid in world.groups[group_uuid].members:
            roles.append(role)
    return roles


def _by_space(
    world: World,
    person: Person,
    action: str,
    subject: str,
    rank: int,
    private: bool | None,
    access: Sequence[Any],
) -> bool:
    """Whether a rule that depends on the space allows it: by its privacy and the person's role in it."""
    mine = {share["role"] for share in access if share["userUuid"] == person.uuid}
    if action == "view" and (private is False or mine):
        return True
    public_space = (subject, private) == ("Space", False)
    if public_space and rank >= RANK["editor"] and world.can("promotes_into_public_spaces"):
        return True
    if rank >= RANK["interactive_viewer"]:
        needed = {"admin"} if subject == "Space" else {"admin", "editor"}
        if mine & needed:
            return True
    return action == "promote" and subject != "Space" and rank >= RANK["developer"] and "editor" in mine


def can(
    world: World,
    person: Person,
    action: str,
    subject: str,
    *,
    org: str | None,
    project: str | None,
    private: bool | None = None,
    access: Sequence[Json] = (),
) -> bool:
    """Whether the person may do the action to the subject; people who may `manage` it may do everything.

    Args:
        world: the instance.
        person: the caller.
        action: view, create, update, delete, promote or manage.
        subject: the server's name for the kind, such as SavedChart or PinnedItems.
        org: the organisation of the item (promotion passes the caller's own, as the server does).
        project: its project.
        private: whether its space is private; none if the server does not check.
        access: the caller's entries in the access list of its space.
    """
    rules = _rules(world)
    for role in _roles(world, person, org, project):
        for asked in (action, "manage"):
            needed = rules.get((asked, subject))
            if needed is not None and RANK[role] >= RANK[needed]:
                return True
        if subject in _IN_SPACE and _by_space(world, person, action, subject, RANK[role], private, access):
            return True
    return False


def can_in_space(world: World, person: Person, action: str, subject: str, space: Space) -> bool:
    """Whether the person may do the action to a chart, dashboard or the space itself, in this space."""
    project = world.project_rows[space.project_uuid]
    return can(
        world,
        person,
        action,
        subject,
        org=project.org_uuid,
        project=project.uuid,
        private=is_closed(world, space),
        access=shares_of(world, space, person),
    )


def can_in_project(world: World, person: Person, action: str, subject: str, project: Project) -> bool:
    """Whether the person may do the action to something of the project that has no space."""
    return can(world, person, action, subject, org=project.org_uuid, project=project.uuid)
