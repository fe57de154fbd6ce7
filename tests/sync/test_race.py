"""What somebody does on the target at an awkward moment is never lost, and nothing is made twice."""

from __future__ import annotations

from lightdash_standin.faults import Fault
from lightdash_sync.content.kinds import Kind
from tests.sync.desk import FROM_TO, SOURCE, TARGET, TO, Desk


def rename(desk: Desk, name: str, new: str, where: str = TARGET) -> None:
    """Let somebody rename a chart."""
    desk.send("PATCH", f"/saved/{desk.uuid(Kind.CHART, name, where)}", {"name": new})


def test_a_change_between_a_plan_and_its_apply_is_drift_for_the_next_one(desk: Desk) -> None:
    """Of an item that the plan does not touch: the apply does not take it for its own work."""
    desk.apply("--adopt-by-name")
    rename(desk, "Orders, again", "Orders once more", SOURCE)
    desk.do("plan", *FROM_TO, "-o", "plan.json")
    rename(desk, "Inside", "Outside")
    desk.do("apply", "plan.json", "--yes")
    plan = desk.plan(code=4)
    assert [one["item"] for one in plan["drift"]] == ["chart:inside"]


def test_a_change_after_a_plan_that_has_nothing_to_do_is_drift_too(desk: Desk) -> None:
    desk.apply("--adopt-by-name")
    desk.do("plan", *FROM_TO, "-o", "plan.json")
    rename(desk, "Inside", "Outside")
    desk.do("apply", "plan.json", "--yes")
    plan = desk.plan(code=4)
    assert [one["item"] for one in plan["drift"]] == ["chart:inside"]


def test_a_change_in_the_middle_of_an_apply_is_told_and_is_drift_for_the_next_plan(desk: Desk) -> None:
    """Of an item that was just written: what is read back is not taken for what was synced."""
    desk.apply("--adopt-by-name")
    uuids = [desk.uuid(Kind.CHART, name) for name in ("Inside", "Orders, again")]
    rename(desk, "Inside", "Within", SOURCE)
    rename(desk, "Orders, again", "Orders once more", SOURCE)

    def somebody() -> None:
        for uuid in uuids:  # the one of the two that is still to be written gets its name after this
            desk.world.charts[uuid].name = "Theirs"

    desk.strike(2, Fault.wait(0), somebody)
    applied = desk.apply("--concurrency", "1", code=3)  # so that the first is written when the second comes
    desk.calm()
    assert len(applied["mismatches"]) == 1
    assert [one["item"] for one in desk.plan(code=4)["drift"]] == [applied["mismatches"][0]["item"]]


def test_a_plan_is_stale_if_what_it_refers_to_is_gone(desk: Desk) -> None:
    """A dashboard is not written with a tile whose chart somebody deleted meanwhile."""
    desk.apply("--adopt-by-name")
    uuid = desk.uuid(Kind.DASHBOARD, "Overview", SOURCE)
    now = desk.send("GET", f"/dashboards/{uuid}")
    shown = next(tile for tile in now["tiles"] if tile["type"] == "saved_chart")
    tile = {**shown, "uuid": None, "y": 40}
    tile["properties"] = {"savedChartUuid": desk.uuid(Kind.CHART, "Orders, again", SOURCE)}
    body = {"tiles": [*now["tiles"], tile], "tabs": now["tabs"], "filters": now["filters"]}
    desk.send("PATCH", f"/dashboards/{uuid}", body)
    desk.do("plan", *FROM_TO, "-o", "plan.json")
    desk.send("DELETE", f"/saved/{desk.uuid(Kind.CHART, 'Orders, again')}")
    with desk.nothing_is_written():
        done = desk.do("apply", "plan.json", "--yes", code=5)
    assert "chart:orders-again" in done.err


def test_a_run_that_was_overtaken_makes_nothing_twice_when_it_goes_on(desk: Desk) -> None:
    desk.strike(4, Fault.status(403))
    assert not desk.apply("--adopt-by-name", code=3)["complete"]
    desk.calm()
    desk.apply("--adopt-by-name")
    before = desk.content(TARGET)
    with desk.nothing_is_written():
        desk.do("apply", "--resume", *TO, "--yes", code=1)
    assert desk.content(TARGET) == before


def test_what_somebody_did_to_an_item_that_failed_stops_the_run_from_going_on(desk: Desk) -> None:
    """Nothing of it was written, so what is there is theirs."""
    desk.apply("--adopt-by-name")
    rename(desk, "Inside", "Within", SOURCE)
    desk.strike(1, Fault.status(403))
    desk.apply(code=3)
    desk.calm()
    rename(desk, "Inside", "Outside")
    with desk.nothing_is_written():
        done = desk.do("apply", "--resume", *TO, "--yes", code=5)
    assert "chart:inside was changed" in done.err


def test_what_a_run_created_and_somebody_deleted_does_not_hinder_its_undo(desk: Desk) -> None:
    before = desk.content(TARGET)
    desk.apply("--adopt-by-name")
    desk.send("DELETE", f"/schedulers/{desk.scheduler()}")
    desk.do("undo", *TO, "--yes")
    assert desk.content(TARGET) == before
    plan = desk.plan("--adopt-by-name")
    assert (plan["drift"], plan["refusals"], plan["counts"]["create"]) == ([], [], 12)


def test_what_is_said_to_do_next_can_be_done(desk: Desk) -> None:
    """The commands that an apply names are commands."""
    desk.strike(4, Fault.status(403))
    done = desk.do("apply", *FROM_TO, "--adopt-by-name", "--yes", code=3)
    desk.calm()
    said = [
        line.partition("lightdash-sync ")[2] for line in done.out.splitlines() if ": lightdash-sync" in line
    ]
    resume, undo = (line.split() for line in said)
    assert resume[:2] == ["apply", "--resume"]
    desk.do(*resume, "--yes")
    desk.do(*undo, "--yes")


def test_a_plan_without_steps_has_one_json_answer_too(desk: Desk) -> None:
    desk.apply("--adopt-by-name")
    desk.do("plan", *FROM_TO, "-o", "plan.json")
    assert desk.do("apply", "plan.json", "--yes", "--json").json["empty"]


def test_what_a_run_did_in_part_does_not_stop_it_from_going_on(desk: Desk) -> None:
    """Two things are to be pinned: one is, the other is refused. That is nobody else's change."""
    desk.apply("--adopt-by-name")
    spaces = f"/projects/{desk.projects[SOURCE]}/spaces"
    for name in ("Sales", "Board"):
        desk.send("PATCH", f"{spaces}/{desk.space(name, SOURCE).uuid}/pinning")
    desk.strike(2, Fault.status(403))
    desk.apply(code=3)
    desk.calm()
    desk.do("apply", "--resume", *TO, "--yes")
    assert desk.content(SOURCE) == desk.content(TARGET)
