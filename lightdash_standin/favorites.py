"""Favorites of people (`/projects/{p}/favorites`), in newer versions; marking is a toggle."""

from __future__ import annotations

from lightdash_standin.access import can_in_space
from lightdash_standin.bodies import check_favorite
from lightdash_standin.calls import Call, Route, chart_of, dashboard_of, project_of, space_of_chart
from lightdash_standin.charts import author
from lightdash_standin.refusals import bad_parameter, forbidden, not_found
from lightdash_standin.state import Json, Space, World


def _space_of(world: World, kind: str, uuid: str) -> Space:
    if kind == "chart":
        return space_of_chart(world, chart_of(world, uuid))
    if kind == "dashboard":
        return world.spaces[dashboard_of(world, uuid).space_uuid]
    if kind == "data_app":
        raise bad_parameter("Personal data apps cannot be favorited")
    if uuid not in world.spaces:
        raise not_found(f"Space with spaceUuid {uuid} does not exist")
    return world.spaces[uuid]


def toggle(call: Call) -> Json:
    """`PATCH /projects/{p}/favorites`: mark an item, or remove the mark."""
    world = call.world
    project = project_of(call)
    kind, uuid = call.body["contentType"], call.body["contentUuid"]
    if not can_in_space(world, call.person, "view", "Space", _space_of(world, kind, uuid)):
        raise forbidden()
    mark = (call.person.uuid, kind, uuid)
    is_marked = world.favorites.pop(mark, None) is None
    if is_marked:
        world.favorites[mark] = project.uuid
    return {"isFavorite": is_marked, "contentType": kind, "contentUuid": uuid}


def get_favorites(call: Call) -> list[Json]:
    """`GET /projects/{p}/favorites`: the caller's own, if the caller can still see them."""
    world, rows = call.world, []
    project = project_of(call)
    for (person, kind, uuid), where in world.favorites.items():
        exists = uuid in world.charts or uuid in world.dashboards or uuid in world.spaces
        if (person, where) != (call.person.uuid, project.uuid) or not exists:
            continue
        if can_in_space(world, call.person, "view", "Space", _space_of(world, kind, uuid)):
            rows.append({"type": kind, "data": _data(world, kind, uuid)})
    return rows


def _data(world: World, kind: str, uuid: str) -> Json:
    if kind == "space":
        space = world.spaces[uuid]
        return {
            "uuid": uuid, "name": space.name, "projectUuid": space.project_uuid, "path": space.path,
            "parentSpaceUuid": space.parent_uuid, "pinnedListUuid": None, "pinnedListOrder": None,
        }  # fmt: skip
    item = world.charts[uuid] if kind == "chart" else world.dashboards[uuid]
    common = {
        "uuid": uuid, "name": item.name, "description": item.description, "views": item.views,
        "firstViewedAt": item.first_viewed_at, "pinnedListUuid": None, "pinnedListOrder": None,
        "verification": None,
    }  # fmt: skip
    if kind == "dashboard":
        dashboard = world.dashboards[uuid]
        return common | {
            "spaceUuid": dashboard.space_uuid,
            "updatedAt": dashboard.version.created_at,
            "updatedByUser": author(world, dashboard.version.created_by),
        }
    chart = world.charts[uuid]
    return common | {
        "spaceUuid": space_of_chart(world, chart).uuid,
        "updatedAt": chart.last_updated_at,
        "updatedByUser": author(world, chart.last_updated_by),
        "chartKind": chart.version.kind or "vertical_bar",
        "slug": chart.slug,
    }


_BASE = "/api/v1/projects/{p}/favorites"
ROUTES = (
    Route("GET", _BASE, get_favorites, needs="favorites"),
    Route("PATCH", _BASE, toggle, check_favorite, needs="favorites"),
)
