"""What a run leaves behind that was cut short between the creation of a scheduler and its pause."""

from __future__ import annotations

import pytest

from lightdash_standin.faults import Fault, Faults

from .desk import Desk


@pytest.mark.parametrize("resumed", [True, False])
def test_a_scheduler_that_could_not_be_paused_is_never_on_with_something_to_send(
    desk: Desk, resumed: bool
) -> None:
    """Whether the run is continued or a new one made, it is paused before it gets its time and targets."""

    def refused(_number: int, method: str, path: str) -> Fault | None:
        return Fault.status(403) if method == "PATCH" and path.endswith("/enabled") else None

    desk.server.app.faults = Faults(rule=refused)
    desk.apply("--adopt-by-name", code=3)
    desk.calm()
    scheduler = desk.world.schedulers[desk.scheduler()]
    assert (scheduler.enabled, scheduler.targets) == (True, [])
    before = len(desk.writes())
    if resumed:
        desk.do("apply", "--resume", "--to", "target", "--yes")
    else:
        desk.apply()
    scheduler = desk.world.schedulers[desk.scheduler()]
    assert not scheduler.enabled
    assert scheduler.targets
    assert [path.rsplit("/", 1)[-1] == "enabled" for _, path in desk.writes()[before:]] == [True, False]
