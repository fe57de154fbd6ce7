"""What the demo of a current Lightdash has that others cannot hold, and what only current ones do."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from lightdash_standin.demo_current import add_app
from lightdash_standin.seed import demo_world

from .asking import Served, chart_body, serving


@pytest.fixture
def served() -> Iterator[Served]:
    """A current instance with the demo in it."""
    with serving(demo_world("1.219.0")) as server:
        yield server


def named(rows: list[Any], name: str) -> Any:
    return next(row for row in rows if row["name"] == name)


def test_single_reads_tell_what_pages_keep_back(served: Served) -> None:
    """How rows are merged is in the chart alone; where it lives, and how its dates are zoned, is in both."""
    admin = served.asker()
    summary = named(admin.get(f"{admin.production}/chart-summaries"), "Channels, merged")
    alone = admin.get(f"/saved/{summary['uuid']}")
    page = named(admin.get(f"{admin.production}/code/charts")["charts"], "Channels, merged")
    assert alone["merge"]["joinType"] == "full"
    assert "merge" not in page
    assert page["metricQuery"]["timezone"] == alone["metricQuery"]["timezone"] == "project_timezone"
    assert "dimensionOverrides" not in alone["metricQuery"]


def test_a_slug_of_before_is_found_and_taken(served: Served) -> None:
    admin = served.asker()
    project = admin.production.rsplit("/", 1)[-1]
    assert admin.get(f"/saved/channels-by-status?projectUuid={project}")["slug"] == "channels-of-old"
    space = admin.get(f"{admin.production}/spaces")[0]["uuid"]
    body = {**chart_body("Channels by status"), "spaceUuid": space}
    assert admin.results("POST", f"{admin.production}/saved", body)["slug"] == "channels-by-status-1"


def test_a_space_names_the_access_of_the_asker_and_its_endpoint_that_of_all(served: Served) -> None:
    admin = served.asker()
    space = next(row for row in admin.get(f"{admin.production}/spaces") if len(row["access"]) > 1)
    path = f"{admin.production}/spaces/{space['uuid']}"
    me = admin.get("/user")["userUuid"]
    assert {row["userUuid"] for row in admin.get(path)["access"]} == {me}
    direct = admin.get(f"{path}/access?directOnly=true")["data"]
    assert {row["userUuid"] for row in direct} == set(space["access"])


def test_a_delivery_of_a_chart_must_say_that_it_is_of_no_app(served: Served) -> None:
    admin = served.asker()
    chart = named(admin.get(f"{admin.production}/chart-summaries"), "Channels, merged")["uuid"]
    there = named(admin.get(f"/saved/{chart}/schedulers"), "Channels in plain text")
    assert there["plainTextEmail"] is True
    body = {
        "name": "More", "cron": "0 7 * * 1", "enabled": True, "format": "csv", "options": {},
        "includeLinks": True, "targets": [],
    }  # fmt: skip
    assert admin.error("POST", f"/saved/{chart}/schedulers", body)[:2] == (422, "ValidateError")
    made = admin.results("POST", f"/saved/{chart}/schedulers", {**body, "appUuid": None, "appName": None})
    assert made["slug"] == "more"
    assert "filters" not in made
    again = admin.results("PATCH", f"/schedulers/{there['schedulerUuid']}", {**body, "name": "Now"})
    assert again["plainTextEmail"] is False


def test_a_delivery_gets_just_the_slug_that_is_asked_for(served: Served) -> None:
    """A taken one is a 500 and stores nothing, one of another form a 400; without one, the next is made."""
    admin = served.asker()
    chart = named(admin.get(f"{admin.production}/chart-summaries"), "Channels, merged")["uuid"]
    body = {
        "name": "Mine", "format": "csv", "cron": "0 9 1 1 *", "options": {}, "targets": [], "enabled": True,
        "includeLinks": True, "appUuid": None, "appName": None,
    }  # fmt: skip
    path = f"/saved/{chart}/schedulers"
    assert admin.results("POST", path, {**body, "slug": "mine"})["slug"] == "mine"
    before = len(admin.get(path))
    assert admin.status("POST", path, {**body, "slug": "mine"}) == 500
    assert admin.status("POST", path, {**body, "slug": "Not Mine"}) == 400
    assert len(admin.get(path)) == before
    assert admin.results("POST", path, body)["slug"] == "mine-1"


def test_a_dashboard_can_show_an_app_that_is_there_and_is_not_promoted_then(served: Served) -> None:
    admin, world = served.asker(), served.world
    space = next(one for one in world.spaces.values() if one.project_uuid == world.projects["staging"])
    app = add_app(world, space, "Shop floor", admin.get("/user")["userUuid"])
    tile = {"type": "data_app", "x": 0, "y": 0, "w": 9, "h": 9}
    shown = {**tile, "properties": {"title": "App", "appUuid": app.uuid}}
    body = {"name": "Apps", "tiles": [shown], "tabs": [], "spaceUuid": space.uuid}
    made = admin.results("POST", f"{admin.staging}/dashboards", body)
    assert made["tiles"][0]["properties"]["appSlug"] == "shop-floor"
    unknown = {**tile, "properties": {"title": "App", "appUuid": made["uuid"]}}
    assert admin.status("POST", f"{admin.staging}/dashboards", {**body, "tiles": [unknown]}) == 500
    assert admin.status("GET", f"/dashboards/{made['uuid']}/promoteDiff") == 400
    content = admin.http.get(f"{served.url}/api/v2/content", params={"contentTypes": "data_app"}).json()
    assert [row["name"] for row in content["results"]["data"]] == ["Shop floor"]


def test_zooming_into_dates_by_tile_forgets_tiles_that_are_not_there(served: Served) -> None:
    admin = served.asker()
    row = named(admin.get(f"{admin.production}/dashboards"), "Channels")
    board = admin.get(f"/dashboards/{row['uuid']}")
    assert len(board["config"]["dateZoomConfig"]["tileTargets"]) == 1
    assert board["filters"]["dimensions"][0]["lockedTabUuids"] == [board["tabs"][0]["uuid"]]
    tiles = [{**tile, "uuid": None} for tile in board["tiles"]]
    changed = admin.results("PATCH", f"/dashboards/{row['uuid']}", {**board, "tiles": tiles})
    assert changed["config"]["dateZoomConfig"]["tileTargets"] == {}
    page = named(admin.get(f"{admin.production}/code/dashboards")["dashboards"], "Channels")
    assert [tab["slug"] for tab in page["tabs"]] == ["first", "second"]
    assert {tile["tabSlug"] for tile in page["tiles"]} == {"first", "second"}
