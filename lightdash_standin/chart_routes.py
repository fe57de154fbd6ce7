"""Endpoints of one saved chart: read, create, change, versions, pinning (`/saved/...`).

They validate nothing: a missing field ends in a 500. Creating or renaming a chart of an unknown explore
answers 404 after the work is done.
"""

from __future__ import annotations

from typing import Any

from lightdash_standin.access import (
    can,
    can_in_project,
    can_in_space,
    inherits_or_private,
    is_closed,
    shares_of,
)
from lightdash_standin.calls import (
    OK,
    Call,
    Route,
    chart_named,
    chart_of,
    dashboard_of,
    first_space,
    is_uuid,
    known_space,
    need,
    no_space,
    project_of,
    require_in_space,
    space_of_chart,
)
from lightdash_standin.charts import add_version, create_chart, delete_chart, move_chart, read_chart
from lightdash_standin.deleted import delete
from lightdash_standin.pins import toggle_pin
from lightdash_standin.refusals import bad_parameter, forbidden, not_existing, not_found, went_wrong
from lightdash_standin.slugs import slug_of
from lightdash_standin.state import Chart, ChartVersion, Dashboard, Json, Project, Space, World

OTHER_SPACE = "You don't have access to the space this chart belongs to"


def with_access(call: Call, read: Json, space: Space) -> Json:
    """A read chart, with the privacy of its space and the caller's access to it."""
    world = call.world
    return {**read, **inherits_or_private(world, space), "access": shares_of(world, space, call.person)}


def _require_explore(call: Call, project_uuid: str, name: str) -> None:
    if name not in call.world.project_rows[project_uuid].explores:
        raise not_existing(f'Explore "{name}" does not exist.')


def _visible_chart(call: Call) -> tuple[Chart, Space]:
    chart = chart_named(call)
    space = space_of_chart(call.world, chart)
    require_in_space(call, "view", "SavedChart", space, OTHER_SPACE)
    return chart, space


def get_chart(call: Call) -> Json:
    """`GET /saved/{u}`, and of a project in v2: the chart; counts a view, after reading."""
    chart, space = _visible_chart(call)
    read = with_access(call, read_chart(call.world, chart), space)
    chart.views += 1
    chart.first_viewed_at = chart.first_viewed_at or call.world.clock.now()
    return read


def get_views(call: Call) -> Json:
    """`GET /saved/{u}/views`: counts nothing, but an unseen chart was first viewed "now"."""
    chart, _ = _visible_chart(call)
    return {"views": chart.views, "firstViewedAt": chart.first_viewed_at or call.world.clock.now()}


def _target_space(call: Call, project: Project) -> tuple[Space | None, str | None]:
    """The space whose access decides about a new chart, and the dashboard if it is created inside one.

    In old versions no access is checked if the body names neither.
    """
    world, body = call.world, call.body if isinstance(call.body, dict) else {}
    dashboard_uuid, space_uuid = body.get("dashboardUuid"), body.get("spaceUuid")
    if any(uuid is not None and not is_uuid(uuid) for uuid in (dashboard_uuid, space_uuid)):
        raise went_wrong()
    if space_uuid and not (dashboard_uuid and world.can("inside_wins_over_space")):
        space = known_space(world, space_uuid)
        if dashboard_uuid and dashboard_uuid not in world.dashboards:
            raise went_wrong()
        return space, dashboard_uuid
    if dashboard_uuid:
        return world.spaces[dashboard_of(world, dashboard_uuid).space_uuid], dashboard_uuid
    if not world.can("inherited_access"):
        return None, None
    home = first_space(world, call.person, project)
    if home is None:
        raise no_space(world, project.uuid)
    return home, None


def post_chart(call: Call) -> Json:
    """`POST /projects/{p}/saved`: create a chart, or with `?duplicateFrom=` copy one."""
    project = project_of(call, may=None)
    if call.one("duplicateFrom"):
        return _duplicate(call)
    world = call.world
    space, dashboard_uuid = _target_space(call, project)
    access = shares_of(world, space, call.person) if space else []
    private = is_closed(world, space) if space else False
    if not can(
        world, call.person, "create", "SavedChart",
        org=project.org_uuid, project=project.uuid, private=private, access=access,
    ):  # fmt: skip
        raise forbidden()
    home = space or first_space(world, call.person, project)
    if home is None:
        raise no_space(world, project.uuid)
    chart = create_chart(
        world, call.body, call.person, need(call.body, "name", str), home.uuid, dashboard_uuid
    )
    _require_explore(call, project.uuid, chart.version.table_name)
    told = inherits_or_private(world, space) if space else {"isPrivate": False}
    return {**read_chart(world, chart), **told, "access": access}


