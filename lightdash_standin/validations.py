"""Validation of content against the explores (`/projects/{p}/validate`).

The job is finished at once. Its results replace those of the project, and are stored under the job only if
explores were posted. Fields of charts are checked; dashboards, and warnings about the configuration of
charts, are not imitated. Newer versions identify results by uuid, list them in pages, and validate single
items.
"""

from __future__ import annotations

from typing import Any

from lightdash_standin.access import can_in_project, can_in_space
from lightdash_standin.calls import (
    OK,
    Call,
    Route,
    chart_of,
    dashboard_of,
    project_of,
    require_in_space,
    space_of_chart,
)
from lightdash_standin.jobs import start_scheduler_job
from lightdash_standin.lists import page_and_size, paging
from lightdash_standin.refusals import forbidden, not_found
from lightdash_standin.state import Chart, Json, Project, World

HIDDEN_FROM_LISTS = "jobId"


def fields_of(explore: Json | None) -> set[str]:
    """The ids of all fields of an explore, including joined tables."""
    tables = explore["tables"].values() if explore else ()
    return {
        f"{table['name']}_{name}"
        for table in tables
        for group in ("dimensions", "metrics")
        for name in table[group]
    }


def _filtered_fields(group: Any) -> list[str]:
    """The field ids in a nested filter group."""
    if not isinstance(group, dict):
        return []
    if "target" in group:
        return [group["target"].get("fieldId", "")]
    return [
        field for part in (*group.get("and", []), *group.get("or", [])) for field in _filtered_fields(part)
    ]


def _problems(chart: Chart, known: set[str]) -> list[tuple[str, str, str]]:
    """The errors of a chart: type, field, text."""
    query = chart.version.metric_query
    own = {one["name"] for one in query["tableCalculations"]}
    own |= {f"{one['table']}_{one['name']}" for one in query["additionalMetrics"]}
    own |= {one["id"] for one in query["customDimensions"]}
    reachable = known | own
    filters = query["filters"]
    groups = ("dimensions", "metrics", "tableCalculations")
    filtered = [name for group in groups for name in _filtered_fields(filters.get(group))]
    found = []
    for kind, title, names in (
        ("dimension", "Dimension", query["dimensions"]),
        ("metric", "Metric", query["metrics"]),
        ("filter", "Filter", filtered),
        ("sorting", "Sorting", [one["fieldId"] for one in query["sorts"]]),
    ):
        missing = [name for name in names if name not in reachable]
        found += [(kind, name, f"{title} error: the field '{name}' no longer exists") for name in missing]
    for one in query["additionalMetrics"]:
        base = f"{one['table']}_{one.get('baseDimensionName')}"
        if one.get("baseDimensionName") and base not in known:
            text = f"Custom metric error: the base dimension '{base}' no longer exists"
            found.append(("custom metric", base, text))
    return found


def _entries(world: World, project: Project, chart: Chart, job: str | None) -> list[Json]:
    known = fields_of(project.explores.get(chart.version.table_name))
    editor = world.people[chart.last_updated_by]
    entries = []
    for kind, name, text in _problems(chart, known):
        world.last_validation += 1
        named: Json = {"validationId": world.last_validation}
        if world.can("validation_uuids"):
            named = {"validationUuid": world.new_uuid(), "validationId": None}
        entries.append(
            {
                "createdAt": world.clock.now(), "chartUuid": chart.uuid, "chartViews": chart.views,
                "projectUuid": project.uuid, "error": text, "name": chart.name,
                "lastUpdatedBy": f"{editor.first_name} {editor.last_name}",
                "lastUpdatedAt": chart.last_updated_at,
                **named, "spaceUuid": space_of_chart(world, chart).uuid,
                "chartKind": chart.version.kind or "vertical_bar", "errorType": kind, "fieldName": name,
                "source": "chart", HIDDEN_FROM_LISTS: job,
            }
        )  # fmt: skip
    return entries


def post_validation(call: Call) -> Json:
    """`POST /projects/{p}/validate`: validate, and return a finished job."""
    project = project_of(call, may=("manage", "Validation"))
    body = call.body if isinstance(call.body, dict) else {}
    number = start_scheduler_job(call.world, None)
    job = str(number) if body.get("explores") is not None else None
    validate_project(call.world, project, body.get("validationTargets"), job)
    return {"jobId": str(number) if call.world.can("validation_uuids") else number}


def validate_project(
    world: World, project: Project, targets: list[str] | None = None, job: str | None = None
) -> None:
    """Validate the charts of a project, and store the errors, as compiling does, too.

    Args:
        world: the instance.
        project: the project.
        targets: what to validate (`charts`, ...); everything by default.
        job: the job of the results; none for the stored results of the project.
    """
    charts = [
        chart for chart in world.charts.values() if space_of_chart(world, chart).project_uuid == project.uuid
    ]
    looked_at = charts if targets is None or "charts" in targets else []
    fresh = [entry for chart in looked_at for entry in _entries(world, project, chart, job)]
    kept = [one for one in project.validations if job is not None or one[HIDDEN_FROM_LISTS] is not None]
    project.validations = [*kept, *fresh]


