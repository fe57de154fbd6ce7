"""The worlds to start from: the same each time, believable, and as large as asked for."""

from __future__ import annotations

import random
import re

import pytest

from lightdash_standin.seed import demo_world, empty_world, generated_world
from lightdash_standin.state import World

from .asking import serving

V4 = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")


def test_each_call_makes_the_same_world() -> None:
    one, other = demo_world(), demo_world()
    assert one is not other
    assert (one.tokens, one.projects) == (other.tokens, other.projects)
    assert list(one.charts) == list(other.charts)
    assert [chart.created_at for chart in one.charts.values()] == [
        c.created_at for c in other.charts.values()
    ]
    assert one.clock.now() == other.clock.now()


def test_uuids_are_shaped_like_those_of_the_real_server() -> None:
    world = demo_world()
    assert all(
        V4.fullmatch(uuid) for table in (world.charts, world.spaces, world.dashboards) for uuid in table
    )


def test_the_empty_world_has_only_the_automatic_space() -> None:
    world = empty_world()
    assert not world.charts
    assert [(space.name, space.slug) for space in world.spaces.values()] == [("Shared", "shared")] * 2


def test_the_generated_world_is_as_large_as_asked_for() -> None:
    world = generated_world(
        charts=50, versions=3, dashboards=10, tiles=4, spaces=5, schedulers=7, sql_charts=2, tags=3
    )
    outside = [chart for chart in world.charts.values() if chart.dashboard_uuid is None]
    assert len(outside) == 50
    assert {len(chart.versions) for chart in outside} == {3}
    assert {len(dashboard.version.tiles) for dashboard in world.dashboards.values()} == {4}
    assert (len(world.dashboards), len(world.sql_charts), len(world.tags)) == (10, 2, 3)
    assert len(world.schedulers) == 7
    production = world.project_rows[world.projects["production"]]
    assert len(production.spaces) == 6


def test_the_demo_has_the_traps_that_it_promises() -> None:
    world = demo_world()
    kinds = {chart.version.kind for chart in world.charts.values()}
    wanted = {
        "vertical_bar",
        "horizontal_bar",
        "line",
        "area",
        "scatter",
        "mixed",
        "table",
        "big_number",
        "pie",
        "funnel",
    }
    assert wanted | {"custom"} <= kinds
    assert {"", "-1", "weekly-revenue-1"} <= {chart.slug for chart in world.charts.values()}
    inside = [chart for chart in world.charts.values() if chart.dashboard_uuid]
    shown = {
        tile["properties"].get("savedChartUuid")
        for one in world.dashboards.values()
        for tile in one.version.tiles
    }
    assert any(chart.uuid not in shown for chart in inside)
    assert any(uuid is not None and uuid not in world.charts for uuid in shown)
    assert world.project_rows[world.projects["staging"]].upstream_uuid == world.projects["production"]


@pytest.mark.parametrize("make", [demo_world, empty_world])
def test_everything_in_a_world_can_be_read(make: object) -> None:
    world = make() if callable(make) else empty_world()
    assert isinstance(world, World)
    with serving(world) as server:
        admin = server.asker()
        for project in (admin.production, admin.staging):
            for part in (
                "charts",
                "chart-summaries",
                "spaces",
                "dashboards",
                "tags",
                "explores",
                "dataCatalog",
            ):
                admin.get(f"{project}/{part}")
        for chart in list(world.charts):
            admin.get(f"/saved/{chart}")
            for version in admin.get(f"/saved/{chart}/history")["history"]:
                admin.get(f"/saved/{chart}/version/{version['versionUuid']}")
        for dashboard in list(world.dashboards):
            admin.get(f"/dashboards/{dashboard}")
            admin.get(f"/dashboards/{dashboard}/schedulers")
            admin.get(f"/comments/dashboards/{dashboard}")
        for space in list(world.spaces.values()):
            admin.get(f"/projects/{space.project_uuid}/spaces/{space.uuid}")
        for chart in list(world.sql_charts):
            admin.get(f"{admin.production}/sqlRunner/saved/{chart}")


def test_the_fields_of_the_demo_exist() -> None:
    world = demo_world()
    with serving(world) as server:
        admin = server.asker()
        admin.results("POST", f"{admin.production}/validate", {})
        assert admin.get(f"{admin.production}/validate") == []


def test_lists_without_an_order_are_shuffled_on_demand() -> None:
    world = demo_world()
    with serving(world) as server:
        admin = server.asker()
        path = f"{admin.production}/chart-summaries"
        calm = [row["uuid"] for row in admin.get(path)]
        world.shuffle = random.Random(1)
        wild = [row["uuid"] for row in admin.get(path)]
        again = [row["uuid"] for row in admin.get(path)]
        assert sorted(calm) == sorted(wild) == sorted(again)
        assert len({tuple(calm), tuple(wild), tuple(again)}) == 3
        dated = [
            row["updatedAt"]
            for row in admin.get(f"{admin.production}/charts")
            if row["source"] == "dbt_explore"
        ]
        assert dated == sorted(dated, reverse=True)


def test_requests_are_noted_in_order() -> None:
    world = empty_world()
    with serving(world) as server:
        admin = server.asker()
        admin.get("/org/users?page=1&pageSize=2")
        admin.get("/user")
    assert world.requests == [("GET", "/api/v1/org/users?page=1&pageSize=2"), ("GET", "/api/v1/user")]


def test_the_clock_stands_still_but_for_writes() -> None:
    world = empty_world()
    with serving(world) as server:
        admin = server.asker()
        before = world.clock.now()
        admin.get("/user")
        assert world.clock.now() == before
        admin.results("POST", f"{admin.production}/tags", {"name": "a", "color": "#fff"})
        assert world.clock.now() > before
        world.clock.advance(days=1)
        assert world.clock.now()[:10] > before[:10]
