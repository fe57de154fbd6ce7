"""Spaces: list, read, create, change, share, delete, pin (`/projects/{p}/spaces...`).

A new space is private unless told otherwise, and its creator becomes its admin. Deleting one takes everything
in it along. The project in the path is only looked at where a space is created or listed.
"""

from __future__ import annotations

from typing import Any

from lightdash_sync.demo.access import can_in_project, can_in_space, shares, shares_of
from lightdash_sync.demo.bodies import (
    check_group_share,
    check_share,
    check_space_create,
    check_space_patch,
)
from lightdash_sync.demo.calls import OK, Call, Route, is_uuid, project_of, require_in_space
from lightdash_sync.demo.charts import delete_chart
from lightdash_sync.demo.dashboards import dashboard_row, delete_dashboard
from lightdash_sync.demo.lists import chart_row, errors_by
from lightdash_sync.demo.pins import toggle_pin
from lightdash_sync.demo.refusals import forbidden, not_found, went_wrong
from lightdash_sync.demo.sql_charts import delete_sql_chart
from lightdash_sync.demo.state import Dashboard, Json, Space, World


def create_space(world: World, project_uuid: str, name: str, slug: str | None, *, is_private: bool) -> Space:
    """Store a new space, with a free slug made of the name, or with exactly the slug that is given."""
    if slug is None:
        slug = world.slugs.claim("spaces", name)
    else:
        world.slugs.force("spaces", slug)
    space = Space(world.new_uuid(), project_uuid, name, slug, is_private)
    world.spaces[space.uuid] = space
    world.project_rows[project_uuid].spaces[space.uuid] = None
    return space


def delete_space(world: World, space: Space) -> None:
    """Delete a space with all that is in it."""
    for uuid in list(space.dashboards):
        delete_dashboard(world, world.dashboards[uuid])
    for uuid in list(space.charts):
        delete_chart(world, world.charts[uuid])
    for uuid in list(space.sql_charts):
        delete_sql_chart(world, world.sql_charts[uuid])
    world.slugs.release("spaces", space.slug)
    del world.project_rows[space.project_uuid].spaces[space.uuid]
    del world.spaces[space.uuid]


def space_summary(world: World, space: Space) -> Json:
    """The short form of a space: `access` has the users with a direct grant."""
    project = world.project_rows[space.project_uuid]
    return {
        "organizationUuid": project.org_uuid,
        "projectUuid": project.uuid,
        "uuid": space.uuid,
        "name": space.name,
        "isPrivate": space.is_private,
        "access": world.jumbled(list(space.access)),
        "pinnedListUuid": project.pinned_list_uuid if space.pin_order is not None else None,
        "pinnedListOrder": space.pin_order,
        "chartCount": len(space.charts),
        "dashboardCount": len(space.dashboards),
        "slug": space.slug,
    }


def _dashboard_row(world: World, dashboard: Dashboard, errors: list[Json]) -> Json:
    """A dashboard in its space: as in the list of dashboards, but for the types of its tiles."""
    row = dashboard_row(world, dashboard, errors)
    del row["tileTypes"]
    return row


def read_space(world: World, space: Space) -> Json:
    """The whole space: charts (neither SQL nor inside dashboards), dashboards, and who sees it."""
    summary = space_summary(world, space)
    validations = world.project_rows[space.project_uuid].validations
    charts = [world.charts[uuid] for uuid in space.charts]
    charts.sort(key=lambda chart: chart.last_updated_at, reverse=True)
    dashboards = [world.dashboards[uuid] for uuid in space.dashboards]
    of_charts, of_dashboards = errors_by(validations, "chart"), errors_by(validations, "dashboard")
    return {
        **{key: summary[key] for key in ("organizationUuid", "name", "uuid", "isPrivate", "projectUuid")},
        **{key: summary[key] for key in ("pinnedListUuid", "pinnedListOrder")},
        "queries": [chart_row(world, chart, of_charts.get(chart.uuid, [])) for chart in charts],
        "dashboards": world.jumbled(
            [_dashboard_row(world, one, of_dashboards.get(one.uuid, [])) for one in dashboards]
        ),
        "access": world.jumbled(shares(world, space)),
        "groupsAccess": world.jumbled(
            [
                {"groupUuid": uuid, "spaceRole": role, "groupName": world.groups[uuid].name}
                for uuid, role in space.group_access.items()
            ]
        ),
        "slug": space.slug,
    }


def get_spaces(call: Call) -> list[Json]:
    """`GET /projects/{p}/spaces`: the visible ones, in no promised order."""
    world = call.world
    project = project_of(call)
    rows = []
    for space in (world.spaces[uuid] for uuid in project.spaces):
        if can_in_space(world, call.person, "view", "Space", space):
            mine = shares_of(world, space, call.person)
            rows.append({**space_summary(world, space), "userAccess": mine[0] if mine else []})
    return world.jumbled(rows)


def _space(call: Call, first_word: str = "Space") -> Space:
    uuid = call.params["s"]
    space = call.world.spaces.get(uuid)
    if space is None:
        raise not_found(f"{first_word} with spaceUuid {uuid} does not exist")
    return space


def get_space(call: Call) -> Json:
    """`GET /projects/{p}/spaces/{s}`."""
    space = _space(call, "space")
    require_in_space(call, "view", "Space", space)
    return read_space(call.world, space)


def post_space(call: Call) -> Json:
    """`POST /projects/{p}/spaces`: the answer shows no access, although it is set."""
    world, body = call.world, call.body
    project = project_of(call, may=None)
    if not can_in_project(world, call.person, "create", "Space", project):
        raise forbidden()
    grants = [(one.get("userUuid"), one.get("role")) for one in body.get("access") or []]
    private = body.get("isPrivate", True) not in (False, "false")
    space = create_space(world, project.uuid, body["name"], None, is_private=private)
    for user_uuid, role in grants:
        _grant(world, space, user_uuid, role)
    space.access[call.person.uuid] = "admin"
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
    """`PATCH /projects/{p}/spaces/{s}`: name and privacy, both required."""
    space = _space(call)
    require_in_space(call, "manage", "Space", space)
    space.name = call.body["name"]
    space.is_private = call.body["isPrivate"] in (True, "true")
    return read_space(call.world, space)


def remove_space(call: Call) -> Any:
    """`DELETE /projects/{p}/spaces/{s}`: the space and everything in it."""
    space = _space(call)
    require_in_space(call, "delete", "Space", space)
    delete_space(call.world, space)
    return OK


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
    """`PATCH .../pinning`: pin, or unpin if it is pinned; answers the whole space."""
    space = _space(call, "space")
    toggle_pin(call, space, space.project_uuid)
    require_in_space(call, "view", "Space", space)
    return read_space(call.world, space)


_BASE = "/api/v1/projects/{p}/spaces"
ROUTES = (
    Route("GET", _BASE, get_spaces),
    Route("POST", _BASE, post_space, check_space_create, creates=True),
    Route("GET", _BASE + "/{s}", get_space),
    Route("PATCH", _BASE + "/{s}", patch_space, check_space_patch),
    Route("DELETE", _BASE + "/{s}", remove_space),
    Route("POST", _BASE + "/{s}/share", share, check_share),
    Route("DELETE", _BASE + "/{s}/share/{user}", unshare),
    Route("POST", _BASE + "/{s}/group/share", share_group, check_group_share),
    Route("DELETE", _BASE + "/{s}/group/share/{group}", unshare_group),
    Route("PATCH", _BASE + "/{s}/pinning", pin_space),
)
