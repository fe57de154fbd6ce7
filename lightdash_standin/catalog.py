"""Tags, and the catalogue of fields that have them (`/tags`, `/dataCatalog`).

Every compile creates the catalogue again, with new uuids; categories and icons are kept. The date of a tag is
that of its author. In 0.1372.1 the list of metrics ends at fifty without paging, and a tag that exists
already is a 500; newer versions allow two tags with the same name, and have tags that are defined in dbt.
"""

from __future__ import annotations

from typing import Any

from lightdash_standin.access import can_in_project
from lightdash_standin.bodies import check_category, check_tag, check_tag_patch, check_yaml_tags
from lightdash_standin.calls import OK, Call, Route, is_uuid, project_of
from lightdash_standin.lists import page_and_size, paging
from lightdash_standin.refusals import forbidden, not_found, went_wrong
from lightdash_standin.state import CatalogItem, Chart, Json, Project, Tag, World

UNPAGED_LIMIT = 50
BASIC_TYPES = {"string": "string", "boolean": "boolean", "date": "date", "timestamp": "timestamp"}


def index_catalog(world: World, project: Project) -> None:
    """Create the catalogue of the project again from its explores, in an arbitrary order."""
    old = {_key(item): item for item in project.catalog.values()}
    project.catalog = {}
    fresh: list[CatalogItem] = []
    for explore in project.explores.values():
        table = explore["tables"][explore["baseTable"]]
        fields = (*table["dimensions"].values(), *table["metrics"].values())
        shown = (field for field in fields if not field.get("hidden"))
        fresh += [CatalogItem(world.new_uuid(), field, explore["name"]) for field in shown]
    for item in sorted(fresh, key=lambda one: one.uuid):
        before = old.get(_key(item))
        if before:
            item.categories, item.icon = before.categories, before.icon
        project.catalog[item.uuid] = item


def _key(item: CatalogItem) -> tuple[str, str, str]:
    return item.explore, item.definition["fieldType"], item.definition["name"]


def charts_using(world: World, project: Project, field_id: str) -> list[Chart]:
    """The charts whose current version uses a field, including those that no tile shows any more."""
    found = []
    for chart in world.charts.values():
        query = chart.version.metric_query
        if field_id in query["metrics"] or field_id in query["dimensions"]:
            home = (
                world.spaces.get(chart.space_uuid or "")
                or world.spaces[world.dashboards[chart.dashboard_uuid or ""].space_uuid]
            )
            if home.project_uuid == project.uuid:
                found.append(chart)
    return found


def chart_usage(world: World, project: Project, item: CatalogItem) -> int:
    """The number of charts that use the field."""
    return len(charts_using(world, project, f"{item.definition['table']}_{item.definition['name']}"))


def get_field_usage(call: Call) -> Json:
    """`GET ../dataCatalog/{table}/analytics/{field}`: the charts that use a field; for everybody."""
    world = call.world
    project = project_of(call)
    field_id = f"{call.params['table']}_{call.params['field'].replace('.', '__')}"
    rows = []
    for chart in charts_using(world, project, field_id):
        dashboard = world.dashboards.get(chart.dashboard_uuid or "")
        space = world.spaces[dashboard.space_uuid if dashboard else chart.space_uuid or ""]
        rows.append(
            {
                "name": chart.name,
                "uuid": chart.uuid,
                "spaceUuid": space.uuid,
                "spaceName": space.name,
                "dashboardName": dashboard.name if dashboard else None,
                "dashboardUuid": chart.dashboard_uuid,
            }
        )
    return {"charts": world.jumbled(rows)}


def _row(world: World, project: Project, item: CatalogItem) -> Json:
    field = item.definition
    tags = [world.tags[uuid] for uuid in item.categories]
    newer: Json = {}
    if world.can("yaml_tags"):
        newer = {
            "fieldValueType": field["type"], "aiHints": None, "anyAttributes": {}, "searchRank": 0,
            "owner": None,
        }  # fmt: skip
    return {
        "name": field["name"],
        "label": field["label"],
        **({"description": field["description"]} if field.get("description") is not None else {}),
        "tableLabel": field["tableLabel"],
        "tableName": field["table"],
        "fieldType": field["fieldType"],
        "basicType": "number" if field["fieldType"] == "metric" else BASIC_TYPES.get(field["type"], "number"),
        "type": "field",
        "requiredAttributes": field.get("requiredAttributes", {}),
        "tags": field.get("tags", []),
        "categories": [
            {"name": tag.name, "color": tag.color, "tagUuid": tag.uuid, **_yaml(world, tag)} for tag in tags
        ],
        "chartUsage": chart_usage(world, project, item),
        "catalogSearchUuid": item.uuid,
        "icon": item.icon,
        **newer,
    }