def _duplicate(call: Call) -> Json:
    world = call.world
    uuid = call.one("duplicateFrom")
    if not is_uuid(uuid):
        raise went_wrong()
    source = chart_of(world, uuid or "")
    space = space_of_chart(world, source)
    require_in_space(call, "create", "SavedChart", space, OTHER_SPACE)
    name = need(call.body, "chartName", str)
    body = {**read_chart(world, source), "name": name, "description": call.body.get("chartDesc")}
    stamp = int(world.clock.moment.timestamp() * 1000)
    slug_from = source.slug if world.can("unique_slugs") else slug_of(f"{name} {stamp}")
    chart = create_chart(world, body, call.person, slug_from, source.space_uuid, source.dashboard_uuid)
    _require_explore(call, call.params["p"], chart.version.table_name)
    return with_access(call, read_chart(world, chart), space)


def patch_chart(call: Call) -> Json:
    """`PATCH /saved/{u}`: name, description or space, no new version; a move leaves its dashboard."""
    world, body = call.world, call.body
    chart = chart_of(world, call.params["u"])
    space = space_of_chart(world, chart)
    require_in_space(call, "update", "SavedChart", space, OTHER_SPACE)
    columns = {"name", "description", "spaceUuid"}
    if world.can("chart_palettes"):
        columns.add("colorPaletteUuid")
        check_palette(world, body, space)
    if not isinstance(body, dict) or not (columns & body.keys() or world.can("current")):
        raise went_wrong()
    if "name" in body and body["name"] is None:
        raise went_wrong()
    if body.get("spaceUuid") is not None:
        move_chart(world, chart, body["spaceUuid"])
    chart.name = body.get("name", chart.name)
    chart.description = body.get("description", chart.description)
    if "colorPaletteUuid" in columns:
        chart.color_palette_uuid = body.get("colorPaletteUuid", chart.color_palette_uuid)
    lose_verification(call, chart, space)
    _require_explore(call, space.project_uuid, chart.version.table_name)
    return with_access(call, read_chart(world, chart), space)


def lose_verification(call: Call, item: Chart | Dashboard, space: Space) -> None:
    """Remove the verification of an edited item; in current versions, unless the editor may verify."""
    world, body = call.world, call.body if isinstance(call.body, dict) else {}
    project, told = world.project_rows[space.project_uuid], item.verification
    if world.can("current") and told and body.get("preserveVerification") is not False:
        may = can_in_project(world, call.person, "manage", "ContentVerification", project)
        if may or told.person_uuid == call.person.uuid:
            return
    item.verification = None


def check_palette(world: World, body: Any, space: Space) -> None:
    """Refuse a palette that does not exist or is of another organisation, with 400."""
    uuid = body.get("colorPaletteUuid") if isinstance(body, dict) else None
    if uuid and uuid not in world.orgs[world.project_rows[space.project_uuid].org_uuid].palettes:
        raise bad_parameter("Color palette does not belong to this organization")


def patch_charts(call: Call) -> list[Json]:
    """`PATCH /projects/{p}/saved`: rename and move many; only access to the target spaces is checked."""
    world = call.world
    project = project_of(call, may=None)
    rows = call.body if isinstance(call.body, list) else []
    for row in rows:
        space = known_space(world, need(row, "spaceUuid", str))
        access = shares_of(world, space, call.person)
        if not can(
            world, call.person, "update", "SavedChart",
            org=project.org_uuid, project=project.uuid, private=is_closed(world, space), access=access,
        ):  # fmt: skip
            raise forbidden()
    for row in rows:
        chart = chart_of(world, need(row, "uuid", str))
        chart.name = row.get("name", chart.name)
        chart.description = row.get("description", chart.description)
        move_chart(world, chart, row["spaceUuid"], leave_dashboard=False)
    charts = [world.charts[row["uuid"]] for row in rows]
    return [with_access(call, read_chart(world, chart), space_of_chart(world, chart)) for chart in charts]


def _may_save_custom_sql(call: Call, chart: Chart, space: Space) -> None:
    """Refuse custom SQL of people who may not write it; newer versions let them save existing SQL."""
    query = call.body.get("metricQuery") if isinstance(call.body, dict) else None
    custom = (query or {}).get("customDimensions") or []
    written = {(one.get("id"), one.get("sql")) for one in custom if one.get("type") == "sql"}
    modified = ""
    if call.world.can("inherited_access"):
        saved = chart.version.metric_query["customDimensions"]
        written -= {(one["id"], one["sql"]) for one in saved if one["type"] == "sql"}
        modified = "modified "
    project = call.world.project_rows[space.project_uuid]
    if written and not can_in_project(call.world, call.person, "manage", "CustomSql", project):
        raise forbidden(f"User cannot save queries with {modified}custom SQL dimensions")


