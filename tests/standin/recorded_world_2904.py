"""The world in which the recordings of 0.2904.5 begin, built from what they show later.

The charts and dashboards of the real demo project are taken from its as-code pages, under the uuids of the
lists; the fields of most explores are made up of what those charts use.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from lightdash_standin.accounts import ColorPalette, Group, Org, Person, Token
from lightdash_standin.catalog import index_catalog
from lightdash_standin.chart_versions import stored_version
from lightdash_standin.clock import Clock
from lightdash_standin.dashboards import add_dashboard_version
from lightdash_standin.state import Chart, Dashboard, Project, Space, World

from .recorded_world import PASSWORD, results, secret
from .recordings import Recording

VERSION = "0.2904.5"
RECORDING_BEGAN = "2026-11-23T16:00:00+00:00"
FIRST_RECORDED = "2026-11-23T15:53"  # content of this time or later was made by the recorded requests


def start_2904(recordings: list[Recording]) -> World:
    """The world before the first recorded request."""
    world = World(version=VERSION, seed="recordings", clock=Clock(datetime.fromisoformat(RECORDING_BEGAN)))
    world.has_google = False
    david = _people(world, recordings)
    shown = results(recordings, 20)
    project = Project(
        shown["projectUuid"], shown["name"], david.org_uuid, david.uuid,
        dbt_connection=shown["dbtConnection"], warehouse_connection=shown["warehouseConnection"],
        dbt_version=shown["dbtVersion"], pinned_list_uuid=shown["pinnedListUuid"],
        scheduler_timezone=shown["schedulerTimezone"], created_at=results(recordings, 4)[0]["createdAt"],
    )  # fmt: skip
    project.explores = project.compilable = used_explores(recordings)
    project.parameters = results(recordings, 283)
    world.project_rows[project.uuid] = project
    add_palettes(world, recordings)
    index_fields(world, project, recordings)
    add_spaces(world, recordings)
    add_charts(world, recordings, david)
    add_dashboards(world, recordings, david)
    return world


def add_palettes(world: World, recordings: list[Recording]) -> None:
    """The palettes of the organisation."""
    for row in results(recordings, 284):
        uuid = row["colorPaletteUuid"]
        world.orgs[row["organizationUuid"]].palettes[uuid] = ColorPalette(
            uuid, row["name"], row["colors"], row["darkColors"], row["createdAt"]
        )


def index_fields(world: World, project: Project, recordings: list[Recording]) -> None:
    """The catalogue, with the metrics that are recorded at its beginning."""
    first = results(recordings, 159)["data"]
    for row in first:
        table = project.explores[row["tableName"]]["tables"][row["tableName"]]
        table["metrics"][row["name"]] = {
            "name": row["name"], "label": row["label"], "description": row["description"],
            "type": row["fieldValueType"], "table": row["tableName"], "tableLabel": row["tableLabel"],
            "fieldType": "metric", "tags": row["tags"], "hidden": False,
        }  # fmt: skip
    index_catalog(world, project)
    names = [row["name"] for row in first]
    items = sorted(
        project.catalog.values(),
        key=lambda one: [*names, one.definition["name"]].index(one.definition["name"]),
    )
    project.catalog = {item.uuid: item for item in items}


def _people(world: World, recordings: list[Recording]) -> Person:
    """The organisation, its people with their tokens, its groups, and a stranger; returns the admin."""
    user, org = results(recordings, 7), results(recordings, 17)
    uuid = org["organizationUuid"]
    world.orgs[uuid] = Org(uuid, org["name"], org["createdAt"])
    rows = [
        ("pat", user["userUuid"], "David", "Attenborough", "demo", "admin", user["updatedAt"]),
        ("pat_editor", *_user(recordings, "Editor"), "demo2", "editor", "2026-11-23T15:49:33.889Z"),
        ("pat_viewer", *_user(recordings, "Viewer"), "demo3", "viewer", "2026-11-23T15:49:33.990Z"),
    ]
    for token, person_uuid, first, last, mail, role, moment in rows:
        email = f"{mail}@lightdash.com"
        person = Person(person_uuid, email, first, last, uuid, role, moment, PASSWORD)
        world.people[person.uuid] = person
        world.token_rows[secret(token)] = Token(world.new_uuid(), secret(token), person.uuid, moment)
    other = Org("11111111-1111-4111-8111-111111111111", "Another", world.clock.now())
    world.orgs[other.uuid] = other
    stranger = Person(
        world.new_uuid(), "another@lightdash.com", "Another", "User", other.uuid, "admin", world.clock.now()
    )
    world.people[stranger.uuid] = stranger
    theirs = secret("pat_other_org")
    world.token_rows[theirs] = Token(world.new_uuid(), theirs, stranger.uuid, world.clock.now())
    _tell_apart(world, recordings)
    for row in results(recordings, 19)["data"]:
        by = row["createdByUserUuid"]
        world.groups[row["uuid"]] = Group(row["uuid"], row["name"], uuid, row["createdAt"], by, by)
    return world.people[user["userUuid"]]


def _tell_apart(world: World, recordings: list[Recording]) -> None:
    """The admin's tokens as the list of tokens tells them; the last of it is made by a recorded request."""
    of_admin, another = world.token_rows[secret("pat")], results(recordings, 14)[0]
    del world.token_rows[secret("pat")]
    seeded = Token(world.new_uuid(), "0" * 31 + "f", of_admin.person_uuid, another["createdAt"])
    seeded.description = another["description"]
    world.token_rows[seeded.secret] = seeded
    of_admin.description = results(recordings, 14)[1]["description"]
    world.token_rows[of_admin.secret] = of_admin


