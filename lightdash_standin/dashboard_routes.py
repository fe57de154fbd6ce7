"""Endpoints of dashboards: list, read, create, duplicate, change, delete, pin.

Creating is validated (422) and removes the tile targets of filters; changing is not validated. A change
without name, space and tiles answers 200 and does nothing.
"""

from __future__ import annotations

from typing import Any

from lightdash_standin.access import (
    can,
    can_in_space,
    inherits_or_private,
    is_closed,
    shares_of,
)
from lightdash_standin.calls import (
    OK,
    Call,
    Route,
    chart_of,
    dashboard_named,
    dashboard_of,
    first_space,
    is_uuid,
    known_space,
    need,
    no_space,
    require_in_space,
)
from lightdash_standin.chart_routes import check_palette, lose_verification, with_access
from lightdash_standin.charts import create_chart, read_chart
from lightdash_standin.dashboard_bodies import (
    check_current_dashboard,
    check_dashboard,
    check_dashboard_patch,
    check_newer_dashboard,
)
from lightdash_standin.dashboards import (
    FILTER_GROUPS,
    add_dashboard_version,
    create_dashboard,
    dashboard_row,
    delete_dashboard,
    delete_orphans,
    move_dashboard,
    read_dashboard,
)
from lightdash_standin.deleted import delete
from lightdash_standin.lists import errors_by
from lightdash_standin.pins import toggle_pin
from lightdash_standin.refusals import bad_parameter, forbidden, not_found, went_wrong
from lightdash_standin.slugs import slug_of
from lightdash_standin.state import Chart, Dashboard, Json, Space, World

OTHER_SPACE = "You don't have access to the space this dashboard belongs to"
SOME_DASHBOARDS = "You don't have access to some of the dashboards you are trying to update."
MOVED_SPACE = "You don't have access to the space this dashboard is being moved to"


def _space(world: World, dashboard: Dashboard) -> Space:
    return world.spaces[dashboard.space_uuid]


def get_dashboards(call: Call) -> list[Json]:
    """`GET /projects/{p}/dashboards`: those in visible spaces; an unknown project has none (no 404)."""
    world = call.world
    project = world.project_rows.get(call.params["p"])
    if project is None:
        return []
    wanted, with_private = call.one("chartUuid"), call.one("includePrivate") != "false"
    rows = []
    for space in (world.spaces[uuid] for uuid in project.spaces):
        if not can_in_space(world, call.person, "view", "Dashboard", space):
            continue
        if not with_private and is_closed(world, space) and call.person.uuid not in space.access:
            continue
        rows += [world.dashboards[uuid] for uuid in space.dashboards]
    rows.sort(key=lambda one: one.versions[0].id)
    if wanted is not None:
        rows = [one for one in rows if any(_shows(tile, wanted) for tile in one.version.tiles)]
    errors = errors_by(project.validations, "dashboard")
    return world.jumbled([dashboard_row(world, one, errors.get(one.uuid, [])) for one in rows])


def _shows(tile: Json, chart_uuid: str) -> bool:
    return bool(tile["properties"].get("savedChartUuid") == chart_uuid)


def get_dashboard(call: Call) -> Json:
    """`GET /dashboards/{u}`, and of a project in v2: the dashboard; counts a view, after reading."""
    dashboard = dashboard_named(call)
    require_in_space(call, "view", "Dashboard", _space(call.world, dashboard), OTHER_SPACE)
    read = with_access(call, read_dashboard(call.world, dashboard), _space(call.world, dashboard))
    dashboard.views += 1
    dashboard.first_viewed_at = dashboard.first_viewed_at or call.world.clock.now()
    return read


def get_views(call: Call) -> Json:
    """`GET /dashboards/{u}/views`: broken in the newest version."""
    if call.world.can("breaks_views_of_dashboards"):
        raise went_wrong()
    dashboard = dashboard_of(call.world, call.params["u"])
    require_in_space(call, "view", "Dashboard", _space(call.world, dashboard), OTHER_SPACE)
    return {"views": dashboard.views, "firstViewedAt": dashboard.first_viewed_at or call.world.clock.now()}


def _validated_rule(world: World, rule: Json) -> Json:
    """A filter rule after validation: null becomes false, and old versions remove the tile targets."""
    empties = "tileTargets" in rule and not world.can("keeps_tile_targets")
    changed: Json = {"tileTargets": {}} if empties else {}
    changed |= {key: False for key in ("disabled", "required") if key in rule and rule[key] is None}
    return {**rule, **changed}


def _validated_filters(world: World, filters: Any) -> Any:
    if not filters:
        return filters
    return {group: [_validated_rule(world, rule) for rule in filters[group]] for group in FILTER_GROUPS}


