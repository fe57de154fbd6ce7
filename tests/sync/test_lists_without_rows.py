"""A list that becomes empty has no file: what is remembered of it is whole all the same."""

from __future__ import annotations

import pytest

from lightdash_sync.content.kinds import Kind
from lightdash_sync.snapshot.verify import verify
from tests.sync.desk import FROM_TO, SOURCE, Desk
from tests.sync.killing import kill

AGAIN = ("apply", *FROM_TO, "--delete", "--max-deletes=1000", "--yes")


@pytest.mark.parametrize("line", [5, 7])
def test_a_killed_run_that_took_the_last_pin_off_is_remembered_whole(desk: Desk, line: int) -> None:
    desk.apply("--adopt-by-name")
    charts, world = desk.uuids(Kind.CHART, "Orders", SOURCE), desk.world
    (pinned,) = (uuid for uuid in charts if world.charts[uuid].pin_order is not None)
    desk.send("DELETE", f"/dashboards/{desk.uuid(Kind.DASHBOARD, 'Overview', SOURCE)}")
    desk.send("DELETE", f"/saved/{pinned}")
    assert kill(desk, line, *AGAIN)
    desk.do("plan", *AGAIN[1:-1])
    assert verify(desk.memory).damages == []