def post_version(call: Call) -> Json:
    """`POST /saved/{u}/version`: a new version, even with the same content; a name in the body is ignored."""
    chart = chart_of(call.world, call.params["u"])
    space = space_of_chart(call.world, chart)
    require_in_space(call, "update", "SavedChart", space)
    _may_save_custom_sql(call, chart, space)
    add_version(call.world, chart, call.body, call.person)
    lose_verification(call, chart, space)
    return with_access(call, read_chart(call.world, chart), space)


def remove_chart(call: Call) -> Any:
    """`DELETE /saved/{u}`."""
    chart = chart_of(call.world, call.params["u"])
    space = space_of_chart(call.world, chart)
    require_in_space(call, "delete", "SavedChart", space)
    delete(call, chart, space, delete_chart)
    return OK


def version_summary(call: Call, chart: Chart, version: ChartVersion) -> Json:
    """A version of a chart without its content, in the form of histories."""
    person = call.world.people.get(version.created_by) if version.created_by else None
    return {
        "chartUuid": chart.uuid,
        "versionUuid": version.uuid,
        "createdAt": version.created_at,
        "createdBy": person.card if person else None,
    }


def get_history(call: Call) -> Json:
    """`GET /saved/{u}/history`: the versions of the last days, newest first; at least two.

    Since 0.3007.0 all of them.
    """
    chart, _ = _visible_chart(call)
    newest_first = list(reversed(chart.versions.values()))
    opens = call.world.clock.midnight_before(call.world.history_days)
    if call.world.can("whole_history"):
        opens = ""
    shown = [one for one in newest_first if one.created_at >= opens or one is newest_first[0]]
    if len(shown) == 1:
        shown = newest_first[:2]
    return {"history": [version_summary(call, chart, version) for version in shown]}


def _version(chart: Chart, uuid: str) -> ChartVersion:
    version = chart.versions.get(uuid)
    if version is None:
        raise not_found("Chart version not found")
    return version


def get_version(call: Call) -> Json:
    """`GET /saved/{u}/version/{v}`: an old version under today's name and space; counts no view."""
    chart, space = _visible_chart(call)
    version = _version(chart, call.params["v"])
    read = with_access(call, read_chart(call.world, chart, version), space)
    return {**version_summary(call, chart, version), "chart": read}


def rollback(call: Call) -> Any:
    """`POST /saved/{u}/rollback/{v}`: append a copy of an old version."""
    chart = chart_of(call.world, call.params["u"])
    require_in_space(call, "update", "SavedChart", space_of_chart(call.world, chart), OTHER_SPACE)
    version = _version(chart, call.params["v"])
    add_version(call.world, chart, read_chart(call.world, chart, version), call.person)
    return OK


def pin_chart(call: Call) -> Json:
    """`PATCH /saved/{u}/pinning`: pin, or unpin if it is pinned."""
    chart = chart_of(call.world, call.params["u"])
    space = space_of_chart(call.world, chart)
    if not can_in_space(call.world, call.person, "view", "Space", space):
        raise forbidden()
    project = toggle_pin(call, chart, space.project_uuid)
    return {
        "projectUuid": project.uuid,
        "spaceUuid": space.uuid,
        "pinnedListUuid": project.pinned_list_uuid,
        "isPinned": chart.pin_order is not None,
    }


def available_filters(call: Call) -> list[Json]:
    """`GET /saved/{u}/availableFilters`: the dimensions of the chart's explore, joined tables included."""
    chart, space = _visible_chart(call)
    explore = call.world.project_rows[space.project_uuid].explores.get(chart.version.table_name)
    if explore is None:
        return []
    return [
        dimension
        for table in explore["tables"].values()
        for dimension in table["dimensions"].values()
        if not dimension.get("hidden")
    ]


ROUTES = (
    Route("GET", "/api/v1/saved/{u}", get_chart, slugs=True),
    Route("GET", "/api/v2/projects/{p}/saved/{u}", get_chart, slugs=True, needs="project_dashboards"),
    Route("PATCH", "/api/v1/saved/{u}", patch_chart),
    Route("DELETE", "/api/v1/saved/{u}", remove_chart),
    Route("GET", "/api/v1/saved/{u}/views", get_views),
    Route("GET", "/api/v1/saved/{u}/history", get_history),
    Route("GET", "/api/v1/saved/{u}/version/{v}", get_version),
    Route("POST", "/api/v1/saved/{u}/version", post_version),
    Route("POST", "/api/v1/saved/{u}/rollback/{v}", rollback),
    Route("PATCH", "/api/v1/saved/{u}/pinning", pin_chart),
    Route("GET", "/api/v1/saved/{u}/availableFilters", available_filters),
    Route("POST", "/api/v1/projects/{p}/saved", post_chart, creates=True),
    Route("PATCH", "/api/v1/projects/{p}/saved", patch_charts),
)