def _yaml(world: World, tag: Tag) -> Json:
    """Where the tag is defined, in versions that return it."""
    return {"yamlReference": tag.yaml_reference} if world.can("yaml_tags") else {}


def _found(item: CatalogItem, words: str | None) -> bool:
    if not words:
        return True
    field = item.definition
    text = f"{field['name']} {field['label']} {field.get('description') or ''}".lower()
    return all(word in text for word in words.lower().split())


def get_catalog(call: Call) -> list[Json]:
    """`GET /projects/{p}/dataCatalog`: the tables, without uuids; with a search the fields found."""
    world = call.world
    project = project_of(call)
    if call.one("search"):
        found = [item for item in project.catalog.values() if _found(item, call.one("search"))]
        return [_row(world, project, item) for item in found]
    return world.jumbled([_table_row(explore) for explore in project.explores.values()])


def _table_row(explore: Json) -> Json:
    table = explore["tables"][explore["baseTable"]]
    return {
        "name": explore["name"],
        "label": explore["label"],
        **({"description": table["description"]} if table.get("description") is not None else {}),
        "type": "table",
        "joinedTables": explore["joinedTables"],
        "tags": explore["tags"],
        "catalogSearchUuid": "",
        "categories": [],
        "icon": None,
        **({"groupLabel": explore["groupLabel"]} if explore.get("groupLabel") else {}),
    }


def get_metrics(call: Call) -> Json:
    """`GET /projects/{p}/dataCatalog/metrics`: the metrics; in pages if both page and size are given."""
    project = project_of(call)
    categories = call.all("categories")
    found = [
        item
        for item in project.catalog.values()
        if item.definition["fieldType"] == "metric"
        and _found(item, call.one("search"))
        and (not categories or any(tag in item.categories for tag in categories))
    ]
    if call.one("page") is None or call.one("pageSize") is None:
        limit = None if call.world.can("whole_metric_lists") else UNPAGED_LIMIT
        return {"data": [_row(call.world, project, item) for item in found[:limit]]}
    page, size = page_and_size(call, 1, UNPAGED_LIMIT)
    shown = found[(page - 1) * size : page * size]
    rows = [_row(call.world, project, item) for item in shown]
    return {"pagination": paging(page, size, len(found)), "data": rows}


def _item(call: Call, tag: Tag | None = None) -> CatalogItem:
    """The item in the path; the project in the path is ignored.

    Raises:
        Refusal: 404 if there is none, 403 if the tag is of another project or the caller may not manage tags.
    """
    for project in call.world.project_rows.values():
        if call.params["c"] in project.catalog:
            if tag is not None and tag.project_uuid != project.uuid:
                raise forbidden("Catalog search and tag are not in the same project")
            if not can_in_project(call.world, call.person, "manage", "Tags", project):
                raise forbidden()
            return project.catalog[call.params["c"]]
    raise not_found("Catalog search not found")


def _tag(call: Call, uuid: str) -> Tag:
    tag = call.world.tags.get(uuid)
    if tag is None:
        raise not_found("Tag not found")
    return tag


def post_category(call: Call) -> Any:
    """`POST .../dataCatalog/{c}/categories`: put a tag on a field; a second time is a 500."""
    if not is_uuid(call.body["tagUuid"]):
        raise went_wrong()
    tag = _tag(call, call.body["tagUuid"])
    item = _item(call, tag)
    if tag.uuid in item.categories:
        raise went_wrong()
    item.categories[tag.uuid] = None
    return OK


def remove_category(call: Call) -> Any:
    """`DELETE .../dataCatalog/{c}/categories/{tag}`: remove a tag, if it is there."""
    tag = _tag(call, call.params["tag"])
    _item(call, tag).categories.pop(tag.uuid, None)
    return OK


def patch_icon(call: Call) -> Any:
    """`PATCH .../dataCatalog/{c}/icon`: set or (with null) remove the icon."""
    _item(call).icon = call.body.get("icon") if isinstance(call.body, dict) else None
    return OK


