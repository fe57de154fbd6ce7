"""Whatever somebody changed on the target, in any field of any kind, is seen, and not overwritten unasked."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from lightdash_sync.content.kinds import Kind
from tests.apply.small_world import small_world
from tests.dialects import privacy
from tests.sync.desk import FROM_TO, SOURCE, TARGET, Desk, desk_at
from tests.sync.people import EDITS, People


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Desk, People]]:
    """Two environments that were alike, until people changed every item of the source.

    No test of this file writes to the target but as people do, so all can share it.
    """
    with desk_at(small_world(), tmp_path_factory.mktemp("shared") / "work") as desk:
        desk.apply("--adopt-by-name")
        there, here = People(desk, TARGET), People(desk, SOURCE)
        for change, _ in EDITS.values():
            change(here)
            here.fresh()
        for _ in range(40):
            there.fresh()
        yield desk, there


@pytest.mark.parametrize("what", EDITS)
def test_a_plan_is_stale_after_a_change_and_a_new_one_tells_of_drift(
    shared: tuple[Desk, People], what: str
) -> None:
    """Exit 5 for the plan from before, exit 4 for a new one; neither sends a write. A flag allows it."""
    desk, people = shared
    change, item = EDITS[what]
    desk.do("plan", *FROM_TO, "--allow-drift", "all", "-o", "plan.json")
    change(people)
    with desk.nothing_is_written():
        stale = desk.do("apply", "plan.json", "--yes", code=5)
        assert f"{item} was changed" in stale.err
        drift = {one["item"]: one for one in desk.plan(code=4)["drift"]}
        assert not drift[item]["allowed"]
        refused = desk.do("apply", *FROM_TO, "--yes", code=4)
        assert item in refused.err
        allowed = {
            one["item"]: one
            for one in desk.plan("--allow-drift", item, code=4 if len(drift) > 1 else 0)["drift"]
        }
        assert [name for name, one in allowed.items() if one["allowed"]] == [item]


def test_an_item_that_is_gone_makes_a_plan_stale(desk: Desk) -> None:
    desk.apply("--adopt-by-name")
    People(desk, SOURCE).scheduler_cron()
    desk.do("plan", *FROM_TO, "-o", "plan.json")
    desk.send("DELETE", f"/schedulers/{desk.scheduler()}")
    with desk.nothing_is_written():
        assert "scheduler:overview-each-hour is gone" in desk.do("apply", "plan.json", "-y", code=5).err
        (drift,) = desk.plan(code=4)["drift"]
        assert (drift["item"], drift["how"]) == ("scheduler:overview-each-hour", "deleted")
    desk.apply("--allow-drift", "scheduler:overview-each-hour")
    assert desk.content(SOURCE) == desk.content(TARGET)


def test_a_twin_that_was_made_meanwhile_makes_a_plan_stale(desk: Desk) -> None:
    """Somebody makes by hand what the plan would create."""
    desk.do("plan", *FROM_TO, "--adopt-by-name", "-o", "plan.json")
    desk.send("POST", f"/projects/{desk.projects[TARGET]}/spaces", {"name": "Sales", **privacy(False)})
    with desk.nothing_is_written():
        assert "space:sales has a twin now" in desk.do("apply", "plan.json", "-y", code=5).err
        assert [one["item"] for one in desk.plan(code=4)["twins"]] == ["space:sales", "space:shared"]
    desk.apply("--adopt-by-name")
    assert len(desk.uuids(Kind.SPACE, "Sales")) == 1


def test_a_space_that_is_not_empty_any_more_makes_a_delete_stale(desk: Desk) -> None:
    desk.apply("--adopt-by-name")
    here, there = desk.space("Board", SOURCE).uuid, desk.space("Board").uuid
    desk.send(
        "PATCH", f"/saved/{People(desk, SOURCE).chart}", {"spaceUuid": desk.space("Sales", SOURCE).uuid}
    )
    desk.send("DELETE", f"/projects/{desk.projects[SOURCE]}/spaces/{here}")
    desk.do("plan", *FROM_TO, "--delete", "-o", "plan.json")
    body = {"name": "Mine", "spaceUuid": there, "tiles": [], "tabs": []}
    desk.send("POST", f"/projects/{desk.projects[TARGET]}/dashboards", body)
    with desk.nothing_is_written():
        desk.do("apply", "plan.json", "-y", code=5)


def test_changes_of_both_sides_are_merged_if_that_is_wanted(desk: Desk) -> None:
    """Field by field; what both changed is refused with or without it."""
    desk.apply("--adopt-by-name")
    here, there = People(desk, SOURCE), People(desk, TARGET)
    here.chart_query()
    there.chart_name()
    desk.plan(code=4)
    desk.apply("--merge")
    chart = desk.world.charts[there.chart]
    assert (chart.name, chart.version.metric_query["limit"]) == ("Renamed 1", 41)
    assert desk.plan("--merge")["empty"]
    here.chart_name()
    here.fresh()
    here.chart_name()
    with desk.nothing_is_written():
        plan = desk.plan("--merge", code=4)
    assert [one["item"] for one in plan["drift"] if not one["allowed"]] == ["chart:orders-again"]
