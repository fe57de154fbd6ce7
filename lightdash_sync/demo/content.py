"""The list of content of all sorts (`GET /api/v2/content`): charts, dashboards and, since 0.1750.0, spaces.

Charts inside dashboards are not in it. What was last updated at the same time comes in any order.
"""

from __future__ import annotations

from typing import Any

from lightdash_sync.demo.bodies import number
from lightdash_sync.demo.calls import Call, Route
from lightdash_sync.demo.charts import verification_told
from lightdash_sync.demo.lists import page_and_size, paging, visible_spaces
from lightdash_sync.demo.refusals import invalid
from lightdash_sync.demo.spaces import direct_access
from lightdash_sync.demo.state import Chart, Dashboard, Json, Space, SqlChart, World

TYPES = ("chart", "dashboard", "space", "data_app")
RANK = {"space": 1, "dashboard": 2, "chart": 3}
SORTS = ("name", "space_name", "last_updated_at")
Item = Chart | SqlChart | Dashboard | Space


def _user(world: World, uuid: str | None) -> Json | None:
    person = world.people.get(uuid) if uuid else None
    if person is None:
        return None
    return {"uuid": person.uuid, "firstName": person.first_name, "lastName": person.last_name}


def _type(item: Item) -> str:
    return {Dashboard: "dashboard", Space: "space"}.get(type(item), "chart")


def _updated(item: Item) -> str:
    if isinstance(item, Dashboard):
        return item.version.created_at
    return item.created_at if isinstance(item, Space) else item.last_updated_at


def _authors(world: World, item: Item) -> tuple[Json | None, Json | None]:
    """Who created it and who updated it; the creator of an explore chart is never known here."""
    if isinstance(item, Chart):
        return None, _user(world, item.last_updated_by)
    created_by = _user(world, item.created_by)
    if isinstance(item, Space):
        return created_by, None
    updated_by = item.version.created_by if isinstance(item, Dashboard) else item.last_updated_by
    return created_by, _user(world, updated_by)


def _of_its_type(world: World, item: Item) -> Json:
    """What only rows of its type have."""
    if isinstance(item, Chart):
        kind = item.version.kind or "vertical_bar"
        return {"source": "dbt_explore", "chartKind": kind, "dashboard": None}
    if isinstance(item, SqlChart):
        return {"source": "sql", "chartKind": item.config.get("type"), "dashboard": None}
    if isinstance(item, Dashboard):
        return {}
    return {
        "parentSpaceUuid": item.parent_uuid, "path": item.path,
        "inheritParentPermissions": not item.is_private, "dashboardCount": len(item.dashboards),
        "chartCount": len(item.charts), "childSpaceCount": len(item.children), "appCount": 0,
        "access": list(direct_access(world, item)),
    }  # fmt: skip


def _pinned_list(world: World, item: Item, space: Space) -> Json | None:
    order = None if isinstance(item, SqlChart) else item.pin_order
    if order is None:
        return None
    pinned = {"uuid": world.project_rows[space.project_uuid].pinned_list_uuid}
    return {**pinned, "order": order} if isinstance(item, Space) else pinned


def _row(world: World, item: Item, space: Space) -> Json:
    project = world.project_rows[space.project_uuid]
    created_by, updated_by = _authors(world, item)
    return {
        "contentType": _type(item),
        "uuid": item.uuid,
        "slug": item.slug,
        "name": item.name,
        "description": None if isinstance(item, Space) else item.description,
        "createdAt": item.created_at,
        "createdBy": created_by,
        "lastUpdatedAt": _updated(item),
        "lastUpdatedBy": updated_by,
        "project": {"uuid": project.uuid, "name": project.name},
        "organization": {"uuid": project.org_uuid, "name": world.orgs[project.org_uuid].name},
        "space": {"uuid": space.uuid, "name": space.name},
        **_of_its_type(world, item),
        "pinnedList": _pinned_list(world, item, space),
        "views": item.views if isinstance(item, Chart | Dashboard) else 0,
        "firstViewedAt": item.first_viewed_at if isinstance(item, Chart | Dashboard) else None,
        **verification_told(world, item.verification if isinstance(item, Chart | Dashboard) else None),
    }


def _check_query(call: Call) -> None:
    """What newer versions refuse in the query."""
    errors: Json = {}
    choices = {"contentTypes": TYPES, "sortBy": SORTS, "sortDirection": ("asc", "desc")}
    for name, allowed in choices.items():
        listed = ",".join(f"'{one}'" for one in allowed)
        for position, value in enumerate(call.all(name)):
            if value not in allowed:
                at = f"{name}.${position}" if name == "contentTypes" else name
                message = f"should be one of the following; [{listed}]"
                errors[at] = {"message": message, "value": value}
    for name in ("page", "pageSize"):
        told = call.one(name)
        wrong = None if told is None else number(told)
        if wrong:
            errors[name] = {"message": wrong, "value": told}
    if errors:
        raise invalid(errors)


def _in_space(world: World, space: Space, types: list[str]) -> list[tuple[Item, Space]]:
    found: list[Item] = []
    if "chart" in types:
        found += [world.charts[one] for one in space.charts]
        found += [world.sql_charts[one] for one in space.sql_charts]
    if "dashboard" in types:
        found += [world.dashboards[one] for one in space.dashboards]
    return [(item, space) for item in found]


def _found(call: Call, types: list[str]) -> list[tuple[Item, Space]]:
    """All that the query asks for; of spaces, those at the root, or those in the spaces asked for."""
    world = call.world
    projects, spaces = call.all("projectUuids"), call.all("spaceUuids")
    found: list[tuple[Item, Space]] = []
    for project in world.project_rows.values():
        if project.org_uuid != call.person.org_uuid or (projects and project.uuid not in projects):
            continue
        for space in visible_spaces(call, project, "Space"):
            if "space" in types and (space.parent_uuid in spaces if spaces else space.parent_uuid is None):
                found.append((space, space))
            if not spaces or space.uuid in spaces:
                found += _in_space(world, space, types)
    return found


def _in_order(call: Call, found: list[tuple[Item, Space]]) -> list[tuple[Item, Space]]:
    """Sorted as asked for, or last updated first; newer versions put spaces and dashboards before."""
    world, by = call.world, call.one("sortBy") or "last_updated_at"

    def key(row: tuple[Item, Space]) -> Any:
        item, space = row
        return {"name": item.name, "space_name": space.name}.get(by, _updated(item))

    found = sorted(world.jumbled(found), key=key, reverse=call.one("sortDirection") != "asc")
    if world.can("lists_spaces_as_content"):
        found.sort(key=lambda row: RANK[_type(row[0])])
    return found


def get_content(call: Call) -> Json:
    """`GET /api/v2/content`: what the asker may see, in pages."""
    newer = call.world.can("lists_spaces_as_content")
    if newer:
        _check_query(call)
    page, size = page_and_size(call, 1, 10)
    types = call.all("contentTypes") or ["chart", "dashboard"]
    found = _found(call, types if newer else [one for one in types if one != "space"])
    words = (call.one("search") or "").lower()
    if newer and words:
        found = [row for row in found if words in row[0].name.lower()]
    shown = _in_order(call, found)[(page - 1) * size : page * size]
    return {
        "pagination": paging(page, size, len(found)),
        "data": [_row(call.world, item, space) for item, space in shown],
    }


ROUTES = (Route("GET", "/api/v2/content", get_content),)
