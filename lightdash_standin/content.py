"""The list of content of all types (`GET /api/v2/content`): charts, dashboards and, since 0.1750.0, spaces.

Charts inside dashboards are not in it. Items that were last updated at the same time come in any order.
"""

from __future__ import annotations

from typing import Any

from lightdash_standin.bodies import number
from lightdash_standin.calls import Call, Route
from lightdash_standin.charts import verification_told
from lightdash_standin.lists import page_and_size, paging, visible_spaces
from lightdash_standin.refusals import invalid
from lightdash_standin.spaces import apps_in, direct_access
from lightdash_standin.state import Chart, Dashboard, DataApp, Json, Space, SqlChart, World

TYPES = ("chart", "dashboard", "space", "data_app")
RANK = {"space": 1, "dashboard": 2, "chart": 3, "data_app": 4}
SORTS = ("name", "space_name", "last_updated_at")
Item = Chart | SqlChart | Dashboard | Space | DataApp
Row = tuple[Item, Space | None]


def _user(world: World, uuid: str | None) -> Json | None:
    person = world.people.get(uuid) if uuid else None
    if person is None:
        return None
    return {"uuid": person.uuid, "firstName": person.first_name, "lastName": person.last_name}


def _type(item: Item) -> str:
    return {Dashboard: "dashboard", Space: "space", DataApp: "data_app"}.get(type(item), "chart")


def _updated(item: Item) -> str:
    if isinstance(item, Dashboard):
        return item.version.created_at
    return item.created_at if isinstance(item, Space | DataApp) else item.last_updated_at


def _authors(world: World, item: Chart | SqlChart | Dashboard | Space) -> tuple[Json | None, Json | None]:
    """Who created it and who updated it; the creator of an explore chart is always unknown here."""
    if isinstance(item, Chart):
        return None, _user(world, item.last_updated_by)
    created_by = _user(world, item.created_by)
    if isinstance(item, Space):
        return created_by, None
    updated_by = item.version.created_by if isinstance(item, Dashboard) else item.last_updated_by
    return created_by, _user(world, updated_by)


def _of_its_type(world: World, item: Chart | SqlChart | Dashboard | Space) -> Json:
    """The fields that only rows of its type have."""
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
        "chartCount": len(item.charts), "childSpaceCount": len(item.children),
        "appCount": apps_in(world, item),
        "access": list(direct_access(world, item)),
    }  # fmt: skip


def _pinned_list(world: World, item: Chart | SqlChart | Dashboard | Space, space: Space) -> Json | None:
    order = None if isinstance(item, SqlChart) else item.pin_order
    if order is None:
        return None
    pinned = {"uuid": world.project_rows[space.project_uuid].pinned_list_uuid}
    return {**pinned, "order": order} if isinstance(item, Space) else pinned


def _app_row(world: World, app: DataApp, space: Space | None) -> Json:
    """A data app, with another slug than its own."""
    project = world.project_rows[app.project_uuid]
    author = _user(world, app.created_by)
    return {
        "contentType": "data_app", "uuid": app.uuid, "slug": f"data-app-{app.uuid}", "name": app.name,
        "description": "", "createdAt": app.created_at, "createdBy": author,
        "lastUpdatedAt": app.created_at, "lastUpdatedBy": author,
        "project": {"uuid": project.uuid, "name": project.name},
        "organization": {"uuid": project.org_uuid, "name": world.orgs[project.org_uuid].name},
        "space": {"uuid": space.uuid, "name": space.name} if space else None,
        "pinnedList": None, "views": 0, "firstViewedAt": app.created_at, "verification": None,
        "latestVersionNumber": 1, "latestVersionStatus": "ready", "latestReadyVersionNumber": 1,
        "template": app.template,
    }  # fmt: skip


def _row(world: World, item: Item, space: Space | None) -> Json:
    if isinstance(item, DataApp) or space is None:
        if not isinstance(item, DataApp):
            raise TypeError("only apps are in no space")
        return _app_row(world, item, space)
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
    """Refuse a query that newer versions refuse."""
    errors: Json = {}
    sorts = (*SORTS, "views") if call.world.can("current") else SORTS
    choices = {"contentTypes": TYPES, "sortBy": sorts, "sortDirection": ("asc", "desc")}
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


