"""Endpoints of spaces: list, read, create, change, share, delete, pin (`/projects/{p}/spaces...`).

A new space is private by default, and its creator becomes its admin; one inside another space inherits by
default. Deleting a space deletes everything in it. The project in the path matters only for creating and
listing spaces.
"""

from __future__ import annotations

from typing import Any

from lightdash_standin import inheritance
from lightdash_standin.access import can_in_project, can_in_space, own_access, shares_of
from lightdash_standin.bodies import (
    check_group_share,
    check_nested_space_create,
    check_nested_space_patch,
    check_share,
    check_space_create,
    check_space_patch,
)
from lightdash_standin.calls import OK, Call, Route, is_uuid, project_of, require_in_space
from lightdash_standin.deleted import bury_space
from lightdash_standin.lists import page_and_size, paging
from lightdash_standin.pins import toggle_pin
from lightdash_standin.refusals import bad_parameter, forbidden, not_found, went_wrong
from lightdash_standin.roles import SPACE_RANK
from lightdash_standin.spaces import apps_in, below, create_space, delete_space, read_space, space_summary
from lightdash_standin.state import Chart, Dashboard, Json, Project, Space, SqlChart, World

FALSE, TRUE = (False, "false"), (True, "true")


def get_spaces(call: Call) -> list[Json]:
    """`GET /projects/{p}/spaces`: the visible ones, in no guaranteed order."""
    world = call.world
    project = project_of(call)
    rows = []
    for space in (world.spaces[uuid] for uuid in project.spaces):
        if can_in_space(world, call.person, "view", "Space", space):
            mine = shares_of(world, space, call.person)
            row = space_summary(world, space)
            if mine:
                row["userAccess"] = mine[0]
            elif not world.can("inherited_access"):
                row["userAccess"] = []
            rows.append(row)
    return world.jumbled(rows)


def get_access(call: Call) -> Json:
    """`GET /projects/{p}/spaces/{s}/access`: the access of everybody, in pages if requested.

    `directOnly` also leaves out people with a grant if a space above gives them a higher role.
    """
    world, space = call.world, _space(call, "space")
    if space.project_uuid != call.params["p"]:
        raise not_found(f"Space with uuid {space.uuid} not found")
    require_in_space(call, "view", "Space", space)
    rows = [row for person in world.people.values() for row in own_access(world, space, person)]
    if call.one("directOnly") == "true":
        rows = [row for row in rows if row["hasDirectAccess"] or row["inheritedFrom"] == "space_group"]
        rows = [row for row in rows if row["inheritedFrom"] != "parent_space"]
    if people := call.all("userUuids"):
        rows = [row for row in rows if row["userUuid"] in people]
    words = (call.one("searchQuery") or "").lower()
    rows = [row for row in rows if words in f"{row['firstName']} {row['lastName']} {row['email']}".lower()]
    if call.one("page") is None:
        return {"data": world.jumbled(rows)}
    page, size = page_and_size(call, 1, 10)
    return {"data": rows[(page - 1) * size : page * size], "pagination": paging(page, size, len(rows))}


def _missing(uuid: str, first_word: str = "Space") -> Exception:
    return not_found(f"{first_word} with spaceUuid {uuid} does not exist")


def _space(call: Call, first_word: str = "Space") -> Space:
    space = call.world.spaces.get(call.params["s"])
    if space is None:
        raise _missing(call.params["s"], first_word)
    return space


def get_space(call: Call) -> Json:
    """`GET /projects/{p}/spaces/{s}`."""
    space = _space(call, "space")
    require_in_space(call, "view", "Space", space)
    return read_space(call.world, space, call.person)


def _space_above(call: Call, project: Project) -> Space | None:
    """The space that a new one is created in.

    Raises:
        Refusal: 404 if there is none, or if it is in another project.
    """
    uuid = call.body.get("parentSpaceUuid") if call.world.can("nested_spaces") else None
    if not uuid:
        return None
    if not is_uuid(uuid):
        raise went_wrong()
    above = call.world.spaces.get(uuid)
    if above is None:
        raise _missing(uuid)
    if above.project_uuid != project.uuid:
        raise not_found("Parent space not found")
    return above


