"""What somebody does on the target at an awkward moment is never lost, and nothing is made twice."""

from __future__ import annotations

from lightdash_sync.model.kinds import Kind
from tests.sync.desk import FROM_TO, SOURCE, TARGET, Desk


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
