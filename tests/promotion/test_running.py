"""A promotion is run as it was reviewed, proved, remembered, and can be taken back."""

from __future__ import annotations

from copy import deepcopy

import pytest

from lightdash_sync.content.kinds import Kind
from lightdash_sync.errors import Refused
from lightdash_sync.sync.apply.project import telling
from lightdash_sync.sync.runs import Run
from tests.promotion.hands import Hands
from tests.promotion.promoting import results, stage_of, told
from tests.promotion.worlds import PREVIEW, PRODUCTION
from tests.sync.desk import Desk

WORK = (
    "renamed",
    "moved and changed",
    "in a renamed space",
    "in a new space",
    "dashboard changed",
    "dashboard new",
    "dashboard with charts inside",
    "dashboard with a new chart inside",
)
TO = ("--to", PRODUCTION)


def test_all_is_done_as_the_review_said(desk: Desk) -> None:
    with stage_of(desk) as stage:
        promoted = stage.promote(*WORK)
    assert promoted.is_complete, told(promoted)
    assert results(promoted) == {
        "space:regions": "updated",
        "space:fresh": "created",
        "chart:changed": "updated",
        "chart:in-a-new-space": "created",
        "chart:in-a-renamed-space": "updated",
        "chart:inside-never-shown": "deleted",
        "chart:inside-new": "created",
        "chart:inside-shown": "updated",
        "chart:moved-and-changed": "updated",
        "chart:new": "created",
        "chart:renamed": "updated",
        "dashboard:board-changed": "updated",
        "dashboard:board-new": "created",
        "dashboard:board-with-a-new-chart-inside": "updated",
        "dashboard:board-with-charts-inside": "updated",
    }
    assert promoted.writes == stage.promotions() == 8


def test_a_tile_that_shows_the_upstream_chart_itself_goes_on_showing_it(desk: Desk) -> None:
    """Somebody put production's own chart on a dashboard of the preview: Lightdash finds it by its slug."""
    Hands(desk, PREVIEW).add("Board, changed", Hands(desk, PRODUCTION).chart_tile("Renamed"))
    with stage_of(desk) as stage:
        promoted = stage.promote("dashboard changed")
    assert promoted.is_complete, told(promoted)


def test_what_was_made_is_known_by_its_uuid(desk: Desk) -> None:
    """Of spaces too, of which the answers tell only in part."""
    with stage_of(desk) as stage:
        promoted = stage.promote(*WORK)
    made = {"Fresh": Kind.SPACE, "In a new space": Kind.CHART, "Inside, new": Kind.CHART, "New": Kind.CHART}
    made["Board, new"] = Kind.DASHBOARD
    uuids = {fate.step.name: fate.uuid for fate in promoted.fates if fate.result == "created"}
    assert uuids == {name: desk.uuid(kind, name, PRODUCTION) for name, kind in made.items()}
    created = Run(desk.runs[-1]).created()
    assert {facts["uuid"] for entries in created.values() for facts in entries.values()} == {*uuids.values()}


def test_a_promotion_is_taken_back(desk: Desk) -> None:
    """New spaces and charts go, and each tile and tab has the uuid that it had.

    Only a chart that Lightdash deleted because no tile ever showed it cannot be put back.
    """
    before = server_side(desk)
    deleted = desk.uuid(Kind.CHART, "Inside, never shown", PRODUCTION)
    with stage_of(desk) as stage:
        stage.promote(*WORK)
    assert deleted not in server_side(desk)
    dry = desk.do("undo", *TO, "--dry-run", "--json").json
    assert [one["item"] for one in dry["left_out"]] == ["chart:inside-never-shown"]
    done = desk.do("undo", *TO, "--yes", "--json").json
    assert (done["complete"], done["counts"]["deleted"]) == (True, 5)
    del before[deleted]
    assert server_side(desk) == before
    states = [(one["purpose"], one["state"]) for one in desk.do("runs", *TO, "--json").json["runs"]]
    assert states == [("undo", "done"), ("promote", "undone")]


def test_tabs_have_their_uuids_again_where_only_a_name_or_place_is_put_back(desk: Desk) -> None:
    """Promotion gives a dashboard the tabs of the preview in any case; links and deliveries name tabs."""
    before = server_side(desk)
    with stage_of(desk) as stage:
        stage.promote("dashboard renamed", "dashboard moved")
    desk.do("undo", *TO, "--yes")
    assert server_side(desk) == before


def test_where_nothing_would_become_another_nothing_is_promoted(desk: Desk) -> None:
    """A dashboard that Lightdash says it updates gets no new version, and no run is kept."""
    with stage_of(desk) as stage, desk.nothing_is_written():
        promoted = stage.promote("unchanged", "dashboard unchanged")
    assert (promoted.run, promoted.is_complete, desk.runs) == (None, True, [])


