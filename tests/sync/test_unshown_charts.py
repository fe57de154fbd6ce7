"""Charts inside a dashboard that no tile has shown yet: Lightdash deletes them when that is saved."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from lightdash_standin.faults import Fault, Faults
from lightdash_sync.content.kinds import Kind
from tests.apply.small_world import small_world
from tests.sync.desk import SOURCE, TARGET, TO, Desk, desk_at
from tests.sync.people import People

CURRENT = "0.2904.5"


@pytest.fixture
def current(tmp_path: Path) -> Iterator[Desk]:
    """Two environments on a server that counts the charts which no list names."""
    with desk_at(small_world(CURRENT), tmp_path / "work") as desk:
        desk.apply("--adopt-by-name")
        yield desk


def make_inside(desk: Desk, where: str, name: str) -> str:
    """Let somebody make a chart in the dashboard, and not save the dashboard yet; return its uuid."""
    dashboard = desk.uuid(Kind.DASHBOARD, "Overview", where)
    query = {"dimensions": [], "metrics": [], "filters": {}, "sorts": [], "limit": 5, "tableCalculations": []}
    body = {
        "name": name,
        "dashboardUuid": dashboard,
        "tableName": "orders",
        "metricQuery": {"exploreName": "orders", **query},
        "chartConfig": {"type": "table", "config": {}},
        "tableConfig": {"columnOrder": []},
    }
    made = desk.send("POST", f"/projects/{desk.projects[where]}/saved", body)
    return str(made["uuid"])


def put_on_tile(desk: Desk, where: str, chart: str) -> None:
    """Let somebody save the dashboard with a tile for a chart."""
    path = f"/dashboards/{desk.uuid(Kind.DASHBOARD, 'Overview', where)}"
    now: Any = desk.send("GET", path)
    tile = {"type": "saved_chart", "x": 0, "y": 70, "w": 6, "h": 6, "properties": {"savedChartUuid": chart}}
    body = {"tiles": [*now["tiles"], tile], "tabs": now["tabs"], "filters": now["filters"]}
    desk.send("PATCH", path, body)


def refusing(part: str) -> Callable[[int, str, str], Fault | None]:
    """Refuse the writes of one kind of item."""
    return lambda _, method, path: Fault.status(403) if method == "PATCH" and part in path else None


@pytest.mark.parametrize("resumed", [True, False])
def test_what_a_run_made_in_a_dashboard_is_not_made_again_when_saving_that_failed(
    desk: Desk, resumed: bool
) -> None:
    """No list names it; that the run made it is remembered."""
    desk.apply("--adopt-by-name")
    put_on_tile(desk, SOURCE, make_inside(desk, SOURCE, "Fresh"))
    desk.server.app.faults = Faults(rule=refusing("/dashboards/"))
    desk.apply(code=3)
    desk.calm()
    made = desk.uuid(Kind.CHART, "Fresh")
    if resumed:
        desk.do("apply", "--resume", *TO, "--yes")
    else:
        assert [(step["verb"], step["key"]) for step in desk.plan()["steps"]] == [("update", "overview")]
        desk.apply()
    assert desk.uuid(Kind.CHART, "Fresh") == made
    assert desk.plan("--delete")["empty"]


def test_a_chart_that_somebody_has_not_put_on_a_tile_yet_is_not_deleted_unasked(current: Desk) -> None:
    theirs = make_inside(current, TARGET, "Half done")
    People(current, SOURCE).dashboard_tile()
    plan = current.plan(code=4)
    assert [(one["code"], one["item"]) for one in plan["refusals"]] == [("never_shown", "chart:half-done")]
    with current.nothing_is_written():
        current.apply(code=4)
    assert theirs in current.world.charts


def test_it_is_a_step_of_the_plan_where_it_is_allowed(current: Desk) -> None:
    theirs = make_inside(current, TARGET, "Half done")
    People(current, SOURCE).dashboard_tile()
    flags = ("--allow-broken=chart:half-done", "--allow-drift=chart:half-done")
    steps = [(step["verb"], step["key"]) for step in current.plan(*flags)["steps"]]
    assert steps == [("update", "overview"), ("delete", "half-done")]
    current.apply(*flags)
    assert theirs not in current.world.charts


def test_one_that_is_made_between_a_plan_and_its_apply_stops_the_apply(current: Desk) -> None:
    People(current, SOURCE).dashboard_tile()
    current.do("plan", "--from", SOURCE, *TO, "-o", "plan.json")
    theirs = make_inside(current, TARGET, "Half done")
    with current.nothing_is_written():
        done = current.do("apply", "plan.json", "--yes", code=5)
    assert "chart:half-done is inside dashboard:overview" in done.err
    assert theirs in current.world.charts


def test_one_that_a_tile_has_shown_once_does_not_stop_a_plan(current: Desk) -> None:
    """It outlives its tile, and every later version of the dashboard."""
    theirs = make_inside(current, TARGET, "Taken off")
    path = f"/dashboards/{current.uuid(Kind.DASHBOARD, 'Overview')}"
    before: Any = current.send("GET", path)
    put_on_tile(current, TARGET, theirs)
    current.send("PATCH", path, {name: before[name] for name in ("tiles", "tabs", "filters")})
    People(current, SOURCE).dashboard_tile()
    current.apply()
    assert theirs in current.world.charts


def test_a_new_name_of_the_dashboard_deletes_nothing_and_is_not_refused(current: Desk) -> None:
    theirs = make_inside(current, TARGET, "Half done")
    People(current, SOURCE).dashboard_name()
    current.apply()
    assert theirs in current.world.charts
