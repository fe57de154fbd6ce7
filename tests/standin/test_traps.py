"""What the recordings do not show: the traps of the real server that a copying tool must not fall into."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from lightdash_standin.cron import BadSchedule, limited_to_hourly, runs_today
from lightdash_standin.jsonb import NotJson, javascript, jsonb
from lightdash_standin.sanitize import sanitized
from lightdash_standin.seed import demo_world, empty_world
from lightdash_standin.slugs import slug_of
from lightdash_standin.state import World

from .asking import Asker, chart_body, serving


def _space(asker: Asker, project: str, name: str, *, private: bool = False) -> Any:
    return asker.results("POST", f"{project}/spaces", {"name": name, "isPrivate": private})


def test_reading_a_chart_or_dashboard_counts_a_view_and_reading_a_version_does_not() -> None:
    world = demo_world()
    with serving(world) as server:
        admin = server.asker()
        chart = next(iter(world.charts.values()))
        before = chart.views
        version = admin.get(f"/saved/{chart.uuid}/history")["history"][0]["versionUuid"]
        by_version = admin.get(f"/saved/{chart.uuid}/version/{version}")["chart"]
        admin.get(f"/saved/{chart.uuid}/views")
        assert chart.views == before
        assert admin.get(f"/saved/{chart.uuid}") == by_version
        assert chart.views == before + 1
        dashboard = next(iter(world.dashboards.values()))
        seen = admin.get(f"/dashboards/{dashboard.uuid}")["views"]
        assert admin.get(f"/dashboards/{dashboard.uuid}")["views"] == seen + 1


def test_the_history_shows_three_days_the_current_version_and_one_older() -> None:
    world = empty_world()
    with serving(world) as server:
        admin = server.asker()
        chart = admin.results("POST", f"{admin.production}/saved", chart_body("Old"))["uuid"]
        for days in (10, 10, 10):
            world.clock.advance(days=days)
            admin.results("POST", f"/saved/{chart}/version", chart_body("Old"))
        assert len(admin.get(f"/saved/{chart}/history")["history"]) == 2
        first = next(iter(world.charts[chart].versions))
        assert admin.get(f"/saved/{chart}/version/{first}")["versionUuid"] == first
        world.clock.advance(days=1)
        admin.results("POST", f"/saved/{chart}/version", chart_body("Old"))
        shown = admin.get(f"/saved/{chart}/history")["history"]
        assert len(shown) == 2
        assert shown[0]["createdAt"] > shown[1]["createdAt"]


def test_lists_date_a_new_version_later_than_the_version_itself() -> None:
    world = empty_world()
    with serving(world) as server:
        admin = server.asker()
        chart = admin.results("POST", f"{admin.production}/saved", chart_body("Dated"))["uuid"]
        admin.results("POST", f"/saved/{chart}/version", chart_body("Dated"))
        listed = admin.get(f"{admin.production}/charts")[0]["updatedAt"]
        assert listed > admin.get(f"/saved/{chart}/history")["history"][0]["createdAt"]


def test_custom_metrics_get_new_uuids_with_every_version() -> None:
    world = demo_world()
    with serving(world) as server:
        admin = server.asker()
        chart = next(one for one in world.charts.values() if one.version.metric_query["additionalMetrics"])
        before = admin.get(f"/saved/{chart.uuid}")
        after = admin.results("POST", f"/saved/{chart.uuid}/version", before)
        uuids = [one["uuid"] for read in (before, after) for one in read["metricQuery"]["additionalMetrics"]]
        assert len(set(uuids)) == len(uuids)
        without = [
            [
                {k: v for k, v in one.items() if k != "uuid"}
                for one in read["metricQuery"]["additionalMetrics"]
            ]
            for read in (before, after)
        ]
        assert without[0] == without[1]
        assert before["chartConfig"] == after["chartConfig"]
        assert before["tableConfig"] == after["tableConfig"]


def test_a_chart_made_in_a_dashboard_is_deleted_by_the_next_change_that_does_not_place_it() -> None:
    world = empty_world()
    with serving(world) as server:
        admin = server.asker()
        dashboard = admin.results(
            "POST", f"{admin.production}/dashboards", {"name": "D", "tiles": [], "tabs": []}
        )
        at = f"/dashboards/{dashboard['uuid']}"
        lost, kept = (
            admin.results(
                "POST", f"{admin.production}/saved", chart_body(name, dashboardUuid=dashboard["uuid"])
            )
            for name in ("Lost", "Kept")
        )
        found = admin.get(f"{admin.production}/search/Lost")["savedCharts"]
        assert [one["uuid"] for one in found] == [lost["uuid"]]
        tile = {
            "type": "saved_chart",
            "x": 0,
            "y": 0,
            "w": 9,
            "h": 9,
            "properties": {"savedChartUuid": kept["uuid"]},
        }
        admin.results("PATCH", at, {"name": "Renamed"})
        assert lost["uuid"] in world.charts
        admin.results("PATCH", at, {"tiles": [tile], "tabs": []})
        assert lost["uuid"] not in world.charts
        admin.results("PATCH", at, {"tiles": [], "tabs": []})
        assert kept["uuid"] in world.charts
        assert admin.get(f"{admin.production}/chart-summaries") == []


def test_filters_with_targets_survive_a_change_but_not_a_creation() -> None:
    world = empty_world()
    with serving(world) as server:
        admin = server.asker()
        uuid = "0b0e0f1e-5a0b-4c6b-9c53-0d1f6c1f7d11"
        tile = {
            "uuid": uuid,
            "type": "markdown",
            "x": 0,
            "y": 0,
            "w": 9,
            "h": 9,
            "properties": {"title": "", "content": "x"},
        }
        rule = {
            "id": "f", "target": {"fieldId": "orders_status", "tableName": "orders"}, "operator": "equals",
            "values": ["paid"], "tileTargets": {uuid: False, "11111111-2222-4333-8444-555555555555": False},
        }  # fmt: skip
        filters = {"dimensions": [rule], "metrics": [], "tableCalculations": []}
        body = {"name": "D", "tiles": [tile], "tabs": [], "filters": filters}
        made = admin.results("POST", f"{admin.production}/dashboards", body)
        assert made["filters"]["dimensions"][0]["tileTargets"] == {}
        changed = admin.results("PATCH", f"/dashboards/{made['uuid']}", body)
        assert changed["filters"]["dimensions"][0]["tileTargets"] == {uuid: False}
        emptied = admin.results("PATCH", f"/dashboards/{made['uuid']}", {"tiles": [tile], "tabs": []})
        assert emptied["filters"]["dimensions"] == []


@pytest.mark.parametrize("null", ["description", "label", "title"])
def test_creating_a_dashboard_refuses_nulls_that_reading_gives(null: str) -> None:
    world = empty_world()
    with serving(world) as server:
        admin = server.asker()
        rule: Any = {"id": "f", "target": {}, "operator": "equals"}
        tile: Any = {"type": "loom", "x": 0, "y": 0, "w": 1, "h": 1, "properties": {"title": "t", "url": "u"}}
        body: Any = {"name": "D", "tiles": [tile], "tabs": [], "description": "d"}
        body["filters"] = {"dimensions": [rule], "metrics": [], "tableCalculations": []}
        assert admin.status("POST", f"{admin.production}/dashboards", body) == 201
        holder = {"description": body, "label": rule, "title": tile["properties"]}[null]
        holder[null] = None
        assert admin.status("POST", f"{admin.production}/dashboards", body) == 422


def test_parallel_creations_race_to_equal_slugs() -> None:
    world = empty_world()
    world.slug_gap = 0.05
    with serving(world) as server:
        admin = server.asker()

        def create(_number: int) -> str:
            return str(admin.results("POST", f"{admin.production}/saved", chart_body("Same"))["slug"])

        with ThreadPoolExecutor(4) as pool:
            slugs = list(pool.map(create, range(4)))
        assert len(set(slugs)) < len(slugs)
        assert create(0) not in slugs


@pytest.mark.parametrize(
    ("version", "keeps", "again"), [("0.1505.1", False, "create"), ("0.1505.2", True, "no changes")]
)
def test_promotion_finds_its_own_work_only_if_it_keeps_slugs(version: str, keeps: bool, again: str) -> None:
    world = empty_world()
    world.version = version
    with serving(world) as server:
        admin = server.asker()
        space = _space(admin, admin.staging, "New")["uuid"]
        chart = admin.results("POST", f"{admin.staging}/saved", chart_body("Promoted", spaceUuid=space))
        promoted = admin.results("POST", f"/saved/{chart['uuid']}/promote")
        assert promoted["slug"] == ("promoted" if keeps else "promoted-1")
        diff = admin.get(f"/saved/{chart['uuid']}/promoteDiff")
        assert diff["charts"][0]["action"] == again
        assert diff["spaces"][0]["action"] == "no changes"


def test_promotion_turns_group_access_into_direct_grants() -> None:
    world = empty_world()
    with serving(world) as server:
        admin = server.asker()
        space = _space(admin, admin.staging, "Secret", private=True)["uuid"]
        group = next(iter(world.groups.values()))
        admin.results(
            "POST",
            f"{admin.staging}/spaces/{space}/group/share",
            {"groupUuid": group.uuid, "spaceRole": "editor"},
        )
        chart = admin.results("POST", f"{admin.staging}/saved", chart_body("Hidden", spaceUuid=space))
        upstream = world.spaces[admin.results("POST", f"/saved/{chart['uuid']}/promote")["spaceUuid"]]
        assert upstream.is_private
        assert set(group.members) < set(upstream.access)
        assert upstream.group_access == {group.uuid: "editor"}


def test_private_spaces_are_silently_missing_for_those_who_may_not_see_them() -> None:
    world = demo_world()
    with serving(world) as server:
        admin, editor, viewer = (server.asker(name) for name in ("admin", "second_editor", "viewer"))
        for part in ("charts", "chart-summaries", "spaces", "dashboards"):
            path = f"{admin.production}/{part}"
            assert len(admin.get(path)) > len(editor.get(path)) >= 1
        names = {space["name"] for space in viewer.get(f"{admin.production}/spaces")}
        assert "Board & finance" in names
        assert "Roastery floor" not in names


def test_a_grant_to_somebody_without_a_role_shows_in_the_list_only() -> None:
    world = demo_world()
    with serving(world) as server:
        admin = server.asker()
        space = next(one for one in world.spaces.values() if one.name == "Roastery floor")
        member = next(person.uuid for person in world.people.values() if person.first_name == "Greta")
        listed = next(one for one in admin.get(f"{admin.production}/spaces") if one["uuid"] == space.uuid)
        assert member in listed["access"]
        shown = admin.get(f"{admin.production}/spaces/{space.uuid}")["access"]
        assert member not in [share["userUuid"] for share in shown]
        through_group = [share for share in shown if share["inheritedFrom"] == "space_group"]
        assert through_group
        assert all(share["hasDirectAccess"] for share in through_group)


@pytest.mark.parametrize("nickname", ["viewer", "interactive_viewer", "member", "stranger"])
def test_readers_may_not_write(nickname: str) -> None:
    world = demo_world()
    space = next(one for one in world.spaces.values() if one.name == "Sales")
    chart = next(iter(world.charts))
    with serving(world) as server:
        reader = server.asker(nickname)
        for method, path, body in (
            ("POST", f"{reader.production}/saved", chart_body("X", spaceUuid=space.uuid)),
            ("PATCH", f"/saved/{chart}", {"name": "X"}),
            ("DELETE", f"/saved/{chart}", None),
            ("POST", f"{reader.production}/spaces", {"name": "X"}),
            ("POST", f"{reader.production}/tags", {"name": "X", "color": "#fff"}),
            ("PATCH", f"{reader.production}/metadata", {"upstreamProjectUuid": None}),
            ("PATCH", f"/saved/{chart}/pinning", None),
        ):
            assert reader.status(method, path, body) == 403, (method, path)


def test_only_developers_save_custom_sql() -> None:
    world = demo_world()
    space = next(one for one in world.spaces.values() if one.name == "Sales")
    body = {"name": "S", "description": None, "sql": "select 1", "limit": 1, "spaceUuid": space.uuid,
            "config": {"type": "table", "metadata": {"version": 1}, "columns": {}}}  # fmt: skip
    with serving(world) as server:
        for nickname, status in (("developer", 200), ("editor", 403)):
            asker = server.asker(nickname)
            assert asker.status("POST", f"{asker.production}/sqlRunner/saved", body) == status


def test_metrics_without_paging_stop_at_fifty_and_compiling_renews_their_uuids() -> None:
    world = demo_world()
    with serving(world) as server:
        admin = server.asker()
        path = f"{admin.production}/dataCatalog/metrics"
        assert len(admin.get(path)["data"]) == 50
        paged = admin.get(f"{path}?page=2&pageSize=50")
        assert paged["pagination"]["totalResults"] == 50 + len(paged["data"])
        before = {
            one["name"]: one for one in admin.get(f"{path}?page=1&pageSize=100")["data"] if one["categories"]
        }
        admin.results("POST", f"{admin.production}/refresh", {})
        after = {
            one["name"]: one for one in admin.get(f"{path}?page=1&pageSize=100")["data"] if one["categories"]
        }
        assert {name: one["categories"] for name, one in before.items()} == {
            n: one["categories"] for n, one in after.items()
        }
        assert all(before[name]["catalogSearchUuid"] != after[name]["catalogSearchUuid"] for name in before)


def test_pins_toggle_and_keep_an_order() -> None:
    world = demo_world()
    with serving(world) as server:
        admin = server.asker()
        pins = admin.get(f"{admin.production}")["pinnedListUuid"]
        path = f"{admin.production}/pinned-lists/{pins}/items"
        items = admin.get(path)
        assert [item["type"] for item in items] == ["space", "chart", "chart", "dashboard"]
        order = [{"type": "chart", "data": {"uuid": items[1]["data"]["uuid"], "pinnedListOrder": 7}}]
        moved = admin.results("PATCH", f"{path}/order", order)
        assert moved[2]["data"]["uuid"] == items[1]["data"]["uuid"]
        gone = admin.results("PATCH", f"/saved/{items[2]['data']['uuid']}/pinning")
        assert gone["isPinned"] is False
        back = admin.results("PATCH", f"/saved/{items[2]['data']['uuid']}/pinning")
        assert back["isPinned"] is True
        assert world.charts[items[2]["data"]["uuid"]].pin_order == 100


def test_a_new_scheduler_runs_today_unless_it_is_disabled() -> None:
    world = demo_world()
    chart = next(iter(world.charts))
    body = {
        "name": "N",
        "format": "csv",
        "cron": "0 23 * * *",
        "options": {},
        "targets": [],
        "enabled": False,
    }
    with serving(world) as server:
        admin = server.asker()
        world.clock.moment = world.clock.moment.replace(hour=8)
        made = admin.results("POST", f"/saved/{chart}/schedulers", body)
        assert made["enabled"] is True
        assert len(admin.get(f"/schedulers/{made['schedulerUuid']}/jobs")) == 1
        admin.results("PATCH", f"/schedulers/{made['schedulerUuid']}/enabled", {"enabled": False})
        assert admin.get(f"/schedulers/{made['schedulerUuid']}/jobs") == []
        changed = admin.results(
            "PATCH", f"/schedulers/{made['schedulerUuid']}", {**body, "cron": "0 9 * * *"}
        )
        assert changed["enabled"] is False


def test_changing_the_time_zone_rewrites_schedulers_without_one() -> None:
    world = demo_world()
    with serving(world) as server:
        admin = server.asker()
        crons = {uuid: one.fields["cron"] for uuid, one in world.schedulers.items()}
        admin.results("PATCH", f"{admin.production}/schedulerSettings", {"schedulerTimezone": "Asia/Tokyo"})
        for uuid, scheduler in world.schedulers.items():
            assert (scheduler.fields["cron"] != crons[uuid]) == (scheduler.fields["timezone"] is None)


def test_comments_follow_the_tile_uuid_into_other_dashboards() -> None:
    world = demo_world()
    with serving(world) as server:
        admin = server.asker()
        overview = next(one for one in world.dashboards.values() if one.name == "Sales overview")
        found = admin.get(f"/comments/dashboards/{overview.uuid}")
        tile, comments = next(iter(found.items()))
        assert [len(one["replies"]) for one in comments] == [1]
        place = {"uuid": tile, "type": "markdown", "x": 0, "y": 0, "w": 1, "h": 1}
        body = {"name": "Twin", "tabs": [], "tiles": [{**place, "properties": {"title": "", "content": ""}}]}
        twin = admin.results("POST", f"{admin.production}/dashboards", body)
        assert admin.get(f"/comments/dashboards/{twin['uuid']}") == found


def test_a_preview_copies_content_with_its_slugs() -> None:
    world = demo_world()
    with serving(world) as server:
        admin = server.asker()
        uuid = admin.results("POST", f"{admin.production}/createPreview", {"name": "P", "copyContent": True})
        originals, copies = (
            sorted(row["slug"] for row in admin.get(f"{project}/charts"))
            for project in (admin.production, f"/projects/{uuid}")
        )
        assert originals == copies
        chart = next(row for row in admin.get(f"/projects/{uuid}/charts") if row["slug"] == "weekly-revenue")
        assert admin.get(f"/saved/{chart['uuid']}/promoteDiff")["charts"][0]["action"] == "no changes"
        assert (
            admin.error("POST", f"/projects/{uuid}/createPreview", {"name": "Q", "copyContent": False})[0]
            == 403
        )


def test_deleting_a_space_takes_everything_along() -> None:
    world = demo_world()
    with serving(world) as server:
        admin = server.asker()
        for space in admin.get(f"{admin.production}/spaces"):
            admin.results("DELETE", f"{admin.production}/spaces/{space['uuid']}")
        assert admin.get(f"{admin.production}/charts") == []
        assert admin.get(f"/schedulers/{world.projects['production']}/logs")["schedulers"] == []
    assert {one.project_uuid for one in world.spaces.values()} == {world.projects["staging"]}
    assert all(
        chart.space_uuid or chart.dashboard_uuid in world.dashboards for chart in world.charts.values()
    )


def test_wrong_pages_are_refused() -> None:
    world = empty_world()
    with serving(world) as server:
        admin = server.asker()
        status, name, _ = admin.error("GET", f"{admin.production}/dataCatalog/metrics?page=0&pageSize=5")
        assert (status, name) == (422, "KnexPaginationError")


def test_a_body_over_five_megabytes_is_a_500() -> None:
    world = empty_world()
    with serving(world) as server:
        admin = server.asker()
        assert admin.status("POST", f"{admin.production}/spaces", {"name": "x" * (5 * 1024 * 1024)}) == 500


@pytest.mark.parametrize(
    ("name", "slug"),
    [("Café du jour", "caf-du-jour"), ("☕", ""), ("  A -- b  ", "a-b"), ("../../etc", "etc"), ("É", "")],
)
def test_slugs(name: str, slug: str) -> None:
    assert slug_of(name) == slug


@pytest.mark.parametrize(
    ("sent", "stored"),
    [
        ("a > b & c", "a &gt; b &amp; c"),
        ("<script>x</script>y", "y"),
        ("<b onclick='x'>bold</b> < 3", "<b>bold</b> &lt; 3"),
        ("<a href='javascript:x'>l</a>", "<a>l</a>"),
        (
            "<iframe src='https://x' width='5' class='c'></iframe>",
            '<iframe src="https://x" width="5"></iframe>',
        ),
        ("<unknown>kept</unknown>", "kept"),
    ],
)
def test_markdown_is_cleaned_once(sent: str, stored: str) -> None:
    assert sanitized(sent) == stored
    assert sanitized(stored) == stored


def test_numbers_are_those_of_javascript_and_keys_those_of_the_database() -> None:
    assert javascript([9007199254740993, 2.0, -0.0, 1e21, True]) == [9007199254740992, 2, 0, 1e21, True]
    assert isinstance(javascript(2**64), float)
    with pytest.raises(NotJson):
        javascript(["a\0b"])
    assert list(jsonb({"bb": 1, "a": {"z": 1, "y": 2}, "c": 3})) == ["a", "c", "bb"]


def test_an_empty_list_of_thresholds_or_tabs_is_kept_as_it_is() -> None:
    world = demo_world()
    dashboard = next(iter(world.dashboards))
    body = {"name": "N", "format": "csv", "cron": "0 23 * * *", "options": {}, "targets": []}
    with serving(world) as server:
        admin = server.asker()
        sent = {**body, "thresholds": [], "selectedTabs": [], "filters": []}
        made = admin.results("POST", f"/dashboards/{dashboard}/schedulers", sent)
        assert (made["thresholds"], made["selectedTabs"], made["filters"]) == ([], [], [])


@pytest.mark.parametrize("version", ["0.1372.1", "0.2904.5"])
def test_the_name_of_a_virtual_view_protects_nothing(version: str) -> None:
    world = demo_world(version)
    with serving(world) as server:
        admin = server.asker()
        views = f"{admin.production}/sqlRunner/virtual-view"

        def view(name: str, sql: str) -> Any:
            return {"name": name, "sql": sql, "columns": [{"reference": "b", "type": "number"}]}

        assert admin.results("POST", views, view("paid_orders", "select 1 as b")) == {"name": "paid_orders"}
        assert admin.status("POST", views, view("paidOrders", "select 1 as b")) == 409
        assert admin.status("POST", views, view("orders", "select 1 as b")) == 409
        assert admin.results("POST", views, view("My View", "select 1 as b")) == {"name": "My View"}
        assert admin.results("POST", views, view("My View", "select 2 as b")) == {"name": "My View"}
        made = admin.get(f"{admin.production}/explores/My%20View")
        assert (made["label"], made["tables"]["My View"]["sqlTable"]) == ("My view", "(select 2 as b)")
        assert admin.results("PUT", f"{views}/stores", view("Mine", "select 3 as b")) == {"name": "stores"}
        assert admin.get(f"{admin.production}/explores/stores")["type"] == "virtual"
        assert admin.status("PUT", f"{views}/nowhere", view("Mine", "select 3 as b")) == 200
        assert admin.status("DELETE", f"{views}/nowhere") == 200
        assert admin.status("GET", f"{admin.production}/explores/nowhere") == 404
        admin.results("POST", f"{admin.production}/refresh")
        kept = {row["name"]: row.get("type", "default") for row in admin.get(f"{admin.production}/explores")}
        assert kept["paid_orders"] == kept["My View"] == "virtual"
        assert kept["stores"] == ("virtual" if world.can("virtual_views_stay") else "default")
        viewer = server.asker("viewer")
        assert viewer.status("POST", views, view("mine", "select 1 as b")) == 403
        assert admin.error("POST", views, {"name": "x", "sql": "select 1"})[:2] == (422, "ValidateError")


def test_what_is_restored_into_a_deleted_space_is_nowhere() -> None:
    world = demo_world("0.2904.5")
    world.soft_delete = True
    with serving(world) as server:
        admin = server.asker()

        def send(method: str, path: str, body: Any = None) -> Any:
            answer = admin.http.request(method, f"{server.url}/api/v2{path}", json=body)
            return answer.status_code, answer.json().get("results")

        def deleted() -> list[str]:
            _, results = send("GET", f"/content/deleted?projectUuids={world.projects['production']}")
            return [row["uuid"] for row in results["data"]]

        space = admin.results("POST", f"{admin.production}/spaces", {"name": "Gone soon"})["uuid"]
        chart = admin.results("POST", f"{admin.production}/saved", chart_body("Kept", spaceUuid=space))
        item = {"item": {"uuid": chart["uuid"], "contentType": "chart", "source": "dbt_explore"}}
        restore = f"/content/{world.projects['production']}/restore"
        for _ in range(2):
            assert admin.status("DELETE", f"/saved/{chart['uuid']}") == 200
            assert (admin.status("GET", f"/saved/{chart['uuid']}"), deleted()) == (404, [chart["uuid"]])
            assert send("POST", restore, item)[0] == 200
            assert (admin.status("GET", f"/saved/{chart['uuid']}"), deleted()) == (200, [])
        assert send("POST", restore, item)[0] == 404
        assert admin.status("DELETE", f"/saved/{chart['uuid']}") == 200
        again = admin.results("POST", f"{admin.production}/saved", chart_body("Kept", spaceUuid=space))
        assert (chart["slug"], again["slug"]) == ("kept", "kept-1")
        assert admin.status("DELETE", f"{admin.production}/spaces/{space}") == 200
        assert deleted() == [space]


def test_cron() -> None:
    world = World()
    now = world.clock.moment
    assert limited_to_hourly("5 * * * *")
    assert not limited_to_hourly("*/5 * * * *")
    assert len(runs_today("0 9-12 * * 1-5", "UTC", now)) == 4
    assert runs_today("0 0 1 1 *", "UTC", now) == []
    for cron, zone in (("0 9 * *", "UTC"), ("0 x * * *", "UTC"), ("0 9 * * *", "Mars/Base")):
        with pytest.raises(BadSchedule):
            runs_today(cron, zone, now)
