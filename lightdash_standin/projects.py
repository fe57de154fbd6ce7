"""Projects: list, read, create, delete, settings, access, explores, compiling.

Compiling and creating are finished at once. Reading a project returns its connections without secrets, as on
the real server.
"""

from __future__ import annotations

from typing import Any

from lightdash_standin.access import can_in_project
from lightdash_standin.accounts import Person
from lightdash_standin.bodies import Errors, body_of, check_metadata, errors_in, flag, text
from lightdash_standin.calls import OK, Call, Route, is_uuid, need, project_of
from lightdash_standin.catalog import index_catalog
from lightdash_standin.code_spaces import space_at
from lightdash_standin.jobs import finished_job
from lightdash_standin.refusals import (
    bad_parameter,
    forbidden,
    invalid,
    not_existing,
    not_found,
    went_wrong,
)
from lightdash_standin.spaces import PERSONAL, below, create_space, delete_space
from lightdash_standin.state import Json, Project, World
from lightdash_standin.validations import validate_project
from lightdash_standin.virtual_views import with_virtual_views

_ORIGIN: Json = {"provisioningSource": None}
_NOTICES: Json = {
    "useProjectTimezoneInFilters": False,
    "schedulerFailureNotifyRecipients": False,
    "schedulerFailureIncludeContact": False,
    "schedulerFailureContactOverride": None,
}
SECRETS = frozenset({"user", "password", "token", "personal_access_token", "privateKey", "keyfileContents"})


def read_project(world: World, project: Project) -> Json:
    """The project as returned."""
    newer: Json = {
        "queryTimezone": project.query_timezone,
        "hasDefaultUserSpaces": project.default_user_spaces,
    }
    newer["colorPaletteUuid"] = project.color_palette_uuid
    if project.defaults is not None:
        newer["projectDefaults"] = project.defaults
    if world.can("current"):
        newer |= {**_ORIGIN, **_NOTICES, "expiresAt": project.expires_at, "agentSqlScope": None}
    upstream = {"upstreamProjectUuid": project.upstream_uuid} if project.upstream_uuid else {}
    return {
        "organizationUuid": project.org_uuid,
        "projectUuid": project.uuid,
        "name": project.name,
        "type": project.type,
        "dbtConnection": {k: v for k, v in project.dbt_connection.items() if k not in SECRETS},
        "warehouseConnection": {k: v for k, v in project.warehouse_connection.items() if k not in SECRETS},
        "pinnedListUuid": project.pinned_list_uuid,
        "dbtVersion": project.dbt_version,
        **upstream,
        "schedulerTimezone": project.scheduler_timezone,
        "createdByUserUuid": project.created_by,
        **(newer if world.can("chart_palettes") else {}),
    }


def create_project(world: World, person: Person, name: str, like: Json) -> Project:
    """Store a new, uncompiled project, with the public space "Shared" that every project starts with.

    Previews of newer versions start without it.

    Args:
        world: the instance.
        person: who creates it.
        name: its name.
        like: `type`, `dbtConnection`, `warehouseConnection`, `dbtVersion`, `upstreamProjectUuid` of the
            request.
    """
    project = Project(
        uuid=world.new_uuid(),
        name=name,
        org_uuid=person.org_uuid,
        created_by=person.uuid,
        type=like.get("type", "DEFAULT"),
        upstream_uuid=like.get("upstreamProjectUuid"),
        dbt_connection=like.get("dbtConnection") or {},
        warehouse_connection=like.get("warehouseConnection") or {},
        dbt_version=like.get("dbtVersion", "v1.4"),
        created_at=world.clock.now(),
    )
    for other in world.project_rows.values():
        if other.dbt_connection == project.dbt_connection and other.dbt_connection.get("type") != "none":
            project.compilable = other.compilable  # the same dbt project compiles to the same explores
    world.project_rows[project.uuid] = project
    world.clock.tick()
    if project.type != "PREVIEW" or not world.can("preview_results"):
        create_space(world, project.uuid, "Shared", "shared", is_private=False)
    return project