def _in_space(world: World, space: Space, types: list[str]) -> list[Row]:
    found: list[Item] = []
    if "chart" in types:
        found += [world.charts[one] for one in space.charts]
        found += [world.sql_charts[one] for one in space.sql_charts]
    if "dashboard" in types:
        found += [world.dashboards[one] for one in space.dashboards]
    if "data_app" in types:
        apps = (one for one in world.apps.values() if one.space_uuid == space.uuid)
        found += [one for one in apps if not one.deleted_at]
    return [(item, space) for item in found]


def _found(call: Call, types: list[str]) -> list[Row]:
    """All that matches the query; of spaces, those at the root, or those in the requested spaces."""
    world = call.world
    projects, spaces = call.all("projectUuids"), call.all("spaceUuids")
    found: list[Row] = []
    personal = "data_app" in types and (
        call.one("includePersonalDataApps") == "true" or call.one("dataAppVizsFilter") == "only"
    )
    for project in world.project_rows.values():
        if project.org_uuid != call.person.org_uuid or (projects and project.uuid not in projects):
            continue
        if personal:
            apps = (one for one in world.apps.values() if one.project_uuid == project.uuid)
            found += [(one, None) for one in apps if one.space_uuid is None and not one.deleted_at]
        for space in visible_spaces(call, project, "Space"):
            if "space" in types and (space.parent_uuid in spaces if spaces else space.parent_uuid is None):
                found.append((space, space))
            if not spaces or space.uuid in spaces:
                found += _in_space(world, space, types)
    return found


def _in_order(call: Call, found: list[Row]) -> list[Row]:
    """Sorted as requested, or last updated first; newer versions put spaces and dashboards first."""
    world, by = call.world, call.one("sortBy") or "last_updated_at"

    def key(row: Row) -> Any:
        item, space = row
        if by == "views":
            return item.views if isinstance(item, Chart | Dashboard) else 0
        return {"name": item.name, "space_name": space.name if space else ""}.get(by, _updated(item))

    found = sorted(world.jumbled(found), key=key, reverse=call.one("sortDirection") != "asc")
    if world.can("lists_spaces_as_content"):
        found.sort(key=lambda row: RANK[_type(row[0])])
    return found


def _names(call: Call, item: Item) -> tuple[str, ...]:
    """The texts that a search looks at: the name, and in current versions slugs."""
    if not call.world.can("current") or isinstance(item, DataApp):
        return (item.name,)
    return (item.name, item.slug, *(item.aliases if isinstance(item, Chart) else ()))


def _page_and_size(call: Call) -> tuple[int, int]:
    """Page and size; in current versions a missing one is 0."""
    page, size = ((call.one(name) or "") for name in ("page", "pageSize"))
    if call.world.can("current") and "0" in (page, size):
        return int(page or 0) or 1, int(size or 0) or 10
    return page_and_size(call, 1, 10)


def get_content(call: Call) -> Json:
    """`GET /api/v2/content`: what the caller may see, in pages."""
    newer = call.world.can("lists_spaces_as_content")
    if newer:
        _check_query(call)
    page, size = _page_and_size(call)
    types = call.all("contentTypes") or ["chart", "dashboard"]
    if call.world.can("current") and not call.all("contentTypes"):
        types.append("data_app")
    found = _found(call, types if newer else [one for one in types if one != "space"])
    words = (call.one("search") or "").lower()
    if newer and words:
        found = [row for row in found if any(words in one.lower() for one in _names(call, row[0]))]
    if (uuids := call.all("uuids")) and call.world.can("current"):
        found = [row for row in found if row[0].uuid in uuids]
    if call.one("dataAppVizsFilter") == "only":
        found = [row for row in found if isinstance(row[0], DataApp) and row[0].template]
    shown = _in_order(call, found)[(page - 1) * size : page * size]
    return {
        "pagination": paging(page, size, len(found)),
        "data": [_row(call.world, item, space) for item, space in shown],
    }


ROUTES = (Route("GET", "/api/v2/content", get_content),)