def post_dashboard(call: Call) -> Json:
    """`POST /projects/{p}/dashboards` (201): create, or with `?duplicateFrom=` copy."""
    world, body = call.world, call.body
    duplicate = call.one("duplicateFrom")
    if duplicate is not None:
        return _duplicate(call, duplicate)
    if "name" not in body:
        raise bad_parameter("Invalid dashboard")
    project = world.project_rows.get(call.params["p"])
    space_uuid = body.get("spaceUuid")
    if space_uuid and not is_uuid(space_uuid):
        raise went_wrong()
    if space_uuid and space_uuid not in world.spaces:
        raise not_found(f"space with spaceUuid {space_uuid} does not exist")
    space = world.spaces[space_uuid] if space_uuid else None
    home = space or (first_space(world, call.person, project) if project else None)
    if home is None:
        raise no_space(world, call.params["p"])
    access = shares_of(world, home, call.person)
    org = world.project_rows[home.project_uuid].org_uuid
    private = is_closed(world, home) if space or world.can("inherited_access") else None
    if not can(
        world, call.person, "create", "Dashboard",
        org=org, project=call.params["p"], private=private, access=access,
    ):  # fmt: skip
        raise forbidden(OTHER_SPACE)
    sent = {**body, "filters": _validated_filters(world, body.get("filters"))}
    dashboard = create_dashboard(world, sent, call.person, body["name"], home.uuid)
    known = {} if private is None else inherits_or_private(world, home)
    return {**read_dashboard(world, dashboard), **known, "access": access}


def _duplicate(call: Call, uuid: str) -> Json:
    """Copy a dashboard with new tabs; charts inside it are copied too, and their tiles get new uuids."""
    world, body = call.world, call.body
    if "dashboardName" not in body:
        raise bad_parameter("Invalid dashboard duplicate")
    if not is_uuid(uuid):
        raise went_wrong()
    source = dashboard_of(world, uuid)
    space = _space(world, source)
    require_in_space(call, "create", "Dashboard", space, OTHER_SPACE)
    read = read_dashboard(world, source)
    renamed = {tab["uuid"]: world.new_uuid() for tab in read["tabs"]}
    tabs = [{**tab, "uuid": renamed[tab["uuid"]]} for tab in read["tabs"]]
    tiles = [{**tile, "tabUuid": renamed.get(tile["tabUuid"])} for tile in read["tiles"]]
    copy = {
        **read, "name": body["dashboardName"], "description": body["dashboardDesc"],
        "tabs": tabs, "tiles": tiles,
    }  # fmt: skip
    dashboard = create_dashboard(world, copy, call.person, source.name, space.uuid)
    inside = [tile for tile in tiles if tile["properties"].get("belongsToDashboard")]
    if inside:
        changed = [_with_own_chart(call, tile, dashboard) if tile in inside else tile for tile in tiles]
        add_dashboard_version(world, dashboard, {**copy, "tiles": changed}, call.person)
    return with_access(call, read_dashboard(world, dashboard), space)


def _with_own_chart(call: Call, tile: Json, dashboard: Dashboard) -> Json:
    """A tile like this one, for a copy of its chart inside the new dashboard."""
    world = call.world
    chart = _own_chart(call, world.charts[tile["properties"]["savedChartUuid"]], dashboard)
    properties = {**tile["properties"], "savedChartUuid": chart.uuid}
    return {**tile, "uuid": world.new_uuid(), "properties": properties}


def _own_chart(call: Call, source: Chart, dashboard: Dashboard) -> Chart:
    """A copy of a chart inside the dashboard."""
    world = call.world
    stamp = int(world.clock.moment.timestamp() * 1000)
    slug_from = slug_of(f"{source.name} {stamp}")
    return create_chart(world, read_chart(world, source), call.person, slug_from, None, dashboard.uuid)


def patch_dashboard(call: Call) -> Json:
    """`PATCH /dashboards/{u}`: metadata if there is a name or space, a new version if there are tiles.

    The endpoint of a project in v2 does the same after validating.
    """
    world, body = call.world, call.body
    dashboard = dashboard_named(call)
    require_in_space(call, "update", "Dashboard", _space(world, dashboard), OTHER_SPACE)
    if not isinstance(body, dict):
        body = {}
    if body.get("name") or body.get("spaceUuid"):
        _patch_metadata(call, dashboard, body)
    if isinstance(body.get("tiles"), list):  # an empty list counts: in JavaScript it is true
        if world.can("copies_repeated_inside_charts"):
            body = {**body, "tiles": _without_repeated_inside_charts(call, dashboard, body["tiles"])}
        add_dashboard_version(world, dashboard, body, call.person)
        delete_orphans(world, dashboard)
    lose_verification(call, dashboard, _space(world, dashboard))
    return with_access(call, read_dashboard(world, dashboard), _space(world, dashboard))


