"""Charts written in SQL (`/projects/{p}/sqlRunner/saved...`).

Their history cannot be read, they are in spaces only, and their "viewed at" times change with every reading.
Newer versions accept a slug for a new one; a slug that the project has already is a 500. Running the SQL is
not imitated: a job is started and finished, without rows.
"""

from __future__ import annotations

from typing import Any

from lightdash_standin.access import can, can_in_project, is_closed, shares_of
from lightdash_standin.bodies import check_sql_chart
from lightdash_standin.calls import OK, Call, Route, is_uuid, need, project_of
from lightdash_standin.deleted import delete
from lightdash_standin.jobs import start_scheduler_job
from lightdash_standin.jsonb import jsonb
from lightdash_standin.palettes import resolved_palette
from lightdash_standin.refusals import forbidden, not_found, went_wrong
from lightdash_standin.state import Json, Project, Space, SqlChart, World


def delete_sql_chart(world: World, chart: SqlChart) -> None:
    """Delete a SQL chart with its schedulers; tiles stay, and are empty."""
    world.delete_schedulers_of(chart.uuid)
    world.spaces[chart.space_uuid].sql_charts.pop(chart.uuid)
    world.slugs.release("sql_charts", chart.slug, chart.project_uuid)
    del world.sql_charts[chart.uuid]


def read_sql_chart(call: Call, chart: SqlChart, project: Project) -> Json:
    """A SQL chart as the caller reads it."""
    world = call.world
    space = world.spaces[chart.space_uuid]
    mine = shares_of(world, space, call.person)
    known = {"userAccess": mine[0]} if mine else {}
    privacy = {} if world.can("inherited_access") else {"isPrivate": space.is_private}
    newer: Json = {}
    if world.can("chart_palettes"):
        newer["resolvedColorPalette"] = resolved_palette(world, None, space)
    return {
        "savedSqlUuid": chart.uuid,
        "name": chart.name,
        "description": chart.description,
        "slug": chart.slug,
        "createdAt": chart.created_at,
        "createdBy": world.people[chart.created_by].card,
        "lastUpdatedAt": chart.last_updated_at,
        "lastUpdatedBy": world.people[chart.last_updated_by].card,
        "sql": chart.sql,
        "limit": chart.limit,
        "config": chart.config,
        "chartKind": chart.config.get("type"),
        "space": {"uuid": space.uuid, "name": space.name, **privacy, **known},
        "project": {"projectUuid": project.uuid},
        "dashboard": None,
        "organization": {"organizationUuid": project.org_uuid},
        "views": 0,
        "firstViewedAt": world.clock.now(),
        "lastViewedAt": world.clock.now(),
        **newer,
    }


def _require(call: Call, action: str, project: Project, space: Space) -> None:
    access = shares_of(call.world, space, call.person)
    if not can(
        call.world, call.person, action, "SavedChart",
        org=project.org_uuid, project=project.uuid, private=is_closed(call.world, space), access=access,
    ):  # fmt: skip
        raise forbidden("You don't have access to this chart")


def _require_custom_sql(call: Call, project: Project) -> None:
    if not can_in_project(call.world, call.person, "manage", "CustomSql", project):
        raise forbidden()


def sql_chart_of(call: Call) -> SqlChart:
    """The SQL chart in the path.

    Raises:
        Refusal: 404 if the project has none with this uuid.
    """
    chart = call.world.sql_charts.get(call.params["u"])
    if chart is None or chart.project_uuid != call.params["p"]:
        raise not_found("Saved sql not found")
    return chart


def get_sql_chart(call: Call) -> Json:
    """`GET .../sqlRunner/saved/{u}`."""
    chart = sql_chart_of(call)
    project = call.world.project_rows[chart.project_uuid]
    _require(call, "view", project, call.world.spaces[chart.space_uuid])
    return read_sql_chart(call, chart, project)


def get_by_slug(call: Call) -> Json:
    """`GET .../sqlRunner/saved/slug/{slug}`."""
    for chart in call.world.sql_charts.values():
        if chart.slug == call.params["slug"] and chart.project_uuid == call.params["p"]:
            call.params["u"] = chart.uuid
            return get_sql_chart(call)
    raise not_found("Saved sql not found")


