"""One command brings a deleted item back with everything that Lightdash deleted with it, and nothing else."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from lightdash_standin.state import World
from lightdash_sync.content.kinds import Kind
from tests.apply.small_world import small_world
from tests.cli.nights import bare_machine
from tests.dialects import OF_NO_APP
from tests.git.hands import Hands
from tests.sync.desk import SOURCE, TARGET, Desk, desk_at

TO = ("--to", SOURCE)
DELIVERY: dict[str, Any] = OF_NO_APP | {
    "name": "Each morning",
    "format": "csv",
    "cron": "0 6 * * *",
    "options": {"formatted": True, "limit": "table"},
    "targets": [{"recipient": "someone@kettle.example"}],
    "enabled": True,
    "includeLinks": True,
}


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    """The small project, with a second dashboard that shows "Orders" and the SQL chart."""
    with _backed_up(small_world(), tmp_path, monkeypatch) as desk:
        yield desk


@contextmanager
def _backed_up(world: World, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    (folder / "home").mkdir()
    bare_machine(monkeypatch, folder / "home")
    hands = Hands(folder / "work")
    hands.begin()
    with desk_at(world, hands.root) as desk:
        _complete(desk)
        desk.do("backup", "--env", SOURCE)
        hands.git("tag", "good")
        yield desk


def _complete(desk: Desk) -> None:
    sales, overview = desk.uuid(Kind.SPACE, "Sales", SOURCE), _overview(desk)
    project = desk.projects[SOURCE]
    (sql,) = desk.uuids(Kind.SQL_CHART, "Orders per shop (SQL)", SOURCE)
    tiles = [
        {
            "type": "saved_chart",
            "x": 0,
            "y": 0,
            "w": 9,
            "h": 9,
            "properties": {"savedChartUuid": _orders(desk), "title": "Mine"},
        },
        {
            "type": "sql_chart",
            "x": 9,
            "y": 0,
            "w": 9,
            "h": 9,
            "properties": {"savedSqlUuid": sql, "title": "By shop", "hideTitle": True},
        },
        {
            "type": "markdown",
            "x": 18,
            "y": 0,
            "w": 9,
            "h": 9,
            "properties": {"title": "", "content": "Read this"},
        },
    ]
    body = {"name": "Board pack", "spaceUuid": sales, "tiles": tiles, "tabs": []}
    pack = desk.send("POST", f"/projects/{project}/dashboards", body)["uuid"]
    desk.send("POST", f"/saved/{_orders(desk)}/schedulers", DELIVERY)
    desk.send("PATCH", f"/projects/{project}/spaces/{sales}/pinning")
    for dashboard, name in ((overview, "Orders"), (overview, ""), (pack, "Orders")):
        for tile in desk.send("GET", f"/dashboards/{dashboard}")["tiles"]:
            if tile["properties"].get("chartName", "") == name:
                comment = {"text": "Why?", "textHtml": "<p>Why?</p>", "mentions": []}
                desk.send("POST", f"/comments/dashboards/{dashboard}/{tile['uuid']}", comment)


def _orders(desk: Desk) -> str:
    """The chart "Orders" that is pinned, and shown on both dashboards."""
    found = desk.uuids(Kind.CHART, "Orders", SOURCE)
    shown = [uuid for uuid in found if desk.world.charts[uuid].pin_order is not None]
    return (shown or found)[0]


def _overview(desk: Desk) -> str:
    return desk.uuid(Kind.DASHBOARD, "Overview", SOURCE)


def _delete_overview(desk: Desk) -> None:
    desk.send("DELETE", f"/dashboards/{_overview(desk)}")


def _same_but_paused(desk: Desk, before: dict[str, bytes]) -> None:
    after = desk.content(SOURCE)
    assert {path for path in before if before[path] != after.get(path)} == set()
    assert after.keys() == before.keys()


def test_a_dashboard_comes_back_with_all_that_hung_on_it(desk: Desk) -> None:
    """Charts inside, its delivery (paused), its pin, and comments on tiles whose chart is alive."""
    before = desk.content(SOURCE)
    comments = desk.export(SOURCE)["comments/overview.json"]
    _delete_overview(desk)
    assert desk.content(SOURCE).keys() < before.keys()
    desk.do("restore", "--at", "good", *TO, "--dashboard", "overview", "--yes")
    _same_but_paused(desk, before)
    assert desk.world.schedulers[desk.scheduler(SOURCE)].enabled is False
    assert desk.export(SOURCE)["comments/overview.json"] == comments


def _left_out(desk: Desk, *what: str, code: int = 0) -> dict[str, str]:
    said = desk.do("restore", "--at", "good", *TO, *what, "--dry-run", "--json", code=code).json
    return {one["item"]: one["why"] for one in said["left_out"]}


def test_a_chart_comes_back_onto_the_tiles_that_showed_it(desk: Desk) -> None:
    """With its delivery (paused) and its pin in its place; the comments on it are lost, and named."""
    before = desk.content(SOURCE)
    desk.send("DELETE", f"/saved/{_orders(desk)}")
    assert _left_out(desk, "--chart", "orders") == {
        "comments:board-pack": _COMMENT_LOST,
        "comments:overview": _COMMENT_LOST,
        "chart:orders-again": _OLD_LINK,
    }
    desk.do("restore", "--at", "good", *TO, "--chart", "orders", "--yes")
    after = desk.content(SOURCE)
    described = (
        "charts/orders-again.json"  # its text names the old address, which no plan of one chart writes
    )
    assert {path for path in before if before[path] != after.get(path)} <= {described}
    (delivery,) = desk.world.schedulers_of[_orders(desk)]
    assert desk.world.schedulers[delivery].enabled is False
    with desk.nothing_is_written():
        assert "Nothing to do" in desk.do("restore", "--at", "good", *TO, "--chart", "orders", "--yes").out


_OLD_LINK = (
    "it links to the former address of chart:orders, which leads nowhere now; it is left as it is; "
    "--only chart:orders-again puts it back, too"
)
_COMMENT_LOST = (
    "1 comment does not come back: Lightdash deleted it with the chart that it was on; "
    "the backup keeps what it says"
)


def test_a_sql_chart_comes_back_with_the_title_of_its_tile(desk: Desk) -> None:
    before = desk.content(SOURCE)
    (sql,) = desk.uuids(Kind.SQL_CHART, "Orders per shop (SQL)", SOURCE)
    desk.send("DELETE", f"/projects/{desk.projects[SOURCE]}/sqlRunner/saved/{sql}")
    assert desk.content(SOURCE)["dashboards/board-pack.json"] != before["dashboards/board-pack.json"]
    desk.do("restore", "--at", "good", *TO, "--only", "sql_chart:orders-per-shop-sql", "--yes")
    _same_but_paused(desk, before)


def test_a_space_comes_back_with_its_pin_and_all_that_was_in_it(desk: Desk) -> None:
    before = desk.content(SOURCE)
    sales = desk.uuid(Kind.SPACE, "Sales", SOURCE)
    desk.send("DELETE", f"/projects/{desk.projects[SOURCE]}/spaces/{sales}")
    desk.do("restore", "--at", "good", *TO, "--space", "sales", "--yes")
    after = desk.content(SOURCE)
    assert {path for path in before if before[path] != after.get(path)} <= {"charts/orders-again.json"}
    assert after["pins.json"] == before["pins.json"]


def test_what_is_alive_and_newer_is_left_as_it_is(desk: Desk) -> None:
    """That a deleted dashboard shows a chart is no reason to put that back, too; it is named."""
    _delete_overview(desk)
    desk.send("PATCH", f"/saved/{_orders(desk)}", {"name": "Orders of today"})
    newer = desk.content(SOURCE)
    left = _left_out(desk, "--dashboard", "overview")
    assert "was changed since; it is left as it is" in left["chart:orders"]
    assert "--only chart:orders" in left["chart:orders"]
    desk.do("restore", "--at", "good", *TO, "--dashboard", "overview", "--yes")
    after = desk.content(SOURCE)
    assert {path for path in newer if newer[path] != after.get(path)} == {"pins.json"}
    assert desk.uuids(Kind.DASHBOARD, "Overview", SOURCE)


def test_a_delivery_that_is_alive_is_left_as_it_is(desk: Desk) -> None:
    """Its dashboard is put back; who changed the delivery wanted it so."""
    now = desk.send("GET", f"/schedulers/{desk.scheduler(SOURCE)}")
    names = ("name", "format", "options", "message", "selectedTabs", "filters", "includeLinks")
    body = {name: now[name] for name in names if name in now} | {"cron": "5 5 * * *"}
    body["targets"] = [{"recipient": one["recipient"]} for one in now["targets"]]
    desk.send("PATCH", f"/schedulers/{desk.scheduler(SOURCE)}", body)
    left = _left_out(desk, "--dashboard", "overview")
    assert "--only scheduler:overview-each-hour puts it back" in left["scheduler:overview-each-hour"]
    with desk.nothing_is_written():
        desk.do("restore", "--at", "good", *TO, "--dashboard", "overview", "--yes")


def test_a_tile_that_somebody_gave_another_chart_stays_and_is_named(desk: Desk) -> None:
    desk.send("DELETE", f"/saved/{_orders(desk)}")
    pack = desk.uuid(Kind.DASHBOARD, "Board pack", SOURCE)
    now = desk.send("GET", f"/dashboards/{pack}")
    other = desk.uuid(Kind.CHART, "Orders, again", SOURCE)
    for tile in now["tiles"]:
        if tile["type"] == "saved_chart":
            tile["properties"]["savedChartUuid"] = other
    desk.send("PATCH", f"/dashboards/{pack}", {name: now[name] for name in ("tiles", "tabs", "filters")})
    newer = desk.content(SOURCE)["dashboards/board-pack.json"]
    left = _left_out(desk, "--chart", "orders")
    assert "changed or removed since" in left["dashboard:board-pack"]
    desk.do("restore", "--at", "good", *TO, "--chart", "orders", "--yes")
    assert desk.content(SOURCE)["dashboards/board-pack.json"] == newer


def test_a_chart_inside_a_dashboard_comes_back_alone(desk: Desk) -> None:
    before = desk.content(SOURCE)
    desk.send("DELETE", f"/saved/{desk.uuid(Kind.CHART, 'Inside', SOURCE)}")
    desk.send("PATCH", f"/dashboards/{_overview(desk)}", {"name": "Overview of today"})
    desk.do("restore", "--at", "good", *TO, "--chart", "inside", "--yes")
    after = desk.content(SOURCE)
    assert {path for path in before if before[path] != after.get(path)} <= {"dashboards/overview.json"}
    assert desk.uuids(Kind.DASHBOARD, "Overview of today", SOURCE)
    assert desk.uuids(Kind.CHART, "Inside", SOURCE)


def test_a_chart_inside_a_dashboard_without_its_tile_is_left_out(desk: Desk) -> None:
    """Lightdash would delete it with the next save, and nobody would know."""
    desk.send("DELETE", f"/saved/{desk.uuid(Kind.CHART, 'Inside', SOURCE)}")
    now = desk.send("GET", f"/dashboards/{_overview(desk)}")
    body = {name: now[name] for name in ("tabs", "filters")}
    body["tiles"] = [
        tile for tile in now["tiles"] if tile["properties"].get("savedChartUuid", "") is not None
    ]
    desk.send("PATCH", f"/dashboards/{_overview(desk)}", body)
    with desk.nothing_is_written():
        assert "dashboard:overview" in _left_out(desk, "--chart", "inside")["chart:inside"]
        desk.do("restore", "--at", "good", *TO, "--chart", "inside", "--yes")


@pytest.mark.parametrize("keeps", [False, True])
def test_undoing_a_delete_fills_the_tiles_that_it_emptied(tmp_path: Path, keeps: bool) -> None:
    """Also those of a dashboard that the run did not write: the target's people made it."""
    world = small_world()
    world.soft_delete = keeps and world.can("soft_delete")
    with desk_at(world, tmp_path / "work") as desk:
        desk.apply("--adopt-by-name")
        body = {
            "name": "Theirs",
            "spaceUuid": desk.uuid(Kind.SPACE, "Sales"),
            "tabs": [],
            "tiles": [_tile("saved_chart", savedChartUuid=desk.uuid(Kind.CHART, "Orders, again"))],
        }
        desk.send("POST", f"/projects/{desk.projects[TARGET]}/dashboards", body)
        before = desk.content(TARGET)
        desk.send("DELETE", f"/saved/{desk.uuid(Kind.CHART, 'Orders, again', SOURCE)}")
        desk.apply("--delete")
        assert desk.content(TARGET)["dashboards/theirs.json"] != before["dashboards/theirs.json"]
        desk.do("undo", "--to", TARGET, "--yes")
        assert desk.content(TARGET) == before