def compile_project(world: World, project: Project) -> None:
    """Create the explores and the catalogue of the project from its dbt project; without one, keep them."""
    if project.compilable:
        project.explores = with_virtual_views(world, project, project.compilable)
    index_catalog(world, project)


def get_projects(call: Call) -> list[Json]:
    """`GET /org/projects`: those that the caller may see."""
    world = call.world
    visible = [
        one
        for one in world.project_rows.values()
        if can_in_project(world, call.person, "view", "Project", one)
    ]
    if world.can("current"):
        visible.sort(key=lambda one: one.type == "PREVIEW")
    return [
        {
            "name": one.name, "projectUuid": one.uuid, "type": one.type, "createdByUserUuid": one.created_by,
            "upstreamProjectUuid": one.upstream_uuid, "warehouseType": one.warehouse_connection.get("type"),
            **_row_parts(world, one),
        }
        for one in visible
        if one.org_uuid == call.person.org_uuid
    ]  # fmt: skip


def _row_parts(world: World, project: Project) -> Json:
    """The additional fields in the list of projects, by version."""
    if not world.can("parameters"):
        return {"requireUserCredentials": False}
    creator = world.people[project.created_by]
    name = f"{creator.first_name} {creator.last_name}"
    expires = {"expiresAt": project.expires_at, **_ORIGIN} if world.can("current") else {}
    return {"createdByUserName": name, "createdAt": project.created_at, **expires}


def get_project(call: Call) -> Json:
    """`GET /projects/{p}`."""
    return read_project(call.world, project_of(call))


def get_defaults(call: Call) -> Any:
    """`GET /api/v2/projects/{p}/defaults`: settings from dbt's configuration, if any."""
    project = project_of(call)
    return OK if project.defaults is None else project.defaults


def get_parameters(call: Call) -> Json:
    """`GET /api/v2/projects/{p}/parameters`: those of the project, by name."""
    parameters, names = project_of(call).parameters, call.all("names")
    return {name: one for name, one in parameters.items() if not names or name in names}


def put_parameters(call: Call) -> Any:
    """`PUT /api/v2/projects/{p}/parameters`: replaces all of them; for admins."""
    project = project_of(call, may=None)
    if not can_in_project(call.world, call.person, "manage", "Project", project):
        raise forbidden("User does not have permission to update project parameters")
    project.parameters = {
        name: {"type": "string", **parameter} for name, parameter in dict(call.body).items()
    }
    return OK


def check_parameters(body: Any) -> None:
    """Check the body of `put_parameters`: each parameter has a label."""
    errors: Errors = {}
    for name, parameter in (body if isinstance(body, dict) else {}).items():
        errors |= errors_in(parameter, {"label": text}, at=f"parameters.{name}")
    if errors:
        raise invalid(errors)


def patch_user_spaces(call: Call) -> Any:
    """`PATCH /projects/{p}/hasDefaultUserSpaces`: creates a space for everybody who may create one.

    They stay when it is switched off.
    """
    world, project = call.world, project_of(call, may=("manage", "Project"))
    project.default_user_spaces = call.body["hasDefaultUserSpaces"] in (True, "true")
    if not project.default_user_spaces:
        return OK
    root = space_at(world, project, PERSONAL)
    if root is None:
        root = create_space(world, project.uuid, "Default User Spaces", None, is_private=False)
    there = {uuid for one in below(world, root) for uuid in one.access}
    for person in world.people.values():
        if person.uuid not in there and can_in_project(world, person, "create", "Space", project):
            name = f"{person.first_name} {person.last_name}"
            space = create_space(world, project.uuid, name, None, is_private=True, above=root)
            space.access[person.uuid], space.is_personal = "admin", True
    return OK


def get_changesets(call: Call) -> Any:
    """`GET /projects/{p}/changesets`: none is active."""
    project_of(call)
    return OK


def get_spotlight(call: Call) -> Any:
    """`GET /projects/{p}/spotlight/table/config`: nobody has changed it."""
    project = project_of(call)
    raise not_found(f"Table config not found for project {project.uuid}")