def _user(recordings: list[Recording], first: str) -> tuple[str, str, str]:
    """Uuid and names of somebody, from the people of a space that everybody sees."""
    for row in results(recordings, 45)["access"]:
        if row["firstName"] == first:
            return row["userUuid"], row["firstName"], row["lastName"]
    raise LookupError(first)


def used_explores(recordings: list[Recording]) -> dict[str, Any]:
    """The explores: one is recorded whole; the others have the fields that the charts use."""
    whole = results(recordings, 29)
    used: dict[str, set[str]] = {}
    for chart in results(recordings, 224)["charts"]:
        query = chart["metricQuery"]
        used.setdefault(chart["tableName"], set()).update(query["dimensions"], query["metrics"])
    explores: dict[str, Any] = {}
    for row in results(recordings, 28):
        name = row["name"]
        own = {key: row[key] for key in ("name", "label", "tags", "groupLabel", "aiHint") if key in row}
        known = {key: row[key] for key in ("name", "label", "description") if key in row}
        place = {"database": row["databaseName"], "schema": row["schemaName"]}
        fields = sorted(used.get(name, ()))
        dimensions = {
            field: {
                "name": field.removeprefix(f"{name}_"), "label": field, "type": "string", "table": name,
                "tableLabel": row["label"], "fieldType": "dimension", "hidden": True,
            }
            for field in fields
        }  # fmt: skip
        table = {**known, **place, "dimensions": dimensions, "metrics": {}}
        explores[name] = {**own, "baseTable": name, "joinedTables": [], "tables": {name: table}}
    return {**explores, whole["name"]: whole}


def _seeded(row: Any) -> tuple[bool, int]:
    """The order in which the spaces were made: that of the project first, and each after the one above."""
    return row["slug"] != "jaffle-shop", row["path"].count(".")


def add_spaces(world: World, recordings: list[Recording]) -> None:
    """The spaces, in the order in which they were made."""
    rows = sorted(results(recordings, 30), key=_seeded)
    created = _by_slug(recordings, "space", 288)
    admin = results(recordings, 7)["userUuid"]
    for row in rows:
        made = created.get(row["slug"], {"createdAt": "2026-11-23T15:49:34.000Z", "createdBy": None})
        space = Space(
            row["uuid"], row["projectUuid"], row["name"], row["slug"],
            is_private=not row["inheritParentPermissions"], parent_uuid=row["parentSpaceUuid"],
            path=row["path"], created_at=made["createdAt"], created_by=(made["createdBy"] or {}).get("uuid"),
        )  # fmt: skip
        for user in row["access"]:
            space.access[user] = "admin" if user == admin else "editor"
        world.spaces[space.uuid] = space
        world.project_rows[space.project_uuid].spaces[space.uuid] = None
        if space.parent_uuid:
            world.spaces[space.parent_uuid].children[space.uuid] = None
        world.slugs.force("spaces", space.slug, space.project_uuid)


