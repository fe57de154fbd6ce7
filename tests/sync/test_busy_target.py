"""People save on the target while a run reads back what it wrote."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lightdash_standin.faults import Fault, Faults
from lightdash_sync.content.kinds import Kind
from tests.apply.small_world import small_world
from tests.export.test_moving import NEWER, save_again, saved_while_read
from tests.sync.desk import TARGET, Desk, desk_at

if TYPE_CHECKING:
    from pathlib import Path


def versions(desk: Desk) -> int:
    """How many versions of dashboards there are."""
    return sum(len(dashboard.versions) for dashboard in desk.world.dashboards.values())


def saved_at_once_and_while_read(desk: Desk) -> Faults:
    """Somebody saves what the run wrote, right after it, and so many times more when that is read."""
    world, saved = desk.world, saved_while_read(desk.world, 12, once_written=True)
    begun = done = False

    def rule(number: int, method: str, path: str) -> Fault | None:
        nonlocal begun, done
        begun |= method == "POST" and path.endswith("/schedulers")
        if begun and not done and path == f"/api/v1/projects/{desk.projects[TARGET]}/dashboards":
            done = True
            world.clock.advance(hours=1)
            save_again(world, desk.uuid(Kind.DASHBOARD, "Overview"))
        return saved.rule(number, method, path) if saved.rule is not None else None

    return Faults(rule=rule)


def test_somebody_who_saves_while_a_run_reads_back_does_not_cut_it_short(tmp_path: Path) -> None:
    """The target is read again, and what was written is remembered: the next plan is empty."""
    with desk_at(small_world(NEWER), tmp_path / "work") as desk:
        desk.server.app.faults = saved_at_once_and_while_read(desk)
        before = versions(desk)
        assert desk.apply("--adopt-by-name")["complete"]
        assert versions(desk) - before > 12
        desk.calm()
        counts = desk.plan()["counts"]
        assert (counts["create"], counts["update"], counts["delete"]) == (0, 0, 0)