def post_project(call: Call) -> Json:
    """`POST /org/projects`: create without compiling."""
    body = call.body if isinstance(call.body, dict) else {}
    if body.get("type") not in ("DEFAULT", "PREVIEW"):
        raise bad_parameter("Project type must be provided")
    if body["type"] == "DEFAULT" and body.get("upstreamProjectUuid"):
        raise bad_parameter("upstreamProjectUuid must not be provided for default projects")
    if call.person.role != "admin":
        raise forbidden()
    project = create_project(call.world, call.person, need(body, "name", str), body)
    return {"hasContentCopy": False, "project": read_project(call.world, project)}


def post_precompiled(call: Call) -> Json:
    """`POST /org/projects/precompiled`: create and compile, in the background."""
    body = call.body if isinstance(call.body, dict) else {}
    if call.person.role != "admin":
        raise forbidden()
    project = create_project(call.world, call.person, need(body, "name", str), body)
    compile_project(call.world, project)
    steps = ["TESTING_ADAPTOR", "COMPILING", "CREATING_PROJECT"]
    results = {"projectUuid": project.uuid}
    return {"jobUuid": finished_job(call.world, "CREATE_PROJECT", call.person.uuid, None, steps, results)}


def remove_project(call: Call) -> Any:
    """`DELETE /org/projects/{p}`: with everything in it; projects with it as upstream lose their upstream."""
    world, project = call.world, project_of(call, may=None)
    own_preview = project.type == "PREVIEW" and project.created_by == call.person.uuid
    if not own_preview and not can_in_project(world, call.person, "delete", "Project", project):
        raise forbidden()
    while project.spaces:  # deleting one deletes those inside it
        delete_space(world, world.spaces[next(iter(project.spaces))])
    for uuid in project.tags:
        del world.tags[uuid]
    del world.project_rows[project.uuid]
    for other in world.project_rows.values():
        if other.upstream_uuid == project.uuid:
            other.upstream_uuid = None
    return OK


def patch_metadata(call: Call) -> Any:
    """`PATCH /projects/{p}/metadata`: set or unset the upstream; a project may be its own."""
    project = project_of(call, may=("manage", "Project"))
    body = call.body if isinstance(call.body, dict) else {}
    if "upstreamProjectUuid" not in body:
        raise went_wrong()
    upstream = body["upstreamProjectUuid"]
    if upstream is not None and (not is_uuid(upstream) or upstream not in call.world.project_rows):
        raise went_wrong()
    project.upstream_uuid = upstream
    return OK


def post_refresh(call: Call) -> Json:
    """`POST /projects/{p}/refresh`: compile; the catalogue gets new uuids, and keeps tags and icons."""
    project = project_of(call, may=("manage", "CompileProject"))
    compile_project(call.world, project)
    validate_project(call.world, project)
    steps = ["COMPILING"]
    job = finished_job(call.world, "COMPILE_PROJECT", call.person.uuid, project.uuid, steps, None)
    return {"jobUuid": job}


def get_explores(call: Call) -> list[Json]:
    """`GET /projects/{p}/explores`: name and origin of each explore."""
    project = project_of(call)
    return [_explore_row(call.world, explore) for explore in project.explores.values()]


def _explore_row(world: World, explore: Json) -> Json:
    """A row of the list of explores; in newer versions only explores that are not from dbt have a type."""
    more: Json = {"type": explore.get("type", "default")}
    if world.can("parameters"):
        more = {key: explore[key] for key in ("type", "aiHint") if key in explore}
    table = explore["tables"][explore["baseTable"]]
    optional = {"description": table["description"]} if table.get("description") is not None else {}
    group = {"groupLabel": explore["groupLabel"]} if explore.get("groupLabel") else {}
    return {
        "name": explore["name"], "label": explore["label"], "tags": explore["tags"], **group,
        "databaseName": table["database"], "schemaName": table["schema"], **optional, **more,
    }  # fmt: skip


def get_explore(call: Call) -> Json:
    """`GET /projects/{p}/explores/{explore}`."""
    project = project_of(call)
    explore = project.explores.get(call.params["explore"])
    if explore is None:
        raise not_existing(f'Explore "{call.params["explore"]}" does not exist.')
    return explore


