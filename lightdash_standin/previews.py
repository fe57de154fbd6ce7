"""Preview projects (`POST /projects/{p}/createPreview`): a copy of the content, with the same slugs.

Spaces with the grants to users, charts, SQL charts and dashboards are copied, each in its current version,
with its time and its view count; current versions also copy virtual views, the nesting of spaces and grants
to groups. Schedulers, pins, comments, tags and verification are not copied.
"""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace
from datetime import timedelta

from lightdash_standin.access import can_in_project
from lightdash_standin.bodies import check_preview
from lightdash_standin.calls import Call, Route, project_of, space_of_chart
from lightdash_standin.clock import printed
from lightdash_standin.jobs import finished_job
from lightdash_standin.projects import compile_project, create_project
from lightdash_standin.refusals import forbidden
from lightdash_standin.spaces import create_space
from lightdash_standin.state import Chart, Dashboard, DashboardVersion, Json, Project, Space, World
from lightdash_standin.virtual_views import is_virtual

PREVIEW_DAYS = 30  # days until a preview of current versions expires


def _copied_chart(world: World, chart: Chart, space_uuid: str | None, dashboard_uuid: str | None) -> Chart:
    query = chart.version.metric_query
    metrics = [{**one, "uuid": world.new_uuid()} for one in query["additionalMetrics"]]
    version = replace(  # the real server loses how rows of several queries are merged
        chart.version, uuid=world.new_uuid(), metric_query={**query, "additionalMetrics": metrics}, merge=None
    )
    copy = replace(
        chart, uuid=world.new_uuid(), space_uuid=space_uuid, dashboard_uuid=dashboard_uuid, pin_order=None,
        versions={version.uuid: version}, current=version, verification=None, aliases=list(chart.aliases),
    )  # fmt: skip
    world.charts[copy.uuid] = copy
    for slug in (copy.slug, *copy.aliases):
        world.slugs.force("charts", slug, space_of_chart(world, copy).project_uuid)
    home = world.dashboards[dashboard_uuid] if dashboard_uuid else world.spaces[space_uuid or ""]
    home.charts[copy.uuid] = None
    return copy


def _copied_tile(tile: Json, tabs: dict[str, str], uuids: dict[str, str]) -> Json:
    properties = dict(tile["properties"])
    for key in ("savedChartUuid", "savedSqlUuid"):
        if properties.get(key) is not None:
            properties[key] = uuids.get(properties[key], properties[key])
    return {**tile, "tabUuid": tabs.get(tile["tabUuid"]), "properties": properties}


def _copy_dashboard(world: World, dashboard: Dashboard, space: Space, uuids: dict[str, str]) -> None:
    """Copy a dashboard with the charts inside it; tile uuids stay, tab uuids are new."""
    copy = replace(
        dashboard,
        uuid=world.new_uuid(),
        space_uuid=space.uuid,
        versions=[],
        charts={},
        placed=set(),
        pin_order=None,
        verification=None,
    )
    world.dashboards[copy.uuid] = copy
    world.slugs.force("dashboards", copy.slug, space.project_uuid)
    space.dashboards[copy.uuid] = None
    for uuid in dashboard.charts:
        uuids[uuid] = _copied_chart(world, world.charts[uuid], None, copy.uuid).uuid
    old = dashboard.version
    tabs = {tab["uuid"]: world.new_uuid() for tab in old.tabs}
    tiles = [_copied_tile(tile, tabs, uuids) for tile in old.tiles]
    world.last_dashboard_version += 1
    new_tabs = [{**tab, "uuid": tabs[tab["uuid"]]} for tab in old.tabs]
    copy.versions.append(
        DashboardVersion(
            world.last_dashboard_version, old.created_at, old.created_by, tiles, new_tabs, old.filters,
            old.config, old.parameters,
        )
    )  # fmt: skip
    shown = (tile["properties"].get("savedChartUuid") for tile in tiles)
    copy.placed.update(uuid for uuid in shown if uuid)


def _copy_content(world: World, source: Project, preview: Project) -> None:
    pairs = []
    copies: dict[str | None, Space] = {}
    news = world.can("nested_spaces")
    for old in sorted((world.spaces[uuid] for uuid in source.spaces), key=lambda one: one.path.count(".")):
        above = copies.get(old.parent_uuid)
        new = create_space(
            world, preview.uuid, old.name, old.slug, is_private=old.is_private, above=above, path=old.path
        )
        copies[old.uuid] = new
        new.access.update(old.access)
        if news:
            new.group_access.update(old.group_access)
            new.member_role, new.color_palette_uuid = old.member_role, old.color_palette_uuid
        pairs.append((old, new))
    uuids: dict[str, str] = {}
    for old, new in pairs:
        for uuid in old.charts:
            uuids[uuid] = _copied_chart(world, world.charts[uuid], new.uuid, None).uuid
        for uuid in old.sql_charts:
            chart = world.sql_charts[uuid]
            copy = replace(chart, uuid=world.new_uuid(), project_uuid=preview.uuid, space_uuid=new.uuid)
            world.sql_charts[copy.uuid], uuids[uuid] = copy, copy.uuid
            world.slugs.force("sql_charts", copy.slug, preview.uuid)
            new.sql_charts[copy.uuid] = None
    for old, new in pairs:
        for uuid in old.dashboards:
            _copy_dashboard(world, world.dashboards[uuid], new, uuids)


def post_preview(call: Call) -> Json | str:
    """`POST /projects/{p}/createPreview`: returns the bare uuid, in newer versions an object with it."""
    world, source = call.world, project_of(call, may=None)
    if source.type == "PREVIEW" or not can_in_project(world, call.person, "manage", "CompileProject", source):
        raise forbidden()
    copied = call.body["copyContent"] in (True, "true")
    like = {
        "type": "PREVIEW",
        "dbtConnection": source.dbt_connection,
        "warehouseConnection": source.warehouse_connection,
        "dbtVersion": source.dbt_version,
        "upstreamProjectUuid": source.uuid if copied else None,
    }
    preview = create_project(world, call.person, call.body["name"], like)
    if copied:
        preview.access.update(source.access)
        preview.group_access.update(source.group_access)
        _copy_content(world, source, preview)
        if world.can("previews_have_virtual_views"):
            views = {name: one for name, one in source.explores.items() if is_virtual(one)}
            preview.explores = deepcopy(views)
    if world.can("current"):
        preview.expires_at = printed(world.clock.moment + timedelta(days=PREVIEW_DAYS))
    compile_project(world, preview)
    if not world.can("preview_results"):
        return preview.uuid
    job = finished_job(world, "COMPILE_PROJECT", call.person.uuid, preview.uuid, ["COMPILING"], None)
    return {"projectUuid": preview.uuid, "compileJobUuid": job}


ROUTES = (Route("POST", "/api/v1/projects/{p}/createPreview", post_preview, check_preview),)