def get_tags(call: Call) -> list[Json]:
    """`GET /projects/{p}/tags`: newest first, dated by their authors; without deleted authors'."""
    world = call.world
    project = project_of(call, may=("view", "Tags"))
    tags = [world.tags[uuid] for uuid in reversed(project.tags)]
    return world.jumbled(
        [
            {
                "tagUuid": tag.uuid,
                "projectUuid": tag.project_uuid,
                "name": tag.name,
                "color": tag.color,
                "createdAt": world.people[tag.created_by].created_at,
                "createdBy": world.people[tag.created_by].card,
                **_yaml(world, tag),
            }
            for tag in tags
            if tag.created_by in world.people
        ]
    )


def create_tag(world: World, project: Project, name: str, color: str, person_uuid: str) -> Tag:
    """Store a tag.

    Raises:
        Refusal: 500 if the project has a tag with this name, which newer versions accept.
    """
    if _is_taken(world, project, name):
        raise went_wrong()
    tag = Tag(world.new_uuid(), project.uuid, name, color, person_uuid)
    world.tags[tag.uuid] = tag
    project.tags[tag.uuid] = None
    world.clock.tick()
    return tag


def _is_taken(world: World, project: Project, name: Any, but: str = "") -> bool:
    """Whether another tag of the project has the name, in versions that check it."""
    names = {world.tags[uuid].name for uuid in project.tags if uuid != but}
    return name in names and not world.can("equal_tag_names")


def post_tag(call: Call) -> Json:
    """`POST /projects/{p}/tags` (201)."""
    project = project_of(call, may=("manage", "Tags"))
    tag = create_tag(call.world, project, call.body["name"], call.body["color"], call.person.uuid)
    return {"tagUuid": tag.uuid}


def patch_tag(call: Call) -> Any:
    """`PATCH /projects/{p}/tags/{tag}`: name or colour; neither is a 500, and so is a name in use."""
    world, body = call.world, call.body if isinstance(call.body, dict) else {}
    tag = _tag(call, call.params["tag"])
    project_of(call, may=("manage", "Tags"))
    if not {"name", "color"} & body.keys():
        raise went_wrong()
    if _is_taken(world, world.project_rows[tag.project_uuid], body.get("name"), but=tag.uuid):
        raise went_wrong()
    tag.name, tag.color = body.get("name", tag.name), body.get("color", tag.color)
    return OK


def remove_tag(call: Call) -> Any:
    """`DELETE /projects/{p}/tags/{tag}`: removes it from all fields, too."""
    tag = _tag(call, call.params["tag"])
    project_of(call, may=("manage", "Tags"))
    _delete_tag(call.world, tag)
    return OK


def _delete_tag(world: World, tag: Tag) -> None:
    project = world.project_rows[tag.project_uuid]
    for item in project.catalog.values():
        item.categories.pop(tag.uuid, None)
    del project.tags[tag.uuid]
    del world.tags[tag.uuid]


def put_yaml_tags(call: Call) -> Any:
    """`PUT /projects/{p}/tags/yaml`: replace the tags of dbt; those that are not in the body are deleted."""
    world = call.world
    project = project_of(call, may=("manage", "Tags"))
    of_dbt = {tag.yaml_reference: tag for uuid in project.tags if (tag := world.tags[uuid]).yaml_reference}
    wanted = {row["yamlReference"]: row for row in call.body}
    for reference, tag in of_dbt.items():
        if reference not in wanted:
            _delete_tag(world, tag)
    for reference, row in wanted.items():
        if known := of_dbt.get(reference):
            known.name, known.color = row["name"], row["color"]
        else:
            made = create_tag(world, project, row["name"], row["color"], call.person.uuid)
            made.yaml_reference = reference
    return OK


_BASE = "/api/v1/projects/{p}/dataCatalog"
ROUTES = (
    Route("GET", _BASE, get_catalog),
    Route("GET", _BASE + "/metrics", get_metrics),
    Route("GET", _BASE + "/{table}/analytics/{field}", get_field_usage),
    Route("POST", _BASE + "/{c}/categories", post_category, check_category),
    Route("DELETE", _BASE + "/{c}/categories/{tag}", remove_category),
    Route("PATCH", _BASE + "/{c}/icon", patch_icon),
    Route("GET", "/api/v1/projects/{p}/tags", get_tags),
    Route("POST", "/api/v1/projects/{p}/tags", post_tag, check_tag, 201),
    Route("PUT", "/api/v1/projects/{p}/tags/yaml", put_yaml_tags, check_yaml_tags, needs="yaml_tags"),
    Route("PATCH", "/api/v1/projects/{p}/tags/{tag}", patch_tag, check_tag_patch),
    Route("DELETE", "/api/v1/projects/{p}/tags/{tag}", remove_tag),
)