def put_explores(call: Call) -> Any:
    """`PUT /projects/{p}/explores`: deployed by the command line without dbt."""
    project = project_of(call, may=("manage", "CompileProject"))
    rows = call.body if isinstance(call.body, list) else []
    deployed = {need(row, "name", str): row for row in rows}
    project.explores = with_virtual_views(call.world, project, deployed)
    index_catalog(call.world, project)
    return OK


def get_access(call: Call) -> list[Json]:
    """`GET /projects/{p}/access`: people with a role of their own in the project."""
    project = project_of(call, may=("manage", "Project"))
    people = [(call.world.people[uuid], role) for uuid, role in project.access.items()]
    return [
        {
            "userUuid": one.uuid, "email": one.email, "role": role, "firstName": one.first_name,
            "projectUuid": project.uuid, "lastName": one.last_name,
        }
        for one, role in people
    ]  # fmt: skip


def get_group_access(call: Call) -> list[Json]:
    """`GET /projects/{p}/groupAccesses`: groups with a role in the project."""
    project = project_of(call)
    return [
        {"projectUuid": project.uuid, "groupUuid": uuid, "role": role}
        for uuid, role in project.group_access.items()
    ]


def post_access(call: Call) -> Any:
    """`POST /projects/{p}/access`: give somebody a role, by e-mail."""
    project = project_of(call, may=("manage", "Project"))
    email, role = need(call.body, "email", str), need(call.body, "role", str)
    for person in call.world.people.values():
        if person.email == email:
            project.access[person.uuid] = role
            return OK
    raise not_found(f"Can't find user with email {email}")


def remove_access(call: Call) -> Any:
    """`DELETE /projects/{p}/access/{user}`."""
    project = project_of(call, may=("manage", "Project"))
    project.access.pop(call.params["user"], None)
    return OK


def get_tables(call: Call) -> Json:
    """`GET /projects/{p}/tablesConfiguration`."""
    project_of(call)
    return {"tableSelection": {"type": "ALL", "value": None}}


ROUTES = (
    Route("GET", "/api/v1/org/projects", get_projects),
    Route("POST", "/api/v1/org/projects", post_project),
    Route("POST", "/api/v1/org/projects/precompiled", post_precompiled),
    Route("DELETE", "/api/v1/org/projects/{p}", remove_project),
    Route("GET", "/api/v1/projects/{p}", get_project),
    Route("PATCH", "/api/v1/projects/{p}/metadata", patch_metadata, check_metadata),
    Route("POST", "/api/v1/projects/{p}/refresh", post_refresh),
    Route("GET", "/api/v1/projects/{p}/explores", get_explores),
    Route("PUT", "/api/v1/projects/{p}/explores", put_explores),
    Route("GET", "/api/v1/projects/{p}/explores/{explore}", get_explore),
    Route("GET", "/api/v1/projects/{p}/access", get_access),
    Route("POST", "/api/v1/projects/{p}/access", post_access),
    Route("DELETE", "/api/v1/projects/{p}/access/{user}", remove_access),
    Route("GET", "/api/v1/projects/{p}/groupAccesses", get_group_access),
    Route("GET", "/api/v1/projects/{p}/tablesConfiguration", get_tables),
    Route("GET", "/api/v2/projects/{p}/defaults", get_defaults, needs="parameters"),
    Route("GET", "/api/v2/projects/{p}/parameters", get_parameters, needs="parameters"),
    Route("PUT", "/api/v2/projects/{p}/parameters", put_parameters, check_parameters, needs="current"),
    Route(
        "GET", "/api/v1/projects/{p}/changesets", get_changesets, needs="parameters", until="no_changesets"
    ),
    Route(
        "PATCH",
        "/api/v1/projects/{p}/hasDefaultUserSpaces",
        patch_user_spaces,
        body_of({"hasDefaultUserSpaces": flag}),
        needs="current",
    ),
    Route("GET", "/api/v1/projects/{p}/spotlight/table/config", get_spotlight, needs="parameters"),
)