def _shown(call: Call, entry: Json) -> Json:
    """An entry as the caller sees it: without name and uuid if its space is hidden from the caller."""
    row = {key: value for key, value in entry.items() if key != HIDDEN_FROM_LISTS}
    space = call.world.spaces.get(entry["spaceUuid"])
    if space is not None and can_in_space(call.world, call.person, "view", "SavedChart", space):
        return row
    private = {
        key: value for key, value in row.items() if key not in ("chartUuid", "spaceUuid", "dashboardUuid")
    }
    return {**private, "name": "Private content"}


def get_validation(call: Call) -> list[Json]:
    """`GET /projects/{p}/validate`: the stored results, or those of one job."""
    project = project_of(call, may=None)
    if not can_in_project(call.world, call.person, "manage", "Validation", project):
        raise forbidden()
    job = call.one("jobId")
    return [_shown(call, one) for one in project.validations if one[HIDDEN_FROM_LISTS] == job]


def get_pages(call: Call) -> Json:
    """`GET /api/v2/projects/{p}/validate`: the stored results, newest first; none in hidden spaces."""
    world, project = call.world, project_of(call, may=("manage", "Validation"))
    words = (call.one("searchQuery") or "").lower()
    found = [
        one
        for one in reversed(project.validations)
        if one[HIDDEN_FROM_LISTS] is None
        and words in f"{one['name']} {one['error']}".lower()
        and _is_asked(call, "sourceTypes", one["source"])
        and _is_asked(call, "errorTypes", one["errorType"])
        and one["spaceUuid"] in world.spaces
        and can_in_space(world, call.person, "view", "SavedChart", world.spaces[one["spaceUuid"]])
    ]
    page, size = page_and_size(call, 1, 20)
    rows = [{**_shown(call, one), "chartName": one["name"]} for one in found[(page - 1) * size : page * size]]
    return {"data": rows, "pagination": paging(page, size, len(found))}


def _is_asked(call: Call, name: str, value: str) -> bool:
    asked = [one for text in call.all(name) for one in text.split(",") if one]
    return not asked or value in asked


def post_of_chart(call: Call) -> Json:
    """`POST /projects/{p}/validate/chart/{u}`: validate one chart; its old results are replaced."""
    world, project = call.world, project_of(call, may=("manage", "Validation"))
    chart = chart_of(world, call.params["u"])
    require_in_space(call, "view", "SavedChart", space_of_chart(world, chart))
    if chart.version.table_name not in project.explores:
        raise not_found(f'Explore "{chart.version.table_name}" does not exist.')
    kept = [
        one
        for one in project.validations
        if one["chartUuid"] != chart.uuid or one[HIDDEN_FROM_LISTS] is not None
    ]
    fresh = _entries(world, project, chart, None)
    project.validations = [*kept, *fresh]
    return {"errors": [_bare(one) for one in fresh]}


def _bare(entry: Json) -> Json:
    """A result in the answer to validating a single item."""
    names = ("error", "errorType", "fieldName", "name", "projectUuid", "source", "chartUuid")
    return {name: entry[name] for name in names}


def post_of_dashboard(call: Call) -> Json:
    """`POST /projects/{p}/validate/dashboard/{u}`: dashboards have no errors here."""
    project_of(call, may=("manage", "Validation"))
    dashboard = dashboard_of(call.world, call.params["u"])
    require_in_space(call, "view", "Dashboard", call.world.spaces[dashboard.space_uuid])
    return {"errors": []}


def remove_validation(call: Call) -> Any:
    """`DELETE /projects/{p}/validate/{name}`: dismiss one entry, by number or uuid."""
    project = project_of(call, may=("manage", "Validation"))
    project.validations = [
        one
        for one in project.validations
        if call.params["name"] not in (str(one["validationId"]), one.get("validationUuid"))
    ]
    return OK


ROUTES = (
    Route("POST", "/api/v1/projects/{p}/validate", post_validation),
    Route("GET", "/api/v1/projects/{p}/validate", get_validation),
    Route("DELETE", "/api/v1/projects/{p}/validate/{name}", remove_validation),
    Route("POST", "/api/v1/projects/{p}/validate/chart/{u}", post_of_chart, needs="single_validation"),
    Route(
        "POST", "/api/v1/projects/{p}/validate/dashboard/{u}", post_of_dashboard, needs="single_validation"
    ),
    Route("GET", "/api/v2/projects/{p}/validate", get_pages, needs="validation_pages"),
)
