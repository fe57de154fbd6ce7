"""The pinned list of a project: pinning is a toggle, the order is given separately (`/pinned-lists/...`)."""

from __future__ import annotations

from typing import Any

from lightdash_standin.access import can_in_project, can_in_space
from lightdash_standin.calls import Call, Route, need, project_of
from lightdash_standin.refusals import forbidden, went_wrong
from lightdash_standin.state import Chart, Dashboard, Json, Project, Space, World

NEW_PIN_ORDER = 100


def toggle_pin(call: Call, item: Chart | Dashboard | Space, project_uuid: str) -> Project:
    """Pin the item, or unpin it if it is pinned; the first pin creates the list.

    Raises:
        Refusal: 403 unless the caller may manage pins.
    """
    project = call.world.project_rows[project_uuid]
    if not can_in_project(call.world, call.person, "manage", "PinnedItems", project):
        raise forbidden()
    if item.pin_order is None:
        project.pinned_list_uuid = project.pinned_list_uuid or call.world.new_uuid()
        item.pin_order = NEW_PIN_ORDER
    else:
        item.pin_order = None
    return project


def _place(world: World, space: Space) -> Json:
    """Whether a space is private or inherits and, in versions with nested spaces, its position."""
    if not world.can("inherited_access"):
        return {"isPrivate": space.is_private}
    return {
        "inheritParentPermissions": not space.is_private, "childSpaceCount": len(space.children),
        "appCount": 0, "parentSpaceUuid": space.parent_uuid, "path": space.path,
    }  # fmt: skip


def _space_item(world: World, space: Space, project: Project) -> Json:
    return {
        "organizationUuid": project.org_uuid,
        "projectUuid": project.uuid,
        "pinnedListUuid": project.pinned_list_uuid,
        "pinnedListOrder": space.pin_order,
        "uuid": space.uuid,
        "name": space.name,
        **_place(world, space),
        "accessListLength": len(space.access),
        "dashboardCount": len(space.dashboards),
        "chartCount": len(space.charts),
        "access": list(space.access),
    }


def _verified(world: World) -> Json:
    """The verification of the item, in versions that return it."""
    return {"verification": None} if world.can("favorites") else {}


def _chart_item(world: World, chart: Chart, project: Project) -> Json:
    return {
        "pinnedListUuid": project.pinned_list_uuid,
        "pinnedListOrder": chart.pin_order,
        "spaceUuid": chart.space_uuid,
        "uuid": chart.uuid,
        "name": chart.name,
        "description": chart.description,
        "updatedAt": chart.last_updated_at,
        "views": chart.views,
        "firstViewedAt": chart.first_viewed_at,
        "chartKind": chart.version.kind or "vertical_bar",
        "updatedByUser": world.people[chart.last_updated_by].card,
        "slug": chart.slug,
        **_verified(world),
    }


def _dashboard_item(world: World, dashboard: Dashboard, project: Project) -> Json:
    return {
        "uuid": dashboard.uuid,
        "spaceUuid": dashboard.space_uuid,
        "description": dashboard.description,
        "name": dashboard.name,
        "views": dashboard.views,
        "firstViewedAt": dashboard.first_viewed_at,
        "pinnedListUuid": project.pinned_list_uuid,
        "pinnedListOrder": dashboard.pin_order,
        "updatedAt": dashboard.version.created_at,
        "updatedByUser": world.people[dashboard.version.created_by].card,
        **({"slug": dashboard.slug} if world.can("current") else {}),
        **_verified(world),
    }


def _pinned(call: Call, project: Project) -> dict[str, list[Chart | Dashboard | Space]]:
    """The pinned items that the caller may see, by type; charts inside dashboards do not count."""
    world, found = call.world, {"space": [], "chart": [], "dashboard": []}  # type: tuple[World, dict[str, list[Any]]]
    for uuid in project.spaces:
        space = world.spaces[uuid]
        if not can_in_space(world, call.person, "view", "Space", space):
            continue
        found["space"] += [space] if space.pin_order is not None else []
        charts = (world.charts[one] for one in space.charts)
        found["chart"] += [chart for chart in charts if chart.pin_order is not None]
        dashboards = (world.dashboards[one] for one in space.dashboards)
        found["dashboard"] += [one for one in dashboards if one.pin_order is not None]
    return found


def get_items(call: Call) -> list[Json]:
    """`GET /projects/{p}/pinned-lists/{l}/items`: spaces, then charts, then dashboards, each by order."""
    project = project_of(call, may=("view", "PinnedItems"))
    if call.params["l"] != project.pinned_list_uuid:
        return []
    shapes = {"space": _space_item, "chart": _chart_item, "dashboard": _dashboard_item}
    items: list[Json] = []
    for type_, found in _pinned(call, project).items():
        ordered = sorted(call.world.jumbled(found), key=lambda item: item.pin_order or 0)
        items += [{"type": type_, "data": shapes[type_](call.world, item, project)} for item in ordered]  # type: ignore[operator]
    return items


def patch_order(call: Call) -> list[Json]:
    """`PATCH /projects/{p}/pinned-lists/{l}/items/order`: set the order of some or all pins."""
    project = project_of(call, may=("manage", "PinnedItems"))
    if call.params["l"] != project.pinned_list_uuid:
        raise forbidden("Pinned list does not belong to project")
    world = call.world
    tables: dict[str, dict[str, Any]] = {
        "space": world.spaces, "chart": world.charts, "dashboard": world.dashboards,
    }  # fmt: skip
    for row in call.body if isinstance(call.body, list) else []:
        data = need(row, "data", dict)
        item = tables.get(row.get("type"), {}).get(need(data, "uuid", str))
        if item is None:
            raise went_wrong()
        if item.pin_order is not None:
            item.pin_order = need(data, "pinnedListOrder", int)
    return get_items(call)


ROUTES = (
    Route("GET", "/api/v1/projects/{p}/pinned-lists/{l}/items", get_items),
    Route("PATCH", "/api/v1/projects/{p}/pinned-lists/{l}/items/order", patch_order),
)
