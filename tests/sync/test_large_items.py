"""Items larger than the body of a request may be: the plan says so, and nothing of it is written."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lightdash_sync.content.kinds import Kind
from tests.sync.desk import FROM_TO, SOURCE

if TYPE_CHECKING:
    from tests.sync.desk import Desk


def test_a_setting_decides_which_items_are_too_large(desk: Desk) -> None:
    """Nothing is written of a plan with such an item; the setting says what the server takes."""
    chart = desk.uuid(Kind.CHART, "Orders, again", SOURCE)
    version = desk.world.charts[chart].current
    assert version is not None
    assert isinstance(version.metric_query, dict)
    long = "1" + " + 1" * 50_000
    version.metric_query["tableCalculations"] = [{"name": "a", "displayName": "A", "sql": long}]
    desk.settle("max_body = 0.1\n")
    planned = desk.do("plan", *FROM_TO, "--adopt-by-name")
    assert "chart:orders-again takes 2" in planned.err
    assert "this plan will be refused" in planned.err
    with desk.nothing_is_written():
        refused = desk.do("apply", *FROM_TO, "--adopt-by-name", "--yes", code=4)
    assert "chart:orders-again takes 2" in refused.err
    assert "max_body" in refused.err
    desk.settle("max_body = 1\n")
    assert desk.apply("--adopt-by-name")["complete"]
