"""Spaces as code (`GET` and `POST /projects/{p}/code/spaces`, since 0.3400.0): all at once, with access.

Access in a body replaces the existing access; without it the access stays. Personal spaces, which the server
makes for each person, are left out when reading, and refused when writing. Actions are in capitals here.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

from lightdash_standin.access import can_in_project, can_in_space
from lightdash_standin.bodies import SPACE_ROLES, Errors, Rule, errors_in, one_of, text
from lightdash_standin.calls import Call, Route, project_of
from lightdash_standin.code_pages import code_path
from lightdash_standin.code_spaces import NO_UPLOAD, make_spaces, space_at, to_path
from lightdash_standin.refusals import bad_parameter, forbidden, invalid, not_found
from lightdash_standin.spaces import is_in_personal
from lightdash_standin.state import Json, Project, Space, World

NO_NAME = "Direct access contains a user without a portable organization identity"
NO_DOWNLOAD = "You are not allowed to download spaces"


def check_space_code(body: Any) -> None:
    """Check the body of a space as code."""
    rules: dict[str, Rule] = {"slug": text, "spaceName": text, "contentType": one_of("space")}
    errors = errors_in(body, rules, at="space")
    for group in ("users", "groups"):
        errors |= _grant_errors(body, group)
    if errors:
        raise invalid(errors)


def _grant_errors(body: Any, group: str) -> Errors:
    access = body.get("access") if isinstance(body, dict) else None
    errors: Errors = {}
    for position, row in enumerate((access or {}).get(group) or []):
        errors |= errors_in(row, {"role": one_of(*SPACE_ROLES)}, at=f"{group}.${position}")
    return errors


def space_as_code(world: World, space: Space) -> Json:
    """A space with its own grants."""
    people = ((world.people[uuid].email, role) for uuid, role in space.access.items())
    groups = ((world.groups[uuid].name, role) for uuid, role in space.group_access.items())
    return {
        "contentType": "space",
        "spaceName": space.name,
        "slug": code_path(space),
        "version": 1,
        "access": {
            "inheritParentPermissions": not space.is_private,
            "projectMemberAccessRole": space.member_role,
            "users": [{"email": email, "role": role} for email, role in sorted(people)],
            "groups": [{"name": name, "role": role} for name, role in sorted(groups)],
        },
    }


def get_spaces_code(call: Call) -> Json:
    """`GET /projects/{p}/code/spaces`: those that the caller can see; for an admin, all."""
    world, project = call.world, project_of(call, may=None)
    if not can_in_project(world, call.person, "view", "ContentAsCode", project):
        raise forbidden(NO_DOWNLOAD)
    admin = can_in_project(world, call.person, "manage", "Project", project)
    rows = [world.spaces[uuid] for uuid in project.spaces]
    seen = [one for one in rows if admin or can_in_space(world, call.person, "view", "Space", one)]
    seen.sort(key=lambda one: (one.path.count("."), one.path))
    spaces: list[Json] = []
    skipped: list[Json] = []
    times = Counter(one.path for one in rows)
    for space in seen:
        if space.is_personal:
            continue
        reason = _unsaid(world, space, times)
        if reason is None or reason == NO_NAME:
            told = space_as_code(world, space)
            names = ("contentType", "spaceName", "slug") if reason else tuple(told)
            spaces.append({name: told[name] for name in names})
        if reason is not None:
            skipped.append({"slug": code_path(space), "reason": reason})
    return {"spaces": spaces, "skipped": skipped}


def _unsaid(world: World, space: Space, times: Counter[str]) -> str | None:
    """The reason why code leaves out a space or its access; none if it does not."""
    if times[space.path] > 1:
        return "Multiple spaces use this hierarchy path"
    if is_in_personal(world, space):
        return "An ancestor space is not accessible for portable export"
    return NO_NAME if any(world.people[uuid].is_service for uuid in space.access) else None


def post_space_code(call: Call) -> Json:
    """`POST /projects/{p}/code/spaces`: creates or updates the space of a path, and creates those above."""
    world, body, project = call.world, call.body, project_of(call, may=None)
    if not can_in_project(world, call.person, "create", "ContentAsCode", project):
        raise forbidden(f'{NO_UPLOAD} (content slug "{body["slug"]}")')
    path = to_path(body["slug"])
    there = space_at(world, project, path)
    if there is not None and there.is_personal:
        raise bad_parameter(f'Generated personal space "{body["slug"]}" cannot be managed as code')
    access = _access(world, project, body.get("access"))
    space, action = space_at(world, project, path), "UPDATE"
    if space is None:
        if call.one("skipSpaceCreate") == "true":
            raise not_found(f"Space {body['slug']} does not exist, skipping creation")
        public = call.one("publicSpaceCreate") == "true"
        names = {body["slug"]: body["spaceName"]}
        space, action = make_spaces(call, project, path, public=public, names=names), "CREATE"
    before = space_as_code(world, space)
    space.name = body["spaceName"]
    if access is not None:
        told = body["access"]
        space.is_private = not told.get("inheritParentPermissions")
        space.member_role = told.get("projectMemberAccessRole")
        space.access, space.group_access = access
    same = action == "UPDATE" and before == space_as_code(world, space)
    return {"action": "NO_CHANGES" if same else action}


def _access(world: World, project: Project, sent: Any) -> tuple[dict[str, str], dict[str, str]] | None:
    """The grants by uuid; none if the body has no access.

    Raises:
        Refusal: 400 for a person or group that the organisation does not have.
    """
    if sent is None:
        return None
    people = {one.email: one.uuid for one in world.people.values() if one.org_uuid == project.org_uuid}
    groups = {one.name: one.uuid for one in world.groups.values() if one.org_uuid == project.org_uuid}
    for row in sent.get("users") or []:
        if row["email"] not in people:
            raise bad_parameter(f"User {row['email']} is not a member of this organization")
    for row in sent.get("groups") or []:
        if row["name"] not in groups:
            raise bad_parameter(f"Group {row['name']} does not exist in this organization")
    return (
        {people[row["email"]]: row["role"] for row in sent.get("users") or []},
        {groups[row["name"]]: row["role"] for row in sent.get("groups") or []},
    )


_NEEDS: dict[str, Any] = {"needs": "spaces_as_code"}
ROUTES = tuple(
    route
    for path in ("/api/v1/projects/{p}/code/spaces", "/api/v1/projects/{p}/spaces/code")
    for route in (
        Route("GET", path, get_spaces_code, **_NEEDS),
        Route("POST", path, post_space_code, check_space_code, creates=True, **_NEEDS),
    )
)
