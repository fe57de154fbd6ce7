"""Deleted content that can be restored for some days (`/api/v2/content/deleted`, since 0.2457.0).

It is off unless `World.soft_delete` is set, as on a real server. A deleted item keeps its slug, versions,
views, comments and deliveries, and is in no list. Restoring does not check the space: if the space of a chart
is deleted, the restored chart is in neither this list nor any other. Deleted spaces are listed, but cannot be
restored here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from lightdash_standin.access import can_in_project
from lightdash_standin.bodies import anything, body_of
from lightdash_standin.calls import OK, Call, Route, project_of
from lightdash_standin.lists import page_and_size, paging
from lightdash_standin.refusals import forbidden, not_found
from lightdash_standin.state import Chart, Comment, Dashboard, Json, Scheduler, Space, SqlChart, World

Item = Chart | SqlChart | Dashboard


@dataclass
class Deleted:
    """A deleted item, with everything that belonged to it."""

    item: Item | Space
    project_uuid: str
    space_uuid: str
    space_name: str
    deleted_at: str
    deleted_by: Json
    inside: tuple[Chart, ...] = ()
    schedulers: tuple[Scheduler, ...] = ()
    comments: tuple[tuple[str, Comment], ...] = ()


def delete(call: Call, item: Any, space: Space, remove: Callable[[World, Any], None]) -> None:
    """Delete a chart, SQL chart or dashboard, for good or so that it can be restored.

    Args:
        call: the request.
        item: the item.
        space: the space that it is in.
        remove: deletes it for good.
    """
    world = call.world
    if world.soft_delete and world.can("soft_delete"):
        _bury(call, item, space)
    remove(world, item)
    if item.uuid in world.deleted:
        for kept in (item, *world.deleted[item.uuid].inside):
            world.slugs.force(_kind(kept), kept.slug, space.project_uuid)


def bury_space(call: Call, space: Space) -> None:
    """Record a space that will be deleted with everything in it."""
    world = call.world
    if world.soft_delete and world.can("soft_delete"):
        for uuid in [uuid for uuid, one in world.deleted.items() if one.space_uuid == space.uuid]:
            del world.deleted[uuid]  # listed only as part of the space
        world.deleted[space.uuid] = Deleted(
            space, space.project_uuid, space.uuid, space.name, world.clock.now(), call.person.card
        )


def _bury(call: Call, item: Item, space: Space) -> None:
    world = call.world
    inside = [world.charts[uuid] for uuid in item.charts] if isinstance(item, Dashboard) else []
    uuids = {item.uuid, *(chart.uuid for chart in inside)}
    world.deleted[item.uuid] = Deleted(
        item, space.project_uuid, space.uuid, space.name, world.clock.tick(), call.person.card,
        tuple(inside),
        tuple(world.schedulers[one] for uuid in uuids for one in world.schedulers_of.get(uuid, {})),
        tuple(
            (tile, comment) for tile, comments in world.comments.items() for comment in comments
            if comment.chart_uuid in uuids
        ),
    )  # fmt: skip


def _kind(item: Item) -> str:
    return {Chart: "charts", SqlChart: "sql_charts"}.get(type(item), "dashboards")


def get_deleted(call: Call) -> Json:
    """`GET /api/v2/content/deleted`: deleted items, latest first; those of other people for admins only."""
    world = call.world
    page, size = page_and_size(call, 1, 10)
    rows = [
        one
        for one in world.deleted.values()
        if one.project_uuid in call.all("projectUuids") and _may(call, one)
    ]
    rows.sort(key=lambda one: one.deleted_at, reverse=True)
    return {
        "pagination": paging(page, size, len(rows)),
        "data": [_row(world, one) for one in rows[(page - 1) * size : page * size]],
    }


def _row(world: World, one: Deleted) -> Json:
    item = one.item
    by_type: dict[type, Json] = {
        Chart: {"contentType": "chart", "source": "dbt_explore", "schedulerCount": len(one.schedulers)},
        SqlChart: {"contentType": "chart", "source": "sql"},
        Dashboard: {"contentType": "dashboard", "chartCount": len(one.inside), "schedulerCount": 0},
        Space: {"contentType": "space"},
    }
    return {
        "uuid": item.uuid, "name": item.name, "description": getattr(item, "description", None),
        "deletedAt": one.deleted_at, "deletedBy": one.deleted_by, "spaceUuid": one.space_uuid,
        "spaceName": one.space_name, "projectUuid": one.project_uuid,
        "organizationUuid": world.project_rows[one.project_uuid].org_uuid, **by_type[type(item)],
    }  # fmt: skip


def post_restore(call: Call) -> Any:
    """`POST /api/v2/content/{p}/restore`: restore an item."""
    world = call.world
    project_of(call)
    found = world.deleted.get(str(call.body["item"].get("uuid")))
    if found is None or isinstance(found.item, Space):
        raise not_found("Saved query not found")
    if not _may(call, found):
        raise forbidden("You can only restore content you deleted")
    item = world.deleted.pop(found.item.uuid).item
    home = item.dashboard_uuid if isinstance(item, Chart) else None
    if found.space_uuid not in world.spaces or (home and home not in world.dashboards):
        return OK  # it is in no list now
    _PUT_BACK[type(item)](world, found)
    for scheduler in found.schedulers:
        world.schedulers[scheduler.uuid] = scheduler
        owner = scheduler.chart_uuid or scheduler.dashboard_uuid or scheduler.sql_chart_uuid or ""
        world.schedulers_of.setdefault(owner, {})[scheduler.uuid] = None
    for tile, comment in found.comments:
        world.comments.setdefault(tile, []).append(comment)
    return OK


def _chart(world: World, found: Deleted) -> None:
    _add_chart(world, found.item)


def _add_chart(world: World, chart: Any) -> None:
    world.charts[chart.uuid] = chart
    home = world.dashboards[chart.dashboard_uuid] if chart.dashboard_uuid else world.spaces[chart.space_uuid]
    home.charts[chart.uuid] = None


def _sql_chart(world: World, found: Deleted) -> None:
    chart: Any = found.item
    world.sql_charts[chart.uuid] = chart
    world.spaces[chart.space_uuid].sql_charts[chart.uuid] = None


def _dashboard(world: World, found: Deleted) -> None:
    dashboard: Any = found.item
    world.dashboards[dashboard.uuid] = dashboard
    world.spaces[dashboard.space_uuid].dashboards[dashboard.uuid] = None
    for chart in found.inside:
        _add_chart(world, chart)


_PUT_BACK: dict[type, Callable[[World, Deleted], None]] = {
    Chart: _chart, SqlChart: _sql_chart, Dashboard: _dashboard
}  # fmt: skip


def _may(call: Call, one: Deleted) -> bool:
    project = call.world.project_rows[one.project_uuid]
    if can_in_project(call.world, call.person, "manage", "DeletedContent", project):
        return True
    return bool(one.deleted_by["userUuid"] == call.person.uuid)


ROUTES = (
    Route("GET", "/api/v2/content/deleted", get_deleted, needs="soft_delete"),
    Route(
        "POST",
        "/api/v2/content/{p}/restore",
        post_restore,
        body_of({"item": anything}),
        needs="soft_delete",
    ),
)