def _is_private(call: Call, above: Space | None) -> bool:
    """Whether a new space inherits nothing; newer versions use another field, and ignore the older one."""
    if not call.world.can("inherited_access"):
        return call.body.get("isPrivate", True) not in FALSE
    told = call.body.get("inheritParentPermissions")
    return above is None if told is None else told not in TRUE


def post_space(call: Call) -> Json:
    """`POST /projects/{p}/spaces`: in old versions the answer has no access, although it is set."""
    world, body = call.world, call.body
    project = project_of(call, may=None)
    if not can_in_project(world, call.person, "create", "Space", project):
        raise forbidden()
    above = _space_above(call, project)
    grants = [(one.get("userUuid"), one.get("role")) for one in body.get("access") or []]
    space = create_space(
        world, project.uuid, body["name"], None,
        is_private=_is_private(call, above), above=above, creator=call.person,
    )  # fmt: skip
    for user_uuid, role in grants:
        _grant(world, space, user_uuid, role)
    space.access[call.person.uuid] = "admin"
    if world.can("inherited_access"):
        return read_space(world, space, call.person)
    return {
        "name": space.name, "queries": [], "isPrivate": space.is_private, "uuid": space.uuid,
        "projectUuid": project.uuid, "dashboards": [], "access": [], "groupsAccess": [],
        "pinnedListUuid": None, "pinnedListOrder": None, "slug": space.slug,
    }  # fmt: skip


def _grant(world: World, space: Space, user_uuid: Any, role: str) -> None:
    """Grant access; an unknown user breaks a constraint (500)."""
    if user_uuid not in world.people:
        raise went_wrong()
    space.access[user_uuid] = role


def patch_space(call: Call) -> Json:
    """`PATCH /projects/{p}/spaces/{s}`: name and privacy; old versions require both."""
    space = _space(call)
    require_in_space(call, "manage", "Space", space)
    if call.world.can("inherited_access"):
        _patch_inheriting(call, space)
    else:
        space.is_private = call.body["isPrivate"] in TRUE
    space.name = call.body["name"]
    return read_space(call.world, space, call.person)


def _patch_inheriting(call: Call, space: Space) -> None:
    """Change what newer versions can change besides the name; fields that are not sent stay."""
    body = call.body
    palette = body.get("colorPaletteUuid")
    org = call.world.orgs[call.world.project_rows[space.project_uuid].org_uuid]
    if palette and palette not in org.palettes:
        raise bad_parameter("Color palette does not belong to this organization")
    inherits = body.get("inheritParentPermissions")
    if inherits is not None:
        if inherits in FALSE and not space.is_private:
            _keep_inherited(call, space)
        space.is_private = inherits not in TRUE
    if "projectMemberAccessRole" in body:
        space.member_role = body["projectMemberAccessRole"]
    if "colorPaletteUuid" in body:
        space.color_palette_uuid = palette


def _keep_inherited(call: Call, space: Space) -> None:
    """Turn the grants inherited from the spaces above into direct ones, so that nobody loses access.

    The caller keeps their access as well, wherever it came from; roles in the project are not kept.
    """
    world, person = call.world, call.person
    mine = shares_of(world, space, person)
    people: dict[str, str] = {}
    groups: dict[str, str] = {}
    for above in inheritance.chain(world, space)[1:]:
        for found, granted in ((people, above.access), (groups, above.group_access)):
            for uuid, role in granted.items():
                found[uuid] = max(found.get(uuid, role), role, key=SPACE_RANK.__getitem__)
    for share in mine:
        if not share["hasDirectAccess"]:
            kept = people.get(person.uuid, share["role"])
            people[person.uuid] = max(kept, share["role"], key=SPACE_RANK.__getitem__)
    space.access.update(people)
    space.group_access.update(groups)


def remove_space(call: Call) -> Any:
    """`DELETE /projects/{p}/spaces/{s}`: the space and everything in it."""
    if call.params["s"] not in call.world.spaces and call.world.can("current"):
        raise forbidden()
    space = _space(call)
    require_in_space(call, "delete", "Space", space)
    bury_space(call, space)
    delete_space(call.world, space)
    return OK


