"""Items of the target that its server does not give: who does not touch them is not stopped by them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lightdash_standin.faults import Fault, Faults
from lightdash_sync.content.kinds import Kind
from tests.sync.desk import FROM_TO, SOURCE

if TYPE_CHECKING:
    from tests.sync.desk import Desk


def test_an_item_that_cannot_be_read_stops_only_what_touches_it(desk: Desk) -> None:
    """A plan for another chart goes on and says so; one that would change the item is refused."""
    desk.apply("--adopt-by-name")
    overview = desk.uuid(Kind.DASHBOARD, "Overview")
    refused = Faults(
        rule=lambda _number, method, path: (
            Fault.status(500) if method == "GET" and f"/dashboards/{overview}" in path else None
        )
    )
    desk.server.app.faults = refused
    desk.send("PATCH", f"/dashboards/{overview}", {"name": "Overview, renamed by somebody"})
    desk.send(
        "PATCH", f"/saved/{desk.uuid(Kind.CHART, 'Orders, again', SOURCE)}", {"name": "Orders, renamed"}
    )
    planned = desk.do("plan", *FROM_TO)
    assert "Orders, renamed" in planned.out
    assert "could not be read (the server answers 500)" in planned.err + planned.out
    done = desk.apply()
    assert done["complete"]
    assert desk.uuid(Kind.CHART, "Orders, renamed")
    board = desk.uuid(Kind.DASHBOARD, "Overview", SOURCE)
    desk.send("PATCH", f"/dashboards/{board}", {"name": "Overview of ours"})
    with desk.nothing_is_written():
        answer = desk.do("apply", *FROM_TO, "--yes", code=3)
    assert "was not read completely: dashboard:" in answer.err
    desk.server.app.faults = None
    assert desk.do("apply", *FROM_TO, "--yes", code=4).err  # the rename by somebody is seen as drift