def _tile(kind: str, **properties: object) -> dict[str, object]:
    return {"type": kind, "x": 0, "y": 0, "w": 9, "h": 9, "properties": {"title": "", **properties}}


@pytest.fixture
def keeping(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    """The same on a current server that keeps what is deleted for some days."""
    world = small_world("0.2904.5")
    world.soft_delete = True
    with _backed_up(world, tmp_path, monkeypatch) as desk:
        yield desk


def test_what_lightdash_keeps_comes_back_once_and_paused(keeping: Desk) -> None:
    """With a dashboard that Lightdash restores come its deliveries, switched on: no second ones are made."""
    desk = keeping
    before = desk.content(SOURCE)
    overview = _overview(desk)
    delivery = desk.scheduler(SOURCE)
    comments = desk.export(SOURCE)["comments/overview.json"]
    _delete_overview(desk)
    desk.do("restore", "--at", "good", *TO, "--dashboard", "overview", "--yes")
    assert _overview(desk) == overview
    assert desk.scheduler(SOURCE) == delivery
    assert desk.world.schedulers[delivery].enabled is False
    _same_but_paused(desk, before)
    assert desk.export(SOURCE)["comments/overview.json"] == comments


def test_a_chart_that_lightdash_keeps_fills_its_tiles_by_itself(keeping: Desk) -> None:
    desk = keeping
    before, orders = desk.content(SOURCE), _orders(desk)
    versions = len(desk.world.dashboards[_overview(desk)].versions)
    desk.send("DELETE", f"/saved/{orders}")
    assert _left_out(desk, "--chart", "orders") == {}
    desk.do("restore", "--at", "good", *TO, "--chart", "orders", "--yes")
    assert _orders(desk) == orders
    assert len(desk.world.dashboards[_overview(desk)].versions) == versions
    _same_but_paused(desk, before)


# --- what people did after the last backup ---


def test_an_edit_after_the_last_backup_is_refused_and_named(desk: Desk) -> None:
    """It is in no backup: nobody could bring it back."""
    desk.send("PATCH", f"/dashboards/{_overview(desk)}", {"name": "Overview of today"})
    chosen = ("--at", "good", *TO, "--dashboard", "overview")
    with desk.nothing_is_written():
        said = desk.do("restore", *chosen, "--yes", "--json", code=4)
        assert "dashboard:overview was changed on the target since the last backup" in said.out
        assert "`lightdash-sync restore … --dry-run` says what allows" in said.err
        told = desk.do("restore", *chosen, "--dry-run", code=4).out
    for words in (
        "since the last backup",
        "--allow-drift dashboard:overview",
        "--merge",
        "lightdash-sync backup",
    ):
        assert words in told
    desk.do("restore", *chosen, "--yes", "--allow-drift", "dashboard:overview")
    assert desk.uuids(Kind.DASHBOARD, "Overview", SOURCE)


def test_what_is_backed_up_is_no_drift(desk: Desk) -> None:
    before = desk.content(SOURCE)
    desk.send("PATCH", f"/dashboards/{_overview(desk)}", {"name": "Overview of today"})
    desk.do("backup", "--env", SOURCE)
    desk.do("restore", "--at", "good", *TO, "--yes")
    assert desk.content(SOURCE) == before


def test_what_this_tool_wrote_since_is_no_drift(desk: Desk) -> None:
    """A restore that is taken further back needs no permission; what somebody did after it does."""
    overview, chosen = _overview(desk), (*TO, "--dashboard", "overview", "--yes")
    desk.send("PATCH", f"/dashboards/{overview}", {"name": "Overview of today"})
    desk.do("backup", "--env", SOURCE)
    desk.do("restore", "--at", "good", *chosen)
    desk.do("restore", "--at", "HEAD", *chosen)
    assert desk.uuids(Kind.DASHBOARD, "Overview of today", SOURCE) == [overview]
    desk.send("PATCH", f"/dashboards/{overview}", {"name": "Overview of tomorrow"})
    desk.do("restore", "--at", "good", *chosen, code=4)


def test_a_merge_keeps_the_edit_and_puts_back_the_rest(desk: Desk) -> None:
    """The name went wrong before the backup; the description was written after it."""
    overview = _overview(desk)
    desk.send("PATCH", f"/dashboards/{overview}", {"name": "Wrong"})
    desk.do("backup", "--env", SOURCE)
    desk.send("PATCH", f"/dashboards/{overview}", {"name": "Wrong", "description": "Of today"})
    desk.do("restore", "--at", "good", *TO, "--dashboard", "overview", "--yes", "--merge")
    now = desk.world.dashboards[overview]
    assert (now.name, now.description) == ("Overview", "Of today")


def test_what_deletes_made_of_other_items_is_no_drift(desk: Desk) -> None:
    """Empty tiles, a missing pin, a link that leads nowhere: nobody edited these items."""
    before = desk.content(SOURCE)
    desk.send("DELETE", f"/saved/{_orders(desk)}")
    desk.send("DELETE", f"/saved/{desk.uuid(Kind.CHART, 'Inside', SOURCE)}")
    desk.do("restore", "--at", "good", *TO, "--yes")
    assert desk.content(SOURCE) == before


def test_what_was_put_back_is_no_drift(desk: Desk) -> None:
    """It has another uuid than in the last backup, on each machine that knows of the restore."""
    desk.send("DELETE", f"/saved/{_orders(desk)}")
    desk.do("restore", "--at", "good", *TO, "--yes")
    shutil.rmtree(desk.folder / "snapshots" / f".{SOURCE}.local" / "runs")
    with desk.nothing_is_written():
        desk.do("restore", "--at", "good", *TO, "--yes")
    desk.send("PATCH", f"/saved/{_orders(desk)}", {"name": "Orders of today"})
    desk.do("restore", "--at", "good", *TO, "--yes", code=4)


def test_deleting_what_no_backup_has_needs_permission(desk: Desk) -> None:
    body = {"name": "New", "spaceUuid": desk.uuid(Kind.SPACE, "Sales", SOURCE), "tiles": [], "tabs": []}
    desk.send("POST", f"/projects/{desk.projects[SOURCE]}/dashboards", body)
    said = desk.do("restore", "--at", "good", *TO, "--delete", "--yes", code=4).err
    assert "dashboard:new is on the target and not in the last backup" in said
    desk.do("restore", "--at", "good", *TO, "--delete", "--yes", "--allow-drift", "dashboard:new")
    assert not desk.uuids(Kind.DASHBOARD, "New", SOURCE)


def test_backups_on_a_branch_of_their_own_are_found(desk: Desk) -> None:
    """A revision of that branch tells which one it is, whatever is checked out."""
    hands = Hands(desk.folder)
    hands.git("branch", "backups")
    overview, chosen = _overview(desk), (*TO, "--dashboard", "overview", "--yes")
    desk.send("PATCH", f"/dashboards/{overview}", {"name": "Overview of today"})
    desk.do("backup", "--env", SOURCE, "--branch", "backups")
    desk.send("PATCH", f"/dashboards/{overview}", {"name": "Overview of tomorrow"})
    desk.do("restore", "--at", "backups", *chosen, code=4)
    desk.send("PATCH", f"/dashboards/{overview}", {"name": "Overview of today"})
    with desk.nothing_is_written():
        desk.do("restore", "--at", "backups", *chosen)


# --- what the next backup says of it ---


def _files(desk: Desk) -> set[str]:
    return Hands(desk.folder).paths("HEAD", f"snapshots/{SOURCE}")


def _events(desk: Desk, item: str) -> list[str]:
    return [one["event"] for one in desk.do("log", item, "--env", SOURCE, "--json").json["entries"]]


@pytest.fixture
def put_back(desk: Desk) -> Desk:
    """A space with all that is in it deleted and put back, and backed up then, with no backup between."""
    chart = desk.send("GET", f"/saved/{_orders(desk)}")
    body = {name: chart[name] for name in ("tableName", "metricQuery", "chartConfig", "tableConfig")}
    body["metricQuery"] = body["metricQuery"] | {"limit": 12}
    desk.send("POST", f"/saved/{_orders(desk)}/version", body)
    desk.do("backup", "--env", SOURCE)
    Hands(desk.folder).git("tag", "before")
    sales = desk.uuid(Kind.SPACE, "Sales", SOURCE)
    desk.send("DELETE", f"/projects/{desk.projects[SOURCE]}/spaces/{sales}")
    desk.do("restore", "--at", "HEAD", *TO, "--yes")
    desk.do("backup", "--env", SOURCE)  # nothing is gone, so no --accept-shrink is needed
    return desk


def test_the_backup_after_a_restore_keeps_files_and_versions(put_back: Desk) -> None:
    """Also the version in which an item was when it was deleted, which the server has no more."""
    desk = put_back
    before, after = Hands(desk.folder).paths("before", f"snapshots/{SOURCE}"), _files(desk)
    assert before - after == {"comments/board-pack.json"}  # went with the chart, as the restore said
    assert {path.split("/")[1] for path in after - before} >= {"orders.history", "inside.history"}
    desk.do("verify", f"snapshots/{SOURCE}")
    files = {path: (desk.folder / "snapshots" / SOURCE / path).read_bytes() for path in after}
    desk.do("backup", "--env", SOURCE, "--full")
    assert {path for path in files if "history/" in path} <= _files(desk)


def test_commit_and_log_say_that_items_were_made_anew(put_back: Desk) -> None:
    desk = put_back
    message = Hands(desk.folder).git("log", "before..HEAD", "--format=%B")
    for words in ("made anew chart Orders", "made anew dashboard Overview", "made anew space Sales"):
        assert words in message
    assert "updated chart" not in message
    for item in ("chart:orders", "dashboard:overview", "space:sales", "scheduler:orders-each-morning"):
        assert "recreated" in _events(desk, item), item
    assert "recreated" not in _events(desk, "chart:orders-again")
    assert "first_version" in _events(desk, "chart:orders")
    assert "made anew" in desk.do("log", "chart:orders", "--env", SOURCE).out
    told = desk.do("log", "--env", SOURCE, "--json").json["commits"]
    anew = {item for commit in told for item in commit["made_anew"]}
    assert {"chart:orders", "dashboard:overview", "space:sales"} <= anew
    assert "chart:orders-again" not in anew
    assert "made anew space:sales" in desk.do("log", "--env", SOURCE).out