def _patch_metadata(call: Call, dashboard: Dashboard, body: Json) -> None:
    world, space_uuid = call.world, body.get("spaceUuid")
    if space_uuid:
        require_in_space(call, "update", "Dashboard", known_space(world, space_uuid), MOVED_SPACE)
        move_dashboard(world, dashboard, space_uuid)
    dashboard.name = body.get("name", dashboard.name)
    dashboard.description = body.get("description", dashboard.description)
    if world.can("chart_palettes"):
        check_palette(world, body, _space(world, dashboard))
        dashboard.color_palette_uuid = body.get("colorPaletteUuid", dashboard.color_palette_uuid)


def _without_repeated_inside_charts(call: Call, dashboard: Dashboard, tiles: list[Json]) -> list[Json]:
    """The tiles, with a copy of its own for each further tile that shows the same chart inside a dashboard.

    The properties of the tile in the body decide whether its chart is one inside a dashboard.
    """
    seen: set[str] = set()
    kept = []
    for tile in tiles:
        properties = need(tile, "properties", dict)
        uuid = properties.get("savedChartUuid")
        if tile.get("type") == "saved_chart" and properties.get("belongsToDashboard") and uuid:
            if uuid in seen:
                copy = _own_chart(call, chart_of(call.world, uuid), dashboard)
                tile = {**tile, "properties": {**properties, "savedChartUuid": copy.uuid}}
            seen.add(uuid)
        kept.append(tile)
    return kept


def patch_dashboards(call: Call) -> list[Json]:
    """`PATCH /projects/{p}/dashboards`: rename and move many."""
    world = call.world
    rows = call.body if isinstance(call.body, list) else []
    for row in rows:
        dashboard = dashboard_of(world, need(row, "uuid", str))
        for space in (_space(world, dashboard), known_space(world, need(row, "spaceUuid", str))):
            require_in_space(call, "update", "Dashboard", space, SOME_DASHBOARDS)
    for row in rows:
        dashboard = world.dashboards[row["uuid"]]
        dashboard.name = row.get("name", dashboard.name)
        dashboard.description = row.get("description", dashboard.description)
        move_dashboard(world, dashboard, need(row, "spaceUuid", str))
    changed = [world.dashboards[row["uuid"]] for row in rows]
    return [with_access(call, read_dashboard(world, one), _space(world, one)) for one in changed]


def remove_dashboard(call: Call) -> Any:
    """`DELETE /dashboards/{u}`: deletes the charts inside it, too."""
    dashboard = dashboard_named(call)
    require_in_space(call, "delete", "Dashboard", _space(call.world, dashboard), OTHER_SPACE)
    delete(call, dashboard, _space(call.world, dashboard), delete_dashboard)
    return OK


def pin_dashboard(call: Call) -> Json:
    """`PATCH /dashboards/{u}/pinning`: pin, or unpin if it is pinned."""
    world = call.world
    dashboard = dashboard_of(world, call.params["u"])
    space = _space(world, dashboard)
    if not can_in_space(world, call.person, "view", "Dashboard", space):
        raise forbidden(OTHER_SPACE)
    project = toggle_pin(call, dashboard, space.project_uuid)
    return {
        "projectUuid": project.uuid,
        "spaceUuid": space.uuid,
        "pinnedListUuid": project.pinned_list_uuid,
        "isPinned": dashboard.pin_order is not None,
    }


_IN_PROJECT = "/api/v2/projects/{p}/dashboards/{u}"
ROUTES = (
    Route("GET", "/api/v1/projects/{p}/dashboards", get_dashboards),
    Route(
        "POST",
        "/api/v1/projects/{p}/dashboards",
        post_dashboard,
        check_dashboard,
        201,
        creates=True,
        newer_check=("hidden_tabs", check_newer_dashboard),
        current_check=("tabs_hidden_or_not", check_current_dashboard),
    ),
    Route("PATCH", "/api/v1/projects/{p}/dashboards", patch_dashboards),
    Route("GET", "/api/v1/dashboards/{u}", get_dashboard, slugs=True),
    Route("PATCH", "/api/v1/dashboards/{u}", patch_dashboard, slugs=True),
    Route("DELETE", "/api/v1/dashboards/{u}", remove_dashboard, slugs=True),
    Route("GET", _IN_PROJECT, get_dashboard, slugs=True, needs="project_dashboards"),
    Route(
        "PATCH", _IN_PROJECT, patch_dashboard, check_dashboard_patch, slugs=True, needs="project_dashboards"
    ),
    Route("DELETE", _IN_PROJECT, remove_dashboard, slugs=True, needs="project_dashboards"),
    Route("GET", "/api/v1/dashboards/{u}/views", get_views),
    Route("PATCH", "/api/v1/dashboards/{u}/pinning", pin_dashboard),
)