def post_sql_chart(call: Call) -> Json:
    """`POST .../sqlRunner/saved`: create; returns uuid, slug and version only."""
    world, body = call.world, call.body
    project = project_of(call, may=None)
    _require_custom_sql(call, project)
    if not is_uuid(body["spaceUuid"]):
        raise went_wrong()
    space = world.spaces.get(body["spaceUuid"])
    if space is None:
        raise not_found(f"Space with spaceUuid {body['spaceUuid']} does not exist")
    _require(call, "create", project, space)
    slug = _slug(world, project, body)
    created = world.clock.tick()
    chart = SqlChart(
        uuid=world.new_uuid(), slug=slug, name=body["name"],
        description=body["description"], project_uuid=project.uuid, space_uuid=space.uuid, sql=body["sql"],
        limit=int(body["limit"]), config=jsonb(body["config"]), created_at=created,
        created_by=call.person.uuid, last_updated_at=world.clock.tick(), last_updated_by=call.person.uuid,
    )  # fmt: skip
    world.sql_charts[chart.uuid] = chart
    space.sql_charts[chart.uuid] = None
    return {"savedSqlUuid": chart.uuid, "slug": chart.slug, "savedSqlVersionUuid": world.new_uuid()}


def _slug(world: World, project: Project, body: Json) -> str:
    """The slug of a new SQL chart: a free one, or the requested one.

    Raises:
        Refusal: 500 if the project has a SQL chart with the requested slug.
    """
    wanted = body.get("slug")
    if not wanted or not world.can("sql_chart_slugs"):
        return world.slugs.claim("sql_charts", body["name"], project.uuid)
    if any((one.project_uuid, one.slug) == (project.uuid, wanted) for one in world.sql_charts.values()):
        raise went_wrong()
    world.slugs.force("sql_charts", wanted, project.uuid)
    return str(wanted)


def patch_sql_chart(call: Call) -> Json:
    """`PATCH .../sqlRunner/saved/{u}`: metadata, a new version, both, or nothing."""
    world, body = call.world, call.body if isinstance(call.body, dict) else {}
    chart = sql_chart_of(call)
    project = world.project_rows[chart.project_uuid]
    _require_custom_sql(call, project)
    _require(call, "update", project, world.spaces[chart.space_uuid])
    metadata, version = body.get("unversionedData"), body.get("versionedData")
    if metadata:
        move_sql_chart(world, chart, need(metadata, "spaceUuid", str))
        chart.name, chart.description = need(metadata, "name", str), metadata.get("description")
    version_uuid = None
    if version:
        chart.sql, chart.limit = need(version, "sql", str), need(version, "limit", int)
        chart.config = jsonb(need(version, "config", dict))
        world.clock.tick()
        version_uuid = world.new_uuid()
        chart.last_updated_at, chart.last_updated_by = world.clock.tick(), call.person.uuid
    return {"savedSqlUuid": chart.uuid, "savedSqlVersionUuid": version_uuid}


def move_sql_chart(world: World, chart: SqlChart, space_uuid: str) -> None:
    """Put a SQL chart into a space.

    Raises:
        Refusal: 500 if there is no such space.
    """
    if space_uuid not in world.spaces:
        raise went_wrong()
    world.spaces[chart.space_uuid].sql_charts.pop(chart.uuid)
    world.spaces[space_uuid].sql_charts[chart.uuid] = None
    chart.space_uuid = space_uuid


def remove_sql_chart(call: Call) -> Any:
    """`DELETE .../sqlRunner/saved/{u}`."""
    chart = sql_chart_of(call)
    project = call.world.project_rows[chart.project_uuid]
    _require_custom_sql(call, project)
    _require(call, "delete", project, call.world.spaces[chart.space_uuid])
    delete(call, chart, call.world.spaces[chart.space_uuid], delete_sql_chart)
    return OK


def run_sql(call: Call) -> Json:
    """`POST .../sqlRunner/run` and `GET .../results-job`: start a job that ends without rows."""
    project = project_of(call)
    may = can_in_project(call.world, call.person, "manage", "SqlRunner", project)
    if call.request.method == "POST" and not may:
        raise forbidden()
    details = {"columns": [], "fileUrl": "", "createdByUserUuid": call.person.uuid}
    return {"jobId": start_scheduler_job(call.world, details)}


_BASE = "/api/v1/projects/{p}/sqlRunner"
ROUTES = (
    Route("GET", _BASE + "/saved/{u}", get_sql_chart),
    Route("GET", _BASE + "/saved/slug/{slug}", get_by_slug),
    Route("POST", _BASE + "/saved", post_sql_chart, check_sql_chart, creates=True),
    Route("PATCH", _BASE + "/saved/{u}", patch_sql_chart),
    Route("DELETE", _BASE + "/saved/{u}", remove_sql_chart),
    Route("POST", _BASE + "/run", run_sql),
    Route("GET", _BASE + "/saved/{u}/results-job", run_sql),
)