def test_what_speaks_against_it_stops_it_before_anything_is_written(desk: Desk) -> None:
    with stage_of(desk) as stage, desk.nothing_is_written():
        prepared = stage.review("changed", "new", accept=False)
        with pytest.raises(Refused, match="chart:new"):
            stage.run(prepared)
    assert desk.runs == []


def test_a_promotion_that_was_run_is_not_run_again(desk: Desk) -> None:
    with stage_of(desk) as stage:
        stage.promote("changed", "dashboard changed")
        with desk.nothing_is_written():
            assert stage.promote("changed", "dashboard changed").run is None


MADE = ("new", "in a new space", "dashboard new", "dashboard with a new chart inside", "changed")


def test_copies_that_the_oldest_servers_do_not_find_again_are_not_made_twice(desk: Desk) -> None:
    """Each promotion gives a copy another slug; what was promoted stands, and the same again does nothing."""
    with stage_of(desk) as stage:
        stage.promote(*MADE)
        with desk.nothing_is_written():
            again = stage.promote(*MADE)
    assert again.run is None
    said = {item.item: item.verdicts for item in again.review.items}
    assert "promoted before" in said["chart:new"][0].what


def test_a_copy_that_would_be_made_again_is_refused_whatever_is_accepted(desk: Desk) -> None:
    """What changed since its promotion is for a replay: a promotion would leave the first copy behind."""
    with stage_of(desk) as stage:
        stage.promote(*MADE)
        Hands(desk, PREVIEW).edit("New", 7)
        with desk.nothing_is_written(), pytest.raises(Refused, match="would make another chart"):
            stage.promote("new")
        with desk.nothing_is_written(), pytest.raises(Refused, match="would make another chart"):
            stage.promote("dashboard new")


def test_what_was_taken_back_is_made_again(desk: Desk) -> None:
    with stage_of(desk) as stage:
        stage.promote("new")
        desk.do("undo", *TO, "--yes")
        assert results(stage.promote("new")) == {"chart:new": "created"}


def test_a_plan_after_a_promotion_finds_no_twins_and_no_drift(desk: Desk) -> None:
    with stage_of(desk) as stage:
        stage.promote(*WORK)
    only = ("--only=chart:new", "--only=dashboard:board-new", "--only=dashboard:board-changed")
    plan = desk.do("plan", "--from", PREVIEW, *TO, *only, "--json").json
    assert (plan["twins"], plan["drift"], plan["steps"]) == ([], [], [])
    Hands(desk, PRODUCTION).edit("New", 3)
    Hands(desk, PREVIEW).edit("Changed", 4)
    plan = desk.do("plan", "--from", PREVIEW, *TO, *only, "--json", code=4).json
    assert [(one["item"], one["how"]) for one in plan["drift"]] == [("chart:new", "changed")]
    assert [step["key"] for step in plan["steps"]] == ["changed", "new"]


def test_what_upstream_cannot_say_is_not_remembered(desk: Desk) -> None:
    """A chart is deleted while its dashboard is promoted, which ends without it: later plans still work."""
    with stage_of(desk) as stage:
        prepared = stage.review("dashboard new")
        Hands(desk, PREVIEW).delete(Kind.CHART, "New")
        assert not stage.run(prepared).is_complete
    plan = desk.do("plan", "--from", PREVIEW, *TO, "--only=dashboard:board-new", "--json").json
    assert plan["drift"] == []
    desk.do("promote", "review", "--env", PREVIEW, "--dashboard=board-new", "--json", code=4)


def server_side(desk: Desk) -> dict[str, object]:
    """Return what production has, uuids of tiles and tabs included, but for what every version has anew."""
    world, project = desk.world, desk.projects[PRODUCTION]
    spaces = {uuid: one for uuid, one in world.spaces.items() if one.project_uuid == project}
    boards = {uuid: one for uuid, one in world.dashboards.items() if one.space_uuid in spaces}
    charts = {
        uuid: one
        for uuid, one in world.charts.items()
        if one.space_uuid in spaces or one.dashboard_uuid in boards
    }
    found: dict[str, object] = {
        uuid: (one.name, one.is_private, one.access, one.group_access) for uuid, one in spaces.items()
    }
    for uuid, board in boards.items():
        now = board.version
        tiles = {tile["uuid"]: telling(tile) for tile in now.tiles}
        found[uuid] = (board.name, board.description, board.space_uuid, tiles, now.tabs, now.filters)
    for uuid, chart in charts.items():
        place = chart.space_uuid, chart.dashboard_uuid
        found[uuid] = (chart.name, chart.description, place, chart.version.metric_query)
    return deepcopy(found)