def get_delete_impact(call: Call) -> Json:
    """`GET .../delete-impact`: what would be deleted with the space."""
    world, space = call.world, _space(call)
    require_in_space(call, "delete", "Space", space)
    spaces = [space, *below(world, space)]
    charts = [world.charts[uuid] for one in spaces for uuid in one.charts]
    charts.sort(key=lambda chart: chart.last_updated_at, reverse=True)
    sql = [world.sql_charts[uuid] for one in spaces for uuid in one.sql_charts]
    dashboards = [world.dashboards[uuid] for one in spaces for uuid in one.dashboards]
    rows = [
        {
            "uuid": one.uuid, "name": one.name, "parentSpaceUuid": one.parent_uuid,
            "chartCount": len(one.charts), "dashboardCount": len(one.dashboards),
            "appCount": apps_in(world, one),
        }
        for one in spaces
    ]  # fmt: skip
    apps = [app for one in spaces for app in world.apps.values() if app.space_uuid == one.uuid]
    all_charts: list[Chart | SqlChart] = [*charts, *sql]
    return {
        "spaces": world.jumbled(rows), "charts": [_named(one) for one in all_charts],
        "dashboards": [_named(one) for one in dashboards],
        "apps": [{"uuid": one.uuid, "spaceUuid": one.space_uuid} for one in apps],
        "chartCount": len(all_charts), "dashboardCount": len(dashboards), "appCount": len(apps),
    }  # fmt: skip


def _named(item: Chart | SqlChart | Dashboard) -> Json:
    return {"uuid": item.uuid, "name": item.name, "spaceUuid": item.space_uuid}


def share(call: Call) -> Any:
    """`POST .../share`: give a user a role in the space, or change it."""
    space = _space(call)
    require_in_space(call, "manage", "Space", space)
    _grant(call.world, space, call.body["userUuid"], call.body["spaceRole"])
    return OK


def unshare(call: Call) -> Any:
    """`DELETE .../share/{userUuid}`."""
    space = _space(call)
    require_in_space(call, "manage", "Space", space)
    space.access.pop(call.params["user"], None)
    return OK


def share_group(call: Call) -> Any:
    """`POST .../group/share`: give a group a role in the space, or change it."""
    space, group = _space(call), call.body["groupUuid"]
    require_in_space(call, "manage", "Space", space)
    if not is_uuid(group) or group not in call.world.groups:
        raise went_wrong()
    space.group_access[group] = call.body["spaceRole"]
    return OK


def unshare_group(call: Call) -> Any:
    """`DELETE .../group/share/{groupUuid}`."""
    space = _space(call)
    require_in_space(call, "manage", "Space", space)
    space.group_access.pop(call.params["group"], None)
    return OK


def pin_space(call: Call) -> Json:
    """`PATCH .../pinning`: pin, or unpin if it is pinned; returns the whole space."""
    space = _space(call, "space")
    toggle_pin(call, space, space.project_uuid)
    require_in_space(call, "view", "Space", space)
    return read_space(call.world, space, call.person)


_BASE = "/api/v1/projects/{p}/spaces"
_INHERITED = "inherited_access"
ROUTES = (
    Route("GET", _BASE, get_spaces),
    Route(
        "POST", _BASE, post_space, check_space_create, creates=True,
        newer_check=(_INHERITED, check_nested_space_create),
    ),
    Route("GET", _BASE + "/{s}", get_space),
    Route(
        "PATCH", _BASE + "/{s}", patch_space, check_space_patch,
        newer_check=(_INHERITED, check_nested_space_patch),
    ),
    Route("DELETE", _BASE + "/{s}", remove_space),
    Route("GET", _BASE + "/{s}/access", get_access, needs="own_access_only"),
    Route("GET", _BASE + "/{s}/delete-impact", get_delete_impact, needs=_INHERITED),
    Route("POST", _BASE + "/{s}/share", share, check_share),
    Route("DELETE", _BASE + "/{s}/share/{user}", unshare),
    Route("POST", _BASE + "/{s}/group/share", share_group, check_group_share),
    Route("DELETE", _BASE + "/{s}/group/share/{group}", unshare_group),
    Route("PATCH", _BASE + "/{s}/pinning", pin_space),
)  # fmt: skip