def _by_slug(recordings: list[Recording], kind: str, number: int = 289) -> dict[str, Any]:
    """The rows of a content list of one type, by slug."""
    rows = results(recordings, number)["data"]
    return {row["slug"]: row for row in rows if row["contentType"] == kind}


def space_at(world: World, code: Any) -> Space:
    """The space that an as-code row names by the path of its slugs."""
    path = code["spaceSlug"].replace("/", ".").replace("-", "_")
    return next(space for space in world.spaces.values() if space.path == path)


def add_charts(
    world: World, recordings: list[Recording], david: Person, first_recorded: str = FIRST_RECORDED
) -> None:
    """The charts, those inside dashboards too (they are put there when the dashboards are made)."""
    summaries = {row["slug"]: row for row in results(recordings, 73)}
    codes = [
        code for code in results(recordings, 224)["charts"]
        if (code["slug"] in summaries and summaries[code["slug"]]["updatedAt"] < first_recorded)
        or code["slug"] == "to-delete"
    ]  # fmt: skip
    for code in sorted(codes, key=lambda one: one["updatedAt"]):
        row = summaries.get(code["slug"], {"uuid": world.new_uuid()})
        version = stored_version(world, code, david, code["updatedAt"])
        chart = Chart(
            row["uuid"], code["slug"], code["name"], code["description"], space_at(world, code).uuid, None,
            code["updatedAt"], code["updatedAt"], david.uuid, {version.uuid: version},
        )  # fmt: skip
        world.charts[chart.uuid] = chart
        world.slugs.force("charts", chart.slug, space_at(world, code).project_uuid)
        if "dashboardSlug" not in code:
            world.spaces[chart.space_uuid or ""].charts[chart.uuid] = None


def add_dashboards(
    world: World, recordings: list[Recording], david: Person, first_recorded: str = FIRST_RECORDED
) -> None:
    """The dashboards, with the charts inside them."""
    content = _by_slug(recordings, "dashboard")
    charts = {chart.slug: chart for chart in world.charts.values()}
    inside = {
        code["slug"]: code["dashboardSlug"]
        for code in results(recordings, 224)["charts"]
        if "dashboardSlug" in code and code["slug"] in charts
    }
    codes = [one for one in results(recordings, 235)["dashboards"] if one["updatedAt"] < first_recorded]
    for code in sorted(codes, key=lambda one: one["updatedAt"]):
        space = space_at(world, code)
        dashboard = Dashboard(
            content[code["slug"]]["uuid"], code["slug"], code["name"], code["description"], space.uuid,
            code["updatedAt"], david.uuid,
        )  # fmt: skip
        world.dashboards[dashboard.uuid], space.dashboards[dashboard.uuid] = dashboard, None
        world.slugs.force("dashboards", dashboard.slug, space.project_uuid)
        for slug in (slug for slug, home in inside.items() if home == dashboard.slug):
            chart = charts[slug]
            chart.space_uuid, chart.dashboard_uuid, dashboard.charts[chart.uuid] = None, dashboard.uuid, None
        tiles = [_tile(tile, charts) for tile in code["tiles"]]
        version = add_dashboard_version(world, dashboard, {**code, "tiles": tiles}, david)
        version.created_at = code["updatedAt"]


def _tile(tile: Any, charts: dict[str, Chart]) -> Any:
    slug = tile["properties"].get("chartSlug")
    if slug is None:
        return tile
    return {**tile, "properties": {**tile["properties"], "savedChartUuid": charts[slug].uuid}}
