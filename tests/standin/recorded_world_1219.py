"""The world in which the recordings of 1.219.0 begin, built from what they show later.

The server had other projects already; of those only the rows of the list are there. The project of the story
had one chart and one dashboard.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from lightdash_standin.accounts import Group, Org, Person, Token
from lightdash_standin.charts import create_chart
from lightdash_standin.clock import Clock
from lightdash_standin.spaces import create_space
from lightdash_standin.state import Project, Space, SqlChart, World

from .recorded_world import PASSWORD, results, secret
from .recorded_world_2904 import (
    add_charts,
    add_dashboards,
    add_palettes,
    add_spaces,
    index_fields,
    used_explores,
)
from .recordings import Recording

VERSION = "1.219.0"
RECORDING_BEGAN = "2026-11-30T20:55:00+00:00"
FIRST_RECORDED = "2026-11-30T20:55"  # content of this time or later was made by the recorded requests
EMAIL = "admin@example.com"


def numbered(recordings: list[Recording]) -> list[Recording]:
    """The recordings, each at the place of its number: two are not there, and theirs are filled."""
    by_number = {one.number: one for one in recordings}
    return [by_number.get(number, recordings[0]) for number in range(1, max(by_number) + 1)]


def start_1219(story: list[Recording]) -> World:
    """The world before the first recorded request; `story` as `numbered` gives it."""
    world = World(version=VERSION, seed="recordings", clock=Clock(datetime.fromisoformat(RECORDING_BEGAN)))
    world.has_google = False
    admin = _people(world, story)
    shown = results(story, 20)
    for row in results(story, 4):
        if row["projectUuid"] == results(story, 1)["project"]["projectUuid"]:
            continue  # made by the first recorded request
        project = Project(
            row["projectUuid"], row["name"], admin.org_uuid, admin.uuid, type=row["type"],
            warehouse_connection={"type": row["warehouseType"]}, created_at=row["createdAt"],
            expires_at=row["expiresAt"],
        )  # fmt: skip
        project.upstream_uuid = row["upstreamProjectUuid"] if row["type"] == "PREVIEW" else None
        world.project_rows[project.uuid] = project
    project = world.project_rows[shown["projectUuid"]]
    project.dbt_connection, project.dbt_version = shown["dbtConnection"], shown["dbtVersion"]
    project.warehouse_connection = shown["warehouseConnection"]
    project.explores = project.compilable = used_explores(story)
    project.parameters = results(story, 283)
    add_palettes(world, story)
    index_fields(world, project, story)
    add_spaces(world, story)
    project.spaces = {row["uuid"]: None for row in results(story, 30)}  # in the order of the list
    add_charts(world, story, admin, FIRST_RECORDED)
    add_dashboards(world, story, admin, FIRST_RECORDED)
    return world


def start_new_1219(story: list[Recording]) -> tuple[World, dict[str, str]]:
    """The world before the 297th recorded request, and the uuids that it has for recorded ones.

    A project with two charts, a SQL chart and a dashboard, and its upstream.
    """
    begins = datetime.fromisoformat("2026-11-30T20:58:20+00:00")
    world = World(version=VERSION, seed="recordings", clock=Clock(begins))
    world.has_google = False
    admin = _people(world, story)
    shown = results(story, 768)
    upstream = Project(shown["upstreamProjectUuid"], "New shop production", admin.org_uuid, admin.uuid)
    project = Project(shown["projectUuid"], shown["name"], admin.org_uuid, admin.uuid)
    for one in (upstream, project):
        one.dbt_connection, one.dbt_version = shown["dbtConnection"], shown["dbtVersion"]
        one.warehouse_connection = shown["warehouseConnection"]
        one.explores = one.compilable = used_explores(story)
        one.created_at = world.clock.now()
        world.project_rows[one.uuid] = one
        create_space(world, one.uuid, "Shared", "shared", is_private=False)
    project.upstream_uuid = upstream.uuid
    project.parameters = results(story, 552)
    space = create_space(world, project.uuid, "New space", None, is_private=False, creator=admin)
    space.access[admin.uuid] = "admin"
    known = {results(story, 297)["spaceUuid"]: space.uuid}
    for number in (297, 298):
        row = results(story, number)
        chart = create_chart(world, row, admin, row["slug"], space.uuid, None, force_slug=True)
        chart.version.created_at = chart.last_updated_at = row["updatedAt"]
        known[row["uuid"]] = chart.uuid
    _add_sql_chart(world, story, admin, space)
    return world, known


def _add_sql_chart(world: World, story: list[Recording], admin: Person, space: Space) -> None:
    row = results(story, 352)["sqlCharts"][0]
    chart = SqlChart(
        world.new_uuid(), row["slug"], row["name"], row["description"], space.project_uuid, space.uuid,
        row["sql"], row["limit"], row["config"], world.clock.tick(), admin.uuid, world.clock.tick(),
        admin.uuid,
    )  # fmt: skip
    world.sql_charts[chart.uuid], space.sql_charts[chart.uuid] = chart, None
    world.slugs.force("sql_charts", chart.slug, space.project_uuid)


def _people(world: World, story: list[Recording]) -> Person:
    """The organisation, its people with their tokens, and its group; returns the admin."""
    user, org = results(story, 7), results(story, 17)
    uuid = org["organizationUuid"]
    world.orgs[uuid] = Org(uuid, org["name"], org["createdAt"])
    rows = [
        ("pat", user, "admin"),
        ("pat_editor", _user(story, "Edi"), "editor"),
        ("pat_viewer", _user(story, "Vi"), "viewer"),
    ]
    for token, row, role in rows:
        person = Person(
            row["userUuid"], row["email"], row["firstName"], row["lastName"], uuid, role,
            row.get("createdAt") or org["createdAt"], PASSWORD,
        )  # fmt: skip
        world.people[person.uuid] = person
        made = Token(world.new_uuid(), secret(token), person.uuid, person.created_at, role)
        world.token_rows[made.secret] = made
    world.token_rows[secret("pat")].expires_at = results(story, 14)[0]["expiresAt"]
    for row in results(story, 19)["data"]:
        by = row["createdByUserUuid"]
        world.groups[row["uuid"]] = Group(row["uuid"], row["name"], uuid, row["createdAt"], by)
    return world.people[user["userUuid"]]


def _user(story: list[Recording], first: str) -> Any:
    """Somebody, from the people who have access to a space that everybody sees."""
    for row in results(story, 742)["data"]:
        if row["firstName"].startswith(first):
            return row
    raise LookupError(first)
